package structure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// whoever issues and receives has one record. What it may do are its spaces, and
// one membership carries the rights in all of them.
func TestOneRecordIssuesAndReceives(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	openSpace(t, w, c, authz.SpaceInvoicesReceived)
	julie, _ := hire(t, w, c, clerk)
	_, err := w.Structures.GrantSubscriptions(ctx, c.Manager, structure.SubscriptionGrant{
		Structure: c.ID, Account: julie.ID, Lines: []structure.Line{read(authz.SpaceInvoicesReceived)},
	})
	require.NoError(t, err)
	for _, space := range []authz.Space{authz.SpaceInvoicesIssued, authz.SpaceInvoicesReceived} {
		require.True(t, allowed(t, w, julie.ID, c.ID, read(space)), space)
	}
	there, err := w.Structures.Create(ctx, julie, structure.Creation{Identifier: c.Identifier, LegalName: "Dufour, clients", Type: structure.Private})
	require.ErrorIs(t, err, structure.ErrStructureExists)
	require.Equal(t, c.ID, there.ID)
}

// in a structure without services every right is at the level of the structure,
// and nobody asks for a service.
func TestStructureWithoutServices(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	owner := w.Join(t, boss)
	bare := worldtest.Company{Structure: places(t, w, owner, "Atelier")[0], Manager: owner}
	r, err := w.Structures.Record(ctx, owner, bare.ID)
	require.NoError(t, err)
	require.Empty(t, r.Services)
	julie := w.Join(t, clerk)
	_, err = w.Structures.Request(ctx, julie, structure.Request{Structure: bare.ID, Comment: "x"})
	require.ErrorIs(t, err, structure.ErrEmptyScope)
	m, err := w.Structures.Request(ctx, julie, ask(bare))
	require.NoError(t, err)
	seen, err := w.Structures.Case(ctx, owner, m.ID)
	require.NoError(t, err)
	require.Empty(t, seen.Rows())
	_, err = w.Structures.Approve(ctx, owner, m.ID, structure.Approval{})
	require.NoError(t, err)
	require.True(t, may(t, w, julie.ID, bare.ID, "").Allowed)
	later, err := w.Structures.AddService(ctx, owner, bare.ID, structure.ServiceSpec{Code: "URBA", Name: "Urbanisme"})
	require.NoError(t, err)
	require.True(t, may(t, w, julie.ID, bare.ID, later.ID).Allowed, "the whole structure is every service that comes")
}

// what is held is shown as held and ticked, and keeping the tick keeps it;
// attaching somebody else after that is a call of its own.
func TestKeepingTheTickKeepsTheService(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	julie, held := hire(t, w, c, clerk, c.Urba)
	_, err := w.Structures.Request(ctx, julie, ask(c, c.Voie))
	require.NoError(t, err)
	d, err := w.Structures.Dashboard(ctx, c.Manager)
	require.NoError(t, err)
	rows := d.Memberships.Items[0].Rows()
	require.Equal(t, []structure.Row{
		{Unit: c.Acha}, {Unit: c.Urba, Status: structure.StatusApproved, Ticked: true}, {Unit: c.Voie, Status: structure.StatusPending, Ticked: true},
	}, rows)
	var ticked structure.Scope
	for _, r := range rows {
		if r.Ticked {
			ticked = ticked.Union(structure.Services(r.Unit.ID))
		}
	}
	m, err := w.Structures.Approve(ctx, c.Manager, held.ID, structure.Approval{Scope: &ticked})
	require.NoError(t, err)
	require.Equal(t, structure.Services(c.Urba.ID, c.Voie.ID), m.Granted)
	require.NotContains(t, w.Kinds(t), notify.Kind("membership.services_removed"))
	next := enrol(t, w, c, w.Join(t, "next@terneuil.example"), c.Acha)
	require.Equal(t, structure.StatusApproved, next.Status, "R-225")
	require.Equal(t, structure.Services(c.Acha.ID), next.Granted)
}

