package storagetest

import (
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// crowd stores accounts that differ in what managers type about people. Number 0 has
// no membership; number 9 is none of them and has one.
func crowd(b *bench) []account.Account {
	b.Helper()
	people := []account.Account{
		{FamilyName: "Zola", GivenName: "Émile", Login: "emile.zola@example.org"},
		{FamilyName: "Éluard", GivenName: "Paul", Login: "PAUL@example.org"},
		{FamilyName: "eluard", GivenName: "Nusch", Login: "nusch_e@example.org"},
		{FamilyName: "O'Brien", GivenName: "Ana-Élise", Login: "ana%e@example.org", Status: account.StatusDeactivated},
		{FamilyName: "", GivenName: "", Login: "nobody@example.org"},
		{FamilyName: "Straße", GivenName: "paul", Login: "s@example.org"},
	}
	places := []account.PostalAddress{
		{Postcode: "75009", Town: "Paris", Country: "FR"},
		{Postcode: "93200", Town: "Saint-Étienne", Country: "FR"},
		{Postcode: "75018", Town: "PARIS", Country: "BE"},
		{},
		{Postcode: "75%", Town: "*", Country: "fr"},
		{Postcode: "A1 2BC", Town: "Île-aux-Marins"},
	}
	for n := range people {
		people[n].ID, people[n].Profile.Address = accountID(n), places[n]
		if people[n].Status == "" {
			people[n].Status = account.StatusActive
		}
	}
	puts(b, accountKind(), people...)
	return people
}

// criteria are questions about the crowd.
func criteria() []account.Criteria {
	return []account.Criteria{
		{},
		{Family: "eluard"},
		{Family: "el*"},
		{Family: "*a*"},
		{Family: "o'brien"},
		{Family: "strasse"},
		{Family: "*"},
		{Family: "%"},
		{Family: "Eluard"},
		{Given: "paul"},
		{Given: "*elise"},
		{Given: "p_ul"},
		{Given: "n*h"},
		{Login: "paul@example.org"},
		{Login: "*_e@*"},
		{Login: "*%*"},
		{Login: "*@example.org"},
		{Postcode: "75*"},
		{Postcode: "75%"},
		{Postcode: "a1 2bc"},
		{Town: "paris"},
		{Town: "*etienne"},
		{Town: "ile*"},
		{Country: "FR"},
		{Country: "fr"},
		{Country: "DE"},
		{Status: account.StatusDeactivated},
		{Status: account.StatusActive},
		{Family: "el*", Given: "p*", Login: "paul*", Postcode: "9*", Town: "saint*", Country: "FR", Status: account.StatusActive},
		{Family: "el*", Country: "FR"},
		{Family: "el*", Country: "DE"},
		{Family: "zola", Given: "paul"},
	}
}

// accountsByPerson compares each answer with account.Criteria.Match.
func accountsByPerson(b *bench) {
	people := crowd(b)
	find := func(q account.Query) []account.ID {
		return keys(list(b, func(tx storage.Tx) ([]account.Account, error) { return tx.Accounts(b.ctx, q) }),
			func(a account.Account) account.ID { return a.ID })
	}
	for _, c := range criteria() {
		var want []account.ID
		for _, a := range people {
			if c.Match(a) {
				want = append(want, a.ID)
			}
		}
		b.equal(fmt.Sprintf("Person selects what Criteria.Match says (%+v)", c), find(account.Query{Person: c}), want)
	}
	paris := account.Criteria{Town: "paris"}
	b.equal("Person goes with After", find(account.Query{Person: paris, After: accountID(0)}), []account.ID{accountID(2)})
	b.equal("Person goes with Limit", find(account.Query{Person: paris, Limit: 1}), []account.ID{accountID(0)})

	moved := load(b, accountKind(), people[0])
	moved.FamilyName, moved.Profile.Address.Town, moved.DueAt = "Éclair", "Évian", minute(1)
	b.update(func(tx storage.Tx) error {
		if err := tx.PutAccount(b.ctx, moved); err != nil {
			return err
		}
		got, err := tx.Accounts(b.ctx, account.Query{Person: account.Criteria{Family: "eclair"}})
		b.equal("a search sees the unit's own writes", len(got), 1)
		return err
	})
	b.equal("a search meets the new text", find(account.Query{Person: account.Criteria{Town: "evian"}}), []account.ID{accountID(0)})
	b.equal("a search meets the old text no more", find(account.Query{Person: paris}), []account.ID{accountID(2)})
	b.equal("Person goes with DueAt", find(account.Query{Person: account.Criteria{Town: "e*"}, DueAt: minute(1)}), []account.ID{accountID(0)})
}

// crowded gives everybody in the crowd but number 0 a membership, and number 9, who is
// not there. Later numbers asked earlier.
func crowded(b *bench) map[structure.MembershipID]account.Account {
	b.Helper()
	of := map[structure.MembershipID]account.Account{}
	people := crowd(b)
	for _, n := range []int{1, 2, 3, 4, 5, 9} {
		m := newMembership(n)
		m.RequestedAt = minute(20 - n)
		puts(b, membershipKind(), m)
		if n < len(people) {
			of[m.ID] = people[n]
		}
	}
	return of
}

func membershipsByPerson(b *bench) {
	of := crowded(b)
	byAge := memberIDs(9, 5, 4, 3, 2, 1)
	for _, c := range criteria() {
		want := byAge
		if !c.IsZero() {
			want = nil
			for _, id := range byAge {
				if a, there := of[id]; there && c.Match(a) {
					want = append(want, id)
				}
			}
		}
		b.equal(fmt.Sprintf("Person selects the memberships of accounts that are there and fit (%+v)", c),
			keys(members(b, structure.MembershipQuery{Person: c}), memberID), want)
	}
	b.equal("Person goes with the other conditions", keys(members(b, structure.MembershipQuery{
		Person: account.Criteria{Family: "el*"}, Structures: []structure.ID{structureID(1)}, Account: accountID(2), Role: structure.RoleMember,
	}), memberID), memberIDs(2))
	b.equal("Person goes with Limit and Skip", keys(members(b, structure.MembershipQuery{
		Person: account.Criteria{Given: "*paul*"}, Skip: 1, Limit: 1,
	}), memberID), memberIDs(1))
	got := list(b, func(tx storage.Tx) ([]structure.Member, error) {
		return tx.Members(b.ctx, structure.MembershipQuery{Person: account.Criteria{Family: "el*"}, Limit: 1})
	})
	b.equal("Members knows Person", keys(got, func(m structure.Member) string { return m.Account.GivenName }), []string{"Nusch"})
}

func membersByName(b *bench) {
	crowded(b)
	want := memberIDs(9, 4, 2, 1, 3, 5)
	b.equal("ByName orders by the folded family name, then the given name; an account that is not there comes first",
		keys(members(b, structure.MembershipQuery{ByName: true}), memberID), want)
	b.equal("ByName goes with a structure, Skip and Limit", keys(members(b, structure.MembershipQuery{
		ByName: true, Structures: []structure.ID{structureID(1)}, Skip: 1, Limit: 3,
	}), memberID), want[1:4])
	b.equal("ByName goes with conditions", keys(members(b, structure.MembershipQuery{
		ByName: true, Person: account.Criteria{Family: "*e*"},
	}), memberID), memberIDs(2, 1, 3, 5))
	got := list(b, func(tx storage.Tx) ([]structure.Member, error) {
		return tx.Members(b.ctx, structure.MembershipQuery{ByName: true})
	})
	b.equal("Members knows ByName", keys(got, func(m structure.Member) structure.MembershipID { return m.Membership.ID }), want)

	twin := newMembership(7)
	twin.Account, twin.Structure, twin.RequestedAt = accountID(1), structureID(2), minute(0)
	puts(b, membershipKind(), twin)
	b.equal("ByName orders memberships of people of one name by ID",
		keys(members(b, structure.MembershipQuery{ByName: true, Account: accountID(1)}), memberID), memberIDs(1, 7))
	renamed := load(b, accountKind(), newAccount(5))
	renamed.FamilyName = "Abel"
	b.update(func(tx storage.Tx) error { return tx.PutAccount(b.ctx, renamed) })
	b.equal("ByName follows a person who changes the name",
		keys(members(b, structure.MembershipQuery{ByName: true, Limit: 3}), memberID), memberIDs(9, 4, 5))
}

func membershipsByService(b *bench) {
	held := func(n int, granted structure.Scope) {
		m := newMembership(n)
		m.Granted, m.Asked = granted, structure.Scope{Services: []structure.ServiceID{serviceID(3)}}
		puts(b, membershipKind(), m)
	}
	held(1, structure.Scope{Services: []structure.ServiceID{serviceID(1)}})
	held(2, structure.Scope{Services: []structure.ServiceID{serviceID(2), serviceID(1)}})
	held(3, structure.Scope{Whole: true})
	held(4, structure.Scope{Services: []structure.ServiceID{serviceID(2)}})
	held(5, structure.Scope{})
	held(6, structure.Scope{Services: []structure.ServiceID{"a", `b"c`}})
	for id, want := range map[structure.ServiceID][]int{
		serviceID(1): {1, 2, 3}, serviceID(2): {2, 3, 4}, serviceID(3): {3}, // what is only asked for is not held
		"": {1, 2, 3, 4, 5, 6}, "a": {3, 6}, "A": {3}, "*": {3}, "%": {3}, `b"c`: {3, 6}, `","`: {3}, "_": {3}, serviceID(1)[:20]: {3},
	} {
		b.equal(fmt.Sprintf("Service selects who holds it, by name or with the whole structure (%q)", id),
			keys(members(b, structure.MembershipQuery{Service: id}), memberID), memberIDs(want...))
	}
	b.equal("Service goes with the other conditions", keys(members(b, structure.MembershipQuery{
		Service: serviceID(2), Structures: []structure.ID{structureID(1)}, Account: accountID(4),
	}), memberID), memberIDs(4))
}

func membershipsDue(b *bench) {
	for n, at := range []time.Time{minute(9), minute(2), {}, minute(3).Add(time.Microsecond), minute(3)} {
		m := newMembership(n)
		m.DueAt = at
		puts(b, membershipKind(), m)
	}
	due := func(at time.Time) []structure.MembershipID {
		return keys(members(b, structure.MembershipQuery{DueAt: at}), memberID)
	}
	b.equal("DueAt selects what is due at the very instant, and nothing later", due(minute(3)), memberIDs(1, 4))
	b.equal("DueAt selects nothing that is never due", due(minute(99)), memberIDs(0, 1, 3, 4))
	b.equal("DueAt compares instants in any zone", due(minute(3).In(time.FixedZone("UTC-5", -5*60*60))), memberIDs(1, 4))
	b.equal("DueAt goes with the other conditions", keys(members(b, structure.MembershipQuery{
		DueAt: minute(3), Account: accountID(4), Structures: []structure.ID{structureID(1)},
	}), memberID), memberIDs(4))
	later := load(b, membershipKind(), newMembership(1))
	later.DueAt = time.Time{}
	b.update(func(tx storage.Tx) error { return tx.PutMembership(b.ctx, later) })
	b.equal("what is not due any more is not listed", due(minute(3)), memberIDs(4))
}

func membershipSkip(b *bench) {
	for n := range 6 {
		m := newMembership(n)
		m.Structure = structureID(n % 2)
		puts(b, membershipKind(), m)
	}
	even := []structure.ID{structureID(0)}
	for what, c := range map[string]struct {
		q    structure.MembershipQuery
		want []int
	}{
		"Skip leaves out the first of what the conditions select": {structure.MembershipQuery{Structures: even, Skip: 1}, []int{2, 4}},
		"Skip comes before Limit":                                 {structure.MembershipQuery{Skip: 2, Limit: 2}, []int{2, 3}},
		"Skip beyond the end leaves nothing":                      {structure.MembershipQuery{Skip: 6}, nil},
		"a negative Skip leaves out nothing":                      {structure.MembershipQuery{Structures: even, Skip: -1}, []int{0, 2, 4}},
		"Skip counts over several structures": {
			structure.MembershipQuery{Structures: []structure.ID{structureID(1), structureID(0)}, Skip: 3, Limit: 2}, []int{3, 4},
		},
		"Skip counts from the position": {
			structure.MembershipQuery{AfterAt: minute(1), AfterID: membershipID(1), Skip: 1, Limit: 2}, []int{3, 4},
		},
	} {
		b.equal("MembershipQuery."+what, keys(members(b, c.q), memberID), memberIDs(c.want...))
	}
	got := list(b, func(tx storage.Tx) ([]structure.Member, error) {
		return tx.Members(b.ctx, structure.MembershipQuery{Skip: 4})
	})
	b.equal("Members knows Skip", keys(got, func(m structure.Member) structure.MembershipID { return m.Membership.ID }), memberIDs(4, 5))
}
