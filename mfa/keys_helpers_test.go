package mfa_test

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/storage"
)

// site is where the keys of these tests work.
var site = virtualwebauthn.RelyingParty{ID: "acces.example", Name: "Accès", Origin: "https://www.acces.example"}

// keyPolicy is the default policy with keys for the site.
func keyPolicy() mfa.Policy {
	p := mfa.Guide2024()
	p.Keys.Domain, p.Keys.Name, p.Keys.Origins = site.ID, site.Name, []string{site.Origin}
	return p
}

// keyed gives the world's sign-ins a policy with keys, and random bytes that a test may
// foresee.
func keyed(t testing.TB, w *worldtest.World, change func(*mfa.Policy)) *dice {
	t.Helper()
	p, d := keyPolicy(), &dice{}
	if change != nil {
		change(&p)
	}
	hasher, err := account.NewHasher(account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, nil)
	require.NoError(t, err)
	w.SignIns, err = mfa.New(storage.SignIns(w.Store), w.Keys, &mfa.Options{
		Now: w.Clock.Now, Hasher: hasher, Accounts: w.Accounts, Policy: &p, Random: d,
	})
	require.NoError(t, err)
	return d
}

// dice are random bytes, unless the next challenge is said beforehand.
type dice struct {
	mu   sync.Mutex
	next []byte
}

func (d *dice) Read(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(b) == len(d.next) {
		n := copy(b, d.next)
		d.next = nil
		return n, nil
	}
	return io.ReadFull(rand.Reader, b)
}

func (d *dice) say(challenge []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.next = challenge
}

// stick is a security key made of software.
type stick struct {
	virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
	site virtualwebauthn.RelyingParty
}

func newStick() *stick {
	s := &stick{Authenticator: virtualwebauthn.NewAuthenticator(), site: site}
	for s.key.Key == nil || len(s.key.Key.AttestationData()) != wholePoint {
		s.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	return s
}

// wholePoint is the length of a public key both of whose coordinates take 32 bytes:
// virtualwebauthn leaves leading zeros out, which no authenticator may.
const wholePoint = 77

// create answers a registration.
func (s *stick) create(t testing.TB, options []byte) []byte {
	t.Helper()
	parsed, err := virtualwebauthn.ParseAttestationOptions(string(options))
	require.NoError(t, err)
	return []byte(virtualwebauthn.CreateAttestationResponse(s.site, s.Authenticator, s.key, *parsed))
}

// get answers at a sign-in; each answer counts.
func (s *stick) get(t testing.TB, options []byte) []byte {
	t.Helper()
	parsed, err := virtualwebauthn.ParseAssertionOptions(string(options))
	require.NoError(t, err)
	s.key.Counter++
	return []byte(virtualwebauthn.CreateAssertionResponse(s.site, s.Authenticator, s.key, *parsed))
}

// proven is the person with a proof that is fresh.
func proven(w *worldtest.World, by account.Actor) account.Actor {
	by.ProvenAt = w.Clock.Now()
	return by
}

// add registers a fresh key for an account.
func add(t testing.TB, w *worldtest.World, by account.Actor) (*stick, mfa.Enrolled) {
	t.Helper()
	begun, err := w.SignIns.BeginKey(t.Context(), proven(w, by))
	require.NoError(t, err)
	s := newStick()
	s.Options.UserHandle = []byte(by.ID)
	f, err := w.SignIns.FinishKey(t.Context(), proven(w, by), mfa.KeyAnswer{Enrolment: begun.ID, Response: s.create(t, begun.Options)})
	require.NoError(t, err)
	return s, f
}

// ask begins a sign-in and asks for a key.
func ask(t testing.TB, w *worldtest.World) (handle string, options []byte) {
	t.Helper()
	w.Clock.Move(time.Millisecond)
	c, err := w.SignIns.Begin(t.Context(), mfa.Credentials{Login: login, Password: worldtest.Password})
	require.NoError(t, err)
	require.Equal(t, account.FactorSecurityKey, c.Factor)
	options, err = w.SignIns.BeginKeySignIn(t.Context(), c.Handle)
	require.NoError(t, err)
	return c.Handle, options
}

// count is how many events of a kind the history has.
func count(t testing.TB, w *worldtest.World, kind string) int {
	t.Helper()
	n := 0
	for _, k := range w.Kinds(t) {
		if string(k) == kind {
			n++
		}
	}
	return n
}

// allowed lists the keys that options for a sign-in ask for.
func allowed(t testing.TB, options []byte) []string {
	t.Helper()
	var out struct {
		AllowCredentials []struct{ ID string }
		UserVerification string
	}
	require.NoError(t, json.Unmarshal(options, &out))
	var ids []string
	for _, c := range out.AllowCredentials {
		ids = append(ids, c.ID)
	}
	return slices.Sorted(slices.Values(ids))
}

// fieldsOf lists the bad fields of an error.
func fieldsOf(err error) []string {
	var out []string
	for _, f := range fault.FieldsOf(err) {
		out = append(out, f.Path+" "+f.Code+" "+f.Param)
	}
	return out
}
