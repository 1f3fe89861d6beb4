package structure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// handing over, taking over and withdrawing, from every
// state of a membership.
func TestTransferRules(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Hour)
	limited := authz.Validity{From: later, Until: later.Add(time.Hour)}
	for name, row := range map[string]struct {
		m                        structure.Membership
		handOver, take, withdraw error
		after                    structure.MembershipStatus // of the withdrawal
	}{
		"none":           {structure.Membership{}, structure.ErrNotPrincipal, nil, structure.ErrAlreadyDecided, ""},
		"pending":        {structure.Membership{Status: structure.StatusPending, Role: structure.RoleMember, Asked: structure.Services(x)}, structure.ErrNotPrincipal, nil, nil, structure.StatusCancelled},
		"approved":       {structure.Membership{Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Services(x)}, structure.ErrNotPrincipal, nil, structure.ErrAlreadyDecided, ""},
		"approved, more": {structure.Membership{Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Services(x), Asked: structure.Services(y)}, structure.ErrNotPrincipal, nil, nil, structure.StatusApproved},
		"secondary":      {structure.Membership{Status: structure.StatusApproved, Role: structure.RoleSecondaryManager, Granted: structure.Whole()}, structure.ErrNotPrincipal, nil, structure.ErrAlreadyDecided, ""},
		"disabled":       {structure.Membership{Status: structure.StatusDisabled, Role: structure.RoleMember}, structure.ErrNotPrincipal, nil, structure.ErrAlreadyDecided, ""},
		"removed":        {structure.Membership{Status: structure.StatusRemoved, Role: structure.RolePrincipalManager}, structure.ErrNotPrincipal, nil, structure.ErrAlreadyDecided, ""},
		"principal":      {structure.Membership{Status: structure.StatusApproved, Role: structure.RolePrincipalManager, Granted: structure.Whole()}, nil, structure.ErrAlreadyMember, structure.ErrAlreadyDecided, ""},
	} {
		m := row.m
		m.Validity, m.DecidedAt, m.DecidedBy = limited, noon.Add(-time.Hour), "hubert"
		after := func(got structure.Membership, err, want error) bool {
			if want != nil {
				require.ErrorIs(t, err, want, name)
				require.Equal(t, m, got, "%s: a guard that fails leaves the state unchanged", name)
				return false
			}
			require.NoError(t, err, name)
			if got.Status == structure.StatusApproved && got.Role == structure.RoleMember && m.Undecided() { // what is held was given before
				require.Equal(t, []any{m.DecidedAt, m.DecidedBy}, []any{got.DecidedAt, got.DecidedBy}, name)
				return true
			}
			require.Equal(t, noon, got.DecidedAt)
			require.Equal(t, account.ID("pauline"), got.DecidedBy)
			return true
		}
		got, err := m.HandOver("pauline", noon)
		if after(got, err, row.handOver) {
			require.Equal(t, structure.RoleMember, got.Role)
			require.Equal(t, m.Granted, got.Granted, "stays as a simple user")
			require.Equal(t, structure.StatusApproved, got.Status)
		}
		got, err = m.TakeOver("pauline", noon)
		if after(got, err, row.take) {
			require.Equal(t, structure.StatusApproved, got.Status, name)
			require.Equal(t, structure.RolePrincipalManager, got.Role, name)
			require.Equal(t, structure.Whole(), got.Granted, name)
			require.Zero(t, got.Asked, name)
			require.Equal(t, authz.Validity{From: noon}, got.Validity, "%s: from now at the latest, without an end", name)
		}
		got, err = m.Withdraw("pauline", noon)
		if after(got, err, row.withdraw) {
			require.Equal(t, row.after, got.Status, name)
			require.Equal(t, m.Granted, got.Granted, name)
			require.Zero(t, got.Asked, name)
		}
	}
}
