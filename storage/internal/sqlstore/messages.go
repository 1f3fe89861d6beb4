package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/notify"
)

func messageTable() table[notify.Message] {
	return table[notify.Message]{
		name: "habilis_messages",
		keys: 1,
		columns: []string{
			"id", "idempotency_key", "template", "recipient", "account_id", "language", "urgent", "sealed", "status", "attempts",
			"not_before", "expires_at", "leased_until", "last_error", "created_at", "sent_at", "version",
		},
		fields: func(m *notify.Message) []any {
			return []any{
				(*string)(&m.ID), &m.Key, (*string)(&m.Template), &m.To, (*string)(&m.Account), &m.Language,
				&m.Urgent, &m.Sealed, (*string)(&m.Status), &m.Attempts,
				never(&m.NotBefore), never(&m.ExpiresAt), never(&m.LeasedUntil), &m.LastError,
				sorted(&m.CreatedAt), never(&m.SentAt), &m.Version,
			}
		},
		derived: []string{"turn"},
		derive:  func(m *notify.Message) []any { return []any{turn(m)} },
	}
}

// turn is in whose row a message waits: that of its recipient, or "" if it is urgent and
// waits for nobody before it; nil if it does not wait. A column of its own is cheap to keep
// an index on, and no other index looks as good to a planner: how many messages wait changes
// faster than its statistics.
func turn(m *notify.Message) any {
	switch {
	case m.Status != notify.MessageQueued:
		return nil
	case m.Urgent:
		return ""
	default:
		return m.To
	}
}

// Enqueue implements storage.Tx. A key that is taken is no failure; an id that is
// taken is an insert over an existing row.
func (tx *Tx) Enqueue(ctx context.Context, m notify.Message) error {
	t := tx.store.tables
	args, _ := t.messages.row(&m)
	return tx.write(ctx, Write{Query: t.enqueue, Strict: t.enqueue, Args: args, Outcome: func(_ int64, err error) error {
		return conflictIfTaken(tx.outcome(ctx, 1, err))
	}})
}

// putMessage writes everything but the key, which never changes. An index is kept up for
// every column that a statement names, whether its value changes or not.
func putMessage(d *Dialect, t *table[notify.Message]) string {
	columns := slices.Concat(t.columns[2:len(t.columns)-1], t.derived)
	return d.rebind("UPDATE " + t.name + " SET " + strings.Join(columns, " = ?, ") +
		" = ?, version = version + 1 WHERE id = ? AND version = ?")
}

// PutMessage implements storage.Tx.
func (tx *Tx) PutMessage(ctx context.Context, m notify.Message) error {
	t := tx.store.tables
	args, version := t.messages.row(&m)
	return touch(ctx, tx, t.putMessage, t.putMessageStrict, append(args[2:len(args):len(args)], args[0], version))
}

// Message implements storage.Tx.
func (tx *Tx) Message(ctx context.Context, id notify.MessageID) (notify.Message, error) {
	t := tx.store.tables.messages
	return get(ctx, tx, t, t.get, string(id))
}

// DeleteMessage implements storage.Tx.
func (tx *Tx) DeleteMessage(ctx context.Context, m notify.Message) error {
	return remove(ctx, tx, tx.store.tables.messages, m)
}

// Messages implements storage.Tx.
func (tx *Tx) Messages(ctx context.Context, q notify.MessageQuery) ([]notify.Message, error) {
	t := tx.store.tables.messages
	w := messagesWhere(q)
	order := "created_at, id"
	if q.Newest {
		order = "created_at DESC, id DESC"
	}
	switch {
	case q.AfterID == "":
	case q.Newest:
		w.and("(created_at, id) < (?, ?)", q.AfterAt.UnixMicro(), string(q.AfterID))
	default:
		w.and("(created_at, id) > (?, ?)", q.AfterAt.UnixMicro(), string(q.AfterID))
	}
	query, args := w.query(tx.store.dialect, t.selectAll, order, q.Capped())
	return list(ctx, tx, t, query, args...)
}

// CountMessages implements storage.Tx.
func (tx *Tx) CountMessages(ctx context.Context, q notify.MessageQuery) (int, error) {
	w := messagesWhere(q)
	var n int64
	query := tx.store.dialect.rebind(w.selection("SELECT count(*) FROM habilis_messages"))
	err := tx.ask(ctx, ctx, one(&n, func(n *int64) []any { return []any{n} }, query, w.args...))
	return int(n), err
}

// messagesWhere holds the conditions of q. Those of the partial indexes are in the very
// words of the indexes, so that these are used.
func messagesWhere(q notify.MessageQuery) *where {
	var w where
	w.equal("account_id", string(q.Account))
	if q.Account != "" && q.Status != "" && q.Status != notify.MessageSent {
		w.and("status <> 'sent' AND account_id <> ''")
	}
	w.equal("template", string(q.Template))
	if q.Urgent && q.Status == notify.MessageQueued {
		w.and("turn = ''")
	} else {
		word(&w, "status", q.Status)
	}
	if q.Urgent {
		w.and("urgent")
	}
	if q.InTurn && q.Status != notify.MessageQueued {
		w.and("status = 'queued'")
	}
	if !q.Before.IsZero() {
		w.and("created_at < ?", q.Before.UnixMicro())
	}
	if q.Sealed {
		w.and("sealed IS NOT NULL")
	}
	if !q.DueAt.IsZero() {
		at := q.DueAt.UnixMicro()
		w.and("(not_before IS NULL OR not_before <= ?)", at)
		w.and("(leased_until IS NULL OR leased_until <= ?)", at)
	}
	if q.InTurn {
		w.and("NOT urgent")
		w.and("NOT EXISTS (SELECT 1 FROM habilis_messages AS e WHERE e.turn = habilis_messages.recipient AND NOT e.urgent" +
			" AND (e.created_at, e.id) < (habilis_messages.created_at, habilis_messages.id))")
	}
	return &w
}
