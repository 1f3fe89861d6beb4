// Package postgres keeps everything in PostgreSQL, or in a distributed database
// that speaks its protocol:
//
//	store, err := postgres.New(ctx, pool, nil)
//
// [New] works on a pgx pool, [NewSQL] on a *sql.DB. Both can join a transaction of
// the host, see [Store.Bind] and [SQLStore.Bind], so that the host's rows and those
// of the library are committed together. Tables carry the prefix habilis_, lie
// where the search path says, and are brought up to date when a store is made; many
// processes may do so at once.
package postgres

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/habilis-go/habilis/storage/internal/sqlstore"
	"github.com/habilis-go/habilis/structure"
)

//go:embed migrations/*.sql
var embedded embed.FS

// Isolation is how far the database keeps units apart that write at the same time.
type Isolation string

// Isolation levels. The library's rules hold at both: each of them also collides
// on the version of a row.
const (
	ReadCommitted Isolation = "read committed"
	Serializable  Isolation = "serializable"
)

// Options are what a store can be told. The zero value and nil are good.
type Options struct {
	// Isolation is the level of units that write; units that only read see one
	// snapshot in any case. Defaults to ReadCommitted.
	Isolation Isolation

	// SkipMigrations leaves the tables as they are, for hosts that bring them up to
	// date at another time or with another role. Defaults to false.
	SkipMigrations bool
}

func (o *Options) checked() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	switch c.Isolation {
	case "":
		c.Isolation = ReadCommitted
	case ReadCommitted, Serializable:
	default:
		return c, fmt.Errorf("postgres: no isolation level %q", c.Isolation)
	}
	return c, nil
}

func newDialect(i Isolation) *sqlstore.Dialect {
	begin := "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
	if i == Serializable {
		begin = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
	}
	return &sqlstore.Dialect{
		Numbered:    true,
		Arrays:      true,
		Share:       " FOR SHARE",
		BeginUpdate: begin,
		BeginView:   "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
		Match:       like,
		Classify:    sqlstore.ClassifyPostgres,
		Now:         "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
	}
}

// unhurried returns the statement that lets a transaction commit without waiting for the
// disk, or "" if the database knows none: not all that speak the protocol do.
func unhurried(ctx context.Context, db *sql.DB) string {
	const statement = "SET LOCAL synchronous_commit TO off"
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return "" // commits wait for the disk, which is never wrong
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, statement); err != nil {
		return ""
	}
	return statement
}

// like renders a pattern for LIKE, whose escape character is the backslash unless
// one says otherwise.
func like(column string, p structure.Pattern) (condition, argument string) {
	return column + " LIKE ?", p.Like()
}

func migrate(ctx context.Context, db *sql.DB, d *sqlstore.Dialect) error {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := sqlstore.Migrate(ctx, db, d, files); err != nil {
		return err
	}
	return indexTrigrams(ctx, db)
}
