package sqlstore

import (
	"context"
	"errors"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

func eventTable() table[notify.Event] {
	return table[notify.Event]{
		name: "habilis_events",
		keys: 1,
		columns: []string{
			"id", "chain", "sequence", "recorded_at", "actor_kind", "actor_id", "actor_reference",
			"kind", "object_type", "object_id", "account_id", "structure_id", "state", "previous", "hash",
		},
		fields: func(e *notify.Event) []any {
			return []any{
				(*string)(&e.ID), (*string)(&e.Chain), &e.Sequence, sorted(&e.At),
				(*string)(&e.Actor.Kind), (*string)(&e.Actor.ID), &e.Actor.Reference,
				(*string)(&e.Kind), &e.Object.Type, &e.Object.ID, (*string)(&e.Account), (*string)(&e.Structure),
				&e.State, &e.Previous, &e.Hash,
			}
		},
	}
}

// AppendEvent implements storage.Tx. Whatever an event collides with, its place in
// the chain or its id, another unit was faster.
func (tx *Tx) AppendEvent(ctx context.Context, e notify.Event) error {
	t := tx.store.tables
	args, _ := t.events.row(&e)
	return tx.write(ctx, Write{Query: t.events.insert, Strict: t.events.insert, Args: args, Outcome: func(n int64, err error) error {
		return conflictIfTaken(tx.outcome(ctx, n, err))
	}})
}

// conflictIfTaken turns "something unique is taken" into "somebody was faster".
func conflictIfTaken(err error) error {
	if errors.Is(err, storage.ErrExists) {
		return storage.ErrConflict.Because(errors.Unwrap(err)) // it must not match ErrExists any more
	}
	return err
}

func headFields(h *notify.Head) []any { return []any{&h.Sequence, sorted(&h.At), &h.Hash} }

// LastEvent implements storage.Tx.
func (tx *Tx) LastEvent(ctx context.Context, c notify.Chain) (notify.Event, error) {
	t := tx.store.tables
	return get(ctx, tx, t.events, t.lastEvent, string(c))
}

// Events implements storage.Tx.
func (tx *Tx) Events(ctx context.Context, q notify.EventQuery) ([]notify.Event, error) {
	t := tx.store.tables.events
	var w where
	w.equal("chain", string(q.Chain))
	w.equal("account_id", string(q.Account))
	w.equal("structure_id", string(q.Structure))
	in(&w, "kind", q.Kinds)
	if !q.From.IsZero() {
		w.and("recorded_at >= ?", q.From.UnixMicro())
	}
	if !q.Until.IsZero() {
		w.and("recorded_at < ?", q.Until.UnixMicro())
	}
	order := "chain, sequence"
	switch {
	case q.Newest:
		order = "recorded_at DESC, chain DESC, sequence DESC"
		if !q.BeforeAt.IsZero() || q.BeforeChain != "" {
			w.and("(recorded_at, chain, sequence) < (?, ?, ?)", q.BeforeAt.UnixMicro(), string(q.BeforeChain), q.BeforeSequence)
		}
	case q.AfterChain != "" || q.AfterSequence != 0:
		w.and("(chain, sequence) > (?, ?)", string(q.AfterChain), q.AfterSequence)
	}
	query, args := w.query(tx.store.dialect, t.selectAll, order, q.Capped())
	return list(ctx, tx, t, query, args...)
}
