package memory

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

func (t *tx) AppendEvent(ctx context.Context, e notify.Event) error {
	return t.write(ctx, func() error {
		if _, err := t.db.events.get(position("", e.Chain, e.Sequence)); err == nil {
			return storage.ErrConflict
		}
		t.db.events.set(t.db.events.kind.own(e))
		return nil
	})
}

func (t *tx) LastEvent(ctx context.Context, c notify.Chain) (notify.Event, error) {
	return read(ctx, t, func() (notify.Event, error) { return t.lastEvent(c) })
}

func (t *tx) lastEvent(c notify.Chain) (notify.Event, error) {
	way := chainEvents(c).byPosition()
	for e := range t.db.events.scanBack(way, way.text(string(c)).last()) {
		return t.db.events.kind.own(e), nil
	}
	return notify.Event{}, storage.ErrNotFound
}

func (t *tx) Events(ctx context.Context, q notify.EventQuery) ([]notify.Event, error) {
	way := everyEvent
	switch {
	case q.Chain != "":
		way = chainEvents(q.Chain)
	case q.Structure != "":
		way = structureEvents(q.Structure)
	case q.Account != "":
		way = accountEvents(q.Account)
	}
	return read(ctx, t, func() ([]notify.Event, error) {
		var rows iter.Seq[notify.Event]
		switch {
		case !q.Newest:
			rows = t.db.events.scan(way.byPosition(), position(way.byPosition(), q.AfterChain, q.AfterSequence))
		case q.BeforeAt.IsZero() && q.BeforeChain == "":
			rows = t.db.events.scanBack(way.byTime(), way.byTime().last())
		default:
			rows = t.db.events.scanBack(way.byTime(), position(way.byTime().time(q.BeforeAt), q.BeforeChain, q.BeforeSequence))
		}
		return t.db.events.take(rows, q.Capped(), func(e notify.Event) bool { return fitsEvent(q, e) }), nil
	})
}

func fitsEvent(q notify.EventQuery, e notify.Event) bool {
	switch {
	case q.Chain != "" && e.Chain != q.Chain:
	case q.Account != "" && e.Account != q.Account:
	case q.Structure != "" && e.Structure != q.Structure:
	case !q.From.IsZero() && e.At.Before(q.From):
	case !q.Until.IsZero() && !e.At.Before(q.Until):
	case len(q.Kinds) > 0 && !slices.Contains(q.Kinds, e.Kind):
	default:
		return true
	}
	return false
}

func (t *tx) Enqueue(ctx context.Context, m notify.Message) error {
	return t.write(ctx, func() error {
		if _, err := t.db.messages.find(messageKey(m.Key)); err == nil {
			return nil
		}
		m.Version = 0
		return t.db.messages.put(m)
	})
}

func (t *tx) PutMessage(ctx context.Context, m notify.Message) error {
	return t.write(ctx, func() error {
		if _, err := t.db.messages.get(byID(m.ID)); err != nil {
			return storage.ErrConflict
		}
		return t.db.messages.put(m)
	})
}

func (t *tx) Message(ctx context.Context, id notify.MessageID) (notify.Message, error) {
	return read(ctx, t, func() (notify.Message, error) { return t.db.messages.get(byID(id)) })
}

func (t *tx) DeleteMessage(ctx context.Context, m notify.Message) error {
	return t.write(ctx, func() error { return t.db.messages.remove(m) })
}

func (t *tx) Messages(ctx context.Context, q notify.MessageQuery) ([]notify.Message, error) {
	return read(ctx, t, func() ([]notify.Message, error) {
		return t.db.messages.take(t.messages(q), q.Capped(), func(m notify.Message) bool { return t.fitsMessage(q, m) }), nil
	})
}

func (t *tx) CountMessages(ctx context.Context, q notify.MessageQuery) (int, error) {
	q.Newest, q.AfterAt, q.AfterID = false, time.Time{}, ""
	return read(ctx, t, func() (n int, _ error) {
		for m := range t.messages(q) {
			if t.fitsMessage(q, m) {
				n++
			}
		}
		return n, nil
	})
}

// messages yields the rows that q may select, in its order.
func (t *tx) messages(q notify.MessageQuery) iter.Seq[notify.Message] {
	way := everyMessage
	switch {
	case q.Urgent && q.Status == notify.MessageQueued:
		way = urgentMessages
	case q.Status != "":
		way = statusMessages(q.Status)
	}
	place := way.time(q.AfterAt).text(string(q.AfterID))
	switch {
	case q.Newest && q.AfterID == "":
		return t.db.messages.scanBack(way, way.last())
	case q.Newest:
		return t.db.messages.scanBack(way, place)
	case q.AfterID == "":
		return t.db.messages.scan(way, way)
	default:
		return t.db.messages.scan(way, place)
	}
}

func (t *tx) fitsMessage(q notify.MessageQuery, m notify.Message) bool {
	switch {
	case q.Account != "" && m.Account != q.Account:
	case q.Template != "" && m.Template != q.Template:
	case !q.Before.IsZero() && !m.CreatedAt.Before(q.Before):
	case q.Sealed && m.Sealed == nil:
	case !q.DueAt.IsZero() && (m.NotBefore.After(q.DueAt) || m.LeasedUntil.After(q.DueAt)):
	case q.Urgent && !m.Urgent:
	case q.InTurn && !t.inTurn(m):
	default:
		return true
	}
	return false
}

func (t *tx) inTurn(m notify.Message) bool {
	if m.Urgent || m.Status != notify.MessageQueued {
		return false
	}
	queue := queuedTo(m.To)
	for first := range t.db.messages.scan(queue, queue) {
		return first.ID == m.ID
	}
	return false
}
