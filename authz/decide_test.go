package authz_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/authz"
)

const (
	julie = authz.AccountID("julie")
	ccas  = authz.StructureID("ccas")
	urba  = authz.ServiceID("urba")
	voie  = authz.ServiceID("voie")
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// world is a simple user of one service of a private structure, everything in order.
func world() authz.Facts {
	return authz.Facts{
		Policy:  authz.Guide2024(),
		Account: authz.AccountFact{ID: julie, Status: authz.AccountActive},
		Structure: authz.StructureFact{
			ID: ccas, Type: authz.Private, Active: true,
			Spaces:   []authz.Space{authz.SpaceInvoicesIssued, authz.SpaceTicketsIssued, authz.SpaceManagerActivities, authz.SpaceWorksInvoices},
			Services: []authz.ServiceFact{{ID: urba, Active: true}, {ID: voie, Active: true}},
		},
		Membership: authz.MembershipFact{
			Status: authz.MembershipApproved, Role: authz.RoleMember,
			Services: []authz.ServiceID{urba}, Since: noon.AddDate(0, -1, 0), By: "pauline",
		},
	}
}

func question() authz.Request {
	return authz.Request{
		Account: julie, Structure: ccas, Service: urba,
		Space: authz.SpaceInvoicesIssued, Level: authz.Write, At: noon,
	}
}

// One row a rule: what is changed in a world where everything is in order, and the
// reason that must come out of it.: account, structure, service, space and level
// must all hold. R-114: an account that is closed, a membership that is disabled and one
// that is removed are three things.
func TestBusinessRights(t *testing.T) {
	t.Parallel()
	later := noon.Add(time.Hour)
	grant := func(g authz.Grant) func(*authz.Facts, *authz.Request) {
		return func(f *authz.Facts, r *authz.Request) {
			r.Space = authz.SpaceWorksInvoices
			g.Space = authz.SpaceWorksInvoices
			f.Grants = []authz.Grant{g}
		}
	}
	for _, row := range []struct {
		name    string
		change  func(*authz.Facts, *authz.Request)
		allowed bool
		reason  authz.Reason
	}{
		{"R-180 default of the role", func(*authz.Facts, *authz.Request) {}, true, authz.ReasonRoleDefault},
		{"R-168 whole structure covers a service", func(f *authz.Facts, _ *authz.Request) { f.Membership.Whole, f.Membership.Services = true, nil }, true, authz.ReasonRoleDefault},
		{"R-168 whole structure as such", func(f *authz.Facts, r *authz.Request) { f.Membership.Whole, r.Service = true, "" }, true, authz.ReasonRoleDefault},
		{"service member asks for the whole", func(_ *authz.Facts, r *authz.Request) { r.Service = "" }, false, authz.ReasonNeedsWhole},
		{"R-196 everybody's space needs no membership", func(f *authz.Facts, r *authz.Request) {
			f.Membership = authz.MembershipFact{}
			r.Space = authz.SpaceHome
		}, true, authz.ReasonSpaceForAll},
		{"R-012 account waits for activation", func(f *authz.Facts, _ *authz.Request) { f.Account.Status = authz.AccountPendingActivation }, false, authz.ReasonAccountPending},
		{"R-109 account deactivated", func(f *authz.Facts, _ *authz.Request) { f.Account.Status = authz.AccountDeactivated }, false, authz.ReasonAccountClosed},
		{"account anonymized", func(f *authz.Facts, _ *authz.Request) { f.Account.Status = authz.AccountAnonymized }, false, authz.ReasonAccountClosed},
		{"no account", func(f *authz.Facts, _ *authz.Request) { f.Account = authz.AccountFact{} }, false, authz.ReasonAccountUnknown},
		{"no structure", func(f *authz.Facts, _ *authz.Request) { f.Structure = authz.StructureFact{} }, false, authz.ReasonNoStructure},
		{"structure inactive", func(f *authz.Facts, _ *authz.Request) { f.Structure.Active = false }, false, authz.ReasonStructureClosed},
		{"R-007 no membership", func(f *authz.Facts, _ *authz.Request) { f.Membership = authz.MembershipFact{} }, false, authz.ReasonNotMember},
		{"R-203 pending", func(f *authz.Facts, _ *authz.Request) { f.Membership.Status = authz.MembershipPending }, false, authz.ReasonRequestPending},
		{"rejected", func(f *authz.Facts, _ *authz.Request) { f.Membership.Status = authz.MembershipRejected }, false, authz.ReasonRejected},
		{"R-236 disabled", func(f *authz.Facts, _ *authz.Request) { f.Membership.Status = authz.MembershipDisabled }, false, authz.ReasonDisabled},
		{"removed", func(f *authz.Facts, _ *authz.Request) { f.Membership.Status = authz.MembershipRemoved }, false, authz.ReasonRemoved},
		{"cancelled", func(f *authz.Facts, _ *authz.Request) { f.Membership.Status = authz.MembershipCancelled }, false, authz.ReasonRemoved},
		{"R-210 LC-02 not begun", func(f *authz.Facts, _ *authz.Request) { f.Membership.Validity.From = later }, false, authz.ReasonScheduled},
		{"R-210 begins at this instant", func(f *authz.Facts, _ *authz.Request) { f.Membership.Validity.From = noon }, true, authz.ReasonRoleDefault},
		{"R-210 LC-01 over at this instant", func(f *authz.Facts, _ *authz.Request) { f.Membership.Validity.Until = noon }, false, authz.ReasonExpired},
		{"R-210 over a moment later", func(f *authz.Facts, _ *authz.Request) { f.Membership.Validity.Until = noon.Add(time.Microsecond) }, true, authz.ReasonRoleDefault},
		{"another service", func(_ *authz.Facts, r *authz.Request) { r.Service = voie }, false, authz.ReasonServiceNotHeld},
		{"R-164 unknown service", func(_ *authz.Facts, r *authz.Request) { r.Service = "other" }, false, authz.ReasonServiceUnknown},
		{"R-175 service inactive", func(f *authz.Facts, _ *authz.Request) { f.Structure.Services[0].Active = false }, false, authz.ReasonServiceInactive},
		{"R-175 service over", func(f *authz.Facts, _ *authz.Request) { f.Structure.Services[0].Validity.Until = noon }, false, authz.ReasonServiceInactive},
		{"R-188 space not open", func(f *authz.Facts, _ *authz.Request) { f.Structure.Spaces = nil }, false, authz.ReasonSpaceNotOpen},
		{"R-184 managers' space for a simple user", func(_ *authz.Facts, r *authz.Request) { r.Space = authz.SpaceManagerActivities }, false, authz.ReasonNotSubscribed},
		{"R-186 never default", func(_ *authz.Facts, r *authz.Request) { r.Space = authz.SpaceWorksInvoices }, false, authz.ReasonNotSubscribed},
		{"subscription", grant(authz.Grant{Level: authz.Write}), true, authz.ReasonSubscribed},
		{"subscription on the service", grant(authz.Grant{Level: authz.Write, Service: urba}), true, authz.ReasonSubscribed},
		{"subscription on another service", grant(authz.Grant{Level: authz.Write, Service: voie}), false, authz.ReasonNotSubscribed},
		{"subscription for reading", grant(authz.Grant{Level: authz.Read}), false, authz.ReasonReadOnly},
		{"R-262 subscription pending", grant(authz.Grant{Level: authz.Write, Pending: true}), false, authz.ReasonAwaiting},
		{"R-263 subscription not begun", grant(authz.Grant{Level: authz.Write, Validity: authz.Validity{From: later}}), false, authz.ReasonNotYet},
		{"subscription over", grant(authz.Grant{Level: authz.Write, Validity: authz.Validity{Until: noon}}), false, authz.ReasonOver},
		{"R-268 write implies read", func(f *authz.Facts, r *authz.Request) {
			grant(authz.Grant{Level: authz.Write})(f, r)
			r.Level = authz.Read
		}, true, authz.ReasonSubscribed},
		{"R-268 exact mode", func(f *authz.Facts, r *authz.Request) {
			grant(authz.Grant{Level: authz.Write})(f, r)
			r.Level, f.Policy.WriteImpliesRead = authz.Read, false
		}, false, authz.ReasonReadOnly},
		{"no instant", func(_ *authz.Facts, r *authz.Request) { r.At = time.Time{} }, false, authz.ReasonNoInstant},
		{"unknown space", func(_ *authz.Facts, r *authz.Request) { r.Space = "nothing" }, false, authz.ReasonUnknownSpace},
		{"unknown level", func(_ *authz.Facts, r *authz.Request) { r.Level = "own" }, false, authz.ReasonUnknownLevel},
		{"facts about somebody else", func(_ *authz.Facts, r *authz.Request) { r.Account = "hubert" }, false, authz.ReasonOtherSubject},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f, r := world(), question()
			row.change(&f, &r)
			d := authz.Decide(f, r)
			require.Equal(t, row.allowed, d.Allowed, d.Explain(language.English))
			if row.allowed {
				require.Empty(t, d.Missing())
				require.Empty(t, d.Remedies)
				require.Equal(t, row.reason, d.Steps[len(d.Steps)-1].Reason)
				return
			}
			require.Condition(t, func() bool {
				for _, s := range d.Missing() {
					if s.Reason == row.reason {
						return true
					}
				}
				return false
			}, "%v", d.Missing())
			require.NotEmpty(t, d.Remedies, "every refusal says what would help")
		})
	}
}

