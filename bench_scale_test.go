package habilis_test

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
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
	countryPeople  = 300_000
	countryPeopled = 100_000 // the first places, which have members
	countryMembers = 300_000
	countryLines   = 100_000
)

// countryPlaces is how many structures there are: a million, or HABILIS_ROWS, which is at
// least countryPeopled.
var countryPlaces = rowsWanted(1_000_000)

// rowsWanted is n, or HABILIS_ROWS if that is set.
func rowsWanted(n int) int {
	if more, err := strconv.Atoi(os.Getenv("HABILIS_ROWS")); err == nil {
		return more
	}
	return n
}

// country is a store with many structures and ways beneath it.
type country struct {
	store   storage.Store
	query   func(b *testing.B, query string, scan func(scan func(...any) error) error)
	run     func(b *testing.B, statement string)
	columns func(table string) string // a query for the names of its columns
}

func countryID(kind, n int) string { return fmt.Sprintf("019ab000-%04x-7000-8000-%012d", kind, n) }

// The same in SQL, of the number i of a row.
func countryKey(kind int, of string) string {
	return fmt.Sprintf("'019ab000-%04x-7000-8000-' || substr(CAST(1000000000000 + %s AS TEXT), 2)", kind, of)
}

// pick is an expression: the word with that number, as it is and folded.
func pick(number string, words ...string) (as, folded string) {
	as = "CASE " + number
	folded = as
	for i, w := range words {
		as += fmt.Sprintf(" WHEN %d THEN '%s'", i, w)
		folded += fmt.Sprintf(" WHEN %d THEN '%s'", i, structure.Fold(w))
	}
	return as + " END", folded + " END"
}

// fill makes n rows of the first one of a table in one statement: what is not set is as
// it is there. Each of a million calls of a Put method would take longer than all that is
// measured; indexes and triggers do what they always do.
func (c country) fill(b *testing.B, table string, n int, set map[string]string) {
	b.Helper()
	began := time.Now()
	var names, values []string
	c.query(b, c.columns(table), func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		if value := set[name]; value != "" {
			names, values = append(names, name), append(values, value)
		} else {
			names, values = append(names, name), append(values, "first."+name)
		}
		return err
	})
	c.run(b, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+`)
WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < `+strconv.Itoa(n-1)+`)
SELECT `+strings.Join(values, ", ")+" FROM n CROSS JOIN (SELECT * FROM "+table+" ORDER BY id LIMIT 1) first")
	b.Logf("%s: %.0f rows/s written", table, float64(n)/time.Since(began).Seconds())
}

