package notify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/notify"
)

func TestRunPollsWakesAndEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.opts.Now, b.opts.Poll = time.Now, time.Hour
		d := b.dispatcher(b.inbox)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- d.Run(ctx) }()
		synctest.Wait()
		b.clock.at = time.Now()
		b.owe("julie", time.Time{})
		time.Sleep(59 * time.Minute)
		require.Empty(t, b.inbox.All())
		d.Wake()
		d.Wake()
		synctest.Wait()
		require.Len(t, b.inbox.All(), 1, "sooner than the next poll")

		b.owe("paul", time.Time{})
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, b.inbox.All(), 2, "at the next poll")

		b.store.fail(errors.New("the database is away"))
		time.Sleep(3 * time.Hour)
		b.store.fail(nil)
		b.owe("jean", time.Time{})
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, b.inbox.All(), 3, "Run outlives its store's absence")

		cancel()
		require.NoError(t, <-ended)
	}) // and the bubble fails if a goroutine stays behind
}

// what is not wanted any more ends unsent; what cannot be answered waits, untried.
func TestOnlyWhatIsWantedIsSent(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer func() (bool, error)
		want   notify.Stats
		fails  bool
		status notify.MessageStatus
	}{
		"wanted":     {func() (bool, error) { return true, nil }, notify.Stats{Sent: 1}, false, notify.MessageSent},
		"not wanted": {func() (bool, error) { return false, nil }, notify.Stats{Expired: 1}, false, notify.MessageDead},
		"no answer":  {func() (bool, error) { return true, errors.New("store") }, notify.Stats{}, true, notify.MessageQueued},
		"a panic":    {func() (bool, error) { panic("host") }, notify.Stats{}, true, notify.MessageQueued},
	} {
		b := setup(t)
		m := b.owe("code/1", time.Time{})
		b.opts.Wanted = func(_ context.Context, asked notify.Message) (bool, error) {
			if asked.ID != m.ID || asked.Sealed != nil {
				t.Errorf("%s: asked about %v", name, asked.ID)
			}
			return row.answer()
		}
		stats, err := b.dispatcher(b.inbox).Drain(t.Context())
		require.Equal(t, row.fails, err != nil, name)
		require.Equal(t, row.want, stats, name)
		require.Len(t, b.inbox.All(), row.want.Sent, name)
		require.NoError(t, b.store.View(t.Context(), func(tx notify.Tx) error {
			after, err := tx.Message(t.Context(), m.ID)
			require.Equal(t, row.status, after.Status, name)
			if row.fails {
				require.Zero(t, after.Attempts, name)
			}
			return err
		}), name)
	}
}

// What is claimed while other mails are sent is given back with them when there is no time
// left to send it.
func TestWhatWasClaimedAheadIsGivenBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 6 {
		b.owe(fmt.Sprint("m", i), time.Time{})
	}
	ctx, stop := context.WithCancel(t.Context())
	b.opts.Batch = 2
	b.opts.Parallel = 1
	d := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error {
		require.Eventually(t, func() bool {
			leased := 0
			for _, m := range b.all() {
				if !m.LeasedUntil.IsZero() {
					leased++
				}
			}
			return leased == 4
		}, 10*time.Second, time.Millisecond, "two are sent and two claimed ahead")
		stop()
		return nil
	}))
	s, err := d.Drain(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, notify.Stats{Sent: 1}, s)
	for _, m := range b.all() {
		require.Zero(t, m.LeasedUntil)
		if m.Status == notify.MessageQueued {
			require.Zero(t, m.Attempts)
		}
	}
}
