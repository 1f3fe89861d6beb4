package storagetest

import (
	"context"
	"errors"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
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

// standingCase is one combination of parts that are there and parts that are not.
type standingCase struct {
	what       string
	account    int
	structure  int
	membership int
	a, s, m    bool // whether they exist
}

func standingCases() []standingCase {
	return []standingCase{
		{"a member", 1, 1, 1, true, true, true},
		{"no member", 2, 1, 0, true, true, false},
		{"a member elsewhere", 1, 2, 0, true, true, false},
		{"an unknown account", 7, 1, 0, false, true, false},
		{"an unknown structure", 1, 7, 0, true, false, false},
		{"nothing at all", 7, 7, 0, false, false, false},
		{"a membership whose ends are missing", 8, 9, 2, false, false, true},
	}
}

// prepareStandings stores what the cases are about: two accounts, two structures, a
// history of two of them, a membership, and another whose ends are missing.
func prepareStandings(b *bench) {
	puts(b, accountKind(), accountKind().make(1), accountKind().make(2))
	puts(b, structureKind(), structureKind().make(1), structureKind().make(2))
	m, stray := newMembership(1), newMembership(2)
	m.Account, m.Structure = accountID(1), structureID(1)
	stray.Account, stray.Structure = accountID(8), structureID(9)
	puts(b, membershipKind(), m, stray)
	appends(b, newEvent(11, 1, 1), newEvent(12, 1, 2), newEvent(13, 9, 1), newEvent(14, 3, 1))
}

func (c standingCase) want(b *bench) structure.Standing {
	b.Helper()
	var want structure.Standing
	if c.a {
		want.Account = load(b, accountKind(), accountKind().make(c.account)).Card()
	}
	if c.s {
		want.Structure = load(b, structureKind(), structureKind().make(c.structure))
	}
	if c.m {
		want.Membership = load(b, membershipKind(), newMembership(c.membership))
	}
	switch c.structure {
	case 1:
		want.Head = newEvent(12, 1, 2).Head()
	case 9:
		want.Head = newEvent(13, 9, 1).Head()
	}
	return want
}

// standings asks for every combination of parts.
func standings(b *bench) {
	prepareStandings(b)
	for _, c := range standingCases() {
		got, err := ask(b, func(tx storage.Tx) (structure.Standing, error) {
			return tx.Standing(b.ctx, accountID(c.account), structureID(c.structure))
		})
		b.wantErr("Standing of "+c.what+" is no error", err, nil)
		b.equal("Standing of "+c.what, got, c.want(b))
	}
	b.update(func(tx storage.Tx) error {
		if err := tx.AppendEvent(b.ctx, newEvent(15, 2, 1)); err != nil {
			return err
		}
		at, err := tx.Standing(b.ctx, accountID(1), structureID(2))
		b.equal("Standing sees the unit's own events", at.Head, newEvent(15, 2, 1).Head())
		return err
	})
}

// hearings asks for every combination of parts who is heard, where the Tx is able to tell:
// in the first structure, its principal manager and one of four lines.
func hearings(b *bench) {
	prepareStandings(b)
	principal, gone := newMembership(3), newMembership(4)
	principal.Role, gone.Role = structure.RolePrincipalManager, structure.RolePrincipalManager
	gone.Status = structure.StatusDisabled
	puts(b, membershipKind(), principal, gone)
	puts(b, accountKind(), accountKind().make(3), accountKind().make(4))
	organiser, waiting, home, elsewhere := newSubscription(1), newSubscription(2), newSubscription(3), newSubscription(4)
	for _, line := range []*structure.Subscription{&organiser, &waiting, &elsewhere} {
		line.Space = authz.SpaceOrganisation
	}
	waiting.Status, elsewhere.Structure = structure.SubscriptionPending, structureID(2)
	puts(b, subscriptionKind(), organiser, waiting, home, elsewhere)
	for _, c := range standingCases() {
		want := structure.Hearing{Standing: c.want(b)}
		switch c.structure {
		case 1:
			want.Principal.Account = load(b, accountKind(), accountKind().make(3)).Card()
			want.Principal.Membership = load(b, membershipKind(), principal)
			want.Organisers = []structure.Subscription{load(b, subscriptionKind(), organiser)}
		case 2:
			want.Organisers = []structure.Subscription{load(b, subscriptionKind(), elsewhere)}
		}
		able := true
		var got structure.Hearing
		b.update(func(tx storage.Tx) (err error) {
			var h structure.Hearer
			if h, able = tx.(structure.Hearer); able {
				got, err = h.Hearing(b.ctx, accountID(c.account), structureID(c.structure))
			}
			return err
		})
		if !able {
			b.Skip("the Tx is no structure.Hearer")
		}
		b.equal("Hearing of "+c.what, got, want)
	}
}

// decidings asks, for every combination of parts, about a membership of somebody else
// in that structure.
func decidings(b *bench) {
	prepareStandings(b)
	for i, c := range standingCases() {
		for _, applicant := range []int{2, 6} { // one who is there and one who is not
			subject := newMembership(20 + 10*i + applicant)
			subject.Account, subject.Structure = accountID(applicant), structureID(c.structure)
			if b.try(func(tx storage.Tx) error { return tx.PutMembership(b.ctx, subject) }) != nil {
				continue // the pair has a membership, from a case before
			}
			got, err := ask(b, func(tx storage.Tx) (structure.Deciding, error) {
				return tx.Deciding(b.ctx, accountID(c.account), subject.ID)
			})
			b.wantErr("Deciding by "+c.what+" is no error", err, nil)
			want := structure.Deciding{Standing: c.want(b), Subject: load(b, membershipKind(), subject)}
			if applicant == c.account {
				want.Membership = want.Subject
			}
			if applicant == 2 {
				want.Applicant = load(b, accountKind(), accountKind().make(2)).Card()
			}
			b.equal("Deciding by "+c.what, got, want)
		}
	}
	own, err := ask(b, func(tx storage.Tx) (structure.Deciding, error) {
		return tx.Deciding(b.ctx, accountID(1), newMembership(1).ID)
	})
	b.wantErr("Deciding on one's own membership is no error", err, nil)
	b.equal("Deciding on one's own membership finds both sides alike",
		[]any{own.Subject, own.Applicant}, []any{own.Membership, own.Account})
	_, err = ask(b, func(tx storage.Tx) (structure.Deciding, error) {
		return tx.Deciding(b.ctx, accountID(1), membershipID(99))
	})
	b.wantErr("Deciding on a membership that is not there answers ErrNotFound", err, storage.ErrNotFound)
}

// keptActive keeps accounts of every kind, where the Tx is able to: only an active one lets
// the unit take effect, and is as it was.
func keptActive(b *bench) {
	active, closed := newAccount(1), newAccount(2)
	active.Status, closed.Status = account.StatusActive, account.StatusDeactivated
	puts(b, accountKind(), active, closed)
	for n, want := range []error{1: nil, 2: storage.ErrConflict, 3: storage.ErrConflict} {
		if n == 0 {
			continue
		}
		m := newMembership(n)
		able := true
		err := b.try(func(tx storage.Tx) error {
			var k structure.Keeper
			if k, able = tx.(structure.Keeper); !able {
				return nil
			}
			return errors.Join(k.KeepActive(b.ctx, accountID(n)), tx.PutMembership(b.ctx, m))
		})
		if !able {
			b.Skip("the Tx is no structure.Keeper")
		}
		b.wantErr("a unit takes effect only if the account that it keeps is active", err, want)
		b.equal("what a unit wrote beside keeping an account is there if it took effect", len(members(b, structure.MembershipQuery{})), 1)
	}
	b.equal("keeping an account does not write it", load(b, accountKind(), active).Version, int64(1))
}
