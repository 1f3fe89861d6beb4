package account

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

// Pepper is a key that goes into password hashes and lives outside the database, so
// that a copy of the database alone cannot be searched for passwords. Each hash names
// the key that went into it: hashes from before there was a pepper stay good, and
// [Hasher.Outdated] tells which are to be made anew. A key may go once no hash names
// it; a password whose key is lost is lost, too. Pepper is immutable, safe for
// concurrent use, and prints as nothing but its name.
type Pepper struct {
	first string
	keys  map[string][]byte // by id
}

// NewPepper returns a pepper. Each key is 32 bytes from a cryptographic random source,
// and used for nothing else; the first goes into new hashes, the previous ones are
// for hashes that name them. The error is [ErrWeakKey].
func NewPepper(current []byte, previous ...[]byte) (*Pepper, error) {
	p := &Pepper{keys: map[string][]byte{}}
	for _, master := range append([][]byte{current}, previous...) {
		if len(master) != KeySize || bytes.Count(master, master[:1]) == KeySize {
			return nil, ErrWeakKey
		}
		key, err := hkdf.Key(sha256.New, master, nil, "habilis pepper 1", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("deriving a key: %w", err)
		}
		raw, err := hkdf.Key(sha256.New, master, nil, "habilis pepper id 1", pepperIDSize)
		if err != nil {
			return nil, fmt.Errorf("deriving a key: %w", err)
		}
		id := b64().EncodeToString(raw)
		p.keys[id] = key
		fill(&p.first, id)
	}
	return p, nil
}

const pepperIDSize = 6

// pepperID reports whether a text has the form of a key's id.
func pepperID(text string) bool {
	raw, err := b64().DecodeString(text)
	return err == nil && len(raw) == pepperIDSize
}

// current returns the id of the key for new hashes, "" without a pepper.
func (p *Pepper) current() string {
	if p == nil {
		return ""
	}
	return p.first
}

func (p *Pepper) has(id string) bool { return p != nil && p.keys[id] != nil }

// apply returns what is hashed in place of a password: the text itself without an id.
func (p *Pepper) apply(id, text string) string {
	if id == "" {
		return text
	}
	mac := hmac.New(sha256.New, p.keys[id])
	mac.Write([]byte(text))
	return base64.RawStdEncoding.EncodeToString(mac.Sum(nil))
}

// String hides the keys (CR-17).
func (*Pepper) String() string { return "account.Pepper" }

// GoString hides the keys (CR-17).
func (*Pepper) GoString() string { return "account.Pepper" }
