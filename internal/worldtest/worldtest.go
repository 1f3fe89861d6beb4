// Package worldtest sets the stage for tests of the domain packages: real services
// over a real store, with a clock that the test moves, cheap password hashes, and
// the mails that the outbox owes.
package worldtest

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// Password meets the classic policy and belongs to nobody.
const Password = "Correct-Horse-7-Battery"

// SIRET numbers that pass the check.
const (
	SIRETWelfare = "26570134200148"
	SIRETCity    = "21750001600019"
	SIRETCompany = "55203253400646"
)

// World is one deployment.
type World struct {
	Store      storage.Store
	Clock      *Clock
	Keys       *account.Keys
	Contents   *Contents
	Accounts   *account.Service
	SignIns    *mfa.Service
	Structures *structure.Service
	Authz      *structure.Authorizer

	hasher *account.Hasher

	Notices *notify.Publisher
}

// Clock is a clock that stands still until a test moves it.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// Now returns where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Move moves the clock, backwards too.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// Start is where every clock begins: a Sunday noon in Paris.
var Start = time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)

// New builds a deployment over a store.
func New(tb testing.TB, store storage.Store) *World {
	tb.Helper()
	w := &World{Store: store, Clock: &Clock{at: Start}, Contents: NewContents()}
	key := make([]byte, account.KeySize)
	for i := range key {
		key[i] = byte(i)
	}
	var err error
	w.Keys, err = account.NewKeys(key)
	require.NoError(tb, err)
	hasher, err := account.NewHasher(account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, nil)
	require.NoError(tb, err)
	w.Configure(tb, &account.Options{Hasher: hasher}, &structure.Options{})
	return w
}

// Configure wires the services of accounts and structures anew, with the clock of the
// world and cheap hashes.
func (w *World) Configure(tb testing.TB, a *account.Options, s *structure.Options) {
	tb.Helper()
	var err error
	if a.Hasher == nil {
		a.Hasher, err = account.NewHasher(account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, nil)
		require.NoError(tb, err)
	}
	a.Now, s.Now, a.Contents = w.Clock.Now, w.Clock.Now, w.Contents
	a.Erasing = func(ctx context.Context, tx account.Tx, by account.Actor, gone account.Account, now time.Time) error {
		if err := w.SignIns.Forget(ctx, tx.(mfa.Tx), gone.ID); err != nil {
			return err
		}
		return w.Structures.Forget(ctx, tx.(structure.Tx), by, gone, now)
	}
	w.Accounts, err = account.New(storage.Accounts(w.Store), w.Keys, a)
	require.NoError(tb, err)
	w.hasher = a.Hasher
	w.Policy(tb, mfa.Guide2024())
	s.Accounts = w.Accounts
	w.Structures, err = structure.New(storage.Structures(w.Store), w.Keys, s)
	require.NoError(tb, err)
	w.Authz = w.Structures.Authorizer()
	news := account.Guide2024().Notices
	if a.Policy != nil {
		news = a.Policy.Notices
	}
	w.Notices, err = notify.NewPublisher(storage.Notices(w.Store), w.Keys, w.Structures.Readership(), &notify.PublisherOptions{
		Now: w.Clock.Now, Policy: &news,
	})
	require.NoError(tb, err)
}

// Policy wires sign-ins anew, under another policy.
func (w *World) Policy(tb testing.TB, p mfa.Policy) {
	tb.Helper()
	w.SignIns = w.SignInsOver(tb, w.Store, p)
}

// SignInsOver returns sign-ins over another store, in the world otherwise.
func (w *World) SignInsOver(tb testing.TB, store storage.Store, p mfa.Policy) *mfa.Service {
	tb.Helper()
	s, err := mfa.New(storage.SignIns(store), w.Keys, &mfa.Options{
		Now: w.Clock.Now, Hasher: w.hasher, Accounts: w.Accounts, Policy: &p,
	})
	require.NoError(tb, err)
	return s
}

// Mail is a mail that the outbox owes, opened.
type Mail struct {
	notify.Message
	Values notify.Values
}

// Mails returns every mail in the outbox, oldest first.
func (w *World) Mails(tb testing.TB) []Mail {
	tb.Helper()
	var out []Mail
	for _, m := range w.messages(tb, notify.MessageQuery{}) {
		out = append(out, w.open(tb, m))
	}
	return out
}

// messages reads what the outbox holds, and opens nothing.
func (w *World) messages(tb testing.TB, q notify.MessageQuery) (out []notify.Message) {
	tb.Helper()
	q.Limit = 1000
	require.NoError(tb, w.Store.View(tb.Context(), func(tx storage.Tx) (err error) {
		out, err = tx.Messages(tb.Context(), q)
		return err
	}))
	return out
}

// open opens a mail. One that was erased has no values.
func (w *World) open(tb testing.TB, m notify.Message) Mail {
	tb.Helper()
	mail := Mail{Message: m}
	if m.Sealed == nil {
		return mail
	}
	plain, err := w.Keys.Open(m.Sealed, "outbox/"+string(m.ID))
	require.NoError(tb, err)
	require.NoError(tb, json.Unmarshal(plain, &mail.Values))
	return mail
}

// Last returns the newest mail of a kind to an address.
func (w *World) Last(tb testing.TB, to string, t notify.Template) Mail {
	tb.Helper()
	for _, m := range w.messages(tb, notify.MessageQuery{Template: t, Newest: true}) {
		if m.To == to {
			return w.open(tb, m)
		}
	}
	require.Failf(tb, "no such mail", "%s to %s", t, to)
	return Mail{}
}

