package authz

import "github.com/habilis-go/habilis/internal/ids"

// AccountID names an account. Values are UUIDs of version 7.
type AccountID = ids.AccountID

// StructureID names a structure.
type StructureID = ids.StructureID

// ServiceID names a service of a structure. The empty value means the structure
// as a whole, all its services included.
type ServiceID = ids.ServiceID

// Role is what a member is in a structure.
type Role string

// Roles.
const (
	RolePrincipalManager Role = "principal_manager" // exactly one in an active structure
	RoleSecondaryManager Role = "secondary_manager" // powers lent by the principal
	RoleMember           Role = "member"            // simple user
	RoleTechnical        Role = "technical"         // a program, for the structure's interfaces only
)

// Level is how deep access to a space goes. Levels are ordered: [Read] < [Write].
type Level string

// Levels.
const (
	Read  Level = "read"  // see invoices or tickets
	Write Level = "write" // create, validate and change them
)

// Space is the code of a set of functions, "invoices.issued".
type Space = ids.Space

// The spaces of the guides (SPA-T1).
const (
	SpaceHome               Space = "home"
	SpaceManagerActivities  Space = "manager.activities"
	SpaceInvoicesReceived   Space = "invoices.received"
	SpaceInvoicesIssued     Space = "invoices.issued"
	SpaceTicketsIssued      Space = "tickets.issued"
	SpaceTicketsReceived    Space = "tickets.received"
	SpaceMyAccount          Space = "my_account"
	SpaceInvoicesToValidate Space = "invoices.to_validate"
	SpaceWorksInvoices      Space = "works_invoices"
)

// SpaceOrganisation is the space in which the structure and its people are managed
// the right to write in it gives the permissions that are [ByEntitlement].
const SpaceOrganisation Space = "organisation"

// StructureType tells public bodies from private ones.
type StructureType string

// Structure types.
const (
	Public  StructureType = "public"
	Private StructureType = "private"
)

// AccountStatus is the life-cycle state of an account.
type AccountStatus string

// Account statuses. Only AccountActive may do anything.
const (
	AccountPendingActivation AccountStatus = "pending_activation"
	AccountActive            AccountStatus = "active"
	AccountDeactivated       AccountStatus = "deactivated"
	AccountAnonymized        AccountStatus = "anonymized"
)

// MembershipStatus is the stored state of a membership. Scheduled,
// expired and suspended are not stored: they follow from dates and from the
// account when a decision is made.
type MembershipStatus string

// Membership statuses.
const (
	MembershipPending   MembershipStatus = "pending"
	MembershipApproved  MembershipStatus = "approved"
	MembershipRejected  MembershipStatus = "rejected"
	MembershipDisabled  MembershipStatus = "disabled"
	MembershipRemoved   MembershipStatus = "removed"
	MembershipCancelled MembershipStatus = "cancelled"
)

// Action is an administrative act on a structure or its members (MEM-T1).
type Action string

// OnStructure reports whether a changes the structure itself, and so can be lent by
// Delegation.Structure; every other action is about people.
func (a Action) OnStructure() bool { return a == ActionModifyStructure || a == ActionManageSpaces }

// Lends reports whether d lends the power to do a.
func (d Delegation) Lends(a Action) bool {
	if a.OnStructure() {
		return d.Structure
	}
	return d.Users
}

// Actions.
const (
	ActionViewStructure       Action = "structure.view"
	ActionModifyStructure     Action = "structure.modify"
	ActionManageSpaces        Action = "structure.spaces"
	ActionCloseStructure      Action = "structure.close"      // deactivate it, and activate it again
	ActionChangeIdentifier    Action = "structure.identifier" // put another identifier in the place of its own
	ActionDecideMemberships   Action = "membership.decide"
	ActionManageMembers       Action = "membership.manage"
	ActionLeave               Action = "membership.leave"
	ActionDecideSubscriptions Action = "subscription.decide"
	ActionGrantSubscriptions  Action = "subscription.grant"
	ActionSearchUsers         Action = "users.search"
	ActionReadHistory         Action = "history.read"
	ActionManageTechnical     Action = "technical.manage"
	ActionTransferPrincipal   Action = "principal.transfer"
	ActionDelegate            Action = "principal.delegate"
)
