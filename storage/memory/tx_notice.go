package memory

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

func (t *tx) PutNotice(ctx context.Context, n notify.Notice) error {
	return t.write(ctx, func() error { return t.db.notices.put(n) })
}

func (t *tx) Notices(ctx context.Context, q notify.NoticeQuery) ([]notify.Notice, error) {
	return read(ctx, t, func() ([]notify.Notice, error) {
		prefixes := []key{everyNotice}
		switch {
		case q.Structures != nil:
			prefixes = nil
			for _, id := range distinct(q.Structures) {
				prefixes = append(prefixes, structureNotices(id))
			}
		case q.Spreading:
			prefixes = []key{spreadingNotices}
		}
		var all []notify.Notice
		for _, prefix := range prefixes {
			all = append(all, t.db.notices.take(t.noticesFrom(prefix, q), q.Capped(), func(n notify.Notice) bool { return fitsNotice(q, n) })...)
		}
		slices.SortFunc(all, func(a, b notify.Notice) int {
			order := cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
			if q.Newest {
				return -order
			}
			return order
		})
		return pageOf(all, 0, q.Capped()), nil
	})
}

func (t *tx) noticesFrom(prefix key, q notify.NoticeQuery) iter.Seq[notify.Notice] {
	switch {
	case !q.Newest:
		return t.db.notices.scan(prefix, prefix)
	case q.BeforeAt.IsZero() && q.BeforeID == "":
		return t.db.notices.scanBack(prefix, prefix.last())
	default:
		return t.db.notices.scanBack(prefix, noticePosition(prefix, notify.Notice{At: q.BeforeAt, ID: q.BeforeID}))
	}
}

func fitsNotice(q notify.NoticeQuery, n notify.Notice) bool {
	return (q.ID == "" || n.ID == q.ID) && (q.Key == "" || n.Key == q.Key) && (!q.Spreading || n.Spreading)
}

func (t *tx) Tallies(ctx context.Context, q notify.TallyQuery) ([]notify.Tally, error) {
	return read(ctx, t, func() ([]notify.Tally, error) {
		counts := map[notify.Tally]int{}
		for _, id := range distinct(q.Structures) {
			prefix := structureNotices(id)
			for n := range t.db.notices.scan(prefix, prefix.time(q.From)) {
				if !n.At.Before(q.Until) {
					break
				}
				sort := notify.Tally{Structure: id, Service: n.Service, Space: n.Space, Category: n.Category, Kind: n.Kind}
				if q.Sorts {
					sort.Kind = ""
				}
				counts[sort]++
			}
		}
		all := slices.SortedFunc(maps.Keys(counts), notify.Tally.Compare)
		for i, sort := range all {
			if !q.Sorts {
				all[i].Count = counts[sort]
			}
		}
		return all, nil
	})
}

func (t *tx) DropNotices(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = t.write(ctx, func() error {
		old := t.db.notices.take(t.db.notices.scan(everyNotice, everyNotice), limit, func(n notify.Notice) bool { return n.At.Before(before) })
		for _, v := range old {
			if err := t.db.notices.remove(v); err != nil {
				return err
			}
		}
		n = len(old)
		return nil
	})
	return n, err
}

func (t *tx) Run(ctx context.Context, r notify.Rhythm) (notify.Run, error) {
	return read(ctx, t, func() (notify.Run, error) { return t.db.runs.get(byID(r)) })
}

func (t *tx) PutRun(ctx context.Context, r notify.Run) error {
	return t.write(ctx, func() error { return t.db.runs.put(r) })
}

func distinct[T cmp.Ordered](values []T) []T {
	values = slices.Clone(values)
	slices.Sort(values)
	return slices.Compact(values)
}

func (t *tx) Venues(ctx context.Context, ids []structure.ID) ([]structure.Venue, error) {
	return read(ctx, t, func() ([]structure.Venue, error) {
		var all []structure.Venue
		for _, id := range distinct(ids) {
			s, err := t.db.structures.get(byID(id))
			if err != nil {
				continue // there is none
			}
			all = append(all, structure.Venue{
				Structure: s.ID, LegalName: s.LegalName, Label: s.Label, Type: s.Type, Status: s.Status, Spaces: s.Spaces,
				Units: t.db.units.take(t.db.units.scan(unitsKey(id), unitsKey(id)), math.MaxInt, every),
			})
		}
		return all, nil
	})
}
