package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/haste"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/internal/sqlstore/sqltest"
	"github.com/habilis-go/habilis/storage/postgres"
)

func pool(t *testing.T, dsn string) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	config.MaxConns = 8
	p, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func sqlDB(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", dsn)
	require.NoError(t, err)
	db.SetMaxOpenConns(8)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// a variant is one way to make a store.
type variant struct {
	name string
	open func(t *testing.T, dsn string) storage.Store
}

// variants are the ways that this run looks at: all of them, or in an everyday run two,
// with both kinds of connection and both isolation levels among them.
func variants() []variant {
	all := allVariants()
	if longtest.Wanted() {
		return all
	}
	return []variant{all[0], all[3]}
}

func allVariants() []variant {
	onPool := func(i postgres.Isolation, settings string) func(*testing.T, string) storage.Store {
		return func(t *testing.T, dsn string) storage.Store {
			s, err := postgres.New(t.Context(), pool(t, dsn+settings), &postgres.Options{Isolation: i})
			require.NoError(t, err)
			return s
		}
	}
	onSQL := func(i postgres.Isolation) func(*testing.T, string) storage.Store {
		return func(t *testing.T, dsn string) storage.Store {
			s, err := postgres.NewSQL(t.Context(), sqlDB(t, dsn), &postgres.Options{Isolation: i})
			require.NoError(t, err)
			return s
		}
	}
	return []variant{
		{"PoolReadCommitted", onPool(postgres.ReadCommitted, "")},
		{"PoolSerializableUnprepared", onPool(postgres.Serializable, " default_query_exec_mode=exec")},
		{"SQLReadCommitted", onSQL("")},
		{"SQLSerializable", onSQL(postgres.Serializable)},
	}
}

func each(t *testing.T, test func(t *testing.T, dsn string, s storage.Store)) {
	t.Helper()
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.Lend(t).DSN
			test(t, dsn, v.open(t, dsn))
		})
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			sqltest.Run(t, func(t *testing.T) sqltest.Database {
				l := pgtest.Lend(t)
				return sqltest.Database{Store: v.open(t, l.DSN), Exec: func(ctx context.Context, statement string) error {
					_, err := l.Pool.Exec(ctx, statement)
					return err
				}}
			})
		})
	}
}

func TestMigrateAtOnce(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Schema(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			var s storage.Store
			var err error
			if i%2 == 0 {
				s, err = postgres.New(t.Context(), pool(t, dsn), nil)
			} else {
				s, err = postgres.NewSQL(t.Context(), sqlDB(t, dsn), nil)
			}
			if err != nil {
				t.Errorf("migrating beside seven others: %v", err)
				return
			}
			id := string(rune('a' + i))
			if err := storage.Update(t.Context(), s, func(tx storage.Tx) error {
				return tx.PutAccount(t.Context(), account.Account{ID: account.ID(id), Login: id})
			}); err != nil {
				t.Errorf("writing beside seven others: %v", err)
			}
		})
	}
	all.Wait()
	var migrations, accounts int
	require.NoError(t, pool(t, dsn).QueryRow(t.Context(),
		"SELECT (SELECT count(*) FROM habilis_migrations), (SELECT count(*) FROM habilis_accounts)").Scan(&migrations, &accounts))
	require.Equal(t, 3, migrations, "version 0 and the two migrations")
	require.Equal(t, 8, accounts)
}

// TestSearchPathDecides checks that two schemas of one database hold two stores.
func TestSearchPathDecides(t *testing.T) {
	t.Parallel()
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			one, two := v.open(t, pgtest.Lend(t).DSN), v.open(t, pgtest.Lend(t).DSN)
			require.NoError(t, one.Update(t.Context(), func(tx storage.Tx) error {
				return tx.PutAccount(t.Context(), account.Account{ID: "1"})
			}))
			require.NoError(t, two.View(t.Context(), func(tx storage.Tx) error {
				_, err := tx.Account(t.Context(), "1")
				require.ErrorIs(t, err, storage.ErrNotFound)
				return nil
			}))
		})
	}
}

// host is a transaction of the host, through either client.
type host struct {
	bound            storage.Store
	exec             func(statement string) error
	commit, rollback func() error
}

