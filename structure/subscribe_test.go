package structure_test

import (
	"strings"
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

const works = authz.SpaceWorksInvoices

func read(space authz.Space) structure.Line { return structure.Line{Space: space, Level: authz.Read} }

func write(space authz.Space) structure.Line { return structure.Line{Space: space, Level: authz.Write} }

// hire makes somebody a simple user of services, or of the whole structure.
func hire(t testing.TB, w *worldtest.World, c worldtest.Company, login string, units ...structure.Unit) (account.Actor, structure.Membership) {
	t.Helper()
	by := w.Join(t, login)
	m, err := w.Structures.Request(t.Context(), by, ask(c, units...))
	require.NoError(t, err)
	m, err = w.Structures.Approve(t.Context(), c.Manager, m.ID, structure.Approval{})
	require.NoError(t, err)
	return by, m
}

func openSpace(t testing.TB, w *worldtest.World, c worldtest.Company, space authz.Space) {
	t.Helper()
	_, err := w.Structures.OpenSpace(t.Context(), c.Manager, c.ID, space)
	require.NoError(t, err)
}

func wish(c worldtest.Company, lines ...structure.Line) structure.SubscriptionRequest {
	return structure.SubscriptionRequest{Structure: c.ID, Lines: lines, From: today}
}

func lineIDs(lines []structure.Subscription) []structure.SubscriptionID {
	out := make([]structure.SubscriptionID, len(lines))
	for i, l := range lines {
		out[i] = l.ID
	}
	return out
}

// allowed reports whether an account holds a right on a service, or on the whole.
func allowed(t testing.TB, w *worldtest.World, a account.ID, s structure.ID, l structure.Line) bool {
	t.Helper()
	d, err := w.Authz.Check(t.Context(), authz.Request{Account: a, Structure: s, Service: l.Service, Space: l.Space, Level: l.Level})
	require.NoError(t, err)
	past, err := w.Authz.CheckAsOf(t.Context(), authz.Request{Account: a, Structure: s, Service: l.Service, Space: l.Space, Level: l.Level, At: w.Clock.Now()}, w.Clock.Now())
	require.NoError(t, err)
	require.Equal(t, d.Allowed, past.Allowed, "the history says the same as the tables")
	return d.Allowed
}

// ..R-275, R-283, R-284: ask for lines,
// wait, and get what the manager ticks: less and more than was asked for.
func TestAskForSpacesThenApprove(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		openSpace(t, w, c, works)
		openSpace(t, w, c, authz.SpaceInvoicesToValidate)
		julie, _ := hire(t, w, c, clerk, c.Urba)
		urba := structure.Line{Service: c.Urba.ID, Space: authz.SpaceInvoicesToValidate, Level: authz.Read}
		r := wish(c, read(works), write(works), urba)
		r.Comment = "for the quay"
		lines, err := w.Structures.RequestSubscriptions(ctx, julie, r)
		require.NoError(t, err)
		require.Len(t, lines, 3, "R-267")
		require.Equal(t, lines[0].Batch, lines[2].Batch, "R-283")
		told := w.Last(t, boss, notify.MailSubscriptionRequested)
		require.Equal(t, "Julie BON", told.Values["Applicant"])
		require.Equal(t, "Factures de travaux consultation, Factures de travaux modification, Factures à valider consultation (URBA)", told.Values["Spaces"])
		require.True(t, strings.HasSuffix(told.Values["Link"], "/manage/subscriptions/"+lines[0].Batch))
		asked := write(works)
		asked.Service = c.Urba.ID
		require.False(t, allowed(t, w, julie.ID, c.ID, asked), "R-262")

		groups, err := w.Structures.PendingSubscriptions(ctx, c.Manager)
		require.NoError(t, err)
		require.Len(t, groups, 1, "R-284")
		require.Equal(t, "Julie BON", groups[0].Applicant.DisplayName)
		require.Len(t, groups[0].Lines, 3)
		require.Equal(t, "for the quay", groups[0].Lines[0].Comment.Text, "R-274")
		none, err := w.Structures.PendingSubscriptions(ctx, julie)
		require.NoError(t, err)
		require.Empty(t, none)
		names, err := w.Structures.Approvers(ctx, julie, structure.RequestRef{Subscription: lines[0].ID})
		require.NoError(t, err)
		require.Equal(t, []string{"Julie BON"}, names, "R-271: the principal manager's name, no address")

		w.Clock.Move(time.Hour)
		more := structure.Line{Service: c.Urba.ID, Space: authz.SpaceInvoicesToValidate, Level: authz.Write}
		decided, err := w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{
			Requested: lineIDs(lines), Ticked: []structure.Line{read(works), more}, Comment: "reading will do",
		})
		require.NoError(t, err)
		require.Len(t, decided, 4)
		onUrba := func(space authz.Space, level authz.Level) bool {
			return allowed(t, w, julie.ID, c.ID, structure.Line{Service: c.Urba.ID, Space: space, Level: level})
		}
		require.True(t, onUrba(works, authz.Read))
		require.False(t, onUrba(works, authz.Write), "R-275: unticked is refused")
		require.True(t, onUrba(authz.SpaceInvoicesToValidate, authz.Write), "R-275: ticked without being asked for is granted")
		mail := w.Last(t, clerk, notify.MailSubscriptionDecided)
		require.Equal(t, "Factures de travaux consultation, Factures à valider modification (URBA)", mail.Values["Approved"])
		require.Equal(t, "Factures de travaux modification, Factures à valider consultation (URBA)", mail.Values["Refused"])
		require.Equal(t, "reading will do", mail.Values["Reason"], "R-276")

		again, err := w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{Requested: lineIDs(lines)})
		require.ErrorIs(t, err, structure.ErrAlreadyDecided)
		require.Equal(t, c.Manager.ID, again[0].DecidedBy, "the decision comes with the error")
		mine, err := w.Structures.MySubscriptions(ctx, julie)
		require.NoError(t, err)
		var shown []string
		for _, m := range mine {
			shown = append(shown, string(m.Subscription.Space)+" "+string(m.Subscription.Level)+" "+string(m.Subscription.Origin)+" "+string(m.Effect)+" "+m.Unit.Code)
		}
		require.Equal(t, []string{
			"invoices.issued read default held ", "invoices.issued write default held ", "invoices.to_validate write manager held URBA",
			"tickets.issued read default held ", "tickets.issued write default held ", "works_invoices read request held ",
		}, shown, "R-255, R-270")
		w.Proven(t)
	})
}

