package storagetest

import (
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func membershipListCases() []testCase {
	return []testCase{
		{"Standing", standings},
		{"Hearing", hearings},
		{"Deciding", decidings},
		{"KeepActive", keptActive},
		{"Members", membersWithAccounts},
		{"Filters", membershipFilters},
		{"NoStructures", noStructures},
		{"Order", membershipOrder},
		{"Cursor", membershipCursor},
		{"Limit", membershipLimit},
		{"Once", membershipsOnce},
		{"Skip", membershipSkip},
		{"Service", membershipsByService},
		{"Due", membershipsDue},
		{"Person", membershipsByPerson},
		{"ByName", membersByName},
	}
}

func members(b *bench, q structure.MembershipQuery) []structure.Membership {
	b.Helper()
	return list(b, func(tx storage.Tx) ([]structure.Membership, error) { return tx.Memberships(b.ctx, q) })
}

func memberID(m structure.Membership) structure.MembershipID { return m.ID }

func memberIDs(ns ...int) []structure.MembershipID {
	var ids []structure.MembershipID
	for _, n := range ns {
		ids = append(ids, membershipID(n))
	}
	return ids
}

func member(n, a, s int, status structure.MembershipStatus, role structure.Role, asked structure.Scope) structure.Membership {
	m := newMembership(n)
	m.Account, m.Structure, m.Status, m.Role, m.Asked = accountID(a), structureID(s), status, role, asked
	return m
}

func membershipFilters(b *bench) {
	nothing, whole := structure.Scope{}, structure.Scope{Whole: true}
	one := structure.Scope{Services: []structure.ServiceID{serviceID(1)}}
	puts(b, membershipKind(),
		member(1, 1, 1, structure.StatusApproved, structure.RolePrincipalManager, nothing),
		member(2, 2, 1, structure.StatusPending, structure.RoleMember, whole),
		member(3, 3, 1, structure.StatusApproved, structure.RoleMember, one),
		member(4, 1, 2, structure.StatusRejected, structure.RoleMember, nothing),
		member(5, 2, 2, structure.StatusPending, structure.RolePrincipalManager, one),
		member(6, 1, 3, structure.StatusPending, structure.RoleSecondaryManager, whole),
	)
	type q = structure.MembershipQuery
	for _, c := range []struct {
		what string
		q    q
		want []int
	}{
		{"the zero query selects all", q{}, []int{1, 2, 3, 4, 5, 6}},
		{"by account", q{Account: accountID(1)}, []int{1, 4, 6}},
		{"by an account without any", q{Account: accountID(9)}, nil},
		{"by structure", q{Structures: []structure.ID{structureID(1)}}, []int{1, 2, 3}},
		{"by any of several structures", q{Structures: []structure.ID{structureID(3), structureID(1), structureID(9)}}, []int{1, 2, 3, 6}},
		{"a structure named twice counts once", q{Structures: []structure.ID{structureID(2), structureID(2)}}, []int{4, 5}},
		{"by any of several statuses", q{Statuses: []structure.MembershipStatus{structure.StatusRejected, structure.StatusApproved}}, []int{1, 3, 4}},
		{"by role", q{Role: structure.RoleMember}, []int{2, 3, 4}},
		{"with something asked", q{Undecided: true}, []int{2, 3, 5, 6}},
		{"account and structure", q{Account: accountID(1), Structures: []structure.ID{structureID(2), structureID(3)}}, []int{4, 6}},
		{"of everybody with a membership elsewhere", q{Beside: structureID(2)}, []int{1, 2, 4, 5, 6}},
		{"of everybody with a membership elsewhere, in some structures and once", q{
			Beside: structureID(3), Structures: []structure.ID{structureID(2), structureID(1)}, Once: true,
		}, []int{1}},
		{"of everybody with a membership where nobody has one", q{Beside: structureID(9)}, nil},
		{"all conditions at once", q{
			Account: accountID(2), Structures: []structure.ID{structureID(1), structureID(2)},
			Statuses: []structure.MembershipStatus{structure.StatusPending}, Role: structure.RoleMember, Undecided: true, Beside: structureID(2),
		}, []int{2}},
		{"conditions that exclude one another", q{Account: accountID(3), Role: structure.RolePrincipalManager}, nil},
		{"structures, statuses and a limit", q{
			Structures: []structure.ID{structureID(2), structureID(3), structureID(1)},
			Statuses:   []structure.MembershipStatus{structure.StatusPending}, Limit: 2,
		}, []int{2, 5}},
	} {
		b.equal("Memberships: "+c.what, keys(members(b, c.q), memberID), memberIDs(c.want...))
	}
	b.equal("Memberships lists whole memberships", members(b, q{Account: accountID(3)})[0],
		load(b, membershipKind(), newMembership(3)))
}

func membersWithAccounts(b *bench) {
	puts(b, accountKind(), newAccount(1), newAccount(2), newAccount(3))
	puts(b, membershipKind(),
		member(1, 2, 1, structure.StatusApproved, structure.RoleSecondaryManager, structure.Scope{}),
		member(2, 1, 1, structure.StatusApproved, structure.RolePrincipalManager, structure.Scope{}),
		member(3, 3, 1, structure.StatusPending, structure.RoleMember, structure.Scope{}),
		member(4, 9, 1, structure.StatusApproved, structure.RoleMember, structure.Scope{}),
		member(5, 2, 2, structure.StatusApproved, structure.RoleMember, structure.Scope{}),
	)
	for _, q := range []structure.MembershipQuery{
		{},
		{Structures: []structure.ID{structureID(1)}},
		{Structures: []structure.ID{structureID(1)}, Role: structure.RolePrincipalManager},
		{Structures: []structure.ID{structureID(1), structureID(2)}, Statuses: []structure.MembershipStatus{structure.StatusApproved}, Limit: 2},
		{Account: accountID(2)},
		{AfterAt: minute(0), AfterID: membershipID(1), Limit: 3},
		{Structures: []structure.ID{}},
	} {
		var want []structure.Member
		for _, m := range members(b, q) {
			who := structure.Member{Membership: m}
			if m.Account != accountID(9) {
				who.Account = list(b, func(tx storage.Tx) (account.Account, error) { return tx.Account(b.ctx, m.Account) }).Card()
			}
			want = append(want, who)
		}
		got := list(b, func(tx storage.Tx) ([]structure.Member, error) { return tx.Members(b.ctx, q) })
		b.equal("Members lists what Memberships lists, each with its account", got, want)
	}
}

func noStructures(b *bench) {
	puts(b, membershipKind(), newMembership(1))
	b.equal("nil Structures select every structure", keys(members(b, structure.MembershipQuery{}), memberID), memberIDs(1))
	b.equal("Structures that are empty and not nil select nothing: who manages no structure sees nobody's members",
		keys(members(b, structure.MembershipQuery{Structures: []structure.ID{}}), memberID), memberIDs())
}

func membershipOrder(b *bench) {
	at := []time.Time{{}, minute(3), minute(1), minute(3).Add(time.Microsecond), minute(1), base().AddDate(-80, 0, 0), minute(2)}
	for n := len(at) - 1; n >= 0; n-- {
		m := newMembership(n)
		m.RequestedAt, m.Structure = at[n], structureID(n%2)
		puts(b, membershipKind(), m)
	}
	want := memberIDs(0, 5, 2, 4, 6, 1, 3)
	b.equal("Memberships lists by RequestedAt, then ID; never requested comes first", keys(members(b, structure.MembershipQuery{}), memberID), want)
	b.equal("the order is the same over several structures",
		keys(members(b, structure.MembershipQuery{Structures: []structure.ID{structureID(1), structureID(0)}}), memberID), want)
	again := load(b, membershipKind(), newMembership(2))
	again.RequestedAt = minute(9)
	b.update(func(tx storage.Tx) error { return tx.PutMembership(b.ctx, again) })
	b.equal("a newer request moves a membership", keys(members(b, structure.MembershipQuery{}), memberID), memberIDs(0, 5, 4, 6, 1, 3, 2))
}

func membershipCursor(b *bench) {
	for n := range 9 {
		m := newMembership(n)
		m.RequestedAt, m.Structure = minute(n/4), structureID(n%3)
		if n == 8 {
			m.RequestedAt = time.Time{}
		}
		puts(b, membershipKind(), m)
	}
	for _, q := range []structure.MembershipQuery{
		{},
		{Structures: []structure.ID{structureID(0), structureID(2)}},
		{Role: structure.RoleMember, Statuses: []structure.MembershipStatus{structure.StatusApproved}},
	} {
		all := members(b, q)
		var paged []structure.Membership
		q.Limit = 2
		for range 10 {
			page := members(b, q)
			if len(page) == 0 {
				break
			}
			paged = append(paged, page...)
			q.AfterAt, q.AfterID = page[len(page)-1].RequestedAt, page[len(page)-1].ID
		}
		b.equal("pages that continue after the last position give the whole list, nothing twice", keys(paged, memberID), keys(all, memberID))
	}
	b.equal("a position need not exist",
		keys(members(b, structure.MembershipQuery{AfterAt: minute(0), AfterID: membershipID(77), Limit: 1}), memberID), memberIDs(4))
}

func membershipLimit(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 101 {
			if err := tx.PutMembership(b.ctx, newMembership(n)); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 5000: 101} {
		if got := len(members(b, structure.MembershipQuery{Limit: limit})); got != want {
			b.Errorf("MembershipQuery.Limit %d of 101 memberships: got %d, want %d", limit, got, want)
		}
	}
}
