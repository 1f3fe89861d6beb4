package blobtest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing/iotest"
	"time"

	"github.com/habilis-go/habilis/storage/blob"
)

func contentCases() []testCase {
	return []testCase{
		{"RoundTrip", roundTrip},
		{"ReadersBehave", readersBehave},
		{"ShortReads", shortReads},
		{"ExistingKeyIsRefused", existingKeyIsRefused},
		{"UnknownKey", unknownKey},
		{"Delete", deletes},
		{"Keys", listsKeys},
		{"EveryValidKey", everyValidKey},
		{"InvalidKeys", invalidKeys},
	}
}

// FI-20: a content of no bytes is one, too.
func roundTrip(b *bench) {
	part := b.harness.Part
	var keys []string
	sizes := []int{0, 1, part - 1, part, part + 1, 3 * part, 5*part + 17}
	for i, size := range sizes {
		key := fmt.Sprintf("size-%d", i)
		keys = append(keys, key)
		b.put(key, content(uint64(i), size))
	}
	for i, size := range sizes {
		b.holds(keys[i], content(uint64(i), size))
	}
	b.listed(keys...)
}

func readersBehave(b *bench) {
	c := content(1, 1000)
	b.put("x", c)
	r, err := b.store.Open(b.ctx, "x")
	b.must(err, "Open")
	if err := iotest.TestReader(r, c); err != nil {
		b.Fatal(err)
	}
	b.must(r.Close(), "Close")
}

// The pieces in which a content arrives do not show.
func shortReads(b *bench) {
	c := content(1, b.harness.Part+100)
	b.must(b.store.Put(b.ctx, "halves", iotest.HalfReader(bytes.NewReader(c))), "Put of a reader that fills half")
	b.must(b.store.Put(b.ctx, "with-end", iotest.DataErrReader(bytes.NewReader(c))), "Put of a reader that gives io.EOF with the last bytes")
	b.must(b.store.Put(b.ctx, "bytes", iotest.OneByteReader(bytes.NewReader(c[:5000]))), "Put of a reader that gives single bytes")
	b.holds("halves", c)
	b.holds("with-end", c)
	b.holds("bytes", c[:5000])
}

func existingKeyIsRefused(b *bench) {
	for i, size := range []int{10, b.harness.Part + 10} {
		key := fmt.Sprintf("taken-%d", i)
		first := content(1, size)
		b.put(key, first)
		for _, other := range []int{0, 10, 2*b.harness.Part + 10} {
			err := b.store.Put(b.ctx, key, bytes.NewReader(content(2, other)))
			b.is(err, blob.ErrExists, "Put over a content")
			b.holds(key, first)
		}
		b.must(b.store.Delete(b.ctx, key), "Delete")
		b.empty(key)
	}
}

func unknownKey(b *bench) {
	_, err := b.store.Open(b.ctx, "nothing/here")
	b.is(err, blob.ErrNotFound, "Open of an unknown key")
	b.must(b.store.Delete(b.ctx, "nothing/here"), "Delete of an unknown key")
	b.empty("nothing/here")
}

// FI-17: what was deleted is gone from beneath, too.
func deletes(b *bench) {
	for i, size := range []int{0, 10, 40*b.harness.Part + 10} {
		b.put("x", content(uint64(i), size))
		b.put("other", content(9, 10))
		b.must(b.store.Delete(b.ctx, "x"), "Delete")
		b.must(b.store.Delete(b.ctx, "x"), "Delete again")
		b.holds("other", content(9, 10))
		b.must(b.store.Delete(b.ctx, "other"), "Delete")
		b.empty("x")
	}
	b.put("x", content(7, 20))
	b.holds("x", content(7, 20))
}

func listsKeys(b *bench) {
	b.listed()
	want := []string{"a", "b-1", "b/1", "b0", "c/x", "c/y"} // "-" before "/" before "0"
	for _, i := range []int{3, 0, 5, 1, 4, 2} {
		b.put(want[i], content(uint64(i), 10))
	}
	b.listed(want...)
	now := time.Now()
	if got := b.keys(now.Add(-time.Hour)); len(got) != 0 {
		b.Fatalf("Keys stored an hour ago: want none, got %q", got)
	}
	if got := b.keys(now.Add(time.Hour)); !slices.Equal(got, want) {
		b.Fatalf("Keys stored before in an hour: want %q, got %q", want, got)
	}
	var seen []string
	for key, err := range b.store.Keys(b.ctx, time.Time{}) {
		b.must(err, "Keys")
		seen = append(seen, key)
		b.must(b.store.Delete(b.ctx, key), "Delete inside the walk")
		if len(seen) == 4 {
			break
		}
	}
	if !slices.Equal(seen, want[:4]) {
		b.Fatalf("Keys, deleting each: want %q, got %q", want[:4], seen)
	}
	b.listed(want[4:]...)
}

func everyValidKey(b *bench) {
	keys := []string{
		"-", "0", "a", "a-b", "a--b", "ab", "b/c/d/e/f", "b/c-d", "attachments/0198f7a2-9c1e-7cc3-98c4-dc0c0c07398f",
		"long/" + strings.Repeat("x", blob.MaxKey-5), "con", "nul",
	}
	for i, key := range keys {
		b.put(key, content(uint64(i), 50+i))
	}
	for i, key := range keys {
		b.holds(key, content(uint64(i), 50+i))
	}
	slices.Sort(keys)
	b.listed(keys...)
}

// FI-01: what could lead out of a folder is no key.
func invalidKeys(b *bench) {
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", "..", "../x", "a/../b", ".", "a.b", "A", "é", "a b", "a\x00", "a\\b", "c:x", "a%2fb", "a_b", "a?b", "a*",
		strings.Repeat("x", blob.MaxKey+1),
	} {
		b.is(b.store.Put(b.ctx, key, bytes.NewReader(nil)), blob.ErrInvalid, fmt.Sprintf("Put of %q", key))
		_, err := b.store.Open(b.ctx, key)
		b.is(err, blob.ErrInvalid, fmt.Sprintf("Open of %q", key))
		b.is(b.store.Delete(b.ctx, key), blob.ErrInvalid, fmt.Sprintf("Delete of %q", key))
	}
	b.empty("a")
}
