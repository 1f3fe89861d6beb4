package authz_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/authz"
)

func TestRefusalNamesAllThatIsMissingAndTheSmallestRemedy(t *testing.T) {
	t.Parallel()
	f, r := world(), question()
	f.Membership = authz.MembershipFact{}
	d := authz.Decide(f, r)
	require.Len(t, d.Missing(), 3, "membership, service, entitlement")
	require.Equal(t, []authz.Remedy{{Change: authz.ChangeRequestMembership, By: authz.WhoPerson, For: authz.ReasonNotMember}}, d.Remedies,
		"joining brings the service and the default space along")

	r.Space = authz.SpaceWorksInvoices
	require.Len(t, authz.Decide(f, r).Remedies, 2, "a space that is not default needs a subscription, too")
}

// of several lines on a space, the one that needs least is what a refusal
// names, in whatever order a store keeps them.
func TestRefusalNamesTheNearestLine(t *testing.T) {
	t.Parallel()
	const works = authz.SpaceWorksInvoices
	read := authz.Grant{Space: works, Level: authz.Read}
	over := authz.Grant{Space: works, Level: authz.Write, Validity: authz.Validity{Until: noon}}
	asked := authz.Grant{Space: works, Level: authz.Write, Pending: true}
	later := authz.Grant{Space: works, Level: authz.Write, Validity: authz.Validity{From: noon.Add(time.Hour)}}
	for _, row := range []struct {
		lines  []authz.Grant
		reason authz.Reason
		change authz.Change
	}{
		{[]authz.Grant{read, over}, authz.ReasonOver, authz.ChangeSubscribe},
		{[]authz.Grant{read, over, asked}, authz.ReasonAwaiting, authz.ChangeApproveSubscribed},
		{[]authz.Grant{read, over, asked, later}, authz.ReasonNotYet, authz.ChangeWait},
	} {
		for range row.lines {
			row.lines = append(row.lines[1:], row.lines[0])
			f, r := world(), question()
			f.Grants, r.Space = row.lines, works
			d := authz.Decide(f, r)
			require.Equal(t, row.reason, d.Missing()[0].Reason, "%+v", row.lines)
			require.Equal(t, []authz.Remedy{{Change: row.change, By: d.Remedies[0].By, For: row.reason}}, d.Remedies)
		}
	}
}

