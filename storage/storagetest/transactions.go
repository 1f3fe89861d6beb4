package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/habilis-go/habilis/internal/haste"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func runTransactions(t *testing.T, h Harness) {
	t.Helper()
	h.cases(t, []testCase{
		{"RollbackOnError", rollbackOnError},
		{"RollbackOnPanic", rollbackOnPanic},
		{"RollbackOnRefusal", rollbackOnRefusal},
		{"ErrorIdentity", errorIdentity},
		{"LostUnit", lostUnit},
		{"ReadYourWrites", readYourWrites},
		{"CancelledBefore", cancelledBefore},
		{"CancelledInside", cancelledInside},
		{"CancelledCall", cancelledCall},
		{"ViewReadOnly", viewReadOnly},
		{"ViewConsistent", viewConsistent},
		{"UncommittedUnseen", uncommittedUnseen},
		{"EndedTx", endedTx},
		{"NoLostUpdate", noLostUpdate},
		{"OneInsertion", oneInsertion},
		{"LoginRace", loginRace},
		{"KeeperRace", keeperRace},
		{"PrincipalRace", principalRace},
		{"EnqueueRace", enqueueRace},
		{"ChainRace", chainRace},
		{"WriteSkew", writeSkew},
		{"Join", joinedUnit},
		{"Nest", nestedParts},
		{"NestPanic", nestedPanic},
		{"Unhurried", unhurried},
		{"Durability", durability},
	})
}

// everything writes one object of each kind, numbered n.
func everything(ctx context.Context, tx storage.Tx, n int) error {
	return errors.Join(
		tx.PutAccount(ctx, newAccount(n)),
		tx.PutLink(ctx, newLink(n)),
		tx.PutThrottle(ctx, newThrottle(n)),
		tx.PutSignIn(ctx, newSignIn(n)),
		tx.PutFactor(ctx, newFactor(n)),
		tx.PutStructure(ctx, newStructure(n)),
		tx.PutUnit(ctx, newUnit(n)),
		tx.PutMembership(ctx, newMembership(n)),
		tx.PutSubscription(ctx, newSubscription(n)),
		tx.AppendEvent(ctx, newEvent(n, n, 1)),
		tx.Enqueue(ctx, newMessage(n)),
		tx.PutNotice(ctx, newNotice(n)),
		tx.PutRun(ctx, newRun(n)),
	)
}

// everythingSent is everything, and reads it back: a store that keeps writes to send
// them together has sent them afterwards.
func everythingSent(ctx context.Context, tx storage.Tx, n int) error {
	if err := everything(ctx, tx, n); err != nil {
		return err
	}
	there, err := present(ctx, tx, n)
	if err == nil && len(there) != 13 {
		err = fmt.Errorf("a read sees the unit's own writes: of thirteen objects it sees %v", there)
	}
	return err
}

// present says which of everything numbered n is there.
func present(ctx context.Context, tx storage.Tx, n int) ([]string, error) {
	_, eventErr := tx.LastEvent(ctx, newEvent(n, n, 1).Chain)
	found := map[string]error{
		"account": found(ctx, accountKind(), tx, n), "link": found(ctx, linkKind(), tx, n),
		"throttle": found(ctx, throttleKind(), tx, n), "sign-in": found(ctx, signInKind(), tx, n), "factor": found(ctx, factorKind(), tx, n),
		"structure": found(ctx, structureKind(), tx, n), "unit": found(ctx, unitKind(), tx, n),
		"membership": found(ctx, membershipKind(), tx, n), "subscription": found(ctx, subscriptionKind(), tx, n), "message": found(ctx, messageKind(), tx, n),
		"event": eventErr, "notice": found(ctx, noticeKind(), tx, n), "run": found(ctx, runKind(), tx, n),
	}
	var there []string
	for what, err := range found {
		switch {
		case err == nil:
			there = append(there, what)
		case !errors.Is(err, storage.ErrNotFound):
			return nil, fmt.Errorf("%s: %w", what, err)
		}
	}
	return there, nil
}

func found[V any](ctx context.Context, k kind[V], tx storage.Tx, n int) error {
	_, err := k.get(ctx, tx, k.make(n))
	return err
}

// nothingLeft checks that no trace of everything numbered n is visible.
func (b *bench) nothingLeft(obligation string, n int) {
	b.Helper()
	there := list(b, func(tx storage.Tx) ([]string, error) { return present(b.ctx, tx, n) })
	if len(there) > 0 {
		b.Errorf("%s: it left its %v behind", obligation, there)
	}
	if rest := list(b, func(tx storage.Tx) ([]structure.Structure, error) {
		return tx.Structures(b.ctx, structure.Query{Identifier: structure.Pattern(newStructure(n).Identifier.Value)})
	}); len(rest) > 0 {
		b.Errorf("%s: a search still finds its structure", obligation)
	}
}

