package storagetest

import (
	"fmt"
	"time"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func noticeCases() []testCase {
	return []testCase{
		{"KeyUnique", noticeKeyUnique},
		{"List", noticeList},
		{"Before", noticeBefore},
		{"Limit", noticeLimit},
		{"Tallies", noticeTallies},
		{"Drop", noticeDrop},
	}
}

func noticesOf(b *bench, q notify.NoticeQuery) []notify.NoticeID {
	b.Helper()
	return keys(list(b, func(tx storage.Tx) ([]notify.Notice, error) { return tx.Notices(b.ctx, q) }),
		func(n notify.Notice) notify.NoticeID { return n.ID })
}

func noticeIDs(ns ...int) []notify.NoticeID {
	var ids []notify.NoticeID
	for _, n := range ns {
		ids = append(ids, noticeID(n))
	}
	return ids
}

func noticeKeyUnique(b *bench) {
	puts(b, noticeKind(), newNotice(1))
	b.wantErr("a second notice with the same Key is refused with ErrExists", b.try(func(tx storage.Tx) error {
		n := newNotice(2)
		n.Key = newNotice(1).Key
		return tx.PutNotice(b.ctx, n)
	}), storage.ErrExists)
	other := newNotice(3)
	other.Key = "Invoice/1"
	puts(b, noticeKind(), other)
	b.equal("keys of notices are compared byte by byte", noticesOf(b, notify.NoticeQuery{Key: "Invoice/1"}), noticeIDs(3))
}

func noticeList(b *bench) {
	for n, row := range []struct {
		at, structure int
		spreading     bool
	}{{3, 1, true}, {1, 1, false}, {3, 2, true}, {2, 3, false}, {1, 2, true}} {
		v := newNotice(n)
		v.At, v.Structure, v.Spreading = minute(row.at), structureID(row.structure), row.spreading
		puts(b, noticeKind(), v)
	}
	for _, c := range []struct {
		what string
		q    notify.NoticeQuery
		want []int
	}{
		{"oldest At first, then by ID", notify.NoticeQuery{}, []int{1, 4, 3, 0, 2}},
		{"newest first", notify.NoticeQuery{Newest: true}, []int{2, 0, 3, 4, 1}},
		{"one by ID", notify.NoticeQuery{ID: noticeID(3)}, []int{3}},
		{"one by Key", notify.NoticeQuery{Key: newNotice(2).Key}, []int{2}},
		{"those of some structures, each once", notify.NoticeQuery{Structures: []structure.ID{structureID(3), structureID(1), structureID(3)}}, []int{1, 3, 0}},
		{"none of no structures", notify.NoticeQuery{Structures: []structure.ID{}}, nil},
		{"those that are spreading", notify.NoticeQuery{Spreading: true}, []int{4, 0, 2}},
		{"those of a structure that are spreading, newest first", notify.NoticeQuery{Structures: []structure.ID{structureID(2)}, Spreading: true, Newest: true}, []int{2, 4}},
		{"at most two", notify.NoticeQuery{Limit: 2}, []int{1, 4}},
		{"at most two of some structures, newest first", notify.NoticeQuery{Structures: []structure.ID{structureID(1), structureID(2)}, Newest: true, Limit: 2}, []int{2, 0}},
	} {
		b.equal("Notices lists "+c.what, noticesOf(b, c.q), noticeIDs(c.want...))
	}
	v := load(b, noticeKind(), newNotice(0))
	v.Spreading = false
	b.update(func(tx storage.Tx) error { return tx.PutNotice(b.ctx, v) })
	b.equal("a notice that stopped spreading is not listed so", noticesOf(b, notify.NoticeQuery{Spreading: true}), noticeIDs(4, 2))
}

func noticeBefore(b *bench) {
	for n, at := range []time.Time{minute(2), minute(1), minute(2), minute(2), minute(2).Add(time.Microsecond)} {
		v := newNotice(n)
		v.At = at
		puts(b, noticeKind(), v)
	}
	before := func(at time.Time, id notify.NoticeID) []notify.NoticeID {
		return noticesOf(b, notify.NoticeQuery{Structures: []structure.ID{structureID(1)}, Newest: true, BeforeAt: at, BeforeID: id})
	}
	b.equal("a listing goes on before a notice among others of its instant", before(minute(2), noticeID(2)), noticeIDs(0, 1))
	b.equal("a listing goes on before the newest", before(minute(2).Add(time.Microsecond), noticeID(4)), noticeIDs(3, 2, 0, 1))
	b.equal("a listing ends at the oldest", before(minute(1), noticeID(1)), noticeIDs())
	b.equal("without Newest a position is not looked at", noticesOf(b, notify.NoticeQuery{BeforeAt: minute(2), BeforeID: noticeID(2)}), noticeIDs(1, 0, 2, 3, 4))
}

func noticeLimit(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 1001 {
			if err := tx.PutNotice(b.ctx, newNotice(n)); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 5000: 1000} {
		if got := len(noticesOf(b, notify.NoticeQuery{Limit: limit})); got != want {
			b.Errorf("NoticeQuery.Limit %d of 1001 notices: got %d, want %d", limit, got, want)
		}
	}
}

func noticeTallies(b *bench) {
	put := func(n, at, where int, alter func(*notify.Notice)) {
		v := newNotice(n)
		v.At, v.Structure, v.Service = minute(at), structureID(where), ""
		alter(&v)
		puts(b, noticeKind(), v)
	}
	same := func(*notify.Notice) {}
	put(0, 1, 1, same)
	put(1, 2, 1, same)
	put(2, 3, 1, same)
	put(3, 2, 1, func(v *notify.Notice) { v.Service = serviceID(1) })
	put(4, 2, 1, func(v *notify.Notice) { v.Space = authz.SpaceHome })
	put(5, 2, 1, func(v *notify.Notice) { v.Kind = "" })
	put(6, 2, 1, func(v *notify.Notice) { v.Category = "a" })
	put(7, 1, 2, same)
	put(8, 1, 3, same)
	put(9, 2, 1, func(v *notify.Notice) { v.At = minute(3).Add(-time.Microsecond) })
	tallies := func(from, until int, ids ...structure.ID) []notify.Tally {
		return list(b, func(tx storage.Tx) ([]notify.Tally, error) {
			return tx.Tallies(b.ctx, notify.TallyQuery{Structures: ids, From: minute(from), Until: minute(until)})
		})
	}
	sort := func(where, count int) notify.Tally {
		n := newNotice(1)
		return notify.Tally{Structure: structureID(where), Space: n.Space, Category: n.Category, Kind: n.Kind, Count: count}
	}
	home, bare, other, service := sort(1, 1), sort(1, 1), sort(1, 1), sort(1, 1)
	home.Space, bare.Kind, other.Category, service.Service = authz.SpaceHome, "", "a", serviceID(1)
	b.equal("Tallies counts each sort, in order, From included and Until not",
		tallies(1, 3, structureID(2), structureID(1), structureID(1)), []notify.Tally{home, other, bare, sort(1, 3), service, sort(2, 1)})
	together := list(b, func(tx storage.Tx) ([]notify.Tally, error) {
		return tx.Tallies(b.ctx, notify.TallyQuery{Structures: []structure.ID{structureID(2), structureID(1)}, From: minute(1), Until: minute(3), Sorts: true})
	})
	for _, t := range []*notify.Tally{&home, &other, &bare, &service} {
		t.Kind, t.Count = "", 0
	}
	elsewhere := bare
	elsewhere.Structure = structureID(2)
	b.equal("Tallies lists nothing but the sorts if asked to", together, []notify.Tally{home, other, bare, service, elsewhere})
	b.equal("Tallies counts the next span", tallies(3, 4, structureID(1)), []notify.Tally{sort(1, 1)})
	odd := structure.ID(`{"a",\b}, NULL 'c'`)
	put(10, 5, 1, func(v *notify.Notice) { v.Structure = odd })
	b.equal("Tallies takes identifiers byte by byte", keys(tallies(5, 6, odd, `"`, `\`), func(t notify.Tally) structure.ID { return t.Structure }), []structure.ID{odd})
	b.equal("Tallies of an empty span are none", tallies(2, 2, structureID(1)), []notify.Tally(nil))
	b.equal("Tallies of no structures are none", tallies(1, 9), []notify.Tally(nil))
}

func noticeDrop(b *bench) {
	for n, at := range []int{3, 1, 2, 5, 4} {
		v := newNotice(n)
		v.At = minute(at)
		puts(b, noticeKind(), v)
	}
	drop := func(before, limit int) (n int) {
		b.update(func(tx storage.Tx) (err error) {
			n, err = tx.DropNotices(b.ctx, minute(before), limit)
			return err
		})
		return n
	}
	b.equal("DropNotices removes the oldest up to its limit", fmt.Sprint(drop(9, 2), noticesOf(b, notify.NoticeQuery{})), fmt.Sprint(2, noticeIDs(0, 4, 3)))
	b.equal("DropNotices leaves what is not before the instant", fmt.Sprint(drop(4, 9), noticesOf(b, notify.NoticeQuery{})), fmt.Sprint(1, noticeIDs(4, 3)))
	b.equal("DropNotices of none removes none", drop(9, 0), 0)
	puts(b, noticeKind(), newNotice(1))
	b.wantErr("dropping in a unit that fails drops nothing", b.try(func(tx storage.Tx) error {
		if _, err := tx.DropNotices(b.ctx, minute(9), 9); err != nil {
			return err
		}
		return errRollback
	}), errRollback)
	b.equal("what was dropped by a unit that failed is there", noticesOf(b, notify.NoticeQuery{}), noticeIDs(1, 4, 3))
}
