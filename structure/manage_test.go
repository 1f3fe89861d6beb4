package structure_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

func newMember(c worldtest.Company, who account.Actor, units ...structure.Unit) structure.NewMember {
	r := ask(c, units...)
	return structure.NewMember{Structure: c.ID, Account: who.ID, Whole: r.Whole, Services: r.Services, Comment: "joins the planning team"}
}

func enrol(t *testing.T, w *worldtest.World, c worldtest.Company, who account.Actor, units ...structure.Unit) structure.Membership {
	t.Helper()
	m, err := w.Structures.Attach(t.Context(), c.Manager, newMember(c, who, units...))
	require.NoError(t, err)
	return m
}

// one returns the single outcome of an operation on several.
func one(t testing.TB) func([]structure.Outcome, error) structure.Outcome {
	return func(out []structure.Outcome, err error) structure.Outcome {
		t.Helper()
		require.NoError(t, err)
		require.Len(t, out, 1)
		return out[0]
	}
}

func accountOf(t *testing.T, w *worldtest.World, login string) (id account.ID) {
	t.Helper()
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) error {
		a, err := tx.AccountByLogin(t.Context(), login)
		id = a.ID
		return err
	}))
	return id
}

// R-230..R-238, R-251, HIS-T1: a manager attaches, changes, disables, enables and
// removes; each is told by mail, recorded, and in force at once.
func TestManagersRunMemberships(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		m := enrol(t, w, c, julie, c.Urba)
		require.Equal(t, structure.StatusApproved, m.Status, "R-234: no second approval")
		require.Equal(t, "2026-11-22", w.Last(t, clerk, notify.MailMembershipAttached).Values["FirstDay"], "today unless told otherwise")
		require.True(t, may(t, w, julie.ID, c.ID, c.Urba.ID).Allowed)
		_, err := w.Structures.Attach(ctx, c.Manager, newMember(c, julie, c.Voie))
		require.ErrorIs(t, err, structure.ErrAlreadyMember)
		update := newMember(c, julie, c.Urba, c.Voie)
		update.Update = true
		m, err = w.Structures.Attach(ctx, c.Manager, update)
		require.NoError(t, err, "R-235: unless it was asked for")
		require.Equal(t, structure.Services(c.Urba.ID, c.Voie.ID), m.Granted)

		w.Clock.Move(time.Hour)
		was := m.Terms()
		last := authz.Between(authz.Date{}, authz.Date{Year: 2026, Month: 12, Day: 24}, time.UTC)
		m, err = w.Structures.ChangeMembership(ctx, c.Manager, m.ID, structure.Change{
			Role: structure.RoleSecondaryManager, Scope: new(structure.Services(c.Acha.ID)), Validity: &last,
		})
		require.NoError(t, err)
		require.False(t, may(t, w, julie.ID, c.ID, c.Urba.ID).Allowed)
		require.True(t, may(t, w, julie.ID, c.ID, c.Acha.ID).Allowed)
		require.Equal(t, "ACHA Achats", w.Last(t, clerk, notify.MailMembershipChanged).Values["Scope"])
		lines, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Kinds: []notify.Kind{"membership.changed"}})
		require.NoError(t, err)
		require.Len(t, lines, 2)
		require.Equal(t, was, *lines[0].Before, "R-251: what it was")
		require.Equal(t, m.Terms(), *lines[0].After, "and what it is")
		w.Unchanged(t, func() {
			again, err := w.Structures.ChangeMembership(ctx, c.Manager, m.ID, structure.Change{Role: m.Role, Scope: &m.Granted, Validity: &m.Validity})
			require.NoError(t, err)
			require.Equal(t, m, again)
		})

		kept := m.Terms()
		m = one(t)(w.Structures.DisableMembers(ctx, c.Manager, m.ID)).Membership
		require.Equal(t, structure.StatusDisabled, m.Status)
		require.False(t, may(t, w, julie.ID, c.ID, c.Acha.ID).Allowed)
		w.Last(t, clerk, notify.MailMembershipDisabled)
		require.Equal(t, account.StatusActive, w.Account(t, julie.ID).Status, "R-236: the account is untouched")
		_, err = w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.ErrorIs(t, err, structure.ErrMembershipDisabled)
		m = one(t)(w.Structures.EnableMembers(ctx, c.Manager, m.ID)).Membership
		require.Equal(t, kept, m.Terms(), "R-237")
		require.True(t, may(t, w, julie.ID, c.ID, c.Acha.ID).Allowed)
		w.Last(t, clerk, notify.MailMembershipEnabled)

		m = one(t)(w.Structures.RemoveMembers(ctx, c.Manager, m.ID)).Membership
		require.Equal(t, structure.StatusRemoved, m.Status)
		require.False(t, may(t, w, julie.ID, c.ID, c.Acha.ID).Allowed)
		w.Last(t, clerk, notify.MailMembershipRemoved)
		w.Unchanged(t, func() {
			require.NoError(t, one(t)(w.Structures.RemoveMembers(ctx, c.Manager, m.ID)).Err, "removing twice does nothing")
		})
		m, err = w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		require.True(t, m.Granted.IsZero(), "invariant 8: nothing old is revived")
		require.Equal(t, structure.RoleMember, m.Role)
		w.Proven(t)
	})
}

