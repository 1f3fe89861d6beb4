package postgres_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/storagetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	for _, v := range variants()[:3] {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			r := &recycler{whole: t}
			var schemas sync.Map // store -> connection string
			in := func(t *testing.T, dsn string) storage.Store {
				s := v.open(t, dsn)
				schemas.Store(s, dsn)
				return s
			}
			storagetest.Run(t, storagetest.Harness{
				New: func(t *testing.T) storage.Store { return in(t, r.schema(t)) },
				Reopen: func(t *testing.T, s storage.Store) storage.Store {
					dsn, _ := schemas.Load(s)
					return in(t, dsn.(string))
				},
			})
		})
	}
}

// recycler hands schemas from one case to the next, emptied: making the tables
// anew takes longer than most cases do.
type recycler struct {
	whole *testing.T // as long as the schemas live
	mu    sync.Mutex
	free  []recycled
}

type recycled struct {
	dsn  string
	pool *pgxpool.Pool
}

func (r *recycler) schema(t *testing.T) string {
	t.Helper()
	s, ok := r.take()
	if !ok {
		s.dsn = pgtest.Schema(r.whole)
		s.pool = pool(r.whole, s.dsn)
	}
	t.Cleanup(func() {
		if t.Failed() {
			return // what is left may help to see why
		}
		rows, err := s.pool.Query(r.whole.Context(), "SELECT 'DELETE FROM ' || tablename FROM pg_tables"+
			" WHERE schemaname = current_schema() AND tablename <> 'habilis_migrations'")
		require.NoError(t, err)
		statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		_, err = s.pool.Exec(r.whole.Context(), strings.Join(statements, ";"))
		require.NoError(t, err)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.free = append(r.free, s)
	})
	return s.dsn
}

func (r *recycler) take() (recycled, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.free)
	if n == 0 {
		return recycled{}, false
	}
	s := r.free[n-1]
	r.free = r.free[:n-1]
	return s, true
}
