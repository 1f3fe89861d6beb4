package habilis_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/storage/postgres"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/structure"
)

// town is a deployment with many structures and many people who will ask to join.
type town struct {
	h       *habilis.Habilis
	manager account.Actor
	places  []structure.ID
	people  []account.ID
	next    atomic.Int64
}

const (
	townPlaces = 200
	townPeople = 500
)

func newTown(b *testing.B, store storage.Store) *town {
	b.Helper()
	ctx := b.Context()
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(b, err)
	h, err := habilis.New(store, &habilis.Options{
		Keys: keys, Hashing: cheap, Structure: &structure.Policy{Identifiers: structure.FormatOnly, SelfService: []structure.Type{structure.Private}},
	})
	require.NoError(b, err)
	w := &town{h: h}
	require.NoError(b, storage.Update(ctx, store, func(tx storage.Tx) error {
		w.people = nil
		for i := range townPeople {
			a := account.Account{
				ID: account.ID(fmt.Sprintf("019ab000-0000-7000-8000-%012d", i)), Status: account.StatusActive, Language: "fr",
				Login: fmt.Sprintf("person%d@terneuil.example", i), ContactEmail: fmt.Sprintf("person%d@terneuil.example", i),
				GivenName: "Julie", FamilyName: "Bon", Salt: "salt",
			}
			if err := tx.PutAccount(ctx, a); err != nil {
				return err
			}
			w.people = append(w.people, a.ID)
		}
		return nil
	}))
	w.manager = account.Person(w.people[0])
	for i := range townPlaces {
		s, err := h.Structures.Create(ctx, w.manager, structure.Creation{
			Identifier: structure.SIRET(fmt.Sprintf("%014d", i+1)), LegalName: "Atelier", Type: structure.Private,
		})
		require.NoError(b, err)
		_, err = h.Structures.AddService(ctx, w.manager, s.ID, structure.ServiceSpec{Code: "URBA", Name: "Urbanisme"})
		require.NoError(b, err)
		w.places = append(w.places, s.ID)
	}
	return w
}

// pair makes one request and approves it: two units of work, three writes each (the
// membership, the event, the mail).
func (w *town) pair(ctx context.Context) error {
	n := int(w.next.Add(1))
	if n >= townPlaces*(townPeople-1) {
		return fmt.Errorf("everybody joined everything after %d pairs", n)
	}
	m, err := w.h.Structures.Request(ctx, account.Person(w.people[1+n/townPlaces]), structure.Request{
		Structure: w.places[n%townPlaces], Whole: true, Comment: "planning files of the new quarter",
	})
	if err != nil {
		return err
	}
	_, err = w.h.Structures.Approve(ctx, w.manager, m.ID, structure.Approval{})
	return err
}

func (w *town) bench(b *testing.B) {
	b.Helper()
	pairs(b, func() error { return w.pair(context.Background()) })
}

// warmUp is how many pairs each of eight connections does before those that count: they
// are made as they are needed, and both sides keep what they know of a statement for each.
const warmUp = 50