// C-11, C-12, EN-07: what an attachment is refused for.
func TestBadAttachments(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	other := w.Company(t, worldtest.SIRETCity, "other@city.example")
	julie, gone := w.Join(t, clerk), w.Join(t, "gone@terneuil.example")
	w.Leave(t, gone)
	_, err := w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration("new@terneuil.example"))
	require.NoError(t, err)
	w.Unchanged(t, func() {
		for name, row := range map[string]struct {
			change func(*structure.NewMember)
			want   map[string]string
		}{
			"everything": {func(n *structure.NewMember) {
				*n = structure.NewMember{Structure: "x", Account: "y", Role: structure.RolePrincipalManager, Comment: " ", Until: authz.Date{Year: 2026, Month: 11, Day: 21}}
			}, map[string]string{"structure": "id ", "account": "id ", "role": "oneofmember secondary_manager ", "comment": "required ", "until": "past "}},
			"comment of 256":  {func(n *structure.NewMember) { n.Comment = strings.Repeat("é", 256) }, map[string]string{"comment": "max255 "}},
			"yesterday":       {func(n *structure.NewMember) { n.From = authz.Date{Year: 2026, Month: 11, Day: 21} }, map[string]string{"from": "past "}},
			"both scopes":     {func(n *structure.NewMember) { n.Whole = true }, map[string]string{"services": "excluded_by_whole "}},
			"foreign service": {func(n *structure.NewMember) { n.Services = []structure.ServiceID{other.Urba.ID} }, map[string]string{"services[0]": "service "}},
		} {
			n := newMember(c, julie, c.Urba)
			row.change(&n)
			_, err := w.Structures.Attach(ctx, c.Manager, n)
			require.Equal(t, row.want, codes(err), name)
		}
		for name, row := range map[string]struct {
			by     account.Actor
			change func(*structure.NewMember)
			want   error
		}{
			"nothing":           {c.Manager, func(n *structure.NewMember) { n.Services = nil }, structure.ErrEmptyScope},
			"unknown account":   {c.Manager, func(n *structure.NewMember) { n.Account = "019ab000-0000-7000-8000-000000000000" }, structure.ErrNotFound},
			"closed account":    {c.Manager, func(n *structure.NewMember) { n.Account = gone.ID }, structure.ErrApplicantGone},
			"another structure": {c.Manager, func(n *structure.NewMember) { n.Structure = other.ID }, structure.ErrNotFound},
			"a stranger":        {other.Manager, func(*structure.NewMember) {}, structure.ErrNotFound},
			"oneself":           {julie, func(*structure.NewMember) {}, structure.ErrNotFound},
			"the principal":     {c.Manager, func(n *structure.NewMember) { n.Account, n.Update = c.Manager.ID, true }, structure.ErrPrincipalProtected},
		} {
			n := newMember(c, julie, c.Urba)
			row.change(&n)
			_, err := w.Structures.Attach(ctx, row.by, n)
			require.ErrorIs(t, err, row.want, name)
		}
	})
	pending := accountOf(t, w, "new@terneuil.example")
	m := enrol(t, w, c, account.Person(pending), c.Urba)
	require.False(t, may(t, w, pending, c.ID, c.Urba.ID).Allowed, "R-319: it takes effect with the activation")
	_, err = w.Accounts.Activate(ctx, w.Token(t, "new@terneuil.example"), worldtest.Password)
	require.NoError(t, err)
	require.True(t, may(t, w, pending, c.ID, c.Urba.ID).Allowed)
	require.Equal(t, structure.StatusApproved, m.Status)

	strict := structure.Guide2024()
	strict.Memberships.ActiveOnly, strict.Memberships.CommentOptional = true, true
	w.Configure(t, &account.Options{}, &structure.Options{Policy: &strict})
	_, err = w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration("later@terneuil.example"))
	require.NoError(t, err)
	n := newMember(c, account.Person(accountOf(t, w, "later@terneuil.example")), c.Urba)
	_, err = w.Structures.Attach(ctx, c.Manager, n)
	require.ErrorIs(t, err, structure.ErrApplicantNotActive)
	n.Account, n.Comment = julie.ID, ""
	_, err = w.Structures.Attach(ctx, c.Manager, n)
	require.NoError(t, err, "C-11: the policy asks for no comment")
}

