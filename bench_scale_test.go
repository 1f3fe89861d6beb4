package habilis_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/postgres"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/structure"
)

// What the country of the benchmarks below holds.
const (
	countryPlaces  = 1_000_000
	countryPeople  = 300_000
	countryMembers = 300_000 // of the first tenth of the places
	countryLines   = 100_000
	countryUnit    = 10_000 // rows that are written in one unit
)

// country is a store with many structures and a way beneath it.
type country struct {
	store storage.Store
	query func(b *testing.B, query string, scan func(scan func(...any) error) error)
}

func countryID(kind, n int) string { return fmt.Sprintf("019ab000-%04x-7000-8000-%012d", kind, n) }

// fill writes n rows in big units and reports how many a second.
func (c country) fill(b *testing.B, what string, n int, put func(storage.Tx, int) error) {
	b.Helper()
	began := time.Now()
	for from := 0; from < n; from += countryUnit {
		require.NoError(b, storage.Update(b.Context(), c.store, func(tx storage.Tx) error {
			for i := from; i < min(from+countryUnit, n); i++ {
				if err := put(tx, i); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	b.Logf("%s: %.0f rows/s written", what, float64(n)/time.Since(began).Seconds())
}

// build fills the country. One structure in a thousand is a joinery, one in ten a
// workshop; each manager has ten structures with thirty members, three of whom wait.
func (c country) build(b *testing.B) {
	b.Helper()
	ctx, at := b.Context(), time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	families := []string{"Martin", "Bernard", "Dubois", "Élouard", "Petit", "Durand", "Leroy", "Moreau", "Simon", "Zéphyr"}
	towns := []string{"Saint-Étienne", "Grenoble", "Terneuil", "Langlade", "Miquelon", "Chambéry", "Évian", "Lyon"}
	c.fill(b, "structures", countryPlaces, func(tx storage.Tx, i int) error {
		name := fmt.Sprintf("Établissement %s %d", families[i%7], i)
		switch {
		case i%1000 == 7:
			name = fmt.Sprintf("%s %d Menuiserie %s", families[i/1000%10], i, families[i%9])
		case i%10 == 1:
			name = fmt.Sprintf("Atelier %s %d", families[i%9], i)
		}
		return tx.PutStructure(ctx, structure.Structure{
			ID: structure.ID(countryID(1, i)), Identifier: structure.SIRET(fmt.Sprintf("%014d", i*7919)), LegalName: name, Label: "Service " + strconv.Itoa(i%97),
			Type: structure.Private, Status: structure.StatusActive, Postcode: fmt.Sprintf("%05d", i%95_000), Town: towns[i%8],
			Spaces: []authz.Space{authz.SpaceHome}, Salt: "salt", CreatedAt: at,
		})
	})
	c.fill(b, "accounts", countryPeople, func(tx storage.Tx, i int) error {
		login := fmt.Sprintf("person%d@terneuil.example", i)
		return tx.PutAccount(ctx, account.Account{
			ID: account.ID(countryID(2, i)), Kind: account.KindPerson, Status: account.StatusActive, Login: login, ContactEmail: login,
			GivenName: "Julie", FamilyName: families[i%10] + strconv.Itoa(i%30_000), Language: "fr", Stamp: "stamp", Salt: "salt", CreatedAt: at,
			Profile:     account.Profile{Phone: "+33149961012", Address: account.PostalAddress{Postcode: "97500", Town: towns[i%8], Country: "FR"}},
			Credentials: account.Credentials{Password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", ChangedAt: at},
		})
	})
	c.fill(b, "memberships", countryMembers, func(tx storage.Tx, i int) error {
		m := structure.Membership{
			ID: structure.MembershipID(countryID(3, i)), Account: account.ID(countryID(2, i)), Structure: structure.ID(countryID(1, i%(countryPlaces/10))),
			Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Scope{Whole: true},
			Comment: structure.Note{Text: "planning files of the new quarter", Salt: "salt"}, RequestedAt: at.Add(time.Duration(i) * time.Second), CreatedAt: at,
		}
		if i/(countryPlaces/10) == 2 && i%3 == 0 {
			m.Status, m.Asked, m.Granted = structure.StatusPending, m.Granted, structure.Scope{}
		}
		return tx.PutMembership(ctx, m)
	})
	c.fill(b, "subscriptions", countryLines, func(tx storage.Tx, i int) error {
		s := structure.Subscription{
			ID: structure.SubscriptionID(countryID(4, i)), Account: account.ID(countryID(2, i)), Structure: structure.ID(countryID(1, i%(countryPlaces/10))),
			Space: authz.SpaceHome, Level: authz.Read, Status: structure.SubscriptionApproved, Origin: structure.OriginRequest, Batch: countryID(5, i),
			RequestedAt: at.Add(time.Duration(i) * time.Second), CreatedAt: at,
		}
		if i%4 == 0 {
			s.Status = structure.SubscriptionPending
		}
		return tx.PutSubscription(ctx, s)
	})
}

// BenchmarkCountry measures searches, the pages of managers and exports over a million
// structures, 300 000 people and as many memberships. An export reads pages of a thousand
// and writes each row; its Bare twin does the same with one statement over the columns.
func BenchmarkCountry(b *testing.B) {
	longtest.Skip(b)
	b.Run("SQLite", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "country.db")
		s, err := sqlite.Open(b.Context(), path, &sqlite.Options{Relaxed: true})
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, s.Close()) })
		db, err := sql.Open("sqlite", path)
		require.NoError(b, err)
		b.Cleanup(func() { require.NoError(b, db.Close()) })
		c := country{store: s, query: func(b *testing.B, query string, take func(func(...any) error) error) {
			b.Helper()
			rows, err := db.QueryContext(b.Context(), query)
			require.NoError(b, err)
			defer func() { require.NoError(b, rows.Close()) }()
			for rows.Next() {
				require.NoError(b, take(rows.Scan))
			}
			require.NoError(b, rows.Err())
		}}
		c.build(b)
		c.measure(b)
	})
	b.Run("Postgres", func(b *testing.B) {
		p, err := pgxpool.New(b.Context(), pgtest.Schema(b)+" pool_max_conns=4")
		require.NoError(b, err)
		b.Cleanup(p.Close)
		s, err := postgres.New(b.Context(), p, nil)
		require.NoError(b, err)
		c := country{store: s, query: func(b *testing.B, query string, take func(func(...any) error) error) {
			b.Helper()
			rows, err := p.Query(b.Context(), query)
			require.NoError(b, err)
			defer rows.Close()
			for rows.Next() {
				require.NoError(b, take(rows.Scan))
			}
			require.NoError(b, rows.Err())
		}}
		c.build(b)
		_, err = p.Exec(b.Context(), "VACUUM ANALYZE", pgx.QueryExecModeSimpleProtocol) // what autovacuum does in a deployment that lives
		require.NoError(b, err)
		c.measure(b)
	})
}

func (c country) measure(b *testing.B) {
	b.Helper()
	page := func(name string, want int, ask func(context.Context, storage.Tx) (int, error)) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				require.NoError(b, c.store.View(b.Context(), func(tx storage.Tx) error {
					got, err := ask(b.Context(), tx)
					require.Equal(b, want, got)
					return err
				}))
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/page")
		})
	}
	search := func(name string, want int, q structure.Query) {
		page("Search"+name, want, func(ctx context.Context, tx storage.Tx) (int, error) {
			found, err := tx.Structures(ctx, q)
			return len(found), err
		})
	}
	search("Rare", 20, structure.Query{Any: "*menuiserie*", Limit: 20})
	search("Frequent", 20, structure.Query{Any: "*atelier*", Limit: 20})
	search("Everywhere", 20, structure.Query{Any: "*e*", Limit: 20})
	search("Nowhere", 0, structure.Query{Any: "*menuisserie*", Limit: 20})
	search("Identifier", 1, structure.Query{Identifier: structure.Pattern(fmt.Sprintf("%014d", 4711*7919)), Limit: 20})
	page("SearchRareCount", 1000, func(ctx context.Context, tx storage.Tx) (int, error) {
		n, err := tx.Count(ctx, structure.Counting{Structures: &structure.Query{Any: "*menuiserie*"}})
		return n.Structures, err
	})

	var mine []structure.ID
	for i := range 10 {
		mine = append(mine, structure.ID(countryID(1, 3000+i)))
	}
	page("Dashboard", 12, func(ctx context.Context, tx storage.Tx) (int, error) {
		waiting := structure.MembershipQuery{Structures: mine, Undecided: true, Limit: 20}
		lines := structure.SubscriptionQuery{Structures: mine, Statuses: []structure.SubscriptionStatus{structure.SubscriptionPending}, Limit: 20}
		asked, err := tx.Members(ctx, waiting)
		if err != nil {
			return 0, err
		}
		pending, err := tx.Subscriptions(ctx, lines)
		if err != nil {
			return 0, err
		}
		n, err := tx.Count(ctx, structure.Counting{Memberships: &waiting, Subscriptions: &lines})
		return len(asked) + len(pending) + n.Memberships + n.Subscriptions, err
	})
	page("MembersByName", 20, func(ctx context.Context, tx storage.Tx) (int, error) {
		found, err := tx.Members(ctx, structure.MembershipQuery{Structures: mine, ByName: true, Limit: 20})
		return len(found), err
	})
	page("PeopleByPrefix", 20, func(ctx context.Context, tx storage.Tx) (int, error) {
		found, err := tx.Accounts(ctx, account.Query{Person: account.Criteria{Family: "dubois12*"}, Limit: 20})
		return len(found), err
	})
	page("PeopleOfMine", 1, func(ctx context.Context, tx storage.Tx) (int, error) {
		found, err := tx.Members(ctx, structure.MembershipQuery{Structures: mine, Person: account.Criteria{Family: "dubois3*"}, Limit: 20})
		return len(found), err
	})
	c.exports(b)
}