// Token returns the secret of the newest activation link to an address.
func (w *World) Token(tb testing.TB, to string) string {
	tb.Helper()
	return w.TokenIn(tb, to, notify.MailActivation)
}

// TokenIn returns the secret of the link in the newest mail of a kind to an address.
func (w *World) TokenIn(tb testing.TB, to string, t notify.Template) string {
	tb.Helper()
	_, token, ok := strings.Cut(w.Last(tb, to, t).Values["Link"], "token=")
	require.True(tb, ok)
	return token
}

// Count returns how many mails of a kind the outbox holds for an address.
func (w *World) Count(tb testing.TB, to string, t notify.Template) (n int) {
	tb.Helper()
	for _, m := range w.messages(tb, notify.MessageQuery{Template: t}) {
		if m.To == to {
			n++
		}
	}
	return n
}

// Leave deactivates the account of somebody who manages nothing, and returns until
// when it can come back.
func (w *World) Leave(tb testing.TB, by account.Actor) time.Time {
	tb.Helper()
	c, err := w.Structures.PrepareDeactivation(tb.Context(), by)
	require.NoError(tb, err)
	c, err = w.Structures.Deactivate(tb.Context(), by, structure.Deactivation{Confirmed: true, Token: c.Token})
	require.NoError(tb, err)
	return c.Until
}

// Account returns an account as it is stored.
func (w *World) Account(tb testing.TB, id account.ID) (a account.Account) {
	tb.Helper()
	require.NoError(tb, w.Store.View(tb.Context(), func(tx storage.Tx) (err error) {
		a, err = tx.Account(tb.Context(), id)
		return err
	}))
	return a
}

// Registration is an acceptable registration for an address.
func Registration(login string) account.Registration {
	return account.Registration{Login: login, GivenName: "Julie", FamilyName: "Bon", Language: "fr", AcceptConditions: true}
}

// Join registers and activates an account.
func (w *World) Join(tb testing.TB, login string) account.Actor {
	tb.Helper()
	ctx := tb.Context()
	_, err := w.Accounts.Register(ctx, account.Anonymous(), Registration(login))
	require.NoError(tb, err)
	a, err := w.Accounts.Activate(ctx, w.Token(tb, login), Password)
	require.NoError(tb, err)
	return account.Person(a.ID)
}

// SignIn signs an account in with password and mail code, whatever else it has. The clock moves by a
// millisecond, so that the newest code can be told.
func (w *World) SignIn(tb testing.TB, login string) account.Session {
	tb.Helper()
	ctx := tb.Context()
	w.Clock.Move(time.Millisecond)
	c, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: Password})
	require.NoError(tb, err)
	if c.Factor != account.FactorMailCode {
		_, err = w.SignIns.Switch(ctx, c.Handle, account.FactorMailCode)
		require.NoError(tb, err)
	}
	require.NoError(tb, w.SignIns.ProveMailCode(ctx, c.Handle, w.Last(tb, login, notify.MailSignInCode).Values["Code"]))
	s, err := w.SignIns.Finish(ctx, c.Handle)
	require.NoError(tb, err)
	return s
}

// Company is a private structure with three services, created by its manager.
type Company struct {
	structure.Structure
	Manager          account.Actor
	Urba, Voie, Acha structure.Unit
}

// Company creates one.
func (w *World) Company(tb testing.TB, siret, manager string) Company {
	tb.Helper()
	ctx := tb.Context()
	c := Company{Manager: w.Join(tb, manager)}
	var err error
	c.Structure, err = w.Structures.Create(ctx, c.Manager, structure.Creation{
		Identifier: structure.SIRET(siret), LegalName: "Atelier Dufour " + siret[:4], Type: structure.Private, Town: "Terneuil",
	})
	require.NoError(tb, err)
	for _, u := range []struct {
		into       *structure.Unit
		code, name string
	}{{&c.Urba, "URBA", "Urbanisme"}, {&c.Voie, "VOIE", "Voirie"}, {&c.Acha, "ACHA", "Achats"}} {
		*u.into, err = w.Structures.AddService(ctx, c.Manager, c.ID, structure.ServiceSpec{Code: u.code, Name: u.name})
		require.NoError(tb, err)
	}
	return c
}

// Kinds returns the kinds of all events, chain by chain, in order.
func (w *World) Kinds(tb testing.TB) []notify.Kind {
	tb.Helper()
	var out []notify.Kind
	require.NoError(tb, w.Store.View(tb.Context(), func(tx storage.Tx) error {
		events, err := tx.Events(tb.Context(), notify.EventQuery{Limit: 1000})
		for _, e := range events {
			out = append(out, e.Kind)
		}
		return err
	}))
	return out
}

// Unchanged runs fn and checks that it wrote nothing: no event, no mail.
func (w *World) Unchanged(tb testing.TB, fn func()) {
	tb.Helper()
	all := notify.MessageQuery{}
	events, mails := w.Kinds(tb), w.messages(tb, all)
	fn()
	require.Equal(tb, events, w.Kinds(tb), "a refused operation recorded something")
	require.Len(tb, w.messages(tb, all), len(mails), "a refused operation mailed something")
}

// Proven checks that the history proves itself and the tables.
func (w *World) Proven(tb testing.TB) {
	tb.Helper()
	r, err := structure.Verify(context.WithoutCancel(tb.Context()), storage.Structures(w.Store))
	require.NoError(tb, err)
	require.True(tb, r.OK(), "%v", r.Violations)
}

// Journal returns a journal over the world's keys, for tests that write what the
// services would.
func (w *World) Journal() *notify.Journal { return notify.NewJournal(w.Keys, ids.NewMaker(nil)) }
