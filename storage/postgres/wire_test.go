package postgres_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/postgres"
)

// onOne returns a pool of one connection and a store on it.
func onOne(t *testing.T, watched pgx.QueryTracer) (*pgxpool.Pool, storage.Store) {
	t.Helper()
	config, err := pgxpool.ParseConfig(pgtest.Lend(t).DSN)
	require.NoError(t, err)
	config.MaxConns, config.ConnConfig.Tracer = 1, watched
	p, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	s, err := postgres.New(t.Context(), p, nil)
	require.NoError(t, err)
	return p, s
}

func known(ctx context.Context, s storage.Store, limit int) error {
	return s.View(ctx, func(tx storage.Tx) error {
		_, err := tx.Accounts(ctx, account.Query{Limit: limit})
		return err
	})
}

// A connection that somebody reset, as some poolers do, fails one unit and serves again.
func TestStatementsThatTheServerForgot(t *testing.T) {
	t.Parallel()
	p, s := onOne(t, nil)
	require.NoError(t, known(t.Context(), s, 10))
	_, err := p.Exec(t.Context(), "DISCARD ALL", pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	require.ErrorContains(t, known(t.Context(), s, 10), "26000")
	require.NoError(t, known(t.Context(), s, 10))
}

// counted counts the messages to the server.
type counted struct {
	net.Conn
	sent *atomic.Int64
}

func (c counted) Write(p []byte) (int, error) {
	c.sent.Add(1)
	return c.Conn.Write(p)
}

// A connection prepares in one message what is sent in one, and does so once.
func TestStatementsArePreparedTogether(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	config, err := pgxpool.ParseConfig(pgtest.Lend(t).DSN)
	require.NoError(t, err)
	var sent atomic.Int64
	dial := config.ConnConfig.DialFunc
	config.MaxConns, config.ConnConfig.DialFunc = 1, func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		return counted{conn, &sent}, err
	}
	p, err := pgxpool.NewWithConfig(ctx, config)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	s, err := postgres.New(ctx, p, nil)
	require.NoError(t, err)
	for i, ways := range []int64{2, 1} {
		id := account.ID("a" + strconv.Itoa(i))
		before := sent.Load()
		require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
			return errors.Join(
				tx.PutAccount(ctx, account.Account{ID: id, Login: string(id)}),
				tx.PutLink(ctx, account.Link{Account: id, Purpose: account.PurposeActivation, Digest: string(id)}),
				tx.PutThrottle(ctx, account.Throttle{Account: id, Factor: account.FactorPassword}),
			)
		}))
		require.Equal(t, ways, sent.Load()-before)
	}
}

// What cannot be prepared fails its unit and nothing else; what was prepared with it serves.
func TestStatementsThatCannotBePrepared(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p, s := onOne(t, nil)
	put := func(id account.ID) error {
		return s.Update(ctx, func(tx storage.Tx) error {
			return errors.Join(
				tx.PutAccount(ctx, account.Account{ID: id, Login: string(id)}),
				tx.PutLink(ctx, account.Link{Account: id, Purpose: account.PurposeActivation, Digest: string(id)}),
			)
		})
	}
	rename := func(from, to string) {
		_, err := p.Exec(ctx, "ALTER TABLE "+from+" RENAME TO "+to)
		require.NoError(t, err)
	}
	rename("habilis_links", "elsewhere")
	require.ErrorContains(t, put("a"), "42P01")
	rename("elsewhere", "habilis_links")
	require.NoError(t, put("a"))
	require.NoError(t, put("b"))
}

// However many different lists are asked for, a connection keeps a bounded number of them
// prepared, and those that it dropped are prepared anew.
func TestPreparedStatementsAreBounded(t *testing.T) {
	t.Parallel()
	p, s := onOne(t, nil)
	for limit := range 600 {
		require.NoError(t, known(t.Context(), s, limit+1))
	}
	var kept int
	require.NoError(t, p.QueryRow(t.Context(), "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'habilis%'").Scan(&kept))
	require.InDelta(t, 512, kept, 8)
	require.NoError(t, known(t.Context(), s, 1))
}

