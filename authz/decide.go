package authz

import (
	"slices"
	"time"
)

// Request asks for one thing: either a business right (Space and Level, on
// Service or on the structure as a whole) or, when Action is set, an
// administrative one.
type Request struct {
	Account   AccountID
	Structure StructureID
	Service   ServiceID // "" asks for the structure as a whole
	Space     Space
	Level     Level
	Action    Action
	At        time.Time // the instant that the decision is about; the zero instant is denied
}

// Condition is one link of the chain from an account to a right.
type Condition string

// Conditions, in the order in which they are looked at.
const (
	ConditionKnown       Condition = "request_understood"
	ConditionAccount     Condition = "account_active"
	ConditionStructure   Condition = "structure_active"
	ConditionMembership  Condition = "membership_effective"
	ConditionService     Condition = "service_covered"
	ConditionSpace       Condition = "space_open"
	ConditionEntitlement Condition = "entitlement_effective"
	ConditionPermission  Condition = "permission_held"
)

// Reason says in one word why a condition is met or not. Each has a sentence in
// French and English; see [Decision.Explain].
type Reason string

// Reasons.
const (
	ReasonUnderstood      Reason = "understood"
	ReasonOtherSubject    Reason = "facts_about_another_subject"
	ReasonUnknownSpace    Reason = "unknown_space"
	ReasonUnknownLevel    Reason = "unknown_level"
	ReasonUnknownAction   Reason = "unknown_action"
	ReasonNoInstant       Reason = "no_instant"
	ReasonAccountActive   Reason = "account_active"
	ReasonAccountUnknown  Reason = "account_unknown"
	ReasonAccountPending  Reason = "account_pending_activation"
	ReasonAccountClosed   Reason = "account_deactivated"
	ReasonStructureActive Reason = "structure_active"
	ReasonStructureClosed Reason = "structure_inactive"
	ReasonNoStructure     Reason = "structure_unknown"
	ReasonMember          Reason = "member"
	ReasonNotMember       Reason = "not_a_member"
	ReasonRequestPending  Reason = "membership_pending"
	ReasonRejected        Reason = "membership_rejected"
	ReasonDisabled        Reason = "membership_disabled"
	ReasonRemoved         Reason = "membership_removed"
	ReasonScheduled       Reason = "membership_scheduled"
	ReasonExpired         Reason = "membership_expired"
	ReasonWholeStructure  Reason = "whole_structure"
	ReasonServiceHeld     Reason = "service_held"
	ReasonServiceNotHeld  Reason = "service_not_held"
	ReasonServiceUnknown  Reason = "service_unknown"
	ReasonServiceInactive Reason = "service_inactive"
	ReasonNeedsWhole      Reason = "needs_whole_structure"
	ReasonSpaceOpen       Reason = "space_open"
	ReasonSpaceNotOpen    Reason = "space_not_open"
	ReasonSpaceForAll     Reason = "space_for_everyone"
	ReasonTechnical       Reason = "technical_account"
	ReasonRoleDefault     Reason = "default_of_role"
	ReasonSubscribed      Reason = "subscription"
	ReasonNotSubscribed   Reason = "no_subscription"
	ReasonAwaiting        Reason = "subscription_pending"
	ReasonNotYet          Reason = "subscription_scheduled"
	ReasonOver            Reason = "subscription_expired"
	ReasonReadOnly        Reason = "read_only" // or, where levels are exact, write only
	ReasonRolePermits     Reason = "role_permits"
	ReasonDelegated       Reason = "delegated_by_principal"
	ReasonNotDelegated    Reason = "not_delegated"
	ReasonRoleLacks       Reason = "role_lacks_permission"
	ReasonTransferFirst   Reason = "transfer_first"
	ReasonEntitled        Reason = "organisation_held"
	ReasonNotEntitled     Reason = "organisation_not_held"
)

// Step is one condition and what was found. Steps never hold names or
// addresses, so a Decision may be logged.
type Step struct {
	Condition Condition
	Met       bool
	Reason    Reason
	At        time.Time // when that began, or will begin or did end; zero if unknown
	By        AccountID // who decided it, "" if nobody or unknown
}

// Decision is the answer to a [Request]. The zero Decision denies.
type Decision struct {
	Request  Request
	Allowed  bool
	Role     Role     // the account's role in the structure, "" if none
	Steps    []Step   // every condition that was looked at, in order, met or not
	Remedies []Remedy // what would have to change, in order; empty when allowed
}

