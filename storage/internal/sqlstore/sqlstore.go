// Package sqlstore is the one implementation of the storage contract on SQL. What
// differs between databases stands behind [Dialect], what differs between client
// libraries behind [Source]; it imports no driver.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// Bounds on what still has to happen once the caller's context no longer counts.
const (
	rollbackTimeout = 5 * time.Second

	// CommitTimeout bounds a commit.
	CommitTimeout = 30 * time.Second
)

// Errors about how a store is used.
var (
	// ErrEnded: a Tx was used after its unit of work.
	ErrEnded = errors.New("this unit of work has ended")

	// ErrClosed: a Store was used after Close.
	ErrClosed = errors.New("the store is closed")
)

// Dialect is what one database does in its own way. It is a table of constants:
// nothing changes it once a store uses it.
type Dialect struct {
	// Numbered says that placeholders are $1, $2 instead of question marks.
	Numbered bool

	// Arrays says that a list of texts can be one argument, written as PostgreSQL
	// writes arrays.
	Arrays bool

	// Share ends a statement that reads rows which are to stay as they are until the unit
	// ends. Defaults to "": units that write run one after the other.
	Share string

	// BeginUpdate and BeginView open a transaction on a database/sql connection.
	BeginUpdate, BeginView string

	// Unhurried, run first in a transaction of a storage.Unhurried unit, lets it commit
	// without waiting for the disk. Defaults to "": it waits.
	Unhurried string

	// Quick and Durable, run between two transactions, let the later ones of the connection
	// commit without waiting for the disk, or not. Only [Lanes] heeds them. Connections are
	// opened durable. Defaults to "": they stay as they are.
	Quick, Durable string

	// Match renders the condition that a folded column fits a pattern, with one
	// placeholder, and its argument.
	Match func(column string, p structure.Pattern) (condition, argument string)

	// Trigrams finds fragments of text among the structures. Defaults to nil: Match
	// does, by an index of the database.
	Trigrams *Trigrams

	// Classify says what an error of the driver means.
	Classify func(err error) Class

	// Local says that statements answer at once because no network lies between, so
	// that watching the context during each of them costs more than it gains.
	Local bool

	// Now is an expression: the database's clock in microseconds since 1970.
	Now string
}

// Class is what an error of a driver means to the contract.
type Class int

// Classes.
const (
	ClassOther     Class = iota // nothing the contract knows
	ClassConflict               // run the unit again
	ClassExists                 // something unique is taken
	ClassDuplicate              // a table, index or the like is there already
)

// Store runs units of work on a [Source]. It is safe for concurrent use.
type Store struct {
	source  Source
	dialect *Dialect
	tables  *tables
}

// New returns a store on source.
func New(source Source, d *Dialect) *Store {
	return &Store{source: source, dialect: d, tables: newTables(d)}
}

// View runs fn on one consistent state and refuses every write.
func (s *Store) View(ctx context.Context, fn func(storage.Tx) error) error {
	t, err := s.begin(ctx, View)
	if err != nil {
		return err
	}
	tx := s.newTx(t)
	defer func() {
		tx.ended = true
		// Nothing was written, so there is nothing that a failure here could lose.
		_ = rollback(ctx, t)
	}()
	err = fn(storage.ReadOnly(tx))
	if err == nil {
		err = tx.lost
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// Update runs fn and commits if it returns nil and ctx is alive.
func (s *Store) Update(ctx context.Context, fn func(storage.Tx) error) error {
	t, err := s.begin(ctx, Update)
	if err != nil {
		return err
	}
	tx := s.newTx(t)
	keep := false
	defer func() {
		tx.ended = true
		if !keep {
			// An unfinished transaction dies with its connection if this fails.
			_ = rollback(ctx, t)
		}
	}()
	err = fn(tx)
	if err == nil {
		// A unit that went on after a failure is lost all the same: what it holds is
		// not what fn believes.
		err = tx.lost
	}
	if err == nil {
		err = tx.settle(ctx)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	keep = true
	if err := t.Commit(ctx); err != nil {
		return s.fail(context.WithoutCancel(ctx), "commit", err)
	}
	return nil
}

// committing is what a commit runs under.
func committing(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), CommitTimeout)
}

// Bind returns a store that takes part in the transaction behind conn.
func (s *Store) Bind(conn Conn) storage.Store { return storage.Join(s.newTx(conn)) }

func (s *Store) begin(ctx context.Context, m Mode) (Transaction, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t, err := s.source.Begin(ctx, m)
	if err != nil {
		return nil, s.fail(ctx, "begin", err)
	}
	return t, nil
}

func (s *Store) newTx(conn Conn) *Tx { return &Tx{conn: conn, store: s} }

// fail maps an error of the driver to the contract.
func (s *Store) fail(ctx context.Context, what string, err error) error {
	var late *LateError
	if errors.As(err, &late) {
		return late.Err // it was mapped when it was found
	}
	if cause := ctx.Err(); cause != nil {
		return fmt.Errorf("%s: %w", what, cause)
	}
	switch s.dialect.Classify(err) {
	case ClassConflict:
		return storage.ErrConflict.Because(err)
	case ClassExists:
		return storage.ErrExists.Because(err)
	default:
		return fmt.Errorf("%s: %w", what, err)
	}
}

func rollback(ctx context.Context, t Transaction) error {
	rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	return t.Rollback(rctx)
}