func rollbackOnError(b *bench) {
	boom := errors.New("boom")
	err := b.try(func(tx storage.Tx) error {
		if err := everythingSent(b.ctx, tx, 1); err != nil {
			return err
		}
		return boom
	})
	b.wantErr("Update returns fn's error", err, boom)
	b.nothingLeft("a unit whose fn returns an error leaves nothing behind", 1)

	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
	before := load(b, structureKind(), newStructure(1))
	err = b.try(func(tx storage.Tx) error {
		changed := before
		changed.LegalName = "changed"
		signIn, err := tx.SignIn(b.ctx, newSignIn(1).ID)
		if err := errors.Join(err, tx.PutStructure(b.ctx, changed), tx.DeleteSignIn(b.ctx, signIn)); err != nil {
			return err
		}
		return boom
	})
	b.wantErr("Update returns fn's error", err, boom)
	b.equal("a change is undone", load(b, structureKind(), before), before)
	load(b, signInKind(), newSignIn(1)) // a deletion is undone too
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 2) })
}

func rollbackOnPanic(b *bench) {
	type surprise struct{ n int }
	func() {
		defer func() {
			if got := recover(); got != (surprise{7}) {
				b.Errorf("a panic of fn goes on to the caller of Update as it was: got %v, want %v", got, surprise{7})
			}
		}()
		_ = b.try(func(tx storage.Tx) error {
			if err := everythingSent(b.ctx, tx, 1); err != nil {
				return err
			}
			panic(surprise{7})
		})
	}()
	b.nothingLeft("a unit whose fn panics leaves nothing behind", 1)

	func() {
		defer func() {
			if got := recover(); got != (surprise{8}) {
				b.Errorf("a panic of fn goes on to the caller of View as it was: got %v, want %v", got, surprise{8})
			}
		}()
		_ = b.store.View(b.ctx, func(storage.Tx) error { panic(surprise{8}) })
	}()
	for n := range 20 { // more often than a pool has connections
		func() {
			defer func() { _ = recover() }()
			_ = b.try(func(storage.Tx) error { panic(n) })
		}()
	}
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 2) })
}

func rollbackOnRefusal(b *bench) {
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
	for what, refused := range map[string]struct {
		write func(storage.Tx) error
		want  error
	}{
		"ErrConflict": {func(tx storage.Tx) error { return tx.PutUnit(b.ctx, newUnit(1)) }, storage.ErrConflict},
		"ErrExists": {func(tx storage.Tx) error {
			a := newAccount(3)
			a.Login = newAccount(1).Login
			return tx.PutAccount(b.ctx, a)
		}, storage.ErrExists},
	} {
		err := b.try(func(tx storage.Tx) error {
			if err := everythingSent(b.ctx, tx, 2); err != nil {
				return err
			}
			return refused.write(tx)
		})
		b.wantErr("Update returns the error of the write that was refused", err, refused.want)
		b.nothingLeft("a unit in which a write was refused with "+what+" leaves nothing behind", 2)
	}
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 2) })
}

type customError struct{ code int }

func (customError) Error() string { return "custom" }

func errorIdentity(b *bench) {
	inner := errors.New("inner")
	for what, run := range map[string]func(context.Context, func(storage.Tx) error) error{
		"Update": b.store.Update, "View": b.store.View,
	} {
		err := run(b.ctx, func(storage.Tx) error {
			return fmt.Errorf("outer: %w", errors.Join(customError{42}, fmt.Errorf("middle: %w", inner)))
		})
		b.wantErr(what+" returns fn's error so that errors.Is finds it", err, inner)
		var custom customError
		if !errors.As(err, &custom) || custom.code != 42 {
			b.Errorf("%s returns fn's error so that errors.As finds it: got %v", what, err)
		}
	}
	err := b.store.View(b.ctx, func(tx storage.Tx) error {
		_, err := tx.Account(b.ctx, accountID(1))
		return fmt.Errorf("outer: %w", err)
	})
	b.wantErr("View returns ErrNotFound that fn passes on", err, storage.ErrNotFound)
	b.equal("nil comes back as nil", b.try(func(storage.Tx) error { return nil }), nil)
}