// build fills the country. One structure in a thousand is a joinery, one in ten a
// workshop; each has up to thirty members, three of whom wait. The managers of ten and
// of ninety of them are nobody's members elsewhere.
func (c country) build(b *testing.B) {
	b.Helper()
	ctx, at := b.Context(), time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(b, storage.Update(ctx, c.store, func(tx storage.Tx) error {
		a := account.Account{
			ID: account.ID(countryID(2, 0)), Kind: account.KindPerson, Status: account.StatusActive, Login: "person0@terneuil.example", ContactEmail: "person0@terneuil.example",
			GivenName: "Julie", FamilyName: "Martin", Language: "fr", Stamp: "stamp", Salt: "salt", CreatedAt: at,
			Profile:     account.Profile{Phone: "+33149961012", Address: account.PostalAddress{Postcode: "97500", Town: "Miquelon", Country: "FR"}},
			Credentials: account.Credentials{Password: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", ChangedAt: at},
		}
		boss := a
		boss.ID, boss.Login = account.ID(countryID(9, 0)), "boss@terneuil.example"
		m := structure.Membership{
			ID: structure.MembershipID(countryID(3, 0)), Account: a.ID, Structure: structure.ID(countryID(1, 0)),
			Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Scope{Whole: true},
			Comment: structure.Note{Text: "planning files of the new quarter", Salt: "salt"}, RequestedAt: at, CreatedAt: at,
		}
		chief := boss
		chief.ID, chief.Login = account.ID(countryID(9, 1)), "chief@terneuil.example"
		for i := range countryManaged + countryWide {
			own := m
			own.ID, own.Account, own.Structure, own.Role = structure.MembershipID(countryID(9, i)), boss.ID, structure.ID(countryID(1, countryFirst+i)), structure.RolePrincipalManager
			if i >= countryManaged {
				own.Account = chief.ID
			}
			if err := tx.PutMembership(ctx, own); err != nil {
				return err
			}
		}
		return errors.Join(tx.PutAccount(ctx, a), tx.PutAccount(ctx, boss), tx.PutAccount(ctx, chief), tx.PutMembership(ctx, m),
			tx.PutStructure(ctx, structure.Structure{
				ID: structure.ID(countryID(1, 0)), Identifier: structure.SIRET("00000000000000"), LegalName: "Mairie", Label: "Service 0",
				Type: structure.Private, Status: structure.StatusActive, Postcode: "97500", Town: "Miquelon",
				Spaces: []authz.Space{authz.SpaceHome}, Salt: "salt", CreatedAt: at,
			}),
			tx.PutSubscription(ctx, structure.Subscription{
				ID: structure.SubscriptionID(countryID(4, 0)), Account: a.ID, Structure: m.Structure, Space: authz.SpaceHome, Level: authz.Read,
				Status: structure.SubscriptionPending, Origin: structure.OriginRequest, Batch: countryID(5, 0), RequestedAt: at, CreatedAt: at,
			}))
	}))
	families := []string{"Martin", "Bernard", "Dubois", "Élouard", "Petit", "Durand", "Leroy", "Moreau", "Simon", "Zéphyr"}
	town, foldedTown := pick("i % 8", "Saint-Étienne", "Grenoble", "Terneuil", "Langlade", "Miquelon", "Chambéry", "Évian", "Lyon")
	name, foldedName := "CASE", "CASE"
	for _, kind := range []struct{ when, text, first, number, second, last string }{
		{"WHEN i % 1000 = 7", "", "i / 1000 % 10", " ", "Menuiserie ", "i % 9"}, {"WHEN i % 10 = 1", "Atelier ", "i % 9", " ", "", ""}, {"ELSE", "Établissement ", "i % 7", " ", "", ""},
	} {
		first, foldedFirst := pick(kind.first, families...)
		last, foldedLast := "''", "''"
		if kind.last != "" {
			last, foldedLast = pick(kind.last, families...)
		}
		then := " THEN "
		if kind.when == "ELSE" {
			then = " "
		}
		parts := " '%s' || (%s) || ' ' || CAST(i AS TEXT) || '%s' || (%s)"
		second := strings.TrimRight(" "+kind.second, " ")
		if kind.second != "" {
			second += " "
		}
		name += " " + kind.when + then + fmt.Sprintf(parts, kind.text, first, second, last)
		foldedName += " " + kind.when + then + fmt.Sprintf(parts, structure.Fold(kind.text), foldedFirst, structure.Fold(second), foldedLast)
	}
	name, foldedName = name+" END", foldedName+" END"
	identifier, postcode := "substr(CAST(100000000000000 + i * 7919 AS TEXT), 2)", "substr(CAST(100000 + i % 95000 AS TEXT), 2)"
	c.fill(b, "habilis_structures", countryPlaces, map[string]string{
		"id": countryKey(1, "i"), "identifier_value": identifier, "folded_identifier": identifier, "legal_name": name, "folded_name": foldedName,
		"label": "'Service ' || CAST(i % 97 AS TEXT)", "folded_label": "'service ' || CAST(i % 97 AS TEXT)",
		"postcode": postcode, "folded_postcode": postcode, "town": town, "folded_town": foldedTown,
	})
	family, foldedFamily := pick("i % 10", families...)
	login := "'person' || CAST(i AS TEXT) || '@terneuil.example'"
	c.fill(b, "habilis_accounts", countryPeople, map[string]string{
		"id": countryKey(2, "i"), "login": login, "folded_login": login, "contact_email": login,
		"family_name": "(" + family + ") || CAST(i % 30000 AS TEXT)", "folded_family": "(" + foldedFamily + ") || CAST(i % 30000 AS TEXT)",
	})
	place, moment := countryKey(1, fmt.Sprintf("i %% %d", countryPeopled)), strconv.FormatInt(at.UnixMicro(), 10)+" + i * 1000000"
	waits := fmt.Sprintf("i / %d = 2 AND i %% 3 = 0", countryPeopled)
	c.fill(b, "habilis_memberships", countryMembers, map[string]string{
		"id": countryKey(3, "i"), "account_id": countryKey(2, "i"), "structure_id": place, "requested_at": moment,
		"status":        "CASE WHEN " + waits + " THEN 'pending' ELSE 'approved' END",
		"granted_whole": "NOT (" + waits + ")", "asked_whole": "(" + waits + ")", "undecided": "(" + waits + ")",
	})
	c.fill(b, "habilis_subscriptions", countryLines, map[string]string{
		"id": countryKey(4, "i"), "account_id": countryKey(2, "i"), "structure_id": place, "batch": countryKey(5, "i"), "requested_at": moment,
		"status": "CASE WHEN i % 4 = 0 THEN 'pending' ELSE 'approved' END",
	})
}

// The structures that two managers have in the country. In those of the second one more
// waits than a page shows.
const (
	countryFirst   = 3000
	countryManaged = 10
	countryWide    = 90
)

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
		c := country{store: s, columns: func(table string) string {
			return "SELECT name FROM pragma_table_info('" + table + "') WHERE name <> 'number'"
		}, run: func(b *testing.B, statement string) {
			b.Helper()
			_, err := db.ExecContext(b.Context(), statement)
			require.NoError(b, err)
		}, query: func(b *testing.B, query string, take func(func(...any) error) error) {
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
		c := country{store: s, columns: func(table string) string {
			return "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '" + table + "'"
		}, run: func(b *testing.B, statement string) {
			b.Helper()
			_, err := p.Exec(b.Context(), statement)
			require.NoError(b, err)
		}, query: func(b *testing.B, query string, take func(func(...any) error) error) {
			b.Helper()
			rows, err := p.Query(b.Context(), query)
			require.NoError(b, err)
			defer rows.Close()
			for rows.Next() {
				require.NoError(b, take(rows.Scan))
			}
			require.NoError(b, rows.Err())
		}}
		c.run(b, "DROP INDEX habilis_structures_trigrams") // quicker to make than to keep while so much comes
		c.build(b)
		c.store, err = postgres.New(b.Context(), p, nil)
		require.NoError(b, err)
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
	page("SearchRareCount", countryPlaces/1000, func(ctx context.Context, tx storage.Tx) (int, error) {
		n, err := tx.Count(ctx, structure.Counting{Structures: &structure.Query{Any: "*menuiserie*"}})
		return n.Structures, err
	})

	var mine []structure.ID
	for i := range countryManaged {
		mine = append(mine, structure.ID(countryID(1, countryFirst+i)))
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
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(b, err)
	service, err := structure.New(storage.Structures(c.store), keys, nil)
	require.NoError(b, err)
	b.Run("Pending", func(b *testing.B) { // as the screen asks, with who may see it
		boss := account.Person(account.ID(countryID(9, 0)))
		for b.Loop() {
			asked, err := service.Pending(b.Context(), boss)
			require.NoError(b, err)
			require.Len(b, asked, 3)
			lines, err := service.PendingSubscriptions(b.Context(), boss)
			require.NoError(b, err)
			require.Len(b, lines, 3)
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/page")
	})
	b.Run("DashboardPage", func(b *testing.B) { // all of the first page that a manager sees
		boss := account.Person(account.ID(countryID(9, 0)))
		for b.Loop() {
			d, err := service.Dashboard(b.Context(), boss)
			require.NoError(b, err)
			require.Len(b, d.Structures, countryManaged)
			require.Equal(b, []int{3, 3}, []int{d.Memberships.Total, len(d.Subscriptions.Items)})
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/page")
	})
	b.Run("DashboardFull", func(b *testing.B) { // the same with two pages that are full
		chief := account.Person(account.ID(countryID(9, 1)))
		for b.Loop() {
			d, err := service.Dashboard(b.Context(), chief)
			require.NoError(b, err)
			require.Len(b, d.Structures, countryWide)
			require.Equal(b, []int{20, 20}, []int{len(d.Memberships.Items), len(d.Subscriptions.Items)})
		}
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "ms/page")
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
		q := structure.Query{Brief: true, Limit: 1000}
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
