package habilis_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/storage/postgres"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/structure"
)

const password = "Correct-Horse-7-Battery"

var cheap = account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}

// setting is one deployment with a manager, a structure of two services, and a clerk
// whose request for the first waits.
type setting struct {
	h              *habilis.Habilis
	store          storage.Store
	inbox          *notify.Inbox
	manager, clerk account.Actor
	place          structure.Structure
	urba, voie     structure.Unit
	asked          structure.Membership
}

func setup(t *testing.T, store storage.Store) *setting {
	t.Helper()
	ctx, s := t.Context(), &setting{store: store, inbox: notify.NewInbox()}
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(t, err)
	s.h, err = habilis.New(store, &habilis.Options{Mailer: s.inbox, Keys: keys, Hashing: cheap})
	require.NoError(t, err)
	s.manager, s.clerk = s.join(t, "pauline@atelier.example", "Pauline"), s.join(t, "julie@atelier.example", "Julie")
	s.place, err = s.h.Structures.Create(ctx, s.manager, structure.Creation{
		Identifier: structure.SIRET("55203253400646"), LegalName: "Atelier Dufour", Type: structure.Private,
	})
	require.NoError(t, err)
	s.urba, err = s.h.Structures.AddService(ctx, s.manager, s.place.ID, structure.ServiceSpec{Code: "URBA", Name: "Urbanisme"})
	require.NoError(t, err)
	s.voie, err = s.h.Structures.AddService(ctx, s.manager, s.place.ID, structure.ServiceSpec{Code: "VOIE", Name: "Voirie"})
	require.NoError(t, err)
	s.asked, err = s.h.Structures.Request(ctx, s.clerk, structure.Request{
		Structure: s.place.ID, Services: []structure.ServiceID{s.urba.ID}, Comment: "planning files",
	})
	require.NoError(t, err)
	return s
}

func (s *setting) join(t *testing.T, login, name string) account.Actor {
	t.Helper()
	ctx := t.Context()
	_, err := s.h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: login, GivenName: name, FamilyName: "Martin", Language: "en", AcceptConditions: true,
	})
	require.NoError(t, err)
	_, err = s.h.Drain(ctx)
	require.NoError(t, err)
	a, err := s.h.Accounts.Activate(ctx, s.inbox.Token(login), password)
	require.NoError(t, err)
	return account.Person(a.ID)
}

func (s *setting) approve(h *habilis.Habilis) error {
	_, err := h.Structures.Approve(context.Background(), s.manager, s.asked.ID, structure.Approval{})
	return err
}

func (s *setting) may(t *testing.T) bool {
	t.Helper()
	d, err := s.h.Authz.Check(t.Context(), authz.Request{
		Account: s.clerk.ID, Structure: s.place.ID, Service: s.urba.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Write,
	})
	require.NoError(t, err)
	return d.Allowed
}

func events(t *testing.T, store storage.Store) (n int) {
	t.Helper()
	require.NoError(t, store.View(t.Context(), func(tx storage.Tx) error {
		es, err := tx.Events(t.Context(), notify.EventQuery{Limit: 1000})
		n = len(es)
		return err
	}))
	return n
}

func onEachStore(t *testing.T, test func(*testing.T, storage.Store)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { t.Parallel(); test(t, memory.New()) })
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		test(t, s)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s, err := postgres.New(t.Context(), pgtest.Lend(t).Pool, nil)
		require.NoError(t, err)
		test(t, s)
	})
}

// EX-11 in spirit: a preview shows events, mails and rights, and does none of it.
func TestPreviewDoesNothingAndTellsAll(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store storage.Store) {
		s := setup(t, store)
		_, err := s.h.Drain(t.Context())
		require.NoError(t, err)
		before, mails := events(t, store), len(s.inbox.All())

		plan, err := s.h.Preview(t.Context(), s.approve)
		require.NoError(t, err)
		require.Len(t, plan.Events, 1)
		require.Equal(t, notify.Kind("membership.approved"), plan.Events[0].Kind)
		require.Equal(t, []habilis.PlannedMail{{Template: notify.MailMembershipApproved, To: "julie@atelier.example", Language: "en"}}, plan.Mails)
		require.Len(t, plan.Gained, 4)
		require.Empty(t, plan.Lost)
		require.Contains(t, plan.String(), "+ Julie MARTIN may write invoices.issued on URBA of Atelier Dufour")

		require.False(t, s.may(t), "nothing happened")
		require.Equal(t, before, events(t, store))
		_, err = s.h.Drain(t.Context())
		require.NoError(t, err)
		require.Len(t, s.inbox.All(), mails)

		require.NoError(t, s.approve(s.h), "and what was previewed can be done")
		require.True(t, s.may(t))
		rights, err := s.h.Authz.Statement(t.Context(), s.clerk.ID, s.place.ID, time.Time{})
		require.NoError(t, err)
		require.Len(t, rights, len(plan.Gained))
	})
}