// Table MEM-T1, cell by cell.
func TestPermissions(t *testing.T) {
	t.Parallel()
	principal, secondary, member := authz.RolePrincipalManager, authz.RoleSecondaryManager, authz.RoleMember
	for _, row := range []struct {
		action                       authz.Action
		principal, secondary, member authz.Reason
	}{
		{authz.ActionViewStructure, authz.ReasonRolePermits, authz.ReasonRolePermits, authz.ReasonRolePermits},
		{authz.ActionModifyStructure, authz.ReasonRolePermits, authz.ReasonNotDelegated, authz.ReasonRoleLacks},
		{authz.ActionManageSpaces, authz.ReasonRolePermits, authz.ReasonNotDelegated, authz.ReasonRoleLacks},
		{authz.ActionCloseStructure, authz.ReasonRolePermits, authz.ReasonRoleLacks, authz.ReasonRoleLacks},
		{authz.ActionChangeIdentifier, authz.ReasonRolePermits, authz.ReasonRoleLacks, authz.ReasonRoleLacks},
		{authz.ActionDecideMemberships, authz.ReasonRolePermits, authz.ReasonNotDelegated, authz.ReasonNotEntitled},
		{authz.ActionManageMembers, authz.ReasonRolePermits, authz.ReasonNotDelegated, authz.ReasonRoleLacks},
		{authz.ActionDecideSubscriptions, authz.ReasonRolePermits, authz.ReasonNotDelegated, authz.ReasonRoleLacks},
		{authz.ActionGrantSubscriptions, authz.ReasonRolePermits, authz.ReasonNotDelegated, authz.ReasonRoleLacks},
		{authz.ActionSearchUsers, authz.ReasonRolePermits, authz.ReasonNotDelegated, authz.ReasonRoleLacks},
		{authz.ActionReadHistory, authz.ReasonRolePermits, authz.ReasonRolePermits, authz.ReasonRoleLacks},
		{authz.ActionManageTechnical, authz.ReasonRolePermits, authz.ReasonRoleLacks, authz.ReasonRoleLacks},
		{authz.ActionTransferPrincipal, authz.ReasonRolePermits, authz.ReasonRoleLacks, authz.ReasonRoleLacks},
		{authz.ActionDelegate, authz.ReasonRolePermits, authz.ReasonRoleLacks, authz.ReasonRoleLacks},
		{authz.ActionLeave, authz.ReasonTransferFirst, authz.ReasonRolePermits, authz.ReasonRolePermits},
	} {
		for role, want := range map[authz.Role]authz.Reason{principal: row.principal, secondary: row.secondary, member: row.member} {
			for _, delegated := range []bool{false, true} {
				f := world()
				f.Membership.Role = role
				f.Structure.Delegated = authz.Delegation{Structure: delegated && row.action.OnStructure(), Users: delegated && !row.action.OnStructure()}
				d := authz.Decide(f, authz.Request{Account: julie, Structure: ccas, Action: row.action, At: noon})
				got := d.Steps[len(d.Steps)-1].Reason
				if delegated && want == authz.ReasonNotDelegated {
					want = authz.ReasonDelegated // the principal lends own powers
				}
				require.Equal(t, want, got, "%s as %s, delegated %v", row.action, role, delegated)
				require.Equal(t, role, d.Role)
			}
		}
	}
	t.Run("PE-25 an action without a row is refused", func(t *testing.T) {
		t.Parallel()
		f := world()
		f.Membership.Role = principal
		d := authz.Decide(f, authz.Request{Account: julie, Structure: ccas, Action: "structure.sell", At: noon})
		require.False(t, d.Allowed)
	})
	t.Run("an outsider has no role and no permission", func(t *testing.T) {
		t.Parallel()
		f := world()
		f.Membership = authz.MembershipFact{}
		d := authz.Decide(f, authz.Request{Account: julie, Structure: ccas, Action: authz.ActionViewStructure, At: noon})
		require.False(t, d.Allowed)
		require.Empty(t, d.Role)
	})
}

