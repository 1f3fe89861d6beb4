package structure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

const day = 24 * time.Hour

// caughtUp runs the job several times and returns what the first run did.
func caughtUp(t *testing.T, w *worldtest.World) int {
	t.Helper()
	n, err := w.Structures.CatchUp(t.Context())
	require.NoError(t, err)
	for range 2 {
		again, err := w.Structures.CatchUp(t.Context())
		require.NoError(t, err)
		require.Zero(t, again, "nothing is done twice")
	}
	return n
}

// RC-17 in spirit: a request is recalled once for each stage at its very instant, and
// ends when its time is over.
func TestRemindersAndExpiryOfRequests(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		policy := structure.Guide2024()
		policy.Memberships.RemindAfter, policy.Memberships.ExpireAfter = []time.Duration{7 * day, 14 * day}, 30*day
		w.Configure(t, &account.Options{}, &structure.Options{Policy: &policy})
		c := company(t, w)
		julie := w.Join(t, clerk)
		_, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		w.Clock.Move(7*day - time.Microsecond)
		require.Zero(t, caughtUp(t, w))
		w.Clock.Move(time.Microsecond)
		require.Equal(t, 1, caughtUp(t, w))
		require.Equal(t, "Julie BON", w.Last(t, boss, notify.MailMembershipReminder).Values["Applicant"])
		w.Clock.Move(10 * day) // the job comes late
		require.Equal(t, 1, caughtUp(t, w))
		require.Equal(t, 2, w.Count(t, boss, notify.MailMembershipReminder))
		w.Clock.Move(13*day - time.Microsecond)
		require.Zero(t, caughtUp(t, w))
		w.Clock.Move(time.Microsecond)
		require.Equal(t, 1, caughtUp(t, w))
		w.Last(t, clerk, notify.MailMembershipExpired)
		mine, err := w.Structures.Mine(ctx, julie)
		require.NoError(t, err)
		require.Equal(t, structure.StatusCancelled, mine[0].Membership.Status)
		_, err = w.Structures.Approve(ctx, c.Manager, mine[0].Membership.ID, structure.Approval{})
		require.ErrorIs(t, err, structure.ErrAlreadyDecided)

		w.Clock.Move(time.Hour)
		m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
		require.NoError(t, err)
		w.Clock.Move(60 * day)
		require.Zero(t, caughtUp(t, w), "what is decided is recalled no more")
		w.Proven(t)
	})
}

// The end of a membership is told once to the member and to the managers, thirty days
// before; another end is another notice; rights end whether the job ran or not.
func TestNoticesOfTheEnd(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	julie := w.Join(t, clerk)
	n := newMember(c, julie, c.Urba)
	n.Until = authz.Date{Year: 2027, Month: 1, Day: 31}
	m, err := w.Structures.Attach(ctx, c.Manager, n)
	require.NoError(t, err)
	w.Clock.Move(m.Validity.Until.Add(-30*day - time.Microsecond).Sub(w.Clock.Now()))
	require.Zero(t, caughtUp(t, w))
	w.Clock.Move(time.Microsecond)
	require.Equal(t, 1, caughtUp(t, w))
	require.Equal(t, "2027-01-31", w.Last(t, clerk, notify.MailMembershipEnding).Values["LastDay"])
	require.Equal(t, "Julie BON", w.Last(t, boss, notify.MailMemberEnding).Values["Applicant"])
	_, err = w.Structures.Request(ctx, julie, ask(c, c.Voie))
	require.NoError(t, err)
	caughtUp(t, w)
	require.Equal(t, 1, w.Count(t, clerk, notify.MailMembershipEnding), "asking for more recalls nothing")

	longer := authz.Validity{Until: m.Validity.Until.Add(100 * day)}
	_, err = w.Structures.ChangeMembership(ctx, c.Manager, m.ID, structure.Change{Validity: &longer})
	require.NoError(t, err)
	w.Clock.Move(100 * day)
	caughtUp(t, w)
	require.Equal(t, 2, w.Count(t, clerk, notify.MailMembershipEnding))
	w.Clock.Move(longer.Until.Sub(w.Clock.Now()) - time.Microsecond)
	require.True(t, may(t, w, julie.ID, c.ID, c.Urba.ID).Allowed)
	w.Clock.Move(time.Microsecond)
	require.False(t, may(t, w, julie.ID, c.ID, c.Urba.ID).Allowed, "without any job")
	w.Proven(t)
}

// recalling a request whose time is over already, before the job comes by, does not
// keep it from ending.
func TestRecallingARequestThatIsOver(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	policy := structure.Guide2024()
	policy.Memberships.ExpireAfter, policy.Subscriptions.ExpireAfter = 30*day, 30*day
	w.Configure(t, &account.Options{}, &structure.Options{Policy: &policy})
	c := company(t, w)
	openSpace(t, w, c, works)
	julie, rita := w.Join(t, clerk), w.Join(t, "rita@terneuil.example")
	enrol(t, w, c, rita)
	m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
	require.NoError(t, err)
	lines, err := w.Structures.RequestSubscriptions(ctx, rita, wish(c, write(works)))
	require.NoError(t, err)
	w.Clock.Move(30*day + time.Minute)
	require.NoError(t, w.Structures.Remind(ctx, julie, structure.RequestRef{Membership: m.ID}))
	require.NoError(t, w.Structures.Remind(ctx, rita, structure.RequestRef{Subscription: lines[0].ID}))
	require.Equal(t, 2, caughtUp(t, w))
	w.Last(t, clerk, notify.MailMembershipExpired)
	w.Last(t, "rita@terneuil.example", notify.MailSubscriptionExpired)
	w.Proven(t)
}

