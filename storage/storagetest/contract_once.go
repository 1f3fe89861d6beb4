package storagetest

import (
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// membershipsOnce lists people of several memberships once, by the first that the
// conditions select.
func membershipsOnce(b *bench) {
	crowd(b)
	for _, row := range []struct {
		n, account, structure int
		asked                 time.Time
	}{
		{1, 1, 1, minute(5)},
		{2, 1, 2, minute(3)},
		{3, 1, 3, minute(3)},
		{4, 2, 1, minute(4)},
		{5, 2, 2, minute(9)},
		{6, 3, 2, time.Time{}},
		{7, 3, 1, time.Time{}},
	} {
		m := newMembership(row.n)
		m.Account, m.Structure, m.RequestedAt, m.Asked = accountID(row.account), structureID(row.structure), row.asked, structure.Scope{}
		if row.n == 5 {
			m.Asked = structure.Scope{Whole: true}
		}
		puts(b, membershipKind(), m)
	}
	type q = structure.MembershipQuery
	for _, c := range []struct {
		what string
		q    q
		want []int
	}{
		{"of each account the oldest, then the smallest ID", q{Once: true}, []int{6, 2, 4}},
		{"of those in the structures that are asked for", q{Once: true, Structures: []structure.ID{structureID(1)}}, []int{7, 4, 1}},
		{"of those that wait", q{Once: true, Undecided: true}, []int{5}},
		{"by name", q{Once: true, ByName: true}, []int{4, 2, 6}},
		{"with Skip and Limit", q{Once: true, Skip: 1, Limit: 1}, []int{2}},
		{"with a position, which leaves nobody a second chance", q{Once: true, AfterAt: minute(3), AfterID: membershipID(2)}, []int{4}},
		{"without an account", q{Once: true, Except: accountID(1)}, []int{6, 4}},
		{"Except goes without Once", q{Except: accountID(1), Limit: 3}, []int{6, 7, 4}},
	} {
		b.equal("Once: "+c.what, keys(members(b, c.q), memberID), memberIDs(c.want...))
	}
	b.equal("Count knows Once", count(b, structure.Counting{Memberships: &q{Once: true, Structures: []structure.ID{structureID(2)}}}),
		structure.Counts{Memberships: 3})
	got := list(b, func(tx storage.Tx) ([]structure.Member, error) {
		return tx.Members(b.ctx, q{Once: true, Structures: []structure.ID{structureID(1), structureID(2)}})
	})
	b.equal("Members knows Once", keys(got, func(m structure.Member) account.ID { return m.Account.ID }),
		[]account.ID{accountID(3), accountID(1), accountID(2)})
}

// subscriptionsOnce lists those who have several lines in a structure once.
func subscriptionsOnce(b *bench) {
	for _, row := range []struct {
		n, account, structure int
		asked                 time.Time
		status                structure.SubscriptionStatus
	}{
		{1, 1, 1, minute(5), structure.SubscriptionPending},
		{2, 1, 1, minute(3), structure.SubscriptionApproved},
		{3, 1, 2, minute(4), structure.SubscriptionPending},
		{4, 2, 1, minute(5), structure.SubscriptionPending},
		{5, 2, 1, minute(5), structure.SubscriptionPending},
	} {
		s := newSubscription(row.n)
		s.Account, s.Structure, s.RequestedAt, s.Status = accountID(row.account), structureID(row.structure), row.asked, row.status
		s.Service = serviceID(row.n)
		puts(b, subscriptionKind(), s)
	}
	type q = structure.SubscriptionQuery
	pending := []structure.SubscriptionStatus{structure.SubscriptionPending}
	for _, c := range []struct {
		what string
		q    q
		want []int
	}{
		{"of each account in each structure the oldest, then the smallest ID", q{Once: true}, []int{2, 3, 4}},
		{"of those in a state", q{Once: true, Statuses: pending}, []int{3, 1, 4}},
		{"with Skip and Limit", q{Once: true, Statuses: pending, Skip: 1, Limit: 1}, []int{1}},
		{"with a position, which leaves nobody a second chance", q{Once: true, AfterAt: minute(3), AfterID: subscriptionID(2)}, []int{3, 4}},
		{"without an account", q{Once: true, Except: accountID(2)}, []int{2, 3}},
	} {
		b.equal("Once: "+c.what, keys(lines(b, c.q), lineID), lineIDs(c.want...))
	}
	b.equal("Count knows Once", count(b, structure.Counting{Subscriptions: &q{Once: true, Statuses: pending}}), structure.Counts{Subscriptions: 3})
}