// exported runs an export and its bare twin, and reports rows a second.
func exported(b *testing.B, name string, rows int, export func(*testing.B, *csv.Writer)) {
	b.Helper()
	b.Run(name, func(b *testing.B) {
		for b.Loop() {
			w := csv.NewWriter(bufio.NewWriter(io.Discard))
			export(b, w)
			w.Flush()
			require.NoError(b, w.Error())
		}
		b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}

func (c country) exports(b *testing.B) {
	b.Helper()
	bare := func(query string, columns, times int) func(*testing.B, *csv.Writer) {
		return func(b *testing.B, w *csv.Writer) {
			texts, instants, into := make([]string, columns), make([]int64, times), []any(nil)
			for i := range texts {
				into = append(into, &texts[i])
			}
			for i := range instants {
				into = append(into, &instants[i])
			}
			c.query(b, query, func(scan func(...any) error) error {
				if err := scan(into...); err != nil {
					return err
				}
				line := texts[:columns:columns]
				for _, at := range instants {
					line = append(line, time.UnixMicro(at).UTC().Format(time.RFC3339))
				}
				return w.Write(line)
			})
		}
	}
	exported(b, "ExportStructures", countryPlaces, func(b *testing.B, w *csv.Writer) {
		q := structure.Query{Limit: 1000}
		require.NoError(b, c.store.View(b.Context(), func(tx storage.Tx) error {
			for {
				found, err := tx.Structures(b.Context(), q)
				if err != nil || len(found) == 0 {
					return err
				}
				for _, s := range found {
					if err := w.Write([]string{string(s.Identifier.Scheme), s.Identifier.Value, s.LegalName, s.Label, string(s.Type), string(s.Status), s.Postcode, s.Town, s.CreatedAt.Format(time.RFC3339)}); err != nil {
						return err
					}
				}
				last := found[len(found)-1]
				q.AfterName, q.AfterID = structure.Fold(last.LegalName), last.ID
			}
		}))
	})
	exported(b, "ExportStructuresBare", countryPlaces, bare("SELECT identifier_scheme, identifier_value, legal_name, label, type, status, postcode, town, created_at"+
		" FROM habilis_structures ORDER BY folded_name, id", 8, 1))
	exported(b, "ExportMembers", countryMembers, func(b *testing.B, w *csv.Writer) {
		q := structure.MembershipQuery{Limit: 1000}
		require.NoError(b, c.store.View(b.Context(), func(tx storage.Tx) error {
			for {
				found, err := tx.Members(b.Context(), q)
				if err != nil || len(found) == 0 {
					return err
				}
				for _, m := range found {
					if err := w.Write([]string{
						m.Account.FamilyName, m.Account.GivenName, m.Account.Login, string(m.Membership.Role), string(m.Membership.Status),
						m.Membership.Comment.Text, m.Membership.RequestedAt.Format(time.RFC3339),
					}); err != nil {
						return err
					}
				}
				last := found[len(found)-1].Membership
				q.AfterAt, q.AfterID = last.RequestedAt, last.ID
			}
		}))
	})
	columns := strings.Join([]string{"a.family_name", "a.given_name", "a.login", "m.role", "m.status", "m.comment_text", "m.requested_at"}, ", ")
	exported(b, "ExportMembersBare", countryMembers, bare("SELECT "+columns+
		" FROM habilis_memberships m JOIN habilis_accounts a ON a.id = m.account_id ORDER BY m.requested_at, m.id", 6, 1))
}
