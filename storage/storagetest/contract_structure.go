package storagetest

import (
	"fmt"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func structureCases() []testCase {
	return []testCase{
		{"IdentifierUnique", identifierUnique},
		{"ByIdentifier", byIdentifier},
		{"NoSpaces", func(b *bench) {
			k := structureKind()
			s := k.make(1)
			s.Spaces = nil
			puts(b, k, s)
			b.equal("no open spaces come back as no open spaces", len(load(b, k, s).Spaces), 0)
		}},
	}
}

func identifierUnique(b *bench) {
	k := structureKind()
	puts(b, k, k.make(1), k.make(2))
	b.wantErr("a second structure with the same Identifier is refused with ErrExists", b.try(func(tx storage.Tx) error {
		s := newStructure(3)
		s.Identifier = newStructure(1).Identifier
		return tx.PutStructure(b.ctx, s)
	}), storage.ErrExists)
	b.wantErr("taking another structure's Identifier is refused with ErrExists", b.try(func(tx storage.Tx) error {
		s, err := tx.Structure(b.ctx, structureID(2))
		if err != nil {
			return err
		}
		s.Identifier = newStructure(1).Identifier
		return tx.PutStructure(b.ctx, s)
	}), storage.ErrExists)
}

func byIdentifier(b *bench) {
	k := structureKind()
	ids := []structure.Identifier{
		{Scheme: "SIRET", Value: "ABC"},
		{Scheme: "SIRET", Value: "abc"},
		{Scheme: "RNA", Value: "ABC"},
		{Scheme: "siret", Value: "ABC"},
		{Scheme: "SIRET", Value: "ABC "},
		{Scheme: "SIRET", Value: "ÄBC"},
		{Scheme: "SIRET", Value: "A%"},
		{Scheme: "SIRET", Value: "A_C"},
		{Scheme: "SIRETA", Value: "BC"},
	}
	for n, id := range ids {
		s := newStructure(n)
		s.Identifier = id
		if err := b.try(func(tx storage.Tx) error { return tx.PutStructure(b.ctx, s) }); err != nil {
			b.Errorf("identifiers are compared byte by byte, scheme and value: %q must not clash with any of %q, got: %v", id, ids[:n], err)
		}
	}
	find := func(id structure.Identifier) (structure.Structure, error) {
		return ask(b, func(tx storage.Tx) (structure.Structure, error) { return tx.StructureByIdentifier(b.ctx, id) })
	}
	for n, id := range ids {
		s, err := find(id)
		if err != nil || s.ID != structureID(n) {
			b.Errorf("StructureByIdentifier(%q): got %q, %v; want %q", id, s.ID, err, structureID(n))
		}
	}
	got, err := find(ids[1])
	b.wantErr("StructureByIdentifier finds the structure", err, nil)
	b.equal("StructureByIdentifier returns the whole structure", got, load(b, k, k.make(1)))
	for _, id := range []structure.Identifier{{}, {Scheme: "SIRET"}, {Value: "ABC"}, {Scheme: "SIRET", Value: "AbC"}, {Scheme: "RNA", Value: "abc"}} {
		_, err := find(id)
		b.wantErr(fmt.Sprintf("StructureByIdentifier of %q, which nobody has, answers ErrNotFound", id), err, storage.ErrNotFound)
	}
}

func unitCases() []testCase {
	return []testCase{{"CodeUnique", codeUnique}, {"Order", unitOrder}}
}

func codeUnique(b *bench) {
	k := unitKind()
	elsewhere := newUnit(2)
	elsewhere.Structure, elsewhere.Code = structureID(2), newUnit(1).Code
	lower := newUnit(3)
	lower.Code = "code1"
	puts(b, k, k.make(1))
	puts(b, k, elsewhere) // another structure may use the code
	puts(b, k, lower)     // and another case is another code
	b.wantErr("a second service with the same Code in its structure is refused with ErrExists", b.try(func(tx storage.Tx) error {
		u := newUnit(4)
		u.Code = newUnit(1).Code
		return tx.PutUnit(b.ctx, u)
	}), storage.ErrExists)
	b.wantErr("taking the Code of another service of the structure is refused with ErrExists", b.try(func(tx storage.Tx) error {
		u, err := tx.Unit(b.ctx, lower.ID)
		if err != nil {
			return err
		}
		u.Code = newUnit(1).Code
		return tx.PutUnit(b.ctx, u)
	}), storage.ErrExists)
}

func unitOrder(b *bench) {
	k := unitKind()
	codes := []string{"b", "a", "B", "é", "a b", "a-b", "aa", "a_b", "10", "9", "", "Z", "ä", "😀", "z"}
	for n, code := range codes {
		u := newUnit(n)
		u.Code = code
		puts(b, k, u)
	}
	stranger := newUnit(99)
	stranger.Structure = structureID(2)
	puts(b, k, stranger)
	got := list(b, func(tx storage.Tx) ([]structure.Unit, error) { return tx.Units(b.ctx, structureID(1)) })
	want := slices.Clone(codes)
	slices.Sort(want)
	b.equal("Units lists the services of one structure by Code, byte by byte",
		keys(got, func(u structure.Unit) string { return u.Code }), want)
	got = list(b, func(tx storage.Tx) ([]structure.Unit, error) { return tx.Units(b.ctx, structureID(2)) })
	b.equal("Units lists whole services", got, []structure.Unit{load(b, k, stranger)})
	got = list(b, func(tx storage.Tx) ([]structure.Unit, error) { return tx.Units(b.ctx, structureID(3)) })
	b.equal("Units of a structure without services lists nothing", len(got), 0)
}

func membershipCases() []testCase {
	return []testCase{
		{"PairUnique", pairUnique},
		{"Of", membershipOf},
		{"PrincipalUnique", principalUnique},
		{"NoServices", func(b *bench) {
			k := membershipKind()
			m := k.make(1)
			m.Granted, m.Asked = structure.Scope{Whole: true}, structure.Scope{}
			puts(b, k, m)
			m.Version = 1
			b.equal("a scope without services comes back without services", load(b, k, m), m)
		}},
	}
}

func pairUnique(b *bench) {
	k := membershipKind()
	elsewhere := newMembership(2)
	elsewhere.Account, elsewhere.Structure = accountID(1), structureID(2)
	puts(b, k, k.make(1))
	puts(b, k, elsewhere) // one account may belong to two structures
	puts(b, k, k.make(3)) // and two accounts to one
	b.wantErr("a second membership of one account in one structure is refused with ErrExists", b.try(func(tx storage.Tx) error {
		m := newMembership(4)
		m.Account, m.Status = accountID(1), structure.StatusRemoved
		return tx.PutMembership(b.ctx, m)
	}), storage.ErrExists)
}

func membershipOf(b *bench) {
	k := membershipKind()
	puts(b, k, k.make(1), k.make(2))
	find := func(a account.ID, s structure.ID) (structure.Membership, error) {
		return ask(b, func(tx storage.Tx) (structure.Membership, error) { return between(b.ctx, tx, a, s) })
	}
	got, err := find(accountID(2), structureID(1))
	b.wantErr("Standing finds the membership", err, nil)
	b.equal("Standing returns the whole membership", got, load(b, k, k.make(2)))
	_, err = find(accountID(3), structureID(1))
	b.wantErr("Standing of an account that is no member has no membership", err, storage.ErrNotFound)
	_, err = find(accountID(1), structureID(2))
	b.wantErr("Standing in a structure that has no such member has no membership", err, storage.ErrNotFound)
}

// principal returns membership n as that of a principal manager.
func principal(n int) structure.Membership {
	m := newMembership(n)
	m.Role = structure.RolePrincipalManager
	return m
}

func principalUnique(b *bench) {
	k := membershipKind()
	asking := principal(2)
	asking.Status = structure.StatusPending
	elsewhere := principal(3)
	elsewhere.Structure = structureID(2)
	puts(b, k, principal(1))
	puts(b, k, asking)    // who only asks to be one does not count
	puts(b, k, elsewhere) // nor does one of another structure
	puts(b, k, k.make(4)) // nor a simple member

	b.wantErr("a second approved principal manager in one structure is refused with ErrExists",
		b.try(func(tx storage.Tx) error { return tx.PutMembership(b.ctx, principal(5)) }), storage.ErrExists)
	b.wantErr("approving a second principal manager in one structure is refused with ErrExists", b.try(func(tx storage.Tx) error {
		m, err := tx.Membership(b.ctx, asking.ID)
		if err != nil {
			return err
		}
		m.Status = structure.StatusApproved
		return tx.PutMembership(b.ctx, m)
	}), storage.ErrExists)

	b.update(func(tx storage.Tx) error {
		before, err := tx.Membership(b.ctx, membershipID(1))
		if err != nil {
			return err
		}
		after, err := tx.Membership(b.ctx, asking.ID)
		if err != nil {
			return err
		}
		before.Role, after.Status = structure.RoleSecondaryManager, structure.StatusApproved
		if err := tx.PutMembership(b.ctx, before); err != nil {
			return err
		}
		if err := tx.PutMembership(b.ctx, after); err != nil {
			return fmt.Errorf("one unit may hand the role from one to another: %w", err)
		}
		return nil
	})
	b.equal("the role went over", load(b, k, asking).Status, structure.StatusApproved)
}