// tracer is what a host that measures its database hangs into its pool.
type tracer struct {
	open, seen int
	sent       []string // the first word of each statement
	failed     []string
}

func (*tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

func (*tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (t *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchStartData) context.Context {
	t.open++
	t.seen += d.Batch.Len()
	for _, q := range d.Batch.QueuedQueries {
		word, _, _ := strings.Cut(q.SQL, " ")
		t.sent = append(t.sent, word)
	}
	return ctx
}

func (t *tracer) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	t.seen--
	if d.Err != nil {
		t.failed = append(t.failed, d.SQL)
	}
}

func (t *tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) { t.open-- }

// A tracer of the host sees what the library does on the pool of the host.
func TestTracersOfTheHost(t *testing.T) {
	t.Parallel()
	var seen tracer
	_, s := onOne(t, &seen)
	ctx := t.Context()
	put := func(a account.Account) error {
		return s.Update(ctx, func(tx storage.Tx) error {
			if _, err := tx.Account(ctx, "b"); err == nil {
				return storage.ErrExists
			}
			return tx.PutAccount(ctx, a)
		})
	}
	require.NoError(t, put(account.Account{ID: "a", Login: "a"}))
	require.Zero(t, seen.open, "every batch has an end")
	require.Zero(t, seen.seen, "every statement has an answer")
	require.Empty(t, seen.failed)
	require.ErrorIs(t, put(account.Account{ID: "a", Login: "a"}), storage.ErrConflict)
	require.Zero(t, seen.open)
	require.Len(t, seen.failed, 1)
	require.True(t, strings.HasPrefix(seen.failed[0], "INSERT INTO habilis_accounts"))
}

// A unit says where its transaction begins and ends only if that makes a difference.
func TestTransactionsThatAreSaid(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	read := func(tx storage.Tx) error {
		_, err := tx.Accounts(ctx, account.Query{})
		return err
	}
	write := func(tx storage.Tx) error { return tx.PutAccount(ctx, account.Account{ID: "a", Login: "a"}) }
	refuse := func(storage.Tx) error { return context.Canceled }
	cases := []struct {
		name  string
		set   string // of the connection
		opts  postgres.Options
		steps []func(storage.Tx) error
		sent  string
	}{
		{"reads, then writes", "", postgres.Options{}, []func(storage.Tx) error{read, read, write}, "SELECT SELECT INSERT"},
		{"reads only", "", postgres.Options{}, []func(storage.Tx) error{read}, "SELECT"},
		{"refuses", "", postgres.Options{}, []func(storage.Tx) error{read, refuse}, "SELECT"},
		{"refuses what it wrote", "", postgres.Options{}, []func(storage.Tx) error{write, refuse}, ""},
		{"reads what it wrote", "", postgres.Options{}, []func(storage.Tx) error{read, write, read}, "SELECT BEGIN INSERT SELECT COMMIT"},
		{"serializable", "", postgres.Options{Isolation: postgres.Serializable}, []func(storage.Tx) error{read, write}, "BEGIN SELECT INSERT COMMIT"},
		{"where writing has to be asked for", "SET default_transaction_read_only TO on", postgres.Options{}, []func(storage.Tx) error{read, write}, "BEGIN SELECT INSERT COMMIT"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var seen tracer
			p, _ := onOne(t, &seen)
			s, err := postgres.New(ctx, p, &c.opts)
			require.NoError(t, err)
			if c.set != "" {
				_, err := p.Exec(ctx, c.set)
				require.NoError(t, err)
			}
			seen.sent = nil
			err = s.Update(ctx, func(tx storage.Tx) error {
				for _, step := range c.steps {
					if err := step(tx); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			require.Equal(t, c.sent, strings.Join(seen.sent, " "))
			var stored int
			require.NoError(t, p.QueryRow(ctx, "SELECT count(*) FROM habilis_accounts").Scan(&stored))
			require.Equal(t, strings.Contains(c.sent, "INSERT"), stored == 1)
		})
	}
}