// R-258..R-260, R-263, R-264, R-269, R-285, R-196, R-184: what cannot be asked for, each
// bad line named.
func TestWhatCannotBeAskedFor(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	openSpace(t, w, c, works)
	julie, m := hire(t, w, c, clerk, c.Urba)
	outsider := w.Join(t, "zoe@terneuil.example")
	other := structure.Line{Service: c.Voie.ID, Space: works, Level: authz.Read}
	long := wish(c, read(works))
	long.Comment = strings.Repeat("é", 256)
	many := wish(c)
	for range 101 {
		many.Lines = append(many.Lines, read(works))
	}
	late, never := wish(c, read(works)), wish(c, read(works))
	late.From, never.From = today.AddDays(-1), authz.Date{}
	for _, row := range []struct {
		name   string
		by     account.Actor
		ask    structure.SubscriptionRequest
		err    error
		fields map[string]string
	}{
		{"R-260 not a member", outsider, wish(c, read(works)), structure.ErrNotFound, nil},
		{"nobody", account.Anonymous(), wish(c, read(works)), account.ErrActor, nil},
		{"nothing", julie, wish(c), nil, map[string]string{"lines": "min1 "}},
		{"R-264 256 characters", julie, long, nil, map[string]string{"comment": "max255 "}},
		{"R-263 no day", julie, never, nil, map[string]string{"from": "required "}},
		{"R-263 yesterday", julie, late, nil, map[string]string{"from": "past "}},
		{"unknown space", julie, wish(c, read("nothing")), nil, map[string]string{"lines[0]": "space "}},
		{"unknown level", julie, wish(c, structure.Line{Space: works, Level: "own"}), nil, map[string]string{"lines[0].level": "oneofread write "}},
		{"twice", julie, wish(c, read(works), read(works)), nil, map[string]string{"lines[1]": "repeated "}},
		{"R-285 not open", julie, wish(c, read(works), read(authz.SpaceInvoicesToValidate)), structure.ErrSpaceNotOpen, map[string]string{"lines[1]": "space_not_open "}},
		{"R-196 everybody's", julie, wish(c, read(authz.SpaceHome)), structure.ErrSpaceFixed, map[string]string{"lines[0]": "space_fixed "}},
		{"R-184 managers'", julie, wish(c, read(authz.SpaceManagerActivities)), structure.ErrSpaceFixed, map[string]string{"lines[0]": "space_fixed "}},
		{"R-269 service not held", julie, wish(c, other), structure.ErrServiceNotHeld, map[string]string{"lines[0]": "service_not_held "}},
		{"held by role", julie, wish(c, read(authz.SpaceTicketsIssued)), structure.ErrAlreadySubscribed, map[string]string{"lines[0]": "already_subscribed "}},
	} {
		w.Unchanged(t, func() {
			_, err := w.Structures.RequestSubscriptions(ctx, row.by, row.ask)
			require.Error(t, err, row.name)
			if row.err != nil {
				require.ErrorIs(t, err, row.err, row.name)
			}
			if row.fields != nil {
				require.Equal(t, row.fields, codes(err), row.name)
			}
		})
	}
	_, err := w.Structures.RequestSubscriptions(ctx, julie, many)
	require.Equal(t, "max100 ", codes(err)["lines"])
	exact := wish(c, read(works))
	exact.Comment = strings.Repeat("é", 255)
	_, err = w.Structures.RequestSubscriptions(ctx, julie, exact)
	require.NoError(t, err, "R-264: 255 characters")
	_, err = w.Structures.RequestSubscriptions(ctx, julie, wish(c, write(works), read(works)))
	require.ErrorIs(t, err, structure.ErrSubscriptionPending, "R-285")
	require.Equal(t, map[string]string{"lines[1]": "subscription_pending "}, codes(err))
	_ = m
	w.Proven(t)
}