// nobody has a right at a level that the space does not have, be it by role or
// by a line from before the catalogue changed.
func TestLevelsOfASpace(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name        string
		levels      []authz.Level
		implied     bool
		read, write bool
	}{
		{"both by default", nil, true, true, true},
		{"to read alone", []authz.Level{authz.Read}, true, true, false},
		{"to write alone, which lets people read", []authz.Level{authz.Write}, true, true, true},
		{"to write alone, exactly", []authz.Level{authz.Write}, false, false, true},
	} {
		for _, space := range []authz.Space{authz.SpaceInvoicesIssued, authz.SpaceWorksInvoices} { // by role, and by lines
			f, r := world(), question()
			f.Policy.WriteImpliesRead, r.Space = row.implied, space
			f.Grants = []authz.Grant{{Space: authz.SpaceWorksInvoices, Level: authz.Write}, {Space: authz.SpaceWorksInvoices, Level: authz.Read}}
			for i := range f.Policy.Spaces {
				f.Policy.Spaces[i].Levels = row.levels
			}
			listed := map[authz.Level]bool{}
			for _, e := range authz.Statement(f, noon) {
				if e.Space == space {
					listed[e.Level] = true
				}
			}
			for level, want := range map[authz.Level]bool{authz.Read: row.read, authz.Write: row.write} {
				r.Level = level
				require.Equal(t, want, authz.Decide(f, r).Allowed, "%s, %s on %s", row.name, level, space)
				require.Equal(t, want, listed[level], "%s, %s on %s", row.name, level, space)
			}
		}
	}
	f := world()
	f.Policy.Permissions = authz.Guide2024().WithoutSecondaryManagers().Permissions
	f.Membership.Whole, f.Structure.Spaces = true, []authz.Space{authz.SpaceOrganisation}
	f.Grants = []authz.Grant{{Space: authz.SpaceOrganisation, Level: authz.Write}}
	ask := authz.Request{Account: julie, Structure: ccas, Action: authz.ActionManageMembers, At: noon}
	require.True(t, authz.Decide(f, ask).Allowed)
	for i := range f.Policy.Spaces {
		f.Policy.Spaces[i].Levels = []authz.Level{authz.Read}
	}
	require.False(t, authz.Decide(f, ask).Allowed, "powers come with the right to write")
}

