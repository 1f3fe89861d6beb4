package notify_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/notify"
)

func TestEndDuringSendGivesBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 10 {
		b.owe(fmt.Sprintf("m%d", i), time.Time{})
	}
	b.opts.Parallel, b.opts.AtRisk = 2, 2
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	started := 0
	d := b.dispatcher(mailerFunc(func(ctx context.Context, _ notify.Email) error {
		mu.Lock()
		if started++; started == 2 {
			cancel()
		}
		mu.Unlock()
		<-ctx.Done()
		return ctx.Err()
	}))
	s, err := d.Drain(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, s)
	require.Equal(t, 2, started)
	for _, m := range b.all() {
		require.Equal(t, notify.MessageQueued, m.Status)
		require.Zero(t, m.LeasedUntil, "another process need not wait")
		require.Zero(t, m.Attempts, "the try is not lost")
	}
	require.Equal(t, notify.Stats{Sent: 10}, b.drain(b.dispatcher(b.inbox)))
}

func TestAcceptedWhileEndingIsMarked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	ctx, cancel := context.WithCancel(t.Context())
	d := b.dispatcher(mailerFunc(func(ctx context.Context, m notify.Email) error {
		err := b.inbox.Send(ctx, m)
		cancel()
		return err
	}))
	s, err := d.Drain(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, notify.Stats{Sent: 1}, s)
	require.Equal(t, notify.MessageSent, b.message(owed.ID).Status)
}

// What the claim ahead ended counts, though nothing of it is sent any more.
func TestEndCountsWhatWasClaimedAhead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.owe("julie", time.Time{})
	b.clock.move(time.Millisecond)
	late := b.owe("late", start.Add(15*time.Minute))
	b.clock.move(15 * time.Minute)
	b.opts.Batch = 1
	ctx, cancel := context.WithCancel(t.Context())
	d := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error {
		require.Eventually(t, func() bool { return b.message(late.ID).Status == notify.MessageDead }, time.Minute, time.Millisecond)
		cancel()
		return nil
	}))
	s, err := d.Drain(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, notify.Stats{Sent: 1, Expired: 1}, s)
}

func TestGivingBackIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.owe("julie", time.Time{})
		ctx, cancel := context.WithCancel(t.Context())
		hanging := &hangingStore{Store: b.store}
		d, err := notify.NewDispatcher(hanging, mailerFunc(func(ctx context.Context, _ notify.Email) error {
			hanging.hang()
			cancel()
			<-ctx.Done()
			return ctx.Err()
		}), b.keys, &b.opts)
		require.NoError(t, err)
		before := time.Now()
		_, err = d.Drain(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 5*time.Second, time.Since(before))
	})
}

type hangingStore struct {
	notify.Store
	mu   sync.Mutex
	hung bool
}

func (h *hangingStore) hang() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.hung = true
}

func (h *hangingStore) Update(ctx context.Context, fn func(notify.Tx) error) error {
	h.mu.Lock()
	hung := h.hung
	h.mu.Unlock()
	if hung {
		<-ctx.Done()
		return ctx.Err()
	}
	return h.Store.Update(ctx, fn)
}

func TestSlowMailerIsCutOffBeforeItsLeaseEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.opts.Now = time.Now
		b.clock.at = time.Now()
		owed := b.owe("julie", time.Time{})
		before := time.Now()
		d := b.dispatcher(mailerFunc(func(ctx context.Context, _ notify.Email) error {
			<-ctx.Done()
			return fmt.Errorf("waiting: %w", ctx.Err())
		}))
		require.Equal(t, notify.Stats{Retried: 1}, b.drain(d))
		require.Equal(t, "timeout", b.message(owed.ID).LastError)
		require.Equal(t, 90*time.Second, time.Since(before))
	})
}

func TestLeaseIsRenewedBehindSlowMails(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 6 {
		b.owe(fmt.Sprintf("m%d", i), time.Time{})
	}
	b.opts.Parallel = 1
	other := b.dispatcher(b.inbox)
	sent := map[notify.MessageID]int{}
	d := b.dispatcher(mailerFunc(func(ctx context.Context, m notify.Email) error {
		sent[m.ID]++
		b.clock.move(50 * time.Second)
		_, err := other.Drain(ctx) // takes over what nobody holds
		return err
	}))
	s := b.drain(d)
	for _, m := range b.inbox.All() {
		sent[m.ID]++
	}
	require.Equal(t, 6, s.Sent+len(b.inbox.All()))
	require.Len(t, sent, 6)
	for id, n := range sent {
		require.Equal(t, 1, n, "message %s", id)
	}
}

func TestSentIsSentWhoeverHoldsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	slow := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error {
		b.clock.move(3 * time.Minute) // the host's mailer does not heed its context
		b.opts.MaxAttempts = 1
		busy := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error { return errors.New("no") }))
		require.Equal(t, notify.Stats{Dead: 1}, b.drain(busy), "its lease is gone")
		return nil
	}))
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(slow))
	m := b.message(owed.ID)
	require.Equal(t, notify.MessageSent, m.Status)
	require.Nil(t, m.Sealed)
}

func TestLateFailureChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	slow := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error {
		b.clock.move(3 * time.Minute)
		require.Equal(t, notify.Stats{Sent: 1}, b.drain(b.dispatcher(b.inbox)))
		return errors.New("no")
	}))
	require.Zero(t, b.drain(slow))
	require.Equal(t, notify.MessageSent, b.message(owed.ID).Status)
}

func TestTwoDispatchersNeverShareAMessage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const owed = 120
	for i := range owed {
		b.owe(fmt.Sprintf("m%d", i), time.Time{})
	}
	b.opts.Batch = 7
	var wg sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for range 4 {
		d := b.dispatcher(b.inbox)
		wg.Go(func() {
			s, err := d.Drain(t.Context())
			mu.Lock()
			defer mu.Unlock()
			total += s.Sent
			if err != nil {
				t.Errorf("draining: %v", err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, owed, total)
	seen := map[notify.MessageID]bool{}
	for _, m := range b.inbox.All() {
		require.False(t, seen[m.ID], "sent twice")
		seen[m.ID] = true
	}
	require.Len(t, seen, owed)
}

// ML-08: TestNothingIsLost lets mailer and store fail at random. Whatever happens, every
// message ends sent or dead, a sent one was accepted, and one that was accepted is
// sent again only if the store failed to note it.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		b := setup(t)
		n := rapid.IntRange(1, 5).Draw(r, "messages")
		for i := range n {
			b.owe(fmt.Sprintf("m%d", i), time.Time{})
		}
		b.opts.Parallel = 1
		accepted, unnoted := map[notify.MessageID]int{}, map[notify.MessageID]int{}
		chaos := true
		d := b.dispatcher(mailerFunc(func(_ context.Context, m notify.Email) error {
			fate := 0
			if chaos {
				fate = rapid.IntRange(0, 4).Draw(r, "fate")
			}
			switch fate {
			case 1:
				return errors.New("later")
			case 2:
				return notify.ErrUndeliverable
			case 3:
				panic("host")
			case 4:
				b.store.fail(errors.New("away"))
			}
			if b.store.failing() { // since this mail or an earlier one
				unnoted[m.ID]++
			}
			accepted[m.ID]++
			return nil
		}))
		for range rapid.IntRange(0, 12).Draw(r, "rounds") {
			_, _ = d.Drain(t.Context())
			b.store.fail(nil)
			b.clock.move(time.Duration(rapid.IntRange(0, 300).Draw(r, "seconds")) * time.Second)
		}
		chaos = false
		b.clock.move(2 * time.Hour)
		b.drain(d)
		for _, m := range b.all() {
			switch m.Status {
			case notify.MessageSent:
				require.NotZero(r, accepted[m.ID])
				require.LessOrEqual(r, accepted[m.ID], 1+unnoted[m.ID])
				require.Nil(r, m.Sealed)
			case notify.MessageDead:
				require.Equal(r, accepted[m.ID], unnoted[m.ID])
				require.NotNil(r, m.Sealed)
			default:
				r.Fatalf("message %s is still %s", m.ID, m.Status)
			}
		}
	})
}

// R-041, ML-19: a mail says in which language it is, which is English for readers of a
// language without mails.
func TestMailsTellTheirOwnLanguage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	told := map[string]string{}
	d := b.dispatcher(mailerFunc(func(_ context.Context, e notify.Email) error {
		told[string(e.To)] = e.Language
		require.Contains(t, e.HTML, `lang="`+e.Language+`"`)
		return nil
	}))
	for _, lang := range []string{"fr", "en", "de", ""} {
		require.NoError(t, b.store.Update(t.Context(), func(tx notify.Tx) error {
			return b.journal.Enqueue(t.Context(), tx, b.clock.now(), notify.Mail{
				Key: "mail/" + lang, Template: notify.MailSignedOutEverywhere, To: "x" + lang + "@example.org", Language: lang,
				Values: notify.Values{"Name": "Julie", "At": "2026-11-22T13:05:00Z"},
			})
		}))
	}
	require.Equal(t, 4, b.drain(d).Sent)
	require.Equal(t, map[string]string{"xfr@example.org": "fr", "xen@example.org": "en", "xde@example.org": "en", "x@example.org": "en"}, told)
}