// R-223, C-12: dates that a manager gives are not over, unless they stood there.
func TestDatesAreNeverInThePast(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	m := enrol(t, w, c, w.Join(t, clerk), c.Urba)
	today, now := m.Validity.From, w.Clock.Now()
	for name, row := range map[string]struct {
		v    authz.Validity
		want map[string]string
	}{
		"today":            {authz.Validity{From: today, Until: now.Add(time.Microsecond)}, map[string]string{}},
		"over now":         {authz.Validity{From: today, Until: now}, map[string]string{"until": "past "}},
		"before today":     {authz.Validity{From: today.Add(-time.Microsecond)}, map[string]string{"from": "past "}},
		"both":             {authz.Validity{From: today.Add(-2 * time.Hour), Until: today.Add(-time.Hour)}, map[string]string{"from": "past ", "until": "past "}},
		"turned":           {authz.Validity{From: now, Until: now}, map[string]string{"until": "before_from "}},
		"ends before kept": {authz.Validity{Until: today}, map[string]string{"until": "before_from past "}},
	} {
		_, err := w.Structures.ChangeMembership(ctx, c.Manager, m.ID, structure.Change{Validity: &row.v})
		got := codes(err)
		if name == "ends before kept" {
			require.Contains(t, got["until"], "before_from", name)
			continue
		}
		require.Equal(t, row.want, got, name)
	}
	w.Clock.Move(48 * time.Hour)
	_, err := w.Structures.ChangeMembership(ctx, c.Manager, m.ID, structure.Change{Role: structure.RoleSecondaryManager, Validity: &authz.Validity{From: today, Until: now.Add(time.Microsecond)}})
	require.NoError(t, err, "what stood there may stay")
}

// what was held or asked for and is not ticked has a line of its own, and is in
// the mail.
func TestUntickedServicesAreToldApart(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		enrol(t, w, c, julie, c.Urba)
		m, err := w.Structures.Request(ctx, julie, ask(c, c.Voie, c.Acha))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Scope: new(structure.Services(c.Acha.ID))})
		require.NoError(t, err)
		lines, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Limit: 3})
		require.NoError(t, err)
		var got []string
		for _, l := range lines {
			got = append(got, string(l.Kind)+" "+l.Scope)
		}
		require.Equal(t, []string{
			"membership.approved ACHA Achats", "membership.services_removed URBA Urbanisme", "membership.services_refused VOIE Voirie",
		}, got)
		mail := w.Last(t, clerk, notify.MailMembershipApproved).Values
		require.Equal(t, []string{"ACHA Achats", "VOIE Voirie", "URBA Urbanisme"}, []string{mail["Scope"], mail["Refused"], mail["Removed"]})
		w.Proven(t)
	})
}

// ..R-249, C-14, C-15, R-201: one leaves structures and services alone, several at
// once; the managers are told.
func TestLeave(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		other := w.Company(t, worldtest.SIRETCity, "other@city.example")
		julie := w.Join(t, clerk)
		enrol(t, w, c, julie, c.Urba, c.Voie)
		out, err := w.Structures.Leave(ctx, julie,
			structure.Departure{Structure: c.ID, Services: []structure.ServiceID{c.Voie.ID}},
			structure.Departure{Structure: other.ID},
			structure.Departure{Structure: c.ID, Services: []structure.ServiceID{c.Acha.ID}},
			structure.Departure{Structure: "\x00"})
		require.NoError(t, err)
		require.NoError(t, out[0].Err)
		require.Equal(t, structure.Services(c.Urba.ID), out[0].Membership.Granted)
		require.ErrorIs(t, out[1].Err, structure.ErrNotFound)
		require.ErrorIs(t, out[2].Err, structure.ErrNotHeld, "R-247: only what is held")
		require.ErrorIs(t, out[3].Err, structure.ErrNotFound)
		require.Equal(t, "VOIE Voirie", w.Last(t, boss, notify.MailMembershipLeft).Values["Scope"])
		require.False(t, may(t, w, julie.ID, c.ID, c.Voie.ID).Allowed)
		o := one(t)(w.Structures.Leave(ctx, julie, structure.Departure{Structure: c.ID, Services: []structure.ServiceID{c.Urba.ID}}))
		require.Equal(t, structure.StatusRemoved, o.Membership.Status, "R-249: the last service")
		require.ErrorIs(t, one(t)(w.Structures.Leave(ctx, julie, structure.Departure{Structure: c.ID})).Err, structure.ErrNotMember)
		require.Equal(t, account.StatusActive, w.Account(t, julie.ID).Status, "R-024: whoever leaves a structure keeps the account")
		w.Unchanged(t, func() {
			o = one(t)(w.Structures.Leave(ctx, c.Manager, structure.Departure{Structure: c.ID}))
			require.ErrorIs(t, o.Err, structure.ErrSuccessorRequired, "R-241")
		})
		w.Proven(t)
	})
}