// Every remedy is something that can be done, and none is named that an earlier one
// brings along. R-184: a space of managers is not subscribed to. R-236: who is enabled
// again has what the role gives.
func TestRemediesCanBeCarriedOut(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		change func(*authz.Facts, *authz.Request)
		want   []authz.Change
	}{
		{"R-184 the managers' space comes with a role", func(_ *authz.Facts, r *authz.Request) {
			r.Space = authz.SpaceManagerActivities
		}, []authz.Change{authz.ChangeRaiseRole}},
		{"R-184 and not with joining", func(f *authz.Facts, r *authz.Request) {
			f.Membership, r.Space = authz.MembershipFact{}, authz.SpaceManagerActivities
		}, []authz.Change{authz.ChangeRequestMembership, authz.ChangeRaiseRole}},
		{"R-236 enabled, the default of the role is back", func(f *authz.Facts, _ *authz.Request) {
			f.Membership.Status = authz.MembershipDisabled
		}, []authz.Change{authz.ChangeEnableMembership}},
		{"R-236 and a manager's powers, too", func(f *authz.Facts, r *authz.Request) {
			f.Membership.Status, f.Membership.Role, r.Action = authz.MembershipDisabled, authz.RoleSecondaryManager, authz.ActionReadHistory
		}, []authz.Change{authz.ChangeEnableMembership}},
		{"R-236 but not what the role never had", func(f *authz.Facts, r *authz.Request) {
			f.Membership.Status, r.Action = authz.MembershipDisabled, authz.ActionReadHistory
		}, []authz.Change{authz.ChangeEnableMembership, authz.ChangeRaiseRole}},
		{"R-236 nor a service that was not held", func(f *authz.Facts, r *authz.Request) {
			f.Membership.Status, r.Service = authz.MembershipDisabled, voie
		}, []authz.Change{authz.ChangeEnableMembership, authz.ChangeRequestService}},
		{"who joins may look at the structure", func(f *authz.Facts, r *authz.Request) {
			f.Membership, r.Action = authz.MembershipFact{}, authz.ActionViewStructure
		}, []authz.Change{authz.ChangeRequestMembership}},
		{"but not at its history", func(f *authz.Facts, r *authz.Request) {
			f.Membership, r.Action = authz.MembershipFact{}, authz.ActionReadHistory
		}, []authz.Change{authz.ChangeRequestMembership, authz.ChangeRaiseRole}},
		{"an erased account is not reactivated", func(f *authz.Facts, _ *authz.Request) {
			f.Account.Status = authz.AccountAnonymized
		}, []authz.Change{authz.ChangeRegister}},
		{"a space that there is not is neither opened nor subscribed to", func(_ *authz.Facts, r *authz.Request) {
			r.Space = "nothing"
		}, []authz.Change{authz.ChangeAskCorrectly}},
		{"nor is one that does not fit the structure", func(f *authz.Facts, r *authz.Request) {
			f.Policy.Spaces = append(f.Policy.Spaces, authz.SpaceSpec{Code: "public.only", Types: []authz.StructureType{authz.Public}})
			r.Space = "public.only"
		}, []authz.Change{authz.ChangeAskCorrectly}},
		{"PE-25 no role permits what is no action", func(_ *authz.Facts, r *authz.Request) {
			r.Action = "structure.sell"
		}, []authz.Change{authz.ChangeAskCorrectly}},
		{"nobody joins a structure that there is not", func(f *authz.Facts, _ *authz.Request) {
			f.Structure, f.Membership = authz.StructureFact{}, authz.MembershipFact{}
		}, []authz.Change{authz.ChangeAskCorrectly}},
		{"a technical account asks for the pages of people", func(f *authz.Facts, r *authz.Request) {
			f.Account.Technical, r.Space = true, authz.SpaceHome
		}, []authz.Change{authz.ChangeAskCorrectly}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			f, r := world(), question()
			row.change(&f, &r)
			d := authz.Decide(f, r)
			require.False(t, d.Allowed)
			var got []authz.Change
			for _, remedy := range d.Remedies {
				got = append(got, remedy.Change)
			}
			require.Equal(t, row.want, got, d.Explain(language.English))
		})
	}
}

func TestExplanations(t *testing.T) {
	t.Parallel()
	f, r := world(), question()
	d := authz.Decide(f, r)
	require.Equal(t, "Allowed: the question is understood; the account is active; the structure is active; "+
		"the membership is in effect (2026-10-22T12:00:00Z, by pauline); the membership covers the service; "+
		"the space is open on the structure; the role holds the space by default (2026-10-22T12:00:00Z, by pauline).", d.Explain(language.English))
	require.Equal(t, "Vous pouvez effectuer cette action.", d.ExplainToPerson(language.French))

	r.Service = voie
	d = authz.Decide(f, r)
	require.Equal(t, "Denied: the membership does not cover the service. "+
		"What would help: the person requests the service and a manager approves it.", d.Explain(language.English))
	require.Contains(t, d.ExplainToPerson(language.French), "le rattachement ne porte pas sur le service")
	require.NotContains(t, d.ExplainToPerson(language.English), "pauline")
	require.False(t, authz.Decision{}.Allowed)
	require.Contains(t, authz.Decision{}.ExplainToPerson(language.English), "may not")
}

// where levels are exact, whoever may write and not read is not told the reverse.
func TestExplanationOfExactLevels(t *testing.T) {
	t.Parallel()
	f, r := world(), question()
	r.Space, r.Level, f.Policy.WriteImpliesRead = authz.SpaceWorksInvoices, authz.Read, false
	f.Grants = []authz.Grant{{Space: r.Space, Level: authz.Write}}
	d := authz.Decide(f, r)
	require.Contains(t, d.ExplainToPerson(language.English), "the subscription does not cover this level of access")
	require.Contains(t, d.ExplainToPerson(language.French), "l’abonnement ne porte pas sur ce niveau d’accès")
}

func TestEveryReasonAndRemedyHasWords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := authz.Decide(anyFacts(t), anyRequest(t))
		for _, lang := range []language.Tag{language.French, language.English} {
			for _, s := range d.Steps {
				require.NotContains(t, s.Reason.Text(lang), "reason.")
			}
			for _, r := range d.Remedies {
				require.NotContains(t, r.Text(lang), "change.")
				require.NotContains(t, r.Text(lang), "who.")
			}
		}
	})
}
