package storagetest

import (
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func subscriptionCases() []testCase {
	return []testCase{{"LineUnique", lineUnique}}
}

func subscriptionListCases() []testCase {
	return []testCase{
		{"Filters", subscriptionFilters},
		{"AnyOfNone", subscriptionsOfNone},
		{"Due", subscriptionsDue},
		{"Order", subscriptionOrder},
		{"Cursor", subscriptionCursor},
		{"Skip", subscriptionSkip},
		{"Limit", subscriptionLimit},
		{"Once", subscriptionsOnce},
	}
}

func lines(b *bench, q structure.SubscriptionQuery) []structure.Subscription {
	b.Helper()
	return list(b, func(tx storage.Tx) ([]structure.Subscription, error) { return tx.Subscriptions(b.ctx, q) })
}

func lineID(s structure.Subscription) structure.SubscriptionID { return s.ID }

func lineIDs(ns ...int) []structure.SubscriptionID {
	var ids []structure.SubscriptionID
	for _, n := range ns {
		ids = append(ids, subscriptionID(n))
	}
	return ids
}

func lineUnique(b *bench) {
	k := subscriptionKind()
	first := newSubscription(1)
	puts(b, k, first)
	for n, other := range []func(*structure.Subscription){
		func(s *structure.Subscription) { s.Account = accountID(2) },
		func(s *structure.Subscription) { s.Structure = structureID(2) },
		func(s *structure.Subscription) { s.Service = "" },
		func(s *structure.Subscription) { s.Space = authz.SpaceMyAccount },
		func(s *structure.Subscription) { s.Level = authz.Read },
	} {
		s := first
		s.ID = subscriptionID(n + 2)
		other(&s)
		puts(b, k, s) // one part of the line differs, so it is another line
	}
	b.wantErr("a second subscription for the same line is refused with ErrExists", b.try(func(tx storage.Tx) error {
		s := first
		s.ID, s.Status = subscriptionID(9), structure.SubscriptionRemoved
		return tx.PutSubscription(b.ctx, s)
	}), storage.ErrExists)
	whole := load(b, k, newSubscription(4))
	b.wantErr("turning a subscription into another line that is there is refused with ErrExists", b.try(func(tx storage.Tx) error {
		s := whole
		s.Service = first.Service
		return tx.PutSubscription(b.ctx, s)
	}), storage.ErrExists)
	b.equal("a refused change is not stored", load(b, k, whole), whole)
}

func subscriptionFilters(b *bench) {
	line := func(n, a, s int, status structure.SubscriptionStatus, space authz.Space, batch string) structure.Subscription {
		l := newSubscription(n)
		l.Account, l.Structure, l.Status, l.Space, l.Batch = accountID(a), structureID(s), status, space, batch
		return l
	}
	const pending, approved, rejected = structure.SubscriptionPending, structure.SubscriptionApproved, structure.SubscriptionRejected
	puts(b, subscriptionKind(),
		line(1, 1, 1, approved, authz.SpaceHome, "one"),
		line(2, 2, 1, pending, authz.SpaceHome, "two"),
		line(3, 2, 1, pending, authz.SpaceMyAccount, "two"),
		line(4, 1, 2, rejected, authz.SpaceHome, ""),
		line(5, 2, 2, pending, authz.SpaceHome, "one"),
		line(6, 1, 3, approved, authz.SpaceMyAccount, ""),
	)
	type q = structure.SubscriptionQuery
	for _, c := range []struct {
		what string
		q    q
		want []int
	}{
		{"the zero query selects all", q{}, []int{1, 2, 3, 4, 5, 6}},
		{"by ID", q{IDs: lineIDs(4)}, []int{4}},
		{"by any of several IDs, whatever their order", q{IDs: lineIDs(5, 9, 1, 3, 1)}, []int{1, 3, 5}},
		{"by account", q{Account: accountID(1)}, []int{1, 4, 6}},
		{"by an account without any", q{Account: accountID(9)}, nil},
		{"by any of several accounts, each once", q{Accounts: []account.ID{accountID(2), accountID(9), accountID(2)}}, []int{2, 3, 5}},
		{"by accounts and structures", q{
			Accounts: []account.ID{accountID(2), accountID(1)}, Structures: []structure.ID{structureID(2)},
		}, []int{4, 5}},
		{"by any of several accounts and one of them", q{Account: accountID(1), Accounts: []account.ID{accountID(2), accountID(1)}}, []int{1, 4, 6}},
		{"by structure", q{Structures: []structure.ID{structureID(1)}}, []int{1, 2, 3}},
		{"by any of several structures", q{Structures: []structure.ID{structureID(3), structureID(2), structureID(9), structureID(3)}}, []int{4, 5, 6}},
		{"by status", q{Statuses: []structure.SubscriptionStatus{pending}}, []int{2, 3, 5}},
		{"by any of several statuses", q{Statuses: []structure.SubscriptionStatus{rejected, approved}}, []int{1, 4, 6}},
		{"by space", q{Space: authz.SpaceMyAccount}, []int{3, 6}},
		{"by batch", q{Batch: "one"}, []int{1, 5}},
		{"of everybody but one", q{Except: accountID(1)}, []int{2, 3, 5}},
		{"of one but the same one", q{Account: accountID(1), Except: accountID(1)}, nil},
		{"pending ones of several structures", q{
			Structures: []structure.ID{structureID(1), structureID(2)}, Statuses: []structure.SubscriptionStatus{pending},
		}, []int{2, 3, 5}},
		{"all conditions at once", q{
			IDs: lineIDs(1, 2, 3, 5), Account: accountID(2), Structures: []structure.ID{structureID(1), structureID(2)},
			Statuses: []structure.SubscriptionStatus{pending}, Space: authz.SpaceHome, Batch: "two", DueAt: minute(8),
		}, []int{2}},
		{"conditions that exclude one another", q{IDs: lineIDs(1), Batch: "two"}, nil},
	} {
		b.equal("Subscriptions: "+c.what, keys(lines(b, c.q), lineID), lineIDs(c.want...))
	}
	b.equal("Subscriptions lists whole subscriptions", lines(b, q{IDs: lineIDs(3)})[0],
		load(b, subscriptionKind(), newSubscription(3)))
}

func subscriptionsOfNone(b *bench) {
	puts(b, subscriptionKind(), newSubscription(1))
	b.equal("nil IDs and Structures select every subscription", keys(lines(b, structure.SubscriptionQuery{}), lineID), lineIDs(1))
	b.equal("Structures that are empty and not nil select nothing",
		len(lines(b, structure.SubscriptionQuery{Structures: []structure.ID{}})), 0)
	b.equal("Accounts that are empty and not nil select nothing",
		len(lines(b, structure.SubscriptionQuery{Accounts: []account.ID{}})), 0)
	b.equal("IDs that are empty and not nil select nothing",
		len(lines(b, structure.SubscriptionQuery{IDs: []structure.SubscriptionID{}})), 0)
}

func subscriptionsDue(b *bench) {
	for n, at := range []time.Time{minute(9), minute(2), {}, minute(3).Add(time.Microsecond), minute(3)} {
		s := newSubscription(n)
		s.DueAt = at
		puts(b, subscriptionKind(), s)
	}
	due := func(at time.Time) []structure.SubscriptionID {
		return keys(lines(b, structure.SubscriptionQuery{DueAt: at}), lineID)
	}
	b.equal("DueAt selects what is due at the very instant, and nothing later", due(minute(3)), lineIDs(1, 4))
	b.equal("DueAt selects nothing that is never due", due(minute(99)), lineIDs(0, 1, 3, 4))
	b.equal("DueAt compares instants in any zone", due(minute(3).In(time.FixedZone("UTC-5", -5*60*60))), lineIDs(1, 4))
	b.equal("DueAt goes with the other conditions", keys(lines(b, structure.SubscriptionQuery{
		DueAt: minute(3), Account: accountID(4), Structures: []structure.ID{structureID(1)},
	}), lineID), lineIDs(4))
	later := load(b, subscriptionKind(), newSubscription(1))
	later.DueAt = time.Time{}
	b.update(func(tx storage.Tx) error { return tx.PutSubscription(b.ctx, later) })
	b.equal("what is not due any more is not listed", due(minute(3)), lineIDs(4))
}

func subscriptionOrder(b *bench) {
	at := []time.Time{{}, minute(3), minute(1), minute(3).Add(time.Microsecond), minute(1), base().AddDate(-80, 0, 0), minute(2)}
	for n := len(at) - 1; n >= 0; n-- {
		s := newSubscription(n)
		s.RequestedAt, s.Structure = at[n], structureID(n%2)
		puts(b, subscriptionKind(), s)
	}
	want := lineIDs(0, 5, 2, 4, 6, 1, 3)
	b.equal("Subscriptions lists by RequestedAt, then ID", keys(lines(b, structure.SubscriptionQuery{}), lineID), want)
	b.equal("the order is the same over several structures",
		keys(lines(b, structure.SubscriptionQuery{Structures: []structure.ID{structureID(1), structureID(0)}}), lineID), want)
	b.equal("the order is the same over several IDs",
		keys(lines(b, structure.SubscriptionQuery{IDs: lineIDs(0, 1, 2, 3, 4, 5, 6)}), lineID), want)
	again := load(b, subscriptionKind(), newSubscription(2))
	again.RequestedAt = minute(9)
	b.update(func(tx storage.Tx) error { return tx.PutSubscription(b.ctx, again) })
	b.equal("a newer request moves a subscription", keys(lines(b, structure.SubscriptionQuery{}), lineID), lineIDs(0, 5, 4, 6, 1, 3, 2))
}

func subscriptionCursor(b *bench) {
	for n := range 9 {
		s := newSubscription(n)
		s.RequestedAt, s.Structure = minute(n/4), structureID(n%3)
		if n == 8 {
			s.RequestedAt = time.Time{}
		}
		puts(b, subscriptionKind(), s)
	}
	for _, q := range []structure.SubscriptionQuery{
		{},
		{Structures: []structure.ID{structureID(0), structureID(2)}},
		{IDs: lineIDs(0, 2, 4, 6, 8)},
		{Space: authz.SpaceHome, Statuses: []structure.SubscriptionStatus{structure.SubscriptionApproved}},
	} {
		all := lines(b, q)
		var paged []structure.Subscription
		q.Limit = 2
		for range 10 {
			page := lines(b, q)
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
			q.AfterAt, q.AfterID = page[len(page)-1].RequestedAt, page[len(page)-1].ID
		}
		b.equal("pages that continue after the last position give the whole list, nothing twice", keys(paged, lineID), keys(all, lineID))
	}
	b.equal("a position need not exist",
		keys(lines(b, structure.SubscriptionQuery{AfterAt: minute(0), AfterID: subscriptionID(77), Limit: 1}), lineID), lineIDs(4))
}

func subscriptionSkip(b *bench) {
	for n := range 6 {
		s := newSubscription(n)
		s.Structure = structureID(n % 2)
		puts(b, subscriptionKind(), s)
	}
	even := []structure.ID{structureID(0)}
	for what, c := range map[string]struct {
		q    structure.SubscriptionQuery
		want []int
	}{
		"Skip leaves out the first of what the conditions select": {structure.SubscriptionQuery{Structures: even, Skip: 1}, []int{2, 4}},
		"Skip comes before Limit":                                 {structure.SubscriptionQuery{Skip: 2, Limit: 2}, []int{2, 3}},
		"Skip beyond the end leaves nothing":                      {structure.SubscriptionQuery{Skip: 6}, nil},
		"a negative Skip leaves out nothing":                      {structure.SubscriptionQuery{Structures: even, Skip: -1}, []int{0, 2, 4}},
		"Skip goes with IDs":                                      {structure.SubscriptionQuery{IDs: lineIDs(5, 3, 1), Skip: 2}, []int{5}},
		"Skip counts over several structures": {
			structure.SubscriptionQuery{Structures: []structure.ID{structureID(1), structureID(0)}, Skip: 3, Limit: 2}, []int{3, 4},
		},
		"Skip counts from the position": {
			structure.SubscriptionQuery{AfterAt: minute(1), AfterID: subscriptionID(1), Skip: 1, Limit: 2}, []int{3, 4},
		},
	} {
		b.equal("SubscriptionQuery."+what, keys(lines(b, c.q), lineID), lineIDs(c.want...))
	}
}

func subscriptionLimit(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 101 {
			if err := tx.PutSubscription(b.ctx, newSubscription(n)); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 5000: 101} {
		if got := len(lines(b, structure.SubscriptionQuery{Limit: limit})); got != want {
			b.Errorf("SubscriptionQuery.Limit %d of 101 subscriptions: got %d, want %d", limit, got, want)
		}
	}
}
