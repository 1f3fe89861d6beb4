package memory

import (
	"context"
	"errors"
	"fmt"

	"github.com/habilis-go/habilis/storage"
)

var (
	errEnded  = errors.New("memory: the unit of work has ended")
	errNested = errors.New("memory: a nested part of the unit is under way")
)

// tx is one unit of work, or a nested part of one, over a state of its own.
type tx struct {
	db     tables
	ended  bool
	nested bool  // a part is under way, and only it may be used
	lost   error // the first error that loses the unit
}

func (t *tx) end() { t.ended = true }

// run calls fn and answers why the unit cannot commit, or nil if it can. A unit
// is lost after any error but "not found", as it is in PostgreSQL: code that
// ignores one must not pass its tests here and fail there.
func (t *tx) run(ctx context.Context, fn func(storage.Tx) error) error {
	if err := fn(t); err != nil {
		return err
	}
	if t.lost != nil {
		return fmt.Errorf("the unit went on after an error: %w", t.lost)
	}
	return ctx.Err()
}

// Nest runs fn on a copy of the state and keeps the copy if fn succeeds.
func (t *tx) Nest(ctx context.Context, fn func(storage.Tx) error) error {
	if err := t.ready(ctx); err != nil {
		return err
	}
	part := &tx{db: t.db.copy()}
	t.nested = true
	defer func() {
		t.nested = false
		part.end()
	}()
	if err := part.run(ctx, fn); err != nil {
		return err
	}
	t.db = part.db
	return nil
}

// ready reports whether a call may proceed.
func (t *tx) ready(ctx context.Context) error {
	switch {
	case t.ended:
		return errEnded
	case t.nested:
		return errNested
	case t.lost != nil:
		return fmt.Errorf("the unit is lost: %w", t.lost)
	}
	t.lost = ctx.Err()
	return t.lost
}

// write runs a change and loses the unit if it fails.
func (t *tx) write(ctx context.Context, change func() error) error {
	if err := t.ready(ctx); err != nil {
		return err
	}
	t.lost = change()
	return t.lost
}

func read[V any](ctx context.Context, t *tx, get func() (V, error)) (V, error) {
	if err := t.ready(ctx); err != nil {
		var none V
		return none, err
	}
	return get()
}

func every[V any](V) bool { return true }
