package structure

import (
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

// Terms are what a membership gives: the role, what it covers, and when.
type Terms struct {
	Role     Role           `json:"role"`
	Granted  Scope          `json:"granted"`
	Validity authz.Validity `json:"validity,omitzero"`
}

// Terms returns what m gives while it is approved.
func (m Membership) Terms() Terms {
	return Terms{Role: m.Role, Granted: m.Granted, Validity: m.Validity}
}

// assignable reports whether managers may give a role: that of the principal manager is
// transferred, that of a program is created with it.
func assignable(r Role) bool { return r == RoleMember || r == RoleSecondaryManager }

// Attach returns m as the membership of somebody whom a manager attaches: approved, with
// these terms, without a request. A request that waits is answered by it.
//
// Errors: [ErrOwnMembership]; [ErrDenied] for a role that managers do not give;
// [ErrEmptyScope]; [ErrAlreadyMember], see [Membership.Change]; [ErrMembershipDisabled].
func (m Membership) Attach(t Terms, comment Note, by account.ID, now time.Time) (Membership, error) {
	switch {
	case m.Status == StatusApproved:
		return m, ErrAlreadyMember
	case by == m.Account:
		return m, ErrOwnMembership
	case m.Status == StatusDisabled:
		return m, ErrMembershipDisabled
	case !assignable(t.Role):
		return m, ErrDenied
	case t.Granted.IsZero():
		return m, ErrEmptyScope
	}
	m.Status, m.Role, m.Granted, m.Asked, m.Validity = StatusApproved, t.Role, t.Granted.normalised(), Scope{}, t.Validity
	m.Comment, m.Reason, m.Via = comment, Note{}, ""
	m.DecidedAt, m.DecidedBy = now, by
	return m, nil
}

// Change is what a manager changes of a membership. The zero Change changes
// nothing.
type Change struct {
	Role     Role            // "" keeps it
	Scope    *Scope          // exactly what the account will hold; nil keeps it
	Validity *authz.Validity // when it gives rights; nil keeps it, and so does a zero From for the first day
}

// Change returns m with other terms. What was asked for and is given now waits no more.
//
// Errors: [ErrNotMember]; [ErrMembershipDisabled]; [ErrPrincipalProtected];
// [ErrOwnMembership]; [ErrEmptyScope]; [ErrDenied] for a role that managers do not give
// or take.
func (m Membership) Change(c Change, by account.ID, now time.Time) (Membership, error) {
	if err := m.manageable(by); err != nil {
		return m, err
	}
	switch {
	case m.Status == StatusDisabled:
		return m, ErrMembershipDisabled
	case c.Role != "" && !assignable(c.Role):
		return m, ErrDenied
	case c.Scope != nil && c.Scope.IsZero():
		return m, ErrEmptyScope
	}
	before := m
	if c.Role != "" {
		m.Role = c.Role
	}
	if c.Scope != nil {
		m.Granted = c.Scope.normalised()
		m.Asked = m.Asked.Minus(m.Granted)
	}
	m.Validity = m.redated(c.Validity)
	if m.same(before) {
		return before, nil
	}
	m.DecidedAt, m.DecidedBy = now, by
	return m, nil
}

// redated returns when m gives rights once a manager typed v: nil keeps it, a zero From
// keeps the first day.
func (m Membership) redated(v *authz.Validity) authz.Validity {
	if v == nil {
		return m.Validity
	}
	out := *v
	if out.From.IsZero() {
		out.From = m.Validity.From
	}
	return out
}

// same reports whether m and o give the same.
func (m Membership) same(o Membership) bool {
	return m.Role == o.Role && m.Granted.Covers(o.Granted) && o.Granted.Covers(m.Granted) && m.Granted.Whole == o.Granted.Whole &&
		m.Validity.From.Equal(o.Validity.From) && m.Validity.Until.Equal(o.Validity.Until)
}

// manageable says why a manager may not touch a membership that is in force, if so: the
// principal manager is out of reach (PE-03), nobody manages themselves, and
// programs have a life of their own.
func (m Membership) manageable(by account.ID) error {
	switch {
	case m.Status != StatusApproved && m.Status != StatusDisabled:
		return ErrNotMember
	case m.Role == RolePrincipalManager:
		return ErrPrincipalProtected
	case by == m.Account:
		return ErrOwnMembership
	case m.Role == RoleTechnical:
		return ErrDenied
	default:
		return nil
	}
}

// Disable returns m suspended by a manager: it gives nothing, and keeps what it holds
// for [Membership.Enable]. What was asked for beside it waits no more. A
// membership that is disabled already is returned as it is.
//
// Errors: [ErrNotMember]; [ErrPrincipalProtected]; [ErrOwnMembership]; [ErrDenied].
func (m Membership) Disable(by account.ID, now time.Time) (Membership, error) {
	if err := m.manageable(by); err != nil || m.Status == StatusDisabled {
		return m, err
	}
	m.Status, m.Asked, m.DecidedAt, m.DecidedBy = StatusDisabled, Scope{}, now, by
	return m, nil
}

// Enable returns a disabled m in force again, with the scope and the dates that it had
// . One that is not disabled is returned as it is. Errors are those of
// [Membership.Disable].
func (m Membership) Enable(by account.ID, now time.Time) (Membership, error) {
	if err := m.manageable(by); err != nil || m.Status == StatusApproved {
		return m, err
	}
	m.Status, m.DecidedAt, m.DecidedBy = StatusApproved, now, by
	return m, nil
}

// Remove returns m ended by a manager. Nothing of it is left for a later
// request to revive. One that is removed already is returned as it is.
//
// Errors: [ErrNotMember]; [ErrPrincipalProtected]; [ErrOwnMembership]; [ErrDenied].
func (m Membership) Remove(by account.ID, now time.Time) (Membership, error) {
	if m.Status == StatusRemoved {
		return m, nil
	}
	if err := m.manageable(by); err != nil {
		return m, err
	}
	return m.ended(by, now), nil
}

func (m Membership) ended(by account.ID, now time.Time) Membership {
	m.Status, m.Granted, m.Asked, m.DecidedAt, m.DecidedBy = StatusRemoved, Scope{}, Scope{}, now, by
	return m
}

// Leave returns m without what its holder leaves: some services, or all of it,
// which is meant by none. Leaving the last service leaves the structure, and so does
// leaving all of it: what was asked for waits no more.
//
// Errors: [ErrNotMember]; [ErrMembershipDisabled]; [ErrSuccessorRequired] for the
// principal manager (C-14); [ErrDenied] for a program; [ErrNotHeld] if one of the
// services is not held by name.
func (m Membership) Leave(services []ServiceID, now time.Time) (Membership, error) {
	switch {
	case m.Status == StatusDisabled:
		return m, ErrMembershipDisabled
	case m.Status != StatusApproved:
		return m, ErrNotMember
	case m.Role == RolePrincipalManager:
		return m, ErrSuccessorRequired
	case m.Role == RoleTechnical:
		return m, ErrDenied
	case m.Granted.Whole && len(services) > 0, !m.Granted.Covers(Services(services...)):
		return m, ErrNotHeld
	}
	rest := m.Granted.Minus(Services(services...))
	if len(services) == 0 || rest.IsZero() {
		return m.ended(m.Account, now), nil
	}
	m.Granted, m.DecidedAt, m.DecidedBy = rest, now, m.Account
	return m, nil
}
