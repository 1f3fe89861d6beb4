package memory

import (
	"context"
	"math"

	"github.com/habilis-go/habilis/structure"
)

var _ structure.Walker = (*tx)(nil)

// WalkStructures implements structure.Walker.
func (t *tx) WalkStructures(ctx context.Context, q structure.Query, fn func(structure.Structure) error) error {
	q.AfterName, q.AfterID, q.Skip = "", "", 0
	found, err := read(ctx, t, func() ([]structure.Structure, error) { return t.structures(q, math.MaxInt), nil })
	return each(ctx, found, err, fn)
}

// WalkMembers implements structure.Walker.
func (t *tx) WalkMembers(ctx context.Context, q structure.MembershipQuery, fn func(structure.Member) error) error {
	q.AfterAt, q.AfterID, q.Skip, q.Once = structure.MembershipQuery{}.AfterAt, "", 0, false
	found, err := read(ctx, t, func() ([]structure.Member, error) {
		var out []structure.Member
		for _, m := range t.memberships(q, math.MaxInt) {
			if a, err := t.db.accounts.get(byID(m.Account)); err == nil {
				out = append(out, structure.Member{Membership: m, Account: a.Card()})
			}
		}
		return out, nil
	})
	return each(ctx, found, err, fn)
}

// each calls fn with each value as long as ctx is alive.
func each[V any](ctx context.Context, found []V, err error, fn func(V) error) error {
	for _, v := range found {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = fn(v)
		}
		if err != nil {
			return err
		}
	}
	return err
}
