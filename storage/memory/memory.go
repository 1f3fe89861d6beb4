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
type Store struct{ engine engine }

// engine is all that a Store does. It is an interface because whoever imports the
// package compiles the types that a Store is made of again: without it, the methods of
// one table for each kind of row, which took longer than most importers themselves.
type engine interface {
	view(context.Context, func(storage.Tx) error) error
	update(context.Context, func(storage.Tx) error) error
	fork() engine
}

var (
	_ storage.Store  = (*Store)(nil)
	_ storage.Nester = (*tx)(nil)
)

// New returns an empty Store.
func New() *Store { return &Store{newTrees(newTables())} }

// Ephemeral reports that the data dies with the process. Secrets that protect
// nothing but that data may die with it too, so habilis.New can invent keys.
func (s *Store) Ephemeral() bool { return true }

// Fork returns a Store that begins with what s holds now and goes its own way: to try
// things from one state again and again. It copies nothing until one of the two writes.
func (s *Store) Fork() *Store { return &Store{s.engine.fork()} }

// View runs fn on the state of the last commit.
func (s *Store) View(ctx context.Context, fn func(storage.Tx) error) error {
	return s.engine.view(ctx, fn)
}

// Update runs fn alone among the writing units and commits if it returns nil, no
// call of its Tx failed and ctx is alive. Waiting for another unit ends with ctx.
func (s *Store) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return s.engine.update(ctx, fn)
}

// trees is the engine.
type trees struct {
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

func newTrees(master tables) engine {
	s := &trees{writing: make(chan struct{}, 1), master: master}
	s.publish()
	return s
}

func (s *trees) fork() engine {
	s.writing <- struct{}{}
	defer func() { <-s.writing }()
	return newTrees(s.master.copy())
}

func (s *trees) view(ctx context.Context, fn func(storage.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t := &tx{db: *s.latest.Load()}
	defer t.end()
	return fn(storage.ReadOnly(t))
}

func (s *trees) update(ctx context.Context, fn func(storage.Tx) error) error {
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

func (s *trees) publish() {
	latest := s.master.copy()
	s.latest.Store(&latest)
}
