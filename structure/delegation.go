package structure

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
)

// SetDelegation says which powers the principal manager lends to the secondary managers
// of a structure: to act on the structure, and on its people, each the same as the
// principal or the same as a simple user. It holds at once and is recorded
// the secondary managers are told by mail. Setting what is set does nothing.
//
// Errors: [ErrNotFound]; [ErrDenied] for anybody but the principal manager.
func (s *Service) SetDelegation(ctx context.Context, by account.Actor, id ID, d authz.Delegation) (Structure, error) {
	now := s.clock()
	var st Structure
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		if st, err = s.authorise(ctx, tx, by, id, authz.ActionDelegate, now); err != nil || st.Delegated == d {
			return err
		}
		st.Delegated = d
		if err := s.putStructure(ctx, tx, by, "structure.delegation_changed", &st, now); err != nil {
			return err
		}
		return s.tellSecondaries(ctx, tx, st, by.ID, now)
	})
	if err != nil {
		return Structure{}, err
	}
	return st, nil
}

// tellSecondaries mails the secondary managers of a structure what they may do there.
func (s *Service) tellSecondaries(ctx context.Context, tx Tx, st Structure, but account.ID, now time.Time) error {
	q := MembershipQuery{Structures: []ID{st.ID}, Statuses: []MembershipStatus{StatusApproved}, Role: RoleSecondaryManager, Limit: 1000}
	secondaries, err := tx.Members(ctx, q)
	if err != nil {
		return err
	}
	for _, m := range secondaries {
		to := m.Account
		if to.Status != account.StatusActive || to.ID == but {
			continue
		}
		if err := s.tell(ctx, tx, to, st, notify.Mail{
			Key:      fmt.Sprintf("delegation/%s/%d/%s", st.ID, st.Version, to.ID),
			Template: notify.MailDelegationChanged, Values: notify.Values{"Powers": powers(st.Delegated)},
		}, now); err != nil {
			return err
		}
	}
	return nil
}

// powers is the code of a delegation in mails.
func powers(d authz.Delegation) string {
	switch {
	case d.Structure && d.Users:
		return "both"
	case d.Structure:
		return "structure"
	case d.Users:
		return "users"
	default:
		return "none"
	}
}
