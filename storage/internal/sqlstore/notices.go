package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/notify"
)

func noticeTable() table[notify.Notice] {
	return table[notify.Notice]{
		name: "habilis_notices",
		keys: 1,
		columns: []string{
			"id", "notice_key", "category", "kind", "structure_id", "service_id", "space", "subject", "path",
			"at", "spreading", "spread_to", "version",
		},
		fields: func(n *notify.Notice) []any {
			return []any{
				(*string)(&n.ID), &n.Key, (*string)(&n.Category), (*string)(&n.Kind), (*string)(&n.Structure),
				(*string)(&n.Service), (*string)(&n.Space), &n.Subject, &n.Path,
				sorted(&n.At), &n.Spreading, (*string)(&n.SpreadTo), &n.Version,
			}
		},
	}
}

// PutNotice implements storage.Tx.
func (tx *Tx) PutNotice(ctx context.Context, n notify.Notice) error {
	return put(ctx, tx, tx.store.tables.notices, n)
}

// Notices implements storage.Tx.
func (tx *Tx) Notices(ctx context.Context, q notify.NoticeQuery) ([]notify.Notice, error) {
	if q.Structures != nil && len(q.Structures) == 0 {
		return nil, tx.ready(ctx) // any of none
	}
	t := tx.store.tables.notices
	var w where
	w.equal("id", string(q.ID))
	w.equal("notice_key", q.Key)
	in(&w, "structure_id", q.Structures)
	if q.Spreading {
		w.and("spreading")
	}
	order := "at, id"
	if q.Newest {
		order = "at DESC, id DESC"
		if !q.BeforeAt.IsZero() || q.BeforeID != "" {
			w.and("(at, id) < (?, ?)", q.BeforeAt.UnixMicro(), string(q.BeforeID))
		}
	}
	query, args := w.query(tx.store.dialect, t.selectAll, order, q.Capped())
	return list(ctx, tx, t, query, args...)
}

// talliedAtOnce is of how many structures one statement counts notices, as a list of
// arguments. With longer ones, planners prefer to read the whole table and compare each
// row with all of them.
const talliedAtOnce = 64

// Tallies implements storage.Tx.
func (tx *Tx) Tallies(ctx context.Context, q notify.TallyQuery) ([]notify.Tally, error) {
	if len(q.Structures) == 0 {
		return nil, tx.ready(ctx) // any of none
	}
	wanted := slices.Clone(q.Structures)
	slices.Sort(wanted)
	found := make([]notify.Tally, 0, len(wanted))
	var reads []Read
	for part := range slices.Chunk(slices.Compact(wanted), tx.store.dialect.chunk(talliedAtOnce)) {
		var w where
		arrayed(&w, tx.store.dialect, "structure_id", part)
		w.and("at >= ?", q.From.UnixMicro())
		w.and("at < ?", q.Until.UnixMicro())
		fields, query := sortFields, w.selection("SELECT DISTINCT "+sortColumns+" FROM "+tx.store.tables.notices.name)
		if !q.Sorts {
			fields = tallyFields
			query = w.selection("SELECT "+sortColumns+", kind, count(*) FROM "+tx.store.tables.notices.name) + " GROUP BY " + sortColumns + ", kind"
		}
		reads = append(reads, all(&found, fields, tx.store.dialect.rebind(query), w.args...))
	}
	if err := tx.ask(ctx, ctx, reads...); err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, nil
	}
	slices.SortFunc(found, notify.Tally.Compare) // few of many rows: cheaper here than there
	return found, nil
}

const sortColumns = "structure_id, service_id, space, category"

func sortFields(t *notify.Tally) []any {
	return []any{(*string)(&t.Structure), (*string)(&t.Service), (*string)(&t.Space), (*string)(&t.Category)}
}

func tallyFields(t *notify.Tally) []any {
	return []any{
		(*string)(&t.Structure), (*string)(&t.Service), (*string)(&t.Space), (*string)(&t.Category), (*string)(&t.Kind), &t.Count,
	}
}

// DropNotices implements storage.Tx.
func (tx *Tx) DropNotices(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := tx.exec(ctx, "drop notices", tx.store.tables.dropNotices, before.UnixMicro(), int64(max(limit, 0)))
	return int(n), err
}

func runTable() table[notify.Run] {
	return table[notify.Run]{
		name:    "habilis_runs",
		keys:    1,
		columns: []string{"rhythm", "from_at", "until_at", "after_id", "told", "finished_at", "version"},
		fields: func(r *notify.Run) []any {
			return []any{
				(*string)(&r.Rhythm), never(&r.From), never(&r.Until), (*string)(&r.After), &r.Told, never(&r.FinishedAt), &r.Version,
			}
		},
	}
}

// Run implements storage.Tx.
func (tx *Tx) Run(ctx context.Context, r notify.Rhythm) (notify.Run, error) {
	t := tx.store.tables.runs
	return get(ctx, tx, t, t.get, string(r))
}

// PutRun implements storage.Tx.
func (tx *Tx) PutRun(ctx context.Context, r notify.Run) error {
	return put(ctx, tx, tx.store.tables.runs, r)
}
