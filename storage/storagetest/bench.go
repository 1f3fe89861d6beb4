package storagetest

import (
	"context"
	"errors"
	"testing"

	"github.com/habilis-go/habilis/storage"
)

// bench is what a case works with.
type bench struct {
	*testing.T
	harness Harness
	store   storage.Store
	ctx     context.Context // of the case
}

// errRollback ends a unit that is not to commit.
var errRollback = errors.New("storagetest: roll this unit back")

// update runs a unit that must commit, conflicts retried as the library does.
func (b *bench) update(fn func(storage.Tx) error) {
	b.Helper()
	if err := storage.Update(b.ctx, b.store, fn); err != nil {
		b.Fatalf("Update: a unit that breaks no rule must commit, got: %v", err)
	}
}

// try runs one unit once and returns what Update returned.
func (b *bench) try(fn func(storage.Tx) error) error { return b.store.Update(b.ctx, fn) }

// view runs a reading unit that must succeed.
func (b *bench) view(fn func(storage.Tx) error) {
	b.Helper()
	if err := b.store.View(b.ctx, fn); err != nil {
		b.Fatalf("View: a unit that only reads must succeed, got: %v", err)
	}
}

// wantErr checks that err is target under errors.Is.
func (b *bench) wantErr(obligation string, err, target error) {
	b.Helper()
	if !errors.Is(err, target) {
		b.Errorf("%s\n\twant an error that errors.Is finds to be: %v\n\tgot:  %v", obligation, target, err)
	}
}

// equal compares objects or lists of them.
func (b *bench) equal(obligation string, got, want any) {
	b.Helper()
	if d := diff(got, want); d != "" {
		b.Errorf("%s\n%s", obligation, d)
	}
}

// put is a unit that puts one object after the other.
func puts[V any](b *bench, k kind[V], all ...V) {
	b.Helper()
	b.update(func(tx storage.Tx) error {
		for _, v := range all {
			if err := k.insert(b.ctx, tx, v); err != nil {
				return err
			}
		}
		return nil
	})
}

// load returns the stored form of v, which must be there.
func load[V any](b *bench, k kind[V], v V) V {
	b.Helper()
	var got V
	b.view(func(tx storage.Tx) (err error) {
		got, err = k.get(b.ctx, tx, v)
		return err
	})
	return got
}

// ask runs one question in a View of its own and returns the answer.
func ask[V any](b *bench, question func(storage.Tx) (V, error)) (V, error) {
	var answer V
	err := b.store.View(b.ctx, func(tx storage.Tx) (err error) {
		answer, err = question(tx)
		return err
	})
	return answer, err
}

// list is ask for questions that must be answered.
func list[V any](b *bench, question func(storage.Tx) (V, error)) V {
	b.Helper()
	answer, err := ask(b, question)
	if err != nil {
		b.Fatalf("a list must be answered, got: %v", err)
	}
	return answer
}

// keys brings a list down to what identifies its rows, for short messages.
func keys[V, K any](rows []V, key func(V) K) []K {
	out := make([]K, 0, len(rows))
	for _, r := range rows {
		out = append(out, key(r))
	}
	return out
}
