package structure

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
)

// Warning is what somebody should know who is allowed to go on all the same. Each has a
// text "warning.<code>" in both languages.
type Warning string

// WarningSupplierJoinsBuyer says that nobody has to join a public body to send it
// invoices.
const WarningSupplierJoinsBuyer Warning = "supplier_joins_buyer"

// supplierJoins answers a supplier who asks to join a public body as the policy says:
// somebody who is in force in a private structure now, and in no public one.
func (s *Service) supplierJoins(ctx context.Context, tx Tx, at Standing, now time.Time) ([]Warning, error) {
	rule := s.policy.Memberships.SupplierJoinsBuyer
	if rule == SupplierAllowed || at.Structure.Type != Public || at.Membership.Status == StatusApproved {
		return nil, nil
	}
	ms, err := tx.Memberships(ctx, MembershipQuery{Account: at.Account.ID, Statuses: []MembershipStatus{StatusApproved}, Limit: 1000})
	if err != nil {
		return nil, err
	}
	supplier := false
	for _, m := range ms {
		if !m.Validity.Contains(now) {
			continue
		}
		st, err := tx.Structure(ctx, m.Structure)
		switch {
		case err != nil:
			return nil, err
		case st.Type == Public:
			return nil, nil
		}
		supplier = true
	}
	switch {
	case !supplier:
		return nil, nil
	case rule == SupplierDenied:
		return nil, ErrSupplierJoinsBuyer
	default:
		return []Warning{WarningSupplierJoinsBuyer}, nil
	}
}

// Prospect is what somebody sees before asking to join a structure.
type Prospect struct {
	Structure       Structure  // as [Service.Search] shows it
	Units           []Unit     // the services that can be asked for today, by code
	Membership      Membership // the person's own, as it is; zero if there is none
	Warnings        []Warning  // what the result of a request would carry
	CommentRequired bool       // the request says why (R-205, C-11)
}

// PrepareRequest tells the person who acts what there is to know before asking to join
// a structure. It changes nothing. Errors: [ErrNotFound]; [ErrStructureInactive];
// [ErrSupplierJoinsBuyer]; account.ErrActor; account.ErrNotActive.
func (s *Service) PrepareRequest(ctx context.Context, by account.Actor, id ID) (Prospect, error) {
	now := s.clock()
	var p Prospect
	err := s.store.View(ctx, func(tx Tx) error {
		at, err := standing(ctx, tx, by, id)
		if err != nil {
			return err
		}
		if at.Structure.Status != StatusActive {
			return ErrStructureInactive
		}
		p = Prospect{Structure: at.Structure.published(), Membership: at.Membership, CommentRequired: !s.policy.Memberships.CommentOptional}
		if p.Warnings, err = s.supplierJoins(ctx, tx, at, now); err != nil {
			return err
		}
		units, err := tx.Units(ctx, id)
		p.Units = slices.DeleteFunc(units, func(u Unit) bool { return !u.Active || u.Validity.After(now) })
		return err
	})
	if err != nil {
		return Prospect{}, err
	}
	return p, nil
}
