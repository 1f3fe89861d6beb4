package habilis_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/storage/postgres"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/structure"
)

// BenchmarkApproveMany measures the approval of 1 000 requests in one call: the bound is
// 2 s on SQLite and PostgreSQL, both durable.
func BenchmarkApproveMany(b *testing.B) {
	run := func(b *testing.B, store storage.Store) {
		w := newTown(b, store)
		round := 0
		for b.Loop() {
			b.StopTimer()
			var ids []structure.MembershipID
			for i := range structure.MaxBulk {
				at := round*structure.MaxBulk + i
				m, err := w.h.Structures.Request(b.Context(), account.Person(w.people[1+at/townPlaces]), structure.Request{
					Structure: w.places[at%townPlaces], Whole: true, Comment: "planning files of the new quarter",
				})
				require.NoError(b, err)
				ids = append(ids, m.ID)
			}
			round++
			b.StartTimer()
			out, err := w.h.Structures.ApproveMany(b.Context(), w.manager, ids, structure.Approval{})
			require.NoError(b, err)
			for _, o := range out {
				require.NoError(b, o.Err)
			}
		}
		b.ReportMetric(float64(b.Elapsed()/time.Millisecond)/float64(b.N), "ms/1000")
	}
	b.Run("Memory", func(b *testing.B) { run(b, memory.New()) })
	b.Run("SQLite", func(b *testing.B) {
		s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "town.db"), nil)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, s.Close()) })
		run(b, s)
	})
	b.Run("Postgres", func(b *testing.B) {
		p, err := pgxpool.New(b.Context(), pgtest.Durable(b)+" pool_max_conns=8")
		require.NoError(b, err)
		b.Cleanup(p.Close)
		s, err := postgres.New(b.Context(), p, nil)
		require.NoError(b, err)
		_, err = p.Exec(b.Context(), "ANALYZE")
		require.NoError(b, err)
		run(b, s)
	})
}
