package storage

import (
	"context"
	"errors"
	"fmt"
)

// Join returns a Store whose units are parts of a unit that is open already: what
// they write becomes visible to others when, and only if, the owner of tx commits.
// SQL adapters build their Bind on it, and a dry run is one. It is as safe for
// concurrent use as tx is: not at all.
//
// If tx can [Nester.Nest], a unit that fails leaves nothing behind and the owner
// may go on. Otherwise every later unit fails with the first one's error, since
// half of it may have been written.
func Join(tx Tx) Store { return &joined{tx: tx} }

// Joined reports whether s takes part in somebody else's transaction. Such a
// store is never retried.
func Joined(s Store) bool {
	j, ok := s.(interface{ Joined() bool })
	return ok && j.Joined()
}

type joined struct {
	tx     Tx
	broken error
}

// Joined marks the store as one that is not retried.
func (j *joined) Joined() bool { return true }

// Nests reports whether a unit that fails leaves nothing behind.
func (j *joined) Nests() bool {
	_, ok := j.tx.(Nester)
	return ok
}

func (j *joined) View(_ context.Context, fn func(Tx) error) error {
	if err := j.lost(); err != nil {
		return err
	}
	return fn(ReadOnly(j.tx))
}

// lost says why no further unit may run, if so.
func (j *joined) lost() error {
	if j.broken == nil {
		return nil
	}
	return fmt.Errorf("an earlier part of this unit failed: %w", j.broken)
}

func (j *joined) Update(ctx context.Context, fn func(Tx) error) error {
	if n, ok := j.tx.(Nester); ok {
		return n.Nest(ctx, fn)
	}
	if err := j.lost(); err != nil {
		return err
	}
	j.broken = errors.New("it panicked")
	err := fn(j.tx)
	if err == nil {
		err = ctx.Err()
	}
	j.broken = err
	return err
}
