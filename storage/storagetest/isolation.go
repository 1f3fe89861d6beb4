package storagetest

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
)

// A store may make a unit wait for another one: SQLite has one writer, a pool may
// have one connection. So the cases below give the other unit this long, then go
// on without it. They hold whichever way it goes.
const blink = 150 * time.Millisecond

func wait(done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(blink):
	}
}

func cancelledBefore(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	ran := false
	err := b.store.Update(ctx, func(tx storage.Tx) error {
		ran = true
		return errors.Join(tx.PutAccount(b.ctx, newAccount(1)))
	})
	b.wantErr("Update with a context that is dead returns the context's error", err, context.Canceled)
	b.nothingLeft("Update with a context that is dead leaves nothing behind", 1)
	if ran {
		b.Log("note: fn ran although the context was dead; the contract allows it")
	}
	err = b.store.View(ctx, func(tx storage.Tx) error {
		_, err := tx.Accounts(ctx, account.Query{Limit: 1})
		return err
	})
	b.wantErr("View with a context that is dead returns the context's error", err, context.Canceled)
}

func cancelledInside(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	err := b.store.Update(ctx, func(tx storage.Tx) error {
		if err := everythingSent(ctx, tx, 1); err != nil {
			return err
		}
		cancel()
		return nil
	})
	b.wantErr("Update whose context died does not commit, and returns the context's error", err, context.Canceled)
	b.nothingLeft("Update whose context died leaves nothing behind", 1)
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
}

func cancelledCall(b *bench) {
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
	dead, cancel := context.WithCancel(b.ctx)
	cancel()
	for name := range calls(b.ctx, nil) {
		err := b.try(func(tx storage.Tx) error { return calls(dead, tx)[name]() })
		b.wantErr("a call with a context that is dead returns the context's error: "+name, err, context.Canceled)
	}
	b.nothingLeft("a call with a context that is dead writes nothing", 2)
}

func viewReadOnly(b *bench) {
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
	before := read(b)
	for name := range writes(b.ctx, nil) {
		err := b.store.View(b.ctx, func(tx storage.Tx) error { return writes(b.ctx, tx)[name]() })
		b.wantErr("View refuses every write with ErrReadOnly: "+name, err, storage.ErrReadOnly)
	}
	b.equal("View changes nothing", read(b), before)
	for name := range reads(b.ctx, nil) {
		err := b.store.View(b.ctx, func(tx storage.Tx) error { return reads(b.ctx, tx)[name]() })
		b.wantErr("View allows every read: "+name, err, nil)
	}
}

// viewConsistent changes two objects together while a View is between them.
func viewConsistent(b *bench) {
	k := accountKind()
	puts(b, k, k.make(1), k.make(2))
	done := make(chan struct{})
	var other error
	b.view(func(tx storage.Tx) error {
		first, err := tx.Account(b.ctx, accountID(1))
		if err != nil {
			return err
		}
		go func() {
			defer close(done)
			other = storage.Update(b.ctx, b.store, func(tx storage.Tx) error {
				return errors.Join(rename(b.ctx, tx, 1), rename(b.ctx, tx, 2))
			})
		}()
		wait(done)
		second, err := tx.Account(b.ctx, accountID(2))
		if err != nil {
			return err
		}
		if first.Version != second.Version {
			b.Errorf("View runs on one consistent state: of two accounts that are only changed together it saw versions %d and %d",
				first.Version, second.Version)
		}
		again, err := tx.Account(b.ctx, accountID(1))
		b.equal("View runs on one consistent state: a second read answers as the first", again, first)
		return err
	})
	<-done
	b.wantErr("the unit beside the View commits", other, nil)
	b.equal("a View that begins after a commit sees it", load(b, k, k.make(1)).Version, int64(2))
}

func rename(ctx context.Context, tx storage.Tx, n int) error {
	a, err := tx.Account(ctx, accountID(n))
	if err != nil {
		return err
	}
	a.GivenName += "-"
	if err := tx.PutAccount(ctx, a); err != nil {
		return err
	}
	_, err = tx.Account(ctx, a.ID) // a store that keeps writes to send them together sends them now
	return err
}

// uncommittedUnseen reads while another unit has written and not ended.
func uncommittedUnseen(b *bench) {
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 1) })
	before := read(b)
	wrote, seen, over := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		_ = b.try(func(tx storage.Tx) error {
			err := errors.Join(rename(b.ctx, tx, 1), everythingSent(b.ctx, tx, 2))
			if err != nil {
				b.Errorf("writing one object of each kind: %v", err)
			}
			close(wrote)
			wait(seen)
			return errRollback
		})
	}()
	<-wrote
	var after state
	var err error
	go func() {
		defer close(seen)
		after, err = ask(b, func(tx storage.Tx) (state, error) { return stateOf(b.ctx, tx) })
	}()
	<-seen
	<-over
	b.wantErr("a View beside a unit that writes succeeds", err, nil)
	b.equal("a View sees nothing that another unit wrote and did not commit", after, before)

	// The same for a unit that writes.
	wrote, over = make(chan struct{}), make(chan struct{})
	tried := make(chan struct{})
	go func() {
		defer close(over)
		_ = b.try(func(tx storage.Tx) error {
			if err := rename(b.ctx, tx, 1); err != nil {
				b.Errorf("renaming: %v", err)
			}
			close(wrote)
			wait(tried)
			return errRollback
		})
	}()
	<-wrote
	var read account.Account
	go func() {
		defer close(tried)
		err = storage.Update(b.ctx, b.store, func(tx storage.Tx) (err error) {
			read, err = tx.Account(b.ctx, accountID(1))
			return err
		})
	}()
	<-tried
	<-over
	b.wantErr("a unit beside one that rolls back commits", err, nil)
	b.equal("a unit sees nothing that another unit wrote and did not commit", read, before.Accounts[0])
}
