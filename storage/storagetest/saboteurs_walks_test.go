package storagetest_test

import (
	"context"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// walks is a unit that can walk.
type walks struct {
	storage.Tx
	structure.Walker
}

// walking breaks units that can walk.
func walking(breaks func(walks) storage.Tx) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return breaks(walks{x, x.(structure.Walker)}) })
}

// agedWalks lists by age what is asked for by name.
type agedWalks struct{ walks }

func (x agedWalks) WalkMembers(ctx context.Context, q structure.MembershipQuery, fn func(structure.Member) error) error {
	q.ByName = false
	return x.Walker.WalkMembers(ctx, q, fn)
}

// cutWalks takes a walk for a page.
type cutWalks struct{ walks }

func (x cutWalks) WalkStructures(ctx context.Context, q structure.Query, fn func(structure.Structure) error) error {
	page, err := x.Structures(ctx, q)
	for _, s := range page {
		if err == nil {
			err = fn(s)
		}
	}
	return err
}

// quietWalks ends without saying why.
type quietWalks struct{ walks }

func (x quietWalks) WalkMembers(ctx context.Context, q structure.MembershipQuery, fn func(structure.Member) error) error {
	var ended error
	err := x.Walker.WalkMembers(ctx, q, func(m structure.Member) error {
		ended = fn(m)
		return ended
	})
	if ended != nil {
		return nil //nolint:nilerr // that is what it breaks
	}
	return err
}