// before its day a right is scheduled, on its day it holds; no line begins before
// the membership does.
func TestEffectiveDay(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	openSpace(t, w, c, works)
	julie := w.Join(t, clerk)
	r := ask(c)
	r.From = today.AddDays(10)
	m, err := w.Structures.Request(ctx, julie, r)
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
	require.NoError(t, err)
	want := wish(c, read(works))
	want.From = today.AddDays(9)
	_, err = w.Structures.RequestSubscriptions(ctx, julie, want)
	require.Equal(t, map[string]string{"from": "before_membership "}, codes(err))
	want.From = today.AddDays(12)
	lines, err := w.Structures.RequestSubscriptions(ctx, julie, want)
	require.NoError(t, err, "R-285: a membership that begins later carries it")
	_, err = w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{Requested: lineIDs(lines)})
	require.NoError(t, err)
	begins := lines[0].Validity.From
	w.Clock.Move(begins.Sub(w.Clock.Now()) - time.Microsecond)
	require.False(t, allowed(t, w, julie.ID, c.ID, read(works)))
	mine, err := w.Structures.MySubscriptions(ctx, julie)
	require.NoError(t, err)
	require.Equal(t, structure.EffectScheduled, mine[len(mine)-1].Effect)
	w.Clock.Move(time.Microsecond)
	require.True(t, allowed(t, w, julie.ID, c.ID, read(works)))
}

