package notify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

func TestOperatorsPageAndCount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for n := range 5 {
		b.owe(fmt.Sprint("m", n), time.Time{})
		b.clock.move(time.Minute)
	}
	d := b.dispatcher(nil)
	q := notify.MessageQuery{Newest: true, Limit: 2}
	var seen []string
	for {
		page, err := d.Outbox(t.Context(), q)
		require.NoError(t, err)
		for _, m := range page {
			require.Nil(t, m.Sealed)
			seen = append(seen, m.Key)
			q.AfterAt, q.AfterID = m.CreatedAt, m.ID
		}
		if len(page) < 2 {
			break
		}
	}
	require.Equal(t, []string{"m4", "m3", "m2", "m1", "m0"}, seen)

	mailer := mailerFunc(func(_ context.Context, m notify.Email) error {
		switch m.To {
		case "m0@example.org":
			return nil
		case "m1@example.org":
			return errors.New("later")
		default:
			return notify.ErrUndeliverable
		}
	})
	b.drain(b.dispatcher(mailer))
	c, err := d.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, notify.OutboxCounts{Queued: 1, Sent: 1, Dead: 3, Retryable: 3, Oldest: start.Add(time.Minute)}, c)

	n, err := d.RetryAll(t.Context(), notify.MailActivation)
	require.NoError(t, err)
	require.Zero(t, n, "none of that mail")
	n, err = d.RetryAll(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, 3, n)
	b.clock.move(time.Hour)
	require.Equal(t, notify.Stats{Sent: 4}, b.drain(b.dispatcher(b.inbox)))
	c, err = d.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, notify.OutboxCounts{Sent: 5}, c)
}

func TestRetryAllTakesSeveralUnits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for n := range 450 {
		b.owe2(fmt.Sprint("m", n))
	}
	b.opts.Batch = 1000
	b.drain(b.dispatcher(mailerFunc(func(context.Context, notify.Email) error { return notify.ErrUndeliverable })))
	n, err := b.dispatcher(nil).RetryAll(t.Context(), notify.MailSignInCode)
	require.NoError(t, err)
	require.Equal(t, 450, n)
}

// owe2 is owe without a look at what is there.
func (b *bench) owe2(key string) {
	b.t.Helper()
	require.NoError(b.t, b.store.Update(b.t.Context(), func(tx notify.Tx) error {
		return b.journal.Enqueue(b.t.Context(), tx, b.clock.now(), notify.Mail{
			Key: key, Template: notify.MailSignInCode, To: key + "@example.org", Language: "fr", Values: only(notify.MailSignInCode),
		})
	}))
}

// ML-17: what a dead message said is wiped at the instant at which its link or code dies,
// and without such an instant after a while; later the row goes.
func TestWhatIsOverIsForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	linked := b.owe("linked", start.Add(40*24*time.Hour))
	plain := b.owe("plain", time.Time{})
	d := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error { return notify.ErrUndeliverable }))
	require.Equal(t, notify.Stats{Dead: 2}, b.drain(d))
	sent := b.owe("sent", time.Time{})
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(b.dispatcher(b.inbox)))
	waiting := b.owe("waiting", time.Time{})

	day := 24 * time.Hour
	for _, step := range []struct {
		at      time.Duration
		changed int
		says    string
	}{
		{30*day - time.Microsecond, 0, "both are kept"},
		{30 * day, 1, "the one without an end of its own is wiped"},
		{40*day - time.Microsecond, 0, "the link still works"},
		{40 * day, 1, "the link is dead"},
		{90 * day, 0, "the rows are kept"},
		{90*day + time.Microsecond, 3, "all but what waits are removed"},
		{400 * day, 0, "what is owed stays"},
	} {
		b.clock.move(start.Add(step.at).Sub(b.clock.now()))
		n, err := d.Tidy(t.Context())
		require.NoError(t, err)
		require.Equal(t, step.changed, n, step.says)
		if step.at == 30*day {
			require.Nil(t, b.message(plain.ID).Sealed)
			require.Empty(t, b.message(plain.ID).To)
			require.NotNil(t, b.message(linked.ID).Sealed)
			require.ErrorIs(t, d.Retry(t.Context(), plain.ID), notify.ErrNotRetryable)
		}
		if step.at == 40*day {
			require.Nil(t, b.message(linked.ID).Sealed)
			require.Equal(t, notify.MessageSent, b.message(sent.ID).Status)
		}
	}
	left := b.all()
	require.Len(t, left, 1)
	require.Equal(t, waiting.ID, left[0].ID)
}

func TestTidyTakesSeveralUnits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for n := range 450 {
		b.owe2(fmt.Sprint("m", n))
	}
	d := b.dispatcher(b.inbox)
	require.Equal(t, notify.Stats{Sent: 450}, b.drain(d))
	b.clock.move(91 * 24 * time.Hour)
	n, err := d.Tidy(t.Context())
	require.NoError(t, err)
	require.Equal(t, 450, n)

	b.store.fail(fault.ErrConflict)
	_, err = d.Tidy(t.Context())
	require.ErrorIs(t, err, fault.ErrConflict)
	_, err = d.RetryAll(t.Context(), "")
	require.ErrorIs(t, err, fault.ErrConflict)
}

// an address that the mail server refuses for good is told of; a mail that it
// refuses is not, and what the host does then changes nothing.
func TestRefusedAddressesAreToldOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause error
		told  bool
	}{
		"address": {fmt.Errorf("%w, %w", notify.ErrUndeliverable, notify.ErrNoSuchMailbox), true},
		"mail":    {notify.ErrUndeliverable, false},
		"later":   {errors.New("451"), false},
	} {
		for _, host := range []func() error{func() error { return nil }, func() error { return errors.New("x") }, func() error { panic("x") }} {
			b := setup(t)
			owed := b.owe("julie", time.Time{})
			told := 0
			b.opts.Undeliverable = func(_ context.Context, m notify.Message) error {
				told++
				require.Equal(t, owed.To, m.To, name)
				require.Nil(t, m.Sealed, name)
				return host()
			}
			b.drain(b.dispatcher(mailerFunc(func(context.Context, notify.Email) error { return c.cause })))
			require.Equal(t, c.told, told == 1, name)
			if c.told {
				require.Equal(t, notify.MessageDead, b.message(owed.ID).Status, name)
			}
		}
	}
}
