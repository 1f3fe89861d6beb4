package memory

import (
	"encoding/binary"
	"strings"
	"time"
)

// key encodes a tuple so that comparing the encodings byte by byte compares the
// tuples part by part. No encoding is the beginning of another of the same shape.
type key string

// text adds a string. A zero byte, which the contract rules out but a caller may
// still send, is escaped, so that no two tuples share a key.
func (k key) text(s string) key {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\x00\x02")
	}
	return k + key(s) + "\x00\x01"
}

// number adds an integer, negative ones first.
func (k key) number(n int64) key {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n)^1<<63)
	return k + key(b[:])
}

// time adds an instant, the zero time first.
func (k key) time(t time.Time) key { return k.number(instant(t).UnixMicro()) }

// last is above every key that begins with k and goes on with a number or a time.
func (k key) last() key { return k + "\xff\xff\xff\xff\xff\xff\xff\xff\xff" }

// instant brings t into the form in which a database would give it back.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