// Missing lists the conditions that were not met.
func (d Decision) Missing() []Step {
	return slices.DeleteFunc(slices.Clone(d.Steps), func(s Step) bool { return s.Met })
}

// Decide answers r from f. It looks at every condition, so that a refusal names
// all that is missing; it allows only if each one is met. It is pure and
// safe for concurrent use; f and r are not changed or kept.
//
// A right needs all of: an active account, an active structure, an effective
// membership that covers the service, the space open on the structure, and an
// effective entitlement at the level, be it a default of the role or a
// subscription. An administrative action needs the permission of the role in
// place of the last two.
func Decide(f Facts, r Request) Decision {
	d := Decision{Request: r, Steps: make([]Step, 0, 7)}
	d.add(known(f, r))
	d.add(account(f))
	if spec, ok := f.Policy.Spec(r.Space); ok && spec.Always && r.Action == "" {
		d.add(forEveryone(f))
		return d.conclude(f)
	}
	d.add(structure(f))
	member := membership(f, r.At)
	d.add(member)
	if member.Met {
		d.Role = f.Membership.Role
	}
	if r.Action != "" {
		d.add(permission(f, r))
		return d.conclude(f)
	}
	d.add(service(f, r))
	d.add(space(f, r.Space))
	d.add(entitlement(f, r))
	return d.conclude(f)
}

func (d *Decision) add(s Step) { d.Steps = append(d.Steps, s) }

func (d *Decision) conclude(f Facts) Decision {
	d.Allowed = !slices.ContainsFunc(d.Steps, func(s Step) bool { return !s.Met })
	if !d.Allowed {
		d.Remedies = remedies(f, d.Request, d.Missing())
	}
	return *d
}

func known(f Facts, r Request) Step {
	s := Step{Condition: ConditionKnown}
	spec, listed := f.Policy.Spec(r.Space)
	_, permitted := f.Policy.Permissions[r.Action]
	switch {
	case r.At.IsZero():
		s.Reason = ReasonNoInstant
	case r.Account != f.Account.ID && f.Account.ID != "", r.Structure != f.Structure.ID && f.Structure.ID != "":
		s.Reason = ReasonOtherSubject
	case r.Action != "" && !permitted:
		s.Reason = ReasonUnknownAction
	case r.Action == "" && !listed:
		s.Reason = ReasonUnknownSpace
	case r.Action == "" && !spec.offers(r.Level, f.Policy.WriteImpliesRead):
		s.Reason = ReasonUnknownLevel
	default:
		s.Met, s.Reason = true, ReasonUnderstood
	}
	return s
}

func account(f Facts) Step {
	s := Step{Condition: ConditionAccount, At: f.Account.Since}
	switch f.Account.Status {
	case AccountActive:
		s.Met, s.Reason = true, ReasonAccountActive
	case AccountPendingActivation:
		s.Reason = ReasonAccountPending
	case AccountDeactivated, AccountAnonymized:
		s.Reason = ReasonAccountClosed
	default:
		s.Reason = ReasonAccountUnknown
	}
	return s
}

// forEveryone is the entitlement to a space that belongs to every person.
func forEveryone(f Facts) Step {
	if f.Account.Technical {
		return Step{Condition: ConditionEntitlement, Reason: ReasonTechnical}
	}
	return Step{Condition: ConditionEntitlement, Met: true, Reason: ReasonSpaceForAll}
}

func structure(f Facts) Step {
	s := Step{Condition: ConditionStructure}
	switch {
	case f.Structure.ID == "":
		s.Reason = ReasonNoStructure
	case !f.Structure.Active:
		s.Reason = ReasonStructureClosed
	default:
		s.Met, s.Reason = true, ReasonStructureActive
	}
	return s
}

func membership(f Facts, at time.Time) Step {
	m := f.Membership
	s := Step{Condition: ConditionMembership, At: m.Since, By: m.By}
	switch m.Status {
	case MembershipApproved:
		switch {
		case m.Validity.Before(at):
			s.Reason, s.At = ReasonScheduled, m.Validity.From
		case m.Validity.After(at):
			s.Reason, s.At = ReasonExpired, m.Validity.Until
		default:
			s.Met, s.Reason = true, ReasonMember
		}
	case MembershipPending:
		s.Reason = ReasonRequestPending
	case MembershipRejected:
		s.Reason = ReasonRejected
	case MembershipDisabled:
		s.Reason = ReasonDisabled
	case MembershipRemoved, MembershipCancelled:
		s.Reason = ReasonRemoved
	default:
		s.Reason = ReasonNotMember
	}
	return s
}

