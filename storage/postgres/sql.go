package postgres

import (
	"context"
	"database/sql"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/internal/sqlstore"
)

// SQLStore is a [storage.Store] on a *sql.DB. It is safe for concurrent use.
type SQLStore struct{ units *sqlstore.Store }

var _ storage.Store = (*SQLStore)(nil)

// NewSQL returns a store on the host's db, which stays the host's to close. Its
// driver is pgx's stdlib, or any whose errors have a method SQLState.
func NewSQL(ctx context.Context, db *sql.DB, opts *Options) (*SQLStore, error) {
	o, err := opts.checked()
	if err != nil {
		return nil, err
	}
	d := newDialect(o.Isolation)
	if !o.SkipMigrations {
		if err := migrate(ctx, db, d); err != nil {
			return nil, err
		}
	}
	d.Unhurried = unhurried(ctx, db)
	return &SQLStore{units: sqlstore.New(sqlstore.NewBorrowed(db, d, false), d)}, nil
}

// View implements [storage.Store].
func (s *SQLStore) View(ctx context.Context, fn func(storage.Tx) error) error {
	return s.units.View(ctx, fn)
}

// Update implements [storage.Store].
func (s *SQLStore) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return s.units.Update(ctx, fn)
}

// Bind returns a store whose units are parts of tx, as [Store.Bind] does.
func (s *SQLStore) Bind(tx *sql.Tx) storage.Store { return s.units.Bind(sqlstore.Plain(tx)) }

// Blobs returns the contents of attachments in the same database. They are no part of
// any unit, joined or not.
func (s *SQLStore) Blobs() blob.Sweeper { return sqlstore.NewBlobs(s.units) }