// A request is taken back by whoever made it and by nobody else; RC-11: never withdrawn
// and decided.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie, stranger := w.Join(t, clerk), w.Join(t, "stranger@terneuil.example")
		m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		w.Unchanged(t, func() {
			for _, by := range []account.Actor{c.Manager, stranger} {
				_, err := w.Structures.Withdraw(ctx, by, m.ID)
				require.ErrorIs(t, err, structure.ErrNotFound)
			}
			_, err := w.Structures.Withdraw(ctx, julie, "\x00")
			require.ErrorIs(t, err, structure.ErrNotFound)
		})
		m, err = w.Structures.Withdraw(ctx, julie, m.ID)
		require.NoError(t, err)
		require.Equal(t, structure.StatusCancelled, m.Status)
		w.Last(t, boss, notify.MailMembershipWithdrawn)
		m, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
		require.ErrorIs(t, err, structure.ErrAlreadyDecided)
		require.Equal(t, structure.StatusCancelled, m.Status, "the decision comes with the error")
		m, err = w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
		require.NoError(t, err)
		m, err = w.Structures.Withdraw(ctx, julie, m.ID)
		require.ErrorIs(t, err, structure.ErrAlreadyDecided)
		require.Equal(t, structure.StatusApproved, m.Status)
		w.Proven(t)
	})
}

// the principal's settings hold at once, are recorded, and the secondary
// managers are told.
func TestSetDelegation(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		hubert, julie := w.Join(t, "hubert@terneuil.example"), w.Join(t, clerk)
		n := newMember(c, hubert)
		n.Role = structure.RoleSecondaryManager
		_, err := w.Structures.Attach(ctx, c.Manager, n)
		require.NoError(t, err)
		_, err = w.Structures.Attach(ctx, hubert, newMember(c, julie, c.Urba))
		require.ErrorIs(t, err, structure.ErrDenied, "least privilege when unset")
		_, err = w.Structures.SetDelegation(ctx, hubert, c.ID, authz.Delegation{Users: true})
		require.ErrorIs(t, err, structure.ErrDenied)
		_, err = w.Structures.SetDelegation(ctx, julie, c.ID, authz.Delegation{Users: true})
		require.ErrorIs(t, err, structure.ErrNotFound)

		st, err := w.Structures.SetDelegation(ctx, c.Manager, c.ID, authz.Delegation{Users: true})
		require.NoError(t, err)
		require.Equal(t, authz.Delegation{Users: true}, st.Delegated)
		require.Equal(t, "users", w.Last(t, "hubert@terneuil.example", notify.MailDelegationChanged).Values["Powers"])
		_, err = w.Structures.Attach(ctx, hubert, newMember(c, julie, c.Urba))
		require.NoError(t, err, "effective at once")
		_, err = w.Structures.AddService(ctx, hubert, c.ID, structure.ServiceSpec{Code: "X", Name: "X"})
		require.ErrorIs(t, err, structure.ErrDenied, "the other setting is its own")
		w.Unchanged(t, func() {
			_, err := w.Structures.SetDelegation(ctx, c.Manager, c.ID, authz.Delegation{Users: true})
			require.NoError(t, err)
		})
		_, err = w.Structures.SetDelegation(ctx, c.Manager, c.ID, authz.Delegation{})
		require.NoError(t, err)
		_, err = w.Structures.RemoveMembers(ctx, hubert)
		require.NoError(t, err)
		own, err := w.Structures.Mine(ctx, julie)
		require.NoError(t, err)
		require.ErrorIs(t, one(t)(w.Structures.RemoveMembers(ctx, hubert, own[0].Membership.ID)).Err, structure.ErrDenied)
		lines, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Kinds: []notify.Kind{"structure.delegation_changed"}})
		require.NoError(t, err)
		require.Len(t, lines, 2)
		w.Proven(t)
	})
}

