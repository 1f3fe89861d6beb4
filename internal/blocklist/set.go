package blocklist

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
)

// Set holds texts as the first 32 bits of their SHA-256 digests. A text that is in
// it is always found; one that is not is found by mistake about once in
// 2^32 / [Set.Len] look-ups. The form is: 256 numbers of four bytes (how many digests lie
// before the ones with this first byte), 65536 of one byte (how many digests have
// these first two), then bytes three and four of each digest in order.
type Set string

const (
	countsAt  = 256 * 4
	digestsAt = countsAt + 1<<16
)

// Kinds of text: a whole password, and a word that many passwords are made of.
const (
	Whole = 'w'
	Base  = 'b'
)

// digest returns the 32 bits that stand for a folded text of a kind.
func digest(kind byte, folded string) uint32 {
	var space [128]byte
	sum := sha256.Sum256(append(append(space[:0], kind), folded...))
	return binary.BigEndian.Uint32(sum[:4])
}

// Has reports whether the set holds a folded text of a kind.
func (s Set) Has(kind byte, folded string) bool {
	if len(s) < digestsAt {
		return false
	}
	d := digest(kind, folded)
	bucket := int(d >> 16)
	first := bucket &^ 0xff
	at := int(s[first>>6])<<24 | int(s[first>>6+1])<<16 | int(s[first>>6+2])<<8 | int(s[first>>6+3])
	for _, n := range []byte(s[countsAt+first : countsAt+bucket]) {
		at += int(n)
	}
	at = digestsAt + 2*at
	for end := at + 2*int(s[countsAt+bucket]); at < end && at+1 < len(s); at += 2 {
		if s[at] == byte(d>>8) && s[at+1] == byte(d) {
			return true
		}
	}
	return false
}

// Len returns how many digests the set holds.
func (s Set) Len() int { return max(0, len(s)-digestsAt) / 2 }

// Maker collects texts for a [Set].
type Maker struct{ digests []uint32 }

// Add adds a folded text of a kind.
func (m *Maker) Add(kind byte, folded string) { m.digests = append(m.digests, digest(kind, folded)) }

// Set returns what was collected; the order of adding does not matter.
func (m *Maker) Set() (Set, error) {
	slices.Sort(m.digests)
	m.digests = slices.Compact(m.digests)
	out := make([]byte, digestsAt, digestsAt+2*len(m.digests))
	next := 0
	for bucket := range 1 << 16 {
		if bucket&0xff == 0 {
			binary.BigEndian.PutUint32(out[bucket>>6:], uint32(next))
		}
		from := next
		for ; next < len(m.digests) && int(m.digests[next]>>16) == bucket; next++ {
			out = append(out, byte(m.digests[next]>>8), byte(m.digests[next]))
		}
		if next-from > 255 {
			return "", errors.New("too many texts for this form of a set")
		}
		out[countsAt+bucket] = byte(next - from)
	}
	return Set(out), nil
}
