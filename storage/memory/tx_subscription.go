package memory

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"github.com/habilis-go/habilis/structure"
)

func (t *tx) PutSubscription(ctx context.Context, s structure.Subscription) error {
	return t.write(ctx, func() error { return t.db.subscriptions.put(s) })
}

func (t *tx) Subscriptions(ctx context.Context, q structure.SubscriptionQuery) ([]structure.Subscription, error) {
	return read(ctx, t, func() ([]structure.Subscription, error) { return t.subscriptions(q, q.Capped()), nil })
}

func (t *tx) subscriptions(q structure.SubscriptionQuery, limit int) []structure.Subscription {
	if q.Once {
		every := q
		every.Once, every.AfterAt, every.AfterID, every.Skip = false, structure.SubscriptionQuery{}.AfterAt, "", 0
		all := onceEach(t.subscriptions(every, math.MaxInt), func(s structure.Subscription) [2]string {
			return [2]string{string(s.Account), string(s.Structure)}
		})
		return pageOf(slices.DeleteFunc(all, func(s structure.Subscription) bool { return !followsLine(q, s) }), q.Skip, limit)
	}
	table := t.db.subscriptions
	fits := func(s structure.Subscription) bool { return fitsSubscription(q, s) }
	var all []structure.Subscription
	switch {
	case q.IDs != nil:
		all = table.take(named(table, q.IDs), math.MaxInt, fits)
	case q.Account != "":
		all = table.take(t.lines(accountLines(q.Account), q), beyond(q.Skip, limit), fits)
	case q.Accounts != nil:
		for _, id := range distinct(q.Accounts) {
			all = append(all, table.take(t.lines(accountLines(id), q), beyond(q.Skip, limit), fits)...)
		}
	case q.Structures != nil:
		for _, id := range distinct(q.Structures) {
			all = append(all, table.take(t.lines(structureLines(id), q), beyond(q.Skip, limit), fits)...)
		}
	case !q.DueAt.IsZero():
		all = table.take(t.lines(dueLines, q), beyond(q.Skip, limit), fits)
	default:
		all = table.take(t.lines(everyLine, q), beyond(q.Skip, limit), fits)
	}
	slices.SortFunc(all, func(a, b structure.Subscription) int {
		return cmp.Or(a.RequestedAt.Compare(b.RequestedAt), cmp.Compare(a.ID, b.ID))
	})
	return pageOf(all, q.Skip, limit)
}

func (t *tx) lines(prefix key, q structure.SubscriptionQuery) iter.Seq[structure.Subscription] {
	after := structure.Subscription{RequestedAt: q.AfterAt, ID: q.AfterID}
	return t.db.subscriptions.scan(prefix, linePosition(prefix, after))
}

func fitsSubscription(q structure.SubscriptionQuery, s structure.Subscription) bool {
	switch {
	case q.Account != "" && s.Account != q.Account:
	case q.Accounts != nil && !slices.Contains(q.Accounts, s.Account):
	case q.Structures != nil && !slices.Contains(q.Structures, s.Structure):
	case len(q.Statuses) > 0 && !slices.Contains(q.Statuses, s.Status):
	case q.Space != "" && s.Space != q.Space:
	case q.Batch != "" && s.Batch != q.Batch:
	case !q.DueAt.IsZero() && (s.DueAt.IsZero() || s.DueAt.After(q.DueAt)):
	case q.Except != "" && s.Account == q.Except:
	case !followsLine(q, s):
	default:
		return true
	}
	return false
}

// followsLine reports whether s comes after the position of q.
func followsLine(q structure.SubscriptionQuery, s structure.Subscription) bool {
	return cmp.Or(s.RequestedAt.Compare(q.AfterAt), cmp.Compare(s.ID, q.AfterID)) > 0
}

func (t *tx) Count(ctx context.Context, c structure.Counting) (structure.Counts, error) {
	return read(ctx, t, func() (structure.Counts, error) {
		var n structure.Counts
		if q := c.Structures; q != nil {
			every := *q
			every.AfterName, every.AfterID, every.Skip = "", "", 0
			n.Structures = len(t.structures(every, math.MaxInt))
		}
		if q := c.Memberships; q != nil {
			every := *q
			every.AfterAt, every.AfterID, every.Skip = structure.MembershipQuery{}.AfterAt, "", 0
			n.Memberships = len(t.memberships(every, math.MaxInt))
		}
		if q := c.Subscriptions; q != nil {
			every := *q
			every.AfterAt, every.AfterID, every.Skip = structure.SubscriptionQuery{}.AfterAt, "", 0
			n.Subscriptions = len(t.subscriptions(every, math.MaxInt))
		}
		return n, nil
	})
}

// beyond is how many rows must be taken to have limit of them after skip.
func beyond(skip, limit int) int {
	if limit > math.MaxInt-skip {
		return math.MaxInt
	}
	return max(skip, 0) + limit
}

// pageOf leaves out the first rows and what is over the limit.
func pageOf[V any](all []V, skip, limit int) []V {
	all = all[min(max(skip, 0), len(all)):]
	return all[:min(limit, len(all))]
}
