package structure_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// the status that people read, at the exact instants.
func TestStatusAt(t *testing.T) {
	t.Parallel()
	m := structure.Membership{Status: structure.StatusApproved, Validity: authz.Validity{From: noon, Until: noon.Add(time.Hour)}}
	for name, row := range map[string]struct {
		a    account.Status
		at   time.Time
		want structure.MembershipStatus
	}{
		"before":    {account.StatusActive, noon.Add(-time.Microsecond), structure.StatusScheduled},
		"first":     {account.StatusActive, noon, structure.StatusApproved},
		"last":      {account.StatusActive, noon.Add(time.Hour - time.Microsecond), structure.StatusApproved},
		"over":      {account.StatusActive, noon.Add(time.Hour), structure.StatusExpired},
		"closed":    {account.StatusDeactivated, noon, structure.StatusSuspended},
		"not begun": {account.StatusPendingActivation, noon, structure.StatusSuspended},
	} {
		require.Equal(t, row.want, m.StatusAt(row.a, row.at), name)
	}
	m.Status = structure.StatusDisabled
	require.Equal(t, structure.StatusDisabled, m.StatusAt(account.StatusDeactivated, noon))
}

// TI-13: the table of members page by page, by name, of this
// structure alone, for those who manage it.
func TestMembers(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		other := w.Company(t, worldtest.SIRETCity, "other@city.example")
		for i, family := range []string{"Zola", "Éluard", "Aragon", "Eluart"} {
			who := w.Join(t, fmt.Sprintf("%d@terneuil.example", i))
			_, _, err := w.Accounts.PatchProfile(ctx, who, account.Patch{FamilyName: &family})
			require.NoError(t, err)
			m := enrol(t, w, c, who, c.Urba)
			switch family {
			case "Zola":
				require.NoError(t, one(t)(w.Structures.RemoveMembers(ctx, c.Manager, m.ID)).Err)
			case "Aragon":
				require.NoError(t, w.Accounts.MarkUndeliverable(ctx, account.System(), w.Account(t, who.ID).Login))
				w.SignIn(t, w.Account(t, who.ID).Login)
				_, err := w.Structures.Request(ctx, who, ask(other))
				require.NoError(t, err)
			}
		}
		names := func(f structure.MemberFilter, r structure.PageRequest) (got []string, p structure.Page[structure.MemberLine]) {
			p, err := w.Structures.Members(ctx, c.Manager, c.ID, f, r)
			require.NoError(t, err)
			for _, l := range p.Items {
				got = append(got, strings.Fields(l.Person.SortName)[0])
			}
			return got, p
		}
		got, p := names(structure.MemberFilter{}, structure.PageRequest{})
		require.Equal(t, []string{"ARAGON", "BON", "ÉLUARD", "ELUART"}, got, "by folded name, without whoever was removed")
		line := p.Items[0]
		require.Equal(t, "2@terneuil.example", line.Person.ContactEmail)
		require.False(t, line.LastSignInAt.IsZero())
		require.False(t, line.ActivatedAt.IsZero() || line.AttachedAt.IsZero(), "R-325: three dates")
		require.True(t, line.ReactivatedAt.IsZero())
		require.Empty(t, line.Person.Phone)
		require.Equal(t, structure.StatusApproved, line.Status)
		require.Equal(t, structure.RolePrincipalManager, p.Items[1].Membership.Role)

		got, p = names(structure.MemberFilter{}, structure.PageRequest{Number: 2, Size: 3})
		require.Equal(t, []string{"ELUART"}, got)
		require.Equal(t, [5]int{2, 3, 4, 1, 0}, [5]int{p.Number, p.Size, p.Total, p.Previous(), p.Next()})
		got, _ = names(structure.MemberFilter{Family: "elua"}, structure.PageRequest{})
		require.Equal(t, []string{"ÉLUARD", "ELUART"}, got)
		got, _ = names(structure.MemberFilter{Statuses: []structure.MembershipStatus{structure.StatusRemoved}}, structure.PageRequest{})
		require.Equal(t, []string{"ZOLA"}, got)
		got, _ = names(structure.MemberFilter{Role: structure.RoleMember, Service: c.Voie.ID}, structure.PageRequest{})
		require.Empty(t, got)

		w.Unchanged(t, func() {
			_, err := w.Structures.Members(ctx, other.Manager, c.ID, structure.MemberFilter{}, structure.PageRequest{})
			require.ErrorIs(t, err, structure.ErrNotFound)
			_, err = w.Structures.Members(ctx, account.Person(line.Person.ID), c.ID, structure.MemberFilter{}, structure.PageRequest{})
			require.ErrorIs(t, err, structure.ErrDenied, "PE-01")
			_, err = w.Structures.Members(ctx, c.Manager, c.ID, structure.MemberFilter{Role: "x", Service: "y"}, structure.PageRequest{Size: structure.MaxPageSize + 1})
			require.Equal(t, map[string]string{"role": "oneofprincipal_manager secondary_manager member technical ", "service": "id ", "size": "max100 "}, codes(err))
		})
		places, err := w.Structures.MembershipsOf(ctx, c.Manager, c.ID, line.Person.ID)
		require.NoError(t, err)
		require.Len(t, places, 1, "R-352: not what the manager does not manage")
		require.Equal(t, c.ID, places[0].Structure.ID)
		_, err = w.Structures.MembershipsOf(ctx, c.Manager, c.ID, other.Manager.ID)
		require.ErrorIs(t, err, structure.ErrNotFound)
	})
	wide := structure.Guide2024()
	wide.Memberships.ShowAllStructures = true
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	other := w.Company(t, worldtest.SIRETCity, "other@city.example")
	w.Configure(t, &account.Options{}, &structure.Options{Policy: &wide})
	enrol(t, w, c, other.Manager)
	places, err := w.Structures.MembershipsOf(t.Context(), c.Manager, c.ID, other.Manager.ID)
	require.NoError(t, err)
	require.Len(t, places, 2, "unless the policy widens it")
}