// C-18, BF-03: refused with a reason; a manager decides no
// request of their own, an outsider sees none; several at once, each with its result.
func TestRefuseAndDecideMany(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie, _ := hire(t, w, c, clerk)
		zoe, _ := hire(t, w, c, "zoe@terneuil.example")
		openSpace(t, w, c, works)
		groups, err := w.Structures.PendingSubscriptions(ctx, c.Manager)
		require.NoError(t, err)
		require.Len(t, groups, 2, "R-189, R-282: one list for each person")
		if groups[0].Applicant.ID != julie.ID {
			groups[0], groups[1] = groups[1], groups[0]
		}
		outsider := w.Join(t, "max@terneuil.example")
		id := groups[0].Lines[0].ID
		_, err = w.Structures.RejectSubscriptions(ctx, c.Manager, []structure.SubscriptionID{id}, structure.Refusal{})
		require.Equal(t, map[string]string{"reason": "required "}, codes(err), "R-279")
		_, err = w.Structures.RejectSubscriptions(ctx, outsider, []structure.SubscriptionID{id}, structure.Refusal{Reason: "no"})
		require.ErrorIs(t, err, structure.ErrNotFound)
		_, err = w.Structures.RejectSubscriptions(ctx, julie, []structure.SubscriptionID{groups[1].Lines[0].ID}, structure.Refusal{Reason: "no"})
		require.ErrorIs(t, err, structure.ErrDenied, "a simple user decides nothing")
		both := []structure.SubscriptionID{groups[0].Lines[0].ID, groups[1].Lines[0].ID}
		_, err = w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{Requested: both})
		require.ErrorIs(t, err, structure.ErrNotFound, "one verdict is about one person")
		refused, err := w.Structures.RejectSubscriptions(ctx, c.Manager, []structure.SubscriptionID{id}, structure.Refusal{Reason: "not yours"})
		require.NoError(t, err)
		require.Equal(t, structure.SubscriptionRejected, refused[0].Status)
		require.Equal(t, "not yours", w.Last(t, clerk, notify.MailSubscriptionDecided).Values["Reason"])

		lines, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, write(works)))
		require.NoError(t, err)
		out, err := w.Structures.ApproveManySubscriptions(ctx, c.Manager, lines[0].ID, id, "nothing", both[1])
		require.NoError(t, err)
		require.Len(t, out, 4)
		require.NoError(t, out[0].Err)
		require.Equal(t, structure.SubscriptionApproved, out[0].Subscription.Status)
		require.ErrorIs(t, out[1].Err, structure.ErrAlreadyDecided)
		require.Equal(t, structure.SubscriptionRejected, out[1].Subscription.Status, "as it was decided")
		require.ErrorIs(t, out[2].Err, structure.ErrNotFound)
		require.NoError(t, out[3].Err)
		require.True(t, allowed(t, w, zoe.ID, c.ID, read(works)))
		out, err = w.Structures.RejectManySubscriptions(ctx, c.Manager, []structure.SubscriptionID{lines[0].ID}, structure.Refusal{Reason: "no"})
		require.NoError(t, err)
		require.ErrorIs(t, out[0].Err, structure.ErrAlreadyDecided)
		_, err = w.Structures.ApproveManySubscriptions(ctx, c.Manager, make([]structure.SubscriptionID, 1001)...)
		require.Equal(t, map[string]string{"subscriptions": "too_many1000 "}, codes(err))
		w.Proven(t)
	})
}

// invariant (8): a membership that ends takes its lines along, a line that
// waits on one that is over is cancelled, and joining again revives nothing.
func TestTheMembershipCarriesTheLines(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	openSpace(t, w, c, works)
	julie := w.Join(t, clerk)
	r := ask(c, c.Urba, c.Voie)
	r.Until = today.AddDays(30)
	m, err := w.Structures.Request(ctx, julie, r)
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
	require.NoError(t, err)
	onVoie := structure.Line{Service: c.Voie.ID, Space: works, Level: authz.Read}
	_, err = w.Structures.GrantSubscriptions(ctx, c.Manager, structure.SubscriptionGrant{Structure: c.ID, Account: julie.ID, Lines: []structure.Line{onVoie}})
	require.NoError(t, err)
	require.Equal(t, "Factures de travaux consultation (VOIE)", w.Last(t, clerk, notify.MailSubscriptionGranted).Values["Spaces"], "R-304")
	require.True(t, allowed(t, w, julie.ID, c.ID, onVoie))
	lines, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, write(works)))
	require.NoError(t, err)

	_, err = w.Structures.Request(ctx, julie, ask(c, c.Acha))
	require.NoError(t, err)
	fewer := structure.Services(c.Urba.ID, c.Acha.ID)
	_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Scope: &fewer})
	require.NoError(t, err)
	everything := structure.Services(c.Urba.ID, c.Acha.ID, c.Voie.ID)
	_, err = w.Structures.Request(ctx, julie, ask(c, c.Voie))
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Scope: &everything})
	require.NoError(t, err)
	require.False(t, allowed(t, w, julie.ID, c.ID, onVoie), "a service that comes back brings no right back")

	w.Clock.Move(31 * 24 * time.Hour)
	ended, err := w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{Requested: lineIDs(lines)})
	require.NoError(t, err)
	require.Equal(t, structure.SubscriptionCancelled, ended[0].Status, "R-286")
	want := wish(c, write(works))
	want.From = today.AddDays(31)
	_, err = w.Structures.RequestSubscriptions(ctx, julie, want)
	require.ErrorIs(t, err, structure.ErrMembershipEnded)
	w.Proven(t)
}

