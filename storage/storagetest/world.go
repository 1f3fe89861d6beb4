package storagetest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// world is a deployment of the library over the store under test. Its clock moves
// by a millisecond whenever it is read, so that mails can be told apart by age.
type world struct {
	*bench
	keys       *account.Keys
	accounts   *account.Service
	signIns    *mfa.Service
	structures *structure.Service

	mu  sync.Mutex
	now time.Time
}

func newWorld(b *bench) *world {
	b.Helper()
	w := &world{bench: b, now: base()}
	key := make([]byte, account.KeySize)
	for i := range key {
		key[i] = byte(i)
	}
	var err error
	w.keys, err = account.NewKeys(key)
	b.ok("making keys", err)
	hasher, err := account.NewHasher(account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, nil)
	b.ok("making a hasher", err)
	w.accounts, err = account.New(storage.Accounts(b.store), w.keys, &account.Options{Now: w.clock, Hasher: hasher})
	b.ok("making the accounts' service", err)
	w.signIns, err = mfa.New(storage.SignIns(b.store), w.keys, &mfa.Options{Now: w.clock, Hasher: hasher})
	b.ok("making the sign-ins' service", err)
	w.structures, err = structure.New(storage.Structures(b.store), w.keys, &structure.Options{Now: w.clock, Zone: time.UTC})
	b.ok("making the structures' service", err)
	return w
}

// ok ends the case if a step failed that must not.
func (b *bench) ok(step string, err error) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", step, err)
	}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(time.Millisecond)
	return w.now
}

const password = "Correct-Horse-7-Battery"

func registration(login string) account.Registration {
	return account.Registration{Login: login, GivenName: "Zoé", FamilyName: "D'Été", Language: "fr", AcceptConditions: true}
}

func creation() structure.Creation {
	return structure.Creation{Identifier: structure.SIRET("55203253400646"), LegalName: "Atelier Dufour", Type: structure.Private}
}

// mail is a message of the outbox, opened.
type mail struct {
	notify.Message
	values notify.Values
}

func (w *world) mails() []mail {
	w.Helper()
	var out []mail
	for _, m := range messagesOf(w.bench, notify.MessageQuery{Limit: 1000}) {
		plain, err := w.keys.Open(m.Sealed, "outbox/"+string(m.ID))
		w.ok("opening a message: what was sealed comes back byte by byte", err)
		opened := mail{Message: m}
		w.ok("reading a message", json.Unmarshal(plain, &opened.values))
		out = append(out, opened)
	}
	return out
}

// last returns the newest mail of a kind to an address.
func (w *world) last(to string, t notify.Template) mail {
	w.Helper()
	var newest mail
	for _, m := range w.mails() {
		if m.To == to && m.Template == t {
			newest = m
		}
	}
	if newest.ID == "" {
		w.Fatalf("the outbox has no mail %s to %s", t, to)
	}
	return newest
}

func (w *world) token(login string) string {
	w.Helper()
	_, token, _ := strings.Cut(w.last(login, notify.MailActivation).values["Link"], "token=")
	return token
}

// register opens an account that waits for its activation.
func (w *world) register(login string) error {
	_, err := w.accounts.Register(w.ctx, account.Anonymous(), registration(login))
	return err
}

// person registers and activates an account.
func (w *world) person(login string) account.Actor {
	w.Helper()
	w.ok("registering", w.register(login))
	a, err := w.accounts.Activate(w.ctx, w.token(login), password)
	w.ok("activating", err)
	return account.Person(a.ID)
}

func (w *world) people(n int) []account.Actor {
	w.Helper()
	var out []account.Actor
	for i := range n {
		out = append(out, w.person(fmt.Sprintf("person%d@example.org", i)))
	}
	return out
}

// proved begins a sign-in and proves its code.
func (w *world) proved(login string) string {
	w.Helper()
	c, err := w.signIns.Begin(w.ctx, mfa.Credentials{Login: login, Password: password})
	w.ok("beginning to sign in", err)
	w.ok("proving the code", w.signIns.ProveMailCode(w.ctx, c.Handle, w.last(login, notify.MailSignInCode).values["Code"]))
	return c.Handle
}

func (w *world) signIn(login string) account.Session {
	w.Helper()
	s, err := w.signIns.Finish(w.ctx, w.proved(login))
	w.ok("finishing to sign in", err)
	return s
}

// company is a structure with one service, whose principal manager is by.
func (w *world) company(by account.Actor) (structure.Structure, structure.Unit) {
	w.Helper()
	s, err := w.structures.Create(w.ctx, by, creation())
	w.ok("creating a structure", err)
	u, err := w.structures.AddService(w.ctx, by, s.ID, structure.ServiceSpec{Code: "URBA", Name: "Urbanisme"})
	w.ok("adding a service", err)
	return s, u
}

// proven checks that the tables are what the history adds up to.
func (w *world) proven() {
	w.Helper()
	r, err := structure.Verify(w.ctx, storage.Structures(w.store))
	w.ok("verifying", err)
	if !r.OK() || r.Events == 0 {
		w.Errorf("what is stored is what the history adds up to: %d events read, violations:\n\t%s", r.Events, strings.Join(r.Violations, "\n\t"))
	}
}

// postbox is a mailer that counts what it is given.
type postbox struct {
	mu   sync.Mutex
	sent map[notify.MessageID]int
}

func (p *postbox) Send(_ context.Context, m notify.Email) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent[m.ID]++
	return nil
}

// dispatchers drains one outbox from several sides at once.
func dispatchers(b *bench) {
	w := newWorld(b)
	for i := range 12 {
		w.ok("registering", w.register(fmt.Sprintf("person%d@example.org", i)))
	}
	p := &postbox{sent: map[notify.MessageID]int{}}
	b.successes("draining one outbox at once", race(4, func(int) error {
		d, err := notify.NewDispatcher(storage.Notices(b.store), p, w.keys, &notify.DispatcherOptions{Now: w.clock, Batch: 3})
		if err != nil {
			return err
		}
		_, err = d.Drain(b.ctx)
		return err
	}))
	for id, n := range p.sent {
		if n != 1 {
			b.Errorf("a message is leased to one dispatcher at a time: %s was sent %d times", id, n)
		}
	}
	if len(p.sent) != 12 {
		b.Errorf("what is owed is sent: got %d mails, want 12", len(p.sent))
	}
	for _, m := range messagesOf(b, notify.MessageQuery{}) {
		if m.Status != notify.MessageSent || len(m.Sealed) > 0 || !m.LeasedUntil.IsZero() {
			b.Errorf("a message that was sent is marked, wiped and free: got status %s, %d sealed bytes, leased until %v",
				m.Status, len(m.Sealed), m.LeasedUntil)
		}
	}
}
