package notify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/notify"
)

// news puts a notice to an address into the outbox.
func (b *bench) news(key, to string) notify.Message {
	b.t.Helper()
	require.NoError(b.t, b.store.Update(b.t.Context(), func(tx notify.Tx) error {
		return b.journal.Enqueue(b.t.Context(), tx, b.clock.now(), notify.Mail{
			Key: key, Template: notify.MailMembershipDisabled, To: to, Language: "fr", Values: only(notify.MailMembershipDisabled),
		})
	}))
	b.clock.move(time.Microsecond)
	for _, m := range b.all() {
		if m.Key == key {
			return m
		}
	}
	b.t.Fatalf("message %s is not in the outbox", key)
	return notify.Message{}
}

// Notices to one address leave in the order in which they were written, however many
// mails and dispatchers are at work; what fails holds back those behind it, and nobody else.
func TestNoticesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.Parallel, b.opts.AtRisk, b.opts.Batch = 4, 4, 3
	wanted := map[string][]notify.MessageID{}
	for n := range 12 {
		for _, who := range []string{"anne", "bruno", "chloé"} {
			m := b.news(fmt.Sprint(who, n), who+"@example.org")
			wanted[m.To] = append(wanted[m.To], m.ID)
		}
	}
	var mu sync.Mutex
	failed := false
	got := map[string][]notify.MessageID{}
	mailer := mailerFunc(func(_ context.Context, m notify.Email) error {
		mu.Lock()
		defer mu.Unlock()
		if m.To == "bruno@example.org" && m.ID == wanted[m.To][5] && !failed {
			failed = true
			return errors.New("450 later")
		}
		got[m.To] = append(got[m.To], m.ID)
		return nil
	})
	var wg sync.WaitGroup
	for range 3 {
		d := b.dispatcher(mailer)
		wg.Go(func() {
			if _, err := d.Drain(t.Context()); err != nil {
				t.Errorf("draining: %v", err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, wanted["anne@example.org"], got["anne@example.org"])
	require.Equal(t, wanted["chloé@example.org"], got["chloé@example.org"])
	require.Equal(t, wanted["bruno@example.org"][:5], got["bruno@example.org"], "those behind the one that failed wait")
	b.clock.move(30 * time.Second)
	b.drain(b.dispatcher(mailer))
	require.Equal(t, wanted["bruno@example.org"], got["bruno@example.org"])
}

// Codes and links are not kept waiting by news: not by how many there are, nor by one to
// the same address that failed.
func TestCodesOvertakeNotices(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.Batch = 2
	for n := range 5 {
		b.news(fmt.Sprint("news", n), fmt.Sprintf("m%d@example.org", n))
	}
	b.owe("m0", time.Time{})
	var order []notify.Template
	d := b.dispatcher(mailerFunc(func(_ context.Context, m notify.Email) error {
		order = append(order, m.Template)
		if m.To == "m0@example.org" && m.Template == notify.MailMembershipDisabled {
			return errors.New("450 later")
		}
		return nil
	}))
	require.Equal(t, notify.Stats{Sent: 5, Retried: 1}, b.drain(d))
	require.Equal(t, notify.MailSignInCode, order[0])
	b.owe("m0", time.Time{})
	require.NoError(t, b.store.Update(t.Context(), func(tx notify.Tx) error {
		return b.journal.Enqueue(t.Context(), tx, b.clock.now(), notify.Mail{
			Key: "again", Template: notify.MailSignInCode, To: "m0@example.org", Language: "fr", Values: only(notify.MailSignInCode),
		})
	}))
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(d), "though a notice to it waits for its next try")
}

// The notices to one address within an hour are bounded: the one beyond waits for the
// next hour, untried, and codes are not counted.
func TestNoticesToOneAddressArePaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.PerHour = 3
	for n := range 4 {
		b.news(fmt.Sprint("news", n), "anne@example.org")
	}
	last := b.news("last", "bruno@example.org")
	for n := range 5 {
		b.owe(fmt.Sprint("code", n), time.Time{})
	}
	d := b.dispatcher(b.inbox)
	require.Equal(t, notify.Stats{Sent: 9, Held: 1}, b.drain(d), "three to Anne, one to Bruno, five codes")
	require.Equal(t, notify.MessageSent, b.message(last.ID).Status)
	held := b.held()
	require.Zero(t, held.Attempts)
	require.Equal(t, start.Add(time.Hour), held.NotBefore)
	b.clock.move(held.NotBefore.Sub(b.clock.now()) - time.Microsecond)
	require.Zero(t, b.drain(d))
	b.clock.move(time.Microsecond)
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(d))
}

func (b *bench) held() notify.Message {
	b.t.Helper()
	for _, m := range b.all() {
		if m.Status == notify.MessageQueued {
			return m
		}
	}
	b.t.Fatal("no message waits")
	return notify.Message{}
}

