package habilis_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/postgres"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/structure"
)

// maxDigestHeap is how much the making of digests may hold, for however many people.
const maxDigestHeap = 64 << 20

// timed is a store that counts how long it writes.
type timed struct {
	storage.Store
	writing atomic.Int64
}

func (s *timed) Update(ctx context.Context, fn func(storage.Tx) error) error {
	began := time.Now()
	defer func() { s.writing.Add(int64(time.Since(began))) }()
	return s.Store.Update(ctx, fn)
}

// mute is a store that drops what is put into its outbox.
type mute struct{ storage.Store }

func (s mute) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return s.Store.Update(ctx, func(tx storage.Tx) error { return fn(muteTx{tx}) })
}

type muteTx struct{ storage.Tx }

func (muteTx) Enqueue(context.Context, notify.Message) error { return nil }

// processorTime is how much of it this process has used, which what else the machine does
// changes less than the time of day.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// crowd is a store with many people, and ways beneath it.
type crowd struct {
	store   storage.Store
	execute func(tb testing.TB, statement string)
	names   func(tb testing.TB, table string) []string // of its columns
	settle  func(tb testing.TB)                        // once all is there; nil for nothing
}

// rows makes all rows of a table but the first one, which the others resemble where
// nothing is set.
func (c crowd) rows(tb testing.TB, table string, n int, set map[string]string) {
	tb.Helper()
	names := c.names(tb, table)
	values := make([]string, len(names))
	for i, name := range names {
		if values[i] = set[name]; values[i] == "" {
			values[i] = "first." + name
		}
	}
	c.execute(tb, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+`)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < `+strconv.Itoa(n-1)+`)
SELECT `+strings.Join(values, ", ")+" FROM n CROSS JOIN (SELECT * FROM "+table+" ORDER BY id LIMIT 1) first")
}

// digestDay is the day of the news, in Paris.
var digestDay = time.Date(2026, time.November, 20, 23, 0, 0, 0, time.UTC)