// whoever asks on behalf of a management centre belongs to it.
func TestRequestThroughAManagementCentre(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	client, centre := company(t, w), w.Company(t, worldtest.SIRETCity, "centre@city.example")
	julie := w.Join(t, clerk)
	r := ask(client, client.Urba)
	r.Via = centre.ID
	joined := func() structure.Membership {
		m, err := w.Structures.Attach(ctx, centre.Manager, newMember(centre, julie))
		require.NoError(t, err)
		return m
	}
	w.Unchanged(t, func() {
		_, err := w.Structures.Request(ctx, julie, r)
		require.Equal(t, map[string]string{"via": "member "}, codes(err))
	})
	m := joined()
	require.NoError(t, one(t)(w.Structures.DisableMembers(ctx, centre.Manager, m.ID)).Err)
	_, err := w.Structures.Request(ctx, julie, r)
	require.Equal(t, map[string]string{"via": "member "}, codes(err), "in force, not on paper")
	require.NoError(t, one(t)(w.Structures.EnableMembers(ctx, centre.Manager, m.ID)).Err)
	for _, via := range []structure.ID{client.ID, "019ab000-0000-7000-8000-000000000000"} {
		bad := r
		bad.Via = via
		_, err := w.Structures.Request(ctx, julie, bad)
		require.Equal(t, map[string]string{"via": "member "}, codes(err))
	}
	m, err = w.Structures.Request(ctx, julie, r)
	require.NoError(t, err)
	require.Equal(t, centre.ID, m.Via)
	c, err := w.Structures.Case(ctx, client.Manager, m.ID)
	require.NoError(t, err)
	require.Equal(t, centre.ID, c.Membership.Via, "whoever decides sees it")
}

// R-219, C-13: a supplier who asks to join a public body is warned, or refused.
func TestSupplierJoinsBuyer(t *testing.T) {
	t.Parallel()
	for rule, want := range map[structure.SupplierRule]struct {
		warnings []structure.Warning
		err      error
	}{
		"":                        {[]structure.Warning{structure.WarningSupplierJoinsBuyer}, nil},
		structure.SupplierWarned:  {[]structure.Warning{structure.WarningSupplierJoinsBuyer}, nil},
		structure.SupplierDenied:  {nil, structure.ErrSupplierJoinsBuyer},
		structure.SupplierAllowed: {nil, nil},
	} {
		w := worldtest.New(t, memory.New())
		ctx := t.Context()
		policy := structure.Guide2024()
		policy.Memberships.SupplierJoinsBuyer = rule
		w.Configure(t, &account.Options{}, &structure.Options{Policy: &policy})
		supplier, mayor := company(t, w), w.Join(t, "mayor@city.example")
		city, err := w.Structures.Create(ctx, account.Support("42"), structure.Creation{
			Identifier: structure.SIRET(worldtest.SIRETCity), LegalName: "City", Type: structure.Public, Principal: mayor.ID,
		})
		require.NoError(t, err)
		p, err := w.Structures.PrepareRequest(ctx, supplier.Manager, city.ID)
		require.ErrorIs(t, err, want.err, rule)
		require.Equal(t, want.warnings, p.Warnings, rule)
		r := structure.Request{Structure: city.ID, Whole: true, Comment: "our invoices"}
		o := one(t)(w.Structures.RequestMany(ctx, supplier.Manager, r))
		require.ErrorIs(t, o.Err, want.err, rule)
		require.Equal(t, want.warnings, o.Warnings, rule)
		o = one(t)(w.Structures.RequestMany(ctx, w.Join(t, clerk), r))
		require.NoError(t, o.Err)
		require.Empty(t, o.Warnings, "nobody else is warned")
		_, err = w.Structures.Request(ctx, mayor, ask(supplier))
		require.NoError(t, err, "nor is anybody of a public body")
	}
}

// The policy of memberships is checked when the service is made.
func TestBadMembershipPolicies(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	for name, change := range map[string]func(*structure.MembershipPolicy){
		"rule":       func(p *structure.MembershipPolicy) { p.SupplierJoinsBuyer = "x" },
		"too soon":   func(p *structure.MembershipPolicy) { p.RemindAfter = []time.Duration{time.Hour - 1} },
		"falling":    func(p *structure.MembershipPolicy) { p.RemindAfter = []time.Duration{2 * time.Hour, 2 * time.Hour} },
		"too many":   func(p *structure.MembershipPolicy) { p.RemindAfter = hours(structure.MaxReminders + 1) },
		"expires":    func(p *structure.MembershipPolicy) { p.ExpireAfter = 7 * 24 * time.Hour },
		"negative":   func(p *structure.MembershipPolicy) { p.ExpireAfter = -1 },
		"notice":     func(p *structure.MembershipPolicy) { p.NoticeBefore = time.Hour - 1 },
		"acceptable": func(p *structure.MembershipPolicy) { p.RemindAfter = hours(structure.MaxReminders) },
	} {
		policy := structure.Guide2024()
		change(&policy.Memberships)
		_, err := structure.New(storage.Structures(w.Store), w.Keys, &structure.Options{Policy: &policy})
		if name == "acceptable" {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, structure.ErrBadPolicy, name)
	}
}

func hours(n int) (out []time.Duration) {
	for i := range n {
		out = append(out, time.Duration(i+1)*time.Hour)
	}
	return out
}
