package account

import (
	"runtime"

	"github.com/habilis-go/habilis/internal/fault"
)

// Scheme names how a password becomes a hash.
type Scheme string

// Schemes for new hashes. Every one of them is verified whatever new hashes use, and
// so is bcrypt, for hashes that come from elsewhere; see [Hasher.Outdated]. A FIPS 140
// module may refuse keys of less than 14 bytes, which a password typed wrong can be;
// with a [Pepper] the key is always longer.
const (
	SchemeArgon2id     Scheme = "argon2id"      // RFC 9106; the choice unless a rule forbids it
	SchemePBKDF2SHA256 Scheme = "pbkdf2-sha256" // RFC 8018 with HMAC-SHA-256; for FIPS 140
	SchemePBKDF2SHA512 Scheme = "pbkdf2-sha512" // RFC 8018 with HMAC-SHA-512; for FIPS 140
)

// Hashing is how passwords are hashed and what a hash costs. Costs below the floor
// are refused unless TestOnly is set, and so are costs above the bounds for stored
// hashes.
type Hashing struct {
	Scheme Scheme // of new hashes. Defaults to SchemeArgon2id.

	// Of Argon2id. The floor is 19 MiB in two passes, or as much work with 7 MiB or more.
	MemoryKiB uint32 // memory for one hash, in KiB, 1048576 at most. Defaults to 19456.
	Passes    uint32 // passes over the memory, 64 at most. Defaults to 2.
	Lanes     uint8  // parallel lanes, 16 at most. Defaults to 1.

	// Iterations is the cost of PBKDF2, ten million at most.
	// Defaults to the floor: 600000 with SHA-256, 210000 with SHA-512.
	Iterations uint32

	// AtOnce bounds how many hashes are computed at a time, so that a flood of
	// sign-ins costs at most that many times the memory (DS-01).
	// Defaults to runtime.GOMAXPROCS(0).
	AtOnce int

	// Queue bounds how many callers wait for their turn; whoever comes when it is full
	// gets ErrBusy. Defaults to 1000; -1 means that nobody waits.
	Queue int

	// Pepper is a key that goes into every new hash and is not in the database.
	// Defaults to none.
	Pepper *Pepper

	// TestOnly allows costs below the floor. Defaults to false.
	TestOnly bool
}

// Errors of hashing.
var (
	// ErrWeakHashing: the costs are below the floor or out of bounds (CR-11).
	ErrWeakHashing = fault.New("weak_hashing", "the cost of a password hash is below the floor")

	// ErrBusy: too many callers wait for a password hash; later there is room again.
	ErrBusy = fault.New("busy", "too many are signing in at this moment; try again later")
)

const (
	floorMemoryKiB  = 19 * 1024
	floorPasses     = 2
	leastMemoryKiB  = 7 * 1024 // the least that OWASP lists, in five passes and more
	floorIterations = 600_000  // of SHA-256
	floorSHA512     = 210_000
	defaultQueue    = 1000
	saltSize        = 16
	hashSize        = 32

	// Bounds on the cost that a stored hash may claim, so that whoever can write to
	// the database cannot make a sign-in take all memory (CR-14).
	maxMemoryKiB  = 1 << 20
	maxPasses     = 64
	maxLanes      = 16
	maxIterations = 10_000_000
	maxBcryptCost = 15
)

// completed returns h with defaults in place of zero fields, or [ErrWeakHashing].
func (h Hashing) completed() (Hashing, error) {
	fill(&h.Scheme, SchemeArgon2id)
	fill(&h.MemoryKiB, floorMemoryKiB)
	fill(&h.Passes, floorPasses)
	fill(&h.Lanes, 1)
	fill(&h.AtOnce, runtime.GOMAXPROCS(0))
	fill(&h.Queue, defaultQueue)
	floor := uint32(floorIterations)
	if h.Scheme == SchemePBKDF2SHA512 {
		floor = floorSHA512
	}
	fill(&h.Iterations, floor)
	switch h.Scheme {
	case SchemeArgon2id, SchemePBKDF2SHA256, SchemePBKDF2SHA512:
	default:
		return h, ErrWeakHashing.With("the scheme for password hashes is unknown")
	}
	weak := h.Iterations < floor || h.MemoryKiB < leastMemoryKiB ||
		uint64(h.MemoryKiB)*uint64(h.Passes) < floorMemoryKiB*floorPasses
	switch {
	case weak && !h.TestOnly:
		return h, ErrWeakHashing
	case h.MemoryKiB < 8*uint32(h.Lanes) || h.MemoryKiB > maxMemoryKiB || h.Passes > maxPasses || h.Lanes > maxLanes || h.Iterations > maxIterations:
		return h, ErrWeakHashing.With("the cost of a password hash is out of bounds")
	case h.AtOnce < 1 || h.Queue < -1:
		return h, ErrWeakHashing.With("no password hash could be computed")
	default:
		return h, nil
	}
}

func fill[T comparable](field *T, otherwise T) {
	var zero T
	if *field == zero {
		*field = otherwise
	}
}
