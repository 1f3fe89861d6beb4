// Package memory keeps everything in the process: for tests, examples and first
// steps. It is a full [storage.Store], with real isolation and rollback, and
// passes the suite that every adapter passes; only durability is missing.
//
//	store := memory.New()
package memory

import (
	"context"
	"sync/atomic"

	"github.com/habilis-go/habilis/storage"
)

// Store keeps everything in memory, as trees that are copied on write. One unit
// writes at a time; reading ones work on the state of the last commit, block
// nobody and are blocked by nobody. The zero Store is not usable; see [New].
type Store struct {
	// writing holds a token while a unit writes. A channel, unlike a mutex, can be
	// waited for with a context.
	writing chan struct{}

	// master is the state that the next writer starts from, touched by whoever holds
	// the token only.
	master tables

	// latest is a copy of master that readers share. Copying a tree writes to the
	// one copied, so readers get a copy of their own that is never copied again.
	latest atomic.Pointer[tables]
}

var (
	_ storage.Store  = (*Store)(nil)
	_ storage.Nester = (*tx)(nil)
)

// New returns an empty Store.
func New() *Store {
	s := &Store{writing: make(chan struct{}, 1), master: newTables()}
	s.publish()
	return s
}

// Ephemeral reports that the data dies with the process. Secrets that protect
// nothing but that data may die with it too, so habilis.New can invent keys.
func (s *Store) Ephemeral() bool { return true }

// Fork returns a Store that begins with what s holds now and goes its own way: to try
// things from one state again and again. It copies nothing until one of the two writes.
func (s *Store) Fork() *Store {
	s.writing <- struct{}{}
	defer func() { <-s.writing }()
	f := &Store{writing: make(chan struct{}, 1), master: s.master.copy()}
	f.publish()
	return f
}

// View runs fn on the state of the last commit.
func (s *Store) View(ctx context.Context, fn func(storage.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{db: *s.latest.Load()}
	defer t.end()
	return fn(storage.ReadOnly(t))
}

// Update runs fn alone among the writing units and commits if it returns nil, no
// call of its Tx failed and ctx is alive. Waiting for another unit ends with ctx.
func (s *Store) Update(ctx context.Context, fn func(storage.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	t := &tx{db: s.master.copy()}
	defer t.end()
	if err := t.run(ctx, fn); err != nil {
		return err
	}
	s.master = t.db
	s.publish()
	return nil
}

func (s *Store) publish() {
	latest := s.master.copy()
	s.latest.Store(&latest)
}
