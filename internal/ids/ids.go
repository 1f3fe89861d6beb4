// Package ids declares the identifier types that both leaves of the house,
// authz and notify, speak of, and makes their values. Hosts see the types under
// their aliases in authz.
package ids

import (
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
)

// AccountID names an account; see its alias in authz.
type AccountID string

// StructureID names a structure; see its alias in authz.
type StructureID string

// ServiceID names a service; see its alias in authz.
type ServiceID string

// Space is the code of a set of functions; see its alias in authz.
type Space string

// Maker makes identifiers: UUIDs of version 7 (RFC 9562), so that rows made
// later sort later. It is safe for concurrent use if its random source is.
type Maker struct {
	random io.Reader
}

// NewMaker returns a Maker that draws from random, crypto/rand if nil.
func NewMaker(random io.Reader) Maker {
	if random == nil {
		random = rand.Reader
	}
	return Maker{random: random}
}

// New returns a fresh identifier for an object made at the given instant. The
// instant is the caller's, so that a library with an injected clock never shows
// the machine's.
func (m Maker) New(at time.Time) (string, error) {
	var u uuid.UUID
	if _, err := io.ReadFull(m.random, u[6:]); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	ms := at.UnixMilli()
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6] = u[6]&0x0f | 0x70 // version 7
	u[8] = u[8]&0x3f | 0x80 // RFC 9562 variant
	return u.String(), nil
}

// Reader returns the Maker's random source.
func (m Maker) Reader() io.Reader { return m.random }

// Bytes returns n random bytes from the Maker's source, for tokens and salts.
func (m Maker) Bytes(n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(m.random, b); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return b, nil
}

// Valid reports whether s has the canonical form of a UUID. Anything else can
// name no object, so services answer "not found" without asking the store.
func Valid[T ~string](s T) bool {
	if len(s) != 36 {
		return false
	}
	u, err := uuid.Parse(string(s))
	return err == nil && u.String() == string(s)
}