func hosts(t *testing.T, dsn string) map[string]func() host {
	t.Helper()
	ctx := t.Context()
	p, db := pool(t, dsn), sqlDB(t, dsn)
	onPool, err := postgres.New(ctx, p, nil)
	require.NoError(t, err)
	onSQL, err := postgres.NewSQL(ctx, db, nil)
	require.NoError(t, err)
	return map[string]func() host{
		"pgx": func() host {
			tx, err := p.Begin(ctx)
			require.NoError(t, err)
			return host{
				bound: onPool.Bind(tx),
				exec: func(s string) error {
					_, err := tx.Exec(ctx, s)
					return err
				},
				commit:   func() error { return tx.Commit(ctx) },
				rollback: func() error { return tx.Rollback(ctx) },
			}
		},
		"sql": func() host {
			tx, err := db.BeginTx(ctx, nil)
			require.NoError(t, err)
			return host{
				bound: onSQL.Bind(tx),
				exec: func(s string) error {
					_, err := tx.ExecContext(ctx, s)
					return err
				},
				commit:   tx.Commit,
				rollback: tx.Rollback,
			}
		},
	}
}

func TestBind(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Schema(t)
	ctx := t.Context()
	p := pool(t, dsn)
	_, err := p.Exec(ctx, "CREATE TABLE orders (id TEXT PRIMARY KEY)")
	require.NoError(t, err)
	for name, begin := range hosts(t, dsn) {
		for _, keep := range []bool{true, false} {
			h, id := begin(), fmt.Sprintf("%s-%t", name, keep)
			require.NoError(t, h.exec("INSERT INTO orders VALUES ('"+id+"')"))
			require.True(t, storage.Joined(h.bound))
			put := func(id, login string) error {
				return h.bound.Update(ctx, func(tx storage.Tx) error {
					return tx.PutAccount(ctx, account.Account{ID: account.ID(id), Login: login})
				})
			}
			require.NoError(t, put(id, id))
			require.ErrorIs(t, put(id, "other"), storage.ErrConflict, "a part that fails")
			require.ErrorIs(t, put("other", id), storage.ErrExists, "a part that fails in the database")
			require.NoError(t, h.bound.View(ctx, func(tx storage.Tx) error {
				require.ErrorIs(t, tx.PutAccount(ctx, account.Account{}), storage.ErrReadOnly)
				_, err := tx.Account(ctx, account.ID(id))
				return err
			}))
			if keep {
				require.NoError(t, h.commit())
			} else {
				require.NoError(t, h.rollback())
			}
			require.Error(t, put("late", "late"), "after the end")
		}
	}
	for _, q := range []string{"SELECT string_agg(id, ' ' ORDER BY id) FROM orders", "SELECT string_agg(id, ' ' ORDER BY id) FROM habilis_accounts"} {
		var ids string
		require.NoError(t, p.QueryRow(ctx, q).Scan(&ids))
		require.Equal(t, "pgx-true sql-true", ids)
	}
}

// TestSerializationFailureIsConflict makes the database refuse one of two units
// that read what the other writes. Only the commit can tell.
func TestSerializationFailureIsConflict(t *testing.T) {
	t.Parallel()
	for _, v := range allVariants() {
		if !strings.HasSuffix(v.name, "Serializable") {
			continue
		}
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			s := v.open(t, pgtest.Lend(t).DSN)
			countAndPut := func(tx storage.Tx, id account.ID) error {
				if _, err := tx.Accounts(ctx, account.Query{Limit: 10}); err != nil {
					return err
				}
				return tx.PutAccount(ctx, account.Account{ID: id, Login: string(id)})
			}
			err := s.Update(ctx, func(tx storage.Tx) error {
				if err := countAndPut(tx, "a"); err != nil {
					return err
				}
				return s.Update(ctx, func(tx storage.Tx) error { return countAndPut(tx, "b") })
			})
			require.ErrorIs(t, err, storage.ErrConflict)
			var coded interface{ SQLState() string }
			require.ErrorAs(t, err, &coded)
			require.Equal(t, "40001", coded.SQLState())
		})
	}
}

// TestDeadlockIsConflict lets two units wait for one another.
func TestDeadlockIsConflict(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, s storage.Store) {
		ctx := t.Context()
		require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
			return errors.Join(
				tx.PutAccount(ctx, account.Account{ID: "a", Login: "a"}), tx.PutAccount(ctx, account.Account{ID: "b", Login: "b"}))
		}))
		var ready, done sync.WaitGroup
		ready.Add(2)
		failures := make([]error, 2)
		for i, order := range [][2]account.ID{{"a", "b"}, {"b", "a"}} {
			done.Go(func() {
				failures[i] = s.Update(ctx, func(tx storage.Tx) error {
					err := tx.PutAccount(ctx, account.Account{ID: order[0], Login: string(order[0]), Version: 1})
					ready.Done()
					ready.Wait()
					if err != nil {
						return err
					}
					return tx.PutAccount(ctx, account.Account{ID: order[1], Login: string(order[1]), Version: 1})
				})
			})
		}
		done.Wait()
		require.ErrorIs(t, errors.Join(failures...), storage.ErrConflict)
	})
}

