package pgtest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Lent is a schema that goes from test to test, with the tables that the first of
// them made and without their rows.
type Lent struct {
	DSN  string        // as Schema returns it
	Pool *pgxpool.Pool // on the schema; goes from test to test too, so no test closes it
}

// lender keeps the schemas that no test has at the moment.
type lender struct {
	mu   sync.Mutex
	free []Lent
}

// The schemas of this process, which end with its server. Making the tables anew
// takes longer than most tests do.
var lent lender

// tablePrefix is what the names of the library's tables begin with.
const tablePrefix = "habilis_"

// migrationTable keeps its rows: it says that the tables are there.
const migrationTable = tablePrefix + "migrations"

// Lend returns an empty schema for one test, in which the test may make the tables
// of the library and nothing else. Whoever comes later gets the schema with these
// tables, emptied, unless the test failed: what is left may help to see why. On a
// server that is not ours a lent schema is a fresh one, and goes with the test.
func Lend(tb testing.TB) Lent {
	tb.Helper()
	dsn, ours := address(tb, fast)
	if !ours {
		scoped := Schema(tb)
		pool := connect(tb, scoped)
		tb.Cleanup(pool.Close)
		return Lent{DSN: scoped, Pool: pool}
	}
	l, ok := lent.take()
	if !ok {
		l.DSN, _ = create(tb, dsn)
		l.Pool = connect(tb, l.DSN)
	}
	tb.Cleanup(func() {
		// A connection that is in use may still write: then nobody else gets it.
		if !tb.Failed() && l.Pool.Stat().AcquiredConns() == 0 && l.empty(tb) {
			lent.giveBack(l)
		}
	})
	return l
}

func connect(tb testing.TB, dsn string) *pgxpool.Pool {
	tb.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		tb.Fatal("pgtest: the connection string cannot be read") // the error itself would show it
	}
	config.MaxConns = 8
	// Not the test's context: the pool outlives the test.
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	return pool
}

func (l *lender) take() (Lent, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.free)
	if n == 0 {
		return Lent{}, false
	}
	last := l.free[n-1]
	l.free = l.free[:n-1]
	return last, true
}

func (l *lender) giveBack(s Lent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, s)
}

// empty deletes every row, and reports whether it could. A table that is not the
// library's is the test's mistake.
func (l Lent) empty(tb testing.TB) bool {
	tb.Helper()
	// Not the test's context: that is cancelled before clean-up.
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	rows, err := l.Pool.Query(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
	if err != nil {
		tb.Errorf("pgtest: %v", err)
		return false
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		tb.Errorf("pgtest: %v", err)
		return false
	}
	var statements strings.Builder
	for _, table := range tables {
		switch {
		case !strings.HasPrefix(table, tablePrefix):
			tb.Errorf("pgtest: table %s in a schema that is only lent", table)
			return false
		case table != migrationTable:
			statements.WriteString("DELETE FROM " + table + ";")
		}
	}
	if _, err := l.Pool.Exec(ctx, statements.String(), pgx.QueryExecModeSimpleProtocol); err != nil {
		tb.Errorf("pgtest: %v", err)
		return false
	}
	return true
}