// what would come of opening a space, of a decision on subscriptions and
// of closing the space again, without any of it.
func TestPreviewOfSubscriptions(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store storage.Store) {
		ctx, s := t.Context(), setup(t, store)
		require.NoError(t, s.approve(s.h))
		const works = authz.SpaceWorksInvoices
		_, err := s.h.Structures.OpenSpace(ctx, s.manager, s.place.ID, works)
		require.NoError(t, err)
		waiting, err := s.h.Structures.Dashboard(ctx, s.manager)
		require.NoError(t, err)
		require.Len(t, waiting.Subscriptions.Items, 1, "the space was opened for its members")
		asked := waiting.Subscriptions.Items[0].Lines[0]
		_, err = s.h.Drain(ctx)
		require.NoError(t, err)
		before := events(t, store)
		decide := func(h *habilis.Habilis) error {
			_, err := h.Structures.ApproveSubscriptions(context.Background(), s.manager, structure.Verdict{Requested: []structure.SubscriptionID{asked.ID}})
			return err
		}
		plan, err := s.h.Preview(ctx, decide)
		require.NoError(t, err)
		require.Len(t, plan.Events, 1)
		require.Equal(t, notify.Kind("subscription.approved"), plan.Events[0].Kind)
		require.Equal(t, []habilis.PlannedMail{{Template: notify.MailSubscriptionDecided, To: "julie@atelier.example", Language: "en"}}, plan.Mails)
		require.Equal(t, "+ Julie MARTIN may read "+string(works)+" on URBA of Atelier Dufour", plan.String())
		require.Equal(t, before, events(t, store), "nothing happened")
		waiting, err = s.h.Structures.Dashboard(ctx, s.manager)
		require.NoError(t, err)
		require.Equal(t, 1, waiting.Subscriptions.Total)

		require.NoError(t, decide(s.h), "and what was previewed can be done")
		plan, err = s.h.Preview(ctx, func(h *habilis.Habilis) error {
			_, err := h.Structures.CloseSpace(context.Background(), s.manager, s.place.ID, works)
			return err
		})
		require.NoError(t, err)
		require.Equal(t, "- Julie MARTIN may read "+string(works)+" on URBA of Atelier Dufour", plan.String())
		rights, err := s.h.Authz.Statement(ctx, s.clerk.ID, s.place.ID, time.Time{})
		require.NoError(t, err)
		require.Len(t, rights, 5, "four of the role, and this one still")
	})
}

func TestPreviewOfSeveralOperationsSurvivesAFailedOne(t *testing.T) {
	t.Parallel()
	onEachStore(t, func(t *testing.T, store storage.Store) {
		s := setup(t, store)
		plan, err := s.h.Preview(t.Context(), func(h *habilis.Habilis) error {
			if err := s.approve(h); err != nil {
				return err
			}
			if err := s.approve(h); !errors.Is(err, structure.ErrAlreadyDecided) {
				t.Errorf("the unit does not see its own writes: %v", err)
			}
			_, err := h.Structures.Request(t.Context(), s.clerk, structure.Request{Structure: s.place.ID, Services: []structure.ServiceID{s.voie.ID}, Comment: "more"})
			return err
		})
		require.NoError(t, err)
		require.Len(t, plan.Events, 2)
		require.Len(t, plan.Gained, 4, "asking for more grants nothing")
		boom := errors.New("boom")
		plan, err = s.h.Preview(t.Context(), func(h *habilis.Habilis) error { return errors.Join(s.approve(h), boom) })
		require.ErrorIs(t, err, boom)
		require.Zero(t, plan)
		_, err = s.h.Preview(t.Context(), func(h *habilis.Habilis) error { _, err := h.Drain(t.Context()); return err })
		require.ErrorIs(t, err, habilis.ErrNoMailer, "a preview never sends")
		require.False(t, s.may(t))
	})
}

