package authz

import "time"

// Facts are what is known about one account in one structure. The zero value of
// a part means that it does not exist: no account, no membership, no right.
type Facts struct {
	Policy     Policy
	Account    AccountFact
	Structure  StructureFact
	Membership MembershipFact
	Grants     []Grant
}

// AccountFact is what decides about an account.
type AccountFact struct {
	ID     AccountID
	Status AccountStatus
	Since  time.Time // when it got that status

	// Technical says that it is a program's: the spaces that belong to every person are
	// not open to it. Defaults to false.
	Technical bool
}

// StructureFact is what decides about a structure.
type StructureFact struct {
	ID       StructureID
	Type     StructureType
	Active   bool
	Spaces   []Space // open on the structure
	Services []ServiceFact

	// Delegated says which powers the principal lends to secondary managers. Defaults
	// to none, least privilege.
	Delegated Delegation
}

// Delegation says which powers the principal manager lends to the secondary managers
// of a structure: SAME_AS_PRINCIPAL where true, SAME_AS_USER where false. The
// zero Delegation lends none.
type Delegation struct {
	Structure bool `json:"structure,omitempty"` // to change the structure itself: its sheet, services and spaces
	Users     bool `json:"users,omitempty"`     // to decide about people: memberships and subscriptions
}

// ServiceFact is what decides about one service of a structure.
type ServiceFact struct {
	ID       ServiceID
	Active   bool
	Validity Validity
}

// MembershipFact is what decides about a membership.
type MembershipFact struct {
	Status   MembershipStatus // "" when the account never asked
	Role     Role
	Whole    bool        // the whole structure, present and future services
	Services []ServiceID // otherwise these
	Validity Validity
	Since    time.Time // when it got that status
	By       AccountID // who decided, "" if nobody did or the system
}

// Grant is a right on a space beyond the defaults of the role: an approved
// subscription. A grant without a service holds for all that the membership
// covers.
type Grant struct {
	Space    Space
	Service  ServiceID
	Level    Level
	Pending  bool // asked for and not decided: no right yet
	Validity Validity
	Since    time.Time
	By       AccountID
}