// the applicant lists what came of every request, by status too, and opens
// one of them: services, dates, comment and decision.
func TestApplicantsFollowTheirRequests(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		other := w.Company(t, worldtest.SIRETCity, "hubert@terneuil.example")
		julie := w.Join(t, clerk)
		r := ask(c, c.Urba)
		r.From = authz.Date{Year: 2026, Month: time.December, Day: 1}
		m, err := w.Structures.Request(ctx, julie, r)
		require.NoError(t, err)
		w.Clock.Move(time.Hour)
		_, err = w.Structures.Request(ctx, julie, ask(other))
		require.NoError(t, err)
		_, err = w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: "The team is complete."})
		require.NoError(t, err)
		list := func(statuses ...structure.MembershipStatus) (names []string) {
			mine, err := w.Structures.Mine(ctx, julie, statuses...)
			require.NoError(t, err)
			for _, c := range mine {
				names = append(names, c.Structure.LegalName)
			}
			return names
		}
		require.Equal(t, []string{c.LegalName, other.LegalName}, list())
		require.Equal(t, []string{other.LegalName}, list(structure.StatusPending))
		require.Equal(t, []string{c.LegalName}, list(structure.StatusRejected, structure.StatusRemoved))
		require.Empty(t, list(structure.StatusApproved))

		seen, err := w.Structures.Case(ctx, julie, m.ID)
		require.NoError(t, err)
		require.Equal(t, "URBA Urbanisme", seen.Names(structure.Services(c.Urba.ID)))
		require.Equal(t, time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC), seen.Membership.Validity.From.UTC(), "midnight in Paris")
		require.Equal(t, r.Comment, seen.Membership.Comment.Text)
		require.Equal(t, "The team is complete.", seen.Membership.Reason.Text)
		require.Equal(t, structure.StatusRejected, seen.Membership.Status)
		require.Equal(t, w.Clock.Now(), seen.Membership.DecidedAt)
		require.False(t, seen.Decidable)
	})
}

// from the dashboard a manager opens a request and reads it,
// comment included, without changing anything, and then approves or refuses it.
func TestDashboardLinesAreOpenedAndDecided(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		openSpace(t, w, c, works)
		for _, login := range []string{"first@terneuil.example", "second@terneuil.example"} {
			_, err := w.Structures.Request(ctx, w.Join(t, login), ask(c, c.Urba))
			require.NoError(t, err)
			by, _ := hire(t, w, c, "at."+login, c.Urba)
			_, err = w.Structures.RequestSubscriptions(ctx, by, wish(c, read(works)))
			require.NoError(t, err)
		}
		d, err := w.Structures.Dashboard(ctx, c.Manager)
		require.NoError(t, err)
		require.Equal(t, []int{2, 2}, []int{d.Memberships.Total, d.Subscriptions.Total})
		w.Unchanged(t, func() {
			seen, err := w.Structures.Case(ctx, c.Manager, d.Memberships.Items[0].Membership.ID)
			require.NoError(t, err)
			require.Equal(t, d.Memberships.Items[0], seen, "R-317")
			require.Equal(t, "planning files", seen.Membership.Comment.Text, "R-222")
			_, err = w.Structures.Reject(ctx, c.Manager, seen.Membership.ID, structure.Refusal{})
			require.Equal(t, map[string]string{"reason": "required "}, codes(err), "R-318")
		})
		m, err := w.Structures.Approve(ctx, c.Manager, d.Memberships.Items[0].Membership.ID, structure.Approval{})
		require.NoError(t, err)
		require.Equal(t, structure.StatusApproved, m.Status, "R-316")
		m, err = w.Structures.Reject(ctx, c.Manager, d.Memberships.Items[1].Membership.ID, structure.Refusal{Reason: "no"})
		require.NoError(t, err)
		require.Equal(t, structure.StatusRejected, m.Status, "R-318")
		_, err = w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{Requested: lineIDs(d.Subscriptions.Items[0].Lines)})
		require.NoError(t, err)
		_, err = w.Structures.RejectSubscriptions(ctx, c.Manager, lineIDs(d.Subscriptions.Items[1].Lines), structure.Refusal{Reason: "no"})
		require.NoError(t, err)
		d, err = w.Structures.Dashboard(ctx, c.Manager)
		require.NoError(t, err)
		require.Zero(t, d.Total(), "R-307")
	})
}

