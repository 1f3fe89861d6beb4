package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/fault"
)

// Hashing is what a password hash costs (Argon2id, RFC 9106). The floor is 19 MiB
// in two passes; costs below it are refused unless TestOnly is set.
type Hashing struct {
	MemoryKiB uint32 // memory for one hash, in KiB. Defaults to 19456.
	Passes    uint32 // passes over the memory. Defaults to 2.
	Lanes     uint8  // parallel lanes. Defaults to 1.

	// AtOnce bounds how many hashes are computed at a time, so that a flood of
	// sign-ins costs at most that many times the memory (DS-01).
	// Defaults to runtime.GOMAXPROCS(0).
	AtOnce int

	// TestOnly allows costs below the floor. Defaults to false.
	TestOnly bool
}

// ErrWeakHashing reports costs below the floor (CR-11).
var ErrWeakHashing = fault.New("weak_hashing", "the cost of a password hash is below the floor")

const (
	floorMemoryKiB = 19 * 1024
	floorPasses    = 2
	saltSize       = 16
	hashSize       = 32

	// Bounds on the cost that a stored hash may claim, so that whoever can write to
	// the database cannot make a sign-in take all memory (CR-14).
	maxMemoryKiB = 1 << 20
	maxPasses    = 64
	maxLanes     = 16
)

// Hasher computes and checks password hashes. It is immutable and safe for
// concurrent use.
type Hasher struct {
	cost   Hashing
	random io.Reader
	slots  chan struct{}
	decoy  string
}

// NewHasher returns a Hasher of the given cost; zero fields mean their defaults.
func NewHasher(cost Hashing, random io.Reader) (*Hasher, error) {
	fill(&cost.MemoryKiB, floorMemoryKiB)
	fill(&cost.Passes, floorPasses)
	fill(&cost.Lanes, 1)
	fill(&cost.AtOnce, runtime.GOMAXPROCS(0))
	if random == nil {
		random = rand.Reader
	}
	weak := uint64(cost.MemoryKiB)*uint64(cost.Passes) < floorMemoryKiB*floorPasses
	if weak && !cost.TestOnly || cost.MemoryKiB > maxMemoryKiB || cost.Passes > maxPasses || cost.Lanes > maxLanes || cost.AtOnce < 1 {
		return nil, ErrWeakHashing
	}
	decoy := make([]byte, saltSize+hashSize) // a hash that no password has: it was never computed
	if _, err := io.ReadFull(random, decoy); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	return &Hasher{
		cost: cost, random: random, slots: make(chan struct{}, cost.AtOnce),
		decoy: format(cost, decoy[:saltSize], decoy[saltSize:]),
	}, nil
}

func fill[T comparable](field *T, otherwise T) {
	var zero T
	if *field == zero {
		*field = otherwise
	}
}

// Hash returns the PHC string of a password. The password is normalised (NFC)
// first and never cut. It waits for a slot and gives up when ctx ends.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(h.random, salt); err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	sum, err := h.sum(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return format(h.cost, salt, sum), nil
}

// format renders a PHC string.
func format(cost Hashing, salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		cost.MemoryKiB, cost.Passes, cost.Lanes, b64(salt), b64(sum))
}

// Check reports whether password is the one that stored was made from. A stored
// text that is empty or malformed is checked against a decoy at the same cost, so
// that no time tells an account without a password from one with another (EN-02).
func (h *Hasher) Check(ctx context.Context, password, stored string) (bool, error) {
	cost, salt, want, ok := parse(stored)
	if !ok {
		cost, salt, want, _ = parse(h.decoy)
	}
	got, err := h.sum(ctx, password, salt, cost)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && ok, nil
}

func (h *Hasher) sum(ctx context.Context, password string, salt []byte, cost Hashing) ([]byte, error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(norm.NFC.String(password)), salt, cost.Passes, cost.MemoryKiB, cost.Lanes, hashSize), nil
}

// parse reads a PHC string of Argon2id within our bounds.
func parse(stored string) (cost Hashing, salt, sum []byte, ok bool) {
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return cost, nil, nil, false
	}
	var m, t, p uint64
	for _, item := range strings.Split(parts[3], ",") {
		name, value, _ := strings.Cut(item, "=")
		n, err := strconv.ParseUint(value, 10, 32)
		into := map[string]*uint64{"m": &m, "t": &t, "p": &p}[name]
		if err != nil || into == nil {
			return cost, nil, nil, false
		}
		*into = n
	}
	if m < 8 || m > maxMemoryKiB || t < 1 || t > maxPasses || p < 1 || p > maxLanes {
		return cost, nil, nil, false
	}
	var errSalt, errSum error
	salt, errSalt = base64.RawStdEncoding.DecodeString(parts[4])
	sum, errSum = base64.RawStdEncoding.DecodeString(parts[5])
	ok = errSalt == nil && errSum == nil && len(salt) >= 8 && len(sum) == hashSize
	return Hashing{MemoryKiB: uint32(m), Passes: uint32(t), Lanes: uint8(p)}, salt, sum, ok
}
