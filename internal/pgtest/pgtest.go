// Package pgtest gives tests a PostgreSQL of their own, from the binaries that are
// installed:
//
//	pool, err := pgxpool.New(ctx, pgtest.Schema(t))
//
// One server is started for each test process, when the first test asks, and ends
// with the process. Each call of Schema makes a fresh schema, so tests run in
// parallel; Lend hands on one that an earlier test emptied, which is much quicker.
//
// DATABASE_URL names a server to use instead. Without one and without binaries,
// the test is skipped; if CI is true, it fails.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrNoBinaries reports that there is no PostgreSQL on this machine.
var ErrNoBinaries = errors.New("PostgreSQL binaries not found: neither initdb and postgres in PATH, " +
	"nor in /usr/lib/postgresql/*/bin; install PostgreSQL or set DATABASE_URL")

// The servers of this process. Starting one takes half a second, so tests share
// them; a sync.OnceValues is written once and only read afterwards.
var (
	fast    = sync.OnceValues(func() (*server, error) { return start(false) })
	durable = sync.OnceValues(func() (*server, error) { return start(true) })
)

// Schema returns a connection string whose search path is a fresh schema, which is
// dropped when the test ends. The server does not wait for the disk.
func Schema(tb testing.TB) string {
	tb.Helper()
	return schema(tb, fast)
}

// Durable is Schema on a server that flushes every commit to the disk, for
// benchmarks.
func Durable(tb testing.TB) string {
	tb.Helper()
	return schema(tb, durable)
}

func schema(tb testing.TB, start func() (*server, error)) string {
	tb.Helper()
	dsn, _ := address(tb, start)
	scoped, name := create(tb, dsn)
	tb.Cleanup(func() { execute(tb, dsn, "DROP SCHEMA "+name+" CASCADE") })
	return scoped
}

// address returns where the server is, and whether it is one of this process.
func address(tb testing.TB, start func() (*server, error)) (dsn string, ours bool) {
	tb.Helper()
	if dsn := os.Getenv("DATABASE_URL"); dsn != "" {
		return dsn, false
	}
	s, err := start()
	switch {
	case errors.Is(err, ErrNoBinaries) && os.Getenv("CI") != "true":
		tb.Skip(err)
	case err != nil:
		tb.Fatal(err)
	}
	return s.dsn, true
}

// create makes a schema and returns a connection string for it, and its name.
func create(tb testing.TB, dsn string) (scoped, name string) {
	tb.Helper()
	name = "habilis_" + strings.ToLower(rand.Text())
	execute(tb, dsn, "CREATE SCHEMA "+name)
	scoped, err := withSearchPath(dsn, name)
	if err != nil {
		tb.Fatal(err)
	}
	return scoped, name
}

func execute(tb testing.TB, dsn, statement string) {
	tb.Helper()
	// Not the test's context: that is cancelled before clean-up.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		tb.Fatalf("pgtest: %s: %v", statement, err)
	}
}

func withSearchPath(dsn, schema string) (string, error) {
	if !strings.Contains(dsn, "://") {
		return dsn + " search_path=" + schema, nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", errors.New("pgtest: DATABASE_URL is not a URL") // the error itself would show the password
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), nil
}