// The library takes part in the host's own transaction, and leaves with it.
func TestOperationsJoinTheHostsTransaction(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), pgtest.Schema(t))
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	store, err := postgres.New(t.Context(), pool, nil)
	require.NoError(t, err)
	s := setup(t, store)
	_, err = pool.Exec(t.Context(), "CREATE TABLE host_orders (id TEXT PRIMARY KEY)")
	require.NoError(t, err)
	for _, commit := range []bool{false, true} {
		tx, err := pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "INSERT INTO host_orders VALUES ('1')")
		require.NoError(t, err)
		joined, err := s.h.On(store.Bind(tx))
		require.NoError(t, err)
		require.NoError(t, s.approve(joined))
		if commit {
			require.NoError(t, tx.Commit(t.Context()))
		} else {
			require.NoError(t, tx.Rollback(t.Context()))
		}
		require.Equal(t, commit, s.may(t))
		var orders int
		require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM host_orders").Scan(&orders))
		require.Equal(t, commit, orders == 1)
	}
	r, err := s.h.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, r.OK(), "%v", r.Violations)
}

// CR-10: what outlives the process needs keys that do, too; and other refusals.
func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), ":memory:", nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	_, err = habilis.New(store, nil)
	require.ErrorIs(t, err, habilis.ErrKeysRequired)
	_, err = habilis.New(nil, nil)
	require.Error(t, err)
	for name, o := range map[string]habilis.Options{
		"hashing":    {Hashing: account.Hashing{MemoryKiB: 8}},
		"links":      {Links: notify.Links{Base: "javascript:alert(1)"}},
		"accounts":   {Accounts: &account.Policy{}},
		"sign-ins":   {SignIns: &mfa.Policy{}},
		"throttles":  {Accounts: policyOf(account.Guide2024()), SignIns: slower()},
		"structures": {Structure: &structure.Policy{}},
		"messages":   {Messages: fstest.MapFS{"messages.en.json": {Data: []byte("{")}}},
	} {
		_, err := habilis.New(memory.New(), &o)
		require.Error(t, err, name)
	}
	_, err = habilis.New(memory.New(), &habilis.Options{SignIns: slower()})
	require.NoError(t, err, "the policy of accounts follows that of sign-ins")
	h, err := habilis.New(memory.New(), nil)
	require.NoError(t, err)
	_, err = h.Drain(t.Context())
	require.ErrorIs(t, err, habilis.ErrNoMailer)
	require.Panics(t, func() { habilis.Must(0, errors.New("boom")) })
}

func policyOf(p account.Policy) *account.Policy { return &p }

func slower() *mfa.Policy {
	p := mfa.Guide2024()
	p.Password.Free = 3
	return &p
}

func TestLocalize(t *testing.T) {
	t.Parallel()
	s := setup(t, memory.New())
	_, err := s.h.Structures.Reject(t.Context(), s.manager, s.asked.ID, structure.Refusal{})
	require.Equal(t, habilis.CodeInvalid, habilis.CodeOf(err))
	require.Equal(t, "Certains champs sont à corriger.", habilis.Localize(err, language.French))
	fields := habilis.FieldsOf(err)
	require.Equal(t, []habilis.FieldError{{Path: "reason", Code: "required"}}, fields)
	require.Equal(t, "Ce champ est obligatoire.", habilis.LocalizeField(fields[0], language.French))
	require.Equal(t, "At most 255 characters.", habilis.LocalizeField(habilis.FieldError{Code: "max", Param: "255"}, language.English))
	require.Empty(t, habilis.Localize(nil, language.French))
	require.Equal(t, habilis.CodeInternal, habilis.CodeOf(errors.New("driver: secret detail")))
	require.NotContains(t, habilis.Localize(errors.New("driver: secret detail"), language.English), "secret")
	require.Equal(t, habilis.CodeCanceled, habilis.CodeOf(context.Canceled))
	require.Equal(t, habilis.CodeTimeout, habilis.CodeOf(context.DeadlineExceeded))
	h, err := habilis.New(memory.New(), &habilis.Options{Messages: fstest.MapFS{"messages.en.json": {Data: []byte(`{"error.not_found": "Gone fishing."}`)}}})
	require.NoError(t, err)
	require.Equal(t, "Gone fishing.", h.Localize(structure.ErrNotFound, language.English))
	require.Equal(t, "This field is mandatory.", h.LocalizeField(fields[0], language.English))
}

