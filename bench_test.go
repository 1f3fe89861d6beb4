package habilis_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

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
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := w.pair(context.Background()); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
}

// BenchmarkRequestApprove measures a membership request plus its approval through the
// services. SQLite is a file with full durability and one writer; PostgreSQL is durable
// with eight connections. PostgresBare does as many transactions with as many writes
// and nothing else, in the same run: the ratio of the two is what counts.
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
		s, err := postgres.New(b.Context(), pool(b), nil)
		require.NoError(b, err)
		w := newTown(b, s)
		b.SetParallelism(4)
		w.bench(b)
	})
	b.Run("PostgresBare", func(b *testing.B) {
		p := pool(b)
		_, err := p.Exec(b.Context(), "CREATE TABLE bare (id BIGINT, unit INT, line INT, body TEXT NOT NULL, PRIMARY KEY (id, unit, line))")
		require.NoError(b, err)
		body := fmt.Sprintf("%0300d", 0)
		var n atomic.Int64
		b.SetParallelism(4)
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				i := n.Add(1)
				for unit := range 2 {
					if err := pgx.BeginFunc(context.Background(), p, func(tx pgx.Tx) error {
						for line := range 3 {
							if _, err := tx.Exec(context.Background(), "INSERT INTO bare VALUES ($1, $2, $3, $4)", i, unit, line, body); err != nil {
								return err
							}
						}
						return nil
					}); err != nil {
						b.Error(err)
						return
					}
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pairs/s")
	})
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