// from the structures that one manages: attach somebody, read what
// managers did, find who waits for the activation mail and send it again.
func TestPanelsOfAStructure(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	managed, err := w.Structures.Managed(ctx, c.Manager, structure.PageRequest{})
	require.NoError(t, err)
	require.Equal(t, c.ID, managed.Items[0].Structure.ID)
	const login = "zoe@terneuil.example"
	_, err = w.Structures.CreatePerson(ctx, c.Manager, c.ID, worldtest.Registration(login))
	require.NoError(t, err)
	found, err := w.Structures.FindPeople(ctx, c.Manager, structure.PersonSearch{Structure: c.ID, Login: login})
	require.NoError(t, err)
	m, err := w.Structures.Attach(ctx, c.Manager, newMember(c, account.Person(found.People[0].ID), c.Urba))
	require.NoError(t, err, "R-309")

	users, err := w.Structures.Users(ctx, c.Manager, structure.UserSearch{Structure: c.ID, Status: account.StatusPendingActivation}, structure.PageRequest{})
	require.NoError(t, err)
	require.Len(t, users.Items, 1)
	require.True(t, users.Items[0].Waits())
	w.Clock.Move(day)
	out, err := w.Structures.ResendActivation(ctx, c.Manager, c.ID, users.Items[0].Person.ID, c.Manager.ID)
	require.NoError(t, err)
	require.NoError(t, out[0].Err, "R-311")
	require.ErrorIs(t, out[1].Err, account.ErrNotPending)
	require.Equal(t, 2, w.Count(t, login, notify.MailActivation))

	done, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Kinds: []notify.Kind{"membership.attached", "membership.approved"}})
	require.NoError(t, err)
	require.NotEmpty(t, done)
	require.Equal(t, c.Manager.ID, done[0].Actor.ID, "R-310")
	require.Equal(t, m.Account, done[0].Applicant.ID)
}

// R-242, TI-19: a manager who is removed reads no request of the structure any more, from that
// moment on; what was asked and decided is kept.
func TestRemovedManagersReadNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		deputy := w.Join(t, "deputy@terneuil.example")
		n := newMember(c, deputy)
		n.Role = structure.RoleSecondaryManager
		role, err := w.Structures.Attach(ctx, c.Manager, n)
		require.NoError(t, err)
		lend(t, w, c, authz.Delegation{Users: true})
		m, err := w.Structures.Request(ctx, w.Join(t, clerk), ask(c, c.Urba))
		require.NoError(t, err)
		seen, err := w.Structures.Case(ctx, deputy, m.ID)
		require.NoError(t, err)
		require.True(t, may(t, w, deputy.ID, c.ID, "").Allowed)
		require.NoError(t, one(t)(w.Structures.RemoveMembers(ctx, c.Manager, role.ID)).Err)

		_, err = w.Structures.Case(ctx, deputy, m.ID)
		require.ErrorIs(t, err, structure.ErrNotFound)
		_, err = w.Structures.Dashboard(ctx, deputy)
		require.ErrorIs(t, err, structure.ErrDenied)
		_, err = w.Structures.History(ctx, deputy, c.ID, structure.HistoryQuery{})
		require.ErrorIs(t, err, structure.ErrNotFound)
		require.False(t, may(t, w, deputy.ID, c.ID, "").Allowed)
		kept, err := w.Structures.Case(ctx, c.Manager, m.ID)
		require.NoError(t, err)
		require.Equal(t, seen.Membership, kept.Membership)
		own, err := w.Structures.Mine(ctx, deputy, structure.StatusRemoved)
		require.NoError(t, err)
		require.Equal(t, role.ID, own[0].Membership.ID)
		w.Proven(t)
	})
}

