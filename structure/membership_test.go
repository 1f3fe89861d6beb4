package structure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

var (
	noon   = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	x, y   = structure.ServiceID("x"), structure.ServiceID("y")
	reason = structure.Note{Text: "no", Salt: "s"}
)

type event func(structure.Membership) (structure.Membership, error)

// outcomes are an error or a status by the name of the state that an event meets.
type outcomes = map[string]any

// membershipStates are the states of 1.23, of julie's membership.
func membershipStates() map[string]structure.Membership {
	return map[string]structure.Membership{
		"none":           {Account: "julie"},
		"pending":        {Account: "julie", Status: structure.StatusPending, Asked: structure.Services(x)},
		"approved":       {Account: "julie", Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Services(x)},
		"approved, more": {Account: "julie", Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Services(x), Asked: structure.Services(y)},
		"rejected":       {Account: "julie", Status: structure.StatusRejected},
		"removed":        {Account: "julie", Status: structure.StatusRemoved, Granted: structure.Services(x)},
		"cancelled":      {Account: "julie", Status: structure.StatusCancelled},
		"disabled":       {Account: "julie", Status: structure.StatusDisabled, Granted: structure.Services(x)},
		"principal":      {Account: "julie", Status: structure.StatusApproved, Role: structure.RolePrincipalManager, Granted: structure.Whole()},
		"technical":      {Account: "julie", Status: structure.StatusApproved, Role: structure.RoleTechnical, Granted: structure.Whole()},
	}
}

// The membership machine of 1.23: every state against what applicants and those who
// decide do.
func TestMembershipMachine(t *testing.T) {
	t.Parallel()
	ask := func(s structure.Scope) func(structure.Membership) (structure.Membership, error) {
		return func(m structure.Membership) (structure.Membership, error) {
			return m.Ask(s, authz.Validity{From: noon}, structure.Note{}, noon)
		}
	}
	approve := func(a structure.Approval, by account.ID) func(structure.Membership) (structure.Membership, error) {
		return func(m structure.Membership) (structure.Membership, error) { return m.Approve(a, by, noon) }
	}
	reject := func(by account.ID) func(structure.Membership) (structure.Membership, error) {
		return func(m structure.Membership) (structure.Membership, error) { return m.Reject(reason, by, noon) }
	}
	decided := structure.ErrAlreadyDecided
	for name, row := range map[string]struct {
		event func(structure.Membership) (structure.Membership, error)
		want  map[string]any // an error, or the status and what is granted
	}{
		"ask for y": {ask(structure.Services(y)), map[string]any{
			"none": structure.StatusPending, "pending": structure.ErrRequestPending, "approved": structure.StatusApproved,
			"approved, more": structure.ErrRequestPending, "rejected": structure.StatusPending, "removed": structure.StatusPending,
			"cancelled": structure.StatusPending, "disabled": structure.ErrMembershipDisabled,
		}},
		"ask for x": {ask(structure.Services(x)), map[string]any{
			"approved": structure.ErrAlreadyMember, "removed": structure.StatusPending,
		}},
		"ask for nothing": {ask(structure.Scope{}), map[string]any{"none": structure.ErrEmptyScope, "approved": structure.ErrEmptyScope}},
		"approve": {approve(structure.Approval{}, "pauline"), map[string]any{
			"none": decided, "pending": structure.StatusApproved, "approved": decided, "approved, more": structure.StatusApproved,
			"rejected": decided, "removed": decided, "cancelled": decided, "disabled": decided,
		}},
		"approve own":        {approve(structure.Approval{}, "julie"), map[string]any{"pending": structure.ErrOwnRequest, "approved, more": structure.ErrOwnRequest}},
		"approve nothing":    {approve(structure.Approval{Scope: new(structure.Scope)}, "pauline"), map[string]any{"pending": structure.ErrEmptyScope}},
		"approve a crowning": {approve(structure.Approval{Role: structure.RolePrincipalManager}, "pauline"), map[string]any{"pending": structure.ErrDenied}},
		"reject": {reject("pauline"), map[string]any{
			"none": decided, "pending": structure.StatusRejected, "approved": decided, "approved, more": structure.StatusApproved,
			"rejected": decided, "removed": decided, "cancelled": decided, "disabled": decided,
		}},
		"reject own": {reject("julie"), map[string]any{"pending": structure.ErrOwnRequest}},
	} {
		meets(t, name, row.event, row.want)
	}
}