func lostUnit(b *bench) {
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
	err := b.try(func(tx storage.Tx) error {
		if err := everything(b.ctx, tx, 2); err != nil {
			return err
		}
		stale := newUnit(1) // and the error is dropped, against the rules
		_ = tx.PutUnit(b.ctx, stale)
		return nil
	})
	if err == nil {
		b.Error("a unit is lost after any error but ErrNotFound: Update must not commit it though fn returns nil, and must say so")
	}
	b.nothingLeft("a unit is lost after any error but ErrNotFound", 2)
}

func readYourWrites(b *bench) {
	b.update(func(tx storage.Tx) error {
		if err := everything(b.ctx, tx, 1); err != nil {
			return err
		}
		there, err := present(b.ctx, tx, 1)
		if err == nil && len(there) != 13 {
			b.Errorf("a read sees the unit's own writes: of thirteen objects it sees %v", there)
		}
		return err
	})
	b.update(func(tx storage.Tx) error {
		s, err := tx.Structure(b.ctx, structureID(1))
		if err != nil {
			return err
		}
		s.Town = "Voiron"
		if err := tx.PutStructure(b.ctx, s); err != nil {
			return err
		}
		got, err := tx.Structure(b.ctx, structureID(1))
		s.Version++
		b.equal("a read sees the unit's own change, and the new version", got, s)
		return err
	})
}

func endedTx(b *bench) {
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
	kept := map[string]storage.Tx{}
	b.update(func(tx storage.Tx) error {
		kept["an Update that committed"] = tx
		return nil
	})
	_ = b.try(func(tx storage.Tx) error {
		kept["an Update that failed"] = tx
		return errRollback
	})
	b.view(func(tx storage.Tx) error {
		kept["a View"] = tx
		return nil
	})
	for unit, tx := range kept {
		for name, call := range calls(b.ctx, tx) {
			if err := call(); err == nil || errors.Is(err, storage.ErrNotFound) {
				b.Errorf("a Tx fails every call once its unit ended: %s after %s: got %v, want an error other than ErrNotFound", name, unit, err)
			}
		}
	}
	b.nothingLeft("a Tx whose unit ended writes nothing", 2)
}

// unhurried shows that a unit that need not wait for the disk is one like any other. That
// it outlives the process is among what durability shows.
func unhurried(b *bench) {
	hurried := b.ctx
	b.ctx = haste.None(hurried)
	if !storage.Unhurried(b.ctx) || storage.Unhurried(hurried) {
		b.Fatal("storage.Unhurried tells units that are unhurried from others")
	}
	b.update(func(tx storage.Tx) error { return everythingSent(b.ctx, tx, 1) })
	err := b.try(func(tx storage.Tx) error {
		if err := everythingSent(b.ctx, tx, 2); err != nil {
			return err
		}
		return errRollback
	})
	b.wantErr("Update returns fn's error", err, errRollback)
	b.nothingLeft("an unhurried unit whose fn returns an error leaves nothing behind", 2)
	stale := newStructure(1)
	stale.Version = 7
	err = b.try(func(tx storage.Tx) error { return tx.PutStructure(b.ctx, stale) })
	b.wantErr("an unhurried unit that puts a stale version collides", err, storage.ErrConflict)

	ended, end := context.WithCancel(b.ctx)
	err = b.store.Update(ended, func(tx storage.Tx) error {
		defer end()
		return tx.PutStructure(b.ctx, newStructure(2))
	})
	b.wantErr("an unhurried unit whose context ended does not commit", err, context.Canceled)

	b.ctx = hurried
	b.update(func(tx storage.Tx) error {
		there, err := present(b.ctx, tx, 1)
		if err == nil && len(there) != 13 {
			b.Errorf("a unit sees what an unhurried one committed: of thirteen objects it sees %v", there)
		}
		return errors.Join(err, everything(b.ctx, tx, 2))
	})
}

// durability writes, reopens and reads.
func durability(b *bench) {
	if b.harness.Reopen == nil {
		b.Skip("the data dies with the process: Harness.Reopen is nil")
	}
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
	_ = b.try(func(tx storage.Tx) error {
		if err := everything(b.ctx, tx, 2); err != nil {
			return err
		}
		return errRollback
	})
	s := load(b, structureKind(), newStructure(1))
	b.update(func(tx storage.Tx) error { return tx.PutStructure(b.ctx, s) })
	if err := b.store.Update(haste.None(b.ctx), func(tx storage.Tx) error { return everything(b.ctx, tx, 3) }); err != nil {
		b.Fatalf("Update: an unhurried unit that breaks no rule must commit, got: %v", err)
	}
	before := read(b)

	b.store = b.harness.Reopen(b.T, b.store)
	b.equal("what was committed is there after a restart, and nothing else", read(b), before)
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 2) })
}