func service(f Facts, r Request) Step {
	s := Step{Condition: ConditionService}
	held := f.Membership.Whole || slices.Contains(f.Membership.Services, r.Service)
	i := slices.IndexFunc(f.Structure.Services, func(v ServiceFact) bool { return v.ID == r.Service })
	switch {
	case r.Service == "" && f.Membership.Whole:
		s.Met, s.Reason = true, ReasonWholeStructure
	case r.Service == "":
		s.Reason = ReasonNeedsWhole
	case i < 0:
		s.Reason = ReasonServiceUnknown
	case !f.Structure.Services[i].Active || !f.Structure.Services[i].Validity.Contains(r.At):
		s.Reason = ReasonServiceInactive
	case !held:
		s.Reason = ReasonServiceNotHeld
	case f.Membership.Whole:
		s.Met, s.Reason = true, ReasonWholeStructure
	default:
		s.Met, s.Reason = true, ReasonServiceHeld
	}
	return s
}

func space(f Facts, code Space) Step {
	s := Step{Condition: ConditionSpace, Reason: ReasonSpaceNotOpen}
	if slices.Contains(f.Structure.Spaces, code) {
		s.Met, s.Reason = true, ReasonSpaceOpen
	}
	return s
}

// entitlement finds what gives the right, or else what comes nearest to it: a line that
// will begin by itself before one that somebody has to decide on, that before one that is
// over, and that before one of another level.
func entitlement(f Facts, r Request) Step {
	s := Step{Condition: ConditionEntitlement, Reason: ReasonNotSubscribed}
	spec, _ := f.Policy.Spec(r.Space)
	if f.Membership.Status == MembershipApproved && spec.DefaultFor(f.Structure.Type, f.Membership.Role) {
		return Step{Condition: ConditionEntitlement, Met: true, Reason: ReasonRoleDefault, At: f.Membership.Since, By: f.Membership.By}
	}
	nearest := 0
	for _, g := range f.Grants {
		if g.Space != r.Space || g.Service != "" && g.Service != r.Service {
			continue
		}
		found := Step{Condition: ConditionEntitlement, At: g.Since, By: g.By}
		near := 0 // how little is missing
		switch {
		case !g.Level.gives(r.Level, f.Policy.WriteImpliesRead):
			found.Reason, near = ReasonReadOnly, 1
		case g.Pending:
			found.Reason, near = ReasonAwaiting, 3
		case g.Validity.Before(r.At):
			found.Reason, found.At, near = ReasonNotYet, g.Validity.From, 4
		case g.Validity.After(r.At):
			found.Reason, found.At, near = ReasonOver, g.Validity.Until, 2
		default:
			found.Met, found.Reason = true, ReasonSubscribed
			return found
		}
		if near > nearest {
			s, nearest = found, near
		}
	}
	return s
}

// gives reports whether a right at level l satisfies a request for the level want.
func (l Level) gives(want Level, writeImpliesRead bool) bool {
	return l == want || writeImpliesRead && l == Write && want == Read
}

func permission(f Facts, r Request) Step {
	a := r.Action
	s := Step{Condition: ConditionPermission, By: f.Membership.By, At: f.Membership.Since}
	if f.Membership.Status != MembershipApproved {
		s.Reason = ReasonRoleLacks
		return s
	}
	switch f.Policy.Permissions[a][f.Membership.Role] {
	case Always, OwnOnly:
		s.Met, s.Reason = true, ReasonRolePermits
	case ByDelegation:
		s.Met, s.Reason = f.Structure.Delegated.Lends(a), ReasonNotDelegated
		if s.Met {
			s.Reason = ReasonDelegated
		}
	case ByEntitlement:
		s.Met, s.Reason = organises(f, r), ReasonNotEntitled
		if s.Met {
			s.Reason = ReasonEntitled
		}
	case ByTransfer:
		s.Reason = ReasonTransferFirst
	default:
		s.Reason = ReasonRoleLacks
	}
	return s
}

// organises reports whether the facts give the right to write in SpaceOrganisation over
// the whole structure. The account and the membership are looked at before.
func organises(f Facts, r Request) bool {
	r.Service, r.Space, r.Level, r.Action = "", SpaceOrganisation, Write, ""
	spec, _ := f.Policy.Spec(r.Space)
	return spec.Has(r.Level) && service(f, r).Met && space(f, r.Space).Met && entitlement(f, r).Met
}
