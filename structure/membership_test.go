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

// The membership machine of 1.23, every state against every event of this slice.
func TestMembershipMachine(t *testing.T) {
	t.Parallel()
	states := map[string]structure.Membership{
		"none":           {Account: "julie"},
		"pending":        {Account: "julie", Status: structure.StatusPending, Asked: structure.Services(x)},
		"approved":       {Account: "julie", Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Services(x)},
		"approved, more": {Account: "julie", Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Services(x), Asked: structure.Services(y)},
		"rejected":       {Account: "julie", Status: structure.StatusRejected},
		"removed":        {Account: "julie", Status: structure.StatusRemoved, Granted: structure.Services(x)},
		"cancelled":      {Account: "julie", Status: structure.StatusCancelled},
		"disabled":       {Account: "julie", Status: structure.StatusDisabled, Granted: structure.Services(x)},
	}
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
		for state, want := range row.want {
			m, err := row.event(states[state])
			if target, fails := want.(error); fails {
				require.ErrorIs(t, err, target, "%s when %s", name, state)
				require.Equal(t, states[state], m, "%s when %s: a guard that fails leaves the state unchanged", name, state)
				continue
			}
			require.NoError(t, err, "%s when %s", name, state)
			require.Equal(t, want, m.Status, "%s when %s", name, state)
		}
	}
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
			"": func(t *rapid.T) {
				now = now.Add(time.Second)
				if m.Status != structure.StatusApproved {
					require.True(t, m.Granted.IsZero(), "only an approved membership grants")
				}
				require.Equal(t, m.Undecided(), !m.Asked.IsZero())
				require.False(t, m.Status == structure.StatusPending && !m.Undecided())
			},
		})
	})
}
