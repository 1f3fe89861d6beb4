// Package ceremony runs the two ceremonies of WebAuthn Level 3: the registration of a
// security key, and the assertion that it is at hand. Each begins with options for the
// browser and ends with what the browser answered. This package keeps nothing, knows no
// account, and reads neither the clock nor the network: who may begin, that a challenge
// is random, how long it lives and that it works once is for its caller, who gives the
// same values at both ends.
package ceremony

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Party is who asks for the key, in the words of WebAuthn the relying party.
type Party struct {
	ID      string   // domain that keys are bound to, "acces.example"; a key never works for another one
	Name    string   // what the browser shows
	Origins []string // whole origins of the pages that may ask, "https://www.acces.example", compared exactly
}

// Verification says whether the key must know its owner, by a PIN or a finger.
type Verification string

// Verifications.
const (
	VerificationRequired    Verification = "required"
	VerificationPreferred   Verification = "preferred"
	VerificationDiscouraged Verification = "discouraged"
)

// Valid reports whether v is one of the three.
func (v Verification) Valid() bool {
	return slices.Contains([]Verification{VerificationRequired, VerificationPreferred, VerificationDiscouraged}, v)
}

// Check returns what is wrong with the party, for whoever configures it. An origin is
// that of HTTPS pages of the domain or of one below it; "http://localhost", with any
// port, is for trying things out.
func (p Party) Check() error {
	switch {
	case p.ID == "" || p.ID != strings.ToLower(p.ID) || strings.ContainsAny(p.ID, ":/@? ") || net.ParseIP(p.ID) != nil:
		return errors.New("the identifier of the relying party is a domain in lower case")
	case p.Name == "":
		return errors.New("the relying party has a name")
	case len(p.Origins) == 0:
		return errors.New("at least one origin may ask for keys")
	}
	for _, o := range p.Origins {
		if !p.covers(o) {
			return errors.New("an origin is that of HTTPS pages of the relying party's domain")
		}
	}
	return nil
}

func (p Party) covers(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin {
		return false
	}
	host := u.Hostname()
	if host != p.ID && !strings.HasSuffix(host, "."+p.ID) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && p.ID == "localhost" && host == "localhost"
}

// User is whose key it is.
type User struct {
	Handle      []byte // 1 to 64 bytes that name nobody; the key gives them back
	Name        string // tells accounts on one key apart: the login address
	DisplayName string // what the browser shows
}

// Registration is a key on its way to a user.
type Registration struct {
	User         User
	Records      [][]byte // of the keys that the user has: a browser does not register them again
	Verification Verification
	Discoverable bool   // the key is asked to keep the account, so that it can sign in without an address
	Challenge    []byte // random, at least MinChallenge bytes
}

// Ask is the question whether a key is at hand.
type Ask struct {
	Handle       []byte   // of the user
	Records      [][]byte // of the user's keys, one of which must answer
	Anybody      bool     // the browser offers every key that keeps an account here; the answer is checked against Records
	Verification Verification
	Challenge    []byte // random, at least MinChallenge bytes
}

// Key is a security key that was registered.
type Key struct {
	ID     []byte // names the key, 1 to 1023 bytes; no two keys share one
	Record []byte // JSON of the whole credential record
}

// Assertion is the proof that a key is at hand.
type Assertion struct {
	ID       []byte // of the key
	Record   []byte // JSON of the credential record after it
	Verified bool   // the key knew its owner
	Cloned   bool   // the signature counter did not rise: a copy of the key may exist
}

// MaxResponse is the longest answer of a browser that is looked at, in bytes.
const MaxResponse = 64 << 10

// MinChallenge is the shortest challenge, in bytes.
const MinChallenge = 16

// ErrRefused reports that the answer does not prove what was asked for. What it wraps says why, for
// whoever runs the service; it holds no secret.
var ErrRefused = errors.New("the security key's answer is refused")
