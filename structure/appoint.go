package structure

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Appointment is the word of support to give a structure another principal manager.
type Appointment struct {
	Structure ID `validate:"required,id"`
	Successor Successor
	Reason    string `validate:"required,max=255,text"` // why: kept with the membership; the history has its digest

	// Documented says that the structure asked for it in writing and that support holds
	// the document. Without it only an orphan gets a principal manager; see
	// [Service.OrphanStructures]. Defaults to false.
	Documented bool
}

// AppointPrincipal gives a structure a principal manager, by support alone: an
// orphan, or any structure on a documented request. An inactive structure too, so that
// it can be activated. Whoever was principal manager stays as a simple user. Both are
// told by mail. Nobody is asked to accept.
//
// Errors: account.ErrActor for everybody but support; ErrInvalid naming every bad field,
// a successor who is not an active person or is the principal manager already among them;
// [ErrNotFound]; [ErrNotOrphan].
func (s *Service) AppointPrincipal(ctx context.Context, by account.Actor, a Appointment) error {
	const op = "structure.AppointPrincipal"
	if by.Kind != notify.ActorSupport {
		return account.ErrActor
	}
	a.Reason = multiline(a.Reason)
	reason, err := s.note(a.Reason)
	if err != nil {
		return err
	}
	now := s.clock()
	return s.update(ctx, func(tx Tx) error {
		heir, principal, err := a.judged(ctx, tx, op)
		if err != nil {
			return err
		}
		st, err := find(ctx, tx.Structure, a.Structure)
		if err != nil {
			return err
		}
		if !a.Documented && principal.manages(now) {
			return ErrNotOrphan
		}
		_, err = s.handOver(ctx, tx, by, succession{
			st: st, from: principal.Membership, former: principal.Account, to: heir.Card(), reason: reason, mail: notify.MailPrincipalAppointed,
		}, now)
		if err != nil {
			return err
		}
		return guard(ctx, tx, map[ID]account.Account{st.ID: heir})
	})
}

// judged returns who takes over and from whom, if every field is good.
func (a Appointment) judged(ctx context.Context, tx Tx, op string) (account.Account, Member, error) {
	wrong := check.Fields(a)
	principal, _, err := principalOf(ctx, tx, a.Structure)
	if err != nil {
		return account.Account{}, principal, err
	}
	heir, err := successor(ctx, tx, a.Successor)
	if err != nil {
		return heir, principal, err
	}
	if !fit(heir.Card(), principal.Account) {
		wrong = append(wrong, fault.Field{Path: "successor", Code: "successor"})
	}
	return heir, principal, invalid(op, wrong)
}

// manages reports whether a principal manager can do the work: the account is active and
// the membership in force.
func (m Member) manages(at time.Time) bool {
	return m.Account.Status == account.StatusActive && m.Membership.Validity.Contains(at)
}
