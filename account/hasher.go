package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"strconv"

	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/fault"
)

// Hasher computes and checks password hashes. It is immutable and safe for
// concurrent use.
type Hasher struct {
	hashing Hashing
	random  io.Reader
	places  chan struct{} // one for whoever works or waits
	slots   chan struct{} // one for whoever works
	decoy   digest
}

// NewHasher returns a Hasher; zero fields of hashing mean their defaults, a nil
// random crypto/rand.Reader. The error is [ErrWeakHashing] if the costs are below
// the floor or out of bounds.
func NewHasher(hashing Hashing, random io.Reader) (*Hasher, error) {
	hashing, err := hashing.completed()
	if err != nil {
		return nil, err
	}
	if random == nil {
		random = rand.Reader
	}
	h := &Hasher{
		hashing: hashing, random: random,
		places: make(chan struct{}, hashing.AtOnce+max(hashing.Queue, 0)),
		slots:  make(chan struct{}, hashing.AtOnce),
	}
	if h.decoy, err = h.fresh(); err != nil {
		return nil, err
	}
	h.decoy.sum = make([]byte, hashSize)
	if _, err := io.ReadFull(random, h.decoy.sum); err != nil { // a hash that no password has: it was never computed
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return h, nil
}

// fresh returns a digest of the configured scheme and cost with a new salt, and no
// sum yet.
func (h *Hasher) fresh() (digest, error) {
	d := digest{scheme: h.hashing.Scheme, size: hashSize, salt: make([]byte, saltSize), pepper: h.hashing.Pepper.current()}
	if d.scheme == SchemeArgon2id {
		d.memory, d.passes, d.lanes = h.hashing.MemoryKiB, h.hashing.Passes, h.hashing.Lanes
	} else {
		d.passes = h.hashing.Iterations
	}
	if _, err := io.ReadFull(h.random, d.salt); err != nil {
		return digest{}, fmt.Errorf("reading random bytes: %w", err)
	}
	return d, nil
}

// Hash returns the PHC string of a password. The password is normalised (NFC) first
// and never cut. It waits for its turn and gives up when ctx ends.
//
// Errors: ErrInvalid if the password takes more than 1024 bytes in NFC, before any
// work, or holds a NUL and the scheme is PBKDF2, which overlooks it at the end; [ErrBusy] if too many wait already; the context's.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	const op = "account.Hash"
	text, ok := hashable(password)
	if !ok {
		return "", fault.Invalid(op, fault.Field{Path: "password", Code: "password_max", Param: strconv.Itoa(maxPasswordLength)})
	}
	d, err := h.fresh()
	if err != nil {
		return "", err
	}
	if d.sum, err = h.sum(ctx, text, d); err != nil {
		return "", err
	}
	if len(d.sum) == 0 {
		return "", fault.Invalid(op, fault.Field{Path: "password", Code: "password_characters"})
	}
	return d.String(), nil
}

// Check reports whether password is the one that stored was made from. A stored
// text that is empty, malformed, out of bounds or made with a pepper that is gone is
// checked against a decoy at the cost of a new hash, so that no time tells an account
// without a password from one with another (EN-02). A password that [Hasher.Hash]
// would refuse for its length is nobody's, and costs nothing whatever is stored (DS-02).
//
// Errors: [ErrBusy] if too many wait already; the context's.
func (h *Hasher) Check(ctx context.Context, password, stored string) (bool, error) {
	text, ok := hashable(password)
	if !ok {
		return false, nil
	}
	d, ok := parse(stored)
	if ok && d.pepper != "" {
		ok = h.hashing.Pepper.has(d.pepper)
	}
	if !ok {
		d = h.decoy
	}
	got, err := h.sum(ctx, text, d)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, d.sum) == 1 && ok, nil
}

// Outdated reports whether a hash has another scheme, cost or pepper than new hashes
// get. After a sign-in with such a hash its password, which is known at that moment
// only, should be hashed again.
func (h *Hasher) Outdated(stored string) bool {
	d, ok := parse(stored)
	return !ok || d.scheme != h.decoy.scheme || d.memory != h.decoy.memory || d.passes != h.decoy.passes ||
		d.lanes != h.decoy.lanes || d.size != h.decoy.size || len(d.salt) < saltSize || d.pepper != h.decoy.pepper
}

// hashable returns the form of a password that is hashed, or false if it is too long.
func hashable(password string) (string, bool) {
	if len(password) > maxTypedBytes {
		return "", false
	}
	text := norm.NFC.String(password)
	return text, len(text) <= maxPasswordBytes
}

// sum takes a place, waits for a slot and computes.
func (h *Hasher) sum(ctx context.Context, text string, d digest) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case h.places <- struct{}{}:
		defer func() { <-h.places }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return d.compute(h.hashing.Pepper.apply(d.pepper, text))
}
