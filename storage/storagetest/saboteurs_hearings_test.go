package storagetest_test

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// hearing is a unit that tells who is heard, of lines and members that it may ask for wrongly.
type hearing struct {
	storage.Tx

	members structure.MembershipQuery
	lines   structure.SubscriptionQuery
}

// heard is a unit that does it right, but for what breaks changes.
func heard(breaks func(*hearing)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx {
		h := hearing{
			Tx: x,
			members: structure.MembershipQuery{
				Role: structure.RolePrincipalManager, Statuses: []structure.MembershipStatus{structure.StatusApproved},
			},
			lines: structure.SubscriptionQuery{
				Space: authz.SpaceOrganisation, Statuses: []structure.SubscriptionStatus{structure.SubscriptionApproved},
			},
		}
		breaks(&h)
		return h
	})
}

// Hearing implements structure.Hearer.
func (x hearing) Hearing(ctx context.Context, a account.ID, s structure.ID) (structure.Hearing, error) {
	at, err := x.Standing(ctx, a, s)
	if err != nil {
		return structure.Hearing{}, err
	}
	h := structure.Hearing{Standing: at}
	x.members.Structures, x.lines.Structures = []structure.ID{s}, []structure.ID{s}
	found, err := x.Members(ctx, x.members)
	if err != nil {
		return structure.Hearing{}, err
	}
	for _, m := range found {
		h.Principal = m
	}
	h.Organisers, err = x.Subscriptions(ctx, x.lines)
	return h, err
}

// keepsAnybody does not look at the account.
type keepsAnybody struct{ storage.Tx }

// KeepActive implements structure.Keeper.
func (keepsAnybody) KeepActive(context.Context, account.ID) error { return nil }

// keepsByWriting has the units that keep one account collide.
type keepsByWriting struct{ storage.Tx }

// KeepActive implements structure.Keeper.
func (x keepsByWriting) KeepActive(ctx context.Context, id account.ID) error {
	a, err := x.Account(ctx, id)
	if err != nil || a.Status != account.StatusActive {
		return storage.ErrConflict
	}
	return x.PutAccount(ctx, a)
}