func anyFacts(t *rapid.T) authz.Facts {
	f := world()
	f.Account.Status = rapid.SampledFrom([]authz.AccountStatus{authz.AccountActive, authz.AccountPendingActivation, authz.AccountDeactivated, ""}).Draw(t, "account")
	f.Structure.Active = rapid.Bool().Draw(t, "structure")
	f.Structure.Delegated = authz.Delegation{Structure: rapid.Bool().Draw(t, "structure lent"), Users: rapid.Bool().Draw(t, "users lent")}
	f.Membership.Status = rapid.SampledFrom([]authz.MembershipStatus{authz.MembershipApproved, authz.MembershipPending, authz.MembershipDisabled, authz.MembershipRemoved, ""}).Draw(t, "membership")
	f.Membership.Role = rapid.SampledFrom([]authz.Role{authz.RolePrincipalManager, authz.RoleSecondaryManager, authz.RoleMember}).Draw(t, "role")
	f.Membership.Whole = rapid.Bool().Draw(t, "whole")
	f.Membership.Validity = anySpan(t)
	f.Structure.Services[0].Active = rapid.Bool().Draw(t, "service")
	if rapid.Bool().Draw(t, "granted") {
		f.Grants = []authz.Grant{{
			Space: authz.SpaceWorksInvoices, Level: anyLevel(t), Pending: rapid.Bool().Draw(t, "pending"),
			Service: rapid.SampledFrom([]authz.ServiceID{"", urba, voie}).Draw(t, "granted on"), Validity: anySpan(t),
		}}
	}
	return f
}

func anySpan(t *rapid.T) authz.Validity {
	return rapid.SampledFrom([]authz.Validity{{}, {From: noon}, {From: noon.Add(1)}, {Until: noon}, {Until: noon.Add(1)}}).Draw(t, "span")
}