// A notice that failed does not count against the hour.
func TestFailedNoticesAreNotPaced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.PerHour = 1
	b.news("news", "anne@example.org")
	tries := 0
	d := b.dispatcher(mailerFunc(func(context.Context, notify.Email) error {
		if tries++; tries < 4 {
			return errors.New("later")
		}
		return nil
	}))
	for range 3 {
		require.Equal(t, notify.Stats{Retried: 1}, b.drain(d))
		b.clock.move(5 * time.Minute)
	}
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(d))
}

// stager is a Stager that counts the mails that were taken and are not marked yet.
type stager struct {
	b      *bench
	mu     sync.Mutex
	staged int
	most   int // staged at once
	commit func(m notify.Email) error
	gone   int

	second chan struct{} // if there is one, the first mail waits for another to be taken beside it
	calls  int
}

func (s *stager) Send(context.Context, notify.Email) error { return errors.New("Stage is there") }

func (s *stager) Stage(ctx context.Context, m notify.Email) (notify.Staged, error) {
	if strings.HasPrefix(m.To, "nobody") {
		return nil, notify.ErrUndeliverable
	}
	if s.taken() == 1 && s.second != nil {
		select {
		case <-s.second:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return &stagedMail{s, m}, nil
}

func (s *stager) taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staged++
	s.most = max(s.most, s.staged)
	if s.calls++; s.calls == 2 && s.second != nil {
		close(s.second)
	}
	return s.calls
}

type stagedMail struct {
	s *stager
	m notify.Email
}

func (m *stagedMail) end() {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.s.staged--
}

func (m *stagedMail) Commit() error {
	defer m.end()
	return m.s.commit(m.m)
}

func (m *stagedMail) Abandon() {
	m.s.mu.Lock()
	defer m.s.mu.Unlock()
	m.s.staged--
	m.s.gone++
}

// ML-10: however many mails are worked on at once, no mail is taken while another one
// was taken and is not marked: a crash sends one mail twice at most.
func TestOneMailAtRisk(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for n := range 40 {
		b.owe(fmt.Sprint("m", n), time.Time{})
	}
	b.owe("nobody", time.Time{})
	b.opts.Parallel = 4
	taken := map[notify.MessageID]bool{}
	s := &stager{b: b, second: make(chan struct{})}
	s.commit = func(m notify.Email) error {
		for _, o := range b.all() { // from the store, which knows what is marked
			if taken[o.ID] && o.Status != notify.MessageSent {
				t.Errorf("message %s is taken while %s is not marked", m.ID, o.ID)
			}
		}
		taken[m.ID] = true
		return nil
	}
	require.Equal(t, notify.Stats{Sent: 40, Dead: 1}, b.drain(b.dispatcher(s)))
	require.Greater(t, s.most, 1, "what comes before the last word overlaps")
	require.LessOrEqual(t, s.most, 4)
	require.Zero(t, s.staged)
}

// A mail that is ready when ctx ends is abandoned and given back untried.
func TestStagedMailIsAbandonedAtTheEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for n := range 4 {
		b.owe(fmt.Sprint("m", n), time.Time{})
	}
	b.opts.Parallel = 4
	ctx, cancel := context.WithCancel(t.Context())
	s := &stager{b: b}
	s.commit = func(notify.Email) error {
		for { // until the others are ready, so that they wait for this one
			s.mu.Lock()
			ready := s.staged == 4
			s.mu.Unlock()
			if ready {
				break
			}
		}
		cancel()
		for {
			s.mu.Lock()
			alone := s.staged == 1
			s.mu.Unlock()
			if alone {
				return errors.New("later")
			}
		}
	}
	_, err := b.dispatcher(s).Drain(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 3, s.gone)
	for _, m := range b.all() {
		require.Equal(t, notify.MessageQueued, m.Status)
		require.Zero(t, m.Attempts)
		require.Zero(t, m.LeasedUntil)
	}
}

// A mail that kills every process that sends it takes no other mail with it.
func TestNeighboursOfADeadlyMailAreSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.opts.MaxAttempts, b.opts.Batch = 3, 10
	for n := range 10 {
		b.owe(fmt.Sprint("m", n), time.Time{})
	}
	deadly := b.all()[4]
	dying := b.dispatcher(mailerFunc(func(ctx context.Context, m notify.Email) error {
		if b.store.failing() {
			return errors.New("the process is gone")
		}
		if m.ID == deadly.ID {
			b.store.fail(errors.New("the process is gone"))
			return errors.New("never told")
		}
		return b.inbox.Send(ctx, m)
	}))
	for range 4 {
		_, _ = dying.Drain(t.Context())
		b.store.fail(nil)
		b.clock.move(2 * time.Minute)
	}
	b.drain(dying)
	require.Len(t, b.inbox.All(), 9)
	require.Equal(t, notify.MessageDead, b.message(deadly.ID).Status)
}
