package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage/internal/sqlstore/sqltest"
	"github.com/habilis-go/habilis/storage/postgres"
)

// parallelism is how many goroutines write per processor, as in a busy service.
const parallelism = 4

func BenchmarkPairs(b *testing.B) {
	b.Run("Pool", func(b *testing.B) {
		p, err := pgxpool.New(b.Context(), pgtest.Durable(b)+" pool_max_conns=8")
		require.NoError(b, err)
		defer p.Close()
		s, err := postgres.New(b.Context(), p, nil)
		require.NoError(b, err)
		b.SetParallelism(parallelism)
		sqltest.BenchmarkPairs(b, s)
	})
	b.Run("SQL", func(b *testing.B) {
		db, err := sql.Open("pgx", pgtest.Durable(b))
		require.NoError(b, err)
		defer func() { require.NoError(b, db.Close()) }()
		db.SetMaxOpenConns(8)
		db.SetMaxIdleConns(8)
		s, err := postgres.NewSQL(b.Context(), db, nil)
		require.NoError(b, err)
		b.SetParallelism(parallelism)
		sqltest.BenchmarkPairs(b, s)
	})
}

// BenchmarkBarePairs is what the same server does with as many writes and nothing
// else: two transactions, of three rows and of four.
func BenchmarkBarePairs(b *testing.B) {
	ctx := b.Context()
	p, err := pgxpool.New(ctx, pgtest.Durable(b)+" pool_max_conns=8")
	require.NoError(b, err)
	defer p.Close()
	_, err = p.Exec(ctx, "CREATE TABLE bare (id TEXT PRIMARY KEY, body BYTEA)")
	require.NoError(b, err)
	var n atomic.Int64
	b.SetParallelism(parallelism)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			for unit, rows := range []int{3, 4} {
				if err := pgx.BeginFunc(ctx, p, func(tx pgx.Tx) error { return insert(ctx, tx, i, unit, rows) }); err != nil {
					b.Error(err)
					return
				}
			}
		}
	})
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "pairs/s")
}

func insert(ctx context.Context, tx pgx.Tx, pair int64, unit, rows int) error {
	for row := range rows {
		if _, err := tx.Exec(ctx, "INSERT INTO bare VALUES ($1, $2)", fmt.Sprint(pair, unit, row), make([]byte, 300)); err != nil {
			return err
		}
	}
	return nil
}
