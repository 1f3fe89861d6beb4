package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/haste"
	"github.com/habilis-go/habilis/internal/sqlitetest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/internal/sqlstore"
	"github.com/habilis-go/habilis/storage/internal/sqlstore/sqltest"
	"github.com/habilis-go/habilis/storage/sqlite"
)

func open(t *testing.T, path string, opts *sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, opts)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func file(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "odd name?%20#.db")
}

// migrated returns the path of a new file that has its tables already.
func migrated(t *testing.T) string {
	t.Helper()
	path := file(t)
	sqlitetest.Migrated(t, path)
	return path
}

// hostDB opens the file as a host would.
func hostDB(t *testing.T, path string) *sql.DB {
	t.Helper()
	name := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	db, err := sql.Open("sqlite", "file:"+name+"?_txlock=immediate&_busy_timeout=10000&_pragma=journal_mode(wal)&_pragma=synchronous(normal)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// relaxed keeps tests quick; what the power cut would take is not their subject.
func relaxed() *sqlite.Options { return &sqlite.Options{Relaxed: true} }

func TestTables(t *testing.T) {
	t.Parallel()
	exec := func(db *sql.DB) func(context.Context, string) error {
		return func(ctx context.Context, statement string) error {
			_, err := db.ExecContext(ctx, statement)
			return err
		}
	}
	t.Run("Open", func(t *testing.T) {
		t.Parallel()
		sqltest.Run(t, func(t *testing.T) sqltest.Database {
			path := migrated(t)
			return sqltest.Database{Store: open(t, path, relaxed()), Exec: exec(hostDB(t, path))}
		})
	})
	t.Run("New", func(t *testing.T) {
		t.Parallel()
		sqltest.Run(t, func(t *testing.T) sqltest.Database {
			db := hostDB(t, migrated(t))
			s, err := sqlite.New(t.Context(), db, nil)
			require.NoError(t, err)
			return sqltest.Database{Store: s, Exec: exec(db)}
		})
	})
	t.Run("Memory", func(t *testing.T) {
		t.Parallel()
		sqltest.Run(t, func(t *testing.T) sqltest.Database {
			// One connection is the whole database, so the way beneath is a store's own.
			db, err := sql.Open("sqlite", ":memory:")
			require.NoError(t, err)
			db.SetMaxOpenConns(1)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			s, err := sqlite.New(t.Context(), db, nil)
			require.NoError(t, err)
			return sqltest.Database{Store: s, Exec: exec(db)}
		})
	})
}

func TestOpenAtOnce(t *testing.T) {
	t.Parallel()
	path := file(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s, err := sqlite.Open(t.Context(), path, relaxed())
			if err != nil {
				t.Errorf("opening beside seven others: %v", err)
				return
			}
			err = storage.Update(t.Context(), s, func(tx storage.Tx) error {
				return tx.PutAccount(t.Context(), account.Account{ID: account.ID(rune('a' + i)), Login: string(rune('a' + i))})
			})
			if err := errors.Join(err, s.Close()); err != nil {
				t.Errorf("writing beside seven others: %v", err)
			}
		})
	}
	all.Wait()
	s := open(t, path, relaxed())
	require.NoError(t, s.View(t.Context(), func(tx storage.Tx) error {
		accounts, err := tx.Accounts(t.Context(), account.Query{Limit: 10})
		require.Len(t, accounts, 8)
		return err
	}))
	var migrations int
	require.NoError(t, hostDB(t, path).QueryRowContext(t.Context(), "SELECT count(*) FROM habilis_migrations").Scan(&migrations))
	require.Equal(t, 3, migrations, "version 0 and the two migrations")
}

func TestBind(t *testing.T) {
	t.Parallel()
	db := hostDB(t, file(t))
	s, err := sqlite.New(t.Context(), db, nil)
	require.NoError(t, err)
	ctx := t.Context()
	_, err = db.ExecContext(ctx, "CREATE TABLE orders (id TEXT PRIMARY KEY)")
	require.NoError(t, err)

	host := func(order string, id account.ID, end func(*sql.Tx) error) {
		tx, err := db.BeginTx(ctx, nil)
		require.NoError(t, err)
		_, err = tx.ExecContext(ctx, "INSERT INTO orders VALUES (?)", order)
		require.NoError(t, err)
		bound := s.Bind(tx)
		require.True(t, storage.Joined(bound))
		put := func(tx storage.Tx) error {
			return tx.PutAccount(ctx, account.Account{ID: id, Login: string(id)})
		}
		require.NoError(t, bound.Update(ctx, put))
		require.ErrorIs(t, bound.Update(ctx, put), storage.ErrConflict, "a part that fails")
		require.NoError(t, bound.View(ctx, func(tx storage.Tx) error {
			_, err := tx.Account(ctx, id)
			require.ErrorIs(t, put(tx), storage.ErrReadOnly)
			return err
		}))
		require.NoError(t, end(tx))
		require.Error(t, bound.Update(ctx, put), "after the end")
	}
	host("kept", "a", (*sql.Tx).Commit)
	host("undone", "b", (*sql.Tx).Rollback)

	var orders string
	require.NoError(t, db.QueryRowContext(ctx, "SELECT group_concat(id) FROM orders").Scan(&orders))
	require.Equal(t, "kept", orders)
	require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
		accounts, err := tx.Accounts(ctx, account.Query{Limit: 10})
		require.Len(t, accounts, 1)
		return err
	}))
}

