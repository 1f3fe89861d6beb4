package structure

import (
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/page"
	"github.com/habilis-go/habilis/notify"
)

// MembershipID names a membership. Values are UUIDs of version 7.
type MembershipID string

// MembershipStatus is the stored state of a membership.
type MembershipStatus = authz.MembershipStatus

// Membership statuses.
const (
	StatusPending   = authz.MembershipPending
	StatusApproved  = authz.MembershipApproved
	StatusRejected  = authz.MembershipRejected
	StatusDisabled  = authz.MembershipDisabled
	StatusRemoved   = authz.MembershipRemoved
	StatusCancelled = authz.MembershipCancelled
)

// Role is what a member is in a structure.
type Role = authz.Role

// Roles.
const (
	RolePrincipalManager = authz.RolePrincipalManager
	RoleSecondaryManager = authz.RoleSecondaryManager
	RoleMember           = authz.RoleMember
	RoleTechnical        = authz.RoleTechnical
)

// Membership ties one account to one structure; there is one row for each pair,
// whatever became of it. What is granted and what is asked for are kept apart, so
// that a member may ask for more without losing anything.
type Membership struct {
	ID        MembershipID
	Account   account.ID
	Structure ID
	Status    MembershipStatus
	Role      Role           // what the account is, or would become
	Granted   Scope          // what it covers; nothing until approved
	Asked     Scope          // what is requested and not decided; nothing otherwise
	Validity  authz.Validity // when it gives rights
	Comment   Note           // the applicant's, with the last request
	Reason    Note           // the manager's, with the last refusal

	// Via is the structure, a management centre, whose member asks on its behalf; "" for
	// a person who asks in their own name.
	Via ID

	RemindedAt time.Time // when somebody was last reminded of what is due; zero if nobody was
	DueAt      time.Time // when the clock has something to do about it; zero: never

	RequestedAt time.Time  // when the last request was made; zero if it never was
	DecidedAt   time.Time  // when the last decision was made, the one that a member holds by whatever becomes of a request for more; zero before
	DecidedBy   account.ID // who made it
	CreatedAt   time.Time
	Version     int64
}

// Undecided reports whether a request waits for a decision.
func (m Membership) Undecided() bool { return !m.Asked.IsZero() }

// named reports whether what is held or asked for names services.
func (m Membership) named() bool { return len(m.Granted.Services)+len(m.Asked.Services) > 0 }

// over reports whether the membership has ended: refused, withdrawn, left or removed.
func (m Membership) over() bool {
	return m.Status == StatusRejected || m.Status == StatusRemoved || m.Status == StatusCancelled
}

// Ask returns m with a request for scope on it. Whoever was refused, left or was
// removed starts anew; a member may ask for what the membership does not cover yet
// and keeps what it has.
//
// Errors: [ErrEmptyScope], [ErrRequestPending], [ErrAlreadyMember],
// [ErrMembershipDisabled].
func (m Membership) Ask(scope Scope, v authz.Validity, comment Note, now time.Time) (Membership, error) {
	switch {
	case scope.IsZero():
		return m, ErrEmptyScope
	case m.Status == StatusDisabled:
		return m, ErrMembershipDisabled
	case m.Undecided():
		return m, ErrRequestPending
	}
	if m.Status == StatusApproved {
		if scope = scope.Minus(m.Granted); scope.IsZero() {
			return m, ErrAlreadyMember
		}
	} else {
		m.Status, m.Role, m.Granted, m.Validity = StatusPending, RoleMember, Scope{}, v
		m.DecidedAt, m.DecidedBy = time.Time{}, ""
	}
	m.Asked, m.Comment, m.Reason, m.RequestedAt = scope, comment, Note{}, now
	return m, nil
}

// Approval is what a manager grants. The zero Approval grants what was asked for,
// beside what was held already, as a simple user and with the dates of the request.
type Approval struct {
	Role     Role            // "" keeps a member's role and makes anybody else a simple user
	Scope    *Scope          // exactly what the account will hold; nil: held and asked together
	Validity *authz.Validity // when it gives rights; nil: as it is, and so is the first day with a zero From
}

// Approve returns m as an approved membership. by is the manager who decides.
//
// Errors: [ErrAlreadyDecided], [ErrOwnRequest], [ErrEmptyScope], [ErrDenied] for
// the role of principal manager, which is transferred and never granted.
func (m Membership) Approve(a Approval, by account.ID, now time.Time) (Membership, error) {
	switch {
	case !m.Undecided():
		return m, ErrAlreadyDecided
	case by == m.Account:
		return m, ErrOwnRequest
	case a.Role != "" && !assignable(a.Role), m.Role == RoleTechnical, m.Role == RolePrincipalManager:
		return m, ErrDenied
	}
	granted := m.Granted.Union(m.Asked)
	if a.Scope != nil {
		granted = a.Scope.normalised()
	}
	if granted.IsZero() {
		return m, ErrEmptyScope
	}
	if a.Role != "" {
		m.Role = a.Role
	}
	m.Validity = m.redated(a.Validity)
	m.Status, m.Granted, m.Asked = StatusApproved, granted, Scope{}
	m.DecidedAt, m.DecidedBy = now, by
	return m, nil
}

// Reject returns m with its request refused. What a member held before stays, and so does
// since when and by whom.
//
// Errors: [ErrAlreadyDecided], [ErrOwnRequest].
func (m Membership) Reject(reason Note, by account.ID, now time.Time) (Membership, error) {
	switch {
	case !m.Undecided():
		return m, ErrAlreadyDecided
	case by == m.Account:
		return m, ErrOwnRequest
	}
	if m.Status == StatusPending {
		m.Status, m.DecidedAt, m.DecidedBy = StatusRejected, now, by
	}
	m.Asked, m.Reason = Scope{}, reason
	return m, nil
}

// Standing is an account in a structure: who, where, and as what. A part that does
// not exist is zero.
type Standing struct {
	Account    account.Card
	Structure  Structure
	Membership Membership
	Head       notify.Head // the end of the structure's chain
}

// Deciding is the standing of somebody who is to decide on a membership, and that.
type Deciding struct {
	Standing
	Subject   Membership
	Applicant account.Card // whom the subject belongs to
}

// Member is a membership with the account that it belongs to.
type Member struct {
	Membership Membership
	Account    account.Card
}

// MembershipQuery selects memberships. Conditions are ANDed; a zero condition
// selects all. The order is RequestedAt, then ID: oldest request first.
type MembershipQuery struct {
	Account    account.ID
	Structures []ID // any of these; nil selects every structure
	Statuses   []MembershipStatus
	Role       Role
	Undecided  bool             // only those with something in Asked
	Service    ServiceID        // only those that hold it, by name or with the whole structure
	DueAt      time.Time        // if set: only those whose DueAt is set and not after it
	Person     account.Criteria // only those whose account exists and fits
	Except     account.ID       // only those of other accounts
	Beside     ID               // only those of accounts with a membership in this structure too

	// Once selects of each account only the first of those that the conditions select,
	// by RequestedAt, then ID. A position is looked at after that.
	Once bool

	// ByName orders by the folded family name of the account, then its folded given
	// name, then the account, then ID instead; an account that does not exist comes
	// first. AfterAt and AfterID do not go with it.
	ByName bool

	Skip int // leave out the first so many; for the pages of a screen

	// AfterAt and AfterID continue a listing after that position.
	AfterAt time.Time
	AfterID MembershipID

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q MembershipQuery) Capped() int { return page.Limit(q.Limit) }
