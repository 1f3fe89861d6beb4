package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// versionTable is where the migrator notes what it did; hosts that use the same
// migrator for their own tables keep their own.
const versionTable = "habilis_migrations"

// maxMigrationTries bounds how often a migrator that lost a race tries again. With
// pauses of up to a second, it waits half a minute for the winner at most.
const maxMigrationTries = 60

// Migrate brings the tables of db up to date. Any number of processes may do so at
// once, without a lock: each migration is one transaction that ends by inserting
// its number, which is a primary key, so one of them wins and the others, failing
// on what exists already, look again and find it done.
func Migrate(ctx context.Context, db *sql.DB, d *Dialect, files fs.FS) error {
	for try := 1; ; try++ {
		err := migrate(ctx, db, d, files)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("migrate: %w", ctx.Err())
		}
		if d.Classify(err) == ClassOther || try == maxMigrationTries {
			return fmt.Errorf("migrate: %w", err)
		}
		pause := time.NewTimer(rand.N(min(time.Duration(try)*10*time.Millisecond, time.Second))) //nolint:gosec // jitter, not a secret
		select {
		case <-ctx.Done():
			pause.Stop()
		case <-pause.C:
		}
	}
}

func migrate(ctx context.Context, db *sql.DB, d *Dialect, files fs.FS) error {
	q := versionQueries{d}
	// The migrator would make its table itself, but waits for a second whenever
	// somebody else does so at the same time.
	var applied bool
	var at any
	if err := db.QueryRowContext(ctx, q.GetMigrationByVersion(versionTable), 0).Scan(&at, &applied); err != nil {
		if _, err := db.ExecContext(ctx, q.CreateTable(versionTable)); err != nil {
			return fmt.Errorf("version table: %w", err)
		}
		if _, err := db.ExecContext(ctx, q.InsertVersion(versionTable)+" ON CONFLICT DO NOTHING", 0, true); err != nil {
			return fmt.Errorf("version table: %w", err)
		}
	}
	store, err := database.NewStoreFromQuerier(versionTable, q)
	if err != nil {
		return err
	}
	steps, err := migrations(files)
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectCustom, db, nil, goose.WithGoMigrations(steps...),
		goose.WithStore(store), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	// The provider is not closed: that would close the host's db.
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	return nil
}

// migrations reads files that the migrator would read too. Each direction is handed to
// the database whole: the migrator's own reading takes as much memory for each line as
// for all of them.
func migrations(files fs.FS) ([]*goose.Migration, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]*goose.Migration, len(names))
	for i, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		up, down, found := strings.Cut(string(text), "-- +goose Down\n")
		if !found {
			return nil, fmt.Errorf("%s: no way back", name)
		}
		steps[i] = goose.NewGoMigration(version, whole(up), whole(down))
	}
	return steps, nil
}

// whole runs several statements at once.
func whole(statements string) *goose.GoFunc {
	return &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statements)
		return err
	}}
}

// versionQueries is the migrator's table in a form in which the number of a
// migration is unique, so that none is recorded twice. It is named without a
// schema: the search path says where.
type versionQueries struct{ d *Dialect }

// CreateTable implements dialect.Querier.
func (versionQueries) CreateTable(table string) string {
	return "CREATE TABLE IF NOT EXISTS " + table + " (version_id BIGINT NOT NULL PRIMARY KEY, is_applied BOOLEAN NOT NULL, " +
		"applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)"
}

// InsertVersion implements dialect.Querier.
func (q versionQueries) InsertVersion(table string) string {
	return q.d.rebind("INSERT INTO " + table + " (version_id, is_applied) VALUES (?, ?)")
}

// DeleteVersion implements dialect.Querier.
func (q versionQueries) DeleteVersion(table string) string {
	return q.d.rebind("DELETE FROM " + table + " WHERE version_id = ?")
}

// GetMigrationByVersion implements dialect.Querier.
func (q versionQueries) GetMigrationByVersion(table string) string {
	return q.d.rebind("SELECT applied_at, is_applied FROM " + table + " WHERE version_id = ?")
}

// ListMigrations implements dialect.Querier.
func (versionQueries) ListMigrations(table string) string {
	return "SELECT version_id, is_applied FROM " + table + " ORDER BY version_id DESC"
}

// GetLatestVersion implements dialect.Querier.
func (versionQueries) GetLatestVersion(table string) string {
	return "SELECT max(version_id) FROM " + table
}