// meets runs an event on states and compares.
func meets(t *testing.T, name string, do event, want outcomes) {
	t.Helper()
	states := membershipStates()
	for state, want := range want {
		m, err := do(states[state])
		if target, fails := want.(error); fails {
			require.ErrorIs(t, err, target, "%s when %s", name, state)
			require.Equal(t, states[state], m, "%s when %s: a guard that fails leaves the state unchanged", name, state)
			continue
		}
		require.NoError(t, err, "%s when %s", name, state)
		require.Equal(t, want, m.Status, "%s when %s", name, state)
	}
}

// ..R-241, R-251, R-254, C-14: every state against what managers and
// leaving members do. The principal manager is out of reach of all of it (PE-03).
func TestMembershipMachineOfManagers(t *testing.T) {
	t.Parallel()
	const by = "pauline"
	terms := structure.Terms{Role: structure.RoleMember, Granted: structure.Services(y), Validity: authz.Validity{From: noon}}
	attach := func(terms structure.Terms, by account.ID) event {
		return func(m structure.Membership) (structure.Membership, error) {
			return m.Attach(terms, structure.Note{}, by, noon)
		}
	}
	change := func(c structure.Change, by account.ID) event {
		return func(m structure.Membership) (structure.Membership, error) { return m.Change(c, by, noon) }
	}
	simple := func(do func(structure.Membership, account.ID, time.Time) (structure.Membership, error), by account.ID) event {
		return func(m structure.Membership) (structure.Membership, error) { return do(m, by, noon) }
	}
	leave := func(services ...structure.ServiceID) event {
		return func(m structure.Membership) (structure.Membership, error) { return m.Leave(services, noon) }
	}
	approved, disabled, removed := structure.StatusApproved, structure.StatusDisabled, structure.StatusRemoved
	none, protected, own := structure.ErrNotMember, structure.ErrPrincipalProtected, structure.ErrOwnMembership
	crown := structure.Terms{Role: structure.RolePrincipalManager, Granted: structure.Whole()}
	program := structure.Terms{Role: structure.RoleTechnical, Granted: structure.Whole()}
	for name, row := range map[string]struct {
		do   event
		want outcomes
	}{
		"attach": {attach(terms, by), outcomes{
			"none": approved, "pending": approved, "approved": structure.ErrAlreadyMember, "approved, more": structure.ErrAlreadyMember,
			"rejected": approved, "removed": approved, "cancelled": approved, "disabled": structure.ErrMembershipDisabled,
			"principal": structure.ErrAlreadyMember, "technical": structure.ErrAlreadyMember,
		}},
		"attach oneself":  {attach(terms, "julie"), outcomes{"none": own, "pending": own, "removed": own}},
		"attach nothing":  {attach(structure.Terms{Role: structure.RoleMember}, by), outcomes{"none": structure.ErrEmptyScope}},
		"attach a crown":  {attach(crown, by), outcomes{"none": structure.ErrDenied}},
		"attach programs": {attach(program, by), outcomes{"none": structure.ErrDenied}},
		"change": {change(structure.Change{Role: structure.RoleSecondaryManager}, by), outcomes{
			"none": none, "pending": none, "approved": approved, "approved, more": approved, "rejected": none, "removed": none,
			"cancelled": none, "disabled": structure.ErrMembershipDisabled, "principal": protected, "technical": structure.ErrDenied,
		}},
		"change oneself":  {change(structure.Change{Validity: new(authz.Validity)}, "julie"), outcomes{"approved": own, "principal": protected}},
		"change to none":  {change(structure.Change{Scope: new(structure.Scope)}, by), outcomes{"approved": structure.ErrEmptyScope}},
		"change to crown": {change(structure.Change{Role: structure.RolePrincipalManager}, by), outcomes{"approved": structure.ErrDenied}},
		"disable": {simple(structure.Membership.Disable, by), outcomes{
			"none": none, "pending": none, "approved": disabled, "approved, more": disabled, "rejected": none, "removed": none,
			"cancelled": none, "disabled": disabled, "principal": protected, "technical": structure.ErrDenied,
		}},
		"disable oneself": {simple(structure.Membership.Disable, "julie"), outcomes{"approved": own, "principal": protected}},
		"enable": {simple(structure.Membership.Enable, by), outcomes{
			"none": none, "pending": none, "approved": approved, "approved, more": approved, "rejected": none, "removed": none,
			"cancelled": none, "disabled": approved, "principal": protected, "technical": structure.ErrDenied,
		}},
		"enable oneself": {simple(structure.Membership.Enable, "julie"), outcomes{"disabled": own}},
		"remove": {simple(structure.Membership.Remove, by), outcomes{
			"none": none, "pending": none, "approved": removed, "approved, more": removed, "rejected": none, "removed": removed,
			"cancelled": none, "disabled": removed, "principal": protected, "technical": structure.ErrDenied,
		}},
		"remove oneself": {simple(structure.Membership.Remove, "julie"), outcomes{"approved": own, "principal": protected}},
		"leave": {leave(), outcomes{
			"none": none, "pending": none, "approved": removed, "approved, more": removed, "rejected": none, "removed": none,
			"cancelled": none, "disabled": structure.ErrMembershipDisabled, "principal": structure.ErrSuccessorRequired, "technical": structure.ErrDenied,
		}},
		"leave the last service": {leave(x), outcomes{"approved": removed, "principal": structure.ErrSuccessorRequired}},
		"leave what is not held": {leave(y), outcomes{"approved": structure.ErrNotHeld, "approved, more": structure.ErrNotHeld}},
		"withdraw": {simple(structure.Membership.Withdraw, "julie"), outcomes{
			"none": structure.ErrAlreadyDecided, "pending": structure.StatusCancelled, "approved": structure.ErrAlreadyDecided,
			"approved, more": approved, "disabled": structure.ErrAlreadyDecided, "removed": structure.ErrAlreadyDecided,
		}},
	} {
		meets(t, name, row.do, row.want)
	}
}

