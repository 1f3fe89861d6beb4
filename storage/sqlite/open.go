package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	driver "modernc.org/sqlite"

	"github.com/habilis-go/habilis/storage/internal/sqlstore"
)

// Options are what a store can be told. The zero value and nil are good.
type Options struct {
	// Readers is how many units may read at the same time. It says nothing about a
	// database in memory, which has one connection. Defaults to the number of
	// processors, but at least 4.
	Readers int

	// BusyTimeout is how long a unit waits while another process writes.
	// Defaults to 5 seconds.
	BusyTimeout time.Duration

	// Relaxed gives up the last commits when the power fails, never the file, for
	// about ten times the speed. Defaults to false: what was committed stays.
	Relaxed bool

	// SkipMigrations leaves the tables as they are, for hosts that bring them up to
	// date at another time. Defaults to false.
	SkipMigrations bool
}

func (o *Options) skipMigrations() bool { return o != nil && o.SkipMigrations }

// inMemory is the name of a database that has no file.
const inMemory = ":memory:"

// openingPatience bounds how long Open waits for other processes that open, and
// perhaps make, the same file.
const openingPatience = 30 * time.Second

// Open opens the file at path, or makes it. ":memory:" is a database that lives in
// memory until Close.
func Open(ctx context.Context, path string, opts *Options) (*Store, error) {
	o := Options{Readers: max(4, runtime.GOMAXPROCS(0)), BusyTimeout: 5 * time.Second}
	if opts != nil {
		if opts.Readers > 0 {
			o.Readers = opts.Readers
		}
		if opts.BusyTimeout > 0 {
			o.BusyTimeout = opts.BusyTimeout
		}
		o.Relaxed, o.SkipMigrations = opts.Relaxed, opts.SkipMigrations
	}
	if path == "" {
		return nil, errors.New("sqlite: no path")
	}

	d := newDialect()
	if !o.Relaxed && path != inMemory {
		d.Quick, d.Durable = "PRAGMA synchronous = normal", "PRAGMA synchronous = full"
	}
	writing, err := connect(path, o, "immediate", 1)
	if err != nil {
		return nil, err
	}
	if err := settle(ctx, writing, d); err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	if !o.SkipMigrations {
		if err := migrate(ctx, writing, d); err != nil {
			return nil, errors.Join(err, writing.Close())
		}
	}
	var reading *sql.DB
	if path != inMemory {
		if reading, err = connect(path, o, "deferred", o.Readers); err != nil {
			return nil, errors.Join(err, writing.Close())
		}
	}
	lanes := sqlstore.NewLanes(writing, reading, o.Readers, d)
	return &Store{units: sqlstore.New(lanes, d), close: lanes.Close}, nil
}

func connect(path string, o Options, lock string, connections int) (*sql.DB, error) {
	synchronous := "full"
	if o.Relaxed {
		synchronous = "normal"
	}
	settings := url.Values{
		"_txlock":       {lock},
		"_busy_timeout": {strconv.FormatInt(o.BusyTimeout.Milliseconds(), 10)},
		"_pragma": {
			"journal_mode(wal)", "synchronous(" + synchronous + ")", "foreign_keys(1)",
		},
	}
	name := inMemory
	if path != inMemory {
		absolute, err := filepath.Abs(path)
		if err != nil {
			return nil, fmt.Errorf("sqlite: %w", err)
		}
		// Escaped, so that a question mark or a percent sign in a name stays one.
		name = "file:" + (&url.URL{Path: filepath.ToSlash(absolute)}).EscapedPath()
	}
	connector, err := driver.NewConnector(name + "?" + settings.Encode())
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// settle opens the first connection. Switching a new file to write-ahead logging
// needs it for oneself for a moment and does not wait for it, so this tries again.
func settle(ctx context.Context, db *sql.DB, d *sqlstore.Dialect) error {
	ctx, cancel := context.WithTimeout(ctx, openingPatience)
	defer cancel()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		if d.Classify(err) != sqlstore.ClassConflict {
			return fmt.Errorf("sqlite: open: %w", err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("sqlite: open: %w", errors.Join(ctx.Err(), err))
		case <-time.After(5 * time.Millisecond):
		}
	}
}
