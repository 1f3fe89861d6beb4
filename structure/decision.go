package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Approve accepts a pending request with the role and the services that the manager
// ticked; the applicant gets the default spaces of the role with it and is told by
// mail. What was held or asked for and is not ticked is taken away or
// refused, each with a line of its own in the history.
//
// Errors: [ErrNotFound]; [ErrDenied]; [ErrOwnRequest]; [ErrEmptyScope]; ErrInvalid
// for services that are unknown there or not active, and for dates that are over, those
// of the request included; [ErrApplicantGone]; [ErrApplicantNotActive] if the policy says
// so; [ErrAlreadyDecided] together with the membership as it was decided.
func (s *Service) Approve(ctx context.Context, by account.Actor, id MembershipID, a Approval) (Membership, error) {
	act, err := s.approval("structure.Approve", a)
	if err != nil {
		return Membership{}, err
	}
	return s.one(ctx, by, id, act)
}

// approval is the act of approving.
func (s *Service) approval(op string, a Approval) (act, error) {
	if err := s.checkTerms(op, a.Role, a.Scope, a.Validity); err != nil {
		return act{}, err
	}
	return act{action: authz.ActionDecideMemberships, scope: a.Scope, rule: func(c decisionCase) (ruling, error) {
		if err := s.fitToJoin(c.Applicant); err != nil {
			return ruling{}, err
		}
		if err := c.acceptable(op, a.Scope, a.Validity); err != nil {
			return ruling{}, err
		}
		m, err := c.Subject.Approve(a, c.Account.ID, c.now)
		if err == nil && m.Validity.After(c.now) {
			err = fault.Invalid(op, fault.Field{Path: "until", Code: "past"}) // it would be over at once
		}
		if err != nil {
			return ruling{}, err
		}
		r := ruling{Membership: m, kind: "membership.approved", steps: unticked(c.Subject, m.Granted)}
		r.mail = notify.Mail{Template: notify.MailMembershipApproved, Values: notify.Values{
			"Scope": describe(c.units, m.Granted), "Role": string(m.Role), "Refused": "", "Removed": "",
		}}
		for _, step := range r.steps {
			r.mail.Values[map[notify.Kind]string{kindRefused: "Refused", kindRemoved: "Removed"}[step.kind]] = describe(c.units, step.state.Only)
		}
		return r, nil
	}}, nil
}

// Kinds of the lines of history about single services.
const (
	kindRefused notify.Kind = "membership.services_refused"
	kindRemoved notify.Kind = "membership.services_removed"
)

// unticked returns the lines of history about what was asked for or held and is not
// among what is granted now.
func unticked(m Membership, granted Scope) []step {
	var steps []step
	if refused := m.Asked.Minus(granted); !refused.IsZero() {
		m.Asked = m.Asked.Minus(refused)
		steps = append(steps, newStep(kindRefused, m, refused))
	}
	if removed := m.Granted.Minus(granted); !removed.IsZero() {
		m.Granted = m.Granted.Minus(removed)
		steps = append(steps, newStep(kindRemoved, m, removed))
	}
	return steps
}

func newStep(kind notify.Kind, m Membership, only Scope) step {
	state := MembershipStateOf(m)
	state.Only = only
	return step{kind: kind, state: state}
}

// fitToJoin says why an account cannot become a member, if so.
func (s *Service) fitToJoin(a account.Card) error {
	switch {
	case a.Status == account.StatusActive:
		return nil
	case a.Status != account.StatusPendingActivation:
		return ErrApplicantGone
	case s.policy.Memberships.ActiveOnly:
		return ErrApplicantNotActive
	default:
		return nil
	}
}

// checkTerms names what is wrong with what a manager typed, whatever it is about.
func (s *Service) checkTerms(op string, r Role, scope *Scope, v *authz.Validity) error {
	var bad []fault.Field
	if r != "" && !assignable(r) {
		bad = append(bad, fault.Field{Path: "role", Code: "oneof", Param: "member secondary_manager"})
	}
	if r == RoleSecondaryManager && s.policy.NoSecondaryManagers {
		bad = append(bad, fault.Field{Path: "role", Code: "oneof", Param: "member"})
	}
	if scope != nil && scope.Whole && len(scope.Services) > 0 {
		bad = append(bad, fault.Field{Path: "services", Code: "excluded_by_whole"})
	}
	if scope != nil && len(scope.Services) > maxServices {
		bad = append(bad, fault.Field{Path: "services", Code: "too_many", Param: "1000"})
	}
	if v != nil && !v.Until.IsZero() && !v.From.Before(v.Until) {
		bad = append(bad, fault.Field{Path: "until", Code: "before_from"})
	}
	if len(bad) > 0 {
		return fault.Invalid(op, bad...)
	}
	return nil
}

// maxServices bounds the services that one scope names.
const maxServices = 1000

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
	act, err := s.refusal("structure.Reject", r)
	if err != nil {
		return Membership{}, err
	}
	return s.one(ctx, by, id, act)
}

// refusal is the act of refusing. Each membership gets a salt of its own for the reason,
// so that two refusals in the history cannot be told to have the same one.
func (s *Service) refusal(op string, r Refusal) (act, error) {
	r.Reason = multiline(r.Reason)
	if err := check.Struct(op, r); err != nil {
		return act{}, err
	}
	return act{action: authz.ActionDecideMemberships, rule: func(c decisionCase) (ruling, error) {
		reason, err := s.note(r.Reason)
		if err != nil {
			return ruling{}, err
		}
		m, err := c.Subject.Reject(reason, c.Account.ID, c.now)
		return ruling{Membership: m, kind: "membership.rejected", mail: notify.Mail{
			Template: notify.MailMembershipRejected, Values: notify.Values{"Reason": r.Reason},
		}}, err
	}}, nil
}
