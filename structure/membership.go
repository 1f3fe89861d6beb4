package structure

import (
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
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
)

// Scope is what a membership covers: the whole structure, present and future
// services included, or the services listed. The two exclude one another
//
type Scope struct {
	Whole    bool
	Services []ServiceID // sorted, without repeats
}

// IsZero reports whether the scope covers nothing.
func (s Scope) IsZero() bool { return !s.Whole && len(s.Services) == 0 }

// Note is free text of a person, kept apart from the history: events refer to it
// by digest only. Erasing it wipes both parts.
type Note struct {
	Text string // at most 255 characters
	Salt string // blinds the digest
}

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

	RequestedAt time.Time  // when the last request was made; zero if it never was
	DecidedAt   time.Time  // when the last decision was made; zero before
	DecidedBy   account.ID // who made it
	CreatedAt   time.Time
	Version     int64
}

// MembershipQuery selects memberships. Conditions are ANDed; a zero condition
// selects all. The order is RequestedAt, then ID: oldest request first.
type MembershipQuery struct {
	Account    account.ID
	Structures []ID // any of these; nil selects every structure
	Statuses   []MembershipStatus
	Role       Role
	Undecided  bool // only those with something in Asked

	// AfterAt and AfterID continue a listing after that position.
	AfterAt time.Time
	AfterID MembershipID

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q MembershipQuery) Capped() int { return capped(q.Limit) }

func capped(limit int) int {
	switch {
	case limit <= 0:
		return 100
	case limit > 1000:
		return 1000
	default:
		return limit
	}
}
