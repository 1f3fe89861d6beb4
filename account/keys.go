package account

import (
	"bytes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"

	"github.com/habilis-go/habilis/internal/fault"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// ErrWeakKey reports a key that is missing, of the wrong length, or made of one
// byte repeated (CR-10).
var ErrWeakKey = fault.New("weak_key", "a key must be 32 random bytes")

// Keys is the deployment's key ring: it seals what must be read again (mails that
// wait, seeds) and makes codes for what must only be recognised. It lives outside
// the database, so that a copy of the database alone opens nothing. The first key
// seals; every key opens, so a key is rotated by putting a fresh one in front.
// Keys is immutable, safe for concurrent use, and prints as nothing but its name.
type Keys struct {
	ring []key
}

type key struct {
	id   [4]byte
	aead cipher.AEAD
	mac  []byte
}

// NewKeys returns a ring. Each key is 32 bytes from a cryptographic random source;
// keep them in the deployment's vault. The error is [ErrWeakKey].
func NewKeys(current []byte, previous ...[]byte) (*Keys, error) {
	k := &Keys{}
	for _, master := range append([][]byte{current}, previous...) {
		if len(master) != KeySize || bytes.Count(master, master[:1]) == KeySize {
			return nil, ErrWeakKey
		}
		one, err := derive(master)
		if err != nil {
			return nil, err
		}
		k.ring = append(k.ring, one)
	}
	return k, nil
}

// derive makes the key's three parts from its master, so that no two uses share
// key material (RFC 5869).
func derive(master []byte) (key, error) {
	var k key
	seal, err := hkdf.Key(sha256.New, master, nil, "habilis seal 1", chacha20poly1305.KeySize)
	if err != nil {
		return key{}, fmt.Errorf("deriving a key: %w", err)
	}
	if k.mac, err = hkdf.Key(sha256.New, master, nil, "habilis mac 1", sha256.Size); err != nil {
		return key{}, fmt.Errorf("deriving a key: %w", err)
	}
	id, err := hkdf.Key(sha256.New, master, nil, "habilis key id 1", len(k.id))
	if err != nil {
		return key{}, fmt.Errorf("deriving a key: %w", err)
	}
	copy(k.id[:], id)
	if k.aead, err = chacha20poly1305.NewX(seal); err != nil {
		return key{}, fmt.Errorf("deriving a key: %w", err)
	}
	return k, nil
}

var errOpen = errors.New("the sealed value is damaged, moved, or sealed with an unknown key")

// Seal encrypts and authenticates plain. The context names the place that the
// value belongs to; [Keys.Open] needs the same one (CR-07).
func (k *Keys) Seal(plain []byte, context string) ([]byte, error) {
	current := k.ring[0]
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	out := append(current.id[:len(current.id):len(current.id)], nonce...)
	return current.aead.Seal(out, nonce, plain, []byte(context)), nil
}

// Open returns what [Keys.Seal] was given, or an error that says nothing about it.
func (k *Keys) Open(sealed []byte, context string) ([]byte, error) {
	const head = 4 + chacha20poly1305.NonceSizeX
	if len(sealed) < head {
		return nil, errOpen
	}
	for _, one := range k.ring {
		if !bytes.Equal(sealed[:4], one.id[:]) {
			continue
		}
		if plain, err := one.aead.Open(nil, sealed[4:head], sealed[head:], []byte(context)); err == nil {
			return plain, nil
		}
	}
	return nil, errOpen
}

// MAC returns the code by which parts are recognised later: HMAC-SHA-256 under the
// current key, hexadecimal. Without the key nobody can tell which of few possible
// values it stands for (CR-03).
func (k *Keys) MAC(parts ...string) string { return hex.EncodeToString(k.ring[0].sum(parts)) }

// Recognises reports, in constant time, whether mac is the code of parts under any
// key of the ring.
func (k *Keys) Recognises(mac string, parts ...string) bool {
	raw, err := hex.DecodeString(mac)
	if err != nil {
		return false
	}
	known := false
	for _, one := range k.ring {
		if hmac.Equal(raw, one.sum(parts)) {
			known = true
		}
	}
	return known
}

func (k key) sum(parts []string) []byte {
	h := hmac.New(sha256.New, k.mac)
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

// String hides the keys (CR-17).
func (k *Keys) String() string { return "account.Keys" }

// GoString hides the keys.
func (k *Keys) GoString() string { return "account.Keys" }
