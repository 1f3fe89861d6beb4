package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// race runs fn n times at once and returns what each returned.
func race(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

// successes counts the nil errors and reports those that are not among allowed.
func (b *bench) successes(what string, errs []error, allowed ...error) int {
	b.Helper()
	n := 0
	for _, err := range errs {
		ok := err == nil
		if ok {
			n++
		}
		for _, a := range allowed {
			ok = ok || errors.Is(err, a)
		}
		if !ok {
			b.Errorf("%s: got %v, want success or one of %v", what, err, allowed)
		}
	}
	return n
}

func noLostUpdate(b *bench) {
	k := throttleKind()
	zero := newThrottle(1)
	zero.Failures = 0
	puts(b, k, zero)
	count := func(tx storage.Tx) error {
		c, err := tx.Throttle(b.ctx, accountID(1), zero.Factor)
		if err != nil {
			return err
		}
		c.Failures++
		return tx.PutThrottle(b.ctx, c)
	}
	won := b.successes("units that change one object at once", race(8, func(int) error { return b.try(count) }), storage.ErrConflict)
	b.equal("of units that change one object at once, each commits or answers ErrConflict; none is lost",
		load(b, k, zero).Failures, won)
	if won == 0 {
		b.Error("of units that change one object at once, at least one commits")
	}
	b.successes("storage.Update runs a unit again that conflicts", race(8, func(int) error {
		return storage.Update(b.ctx, b.store, count)
	}))
	b.equal("storage.Update runs a unit again that conflicts: all are counted", load(b, k, zero).Failures, won+8)
}

func oneInsertion(b *bench) {
	errs := race(8, func(i int) error {
		return b.try(func(tx storage.Tx) error {
			c := newThrottle(1)
			c.Failures = i
			return tx.PutThrottle(b.ctx, c)
		})
	})
	if n := b.successes("units that insert under one key at once", errs, storage.ErrConflict); n != 1 {
		b.Errorf("of units that insert under one key at once, exactly one commits and the others answer ErrConflict: %d committed", n)
	}
}

func loginRace(b *bench) {
	errs := race(8, func(i int) error {
		return storage.Update(b.ctx, b.store, func(tx storage.Tx) error {
			a := newAccount(i)
			a.Login = "same@example.org"
			return tx.PutAccount(b.ctx, a)
		})
	})
	if n := b.successes("accounts registered at once with one Login", errs, storage.ErrExists); n != 1 {
		b.Errorf("of accounts registered at once with one Login, exactly one is stored: %d were", n)
	}
	if n := len(read(b).Accounts); n != 1 {
		b.Errorf("of accounts registered at once with one Login, exactly one is stored: found %d", n)
	}
}

// keeperRace ends an account while others join something with it: whoever comes first is
// seen by whoever ends it, and whoever comes later is refused.
func keeperRace(b *bench) {
	a := newAccount(1)
	a.Status = account.StatusActive
	puts(b, accountKind(), a)
	var able atomic.Bool
	seen := 0
	errs := race(8, func(i int) error {
		return storage.Update(b.ctx, b.store, func(tx storage.Tx) error {
			k, ok := tx.(structure.Keeper)
			switch {
			case !ok:
				return nil
			case i > 0:
				able.Store(true)
				return errors.Join(k.KeepActive(b.ctx, a.ID), tx.PutMembership(b.ctx, member(i, 1, i, structure.StatusPending, structure.RoleMember, structure.Scope{Whole: true})))
			default:
				return end(b, tx, a.ID, &seen)
			}
		})
	})
	if !able.Load() {
		b.Skip("the Tx is no structure.Keeper")
	}
	b.wantErr("an account ends though others keep it", errs[0], nil)
	b.successes("units that keep an account which ends", errs, storage.ErrConflict)
	b.equal("a unit that ends an account sees what those wrote that kept it active", seen, len(members(b, structure.MembershipQuery{})))
}

// end ends an account in the order that lets it see what hangs on it.
func end(b *bench, tx storage.Tx, id account.ID, seen *int) error {
	a, err := tx.Account(b.ctx, id)
	if err != nil {
		return err
	}
	if err := tx.PutAccount(b.ctx, a); err != nil {
		return err
	}
	a.Version++
	found, err := tx.Memberships(b.ctx, structure.MembershipQuery{Account: id})
	if err != nil {
		return err
	}
	*seen, a.Status = len(found), account.StatusDeactivated
	return tx.PutAccount(b.ctx, a)
}

func principalRace(b *bench) {
	errs := race(8, func(i int) error {
		return storage.Update(b.ctx, b.store, func(tx storage.Tx) error { return tx.PutMembership(b.ctx, principal(i)) })
	})
	if n := b.successes("principal managers approved at once", errs, storage.ErrExists); n != 1 {
		b.Errorf("of principal managers approved at once in one structure, exactly one is: %d were", n)
	}
}

func enqueueRace(b *bench) {
	errs := race(8, func(i int) error {
		return storage.Update(b.ctx, b.store, func(tx storage.Tx) error {
			m := newMessage(i)
			m.Key = "same"
			return errors.Join(tx.PutAccount(b.ctx, newAccount(i)), tx.Enqueue(b.ctx, m))
		})
	})
	b.successes("units that enqueue one key at once all succeed", errs)
	s := read(b)
	if len(s.Messages) != 1 || len(s.Accounts) != 8 {
		b.Errorf("units that enqueue one key at once: got %d messages and %d of the objects beside it, want 1 and 8",
			len(s.Messages), len(s.Accounts))
	}
}

// plain seals nothing: what the suite sends is no secret.
type plain struct{}

func (plain) Seal(p []byte, _ string) ([]byte, error) { return p, nil }
func (plain) Open(p []byte, _ string) ([]byte, error) { return p, nil }

func chainRace(b *bench) {
	journal := notify.NewJournal(plain{}, ids.NewMaker(nil))
	const units = 32
	errs := race(units, func(i int) error {
		return storage.Update(b.ctx, b.store, func(tx storage.Tx) error {
			if err := journal.Record(b.ctx, tx, notify.Fact{
				At: minute(units - i), Actor: notify.Actor{Kind: notify.ActorSystem}, Kind: "counted",
				Object: notify.Object{Type: "structure", ID: uuid(i)}, Account: accountID(i), Structure: structureID(1), State: i,
			}); err != nil {
				return err
			}
			return journal.Enqueue(b.ctx, tx, minute(i), notify.Mail{
				Key: fmt.Sprint("race/", i), Template: notify.MailActivation, To: "to@example.org", Language: "fr",
			})
		})
	})
	b.successes("units that append to one chain at once", errs)
	events := eventsOf(b, notify.EventQuery{Chain: notify.StructureChain(structureID(1))})
	verifyChain(b, events, units)
	b.equal("every unit that appended enqueued too", len(messagesOf(b, notify.MessageQuery{})), units)
}

func verifyChain(b *bench, events []notify.Event, want int) {
	b.Helper()
	if len(events) != want {
		b.Errorf("appending to one chain at once leaves it gapless from 1 to n and loses nothing: got %d events, want %d", len(events), want)
	}
	var previous notify.Event
	for _, e := range events {
		if err := e.Verify(previous); err != nil {
			b.Errorf("a chain that was stored and read proves itself: %v", err)
		}
		previous = e
	}
}

// writeSkew lets every manager step down at once, unless it is the last. Each
// unit reads all managers and changes one; the structure that it puts as well
// makes any two of them collide.
func writeSkew(b *bench) {
	const managers = 6
	puts(b, structureKind(), newStructure(1))
	for n := range managers {
		m := newMembership(n)
		m.Role = structure.RoleSecondaryManager
		puts(b, membershipKind(), m)
	}
	errLast := errors.New("the last manager stays")
	var refused atomic.Int32
	errs := race(managers, func(i int) error {
		err := storage.Update(b.ctx, b.store, func(tx storage.Tx) error { return stepDown(b.ctx, tx, i, errLast) })
		if errors.Is(err, errLast) {
			refused.Add(1)
		}
		return err
	})
	b.successes("managers who step down at once", errs, errLast)
	left := members(b, structure.MembershipQuery{Role: structure.RoleSecondaryManager})
	if len(left) != 1 || refused.Load() != 1 {
		b.Errorf("a rule over several objects holds if its units put their aggregate root: "+
			"%d managers are left and %d were refused, want 1 and 1", len(left), refused.Load())
	}
}

func stepDown(ctx context.Context, tx storage.Tx, n int, errLast error) error {
	root, err := tx.Structure(ctx, structureID(1))
	if err != nil {
		return err
	}
	all, err := tx.Memberships(ctx, structure.MembershipQuery{
		Structures: []structure.ID{root.ID}, Role: structure.RoleSecondaryManager,
	})
	if err != nil {
		return err
	}
	if len(all) <= 1 {
		return errLast
	}
	m, err := between(ctx, tx, account.ID(accountID(n)), root.ID)
	if err != nil {
		return err
	}
	m.Role = structure.RoleMember
	if err := tx.PutMembership(ctx, m); err != nil {
		return err
	}
	return tx.PutStructure(ctx, root)
}
