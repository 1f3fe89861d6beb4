package authz_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/authz"
)

// R-180..R-186, C-05, C-06: the presets where the guides differ.
func TestPresets(t *testing.T) {
	t.Parallel()
	five := []authz.Space{"home", "manager.activities", "invoices.issued", "tickets.issued", "my_account"}
	nine := append([]authz.Space{"invoices.received", "tickets.received"}, five...)
	require.ElementsMatch(t, nine, authz.Guide2017().OpenByDefault(authz.Public))
	require.ElementsMatch(t, five, authz.Guide2017().OpenByDefault(authz.Private))
	require.ElementsMatch(t, five, authz.Guide2019().OpenByDefault(authz.Public), "C-05")
	require.ElementsMatch(t, five, authz.Guide2019().OpenByDefault(authz.Private))
	for _, row := range []struct {
		policy            authz.Policy
		secondary, member authz.Permission
	}{
		{authz.Guide2017(), authz.ByDelegation, authz.Never},
		{authz.Guide2019(), authz.Never, authz.Never},
		{authz.Guide2024(), authz.ByDelegation, authz.ByEntitlement},
	} {
		who := row.policy.Permissions[authz.ActionDecideMemberships]
		require.Equal(t, authz.Always, who[authz.RolePrincipalManager])
		require.Equal(t, row.secondary, who[authz.RoleSecondaryManager], "C-06")
		require.Equal(t, row.member, who[authz.RoleMember], "C-06")
		for _, never := range []authz.Space{authz.SpaceInvoicesToValidate, authz.SpaceWorksInvoices} {
			spec, listed := row.policy.Spec(never)
			require.True(t, listed)
			require.Empty(t, spec.Defaults, "R-185, R-186")
		}
	}
	before := authz.Guide2024()
	after := before.WithoutSecondaryManagers()
	require.Equal(t, authz.ByEntitlement, after.Permissions[authz.ActionManageSpaces][authz.RoleMember], "C-07")
	require.Equal(t, authz.Never, before.Permissions[authz.ActionManageSpaces][authz.RoleMember], "the policy it was made from stays")
	require.Equal(t, authz.Never, after.Permissions[authz.ActionTransferPrincipal][authz.RoleMember])
}

// every space has both labels, and every profile a name in each language.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	p := authz.Guide2024()
	for _, spec := range p.Spaces {
		require.NotEmpty(t, spec.Labels[language.French])
		require.NotEmpty(t, spec.Labels[language.English])
		require.NotContains(t, spec.Labels[language.French]+spec.Labels[language.English], "'", "apostrophes are curved")
		require.True(t, spec.Fits(authz.Public) && spec.Fits(authz.Private))
		require.True(t, spec.Has(authz.Read) && spec.Has(authz.Write))
		require.Equal(t, authz.Read, spec.Lowest())
	}
	require.Equal(t, authz.Write, authz.SpaceSpec{Levels: []authz.Level{authz.Write}}.Lowest())
	require.False(t, authz.SpaceSpec{Types: []authz.StructureType{authz.Public}}.Fits(authz.Private))
	require.Equal(t, "Factures émises modification", p.Profile(authz.SpaceInvoicesIssued, authz.Write, language.French))
	require.Equal(t, "gone read", p.Profile("gone", authz.Read, language.English), "the code where there is no space")
}

// C-06: each condition of the permission that an entitlement gives.
func TestPermissionByEntitlement(t *testing.T) {
	t.Parallel()
	held := func() authz.Facts {
		f := world()
		f.Membership.Whole, f.Membership.Services = true, nil
		f.Structure.Spaces = append(f.Structure.Spaces, authz.SpaceOrganisation)
		f.Grants = []authz.Grant{{Space: authz.SpaceOrganisation, Level: authz.Write}}
		return f
	}
	for _, row := range []struct {
		name    string
		change  func(*authz.Facts)
		allowed bool
	}{
		{"held", func(*authz.Facts) {}, true},
		{"to read", func(f *authz.Facts) { f.Grants[0].Level = authz.Read }, false},
		{"pending", func(f *authz.Facts) { f.Grants[0].Pending = true }, false},
		{"not begun", func(f *authz.Facts) { f.Grants[0].Validity.From = noon.Add(1) }, false},
		{"over at this instant", func(f *authz.Facts) { f.Grants[0].Validity.Until = noon }, false},
		{"over a moment later", func(f *authz.Facts) { f.Grants[0].Validity.Until = noon.Add(1) }, true},
		{"for one service", func(f *authz.Facts) { f.Grants[0].Service = urba }, false},
		{"member of one service", func(f *authz.Facts) { f.Membership.Whole, f.Membership.Services = false, []authz.ServiceID{urba} }, false},
		{"space not open", func(f *authz.Facts) { f.Structure.Spaces = nil }, false},
		{"membership disabled", func(f *authz.Facts) { f.Membership.Status = authz.MembershipDisabled }, false},
		{"account closed", func(f *authz.Facts) { f.Account.Status = authz.AccountDeactivated }, false},
		{"none", func(f *authz.Facts) { f.Grants = nil }, false},
	} {
		f := held()
		row.change(&f)
		d := authz.Decide(f, authz.Request{Account: julie, Structure: ccas, Action: authz.ActionDecideMemberships, At: noon})
		require.Equal(t, row.allowed, d.Allowed, "%s: %s", row.name, d)
		require.Equal(t, row.allowed, len(d.Remedies) == 0, row.name) // every refusal says what would help
	}
}

// Invariant (6): taking a grant away, or making it pending, lower or narrower, never turns
// a refusal into a permission; adding one never turns a permission into a refusal.
func TestGrantsAreMonotone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		f.Structure.Spaces = append(f.Structure.Spaces, authz.SpaceOrganisation)
		f.Grants = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) authz.Grant {
			return authz.Grant{
				Space: rapid.SampledFrom([]authz.Space{authz.SpaceWorksInvoices, authz.SpaceOrganisation}).Draw(t, "space"), Level: anyLevel(t),
				Service: rapid.SampledFrom([]authz.ServiceID{"", urba, voie}).Draw(t, "on"), Pending: rapid.Bool().Draw(t, "pending"), Validity: anySpan(t),
			}
		}), 1, 4).Draw(t, "grants")
		r := anyRequest(t)
		if rapid.Bool().Draw(t, "act") {
			r.Action = authz.ActionDecideMemberships
		}
		less := f
		less.Grants = append([]authz.Grant(nil), f.Grants...)
		i := rapid.IntRange(0, len(less.Grants)-1).Draw(t, "which")
		switch rapid.IntRange(0, 4).Draw(t, "how") {
		case 0:
			less.Grants = append(less.Grants[:i], less.Grants[i+1:]...)
		case 1:
			less.Grants[i].Pending = true
		case 2:
			if !f.Policy.WriteImpliesRead {
				return
			}
			less.Grants[i].Level = authz.Read
		case 3:
			if less.Grants[i].Service == "" {
				less.Grants[i].Service = urba
			}
		default:
			less.Grants[i].Validity = less.Grants[i].Validity.Intersect(anySpan(t))
		}
		if authz.Decide(less, r).Allowed {
			require.True(t, authz.Decide(f, r).Allowed)
		}
	})
}
