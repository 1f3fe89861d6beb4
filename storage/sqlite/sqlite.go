// Package sqlite keeps everything in one SQLite file, through modernc.org/sqlite,
// which needs no C compiler:
//
//	store, err := sqlite.Open(ctx, "habilis.db", nil)
//
// [Open] is the way to start. A host that keeps its own tables in the same file
// uses [New] and [Store.Bind] instead, so that its rows and those of the library
// are committed together. Tables carry the prefix habilis_ and are brought up to
// date when a store is made; many processes may do so at once.
//
// A file on a network share does not lock reliably: use package postgres there.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/internal/sqlstore"
)

//go:embed migrations/*.sql
var embedded embed.FS

// Store is a [storage.Store] on SQLite. It is safe for concurrent use. Units that
// write wait for one another, in the order in which they came; units that read run
// beside them.
type Store struct {
	units *sqlstore.Store
	close func() error
}

var _ storage.Store = (*Store)(nil)

// New returns a store on a database that the host opened, with modernc.org/sqlite
// or a driver whose errors have a method Code that returns the result code. Close
// leaves db open. The host's settings hold: it should ask for journal_mode(WAL) and
// for a busy_timeout, or units fail with a conflict whenever its own code writes.
func New(ctx context.Context, db *sql.DB, opts *Options) (*Store, error) {
	d := newDialect()
	if !opts.skipMigrations() {
		if err := migrate(ctx, db, d); err != nil {
			return nil, err
		}
	}
	source := sqlstore.NewBorrowed(db, d, true)
	return &Store{units: sqlstore.New(source, d), close: func() error { return nil }}, nil
}

// View implements [storage.Store].
func (s *Store) View(ctx context.Context, fn func(storage.Tx) error) error {
	return s.units.View(ctx, fn)
}

// Update implements [storage.Store].
func (s *Store) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return s.units.Update(ctx, fn)
}

// Bind returns a store whose units are parts of tx, a transaction on the same file:
// they take effect when, and only if, the host commits. A unit that fails leaves
// nothing behind and the host may go on. Begin tx in a way that takes the write
// lock at once, as the driver does with _txlock=immediate; otherwise SQLite may
// refuse the first write of a transaction that has read before.
func (s *Store) Bind(tx *sql.Tx) storage.Store { return s.units.Bind(sqlstore.Plain(tx)) }

// Blobs returns the contents of attachments in the same file. They are no part of any
// unit, joined or not. Calls fail like those of the store once it is closed.
func (s *Store) Blobs() blob.Sweeper { return sqlstore.NewBlobs(s.units) }

// Close waits for the units that run, and closes what [Open] opened.
func (s *Store) Close() error { return s.close() }

func newDialect() *sqlstore.Dialect {
	return &sqlstore.Dialect{
		// The write lock is taken at the start: a unit that read first and then had to
		// wait for it would find its snapshot stale, and fail.
		BeginUpdate: "BEGIN IMMEDIATE",
		BeginView:   "BEGIN",
		Match:       glob,
		Trigrams:    &sqlstore.Trigrams{Match: trigrams, Among: among, Counted: counted},
		Classify:    sqlstore.ClassifySQLite,
		Local:       true,
		Now:         "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)",
	}
}

func migrate(ctx context.Context, db *sql.DB, d *sqlstore.Dialect) error {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return sqlstore.Migrate(ctx, db, d, files)
}