// R-321, LG-08: what happened to somebody, newest first and page by page, with others told as
// what they are, and nothing of anybody else.
func TestFeed(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		openSpace(t, w, c, works)
		julie, _ := hire(t, w, c, clerk, c.Urba)
		hire(t, w, c, "other@terneuil.example", c.Urba)
		line := structure.Line{Service: c.Urba.ID, Space: works, Level: authz.Read}
		w.Clock.Move(time.Hour)
		_, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, line))
		require.NoError(t, err)
		var all []structure.FeedItem
		w.Unchanged(t, func() { all, err = w.Structures.Feed(ctx, julie, structure.FeedQuery{}) })
		require.NoError(t, err)
		top := all[0]
		require.Equal(t, structure.FeedItem{
			At: w.Clock.Now(), Kind: "subscription.requested", By: "self", Structure: c.ID, Where: c.DisplayName(),
			Scope: "URBA Urbanisme", Right: line, Position: top.Position,
		}, top)
		require.Equal(t, "Demandée (abonnement)", top.Label(language.French))
		require.Equal(t, []string{"membership.approved person URBA Urbanisme", "membership.requested self URBA Urbanisme", "account.activated self ", "account.registered anonymous "}, func() (out []string) {
			for _, f := range all[1:] {
				out = append(out, string(f.Kind)+" "+f.By+" "+f.Scope)
			}
			return out
		}())
		var paged []structure.FeedItem
		for q := (structure.FeedQuery{Limit: 1}); ; {
			page, err := w.Structures.Feed(ctx, julie, q)
			require.NoError(t, err)
			if len(page) == 0 {
				break
			}
			paged, q.After = append(paged, page...), page[0].Position
		}
		require.Equal(t, all, paged)
		only, err := w.Structures.Feed(ctx, julie, structure.FeedQuery{Kinds: []notify.Kind{"membership.approved"}})
		require.NoError(t, err)
		require.Equal(t, all[1:2], only)
		_, err = w.Structures.Feed(ctx, account.Anonymous(), structure.FeedQuery{})
		require.ErrorIs(t, err, account.ErrActor)
	})
}

// a manager who opens the membership of somebody who was refused, was removed
// or left reads who it was and what was decided, and not where the person is to be reached
// today; once the person asks again, that too.
func TestAnEndedMembershipShowsNoAddresses(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		julie := w.Join(t, clerk)
		_, _, err := w.Accounts.PatchProfile(ctx, julie, account.Patch{
			Phone: new("01 49 96 10 12"), Address: &account.PostalAddress{Street: "1 rue du Port", Postcode: "97500", Town: "Miquelon", Country: "FR"},
		})
		require.NoError(t, err)
		m, err := w.Structures.Request(ctx, julie, ask(c))
		require.NoError(t, err)
		shown := func(by account.Actor, full bool) {
			t.Helper()
			seen, err := w.Structures.Case(ctx, by, m.ID)
			require.NoError(t, err)
			who := seen.Applicant
			require.Equal(t, "Julie BON", who.DisplayName)
			require.Equal(t, []bool{full, full, full}, []bool{who.Phone != "", who.Address.Street != "", who.ContactEmail != ""})
		}
		approve := func(*testing.T) {
			_, err := w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
			require.NoError(t, err)
		}
		for name, end := range map[string]func(*testing.T){
			"refused": func(t *testing.T) {
				_, err := w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: "no"})
				require.NoError(t, err)
			},
			"taken back": func(t *testing.T) {
				_, err := w.Structures.Withdraw(ctx, julie, m.ID)
				require.NoError(t, err)
			},
			"removed": func(t *testing.T) {
				approve(t)
				shown(c.Manager, true)
				_, err := w.Structures.RemoveMembers(ctx, c.Manager, m.ID)
				require.NoError(t, err)
			},
		} {
			shown(c.Manager, true)
			end(t)
			shown(c.Manager, false)
			shown(julie, true)
			_, err := w.Structures.Request(ctx, julie, ask(c))
			require.NoError(t, err, name)
		}
		shown(c.Manager, true)
	})
}
