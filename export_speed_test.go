package habilis_test

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/structure"
)

// directory is a deployment on SQLite with many structures, and the same file for whoever
// reads it without the library.
func directory(tb testing.TB, rows int) (*structure.Service, account.Actor, *sql.DB) {
	tb.Helper()
	ctx, file := tb.Context(), filepath.Join(tb.TempDir(), "x.db")
	store, err := sqlite.Open(ctx, file, nil)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, store.Close()) })
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(tb, err)
	s, err := structure.New(storage.Structures(store), keys, nil)
	require.NoError(tb, err)
	by := account.Person("019ab000-0000-7000-8000-000000000000")
	require.NoError(tb, storage.Update(ctx, store, func(tx storage.Tx) error {
		return tx.PutAccount(ctx, account.Account{ID: by.ID, Status: account.StatusActive, Login: "a@terneuil.example"})
	}))
	db, err := sql.Open("sqlite", file)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	_, err = db.ExecContext(ctx, `
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO habilis_structures (id, identifier_scheme, identifier_value, legal_name, label, type, status, postcode, town,
	spaces, delegated_structure, delegated_users, directory, sheet, nomination, salt, created_at, version,
	folded_identifier, folded_name, folded_label, folded_postcode, folded_town)
SELECT printf('019ab000-0000-7000-8000-%012d', i), 'SIRET', printf('%014d', i), printf('Menuiserie %d', i), '', 'private', 'active', '77000', 'Terneuil',
	'["invoices.issued"]', 0, 0, 'local', '{}', '{}', 'salt', 1700000000000000 + i, 1,
	printf('%014d', i), printf('menuiserie %d', i), '', '77000', 'terneuil'
FROM n`, rows)
	require.NoError(tb, err)
	return s, by, db
}

// What a bare loop reads: the columns that it writes, or the rows as they are stored.
const (
	written = "identifier_scheme, identifier_value, legal_name, label, type, status, postcode, town, created_at"
	stored  = written + ", id, spaces, delegated_structure, delegated_users, directory, sheet, nomination, salt, version"
)

// bare is the loop that anybody would write: one query, one row of text each.
func bare(tb testing.TB, db *sql.DB, columns string, out io.Writer) (n int) {
	tb.Helper()
	rows, err := db.QueryContext(tb.Context(), `
SELECT `+columns+`
FROM habilis_structures WHERE folded_name LIKE 'menuiserie%' ORDER BY folded_name, id`)
	require.NoError(tb, err)
	defer func() { require.NoError(tb, rows.Close()) }()
	w := csv.NewWriter(out)
	var text [18]string
	var at int64
	into := make([]any, len(strings.Split(columns, ",")))
	for i := range into {
		into[i] = &text[i]
	}
	into[8] = &at
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			require.NoError(tb, err)
		}
		text[8] = time.UnixMicro(at).Format("02/01/2006 15:04")
		if err := w.Write(text[:9]); err != nil {
			require.NoError(tb, err)
		}
	}
	w.Flush()
	require.NoError(tb, rows.Err())
	return n
}

func export(tb testing.TB, s *structure.Service, by account.Actor, out io.Writer) int {
	tb.Helper()
	n, err := s.ExportSearch(tb.Context(), by, structure.Search{Name: "menuiserie"}, structure.CSV{}, out)
	require.NoError(tb, err)
	return n
}

// The export of a million structures takes constant memory and is at 60 % or more of the
// speed of a bare loop that reads the same rows. A loop that reads nothing but what it
// writes is faster; how much is told.
func TestExportSpeed(t *testing.T) {
	longtest.Skip(t)
	const rows = 1_000_000
	s, by, db := directory(t, rows)
	var best [3]time.Duration
	for range 2 { // the better of two runs each, in turn
		for i, run := range []func() int{
			func() int { return export(t, s, by, io.Discard) },
			func() int { return bare(t, db, stored, io.Discard) }, func() int { return bare(t, db, written, io.Discard) },
		} {
			start := time.Now()
			require.Equal(t, rows, run())
			if took := time.Since(start); best[i] == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	share := func(i int) float64 { return float64(best[i]) / float64(best[0]) }
	t.Logf("export %v, bare loop over whole rows %v: %.0f %%, over what is written %v: %.0f %%", best[0], best[1], 100*share(1), best[2], 100*share(2))
	require.Greater(t, share(1), 0.6)

	watch := &heapWatch{}
	export(t, s, by, watch)
	t.Logf("heap at most %d MB", watch.most>>20)
	require.Less(t, watch.most, uint64(100<<20))
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

func BenchmarkExportSearch(b *testing.B) {
	const rows = 20_000
	s, by, db := directory(b, rows)
	for name, run := range map[string]func() int{
		"bare": func() int { return bare(b, db, stored, io.Discard) }, "export": func() int { return export(b, s, by, io.Discard) },
	} {
		b.Run(fmt.Sprintf("%s/rows=%d", name, rows), func(b *testing.B) {
			for b.Loop() {
				require.Equal(b, rows, run())
			}
			b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