// invariant 8: what each act leaves and takes.
func TestWhatActsLeave(t *testing.T) {
	t.Parallel()
	validity := authz.Validity{From: noon, Until: noon.Add(time.Hour)}
	m := structure.Membership{
		Account: "julie", Status: structure.StatusApproved, Role: structure.RoleSecondaryManager,
		Granted: structure.Services(x, y), Asked: structure.Whole(), Validity: validity,
	}
	disabled, err := m.Disable("pauline", noon)
	require.NoError(t, err)
	require.True(t, disabled.Asked.IsZero(), "nothing waits on a membership that is disabled")
	enabled, err := disabled.Enable("pauline", noon)
	require.NoError(t, err)
	require.Equal(t, m.Terms(), enabled.Terms(), "R-237: the same scope and dates")

	left, err := m.Leave([]structure.ServiceID{y}, noon)
	require.NoError(t, err)
	require.Equal(t, structure.Services(x), left.Granted, "C-15: the ticked ones are left")
	require.Equal(t, structure.StatusApproved, left.Status)
	for name, end := range map[string]func() (structure.Membership, error){
		"left":         func() (structure.Membership, error) { return m.Leave(nil, noon) },
		"left in all":  func() (structure.Membership, error) { return m.Leave([]structure.ServiceID{y, x}, noon) },
		"removed":      func() (structure.Membership, error) { return m.Remove("pauline", noon) },
		"was disabled": func() (structure.Membership, error) { return disabled.Remove("pauline", noon) },
	} {
		gone, err := end()
		require.NoError(t, err, name)
		require.True(t, gone.Granted.IsZero() && gone.Asked.IsZero(), name)
		again, err := gone.Ask(structure.Services(x), authz.Validity{}, structure.Note{}, noon)
		require.NoError(t, err, name)
		require.True(t, again.Granted.IsZero(), "%s: asking again revives nothing", name)
		require.Equal(t, structure.RoleMember, again.Role, name)
	}
	m.Asked = structure.Services("z")
	wider, err := m.Change(structure.Change{Scope: new(structure.Services(x, "z")), Validity: &authz.Validity{Until: noon.Add(2 * time.Hour)}}, "pauline", noon)
	require.NoError(t, err)
	require.True(t, wider.Asked.IsZero(), "what was asked for and is given waits no more")
	require.Equal(t, authz.Validity{From: noon, Until: noon.Add(2 * time.Hour)}, wider.Validity, "a zero From keeps the first day")
	same, err := m.Change(structure.Change{Role: m.Role, Scope: &m.Granted, Validity: &validity}, "pauline", noon.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, m, same, "a change to the same is none")
}

