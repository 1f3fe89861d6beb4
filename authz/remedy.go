package authz

// Who names who could carry out a [Remedy].
type Who string

// Parties to a remedy.
const (
	WhoPerson    Who = "person"    // the account that asks
	WhoManager   Who = "manager"   // a manager of the structure who may decide
	WhoPrincipal Who = "principal" // the structure's principal manager
	WhoSupport   Who = "support"   // the operator of the deployment
	WhoTime      Who = "time"      // nobody: it comes by itself at the instant of the step
)

// Change is the smallest thing that would meet one missing condition.
type Change string

// Changes.
const (
	ChangeAskCorrectly      Change = "ask_correctly"
	ChangeActivate          Change = "activate_account"
	ChangeReactivate        Change = "reactivate_account"
	ChangeRegister          Change = "register_account"
	ChangeActivateStructure Change = "activate_structure"
	ChangeRequestMembership Change = "request_membership"
	ChangeApproveMembership Change = "approve_membership"
	ChangeEnableMembership  Change = "enable_membership"
	ChangeExtendMembership  Change = "extend_membership"
	ChangeWait              Change = "wait"
	ChangeRequestService    Change = "request_service"
	ChangeActivateService   Change = "activate_service"
	ChangeOpenSpace         Change = "open_space"
	ChangeSubscribe         Change = "request_subscription"
	ChangeApproveSubscribed Change = "approve_subscription"
	ChangeDelegate          Change = "delegate"
	ChangeRaiseRole         Change = "raise_role"
	ChangeTransfer          Change = "transfer_principal"
)

// Remedy is one change that would help, and who can make it. Some need a second
// party to agree; By is who acts first.
type Remedy struct {
	Change Change
	By     Who
	For    Reason // the unmet reason that it answers
}

// remedyOf is a table: it never changes.
var remedyOf = map[Reason]Remedy{
	ReasonNoInstant:       {Change: ChangeAskCorrectly, By: WhoPerson},
	ReasonOtherSubject:    {Change: ChangeAskCorrectly, By: WhoPerson},
	ReasonUnknownSpace:    {Change: ChangeAskCorrectly, By: WhoPerson},
	ReasonUnknownLevel:    {Change: ChangeAskCorrectly, By: WhoPerson},
	ReasonUnknownAction:   {Change: ChangeAskCorrectly, By: WhoPerson},
	ReasonAccountUnknown:  {Change: ChangeRegister, By: WhoPerson},
	ReasonAccountPending:  {Change: ChangeActivate, By: WhoPerson},
	ReasonAccountClosed:   {Change: ChangeReactivate, By: WhoPerson},
	ReasonNoStructure:     {Change: ChangeAskCorrectly, By: WhoPerson},
	ReasonStructureClosed: {Change: ChangeActivateStructure, By: WhoSupport},
	ReasonTechnical:       {Change: ChangeAskCorrectly, By: WhoPerson},
	ReasonNotMember:       {Change: ChangeRequestMembership, By: WhoPerson},
	ReasonRejected:        {Change: ChangeRequestMembership, By: WhoPerson},
	ReasonRemoved:         {Change: ChangeRequestMembership, By: WhoPerson},
	ReasonRequestPending:  {Change: ChangeApproveMembership, By: WhoManager},
	ReasonDisabled:        {Change: ChangeEnableMembership, By: WhoManager},
	ReasonScheduled:       {Change: ChangeWait, By: WhoTime},
	ReasonExpired:         {Change: ChangeExtendMembership, By: WhoManager},
	ReasonServiceUnknown:  {Change: ChangeAskCorrectly, By: WhoPerson},
	ReasonServiceInactive: {Change: ChangeActivateService, By: WhoManager},
	ReasonServiceNotHeld:  {Change: ChangeRequestService, By: WhoPerson},
	ReasonNeedsWhole:      {Change: ChangeRequestService, By: WhoPerson},
	ReasonSpaceNotOpen:    {Change: ChangeOpenSpace, By: WhoPrincipal},
	ReasonNotSubscribed:   {Change: ChangeSubscribe, By: WhoPerson},
	ReasonReadOnly:        {Change: ChangeSubscribe, By: WhoPerson},
	ReasonOver:            {Change: ChangeSubscribe, By: WhoPerson},
	ReasonAwaiting:        {Change: ChangeApproveSubscribed, By: WhoManager},
	ReasonNotYet:          {Change: ChangeWait, By: WhoTime},
	ReasonNotDelegated:    {Change: ChangeDelegate, By: WhoPrincipal},
	ReasonRoleLacks:       {Change: ChangeRaiseRole, By: WhoPrincipal},
	ReasonTransferFirst:   {Change: ChangeTransfer, By: WhoPerson},
	ReasonNotEntitled:     {Change: ChangeSubscribe, By: WhoPerson},
}

// remedies answers each missing condition with its smallest change, leaving out
// those that an earlier one brings along: whoever is not yet a member asks for
// the service in the same request, and gets what comes with the role with it, as
// does a member who is enabled again. It names nothing that nobody can do: a question
// about what does not exist is asked anew before anything else.
func remedies(f Facts, r Request, missing []Step) []Remedy {
	spec, _ := f.Policy.Spec(r.Space)
	joining := false
	var role Role // that the changes so far bring along
	var out []Remedy
	for _, s := range missing {
		answer := remedyOf[s.Reason]
		switch s.Reason {
		case ReasonNotMember, ReasonRejected, ReasonRemoved, ReasonRequestPending:
			joining, role = true, RoleMember
		case ReasonDisabled:
			role = f.Membership.Role
		case ReasonServiceNotHeld, ReasonNeedsWhole:
			if joining {
				continue
			}
		case ReasonNotSubscribed:
			if role != "" && spec.DefaultFor(f.Structure.Type, role) {
				continue
			}
			if spec.Fixed() {
				answer = remedyOf[ReasonRoleLacks]
			}
		case ReasonRoleLacks:
			if role != "" && f.grants(r, role) {
				continue
			}
		case ReasonSpaceNotOpen:
			if !spec.Fits(f.Structure.Type) {
				answer = remedyOf[ReasonUnknownSpace]
			}
		case ReasonAccountClosed:
			if f.Account.Status == AccountAnonymized { // for ever
				answer = remedyOf[ReasonAccountUnknown]
			}
		default: // its remedy stands for itself
		}
		answer.For = s.Reason
		out = append(out, answer)
		if answer.Change == ChangeAskCorrectly {
			break // the rest is about nothing that there is
		}
	}
	return out
}

// grants reports whether a member of the given role may do what r asks for.
func (f Facts) grants(r Request, role Role) bool {
	f.Membership.Status, f.Membership.Role = MembershipApproved, role
	return permission(f, r).Met
}