// R-325, C-12: while a member asks for more, what is held was granted when it was granted,
// and by whom; and an end that whoever decided knew is told of no more than before.
func TestAskingForMoreForgetsNoDecision(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		n := newMember(c, julie, c.Urba)
		n.Until = authz.Date{Year: 2026, Month: 12, Day: 10}
		m, err := w.Structures.Attach(ctx, c.Manager, n)
		require.NoError(t, err)
		attached := w.Clock.Now()
		require.Zero(t, caughtUp(t, w), "the end is near, and the manager knew")
		w.Clock.Move(time.Hour)
		more, err := w.Structures.Request(ctx, julie, ask(c, c.Voie))
		require.NoError(t, err)
		require.Equal(t, m.DecidedAt, more.DecidedAt)
		page, err := w.Structures.Members(ctx, c.Manager, c.ID, structure.MemberFilter{Role: structure.RoleMember}, structure.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, attached, page.Items[0].AttachedAt)
		d := may(t, w, julie.ID, c.ID, c.Urba.ID)
		require.True(t, d.Allowed)
		require.Equal(t, c.Manager.ID, d.Steps[len(d.Steps)-1].By)
		held, err := w.Authz.Statement(ctx, julie.ID, c.ID, w.Clock.Now())
		require.NoError(t, err)
		require.Equal(t, attached, held[0].Since)

		require.Zero(t, caughtUp(t, w))
		w.Clock.Move(7 * day)
		require.Equal(t, 1, caughtUp(t, w), "the request is recalled")
		require.Zero(t, w.Count(t, clerk, notify.MailMembershipEnding))
		w.Proven(t)
	})
}

// a request for more that is refused, or taken back, changes nothing of when
// and by whom what is held was given, nor does it swallow the notice of its end.
func TestARefusalOfMoreForgetsNoDecision(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		deputy := w.Join(t, "deputy@terneuil.example")
		second := newMember(c, deputy)
		second.Role = structure.RoleSecondaryManager
		_, err := w.Structures.Attach(ctx, c.Manager, second)
		require.NoError(t, err)
		lend(t, w, c, authz.Delegation{Users: true})
		julie := w.Join(t, clerk)
		n := newMember(c, julie, c.Urba)
		n.Until = authz.Date{Year: 2027, Month: 1, Day: 31}
		m, err := w.Structures.Attach(ctx, c.Manager, n)
		require.NoError(t, err)
		attached := w.Clock.Now()
		unmoved := func(after structure.Membership, err error) {
			t.Helper()
			require.NoError(t, err)
			require.Equal(t, []any{attached, c.Manager.ID}, []any{after.DecidedAt, after.DecidedBy})
			page, err := w.Structures.Members(ctx, c.Manager, c.ID, structure.MemberFilter{Role: structure.RoleMember}, structure.PageRequest{})
			require.NoError(t, err)
			require.Equal(t, attached, page.Items[0].AttachedAt)
			d := may(t, w, julie.ID, c.ID, c.Urba.ID)
			require.True(t, d.Allowed)
			require.Equal(t, c.Manager.ID, d.Steps[len(d.Steps)-1].By)
		}
		w.Clock.Move(m.Validity.Until.Add(-30 * day).Sub(w.Clock.Now()))
		_, err = w.Structures.Request(ctx, julie, ask(c, c.Voie))
		require.NoError(t, err)
		w.Clock.Move(time.Hour)
		unmoved(w.Structures.Reject(ctx, deputy, m.ID, structure.Refusal{Reason: "no"}))
		require.Equal(t, 1, caughtUp(t, w))
		w.Last(t, clerk, notify.MailMembershipEnding)
		_, err = w.Structures.Request(ctx, julie, ask(c, c.Voie))
		require.NoError(t, err)
		w.Clock.Move(time.Hour)
		unmoved(w.Structures.Withdraw(ctx, julie, m.ID))
		w.Proven(t)
	})
}

// whoever recalls a request for more after the end of what is held was to be told,
// and before the job comes by, is told of that end all the same, once.
func TestRecallingARequestKeepsTheNoticeOfTheEnd(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		n := newMember(c, julie, c.Urba)
		n.Until = authz.Date{Year: 2027, Month: 1, Day: 31}
		m, err := w.Structures.Attach(ctx, c.Manager, n)
		require.NoError(t, err)
		w.Clock.Move(m.Validity.Until.Add(-32 * day).Sub(w.Clock.Now()))
		_, err = w.Structures.Request(ctx, julie, ask(c, c.Voie))
		require.NoError(t, err)
		for range 2 {
			w.Clock.Move(2 * day)
			require.NoError(t, w.Structures.Remind(ctx, julie, structure.RequestRef{Membership: m.ID}))
		}
		caughtUp(t, w)
		require.Equal(t, 1, w.Count(t, clerk, notify.MailMembershipEnding))
		require.Equal(t, 1, w.Count(t, boss, notify.MailMemberEnding))
		w.Proven(t)
	})
}
