package notify

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// Outbox lists messages for operators, a page at a time, without what they say. The
// address of one that is sent or expired is wiped.
func (d *Dispatcher) Outbox(ctx context.Context, q MessageQuery) ([]Message, error) {
	var found []Message
	err := d.store.View(ctx, func(tx Tx) error {
		var err error
		found, err = tx.Messages(ctx, q)
		return err
	})
	for i := range found {
		found[i].Sealed = nil
	}
	return found, err
}

// OutboxCounts tells operators how full the outbox is.
type OutboxCounts struct {
	Queued    int
	Sent      int // until their rows are removed
	Dead      int
	Retryable int       // of the dead, those that [Dispatcher.Retry] takes
	Oldest    time.Time // when the message that waits for longest was written; zero if none waits
}

// Counts returns how many messages of each status there are.
func (d *Dispatcher) Counts(ctx context.Context) (OutboxCounts, error) {
	var c OutboxCounts
	err := d.store.View(ctx, func(tx Tx) error {
		for _, n := range []struct {
			into *int
			q    MessageQuery
		}{
			{&c.Queued, MessageQuery{Status: MessageQueued}},
			{&c.Sent, MessageQuery{Status: MessageSent}},
			{&c.Dead, MessageQuery{Status: MessageDead}},
			{&c.Retryable, MessageQuery{Status: MessageDead, Sealed: true}},
		} {
			var err error
			if *n.into, err = tx.CountMessages(ctx, n.q); err != nil {
				return err
			}
		}
		waits, err := tx.Messages(ctx, MessageQuery{Status: MessageQueued, Limit: 1})
		for _, m := range waits {
			c.Oldest = m.CreatedAt
		}
		return err
	})
	return c, err
}

// Retry puts a dead message back into the queue, with all its tries ahead of it. It
// returns ErrNotFound if there is no such message and [ErrNotRetryable] if the
// message is not dead or what it said is wiped, as that of an expired one is.
func (d *Dispatcher) Retry(ctx context.Context, id MessageID) error {
	if !ids.Valid(id) {
		return fault.ErrNotFound.In("notify.Retry")
	}
	err := d.store.Update(ctx, func(tx Tx) error {
		m, err := tx.Message(ctx, id)
		if err != nil {
			return err
		}
		if m.Status != MessageDead || m.Sealed == nil {
			return ErrNotRetryable.In("notify.Retry")
		}
		return tx.PutMessage(ctx, m.revive(d.opts.Now().UTC()))
	})
	if err == nil {
		d.Wake()
	}
	return err
}

// RetryAll is [Dispatcher.Retry] for every dead message whose text is kept, of one mail
// or, if t is "", of all: once the cause is mended. It returns how many that were, also
// beside an error, after which it can be called again.
func (d *Dispatcher) RetryAll(ctx context.Context, t Template) (int, error) {
	total := 0
	for {
		done := 0
		err := d.store.Update(ctx, func(tx Tx) error {
			done = 0
			dead, err := tx.Messages(ctx, MessageQuery{Status: MessageDead, Template: t, Sealed: true, Limit: chunk})
			if err != nil {
				return err
			}
			for _, m := range dead {
				if err := tx.PutMessage(ctx, m.revive(d.opts.Now().UTC())); err != nil {
					return err
				}
				done++
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		if total += done; done < chunk {
			d.Wake()
			return total, nil
		}
	}
}

// chunk is how many messages one unit of work changes at most.
const chunk = 200

// revive returns a dead message as one that is owed.
func (m Message) revive(now time.Time) Message {
	m.Status, m.Attempts, m.NotBefore, m.LastError = MessageQueued, 0, now, ""
	return m
}

// Tidy forgets what is over: what dead messages said whose link or code is dead, or which
// are older than DispatcherOptions.KeepDead, and the rows of sent and dead messages older
// than DispatcherOptions.Keep. It returns how many messages it changed, also beside an
// error. habilis.Run does it; a host with a job system of its own calls it.
func (d *Dispatcher) Tidy(ctx context.Context) (int, error) {
	now := d.opts.Now().UTC()
	total, err := d.silence(ctx, now)
	for _, status := range []MessageStatus{MessageSent, MessageDead} {
		for err == nil {
			removed := 0
			err = d.store.Update(ctx, func(tx Tx) error {
				removed = 0
				old, err := tx.Messages(ctx, MessageQuery{Status: status, Before: now.Add(-d.opts.Keep), Limit: chunk})
				for _, m := range old {
					if err == nil {
						err = tx.DeleteMessage(ctx, m)
						removed++
					}
				}
				return err
			})
			if err == nil {
				total += removed
			}
			if removed < chunk {
				break
			}
		}
	}
	return total, err
}

// silence wipes what dead messages said once nobody can want them sent any more.
func (d *Dispatcher) silence(ctx context.Context, now time.Time) (total int, err error) {
	q := MessageQuery{Status: MessageDead, Sealed: true, Limit: chunk}
	for {
		wiped, seen := 0, 0
		next := q
		err := d.store.Update(ctx, func(tx Tx) error {
			wiped, next = 0, q
			dead, err := tx.Messages(ctx, q)
			if err != nil {
				return err
			}
			for _, m := range dead {
				next.AfterAt, next.AfterID = m.CreatedAt, m.ID
				if !expired(m, now) && (!m.ExpiresAt.IsZero() || now.Sub(m.CreatedAt) < d.opts.KeepDead) {
					continue
				}
				m.Sealed, m.To = nil, ""
				if err := tx.PutMessage(ctx, m); err != nil {
					return err
				}
				wiped++
			}
			seen = len(dead)
			return nil
		})
		if err != nil {
			return total, err
		}
		total += wiped
		if q = next; seen < chunk {
			return total, nil
		}
	}
}