func TestCancelledStatementFreesTheConnection(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, dsn string, s storage.Store) {
		ctx := t.Context()
		require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
			return tx.PutAccount(ctx, account.Account{ID: "a"})
		}))
		holder, err := pgx.Connect(ctx, dsn)
		require.NoError(t, err)
		defer func() { _ = holder.Close(ctx) }()
		_, err = holder.Exec(ctx, "BEGIN; SELECT 1 FROM habilis_accounts FOR UPDATE")
		require.NoError(t, err)
		for range 20 { // more often than the pool has connections
			short, cancel := context.WithCancel(ctx)
			require.ErrorIs(t, s.Update(short, func(tx storage.Tx) error {
				go cancel()
				return tx.PutAccount(short, account.Account{ID: "a", Login: "changed", Version: 1})
			}), context.Canceled)
		}
		_, err = holder.Exec(ctx, "ROLLBACK")
		require.NoError(t, err)
		require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
			a, err := tx.Account(ctx, "a")
			require.Empty(t, a.Login)
			return err
		}))
	})
}

// A write that travels with its commit and comes too late brings the commit to nothing,
// and costs neither the unit beside it nor the connection.
func TestLateConflictKeepsTheConnection(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := pool(t, pgtest.Lend(t).DSN)
	s, err := postgres.New(ctx, p, nil)
	require.NoError(t, err)
	put := func(a account.Account, also ...account.Account) error {
		return s.Update(ctx, func(tx storage.Tx) error {
			for _, v := range append([]account.Account{a}, also...) {
				if err := tx.PutAccount(ctx, v); err != nil {
					return err
				}
			}
			return nil
		})
	}
	first := account.Account{ID: "a", Login: "a"}
	require.NoError(t, put(first))
	made := p.Stat().NewConnsCount()
	require.ErrorIs(t, put(account.Account{ID: "b", Login: "b"}, first), storage.ErrConflict, "an insert over an existing key")
	require.ErrorIs(t, put(account.Account{ID: "b", Login: "a"}), storage.ErrExists, "a login that is taken")
	first.Version = 7
	require.ErrorIs(t, put(account.Account{ID: "b", Login: "b"}, first), storage.ErrConflict, "a version that is not stored")
	require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
		_, err := tx.Account(ctx, "b")
		require.ErrorIs(t, err, storage.ErrNotFound)
		return nil
	}))
	require.Equal(t, made, p.Stat().NewConnsCount(), "the connection is as good as before")
}

func TestViewIsOneSnapshot(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _ string, s storage.Store) {
		ctx := t.Context()
		require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
			before, err := tx.Accounts(ctx, account.Query{Limit: 10})
			require.NoError(t, err)
			require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
				return tx.PutAccount(ctx, account.Account{ID: "a"})
			}))
			after, err := tx.Accounts(ctx, account.Query{Limit: 10})
			require.Equal(t, before, after)
			return err
		}))
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Schema(t)
	_, err := postgres.New(t.Context(), pool(t, dsn), &postgres.Options{Isolation: "read uncommitted"})
	require.Error(t, err)
	s, err := postgres.NewSQL(t.Context(), sqlDB(t, dsn), &postgres.Options{SkipMigrations: true})
	require.NoError(t, err)
	require.Error(t, s.View(t.Context(), func(tx storage.Tx) error {
		_, err := tx.Account(t.Context(), "1")
		return err
	}), "no tables")
}

// A unit that need not wait for the disk is the only one that does not.
func TestUnhurriedUnitsDoNotWait(t *testing.T) {
	t.Parallel()
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.Schema(t)
			s := v.open(t, dsn+" options='-c synchronous_commit=on'")
			db := sqlDB(t, dsn)
			for _, statement := range []string{
				"CREATE TABLE seen (id serial, setting text)",
				"CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO seen (setting) VALUES (current_setting('synchronous_commit')); RETURN NEW; END$$",
				"CREATE TRIGGER watch AFTER INSERT ON habilis_accounts FOR EACH ROW EXECUTE FUNCTION watch()",
			} {
				_, err := db.ExecContext(t.Context(), statement)
				require.NoError(t, err)
			}
			quick := haste.None(t.Context())
			for i, ctx := range []context.Context{t.Context(), quick, t.Context(), quick, quick, t.Context()} {
				require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
					return tx.PutAccount(ctx, account.Account{ID: account.ID(rune('a' + i)), Login: string(rune('a' + i))})
				}))
			}
			var got string
			require.NoError(t, db.QueryRowContext(t.Context(), "SELECT string_agg(setting, ' ' ORDER BY id) FROM seen").Scan(&got))
			require.Equal(t, "on off on off off on", got)
		})
	}
}