func anyLevel(t *rapid.T) authz.Level {
	return rapid.SampledFrom([]authz.Level{authz.Read, authz.Write}).Draw(t, "level")
}

func anyRequest(t *rapid.T) authz.Request {
	r := question()
	r.Level = anyLevel(t)
	r.Service = rapid.SampledFrom([]authz.ServiceID{"", urba, voie, "other"}).Draw(t, "asked service")
	r.Space = rapid.SampledFrom([]authz.Space{authz.SpaceInvoicesIssued, authz.SpaceWorksInvoices, authz.SpaceManagerActivities, authz.SpaceInvoicesReceived, "nothing"}).Draw(t, "space")
	if rapid.Bool().Draw(t, "administrative") {
		r.Action = rapid.SampledFrom([]authz.Action{authz.ActionDecideMemberships, authz.ActionLeave, authz.ActionReadHistory, "structure.sell"}).Draw(t, "action")
	}
	return r
}

// Lowering any input never turns a refusal into a permission (invariant 6 of 1.23).
func TestLoweringAnInputNeverGrants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, r := anyFacts(t), anyRequest(t)
		r.Action = ""
		before := authz.Decide(f, r).Allowed
		switch rapid.IntRange(0, 6).Draw(t, "lowered") {
		case 0:
			f.Account.Status = authz.AccountDeactivated
		case 1:
			f.Membership.Status = authz.MembershipDisabled
		case 2:
			f.Membership.Validity = authz.Validity{From: noon.Add(time.Hour)}
		case 3:
			f.Membership.Whole, f.Membership.Services = false, nil
		case 4:
			f.Structure.Spaces = nil
		case 5:
			f.Grants = nil
		case 6:
			f.Membership.Role = authz.RoleMember
		}
		if authz.Decide(f, r).Allowed && !before {
			t.Fatalf("lowering granted %+v", r)
		}
	})
}

// an account that is deactivated may do nothing at all, whatever it holds.
func TestADeactivatedAccountMayDoNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, r := anyFacts(t), anyRequest(t)
		f.Account.Status = authz.AccountDeactivated
		require.False(t, authz.Decide(f, r).Allowed, "%+v\n%+v", r, f)
		require.Empty(t, authz.Statement(f, r.At))
	})
}

// The statement lists exactly what Decide allows, neither more nor less.
func TestStatementEqualsDecide(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, r := anyFacts(t), anyRequest(t)
		r.Action = ""
		spec, known := f.Policy.Spec(r.Space)
		if !known || spec.Always {
			return
		}
		listed := false
		for _, e := range authz.Statement(f, r.At) {
			exact := e.Service == r.Service
			whole := e.Service == "" && f.Membership.Whole && authz.Decide(f, r).Steps[4].Met
			listed = listed || (exact || whole) && e.Space == r.Space && e.Level == r.Level
		}
		require.Equal(t, authz.Decide(f, r).Allowed, listed, "%+v\n%+v", r, f)
	})
}

func TestDiff(t *testing.T) {
	t.Parallel()
	before := authz.Statement(world(), noon)
	f := world()
	f.Membership.Services = []authz.ServiceID{urba, voie}
	f.Membership.Since = noon
	gained, lost := authz.Diff(before, authz.Statement(f, noon))
	require.Empty(t, lost, "since when a right holds is not a change of rights")
	require.Len(t, gained, 4, "two spaces at two levels on the second service")
	gained, lost = authz.Diff(before, nil)
	require.Empty(t, gained)
	require.Equal(t, before, lost)
}

// who held a service and gets the whole structure loses nothing, and who keeps
// one service of it gains nothing.
func TestDiffBetweenServiceAndWhole(t *testing.T) {
	t.Parallel()
	f := world()
	service := authz.Statement(f, noon)
	f.Membership.Whole, f.Membership.Services = true, nil
	whole := authz.Statement(f, noon)
	gained, lost := authz.Diff(service, whole)
	require.Equal(t, whole, gained, "the structure itself, and what other services it has")
	require.Empty(t, lost)
	gained, lost = authz.Diff(whole, service)
	require.Empty(t, gained)
	require.Equal(t, whole, lost)
	f.Structure.ID = "other"
	gained, lost = authz.Diff(service, authz.Statement(f, noon))
	require.Len(t, gained, len(whole), "another structure covers nothing here")
	require.Equal(t, service, lost)
}
