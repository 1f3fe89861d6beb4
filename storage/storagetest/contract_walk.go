package storagetest

import (
	"errors"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func walkCases() []testCase {
	return []testCase{
		{"Structures", walkStructures},
		{"Members", walkMembers},
		{"Ends", walkEnds},
		{"Unit", walkUnit},
	}
}

// walks runs fn in a View whose unit can walk, and skips the case if none can.
func walks(b *bench, fn func(w structure.Walker) error) error {
	b.Helper()
	able, err := true, error(nil)
	b.view(func(tx storage.Tx) error {
		var w structure.Walker
		if w, able = tx.(structure.Walker); able {
			err = fn(w)
		}
		return nil
	})
	if !able {
		b.Skip("the Tx is no structure.Walker")
	}
	return err
}

func walkedStructures(b *bench, q structure.Query) (got []structure.Structure) {
	b.Helper()
	err := walks(b, func(w structure.Walker) error {
		return w.WalkStructures(b.ctx, q, func(s structure.Structure) error {
			got = append(got, s)
			return nil
		})
	})
	b.wantErr("WalkStructures", err, nil)
	return got
}

func walkedMembers(b *bench, q structure.MembershipQuery) (got []structure.Member) {
	b.Helper()
	err := walks(b, func(w structure.Walker) error {
		return w.WalkMembers(b.ctx, q, func(m structure.Member) error {
			got = append(got, m)
			return nil
		})
	})
	b.wantErr("WalkMembers", err, nil)
	return got
}

// brief is what a brief listing keeps of a structure.
func brief(s structure.Structure) structure.Structure {
	return structure.Structure{
		ID: s.ID, Identifier: s.Identifier, LegalName: s.LegalName, Label: s.Label, Type: s.Type, Status: s.Status,
		Postcode: s.Postcode, Town: s.Town, CreatedAt: s.CreatedAt,
	}
}

func briefs(all []structure.Structure) []structure.Structure { return keys(all, brief) }

func walkStructures(b *bench) {
	for _, n := range []int{3, 1, 2, 5, 4} {
		s := newStructure(n)
		s.LegalName = []string{"", "Élan", "elan", "Mairie", "Atelier", "Zoo"}[n]
		puts(b, structureKind(), s)
	}
	for _, q := range []structure.Query{
		{},
		{Name: "*ela*"},
		{Any: "*a*", Status: structure.StatusActive},
		{IDs: []structure.ID{structureID(5), structureID(1), structureID(9)}},
		{IDs: []structure.ID{}},
		{Name: "nobody"},
	} {
		want := briefs(list(b, func(tx storage.Tx) ([]structure.Structure, error) { return tx.Structures(b.ctx, q) }))
		b.equal("WalkStructures goes through what Structures lists", briefs(walkedStructures(b, q)), want)
		placed := q
		placed.AfterName, placed.AfterID, placed.Skip, placed.Limit = "m", structureID(1), 1, 1
		b.equal("WalkStructures looks at no position, Skip or Limit", briefs(walkedStructures(b, placed)), want)
	}
}

// memberShown is what a walk keeps of a member.
func memberShown(m structure.Member) structure.Member {
	at, a := m.Membership, m.Account
	return structure.Member{
		Membership: structure.Membership{
			ID: at.ID, Account: at.Account, Structure: at.Structure, Status: at.Status, Role: at.Role, Granted: at.Granted,
			Validity: at.Validity, RequestedAt: at.RequestedAt, DecidedAt: at.DecidedAt,
		},
		Account: account.Card{
			ID: a.ID, Kind: a.Kind, Status: a.Status, Login: a.Login, ContactEmail: a.ContactEmail, GivenName: a.GivenName,
			FamilyName: a.FamilyName, CreatedAt: a.CreatedAt, ActivatedAt: a.ActivatedAt, ReactivatedAt: a.ReactivatedAt,
			LastSignInAt: a.LastSignInAt, UndeliverableSince: a.UndeliverableSince,
		},
	}
}

func walkMembers(b *bench) {
	crowded(b)
	twin := newMembership(7)
	twin.Account, twin.Structure, twin.RequestedAt = accountID(1), structureID(2), minute(0)
	puts(b, membershipKind(), twin)
	for _, q := range []structure.MembershipQuery{
		{},
		{ByName: true},
		{ByName: true, Structures: []structure.ID{structureID(1), structureID(2)}},
		{Structures: []structure.ID{structureID(2)}},
		{Structures: []structure.ID{}},
		{ByName: true, Person: account.Criteria{Family: "*e*"}, Statuses: []structure.MembershipStatus{newMembership(1).Status}},
		{ByName: true, Structures: []structure.ID{structureID(1)}, Person: account.Criteria{Given: "*paul*"}, Except: accountID(3)},
		{Account: accountID(1)},
	} {
		var want []structure.Member
		for _, m := range list(b, func(tx storage.Tx) ([]structure.Member, error) { return tx.Members(b.ctx, q) }) {
			if m.Account.ID != "" {
				want = append(want, memberShown(m))
			}
		}
		b.equal("WalkMembers goes through what Members lists, accounts that are not there aside", keys(walkedMembers(b, q), memberShown), want)
		placed := q
		placed.Skip, placed.Limit, placed.Once = 1, 1, true
		b.equal("WalkMembers looks at no Skip, Limit or Once", keys(walkedMembers(b, placed), memberShown), want)
	}
}

func walkEnds(b *bench) {
	crowded(b)
	for n := range 3 {
		puts(b, structureKind(), newStructure(n+1))
	}
	enough := errors.New("enough")
	b.wantErr("what fn returns comes back", walks(b, func(w structure.Walker) error {
		n := 0
		err := w.WalkMembers(b.ctx, structure.MembershipQuery{ByName: true}, func(structure.Member) error {
			if n++; n == 2 {
				return enough
			}
			return nil
		})
		b.equal("fn is not called after it returned an error", n, 2)
		if !errors.Is(err, enough) {
			return err
		}
		n = 0
		err = w.WalkStructures(b.ctx, structure.Query{}, func(structure.Structure) error {
			n++
			return nil
		})
		b.equal("the unit can be used after a walk that fn ended", n, 3)
		return errors.Join(err, enough)
	}), enough)
}

// walkUnit sees the writes of its own unit, and ends with it.
func walkUnit(b *bench) {
	_ = walks(b, func(structure.Walker) error { return nil })
	var late structure.Walker
	b.update(func(tx storage.Tx) error {
		if err := tx.PutStructure(b.ctx, newStructure(1)); err != nil {
			return err
		}
		n := 0
		late = tx.(structure.Walker)
		err := late.WalkStructures(b.ctx, structure.Query{}, func(structure.Structure) error {
			n++
			return nil
		})
		b.equal("a walk sees what its unit wrote", n, 1)
		return err
	})
	if late.WalkStructures(b.ctx, structure.Query{}, func(structure.Structure) error { return nil }) == nil ||
		late.WalkMembers(b.ctx, structure.MembershipQuery{}, func(structure.Member) error { return nil }) == nil {
		b.Errorf("a walk fails when its unit has ended")
	}
}
