package structure

import (
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
)

// Errors of this package; compare with errors.Is.
var (
	// ErrNotFound: no such structure, service or membership, or none that the actor
	// may know of.
	ErrNotFound = fault.ErrNotFound

	// ErrDenied: the actor is known here but may not do this.
	ErrDenied = fault.ErrDenied

	// ErrStructureExists: another structure has the identifier; ask to join it.
	ErrStructureExists = fault.New("structure_exists", "a structure with this identifier exists; ask to join it")

	// ErrStructureInactive: the structure is closed.
	ErrStructureInactive = fault.New("structure_inactive", "the structure is not active")

	// ErrCreationNotAllowed: structures of this type are created by the operator.
	ErrCreationNotAllowed = fault.New("creation_not_allowed", "structures of this type are created by support")

	// ErrServiceExists: the structure has a service with this code.
	ErrServiceExists = fault.New("service_exists", "the structure has a service with this code")

	// ErrEmptyScope: neither the whole structure nor any service was chosen.
	ErrEmptyScope = fault.New("empty_scope", "choose the whole structure or at least one service")

	// ErrRequestPending: a request waits already.
	ErrRequestPending = fault.New("request_pending", "a request for this structure is waiting already")

	// ErrAlreadyMember: everything that is asked for is held already.
	ErrAlreadyMember = fault.New("already_member", "the account has all of this already")

	// ErrMembershipDisabled: a manager disabled the membership; asking again does not
	// help, enabling it does.
	ErrMembershipDisabled = fault.New("membership_disabled", "a manager disabled this membership")

	// ErrAlreadyDecided: somebody decided in the meantime; the decision comes with the
	// error.
	ErrAlreadyDecided = fault.New("already_decided", "the request was decided already")

	// ErrOwnRequest: nobody decides a request of their own.
	ErrOwnRequest = fault.New("own_request", "nobody decides their own request")

	// ErrApplicantGone: the account that asked was closed since.
	ErrApplicantGone = fault.New("applicant_gone", "the account that asked is closed")

	// ErrApplicantNotActive: the account waits for its activation, and the policy asks
	// for more.
	ErrApplicantNotActive = fault.New("applicant_not_active", "the account is not activated yet")

	// ErrNotMember: the account does not belong to the structure, or not any more.
	ErrNotMember = fault.New("not_a_member", "the account does not belong to the structure")

	// ErrNotHeld: a service that somebody wants to leave is not held by name.
	ErrNotHeld = fault.New("not_held", "only services that are held by name can be left")

	// ErrOwnMembership: nobody manages their own membership; one leaves it.
	ErrOwnMembership = fault.New("own_membership", "nobody manages their own membership")

	// ErrPrincipalProtected: no manager disables, removes or changes the principal
	// manager, who is replaced by a transfer.
	ErrPrincipalProtected = fault.New("principal_protected", "the principal manager changes by a transfer only")

	// ErrSupplierJoinsBuyer: to send invoices to a public body, nobody has to join it
	//
	ErrSupplierJoinsBuyer = fault.New("supplier_joins_buyer", "a supplier does not join a public structure to send it invoices")

	// ErrConsequencesChanged: what a deactivation means is not what was shown any more;
	// what it means now comes with the error.
	ErrConsequencesChanged = fault.New("consequences_changed", "things have changed since they were shown; look again and confirm")

	// ErrSuccessorRequired: a principal manager names a successor first; the structures
	// come with the error.
	ErrSuccessorRequired = fault.New("successor_required", "name a successor for each structure first")

	// ErrSuccessorMissing: some structures have no successor yet; the fields name them
	//
	ErrSuccessorMissing = fault.New("successor_missing", "some structures have no successor yet")

	// ErrNotPrincipal: the membership is not that of the principal manager.
	ErrNotPrincipal = fault.New("not_principal", "the membership is not that of the principal manager")

	// ErrExternallyManaged: a directory outside keeps the accounts of the structure's
	// people.
	ErrExternallyManaged = account.ErrExternallyManaged

	// ErrWeakCriteria: a search for people takes a login address, or both names, in full
	//
	ErrWeakCriteria = fault.New("weak_criteria", "give the login address, or the family name and the given name, in full")

	// ErrCriteriaTooBroad: the search would select everything.
	ErrCriteriaTooBroad = fault.New("criteria_too_broad", "give at least one criterion that is more than a star")

	// ErrTechnicalLimit: the structure has as many technical accounts as the policy allows.
	ErrTechnicalLimit = fault.New("technical_limit", "the structure has as many technical accounts as it may have")

	// ErrSubscriptionPending: the same line waits for a decision already.
	ErrSubscriptionPending = fault.New("subscription_pending", "this access was asked for already")

	// ErrAlreadySubscribed: the same line is held already, by a subscription or by the
	// role.
	ErrAlreadySubscribed = fault.New("already_subscribed", "this access is held already")

	// ErrNotSubscribed: there is no such line to end.
	ErrNotSubscribed = fault.New("not_subscribed", "this access is not held")

	// ErrSpaceNotOpen: the space is not open on the structure.
	ErrSpaceNotOpen = fault.New("space_not_open", "the space is not open on the structure")

	// ErrServiceNotHeld: the membership does not cover the service.
	ErrServiceNotHeld = fault.New("service_not_held", "the membership does not cover this service")

	// ErrSpaceFixed: the space comes with the account or the role, so it is neither asked
	// for, granted, removed nor closed.
	ErrSpaceFixed = fault.New("space_fixed", "the space comes with the account or with the role")

	// ErrMembershipEnded: the membership that would carry the subscription is not in
	// force: not decided, ended or over.
	ErrMembershipEnded = fault.New("membership_ended", "the membership is not in force")

	// ErrTooManyMembers: more people are concerned than one operation may touch.
	ErrTooManyMembers = fault.New("too_many_members", "the structure has too many members for this at once")
	// ErrBankAccountLimit: the structure has as many bank accounts as the policy allows
	//
	ErrBankAccountLimit = fault.New("bank_account_limit", "the structure has as many bank accounts as it may have")

	// ErrNoPrincipal: the structure has no principal manager; support appoints one first
	//
	ErrNoPrincipal = fault.New("no_principal", "the structure has no principal manager")

	// ErrBadPolicy: the policy contradicts itself.
	ErrBadPolicy = fault.New("bad_structure_policy", "the structure policy is not acceptable")
)
