package sqlstore

import (
	"context"

	"github.com/habilis-go/habilis/notify"
)

func messageTable() table[notify.Message] {
	return table[notify.Message]{
		name: "habilis_messages",
		keys: 1,
		columns: []string{
			"id", "idempotency_key", "template", "recipient", "account_id", "language", "sealed", "status", "attempts",
			"not_before", "expires_at", "leased_until", "last_error", "created_at", "sent_at", "version",
		},
		fields: func(m *notify.Message) []any {
			return []any{
				(*string)(&m.ID), &m.Key, (*string)(&m.Template), &m.To, (*string)(&m.Account), &m.Language,
				&m.Sealed, (*string)(&m.Status), &m.Attempts,
				never(&m.NotBefore), never(&m.ExpiresAt), never(&m.LeasedUntil), &m.LastError,
				sorted(&m.CreatedAt), never(&m.SentAt), &m.Version,
			}
		},
	}
}

// Enqueue implements storage.Tx. A key that is taken is no failure; an id that is
// taken is an insert over an existing row.
func (tx *Tx) Enqueue(ctx context.Context, m notify.Message) error {
	t := tx.store.tables
	args, _ := t.messages.row(&m)
	return tx.write(ctx, Write{Query: t.enqueue, Args: args, Sure: true, Outcome: func(_ int64, err error) error {
		return conflictIfTaken(tx.outcome(ctx, 1, err))
	}})
}

// PutMessage implements storage.Tx.
func (tx *Tx) PutMessage(ctx context.Context, m notify.Message) error {
	return replace(ctx, tx, tx.store.tables.messages, m)
}

// Message implements storage.Tx.
func (tx *Tx) Message(ctx context.Context, id notify.MessageID) (notify.Message, error) {
	t := tx.store.tables.messages
	return get(ctx, tx, t, t.get, string(id))
}

// Messages implements storage.Tx.
func (tx *Tx) Messages(ctx context.Context, q notify.MessageQuery) ([]notify.Message, error) {
	t := tx.store.tables.messages
	var w where
	w.equal("account_id", string(q.Account))
	w.equal("status", string(q.Status))
	if q.Status != "" && q.Status != notify.MessageSent {
		w.and("status <> 'sent'") // in words of the index of what is unsent, so that it is used
	}
	if !q.DueAt.IsZero() {
		at := q.DueAt.UnixMicro()
		w.and("(not_before IS NULL OR not_before <= ?)", at)
		w.and("(leased_until IS NULL OR leased_until <= ?)", at)
	}
	query, args := w.query(tx.store.dialect, t.selectAll, "created_at, id", q.Capped())
	return list(ctx, tx, t, query, args...)
}
