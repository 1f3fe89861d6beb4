package notify_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

var start = time.Date(2026, 11, 22, 13, 0, 0, 0, time.UTC)

// clock is a clock that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// mailerFunc is a Mailer made of a function.
type mailerFunc func(ctx context.Context, m notify.Email) error

func (f mailerFunc) Send(ctx context.Context, m notify.Email) error { return f(ctx, m) }

// breakable is a store whose units can be made to fail.
type breakable struct {
	notify.Store
	mu    sync.Mutex
	fault error
}

func (b *breakable) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = err
}

func (b *breakable) failing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fault != nil
}

func (b *breakable) Update(ctx context.Context, fn func(notify.Tx) error) error {
	b.mu.Lock()
	err := b.fault
	b.mu.Unlock()
	if err != nil {
		return err
	}
	return b.Store.Update(ctx, fn)
}

type bench struct {
	t       *testing.T
	store   *breakable
	keys    *account.Keys
	journal *notify.Journal
	clock   *clock
	inbox   *notify.Inbox
	opts    notify.DispatcherOptions
}

// key returns a key of its own for every seed; it looks random enough for NewKeys.
func key(seed byte) []byte {
	sum := sha256.Sum256([]byte{seed})
	return sum[:account.KeySize]
}

func setup(t *testing.T) *bench {
	t.Helper()
	keys, err := account.NewKeys(key(7))
	require.NoError(t, err)
	b := &bench{
		t: t, store: &breakable{Store: storage.Notices(memory.New())}, keys: keys,
		journal: notify.NewJournal(keys, ids.NewMaker(nil)), clock: &clock{at: start}, inbox: notify.NewInbox(),
	}
	b.opts = notify.DispatcherOptions{Now: b.clock.now, Jitter: func() float64 { return 0 }}
	return b
}

func (b *bench) dispatcher(m notify.Mailer) *notify.Dispatcher {
	b.t.Helper()
	d, err := notify.NewDispatcher(b.store, m, b.keys, &b.opts)
	require.NoError(b.t, err)
	return d
}

// owe puts a sign-in code into the outbox.
func (b *bench) owe(key string, expires time.Time) notify.Message {
	b.t.Helper()
	require.NoError(b.t, b.store.Update(b.t.Context(), func(tx notify.Tx) error {
		return b.journal.Enqueue(b.t.Context(), tx, b.clock.now(), notify.Mail{
			Key: key, Template: notify.MailSignInCode, To: key + "@example.org", Language: "fr",
			Values: only(notify.MailSignInCode), ExpiresAt: expires,
		})
	}))
	for _, m := range b.all() {
		if m.Key == key {
			return m
		}
	}
	b.t.Fatalf("message %s is not in the outbox", key)
	return notify.Message{}
}

func (b *bench) all() (found []notify.Message) {
	b.t.Helper()
	require.NoError(b.t, b.store.View(b.t.Context(), func(tx notify.Tx) (err error) {
		found, err = tx.Messages(b.t.Context(), notify.MessageQuery{Limit: 1000})
		return err
	}))
	return found
}

func (b *bench) message(id notify.MessageID) notify.Message {
	b.t.Helper()
	for _, m := range b.all() {
		if m.ID == id {
			return m
		}
	}
	b.t.Fatalf("no message %s", id)
	return notify.Message{}
}

func (b *bench) drain(d *notify.Dispatcher) notify.Stats {
	b.t.Helper()
	s, err := d.Drain(b.t.Context())
	require.NoError(b.t, err)
	return s
}

func TestDrainSendsWhatIsDue(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", start.Add(time.Hour))
	d := b.dispatcher(b.inbox)
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(d))

	mail, ok := b.inbox.Last("julie@example.org")
	require.True(t, ok)
	require.Equal(t, owed.ID, mail.ID)
	require.Equal(t, notify.MailSignInCode, mail.Template)
	require.Equal(t, "fr", mail.Language)
	require.Equal(t, "Votre code de connexion", mail.Subject)
	require.Contains(t, mail.Text, values["Code"])
	require.Contains(t, mail.HTML, values["Code"])

	m := b.message(owed.ID)
	require.Equal(t, notify.MessageSent, m.Status)
	require.Nil(t, m.Sealed, "what was said is wiped")
	require.Equal(t, start, m.SentAt)
	require.Zero(t, m.LeasedUntil)
	require.Equal(t, 1, m.Attempts)

	b.clock.move(24 * time.Hour)
	require.Zero(t, b.drain(d), "once is enough")
}

func TestDrainTakesSeveralBatches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 23 {
		b.owe(fmt.Sprintf("m%d", i), time.Time{})
	}
	b.opts.Batch = 5
	require.Equal(t, notify.Stats{Sent: 23}, b.drain(b.dispatcher(b.inbox)))
	require.Len(t, b.inbox.All(), 23)
}