// populate makes people, a third as many structures, a membership and a subscription of
// each of them, and three times as many notices of one day. Whoever comes next in the
// order of identifiers is in a structure far away.
func (c crowd) populate(b testing.TB, people int) {
	b.Helper()
	ctx, at, places := b.Context(), digestDay.Add(-time.Hour), max(people/3, 1)
	require.NoError(b, storage.Update(ctx, c.store, func(tx storage.Tx) error {
		for _, put := range []error{
			tx.PutAccount(ctx, account.Account{
				ID: account.ID(countryID(2, 0)), Kind: account.KindPerson, Status: account.StatusActive, Login: "person0@terneuil.example", ContactEmail: "person0@terneuil.example",
				GivenName: "Julie", FamilyName: "Martin", Language: "fr", Stamp: "stamp", Salt: "salt", CreatedAt: at,
				Notices:     notify.Preferences{On: true, Daily: true, Categories: []notify.Category{notify.CategoryInvoicing}},
				Profile:     account.Profile{Phone: "+33149961012", Address: account.PostalAddress{Postcode: "97500", Town: "Miquelon", Country: "FR"}},
				Credentials: account.Credentials{Password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", ChangedAt: at},
			}),
			tx.PutStructure(ctx, structure.Structure{
				ID: structure.ID(countryID(1, 0)), Identifier: structure.SIRET("00000000000000"), LegalName: "Mairie", Type: structure.Private, Status: structure.StatusActive,
				Spaces: []authz.Space{authz.SpaceInvoicesToValidate}, Salt: "salt", CreatedAt: at,
			}),
			tx.PutMembership(ctx, structure.Membership{
				ID: structure.MembershipID(countryID(3, 0)), Account: account.ID(countryID(2, 0)), Structure: structure.ID(countryID(1, 0)),
				Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Scope{Whole: true}, RequestedAt: at, CreatedAt: at,
			}),
			tx.PutSubscription(ctx, structure.Subscription{
				ID: structure.SubscriptionID(countryID(4, 0)), Account: account.ID(countryID(2, 0)), Structure: structure.ID(countryID(1, 0)), Space: authz.SpaceInvoicesToValidate,
				Level: authz.Read, Status: structure.SubscriptionApproved, Origin: structure.OriginRequest, Batch: countryID(5, 0), RequestedAt: at, CreatedAt: at,
			}),
			tx.PutNotice(ctx, notify.Notice{
				ID: notify.NoticeID(countryID(6, 0)), Key: "0", Category: notify.CategoryInvoicing, Kind: "invoice.received", Structure: structure.ID(countryID(1, 0)),
				Space: authz.SpaceInvoicesToValidate, Subject: "Invoice", Path: "/invoices/0", At: digestDay,
			}),
		} {
			if put != nil {
				return put
			}
		}
		return nil
	}))
	place, login := countryKey(1, fmt.Sprintf("i * 7919 %% %d", places)), "'person' || CAST(i AS TEXT) || '@terneuil.example'"
	c.rows(b, "habilis_structures", places, map[string]string{"id": countryKey(1, "i"), "identifier_value": "CAST(i AS TEXT)", "legal_name": "'Mairie ' || CAST(i AS TEXT)"})
	c.rows(b, "habilis_accounts", people, map[string]string{"id": countryKey(2, "i"), "login": login, "contact_email": login})
	c.rows(b, "habilis_memberships", people, map[string]string{"id": countryKey(3, "i"), "account_id": countryKey(2, "i"), "structure_id": place})
	c.rows(b, "habilis_subscriptions", people, map[string]string{"id": countryKey(4, "i"), "account_id": countryKey(2, "i"), "structure_id": place})
	c.rows(b, "habilis_notices", 3*people, map[string]string{
		"id": countryKey(6, "i"), "notice_key": "CAST(i AS TEXT)", "structure_id": place, "at": strconv.FormatInt(digestDay.UnixMicro(), 10) + " + i % 86000 * 1000000",
		"kind": "CASE i % 3 WHEN 0 THEN 'invoice.received' WHEN 1 THEN 'invoice.rejected' ELSE 'invoice.paid' END",
	})
}

// digest makes the digests of the day and says how long that took, by the clock and of a
// processor, and how much memory was held at most.
func (c crowd) digest(b testing.TB, store storage.Store, people int) (took, working time.Duration, heap uint64) {
	b.Helper()
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(b, err)
	h, err := habilis.New(store, &habilis.Options{Keys: keys, Now: func() time.Time { return digestDay.Add(31 * time.Hour) }})
	require.NoError(b, err)
	runtime.GC()
	ctx, cancel := context.WithCancel(b.Context())
	peak := make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		most := uint64(0)
		for {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			select {
			case <-ctx.Done():
				peak <- most
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	began, used := time.Now(), processorTime()
	told, err := h.Notices.CatchUp(b.Context())
	took, working = time.Since(began), processorTime()-used
	cancel()
	heap = <-peak
	require.NoError(b, err)
	require.Equal(b, people, told)
	return took, working, heap
}

func (c crowd) benchDigest(b *testing.B, people int) {
	b.Helper()
	began := time.Now()
	c.populate(b, people)
	b.Logf("%d people, %d notices made in %v", people, 3*people, time.Since(began).Round(time.Second))
	if c.settle != nil {
		c.settle(b)
	}
	c.measure(b, people)
}

// measure makes the digests of the day twice, without mails and with them.
func (c crowd) measure(b *testing.B, people int) {
	b.Helper()
	each := func(took time.Duration) float64 { return float64(took.Nanoseconds()) / 1000 / float64(people) }
	took, working, heap := c.digest(b, mute{c.store}, people)
	b.ReportMetric(float64(people)/took.Seconds(), "decided/s")
	b.ReportMetric(each(took), "us/person")
	b.ReportMetric(each(working), "cpu-us/person")

	c.execute(b, "DELETE FROM habilis_runs") // once more, with mails
	store := &timed{Store: c.store}
	whole, worked, most := c.digest(b, store, people)
	b.ReportMetric(float64(people)/time.Duration(store.writing.Load()).Seconds(), "mails/s")
	b.ReportMetric(each(worked-working), "cpu-us/mail")
	b.ReportMetric(float64(people)/whole.Seconds(), "digests/s")
	b.ReportMetric(float64(max(heap, most))/(1<<20), "MiB")
	require.Less(b, max(heap, most), uint64(maxDigestHeap))
}

// BenchmarkDigest makes the daily digest of HABILIS_ROWS people, 20 000 if that is not
// set, with three times as many notices, and of a tenth of them: what a person takes is to
// be the same. decided/s is all of the job, with how far it has come stored after every
// thousand people and each mail sealed, but for writing these mails into the outbox;
// us/person and cpu-us/person are what that takes by the clock and of the processors, those
// of a server aside. mails/s is how fast mails are written, cpu-us/mail what one takes, and
// digests/s is both together, one beside the other.
// Run it with -benchtime=1x.
func BenchmarkDigest(b *testing.B) {
	longtest.Skip(b)
	people := 20_000
	if more, err := strconv.Atoi(os.Getenv("HABILIS_ROWS")); err == nil {
		people = more
	}
	for _, n := range []int{people / 10, people} {
		b.Run(fmt.Sprintf("SQLite/%d", n), func(b *testing.B) { digestSQLite(b).benchDigest(b, n) })
		b.Run(fmt.Sprintf("Postgres/%d", n), func(b *testing.B) { digestPostgres(b).benchDigest(b, n) })
	}
}

// What is held in memory does not depend on how many people there are.
func TestDigestHeap(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	const people = 20_000
	c := digestSQLite(t)
	c.populate(t, people)
	_, _, heap := c.digest(t, c.store, people)
	require.Less(t, heap, uint64(maxDigestHeap))
}

func digestSQLite(tb testing.TB) crowd {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "digest.db")
	s, err := sqlite.Open(tb.Context(), path, &sqlite.Options{Relaxed: true})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	db, err := sql.Open("sqlite", path)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, db.Close()) })
	return crowd{store: s, execute: func(tb testing.TB, statement string) {
		tb.Helper()
		_, err := db.ExecContext(tb.Context(), statement)
		require.NoError(tb, err)
	}, names: func(tb testing.TB, table string) (names []string) {
		tb.Helper()
		rows, err := db.QueryContext(tb.Context(), "SELECT name FROM pragma_table_info(?) WHERE name <> 'number'", table)
		require.NoError(tb, err)
		defer func() { require.NoError(tb, rows.Close()) }()
		for rows.Next() {
			var name string
			require.NoError(tb, rows.Scan(&name))
			names = append(names, name)
		}
		require.NoError(tb, rows.Err())
		return names
	}}
}

func digestPostgres(tb testing.TB) crowd {
	tb.Helper()
	p, err := pgxpool.New(tb.Context(), pgtest.Schema(tb)+" pool_max_conns=4")
	require.NoError(tb, err)
	tb.Cleanup(p.Close)
	s, err := postgres.New(tb.Context(), p, nil)
	require.NoError(tb, err)
	c := crowd{store: s, execute: func(tb testing.TB, statement string) {
		tb.Helper()
		_, err := p.Exec(tb.Context(), statement)
		require.NoError(tb, err)
	}, names: func(tb testing.TB, table string) []string {
		tb.Helper()
		rows, err := p.Query(tb.Context(), "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = $1", table)
		require.NoError(tb, err)
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(tb, err)
		return names
	}, settle: func(tb testing.TB) {
		tb.Helper()
		_, err := p.Exec(tb.Context(), "VACUUM ANALYZE", pgx.QueryExecModeSimpleProtocol) // what autovacuum does in a deployment that lives
		require.NoError(tb, err)
	}}
	c.execute(tb, "DROP INDEX habilis_structures_trigrams") // nothing here needs it
	return c
}
