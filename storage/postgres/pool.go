package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/internal/sqlstore"
)

// Store is a [storage.Store] on a pgx pool. It is safe for concurrent use.
type Store struct{ units *sqlstore.Store }

var _ storage.Store = (*Store)(nil)

// New returns a store on the host's pool, which stays the host's to close. A tracer of the
// pool that is a pgx.BatchTracer sees what the store does. Each connection prepares its
// statements once, unless the pool's default exec mode is another than the one that does so,
// as it has to be behind some poolers; the extended protocol is spoken in any case.
func New(ctx context.Context, pool *pgxpool.Pool, opts *Options) (*Store, error) {
	o, err := opts.checked()
	if err != nil {
		return nil, err
	}
	d := newDialect(o.Isolation)
	d.Classify = classify
	db := stdlib.OpenDBFromPool(pool)
	defer func() { _ = db.Close() }() // gives back connections, and leaves the pool alone
	if !o.SkipMigrations {
		if err := migrate(ctx, db, d); err != nil {
			return nil, err
		}
	}
	d.Unhurried = unhurried(ctx, db)
	return &Store{units: sqlstore.New(poolSource{pool: pool, dialect: d, manner: mannerOf(pool), loose: o.Isolation == ReadCommitted}, d)}, nil
}

// classify knows besides what the writes of a pool fail with: an insert over an existing
// key collides with whoever inserted it, and one that touches no row divides by zero.
func classify(err error) sqlstore.Class {
	var known *pgconn.PgError
	if errors.As(err, &known) {
		switch {
		case known.Code == "22012": // division_by_zero
			return sqlstore.ClassConflict
		case known.Code == "23505" && strings.HasSuffix(known.ConstraintName, "_pkey"): // unique_violation
			return sqlstore.ClassConflict
		}
	}
	return sqlstore.ClassifyPostgres(err)
}

// View implements [storage.Store].
func (s *Store) View(ctx context.Context, fn func(storage.Tx) error) error {
	return s.units.View(ctx, fn)
}

// Update implements [storage.Store].
func (s *Store) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return s.units.Update(ctx, fn)
}

// Bind returns a store whose units are parts of tx: they take effect when, and only
// if, the host commits. A unit that fails leaves nothing behind and the host may go
// on. If it fails with a conflict, the host may also roll back and run its whole
// transaction again; nothing does that on its own.
func (s *Store) Bind(tx pgx.Tx) storage.Store { return s.units.Bind(pgxConn{tx}) }

// Blobs returns the contents of attachments in the same database. They are no part of
// any unit, joined or not.
func (s *Store) Blobs() blob.Sweeper { return sqlstore.NewBlobs(s.units) }

// pgxConn is a transaction of the host.
type pgxConn struct{ tx pgx.Tx }

// Exec implements sqlstore.Conn.
func (c pgxConn) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	tag, err := c.tx.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

// Query implements sqlstore.Conn.
func (c pgxConn) Query(ctx context.Context, query string, args ...any) (sqlstore.Rows, error) {
	rows, err := c.tx.Query(ctx, query, args...)
	return quickRows{rows}, err
}