func TestBusyIsConflict(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path, &sqlite.Options{BusyTimeout: 5 * time.Millisecond})
	other, err := hostDB(t, path).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	nothing := func(storage.Tx) error { return nil }
	require.ErrorIs(t, s.Update(t.Context(), nothing), storage.ErrConflict)
	require.NoError(t, s.View(t.Context(), nothing), "a writer does not keep readers out")
	require.NoError(t, other.Rollback())
	require.NoError(t, s.Update(t.Context(), nothing))
}

func TestWriterWaitsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*sqlite.Store{
		"file":   open(t, file(t), relaxed()),
		"memory": open(t, ":memory:", nil),
	} {
		require.NoError(t, s.Update(t.Context(), func(storage.Tx) error {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			defer cancel()
			require.ErrorIs(t, s.Update(ctx, func(storage.Tx) error { return nil }), context.DeadlineExceeded, name)
			return nil
		}))
		require.NoError(t, s.Update(t.Context(), func(storage.Tx) error { return nil }), name)
	}
}

func TestMemoryOutlivesFailures(t *testing.T) {
	t.Parallel()
	s := open(t, ":memory:", nil)
	ctx := t.Context()
	require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
		return tx.PutAccount(ctx, account.Account{ID: "a"})
	}))
	for range 50 {
		short, cancel := context.WithCancel(ctx)
		go cancel()
		_ = s.Update(short, func(tx storage.Tx) error {
			_, err := tx.Accounts(short, account.Query{Limit: 10})
			return err
		})
		_ = s.View(short, func(tx storage.Tx) error {
			_, err := tx.Accounts(short, account.Query{Limit: 10})
			return err
		})
		cancel()
	}
	require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
		_, err := tx.Account(ctx, "a")
		return err
	}))
}

func TestClose(t *testing.T) {
	t.Parallel()
	for _, path := range []string{file(t), ":memory:"} {
		s, err := sqlite.Open(t.Context(), path, nil)
		require.NoError(t, err)
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
		nothing := func(storage.Tx) error { return nil }
		require.ErrorIs(t, s.View(t.Context(), nothing), sqlstore.ErrClosed)
		require.ErrorIs(t, s.Update(t.Context(), nothing), sqlstore.ErrClosed)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	_, err := sqlite.Open(t.Context(), "", nil)
	require.Error(t, err)
	_, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "no", "such", "folder.db"), nil)
	require.Error(t, err)
}

func TestCommittedStaysByDefault(t *testing.T) {
	t.Parallel()
	path := file(t)
	s := open(t, path, nil)
	require.NoError(t, s.Update(t.Context(), func(tx storage.Tx) error {
		return tx.PutAccount(t.Context(), account.Account{ID: "a"})
	}))
	again := open(t, path, nil)
	require.NoError(t, again.View(t.Context(), func(tx storage.Tx) error {
		_, err := tx.Account(t.Context(), "a")
		return err
	}))
}

// A unit that need not wait for the disk is the only one that does not: 1 is normal, 2 full.
func TestUnhurriedUnitsDoNotWait(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		opts *sqlite.Options
		want []int
	}{
		"durable": {nil, []int{2, 1, 1, 2, 2, 1, 2}},
		"relaxed": {relaxed(), []int{1, 1, 1, 1, 1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := migrated(t)
			db := hostDB(t, path)
			for _, statement := range []string{
				"CREATE TABLE seen (level INTEGER)",
				"CREATE TRIGGER watch AFTER INSERT ON habilis_accounts BEGIN INSERT INTO seen SELECT synchronous FROM pragma_synchronous; END",
			} {
				_, err := db.ExecContext(t.Context(), statement)
				require.NoError(t, err)
			}
			s := open(t, path, c.opts)
			quick := haste.None(t.Context())
			for i, ctx := range []context.Context{t.Context(), quick, quick, t.Context(), t.Context(), quick, t.Context()} {
				require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
					return tx.PutAccount(ctx, account.Account{ID: account.ID(rune('a' + i)), Login: string(rune('a' + i))})
				}))
				require.NoError(t, s.View(ctx, func(storage.Tx) error { return nil }))
			}
			rows, err := db.QueryContext(t.Context(), "SELECT level FROM seen ORDER BY rowid")
			require.NoError(t, err)
			defer func() { require.NoError(t, rows.Close()) }()
			var got []int
			for rows.Next() {
				var level int
				require.NoError(t, rows.Scan(&level))
				got = append(got, level)
			}
			require.NoError(t, rows.Err())
			require.Equal(t, c.want, got)
		})
	}
}
