package storagetest

import (
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func followerCases() []testCase {
	return []testCase{
		{"Whole", followerWhole},
		{"Filters", followerFilters},
		{"Limit", followerLimit},
		{"Rhythms", followerRhythms},
		{"Venues", venues},
	}
}

func followersOf(b *bench, q structure.FollowerQuery) []structure.Follower {
	b.Helper()
	return list(b, func(tx storage.Tx) ([]structure.Follower, error) { return tx.Followers(b.ctx, q) })
}

// hall is an account with a membership in structures 1 and 2 and a subscription in each.
func hall(b *bench, n int, status account.Status, kind account.Kind) {
	b.Helper()
	a := newAccount(n)
	a.Status, a.Kind = status, kind
	puts(b, accountKind(), a)
	for i := range 2 {
		m, s := newMembership(10*n+i), newSubscription(10*n+i)
		m.Account, m.Structure = a.ID, structureID(2-i)
		s.Account, s.Structure, s.Status = a.ID, structureID(2-i), structure.SubscriptionApproved
		puts(b, membershipKind(), m)
		puts(b, subscriptionKind(), s)
	}
}

func followerWhole(b *bench) {
	hall(b, 1, account.StatusActive, account.KindPerson)
	m, s := newMembership(50), newSubscription(50)
	m.Account, m.Structure, m.Status = accountID(1), structureID(3), structure.StatusPending
	s.Account, s.Structure, s.Status = accountID(1), structureID(3), structure.SubscriptionPending
	puts(b, membershipKind(), m)
	puts(b, subscriptionKind(), s)
	also := newSubscription(51)
	also.Account, also.Structure, also.Level, also.Status = accountID(1), structureID(1), authz.Read, structure.SubscriptionApproved
	puts(b, subscriptionKind(), also)

	a, held, line := newAccount(1), newMembership(10), newSubscription(10)
	want := structure.Follower{Account: a.ID, ContactEmail: a.ContactEmail, Language: a.Language, Notices: a.Notices}
	lines := map[structure.ID][]authz.Level{structureID(1): {authz.Read, line.Level}, structureID(2): {line.Level}}
	for _, id := range []structure.ID{structureID(1), structureID(2)} {
		want.Memberships = append(want.Memberships, structure.HeldMembership{
			Structure: id, Role: held.Role, Granted: held.Granted, Validity: held.Validity,
		})
		for _, level := range lines[id] {
			want.Subscriptions = append(want.Subscriptions, structure.HeldSubscription{
				Structure: id, Service: line.Service, Space: line.Space, Level: level, Validity: line.Validity,
			})
		}
	}
	b.equal("Followers lists what active people are and hold, approved and in order", followersOf(b, structure.FollowerQuery{}), []structure.Follower{want})
	want.GivenName, want.FamilyName = a.GivenName, a.FamilyName
	b.equal("Followers names those whom it lists where that is asked", followersOf(b, structure.FollowerQuery{Named: true}), []structure.Follower{want})
}

func followerFilters(b *bench) {
	hall(b, 1, account.StatusActive, account.KindPerson)
	hall(b, 2, account.StatusDeactivated, account.KindPerson)
	hall(b, 3, account.StatusPendingActivation, account.KindPerson)
	hall(b, 4, account.StatusActive, account.KindTechnical)
	hall(b, 5, account.StatusActive, account.KindPerson)
	puts(b, accountKind(), newAccount(6))
	stranger := newMembership(99)
	stranger.Account, stranger.Structure = accountID(6), structureID(9)
	puts(b, membershipKind(), stranger)
	puts(b, accountKind(), newAccount(7))
	type counts struct {
		ID                         account.ID
		Memberships, Subscriptions int
	}
	ask := func(q structure.FollowerQuery) []counts {
		return keys(followersOf(b, q), func(f structure.Follower) counts {
			return counts{f.Account, len(f.Memberships), len(f.Subscriptions)}
		})
	}
	one, five, six, seven := counts{accountID(1), 2, 2}, counts{accountID(5), 2, 2}, counts{accountID(6), 1, 0}, counts{accountID(7), 0, 0}
	for _, c := range []struct {
		what string
		q    structure.FollowerQuery
		want []counts
	}{
		{"active people by ID, whatever they hold", structure.FollowerQuery{}, []counts{one, five, six, seven}},
		{"those after an ID", structure.FollowerQuery{After: accountID(1)}, []counts{five, six, seven}},
		{"at most two", structure.FollowerQuery{After: accountID(1), Limit: 2}, []counts{five, six}},
		{"one", structure.FollowerQuery{Account: accountID(5)}, []counts{five}},
		{"nobody who is not active", structure.FollowerQuery{Account: accountID(2)}, nil},
		{"those of a structure, and what they hold there", structure.FollowerQuery{Structure: structureID(1)}, []counts{{accountID(1), 1, 1}, {accountID(5), 1, 1}}},
		{"those of a structure after an ID", structure.FollowerQuery{Structure: structureID(1), After: accountID(1)}, []counts{{accountID(5), 1, 1}}},
		{"nobody of a structure that one is not in", structure.FollowerQuery{Structure: structureID(1), Account: accountID(6)}, nil},
	} {
		b.equal("Followers lists "+c.what, ask(c.q), c.want)
	}
	gone := load(b, membershipKind(), newMembership(51))
	gone.Status = structure.StatusDisabled
	b.update(func(tx storage.Tx) error { return tx.PutMembership(b.ctx, gone) })
	b.equal("Followers lists nobody whose membership is suspended", ask(structure.FollowerQuery{Structure: gone.Structure}), []counts{{accountID(1), 1, 1}})
}

func followerLimit(b *bench) {
	b.update(func(tx storage.Tx) error {
		for n := range 1001 {
			if err := tx.PutAccount(b.ctx, newAccount(n)); err != nil {
				return err
			}
		}
		return nil
	})
	for limit, want := range map[int]int{0: 100, -1: 100, 7: 7, 5000: 1000} {
		if got := len(followersOf(b, structure.FollowerQuery{Limit: limit})); got != want {
			b.Errorf("FollowerQuery.Limit %d of 1001 people: got %d, want %d", limit, got, want)
		}
	}
}

func followerRhythms(b *bench) {
	for n, p := range []notify.Preferences{
		{},
		{On: true, Daily: true, Categories: []notify.Category{"a"}},
		{On: true, Weekly: true},
		{On: true, AtOnce: true, Categories: []notify.Category{`"daily":true`, "weekly"}},
		{Daily: true, Weekly: true, AtOnce: true},
		{On: true, Daily: true, Weekly: true},
		{On: true, Daily: true, Categories: []notify.Category{"a"}},
	} {
		a := newAccount(n)
		a.Notices = p
		puts(b, accountKind(), a)
	}
	ask := func(rhythms ...notify.Rhythm) []account.ID {
		return keys(followersOf(b, structure.FollowerQuery{Rhythms: rhythms}), func(f structure.Follower) account.ID { return f.Account })
	}
	b.equal("Followers lists those who ask for a rhythm and for news at all", ask(notify.Daily), accountIDs(1, 5, 6))
	b.equal("Followers lists those who ask for another rhythm", ask(notify.Weekly), accountIDs(2, 5))
	b.equal("Followers lists those who ask for news at once", ask(notify.AtOnce), accountIDs(3))
	b.equal("Followers lists those who ask for any of two rhythms", ask(notify.Daily, notify.Weekly), accountIDs(1, 2, 5, 6))
	b.equal("Followers lists nobody who asks for a rhythm that is none", ask("hourly"), accountIDs())
	b.equal("Followers counts its limit of those who ask",
		len(followersOf(b, structure.FollowerQuery{Rhythms: []notify.Rhythm{notify.Daily}, After: accountID(1), Limit: 1})), 1)
	alike := followersOf(b, structure.FollowerQuery{Rhythms: []notify.Rhythm{notify.Daily}})
	for _, f := range alike {
		b.equal("Followers gives each of those who want the same a list of their own", slices.Index(f.Notices.Categories, "changed"), -1)
		for i := range f.Notices.Categories {
			f.Notices.Categories[i] = "changed"
		}
	}
}

func accountIDs(ns ...int) []account.ID {
	ids := []account.ID{}
	for _, n := range ns {
		ids = append(ids, accountID(n))
	}
	return ids
}

func venues(b *bench) {
	for n, row := range []struct {
		in   int
		code string
	}{{2, "A"}, {1, "b"}, {1, "B"}, {3, "A"}, {2, "Z"}, {9, "A"}} {
		u := newUnit(n)
		u.Structure, u.Code = structureID(row.in), row.code
		puts(b, unitKind(), u)
	}
	for n := 1; n <= 4; n++ {
		puts(b, structureKind(), newStructure(n))
	}
	want := func(n int, units ...int) structure.Venue {
		s := newStructure(n)
		v := structure.Venue{
			Structure: s.ID, LegalName: s.LegalName, Label: s.Label, Type: s.Type, Status: s.Status, Spaces: s.Spaces,
		}
		for _, u := range units {
			v.Units = append(v.Units, load(b, unitKind(), newUnit(u)))
		}
		return v
	}
	ask := func(ids ...structure.ID) []structure.Venue {
		return list(b, func(tx storage.Tx) ([]structure.Venue, error) { return tx.Venues(b.ctx, ids) })
	}
	b.equal("Venues lists some structures by ID, with their services by code and ID",
		ask(structureID(4), structureID(2), structureID(1), structureID(9), structureID(2)), []structure.Venue{want(1, 2, 1), want(2, 0, 4), want(4)})
	odd := newStructure(5)
	odd.ID = `{"a",\b}, NULL 'c'`
	puts(b, structureKind(), odd)
	b.equal("Venues takes identifiers byte by byte", keys(ask(structureID(4), odd.ID, `"`, `\`, ""), func(v structure.Venue) structure.ID { return v.Structure }),
		[]structure.ID{structureID(4), odd.ID})
	b.equal("Venues lists nothing of no structures", len(ask()), 0)
	b.equal("Venues lists nothing of what is not there", len(ask(structureID(9))), 0)
}