func TestExpiredIsNotSentAndForgotten_ML11(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", start.Add(15*time.Minute))
	b.clock.move(15 * time.Minute)
	d := b.dispatcher(b.inbox)
	require.Equal(t, notify.Stats{Expired: 1}, b.drain(d))
	require.Empty(t, b.inbox.All())
	m := b.message(owed.ID)
	require.Equal(t, notify.MessageDead, m.Status)
	require.Equal(t, "expired", m.LastError)
	require.Nil(t, m.Sealed)
	require.ErrorIs(t, d.Retry(t.Context(), owed.ID), notify.ErrNotRetryable)
}

func TestBackoffDoublesAndEnds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	tries := 0
	d := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error {
		tries++
		return errors.New("451 try later")
	}))
	for i, pause := range []time.Duration{
		30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute,
		32 * time.Minute, time.Hour, time.Hour, time.Hour, time.Hour,
	} {
		require.Equal(t, notify.Stats{Retried: 1}, b.drain(d))
		m := b.message(owed.ID)
		require.Equal(t, notify.MessageQueued, m.Status)
		require.Equal(t, i+1, m.Attempts)
		require.Equal(t, pause, m.NotBefore.Sub(b.clock.now()))
		require.Zero(t, m.LeasedUntil)
		b.clock.move(pause - time.Microsecond)
		require.Zero(t, b.drain(d), "not before its time")
		b.clock.move(time.Microsecond)
	}
	require.Equal(t, notify.Stats{Dead: 1}, b.drain(d))
	require.Equal(t, 12, tries)
	require.Equal(t, notify.MessageDead, b.message(owed.ID).Status)

	t.Run("AnOperatorRetries", func(t *testing.T) {
		t.Parallel()
		d := b.dispatcher(b.inbox)
		require.NoError(t, d.Retry(t.Context(), owed.ID))
		require.Equal(t, notify.Stats{Sent: 1}, b.drain(d))
		require.Len(t, b.inbox.All(), 1)
		require.ErrorIs(t, d.Retry(t.Context(), owed.ID), notify.ErrNotRetryable, "sent")
		require.ErrorIs(t, d.Retry(t.Context(), "nonsense"), fault.ErrNotFound)
		require.ErrorIs(t, d.Retry(t.Context(), "01900000-0000-7000-8000-000000000000"), fault.ErrNotFound)
	})
}

func TestJitterShortensByUpToHalf(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	b.opts.Jitter = func() float64 { return 0.5 }
	b.drain(b.dispatcher(mailerFunc(func(context.Context, notify.Email) error { return errors.New("no") })))
	require.Equal(t, 30*time.Second-7500*time.Millisecond, b.message(owed.ID).NotBefore.Sub(start))
}

func TestUndeliverableIsDeadAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	d := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error {
		return fmt.Errorf("rcpt: %w", notify.ErrUndeliverable)
	}))
	require.Equal(t, notify.Stats{Dead: 1}, b.drain(d))
	m := b.message(owed.ID)
	require.Equal(t, notify.MessageDead, m.Status)
	require.Equal(t, "undeliverable", m.LastError)
	require.NotNil(t, m.Sealed, "an operator may mend the cause")
	require.NoError(t, d.Retry(t.Context(), owed.ID))
}

func TestNoUnitIsOpenDuringSend(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.owe("julie", time.Time{})
	d := b.dispatcher(mailerFunc(func(ctx context.Context, _ notify.Email) error {
		// The memory store lets one unit write at a time: this would wait for ever.
		return b.store.Update(ctx, func(notify.Tx) error { return nil })
	}))
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(d))
}

func TestCrashAfterAcceptance_ML10(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	dying := b.dispatcher(mailerFunc(func(ctx context.Context, m notify.Email) error {
		b.store.fail(errors.New("the process is gone"))
		return b.inbox.Send(ctx, m)
	}))
	_, err := dying.Drain(t.Context())
	require.Error(t, err)
	b.store.fail(nil)
	require.Len(t, b.inbox.All(), 1)
	require.Equal(t, notify.MessageQueued, b.message(owed.ID).Status)

	next := b.dispatcher(b.inbox)
	b.clock.move(2*time.Minute - time.Microsecond)
	require.Zero(t, b.drain(next), "the lease holds")
	b.clock.move(time.Microsecond)
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(next))
	b.clock.move(time.Hour)
	require.Zero(t, b.drain(next))

	mails := b.inbox.All()
	require.Len(t, mails, 2, "one duplicate at most")
	require.Equal(t, mails[0], mails[1], "the same identifier and text")
}

func TestMailThatKillsEveryProcessIsGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	b.opts.MaxAttempts = 3
	tries := 0
	dying := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error {
		tries++
		b.store.fail(errors.New("the process is gone"))
		return errors.New("never told")
	}))
	for range 3 {
		_, err := dying.Drain(t.Context())
		require.Error(t, err)
		b.store.fail(nil)
		b.clock.move(2 * time.Minute)
	}
	require.Equal(t, notify.Stats{Dead: 1}, b.drain(dying))
	require.Equal(t, 3, tries)
	require.Equal(t, notify.MessageDead, b.message(owed.ID).Status)
}

// DS-17: a mailer that panics fails its own mail and nothing else.
func TestPanicIsContained(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	b.owe("paul", time.Time{})
	b.opts.OnError = func(error) { panic("in the hook, too") }
	d := b.dispatcher(mailerFunc(func(ctx context.Context, m notify.Email) error {
		if m.To == "julie@example.org" {
			panic("the code is " + values["Code"])
		}
		return b.inbox.Send(ctx, m)
	}))
	require.Equal(t, notify.Stats{Sent: 1, Retried: 1}, b.drain(d))
	m := b.message(owed.ID)
	require.Equal(t, "the mailer panicked", m.LastError)
	require.Zero(t, m.LeasedUntil, "nothing stays locked")
}

// talkative is an error that quotes the mail, as a mail server's reply may.
type talkative struct{ notify.Email }

func (e talkative) Error() string { return "554 rejected: " + e.To + e.Subject + e.Text }

// wordy is an error that says why.
type wordy struct{ error }

func (wordy) Reason() string { return "rcpt: 450 4.2.1\r\n" + strings.Repeat("x", 500) }

func TestErrorsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	quoting := b.owe("julie", time.Time{})
	naming := b.owe("paul", time.Time{})
	var mu sync.Mutex
	var told []string
	b.opts.OnError = func(err error) {
		mu.Lock()
		defer mu.Unlock()
		told = append(told, err.Error())
	}
	d := b.dispatcher(mailerFunc(func(_ context.Context, m notify.Email) error {
		if m.To == "paul@example.org" {
			return fmt.Errorf("sending: %w", wordy{talkative{m}})
		}
		return talkative{m}
	}))
	require.Equal(t, notify.Stats{Retried: 2}, b.drain(d))
	require.Equal(t, "the mailer failed: internal", b.message(quoting.ID).LastError)
	reason := b.message(naming.ID).LastError
	require.True(t, strings.HasPrefix(reason, "rcpt: 450 4.2.1 xxx"), reason)
	require.Less(t, len(reason), 110)
	require.Len(t, told, 2)
	for _, s := range append(told, reason) {
		require.NotContains(t, s, values["Code"])
		require.NotContains(t, s, "@example.org")
		require.NotContains(t, s, values["Name"])
	}
}

func TestWhatCannotBeOpenedIsRetried(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	other, err := account.NewKeys(key(8))
	require.NoError(t, err)
	d, err := notify.NewDispatcher(b.store, b.inbox, other, &b.opts)
	require.NoError(t, err)
	require.Equal(t, notify.Stats{Retried: 1}, b.drain(d))
	require.Contains(t, b.message(owed.ID).LastError, "opening failed")
	b.clock.move(time.Minute)
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(b.dispatcher(b.inbox)), "by a process with the right key")
}

func TestOutboxShowsNoTexts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	owed := b.owe("julie", time.Time{})
	d := b.dispatcher(nil)
	found, err := d.Outbox(t.Context(), notify.MessageQuery{Status: notify.MessageQueued})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, owed.ID, found[0].ID)
	require.Nil(t, found[0].Sealed)
	require.NotNil(t, b.message(owed.ID).Sealed)

	_, err = d.Drain(t.Context())
	require.ErrorIs(t, err, notify.ErrNoMailer)
	require.ErrorIs(t, d.Run(t.Context()), notify.ErrNoMailer)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := notify.NewDispatcher(nil, b.inbox, b.keys, nil)
	require.ErrorIs(t, err, fault.ErrInvalid)
	_, err = notify.NewDispatcher(b.store, b.inbox, nil, nil)
	require.ErrorIs(t, err, fault.ErrInvalid)
	_, err = notify.NewDispatcher(b.store, b.inbox, b.keys, &notify.DispatcherOptions{Lease: -1, Batch: 1001, Parallel: -1})
	require.Len(t, fault.FieldsOf(err), 3)
	_, err = notify.NewDispatcher(b.store, b.inbox, b.keys, nil)
	require.NoError(t, err)
}
