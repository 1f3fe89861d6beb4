package structure

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Approve accepts a pending request with the role and the services that the manager
// ticked; the applicant gets the default spaces of the role with it and is told by
// mail.
//
// Errors: [ErrNotFound]; [ErrDenied]; [ErrOwnRequest]; [ErrEmptyScope]; ErrInvalid
// for services that are unknown there or not active; [ErrApplicantGone];
// [ErrAlreadyDecided] together with the membership as it was decided.
func (s *Service) Approve(ctx context.Context, by account.Actor, id MembershipID, a Approval) (Membership, error) {
	const op = "structure.Approve"
	if a.Role != "" && a.Role != RoleMember && a.Role != RoleSecondaryManager {
		return Membership{}, fault.Invalid(op, fault.Field{Path: "role", Code: "oneof", Param: "member secondary_manager"})
	}
	if a.Scope != nil && a.Scope.Whole && len(a.Scope.Services) > 0 {
		return Membership{}, fault.Invalid(op, fault.Field{Path: "services", Code: "excluded_by_whole"})
	}
	if v := a.Validity; v != nil && !v.Until.IsZero() && !v.From.Before(v.Until) {
		return Membership{}, fault.Invalid(op, fault.Field{Path: "until", Code: "before_from"})
	}
	if a.Role == RoleSecondaryManager && s.policy.NoSecondaryManagers {
		return Membership{}, fault.Invalid(op, fault.Field{Path: "role", Code: "oneof", Param: "member"})
	}
	return s.decide(ctx, by, id, a.Scope, func(c decisionCase) (Membership, notify.Kind, error) {
		if c.Applicant.Status != account.StatusActive && c.Applicant.Status != account.StatusPendingActivation {
			return Membership{}, "", ErrApplicantGone
		}
		if a.Scope != nil {
			added := a.Scope.Minus(c.Subject.Granted) // what is held already may stay, whatever became of the service
			if bad := unavailable(c.units, added, c.now); len(bad) > 0 {
				return Membership{}, "", fault.Invalid(op, bad...)
			}
		}
		m, err := c.Subject.Approve(a, c.Account.ID, c.now)
		return m, "membership.approved", err
	}, func(c decisionCase, m Membership) notify.Mail {
		return notify.Mail{Template: notify.MailMembershipApproved, Values: notify.Values{
			"Scope": describe(c.units, m.Granted), "Role": string(m.Role),
		}}
	})
}

// Refusal is why a request is refused; the applicant reads it.
type Refusal struct {
	Reason string `validate:"required,max=255,text"`
}

// Reject refuses a pending request; the applicant is told the reason by mail. What a
// member held before stays.
//
// Errors: ErrInvalid without a reason of 1 to 255 characters; [ErrNotFound];
// [ErrDenied]; [ErrOwnRequest]; [ErrAlreadyDecided] together with the membership as
// it was decided.
func (s *Service) Reject(ctx context.Context, by account.Actor, id MembershipID, r Refusal) (Membership, error) {
	r.Reason = tidy(r.Reason)
	if err := check.Struct("structure.Reject", r); err != nil {
		return Membership{}, err
	}
	reason, err := s.note(r.Reason)
	if err != nil {
		return Membership{}, err
	}
	return s.decide(ctx, by, id, nil, func(c decisionCase) (Membership, notify.Kind, error) {
		m, err := c.Subject.Reject(reason, c.Account.ID, c.now)
		return m, "membership.rejected", err
	}, func(decisionCase, Membership) notify.Mail {
		return notify.Mail{Template: notify.MailMembershipRejected, Values: notify.Values{"Reason": r.Reason}}
	})
}

// decisionCase is what a decision is made from.
type decisionCase struct {
	Deciding
	units []Unit
	now   time.Time
}

// decide runs one decision on a request: load, let rule decide, put, record, tell
// the applicant. The services are loaded only if the case or the ticks name any.
func (s *Service) decide(
	ctx context.Context, by account.Actor, id MembershipID, ticked *Scope,
	rule func(decisionCase) (Membership, notify.Kind, error),
	mail func(decisionCase, Membership) notify.Mail,
) (Membership, error) {
	now := s.clock()
	var m Membership
	err := s.store.Update(ctx, func(tx Tx) error {
		m = Membership{}
		c := decisionCase{now: now}
		var err error
		if c.Deciding, err = s.deciding(ctx, tx, by, id, now); err != nil {
			return err
		}
		if c.Subject.named() || ticked != nil && len(ticked.Services) > 0 {
			if c.units, err = tx.Units(ctx, c.Structure.ID); err != nil {
				return err
			}
		}
		var kind notify.Kind
		if m, kind, err = rule(c); err != nil {
			m = c.Subject // the decision that was made, for whoever came second
			return err
		}
		if err := s.putMembershipAfter(ctx, tx, c.Head, by, kind, &m, now); err != nil {
			return err
		}
		if !m.Granted.Covers(c.Subject.Granted) {
			if err := s.fitSubscriptions(ctx, tx, by, m, now); err != nil {
				return err
			}
		}
		return s.tellApplicant(ctx, tx, c, m, mail(c, m))
	})
	return m, err
}

func (s *Service) tellApplicant(ctx context.Context, tx Tx, c decisionCase, m Membership, mail notify.Mail) error {
	to := c.Applicant
	if to.Status != account.StatusActive && to.Status != account.StatusPendingActivation {
		return nil // whoever left is told nothing more
	}
	mail.Key = fmt.Sprintf("decided/%s/%d", m.ID, m.Version)
	mail.To, mail.Account, mail.Language = to.ContactEmail, to.ID, to.Language
	mail.Values["Name"], mail.Values["Structure"] = to.DisplayName(), c.Structure.DisplayName()
	mail.Values["Link"] = s.links.To(s.links.Memberships, "")
	return s.journal.Enqueue(ctx, tx, c.now, mail)
}