// R-229, C-18: bulk decisions have one result for each item, in order, whatever becomes
// of the others; the bound is tested at n and n+1.
func TestBulkDecisions(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		other := w.Company(t, worldtest.SIRETCity, "other@city.example")
		var ids []structure.MembershipID
		for i, name := range []string{"a", "b", "c", "d"} {
			place := c
			if i == 2 {
				place = other
			}
			m, err := w.Structures.Request(ctx, w.Join(t, name+"@terneuil.example"), ask(place, place.Urba))
			require.NoError(t, err)
			ids = append(ids, m.ID)
		}
		_, err := w.Structures.Approve(ctx, c.Manager, ids[1], structure.Approval{})
		require.NoError(t, err)
		named := append(ids, "x", ids[0])
		out, err := w.Structures.ApproveMany(ctx, c.Manager, named, structure.Approval{})
		require.NoError(t, err)
		require.Len(t, out, len(named))
		for i, want := range []error{nil, structure.ErrAlreadyDecided, structure.ErrNotFound, nil, structure.ErrNotFound, structure.ErrAlreadyDecided} {
			require.ErrorIs(t, out[i].Err, want, i)
			require.Equal(t, named[i], out[i].ID)
		}
		require.Equal(t, structure.StatusApproved, out[0].Membership.Status)
		require.Equal(t, structure.StatusApproved, out[1].Membership.Status, "the decision that was made")
		require.Equal(t, structure.Membership{}, out[2].Membership, "nothing is told of another structure")
		require.Empty(t, out[2].Structure)

		_, err = w.Structures.RejectMany(ctx, other.Manager, ids, structure.Refusal{Reason: " "})
		require.ErrorIs(t, err, fault.ErrInvalid)
		out, err = w.Structures.RejectMany(ctx, other.Manager, ids, structure.Refusal{Reason: "not now"})
		require.NoError(t, err)
		require.NoError(t, out[2].Err)
		require.Equal(t, "not now", w.Last(t, "c@terneuil.example", notify.MailMembershipRejected).Values["Reason"])
		for _, i := range []int{0, 1, 3} {
			require.ErrorIs(t, out[i].Err, structure.ErrNotFound)
		}
		w.Proven(t)
	})
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	for n, want := range map[int]map[string]string{structure.MaxBulk: {}, structure.MaxBulk + 1: {"memberships": "too_many1000 "}} {
		_, err := w.Structures.DisableMembers(t.Context(), c.Manager, make([]structure.MembershipID, n)...)
		require.Equal(t, want, codes(err))
	}
}

// several structures in one go, each with a result of its own.
func TestRequestMany(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	other := w.Company(t, worldtest.SIRETCity, "other@city.example")
	out, err := w.Structures.RequestMany(t.Context(), w.Join(t, clerk), ask(c, c.Urba), ask(other), ask(c), structure.Request{Structure: c.ID})
	require.NoError(t, err)
	require.NoError(t, out[0].Err)
	require.NoError(t, out[1].Err)
	require.Equal(t, other.ID, out[1].Membership.Structure)
	require.ErrorIs(t, out[2].Err, structure.ErrRequestPending)
	require.ErrorIs(t, out[3].Err, fault.ErrInvalid)
	require.Equal(t, c.ID, out[3].Structure)
	_, err = w.Structures.RequestMany(t.Context(), c.Manager, make([]structure.Request, structure.MaxBulk+1)...)
	require.ErrorIs(t, err, fault.ErrInvalid)
}

// Invariant (11) of 1.23, TI-01, TI-07: whoever holds the whole structure is not given a service
// of another one by way of being given less.
func TestNoServiceOfAnotherStructureIsGiven(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	other, julie := w.Company(t, worldtest.SIRETCity, "other@city.example"), w.Join(t, clerk)
	m, err := w.Structures.Request(ctx, julie, structure.Request{Structure: c.ID, Whole: true, Comment: "why"})
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
	require.NoError(t, err)
	mixed := structure.Services(c.Urba.ID, other.Urba.ID)
	w.Unchanged(t, func() {
		_, err = w.Structures.ChangeMembership(ctx, c.Manager, m.ID, structure.Change{Scope: &mixed})
		require.ErrorIs(t, err, fault.ErrInvalid)
	})
}