// Codes are only ever added: the list in internal/fault/testdata holds every code of the module, and
// each has a sentence in French and English.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	found := sourceCodes(t)
	golden, err := os.ReadFile("internal/fault/testdata/error_codes.txt")
	require.NoError(t, err)
	require.Equal(t, strings.Fields(string(golden)), found, "add new codes to internal/fault/testdata/error_codes.txt; never change or remove one")
	for _, code := range found {
		for _, lang := range []language.Tag{language.French, language.English} {
			text := habilis.Localize(fault.New(fault.Code(code), ""), lang)
			require.NotEmpty(t, text)
			require.NotContains(t, text, "error.", "%s has no sentence in %s", code, lang)
		}
	}
}

// sourceCodes reads every fault.New("code", ...) and every Code constant of fault out
// of the source.
func sourceCodes(t *testing.T) []string {
	t.Helper()
	var out []string
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "examples" || d.Name() == ".git") {
			if err == nil {
				err = fs.SkipDir
			}
			return err
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit := codeLiteral(n); lit != "" {
				out = append(out, strings.Trim(lit, `"`))
			}
			return true
		})
		return nil
	}))
	slices.Sort(out)
	return slices.Compact(out)
}

func codeLiteral(n ast.Node) string {
	switch v := n.(type) {
	case *ast.CallExpr:
		if s, ok := v.Fun.(*ast.SelectorExpr); ok && s.Sel.Name == "New" && len(v.Args) == 2 {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == "fault" {
				if l, ok := v.Args[0].(*ast.BasicLit); ok {
					return l.Value
				}
			}
		}
	case *ast.ValueSpec:
		if id, ok := v.Type.(*ast.Ident); ok && id.Name == "Code" && len(v.Values) == 1 {
			if l, ok := v.Values[0].(*ast.BasicLit); ok {
				return l.Value
			}
		}
	}
	return ""
}

// The layers of the house: nothing runs back up, and the domain knows neither HTTP nor
// a database nor the operating system.
func TestLayers(t *testing.T) {
	t.Parallel()
	const module = "github.com/habilis-go/habilis"
	imports := func(pkg string) map[string][]string { // of all that it depends on, and of itself
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`, pkg).Output()
		require.NoError(t, err)
		found := map[string][]string{}
		for line := range strings.Lines(string(out)) {
			words := strings.Fields(line)
			found[words[0]] = words[1:]
		}
		return found
	}
	ours := func(pkg string) bool { return pkg == module || strings.HasPrefix(pkg, module+"/") }
	forbidden := []string{
		"net/http", "database/sql", "os", "os/exec", "log", "log/slog", "net/smtp",
		"github.com/jackc/pgx", "modernc.org/sqlite", "github.com/wneessen/go-mail", "github.com/pressly/goose", "github.com/stretchr/testify",
	}
	for pkg, may := range map[string][]string{
		"authz":     {},
		"notify":    {},
		"account":   {"authz", "notify"},
		"mfa":       {"account", "authz", "notify"},
		"structure": {"account", "authz", "notify"},
		"storage":   {"account", "authz", "mfa", "notify", "structure"},
	} {
		all := imports("./" + pkg)
		require.Contains(t, all, module+"/"+pkg)
		for dep, imported := range all {
			if !ours(dep) {
				continue
			}
			name := strings.TrimPrefix(dep, module+"/")
			require.True(t, name == pkg || strings.HasPrefix(name, "internal/") || slices.Contains(may, name), "%s must not depend on %s", pkg, name)
			for _, path := range imported {
				for _, f := range forbidden {
					require.False(t, path == f || strings.HasPrefix(path, f+"/") && f != "os", "%s imports %s", name, path)
				}
			}
		}
	}
	top, err := os.ReadDir(".")
	require.NoError(t, err)
	rooms := []string{"account", "authz", "examples", "internal", "mfa", "notify", "storage", "structure"}
	for _, d := range top {
		if d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			require.Contains(t, rooms, d.Name(), "the house has no such room")
		}
	}
}
