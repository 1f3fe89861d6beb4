package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
)

// ChangeMembership gives a member another role, other services or other dates.
// The history keeps what it was; the member is told by mail. A change to what it is
// already does nothing.
//
// Errors: ErrInvalid for bad fields, services that are unknown there or not active, and
// dates that are over; [ErrNotFound]; [ErrDenied]; [ErrEmptyScope]; [ErrNotMember];
// [ErrMembershipDisabled]; [ErrPrincipalProtected]; [ErrOwnMembership]. All but the
// first three come with the membership as it is.
func (s *Service) ChangeMembership(ctx context.Context, by account.Actor, id MembershipID, c Change) (Membership, error) {
	const op = "structure.ChangeMembership"
	if err := s.checkTerms(op, c.Role, c.Scope, c.Validity); err != nil {
		return Membership{}, err
	}
	return s.one(ctx, by, id, act{action: authz.ActionManageMembers, scope: c.Scope, rule: func(at decisionCase) (ruling, error) {
		return s.changing(op, at, c)
	}})
}

// changing decides a [Service.ChangeMembership].
func (s *Service) changing(op string, at decisionCase, c Change) (ruling, error) {
	m, err := at.Subject.Change(c, at.Account.ID, at.now)
	if err == nil {
		err = at.acceptable(op, c.Scope, c.Validity)
	}
	if err != nil || m.same(at.Subject) {
		return ruling{}, err
	}
	was := at.Subject.Terms()
	return ruling{
		Membership: m, kind: "membership.changed", was: &was,
		mail: notify.Mail{Template: notify.MailMembershipChanged, Values: s.terms(at.units, m)},
	}, nil
}

// manages is the act by which managers move a membership from one state to another.
func (s *Service) manages(kind notify.Kind, mail notify.Template, rule func(Membership, decisionCase) (Membership, error)) act {
	return act{action: authz.ActionManageMembers, rule: func(c decisionCase) (ruling, error) {
		m, err := rule(c.Subject, c)
		if err != nil || m.Status == c.Subject.Status {
			return ruling{}, err
		}
		return ruling{Membership: m, kind: kind, mail: notify.Mail{Template: mail, Values: notify.Values{}}}, nil
	}}
}

// DisableMembers suspends memberships: they give nothing until they are enabled again,
// the accounts are untouched. Each is told by mail and has a result of its own,
// in the order given: [ErrNotFound]; [ErrDenied]; [ErrNotMember];
// [ErrPrincipalProtected]; [ErrOwnMembership]. Disabling twice does nothing.
//
// Errors of the whole: ErrInvalid for more than MaxBulk.
func (s *Service) DisableMembers(ctx context.Context, by account.Actor, ids ...MembershipID) ([]Outcome, error) {
	return s.many(ctx, "structure.DisableMembers", by, ids, s.manages("membership.disabled", notify.MailMembershipDisabled,
		func(m Membership, c decisionCase) (Membership, error) { return m.Disable(c.Account.ID, c.now) }))
}

// EnableMembers puts disabled memberships in force again, with the scope and the dates
// that they had. Results and errors are those of [Service.DisableMembers].
func (s *Service) EnableMembers(ctx context.Context, by account.Actor, ids ...MembershipID) ([]Outcome, error) {
	return s.many(ctx, "structure.EnableMembers", by, ids, s.manages("membership.enabled", notify.MailMembershipEnabled,
		func(m Membership, c decisionCase) (Membership, error) { return m.Enable(c.Account.ID, c.now) }))
}

// RemoveMembers ends memberships, and the subscriptions with them; the accounts are
// untouched. Whoever was removed may ask again and starts from nothing. Results
// and errors are those of [Service.DisableMembers].
func (s *Service) RemoveMembers(ctx context.Context, by account.Actor, ids ...MembershipID) ([]Outcome, error) {
	return s.many(ctx, "structure.RemoveMembers", by, ids, s.manages("membership.removed", notify.MailMembershipRemoved,
		func(m Membership, c decisionCase) (Membership, error) { return m.Remove(c.Account.ID, c.now) }))
}
