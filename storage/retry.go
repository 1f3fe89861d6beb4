package storage

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// maxTries bounds how often a unit that conflicts is run. With the longest pause
// doubling from 1 ms to 128 ms, a unit is given up after about two seconds.
const maxTries = 24

// Update runs fn as one unit of s, again and again while it conflicts, up to a
// bound; then the last ErrConflict is returned. A joined store is never retried:
// its transaction belongs to somebody else.
func Update(ctx context.Context, s Store, fn func(Tx) error) error {
	for try := 0; ; try++ {
		err := s.Update(ctx, fn)
		if !errors.Is(err, ErrConflict) || try+1 == maxTries || Joined(s) {
			return err
		}
		ceiling := time.Millisecond << min(try, 7)
		pause := time.NewTimer(rand.N(ceiling)) //nolint:gosec // jitter, not a secret
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// The functions below narrow a Store to what one domain package consumes, with
// the library's retry.

// Accounts narrows s for package account.
func Accounts(s Store) account.Store {
	return narrow[account.Tx]{s, func(tx Tx) account.Tx { return tx }}
}

// SignIns narrows s for package mfa.
func SignIns(s Store) mfa.Store { return narrow[mfa.Tx]{s, func(tx Tx) mfa.Tx { return tx }} }

// Structures narrows s for package structure.
func Structures(s Store) structure.Store {
	return narrow[structure.Tx]{s, func(tx Tx) structure.Tx { return tx }}
}

// Notices narrows s for package notify.
func Notices(s Store) notify.Store { return narrow[notify.Tx]{s, func(tx Tx) notify.Tx { return tx }} }

type narrow[T any] struct {
	store Store
	as    func(Tx) T
}

// Joined tells package notify what [Joined] says of the store.
func (n narrow[T]) Joined() bool { return Joined(n.store) }

func (n narrow[T]) View(ctx context.Context, fn func(T) error) error {
	return n.store.View(ctx, func(tx Tx) error { return fn(n.as(tx)) })
}

func (n narrow[T]) Update(ctx context.Context, fn func(T) error) error {
	return Update(ctx, n.store, func(tx Tx) error { return fn(n.as(tx)) })
}
