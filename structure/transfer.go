package structure

import (
	"time"

	"github.com/habilis-go/habilis/account"
)

// HandOver returns the membership of a principal manager who names a successor: it
// stays, as that of a simple user. by is who decides. The error is
// [ErrNotPrincipal].
//
// A structure has one principal manager: put what HandOver returns before what
// [Membership.TakeOver] returns, in one unit with the structure itself.
func (m Membership) HandOver(by account.ID, now time.Time) (Membership, error) {
	if m.Status != StatusApproved || m.Role != RolePrincipalManager {
		return m, ErrNotPrincipal
	}
	m.Role, m.DecidedAt, m.DecidedBy = RoleMember, now, by
	return m, nil
}

// TakeOver returns the membership of a successor, whatever it was before: approved, of
// the whole structure, from now at the latest and without an end, as the principal
// manager's. What it asked for is answered by that. by is who decides. The
// error is [ErrAlreadyMember] for the principal manager.
func (m Membership) TakeOver(by account.ID, now time.Time) (Membership, error) {
	if m.Status == StatusApproved && m.Role == RolePrincipalManager {
		return m, ErrAlreadyMember
	}
	if m.Validity.From.After(now) {
		m.Validity.From = now
	}
	m.Validity.Until = time.Time{}
	m.Status, m.Role, m.Granted, m.Asked = StatusApproved, RolePrincipalManager, Whole(), Scope{}
	m.Via, m.DecidedAt, m.DecidedBy = "", now, by
	return m, nil
}

// Withdraw returns m without the request that waits on it; what a member holds stays, and
// so does since when and by whom. by is who withdraws. The error is [ErrAlreadyDecided].
func (m Membership) Withdraw(by account.ID, now time.Time) (Membership, error) {
	if !m.Undecided() {
		return m, ErrAlreadyDecided
	}
	if m.Status == StatusPending {
		m.Status, m.DecidedAt, m.DecidedBy = StatusCancelled, now, by
	}
	m.Asked = Scope{}
	return m, nil
}
