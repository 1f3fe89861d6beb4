package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
)

// Managed is one line of a manager's table of structures.
type Managed struct {
	Structure  Structure // as [Service.Search] shows it
	Role       Role      // of the manager
	Services   []Unit    // all of them, by code
	Modifiable bool      // the manager may change the structure now
}

// OnlyService returns the service of a structure that has just one, which a table names
// where it otherwise leads to a list.
func (m Managed) OnlyService() (Unit, bool) {
	if len(m.Services) != 1 {
		return Unit{}, false
	}
	return m.Services[0], true
}

// Managed lists the structures that the person who acts manages, as principal or
// secondary manager, inactive ones included, by legal name. Whoever
// manages more than 1000 sees the first of them to be requested or created.
//
// Errors: ErrInvalid; account.ErrActor; account.ErrNotActive.
func (s *Service) Managed(ctx context.Context, by account.Actor, page PageRequest) (Page[Managed], error) {
	if bad := page.fields(); len(bad) > 0 {
		return Page[Managed]{}, fault.Invalid("structure.Managed", bad...)
	}
	now := s.clock()
	var out Page[Managed]
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		held, err := managesByRole(ctx, tx, a.ID)
		if err != nil {
			return err
		}
		q := Query{IDs: make([]ID, 0, len(held))}
		for id := range held {
			q.IDs = append(q.IDs, id)
		}
		out = newPage[Managed](page, len(held))
		q.Skip, q.Limit = out.skip(), out.Size
		found, err := tx.Structures(ctx, q)
		if err != nil {
			return err
		}
		for _, st := range found {
			line := Managed{Structure: st.published(), Role: held[st.ID].Role}
			line.Modifiable = s.permitted(a.Card(), st, held[st.ID], authz.ActionModifyStructure, now) == nil
			if line.Services, err = tx.Units(ctx, st.ID); err != nil {
				return err
			}
			out.Items = append(out.Items, line)
		}
		return nil
	})
	return out, err
}

// managesByRole lists the approved memberships with which an account manages, by structure.
func managesByRole(ctx context.Context, tx Tx, id account.ID) (map[ID]Membership, error) {
	held := map[ID]Membership{}
	for _, role := range []Role{RolePrincipalManager, RoleSecondaryManager} {
		ms, err := tx.Memberships(ctx, MembershipQuery{
			Account: id, Statuses: []MembershipStatus{StatusApproved}, Role: role, Limit: 1000,
		})
		if err != nil {
			return nil, err
		}
		for _, m := range ms {
			held[m.Structure] = m
		}
	}
	return held, nil
}
