package habilis_test

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/postgres"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/structure"
)

// reading is a way to the rows of a store without the library.
type reading func(tb testing.TB, query string, take func(scan func(...any) error) error)

// readings are the stores whose speed is bounded.
func readings(tb testing.TB) map[string]func(testing.TB) (storage.Store, reading, func(statement string)) {
	tb.Helper()
	return map[string]func(testing.TB) (storage.Store, reading, func(string)){
		"SQLite": func(tb testing.TB) (storage.Store, reading, func(string)) {
			tb.Helper()
			file := filepath.Join(tb.TempDir(), "x.db")
			store, err := sqlite.Open(tb.Context(), file, nil)
			require.NoError(tb, err)
			tb.Cleanup(func() { require.NoError(tb, store.Close()) })
			db, err := sql.Open("sqlite", file)
			require.NoError(tb, err)
			tb.Cleanup(func() { require.NoError(tb, db.Close()) })
			return store, func(tb testing.TB, query string, take func(func(...any) error) error) {
					tb.Helper()
					rows, err := db.QueryContext(tb.Context(), query)
					require.NoError(tb, err)
					defer func() { require.NoError(tb, rows.Close()) }()
					for rows.Next() {
						if err := take(rows.Scan); err != nil {
							require.NoError(tb, err)
						}
					}
					require.NoError(tb, rows.Err())
				}, func(statement string) {
					_, err := db.ExecContext(tb.Context(), statement)
					require.NoError(tb, err)
				}
		},
		"Postgres": func(tb testing.TB) (storage.Store, reading, func(string)) {
			tb.Helper()
			p, err := pgxpool.New(tb.Context(), pgtest.Schema(tb))
			require.NoError(tb, err)
			tb.Cleanup(p.Close)
			store, err := postgres.New(tb.Context(), p, nil)
			require.NoError(tb, err)
			return store, func(tb testing.TB, query string, take func(func(...any) error) error) {
					tb.Helper()
					rows, err := p.Query(tb.Context(), query)
					require.NoError(tb, err)
					defer rows.Close()
					for rows.Next() {
						if err := take(rows.Scan); err != nil {
							require.NoError(tb, err)
						}
					}
					require.NoError(tb, rows.Err())
				}, func(statement string) {
					for _, s := range []string{statement, "ANALYZE"} {
						_, err := p.Exec(tb.Context(), s)
						require.NoError(tb, err)
					}
				}
		},
	}
}

// directory is a deployment with many structures.
func directory(tb testing.TB, store storage.Store, run func(string), rows int) (*structure.Service, account.Actor) {
	tb.Helper()
	ctx := tb.Context()
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(tb, err)
	s, err := structure.New(storage.Structures(store), keys, nil)
	require.NoError(tb, err)
	by := account.Person("019ab000-0000-7000-8000-000000000000")
	require.NoError(tb, storage.Update(ctx, store, func(tx storage.Tx) error {
		return tx.PutAccount(ctx, account.Account{ID: by.ID, Status: account.StatusActive, Login: "a@terneuil.example"})
	}))
	run(fmt.Sprintf(`
INSERT INTO habilis_structures (id, identifier_scheme, identifier_value, legal_name, label, type, status, postcode, town,
	spaces, delegated_structure, delegated_users, directory, sheet, nomination, salt, created_at, version,
	folded_identifier, folded_name, folded_label, folded_postcode, folded_town)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
SELECT '019ab000-0000-7000-8000-' || substr(CAST(1000000000000 + i AS TEXT), 2), 'SIRET', substr(CAST(100000000000000 + i AS TEXT), 2),
	'Menuiserie ' || CAST(i AS TEXT), '', 'private', 'active', '77000', 'Terneuil',
	'["invoices.issued"]', false, false, 'local', '{}', '{}', 'salt', 1700000000000000 + i, 1,
	substr(CAST(100000000000000 + i AS TEXT), 2), 'menuiserie ' || CAST(i AS TEXT), '', '77000', 'terneuil'
FROM n`, rows))
	return s, by
}

// bare is the loop that anybody would write: one query for what is written, one row of
// text each.
func bare(tb testing.TB, read reading, out io.Writer) (n int) {
	tb.Helper()
	w := csv.NewWriter(out)
	var text [9]string
	var at int64
	into := []any{&text[0], &text[1], &text[2], &text[3], &text[4], &text[5], &text[6], &text[7], &at}
	read(tb, `
SELECT identifier_scheme, identifier_value, legal_name, label, type, status, postcode, town, created_at
FROM habilis_structures WHERE folded_name LIKE 'menuiserie%' ORDER BY folded_name, id`, func(scan func(...any) error) error {
		if err := scan(into...); err != nil {
			return err
		}
		n++
		text[8] = time.UnixMicro(at).Format("02/01/2006 15:04")
		return w.Write(text[:])
	})
	w.Flush()
	return n
}

func export(tb testing.TB, s *structure.Service, by account.Actor, out io.Writer) int {
	tb.Helper()
	n, err := s.ExportSearch(tb.Context(), by, structure.Search{Name: "menuiserie"}, structure.CSV{}, out)
	require.NoError(tb, err)
	return n
}

// R-429, EX-07: an export takes constant memory, however many rows it has.
func TestExportMemory(t *testing.T) {
	longtest.Skip(t)
	const rows = 100_000
	for name, open := range readings(t) {
		t.Run(name, func(t *testing.T) {
			store, _, run := open(t)
			s, by := directory(t, store, run, rows)
			watch := &heapWatch{}
			require.Equal(t, rows, export(t, s, by, watch))
			require.Positive(t, watch.most)
			require.Less(t, watch.most, uint64(100<<20))
		})
	}
}

// heapWatch looks at the heap while a file is written.
type heapWatch struct {
	written int
	most    uint64
}

func (h *heapWatch) Write(p []byte) (int, error) {
	if h.written += len(p); h.written > 8<<20 {
		h.written = 0
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		h.most = max(h.most, m.HeapAlloc)
	}
	return len(p), nil
}

// BenchmarkExportSearch measures an export of HABILIS_ROWS structures, 20 000 if that is
// not set, and beside it, in turns, a bare loop that reads nothing but what it writes. The
// share of the speed of that loop is what counts.
func BenchmarkExportSearch(b *testing.B) {
	rows := rowsWanted(20_000)
	for name, open := range readings(b) {
		b.Run(name, func(b *testing.B) {
			store, read, fill := open(b)
			s, by := directory(b, store, fill, rows)
			var exporting, looping time.Duration
			for b.Loop() {
				start := time.Now()
				require.Equal(b, rows, export(b, s, by, io.Discard))
				middle := time.Now()
				require.Equal(b, rows, bare(b, read, io.Discard))
				exporting, looping = exporting+middle.Sub(start), looping+time.Since(middle)
			}
			b.ReportMetric(float64(rows)*float64(b.N)/exporting.Seconds(), "rows/s")
			b.ReportMetric(100*looping.Seconds()/exporting.Seconds(), "%-of-bare")
		})
	}
}
