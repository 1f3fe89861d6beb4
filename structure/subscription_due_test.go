package structure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// R-262, RC-17 in spirit: a request for spaces is recalled once for each stage at its very
// instant, with all its lines in one mail, and ends when its time is over; what the
// opening of a space listed is nobody's request.
func TestRemindersAndExpiryOfSubscriptions(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		policy := structure.Guide2024()
		require.Equal(t, []time.Duration{7 * day}, policy.Subscriptions.RemindAfter)
		policy.Subscriptions.ExpireAfter = 30 * day
		w.Configure(t, &account.Options{}, &structure.Options{Policy: &policy})
		c := company(t, w)
		julie, _ := hire(t, w, c, clerk, c.Urba)
		openSpace(t, w, c, works)
		before := w.Count(t, boss, notify.MailSubscriptionRequested)
		_, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, write(works), structure.Line{Service: c.Urba.ID, Space: works, Level: authz.Read}))
		require.NoError(t, err)
		require.Equal(t, before+1, w.Count(t, boss, notify.MailSubscriptionRequested))
		w.Clock.Move(7*day - time.Microsecond)
		require.Zero(t, caughtUp(t, w))
		w.Clock.Move(time.Microsecond)
		require.Equal(t, 1, caughtUp(t, w))
		require.Equal(t, before+2, w.Count(t, boss, notify.MailSubscriptionRequested))
		w.Clock.Move(23*day - time.Microsecond)
		require.Zero(t, caughtUp(t, w))
		w.Clock.Move(time.Microsecond)
		require.Equal(t, 1, caughtUp(t, w))
		require.Equal(t, before+2, w.Count(t, boss, notify.MailSubscriptionRequested))
		mail := w.Last(t, clerk, notify.MailSubscriptionExpired)
		require.Equal(t, 1, w.Count(t, clerk, notify.MailSubscriptionExpired))
		require.Contains(t, mail.Values["Spaces"], "(URBA)")
		d, err := w.Structures.Dashboard(ctx, c.Manager)
		require.NoError(t, err)
		require.Equal(t, structure.OriginSpaceOpened, d.Subscriptions.Items[0].Lines[0].Origin)
		require.Len(t, d.Subscriptions.Items[0].Lines, 1, "what nobody asked for waits on")
		w.Proven(t)
	})
}

// A policy names reminders and an end in an order that can be.
func TestSubscriptionPolicyOfTheClock(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	good := structure.Guide2024()
	_, err := structure.New(storage.Structures(w.Store), w.Keys, &structure.Options{Policy: &good})
	require.NoError(t, err)
	for _, bad := range []structure.SubscriptionPolicy{
		{RemindAfter: []time.Duration{time.Hour - 1}},
		{RemindAfter: []time.Duration{day, day}},
		{RemindAfter: hours(structure.MaxReminders + 1)},
		{ExpireAfter: -1},
		{RemindAfter: []time.Duration{day}, ExpireAfter: day},
	} {
		policy := structure.Guide2024()
		policy.Subscriptions = bad
		_, err := structure.New(storage.Structures(w.Store), w.Keys, &structure.Options{Policy: &policy})
		require.ErrorIs(t, err, structure.ErrBadPolicy)
	}
}