// pairs measures pairs on eight connections.
func pairs(b *testing.B, pair func() error) {
	b.Helper()
	var warm errgroup.Group
	for range 8 {
		warm.Go(func() error {
			for range warmUp {
				if err := pair(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(b, warm.Wait())
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := pair(); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
}

// BenchmarkRequestApprove measures a membership request plus its approval through the
// services. SQLite is a file with full durability and one writer; PostgreSQL is durable
// with eight connections. Beside it, in the same run, PostgresSameRows writes the same
// rows into the same tables in as many transactions and does nothing else, and
// PostgresBare writes as many rows into a table with one index: the ratios are what
// counts.
func BenchmarkRequestApprove(b *testing.B) {
	b.Run("Memory", func(b *testing.B) { newTown(b, memory.New()).bench(b) })
	b.Run("SQLite", func(b *testing.B) {
		s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "town.db"), nil)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, s.Close()) })
		w := newTown(b, s)
		b.ResetTimer()
		for range b.N {
			require.NoError(b, w.pair(b.Context()))
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
	})
	pool := func(b *testing.B) *pgxpool.Pool {
		p, err := pgxpool.New(b.Context(), pgtest.Durable(b)+" pool_max_conns=8")
		require.NoError(b, err)
		b.Cleanup(p.Close)
		return p
	}
	b.Run("Postgres", func(b *testing.B) {
		p := pool(b)
		s, err := postgres.New(b.Context(), p, nil)
		require.NoError(b, err)
		w := newTown(b, s)
		_, err = p.Exec(b.Context(), "ANALYZE") // what autovacuum does in a deployment that lives
		require.NoError(b, err)
		w.bench(b)
	})
	b.Run("PostgresBare", func(b *testing.B) {
		p := pool(b)
		_, err := p.Exec(b.Context(), "CREATE TABLE bare (id TEXT, unit INT, line INT, body TEXT NOT NULL, PRIMARY KEY (id, unit, line))")
		require.NoError(b, err)
		body := fmt.Sprintf("%0300d", 0)
		barePairs(b, p, func(tx pgx.Tx, id string, unit int) error {
			for line := range 3 {
				if _, err := tx.Exec(context.Background(), "INSERT INTO bare VALUES ($1, $2, $3, $4)", id, unit, line, body); err != nil {
					return err
				}
			}
			return nil
		})
	})
	b.Run("PostgresSameRows", func(b *testing.B) {
		p := pool(b)
		_, err := postgres.New(b.Context(), p, nil)
		require.NoError(b, err)
		membership, event, message := insertion(b, p, "habilis_memberships"), insertion(b, p, "habilis_events"), insertion(b, p, "habilis_messages")
		barePairs(b, p, func(tx pgx.Tx, id string, unit int) error {
			change := membership
			if unit == 1 {
				change = func(tx pgx.Tx, id string) error {
					_, err := tx.Exec(context.Background(), "UPDATE habilis_memberships SET status = 'approved', role = 'member', granted_whole = true,"+
						" asked_whole = false, undecided = false, decided_at = 1, decided_by = $1, version = version + 1 WHERE id = $1 AND version = 1", id)
					return err
				}
			}
			return errors.Join(change(tx, id), event(tx, fmt.Sprint(id, unit)), message(tx, fmt.Sprint(id, unit)))
		})
	})
}

// barePairs runs two transactions a round on eight connections, as a pair does.
func barePairs(b *testing.B, p *pgxpool.Pool, unit func(pgx.Tx, string, int) error) {
	b.Helper()
	var n atomic.Int64
	pairs(b, func() error {
		id := fmt.Sprintf("019ab000-0000-7000-8000-%012d", n.Add(1))
		for i := range 2 {
			if err := pgx.BeginFunc(context.Background(), p, func(tx pgx.Tx) error { return unit(tx, id, i) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// insertion returns a function that inserts a row of ordinary size into a table of
// ours, its indexes included, under an id of the caller.
func insertion(b *testing.B, p *pgxpool.Pool, table string) func(pgx.Tx, string) error {
	b.Helper()
	rows, err := p.Query(b.Context(), "SELECT column_name, data_type FROM information_schema.columns"+
		" WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position", table)
	require.NoError(b, err)
	var names, marks []string
	var values []any
	for rows.Next() {
		var name, kind string
		require.NoError(b, rows.Scan(&name, &kind))
		names, marks = append(names, name), append(marks, fmt.Sprintf("$%d", len(marks)+1))
		value, known := map[string]any{"text": "a text of ordinary length, like an id", "bigint": int64(1), "boolean": true, "bytea": make([]byte, 300)}[kind]
		require.True(b, known, kind)
		values = append(values, value)
	}
	require.NoError(b, rows.Err())
	query := "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
	return func(tx pgx.Tx, id string) error {
		args := slices.Clone(values)
		for i, name := range names {
			if slices.Contains([]string{"id", "account_id", "structure_id", "chain", "idempotency_key"}, name) {
				args[i] = id
			}
		}
		_, err := tx.Exec(context.Background(), query, args...)
		return err
	}
}

// BenchmarkOpen measures habilis.New on a SQLite file that exists, opening it included.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "open.db")
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(b, err)
	open := func() {
		s, err := sqlite.Open(b.Context(), path, nil)
		require.NoError(b, err)
		_, err = habilis.New(s, &habilis.Options{Keys: keys})
		require.NoError(b, err)
		require.NoError(b, s.Close())
	}
	open()
	for b.Loop() {
		open()
	}
}