// Whatever happens in whatever order: only an approved membership grants, approving
// gives exactly the ticks, asking and refusing give nothing, and what was removed or
// refused is never revived (invariants 2, 7 and 8 of 1.23).
func TestMembershipInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := structure.Membership{Account: "julie"}
		now := noon
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(t *rapid.T) {
				before := m.Granted
				scope := anyScope(t, "asked")
				if asked, err := m.Ask(scope, authz.Validity{From: now}, structure.Note{}, now); err == nil {
					if m.Status == structure.StatusApproved {
						require.Equal(t, before, asked.Granted)
					}
					require.False(t, asked.Asked.IsZero())
					require.True(t, scope.Covers(asked.Asked))
					m = asked
				}
			},
			"approve": func(t *rapid.T) {
				ticks := anyScope(t, "ticked")
				if approved, err := m.Approve(structure.Approval{Scope: &ticks}, "pauline", now); err == nil {
					require.Equal(t, ticks, approved.Granted)
					m = approved
				}
			},
			"approve as asked": func(*rapid.T) {
				if approved, err := m.Approve(structure.Approval{}, "pauline", now); err == nil {
					require.Equal(t, m.Granted.Union(m.Asked), approved.Granted)
					m = approved
				}
			},
			"reject": func(*rapid.T) {
				if rejected, err := m.Reject(reason, "pauline", now); err == nil {
					require.Equal(t, m.Granted, rejected.Granted)
					m = rejected
				}
			},
			"attach": func(t *rapid.T) {
				scope := anyScope(t, "attached")
				if attached, err := m.Attach(structure.Terms{Role: structure.RoleMember, Granted: scope}, structure.Note{}, "pauline", now); err == nil {
					require.Equal(t, scope, attached.Granted)
					m = attached
				}
			},
			"change": func(t *rapid.T) {
				scope := anyScope(t, "changed")
				if changed, err := m.Change(structure.Change{Scope: &scope}, "pauline", now); err == nil {
					require.True(t, changed.Granted.Covers(scope) && scope.Covers(changed.Granted))
					m = changed
				}
			},
			"suspend": func(*rapid.T) {
				if disabled, err := m.Disable("pauline", now); err == nil {
					require.Equal(t, m.Granted, disabled.Granted)
					m = disabled
				}
			},
			"enable": func(*rapid.T) {
				if enabled, err := m.Enable("pauline", now); err == nil {
					require.Equal(t, m.Granted, enabled.Granted, "enabling gives what was there")
					m = enabled
				}
			},
			"end": func(t *rapid.T) {
				ends := []event{
					func(m structure.Membership) (structure.Membership, error) { return m.Remove("pauline", now) },
					func(m structure.Membership) (structure.Membership, error) { return m.Leave(nil, now) },
					func(m structure.Membership) (structure.Membership, error) { return m.Withdraw("julie", now) },
				}
				if ended, err := ends[rapid.IntRange(0, 2).Draw(t, "how")](m); err == nil {
					require.True(t, m.Granted.Covers(ended.Granted))
					m = ended
				}
			},
			"leave a service": func(*rapid.T) {
				if left, err := m.Leave([]structure.ServiceID{x}, now); err == nil {
					require.False(t, left.Granted.Covers(structure.Services(x)))
					m = left
				}
			},
			"": func(t *rapid.T) {
				now = now.Add(time.Second)
				if m.Status != structure.StatusApproved && m.Status != structure.StatusDisabled {
					require.True(t, m.Granted.IsZero(), "only an approved membership grants, and a disabled one keeps it for later")
				}
				require.False(t, m.Status == structure.StatusApproved && m.Granted.IsZero(), "approved for nothing")
				require.False(t, m.Status != structure.StatusApproved && m.Status != structure.StatusPending && m.Undecided())
				require.Equal(t, m.Undecided(), !m.Asked.IsZero())
				require.False(t, m.Status == structure.StatusPending && !m.Undecided())
			},
		})
	})
}
