package storagetest

import (
	"cmp"
	"slices"
	"time"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func eventListCases() []testCase {
	return []testCase{
		{"Filters", eventFilters},
		{"Cursor", eventCursor},
		{"Newest", eventsNewest},
		{"Limit", eventLimit},
		{"Between", eventsBetween},
	}
}

func eventFilters(b *bench) {
	// Account is the number modulo three; see newEvent.
	outside := newEvent(6, 1, 1)
	outside.Chain, outside.Structure, outside.Account = notify.AccountChain(accountID(2)), "", accountID(2)
	nobody := newEvent(7, 2, 3)
	nobody.Account = ""
	rejected := newEvent(3, 1, 2)
	rejected.Kind = "membership.rejected"
	appends(b, newEvent(4, 2, 1), newEvent(2, 1, 1), rejected, newEvent(5, 2, 2), outside, nobody)

	chain1, chain2 := notify.StructureChain(structureID(1)), notify.StructureChain(structureID(2))
	type q = notify.EventQuery
	for _, c := range []struct {
		what string
		q    q
		want []int
	}{
		{"the zero query selects all, by chain, then sequence", q{}, []int{6, 2, 3, 4, 5, 7}},
		{"by chain", q{Chain: chain2}, []int{4, 5, 7}},
		{"by a chain without any", q{Chain: notify.StructureChain(structureID(9))}, nil},
		{"by account, across chains", q{Account: accountID(2)}, []int{6, 2, 5}},
		{"by structure", q{Structure: structureID(1)}, []int{2, 3}},
		{"by kind", q{Kinds: []notify.Kind{"membership.rejected"}}, []int{3}},
		{"by any of several kinds", q{Kinds: []notify.Kind{"membership.rejected", "nothing", "membership.approved"}, Chain: chain1}, []int{2, 3}},
		{"account and structure", q{Account: accountID(2), Structure: structureID(2)}, []int{5}},
		{"chain and account", q{Chain: chain1, Account: accountID(0)}, []int{3}},
		{"conditions that exclude one another", q{Chain: chain1, Structure: structureID(2)}, nil},
		{"newest first, by account", q{Account: accountID(2), Newest: true}, []int{6, 5, 2}},
		{"newest first, by chain and kind", q{Chain: chain1, Kinds: []notify.Kind{"membership.approved"}, Newest: true}, []int{2}},
		{"newest first, by structure", q{Structure: structureID(2), Newest: true}, []int{7, 5, 4}},
	} {
		b.equal("Events: "+c.what, keys(eventsOf(b, c.q), eventIDOf), eventIDs(c.want...))
	}
}

func eventsBetween(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 5 {
			e := newEvent(n, 1, int64(n+1))
			e.At = minute(n)
			if err := tx.AppendEvent(b.ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	type q = notify.EventQuery
	zone := time.FixedZone("UTC+9", 9*60*60)
	for _, c := range []struct {
		what string
		q    q
		want []int
	}{
		{"from an instant, itself included", q{From: minute(3)}, []int{3, 4}},
		{"from a moment later", q{From: minute(3).Add(time.Microsecond)}, []int{4}},
		{"until an instant, itself left out", q{Until: minute(2)}, []int{0, 1}},
		{"until a moment later", q{Until: minute(2).Add(time.Microsecond)}, []int{0, 1, 2}},
		{"between two, in any zone", q{From: minute(1).In(zone), Until: minute(3).In(zone)}, []int{1, 2}},
		{"between two, newest first", q{From: minute(1), Until: minute(4), Newest: true}, []int{3, 2, 1}},
		{"between two, before a place", q{From: minute(1), Newest: true, BeforeAt: minute(3), BeforeChain: newEvent(0, 1, 0).Chain, BeforeSequence: 4}, []int{2, 1}},
	} {
		b.equal("Events: "+c.what, keys(eventsOf(b, c.q), eventIDOf), eventIDs(c.want...))
	}
}

func eventCursor(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 12 {
			if err := tx.AppendEvent(b.ctx, newEvent(n, n%2, int64(n/2+1))); err != nil {
				return err
			}
		}
		return nil
	})
	for _, q := range []notify.EventQuery{{}, {Chain: notify.StructureChain(structureID(1))}, {Account: accountID(1)}} {
		all := eventsOf(b, q)
		var paged []notify.Event
		q.Limit = 2
		for range 12 {
			page := eventsOf(b, q)
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
			q.AfterChain, q.AfterSequence = page[len(page)-1].Chain, page[len(page)-1].Sequence
		}
		b.equal("pages that continue after (chain, sequence) give the whole list, nothing twice", keys(paged, eventIDOf), keys(all, eventIDOf))
	}
	chain := notify.StructureChain(structureID(0))
	b.equal("a position need not exist",
		keys(eventsOf(b, notify.EventQuery{AfterChain: chain, AfterSequence: 99, Limit: 1}), eventIDOf), eventIDs(1))
	b.equal("a position before a chain's first event begins at that event",
		keys(eventsOf(b, notify.EventQuery{AfterChain: chain, Limit: 1}), eventIDOf), eventIDs(0))
}

func eventsNewest(b *bench) {
	// Four instants, three events each, over three chains, in an order of their own.
	order := []int{7, 2, 9, 4, 11, 0, 5, 10, 3, 8, 1, 6}
	var all []notify.Event
	sequences := map[structure.ID]int64{}
	for _, n := range order {
		e := newEvent(n, n%3, 0)
		sequences[e.Structure]++
		e.Sequence, e.At = sequences[e.Structure], minute(n/3)
		all = append(all, e)
	}
	b.update(func(tx storage.Tx) error {
		for _, e := range all {
			if err := tx.AppendEvent(b.ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(all, func(x, y notify.Event) int {
		return cmp.Or(y.At.Compare(x.At), cmp.Compare(y.Chain, x.Chain), cmp.Compare(y.Sequence, x.Sequence))
	})
	want := keys(all, eventIDOf)
	b.equal("Newest lists by (At, chain, sequence) descending", keys(eventsOf(b, notify.EventQuery{Newest: true}), eventIDOf), want)
	var paged []notify.Event
	q := notify.EventQuery{Newest: true, Limit: 5}
	for range 12 {
		page := eventsOf(b, q)
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		last := page[len(page)-1]
		q.BeforeAt, q.BeforeChain, q.BeforeSequence = last.At, last.Chain, last.Sequence
	}
	b.equal("pages that continue before (At, chain, sequence) give the whole list, nothing twice", keys(paged, eventIDOf), want)
	b.equal("a position need not exist, and is ANDed with the conditions",
		keys(eventsOf(b, notify.EventQuery{Newest: true, Structure: structureID(1), BeforeAt: minute(2), BeforeChain: "zzz"}), eventIDOf),
		eventIDs(7, 4, 1))
}

func eventLimit(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 101 {
			if err := tx.AppendEvent(b.ctx, newEvent(n, 1, int64(n+1))); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 5000: 101} {
		for _, newest := range []bool{false, true} {
			if got := len(eventsOf(b, notify.EventQuery{Limit: limit, Newest: newest})); got != want {
				b.Errorf("EventQuery.Limit %d of 101 events: got %d, want %d", limit, got, want)
			}
		}
	}
}
