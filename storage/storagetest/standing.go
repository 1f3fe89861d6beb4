package storagetest

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// between asks for a standing and takes the membership out of it.
func between(ctx context.Context, tx storage.Tx, a account.ID, s structure.ID) (structure.Membership, error) {
	at, err := tx.Standing(ctx, a, s)
	if err == nil && at.Membership.ID == "" {
		err = storage.ErrNotFound
	}
	return at.Membership, err
}

// standings asks for every combination of parts that are there and parts that are not.
func standings(b *bench) {
	puts(b, accountKind(), accountKind().make(1), accountKind().make(2))
	puts(b, structureKind(), structureKind().make(1), structureKind().make(2))
	m := newMembership(1)
	m.Account, m.Structure = accountID(1), structureID(1)
	stray := newMembership(2)
	stray.Account, stray.Structure = accountID(8), structureID(9)
	puts(b, membershipKind(), m, stray)
	for _, c := range []struct {
		what       string
		account    int
		structure  int
		membership *structure.Membership
		a, s       bool
	}{
		{"a member", 1, 1, &m, true, true},
		{"no member", 2, 1, nil, true, true},
		{"a member elsewhere", 1, 2, nil, true, true},
		{"an unknown account", 7, 1, nil, false, true},
		{"an unknown structure", 1, 7, nil, true, false},
		{"nothing at all", 7, 7, nil, false, false},
		{"a membership whose ends are missing", 8, 9, &stray, false, false},
	} {
		got, err := ask(b, func(tx storage.Tx) (structure.Standing, error) {
			return tx.Standing(b.ctx, accountID(c.account), structureID(c.structure))
		})
		b.wantErr("Standing of "+c.what+" is no error", err, nil)
		var want structure.Standing
		if c.a {
			want.Account = load(b, accountKind(), accountKind().make(c.account))
		}
		if c.s {
			want.Structure = load(b, structureKind(), structureKind().make(c.structure))
		}
		if c.membership != nil {
			want.Membership = load(b, membershipKind(), *c.membership)
		}
		b.equal("Standing of "+c.what, got, want)
	}
}
