package sqlstore

import (
	"context"

	"github.com/habilis-go/habilis/structure"
)

func subscriptionTable() table[structure.Subscription] {
	return table[structure.Subscription]{
		name: "habilis_subscriptions",
		keys: 1,
		columns: []string{
			"id", "account_id", "structure_id", "service_id", "space", "level", "status", "origin", "batch",
			"valid_from", "valid_until", "comment_text", "comment_salt", "reason_text", "reason_salt", "reminded_at", "due_at",
			"requested_at", "decided_at", "decided_by", "created_at", "version",
		},
		fields: func(s *structure.Subscription) []any {
			return []any{
				(*string)(&s.ID), (*string)(&s.Account), (*string)(&s.Structure), (*string)(&s.Service),
				(*string)(&s.Space), (*string)(&s.Level), (*string)(&s.Status), (*string)(&s.Origin), &s.Batch,
				never(&s.Validity.From), never(&s.Validity.Until),
				&s.Comment.Text, &s.Comment.Salt, &s.Reason.Text, &s.Reason.Salt, never(&s.RemindedAt), never(&s.DueAt),
				sorted(&s.RequestedAt), never(&s.DecidedAt), (*string)(&s.DecidedBy), never(&s.CreatedAt), &s.Version,
			}
		},
	}
}

// PutSubscription implements storage.Tx.
func (tx *Tx) PutSubscription(ctx context.Context, s structure.Subscription) error {
	return put(ctx, tx, tx.store.tables.subscriptions, s)
}

// Subscriptions implements storage.Tx.
func (tx *Tx) Subscriptions(ctx context.Context, q structure.SubscriptionQuery) ([]structure.Subscription, error) {
	if ofNone(q) {
		return nil, tx.ready(ctx)
	}
	t := tx.store.tables.subscriptions
	w := subscriptionsWhere(q)
	query, args := w.page(tx.store.dialect, t.selectAll, "requested_at, id", q.Skip, q.Capped())
	return list(ctx, tx, t, query, args...)
}

// ofNone reports whether q asks for any of none.
func ofNone(q structure.SubscriptionQuery) bool {
	return q.IDs != nil && len(q.IDs) == 0 || q.Accounts != nil && len(q.Accounts) == 0 || q.Structures != nil && len(q.Structures) == 0
}

func subscriptionsWhere(q structure.SubscriptionQuery) where {
	var w where
	in(&w, "id", q.IDs)
	w.equal("account_id", string(q.Account))
	in(&w, "account_id", q.Accounts)
	in(&w, "structure_id", q.Structures)
	anyWord(&w, "status", q.Statuses)
	w.equal("space", string(q.Space))
	w.equal("batch", q.Batch)
	if !q.DueAt.IsZero() {
		w.and("due_at <= ?", q.DueAt.UnixMicro())
	}
	if q.Except != "" {
		w.and("account_id <> ?", string(q.Except))
	}
	if q.Once {
		w = w.firsts("habilis_subscriptions", "account_id, structure_id")
	}
	if !q.AfterAt.IsZero() || q.AfterID != "" {
		w.and("(requested_at, id) > (?, ?)", q.AfterAt.UnixMicro(), string(q.AfterID))
	}
	return w
}

// Count implements storage.Tx.
func (tx *Tx) Count(ctx context.Context, c structure.Counting) (structure.Counts, error) {
	d := tx.store.dialect
	var n structure.Counts
	var asked []Read
	count := func(into *int, from string, w where) {
		asked = append(asked, counted(into, d.rebind(w.selection("SELECT count(*) FROM "+from)), w.args...))
	}
	if c.Structures != nil && (c.Structures.IDs == nil || len(c.Structures.IDs) > 0) {
		q := *c.Structures
		q.AfterName, q.AfterID = "", ""
		w, err := tx.narrowed(ctx, q, false)
		if err != nil {
			return n, err
		}
		w.structures(d, q)
		count(&n.Structures, tx.store.tables.structures.name, w)
	}
	if c.Memberships != nil && (c.Memberships.Structures == nil || len(c.Memberships.Structures) > 0) {
		q := *c.Memberships
		q.AfterAt, q.AfterID = structure.MembershipQuery{}.AfterAt, ""
		count(&n.Memberships, tx.store.tables.memberships.name, membershipsWhere(d, q))
	}
	if c.Subscriptions != nil && !ofNone(*c.Subscriptions) {
		q := *c.Subscriptions
		q.AfterAt, q.AfterID = structure.SubscriptionQuery{}.AfterAt, ""
		count(&n.Subscriptions, tx.store.tables.subscriptions.name, subscriptionsWhere(q))
	}
	if len(asked) == 0 {
		return n, tx.ready(ctx)
	}
	return n, tx.ask(ctx, ctx, asked...)
}
