package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/habilis-go/habilis/internal/haste"
)

// errNothingToSay ends a mail that has lost what it had to say.
var errNothingToSay = errors.New("there is nothing to say any more")

// settleTime bounds how long the outcome of a send is stored once ctx has ended.
const settleTime = 5 * time.Second

// flushEvery is how often a claim waits for the disk, and with it the marks and claims
// before it.
const flushEvery = time.Second

// batch is what one claim brought.
type batch struct {
	claimed []Message
	given   Stats // what was ended instead
	err     error
}

func (b batch) empty() bool { return len(b.claimed) == 0 && b.given == (Stats{}) && b.err == nil }

// claim leases a batch of due messages to this dispatcher, and ends those that are
// not to be sent any more. Another dispatcher that reads the same rows collides with
// this one on their versions.
func (d *Dispatcher) claim(ctx context.Context) batch {
	var claimed []Message
	var given Stats
	err := d.store.Update(d.unhurried(ctx), func(tx Tx) error {
		claimed, given = nil, Stats{} // fn may run again
		now := d.opts.Now().UTC()
		due, err := d.due(ctx, tx, now)
		if err != nil {
			return err
		}
		for _, m := range apart(due) {
			switch {
			case expired(m, now):
				m = m.expire()
				given.Expired++
			case m.Attempts >= d.opts.MaxAttempts:
				// Whoever tried last never came back: it may be the mail that ends it.
				m = m.bury("given up: the last try did not end")
				given.Dead++
			default:
				m.Attempts++
				m.LeasedUntil = now.Add(d.opts.Lease)
			}
			if err := tx.PutMessage(ctx, m); err != nil {
				return err
			}
			if m.Version++; m.Status == MessageQueued {
				claimed = append(claimed, m)
			}
		}
		return nil
	})
	if err != nil {
		return batch{err: err}
	}
	return batch{claimed: claimed, given: given}
}

// unhurried lets a claim commit without waiting for the disk, but for one every flushEvery.
func (d *Dispatcher) unhurried(ctx context.Context) context.Context {
	now := d.opts.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if since := now.Sub(d.flushed); since < 0 || since >= flushEvery { // or the clock went back
		d.flushed = now
		return ctx
	}
	return haste.None(ctx)
}

// due lists what is to be sent now: what is urgent, then the notices whose turn it is.
func (d *Dispatcher) due(ctx context.Context, tx Tx, now time.Time) ([]Message, error) {
	urgent, err := tx.Messages(ctx, MessageQuery{Status: MessageQueued, Urgent: true, DueAt: now, Limit: d.opts.Batch})
	if err != nil || len(urgent) >= d.opts.Batch {
		return urgent, err
	}
	notices, err := tx.Messages(ctx, MessageQuery{Status: MessageQueued, InTurn: true, DueAt: now, Limit: d.opts.Batch - len(urgent)})
	return append(urgent, notices...), err
}

// apart returns which of the due messages are claimed together. One whose lease ran out
// was held by a process that died, maybe of that very mail: it is claimed alone, so that
// a mail that kills every process uses up its own tries and not those of its neighbours.
func apart(due []Message) []Message {
	untouched := slices.DeleteFunc(slices.Clone(due), func(m Message) bool { return !m.LeasedUntil.IsZero() })
	if len(untouched) > 0 {
		return untouched
	}
	return due[:min(1, len(due))]
}

