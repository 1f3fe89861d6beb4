package account

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// schemeBcrypt is only ever verified.
const schemeBcrypt Scheme = "bcrypt"

// digest is a password hash taken apart.
type digest struct {
	scheme Scheme
	memory uint32 // KiB, of Argon2id
	passes uint32 // of Argon2id; the iterations of PBKDF2
	lanes  uint8  // of Argon2id
	pepper string // id of the pepper that went into it, "" for none
	salt   []byte
	size   int    // length of the sum in bytes
	sum    []byte // the whole text, of bcrypt
}

// b64 is the alphabet of PHC strings; strict, so that one hash has one text.
func b64() *base64.Encoding { return base64.RawStdEncoding.Strict() }

// String renders a PHC string.
func (d digest) String() string {
	if d.scheme == schemeBcrypt {
		return string(d.sum)
	}
	cost := "i=" + strconv.FormatUint(uint64(d.passes), 10)
	if d.scheme == SchemeArgon2id {
		cost = fmt.Sprintf("v=%d$m=%d,t=%d,p=%d", argon2.Version, d.memory, d.passes, d.lanes)
	}
	if d.pepper != "" {
		cost += ",keyid=" + d.pepper
	}
	return "$" + string(d.scheme) + "$" + cost + "$" + b64().EncodeToString(d.salt) + "$" + b64().EncodeToString(d.sum)
}

// parse reads a stored hash: a PHC string of Argon2id or PBKDF2, or one of bcrypt.
// It refuses what claims a cost beyond our bounds, before any work.
func parse(stored string) (digest, bool) {
	if len(stored) > 512 {
		return digest{}, false
	}
	if strings.HasPrefix(stored, "$2") {
		return parseBcrypt(stored)
	}
	parts := strings.Split(stored, "$")
	if len(parts) < 5 || parts[0] != "" {
		return digest{}, false
	}
	d := digest{scheme: Scheme(parts[1])}
	parts = parts[2:]
	ok := false
	switch d.scheme {
	case SchemeArgon2id:
		if len(parts) == 4 && parts[0] == "v="+strconv.Itoa(argon2.Version) {
			ok, parts = d.argon2(parts[1]), parts[1:]
		}
	case SchemePBKDF2SHA256, SchemePBKDF2SHA512:
		ok = len(parts) == 3 && d.pbkdf2(parts[0])
	default:
	}
	if !ok {
		return digest{}, false
	}
	var errSalt, errSum error
	d.salt, errSalt = b64().DecodeString(parts[1])
	d.sum, errSum = b64().DecodeString(parts[2])
	d.size = len(d.sum)
	if errSalt != nil || errSum != nil || len(d.salt) < 8 || len(d.salt) > 64 || d.size < hashSize || d.size > 64 {
		return digest{}, false
	}
	return d, true
}

// parameters reads "a=1,b=2" into the given places, in this order, and a key id
// behind it. Numbers have one form: no sign, no leading zero.
func (d *digest) parameters(text string, names ...string) ([]uint64, bool) {
	text, id, peppered := strings.Cut(text, ",keyid=")
	if peppered && !pepperID(id) {
		return nil, false
	}
	d.pepper = id
	items := strings.Split(text, ",")
	if len(items) != len(names) {
		return nil, false
	}
	var out []uint64
	for i, name := range names {
		value, ok := strings.CutPrefix(items[i], name+"=")
		n, err := strconv.ParseUint(value, 10, 32)
		if !ok || err != nil || strconv.FormatUint(n, 10) != value {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

func (d *digest) argon2(text string) bool {
	n, ok := d.parameters(text, "m", "t", "p")
	if !ok || n[2] < 1 || n[2] > maxLanes || n[0] < 8*n[2] || n[0] > maxMemoryKiB || n[1] < 1 || n[1] > maxPasses {
		return false
	}
	d.memory, d.passes, d.lanes = uint32(n[0]), uint32(n[1]), uint8(n[2])
	return true
}

func (d *digest) pbkdf2(text string) bool {
	n, ok := d.parameters(text, "i")
	if !ok || n[0] < 1 || n[0] > maxIterations {
		return false
	}
	d.passes = uint32(n[0])
	return true
}

// parseBcrypt reads "$2b$10$" and 53 characters. The variants 2a, 2b and 2y are one
// for passwords within the limit; 2x is the faulty one of old PHP.
func parseBcrypt(stored string) (digest, bool) {
	const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	if len(stored) != 60 || !strings.Contains("aby", stored[2:3]) || stored[3] != '$' || stored[6] != '$' ||
		strings.Trim(stored[7:], alphabet) != "" {
		return digest{}, false
	}
	cost, err := strconv.ParseUint(stored[4:6], 10, 8)
	if err != nil || cost < uint64(bcrypt.MinCost) || cost > maxBcryptCost {
		return digest{}, false
	}
	return digest{scheme: schemeBcrypt, passes: uint32(cost), sum: []byte(stored)}, true
}

// maxBcrypt is how many bytes bcrypt reads of a password.
const maxBcrypt = 72

// compute returns the sum of a text under d's scheme, cost and salt. It is empty if
// the scheme could not tell the text from another one: PBKDF2 takes "a" and "a" with a
// NUL behind for the same key, bcrypt also whatever follows a NUL by repetition, or
// the 72nd byte. The work is done all the same.
func (d digest) compute(text string) (sum []byte, err error) {
	exact := !strings.Contains(text, "\x00")
	switch d.scheme {
	case SchemeArgon2id:
		return argon2.IDKey([]byte(text), d.salt, d.passes, d.memory, d.lanes, uint32(d.size)), nil
	case SchemePBKDF2SHA256:
		sum, err = pbkdf2.Key(sha256.New, text, d.salt, int(d.passes), d.size)
	case SchemePBKDF2SHA512:
		sum, err = pbkdf2.Key(sha512.New, text, d.salt, int(d.passes), d.size)
	default:
		sum, exact = d.sum, exact && len(text) <= maxBcrypt
		err = bcrypt.CompareHashAndPassword(d.sum, []byte(text))
		if errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			return nil, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("computing a password hash: %w", err)
	}
	if !exact {
		return nil, nil
	}
	return sum, nil
}