// one's own line goes at once; a manager's removal is told by
// mail; a request that waits is withdrawn.
func TestRemoveAndWithdraw(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		openSpace(t, w, c, works)
		julie, _ := hire(t, w, c, clerk)
		zoe, _ := hire(t, w, c, "zoe@terneuil.example")
		given, err := w.Structures.GrantSubscriptions(ctx, c.Manager, structure.SubscriptionGrant{Structure: c.ID, Account: julie.ID, Lines: []structure.Line{read(works), write(works)}})
		require.NoError(t, err)
		out, err := w.Structures.RemoveSubscriptions(ctx, zoe, given[0].ID, "nothing")
		require.NoError(t, err)
		require.ErrorIs(t, out[0].Err, structure.ErrDenied)
		require.ErrorIs(t, out[1].Err, structure.ErrNotFound)
		out, err = w.Structures.RemoveSubscriptions(ctx, julie, given[1].ID)
		require.NoError(t, err)
		require.NoError(t, out[0].Err)
		require.False(t, allowed(t, w, julie.ID, c.ID, write(works)), "R-256: at once")
		require.Zero(t, w.Count(t, clerk, notify.MailSubscriptionRemoved), "nobody is told what they did")
		out, err = w.Structures.RemoveSubscriptions(ctx, c.Manager, given[0].ID, given[1].ID)
		require.NoError(t, err)
		require.NoError(t, out[0].Err)
		require.ErrorIs(t, out[1].Err, structure.ErrNotSubscribed)
		require.Equal(t, "Factures de travaux consultation", w.Last(t, clerk, notify.MailSubscriptionRemoved).Values["Spaces"])
		lines, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, read(works)))
		require.NoError(t, err)
		require.False(t, allowed(t, w, julie.ID, c.ID, read(works)), "invariant (8): asking again revives nothing")
		_, err = w.Structures.WithdrawSubscription(ctx, zoe, lines[0].ID)
		require.ErrorIs(t, err, structure.ErrNotFound)
		line, err := w.Structures.WithdrawSubscription(ctx, julie, lines[0].ID)
		require.NoError(t, err)
		require.Equal(t, structure.SubscriptionCancelled, line.Status)
		_, err = w.Structures.WithdrawSubscription(ctx, julie, lines[0].ID)
		require.ErrorIs(t, err, structure.ErrAlreadyDecided)
		entries, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Kinds: []notify.Kind{"subscription.withdrawn"}})
		require.NoError(t, err)
		require.Equal(t, "Annulée (abonnement)", entries[0].Label(language.French))
		require.Equal(t, read(works), entries[0].Right)
		require.Empty(t, entries[0].Scope, "for all that the membership covers")
		w.Proven(t)
	})
}

// the applicant reminds the approvers, of a membership as of a subscription, and
// not more often than the policy allows.
func TestRemind(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	openSpace(t, w, c, works)
	julie := w.Join(t, clerk)
	m, err := w.Structures.Request(ctx, julie, ask(c))
	require.NoError(t, err)
	join := structure.RequestRef{Membership: m.ID}
	w.Clock.Move(24*time.Hour - time.Microsecond)
	require.ErrorIs(t, w.Structures.Remind(ctx, julie, join), account.ErrThrottled)
	w.Clock.Move(time.Microsecond)
	require.NoError(t, w.Structures.Remind(ctx, julie, join))
	require.Equal(t, 1, w.Count(t, boss, notify.MailMembershipReminder))
	require.ErrorIs(t, w.Structures.Remind(ctx, julie, join), account.ErrThrottled)
	_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
	require.NoError(t, err)
	require.ErrorIs(t, w.Structures.Remind(ctx, julie, join), structure.ErrAlreadyDecided)

	want := wish(c, read(works), write(works))
	want.From = today.AddDays(1)
	lines, err := w.Structures.RequestSubscriptions(ctx, julie, want)
	require.NoError(t, err)
	ref := structure.RequestRef{Subscription: lines[0].ID}
	require.ErrorIs(t, w.Structures.Remind(ctx, julie, ref), account.ErrThrottled)
	w.Clock.Move(24 * time.Hour)
	require.ErrorIs(t, w.Structures.Remind(ctx, c.Manager, ref), structure.ErrNotFound, "nobody else's request")
	require.NoError(t, w.Structures.Remind(ctx, julie, ref))
	require.Equal(t, 2, w.Count(t, boss, notify.MailSubscriptionRequested), "one mail for what was asked for together")
	require.Error(t, w.Structures.Remind(ctx, julie, structure.RequestRef{}))
	w.Proven(t)
}
