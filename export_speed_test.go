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
// HABILIS_ROWS is how many.
func TestExportMemory(t *testing.T) {
	longtest.Skip(t)
	rows := rowsWanted(100_000)
	for name, open := range readings(t) {
		t.Run(name, func(t *testing.T) {
			store, _, run := open(t)
			s, by := directory(t, store, run, rows)
			watch := &heapWatch{}
			require.Equal(t, rows, export(t, s, by, watch))
			t.Logf("%d rows, %d MiB at most", rows, watch.most>>20)
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

// staffing gives one structure its manager and many members.
func staffing(tb testing.TB, store storage.Store, run func(string), rows int) (*structure.Service, account.Actor, structure.ID) {
	tb.Helper()
	ctx := tb.Context()
	s, by := directory(tb, store, run, 1)
	place := structure.ID("019ab000-0000-7000-8000-000000000001")
	require.NoError(tb, storage.Update(ctx, store, func(tx storage.Tx) error {
		return tx.PutMembership(ctx, structure.Membership{
			ID: "019ab000-0009-7000-8000-000000000000", Account: by.ID, Structure: place, Status: structure.StatusApproved,
			Role: structure.RolePrincipalManager, Granted: structure.Whole(), RequestedAt: time.UnixMicro(1), CreatedAt: time.UnixMicro(1),
		})
	}))
	number := "substr(CAST(1000000000000 + i AS TEXT), 2)"
	counting := fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d)", rows)
	run(`
INSERT INTO habilis_accounts (id, kind, status, login, contact_email, given_name, family_name, language, profile, notices, credentials, external, stamp, salt,
	created_at, activated_at, last_sign_in_at, version, folded_family, folded_given, folded_login, folded_postcode, folded_town, country)
` + counting + `
SELECT '019ab000-0002-7000-8000-' || ` + number + `, 'person', 'active', 'p' || CAST(i AS TEXT) || '@terneuil.example', 'p' || CAST(i AS TEXT) || '@terneuil.example',
	'Julie', 'Martin ' || CAST(i * 7919 % 100000 AS TEXT), 'fr', '{}', '{}', '{}', false, 's', 's',
	1700000000000000 + i, 1700000000000000 + i, 1750000000000000 + i, 1, 'martin ' || CAST(i * 7919 % 100000 AS TEXT), 'julie', 'p', '', '', ''
FROM n`)
	run(`
INSERT INTO habilis_memberships (id, account_id, structure_id, status, role, granted_whole, granted_services, asked_whole, asked_services,
	comment_text, comment_salt, reason_text, reason_salt, via, requested_at, decided_at, decided_by, created_at, version, undecided)
` + counting + `
SELECT '019ab000-0003-7000-8000-' || ` + number + `, '019ab000-0002-7000-8000-' || ` + number + `, '` + string(place) + `', 'approved', 'member', true, '[]', false, '[]',
	'planning files', 's', '', '', '', 1700000000000000 + i, 1700000000000000 + i, '', 1700000000000000 + i, 1, false
FROM n`)
	return s, by, place
}

// bareMembers is bare for the members of one structure, by name.
func bareMembers(tb testing.TB, read reading, out io.Writer) (n int) {
	tb.Helper()
	w := csv.NewWriter(out)
	var text [8]string
	var given string
	var activated, decided, seen sql.NullInt64
	into := []any{&text[0], &given, &text[1], &text[2], &text[3], &activated, &decided, &seen}
	read(tb, `
SELECT a.family_name, a.given_name, a.contact_email, m.role, m.status, a.activated_at, m.decided_at, a.last_sign_in_at
FROM habilis_memberships m JOIN habilis_accounts a ON a.id = m.account_id
WHERE m.structure_id = '019ab000-0000-7000-8000-000000000001' ORDER BY a.folded_family, a.folded_given, a.id, m.id`, func(scan func(...any) error) error {
		if err := scan(into...); err != nil {
			return err
		}
		n++
		text[0] += " " + given
		for i, at := range []sql.NullInt64{activated, decided, seen} {
			text[4+i] = ""
			if at.Valid {
				text[4+i] = time.UnixMicro(at.Int64).Format("02/01/2006 15:04")
			}
		}
		return w.Write(text[:])
	})
	w.Flush()
	return n
}

// BenchmarkExportMembers measures an export of the HABILIS_ROWS members of one structure,
// 20 000 if that is not set, and beside it, in turns, a bare loop that reads nothing but
// what it writes.
func BenchmarkExportMembers(b *testing.B) {
	rows := rowsWanted(20_000)
	for name, open := range readings(b) {
		b.Run(name, func(b *testing.B) {
			store, read, fill := open(b)
			s, by, place := staffing(b, store, fill, rows)
			var exporting, looping time.Duration
			for b.Loop() {
				start := time.Now()
				n, err := s.ExportMembers(b.Context(), by, place, structure.MemberFilter{}, structure.CSV{}, io.Discard)
				require.NoError(b, err)
				require.Equal(b, rows+1, n)
				middle := time.Now()
				require.Equal(b, rows+1, bareMembers(b, read, io.Discard))
				exporting, looping = exporting+middle.Sub(start), looping+time.Since(middle)
			}
			b.ReportMetric(float64(rows)*float64(b.N)/exporting.Seconds(), "rows/s")
			b.ReportMetric(100*looping.Seconds()/exporting.Seconds(), "%-of-bare")
		})
	}
}