// deliver sends a claimed batch, several mails at once.
func (d *Dispatcher) deliver(ctx context.Context, claimed []Message) (Stats, error) {
	queue := make(chan Message, len(claimed))
	for _, m := range claimed {
		queue <- m
	}
	close(queue)
	var (
		mu    sync.Mutex
		total Stats
		left  []Message
		errs  []error
		wg    sync.WaitGroup
	)
	for range min(d.parallel(), len(claimed)) {
		wg.Go(func() {
			for m := range queue {
				var s Stats
				back, err := &m, error(nil)
				if ctx.Err() == nil {
					s, back, err = d.one(ctx, m)
				}
				mu.Lock()
				total.add(s)
				if back != nil {
					left = append(left, *back)
				}
				if err != nil {
					errs = append(errs, fmt.Errorf("marking message %s: %w", m.ID, err))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if err := d.release(ctx, left); err != nil {
		errs = append(errs, fmt.Errorf("giving messages back: %w", err))
	}
	return total, errors.Join(errs...)
}

// parallel is how many mails are worked on at once. Without a [Stager] every one of them
// is at risk all the time.
func (d *Dispatcher) parallel() int {
	if _, ok := d.mailer.(Stager); ok {
		return d.opts.Parallel
	}
	return min(d.opts.Parallel, d.opts.AtRisk)
}

// one sends one leased message and stores the outcome. If ctx ended before there was
// one, it returns the message to be given back.
func (d *Dispatcher) one(ctx context.Context, m Message) (s Stats, back *Message, err error) {
	now := d.opts.Now().UTC()
	if m.LeasedUntil.Sub(now) < d.opts.Lease*3/4 {
		// It waited behind slow ones; a lease that ends during the send would hand it
		// to somebody else.
		renewed, ok, err := d.settle(ctx, m, func(c Message) Message {
			c.LeasedUntil = now.Add(d.opts.Lease)
			return c
		})
		if err != nil || !ok {
			return Stats{}, nil, err
		}
		m = renewed
	}
	if expired(m, now) {
		_, ok, err := d.settle(ctx, m, Message.expire)
		return Stats{Expired: count(ok, err)}, nil, err
	}

	switch wanted, err := d.wanted(ctx, m); {
	case err != nil:
		return Stats{}, &m, err
	case !wanted:
		_, ok, err := d.settle(ctx, m, Message.expire)
		return Stats{Expired: count(ok, err)}, nil, err
	}

	if !m.Urgent {
		if until, ok := d.pace.take(m.To, now); !ok {
			_, ok, err := d.settle(ctx, m, func(c Message) Message {
				c.Attempts, c.NotBefore, c.LeasedUntil = c.Attempts-1, until, time.Time{}
				return c
			})
			return Stats{Held: count(ok, err)}, nil, err
		}
	}
	s, back, err = d.attempt(ctx, m, m.LeasedUntil.Sub(now)-d.opts.Lease/4)
	if s.Sent == 0 && !m.Urgent {
		d.pace.giveBack(m.To)
	}
	return s, back, err
}

// attempt sends a message and stores the outcome.
func (d *Dispatcher) attempt(ctx context.Context, m Message, limit time.Duration) (s Stats, back *Message, err error) {
	settled := false
	cause := d.send(ctx, m, limit, func() {
		settled = true
		var ok bool
		_, ok, err = d.settle(ctx, m, d.sent)
		s.Sent = count(ok, err)
	})
	if settled {
		return s, nil, err
	}
	now := d.opts.Now().UTC()
	switch {
	case errors.Is(cause, errNothingToSay):
		_, ok, err := d.settle(ctx, m, Message.expire)
		return Stats{Expired: count(ok, err)}, nil, err
	case errors.Is(cause, ErrUndeliverable), m.Attempts >= d.opts.MaxAttempts && ctx.Err() == nil && !errors.Is(cause, errNotTried):
		d.report(fmt.Errorf("mail %s, message %s, given up: %s", m.Template, m.ID, reason(cause)))
		_, ok, err := d.settle(ctx, m, func(c Message) Message { return c.bury(reason(cause)) })
		if errors.Is(cause, ErrNoSuchMailbox) {
			d.bounced(ctx, m)
		}
		return Stats{Dead: count(ok, err)}, nil, err
	case ctx.Err() != nil, errors.Is(cause, errNotTried):
		return Stats{}, &m, nil // not the mail's fault: its lease is given back
	default:
		d.report(fmt.Errorf("mail %s, message %s, try %d: %s", m.Template, m.ID, m.Attempts, reason(cause)))
		_, ok, err := d.settle(ctx, m, func(c Message) Message {
			c.NotBefore, c.LeasedUntil, c.LastError = now.Add(d.pause(c.Attempts)), time.Time{}, reason(cause)
			return c
		})
		return Stats{Retried: count(ok, err)}, nil, err
	}
}

// sent returns m as a message that the mail server took. What is over needs neither text
// nor address; Account still tells whom it went to.
func (d *Dispatcher) sent(m Message) Message {
	m.Status, m.SentAt, m.LeasedUntil, m.LastError = MessageSent, d.opts.Now().UTC(), time.Time{}, ""
	m.Sealed, m.To = nil, ""
	return m
}

// bounced tells the host of an address that was refused for good.
func (d *Dispatcher) bounced(ctx context.Context, m Message) {
	if d.opts.Undeliverable == nil {
		return
	}
	defer func() {
		if recover() != nil {
			d.report(errPanicked)
		}
	}()
	m.Sealed = nil
	if err := d.opts.Undeliverable(ctx, m); err != nil {
		d.report(fmt.Errorf("telling of an address that refuses mails: %w", err))
	}
}

func count(ok bool, err error) int {
	if ok && err == nil {
		return 1
	}
	return 0
}

// wanted asks the host whether a message is still to be sent.
func (d *Dispatcher) wanted(ctx context.Context, m Message) (ok bool, err error) {
	if d.opts.Wanted == nil {
		return true, nil
	}
	defer func() {
		if recover() != nil {
			err = errPanicked
		}
	}()
	m.Sealed = nil
	return d.opts.Wanted(ctx, m)
}

// send opens, renders and sends m, with no unit of work open. It calls taken once the
// mail server took it, and before another mail is put at the same risk.
func (d *Dispatcher) send(ctx context.Context, m Message, limit time.Duration, taken func()) (err error) {
	var staged Staged
	defer func() {
		// The host's code must not take the dispatcher with it. What it says when it
		// panics may hold the mail, so it is not repeated.
		if recover() != nil {
			err = errPanicked
		}
	}()
	values, err := open(d.sealer, m)
	if err != nil {
		return stageError{"opening", err}
	}
	if d.opts.Compose != nil {
		blank, ok := m, false
		blank.Sealed = nil
		if values, ok, err = d.opts.Compose(ctx, blank, values); err != nil {
			return stageError{"composing", err}
		}
		if !ok {
			return errNothingToSay
		}
	}
	r, err := d.opts.Templates.Render(m.Template, m.Language, values)
	if err != nil {
		return stageError{"rendering", err}
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	e := Email{
		ID: m.ID, Template: m.Template, To: m.To, Language: d.opts.Templates.spoken(m.Template, m.Language),
		Subject: r.Subject, Text: r.Text, HTML: r.HTML,
	}
	last := func() error { return d.mailer.Send(ctx, e) }
	if stager, ok := d.mailer.(Stager); ok {
		if staged, err = stager.Stage(ctx, e); err != nil {
			return err
		}
		last = staged.Commit
	}
	select {
	case d.risk <- struct{}{}:
		defer func() { <-d.risk }()
	case <-ctx.Done():
		if staged != nil {
			staged.Abandon()
		}
		return errNotTried
	}
	if err := last(); err != nil {
		return err
	}
	taken()
	return nil
}

// settle applies change to a message that this dispatcher holds, whether ctx has
// ended or not. It does nothing if somebody else changed the message since, with one
// exception: that it was sent is true whoever holds it.
func (d *Dispatcher) settle(ctx context.Context, m Message, change func(Message) Message) (after Message, ok bool, err error) {
	ctx, cancel := context.WithTimeout(haste.None(context.WithoutCancel(ctx)), settleTime)
	defer cancel()
	first := true
	err = d.store.Update(ctx, func(tx Tx) error {
		if ok = false; first {
			// Hardly ever has anybody touched it. If so this conflicts, and runs again.
			first, after = false, change(m)
			if err := tx.PutMessage(ctx, after); err != nil {
				return err
			}
			after.Version++
			ok = true
			return nil
		}
		current, err := tx.Message(ctx, m.ID)
		if err != nil {
			return err
		}
		after = change(current)
		if current.Version != m.Version && (after.Status != MessageSent || current.Status == MessageSent) {
			return nil
		}
		if err := tx.PutMessage(ctx, after); err != nil {
			return err
		}
		after.Version++
		ok = true
		return nil
	})
	return after, ok, err
}

// release gives messages back untried, in one unit.
func (d *Dispatcher) release(ctx context.Context, left []Message) error {
	if len(left) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return d.store.Update(ctx, func(tx Tx) error {
		for _, m := range left {
			current, err := tx.Message(ctx, m.ID)
			if err != nil {
				return err
			}
			if current.Version != m.Version {
				continue // not ours any more
			}
			current.Attempts--
			current.LeasedUntil = time.Time{}
			if err := tx.PutMessage(ctx, current); err != nil {
				return err
			}
		}
		return nil
	})
}
