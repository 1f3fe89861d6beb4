package sqlstore

import (
	"context"

	"github.com/habilis-go/habilis/notify"
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

// AppendEvent implements storage.Tx.
func (tx *Tx) AppendEvent(ctx context.Context, e notify.Event) error {
	t := tx.store.tables
	args, _ := t.events.row(&e)
	return touch(ctx, tx, t.appendEvent, args)
}

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
	order := "chain, sequence"
	switch {
	case q.Newest:
		order = "recorded_at DESC, id DESC"
		if !q.BeforeAt.IsZero() || q.BeforeID != "" {
			w.and("(recorded_at, id) < (?, ?)", q.BeforeAt.UnixMicro(), string(q.BeforeID))
		}
	case q.AfterChain != "" || q.AfterSequence != 0:
		w.and("(chain, sequence) > (?, ?)", string(q.AfterChain), q.AfterSequence)
	}
	query, args := w.query(tx.store.dialect, t.selectAll, order, q.Capped())
	return list(ctx, tx, t, query, args...)
}
