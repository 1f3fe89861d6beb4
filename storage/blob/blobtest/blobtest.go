// Package blobtest proves that an implementation of [blob.Store] keeps the contract.
// Whoever writes one runs it from a test of their own:
//
//	func TestStore(t *testing.T) {
//		blobtest.Run(t, blobtest.Harness{
//			New: func(t *testing.T) blob.Store { return openFresh(t) },
//		})
//	}
//
// A failure says which obligation was broken and what was expected.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/habilis-go/habilis/storage/blob"
)

// Harness is how the suite gets at the store under test.
type Harness struct {
	// New returns a fresh, empty store, and cleans up by t.Cleanup. It is called once
	// for each case, by several goroutines at a time. Required.
	New func(t *testing.T) blob.Store

	// Part is the size in bytes in which the store splits contents; lengths just
	// below and above are tried. Defaults to 256 KiB.
	Part int

	// Left returns how many things the store holds beneath, rows or files, visible or
	// not; it must be 0 while no content is there. Defaults to nil: not looked at.
	Left func(t *testing.T, s blob.Store) int
}

// Run runs the whole suite. Every subtest is parallel.
func Run(t *testing.T, h Harness) {
	t.Helper()
	if h.New == nil {
		t.Fatal("blobtest: Harness.New is required")
	}
	if h.Part == 0 {
		h.Part = 256 << 10
	}
	for _, c := range slices.Concat(contentCases(), failureCases(), concurrencyCases()) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(h.bench(t))
		})
	}
}

type testCase struct {
	name string
	run  func(*bench)
}

// patience bounds a case, so that a store that deadlocks fails the case instead of
// hanging the run.
const patience = time.Minute

func (h Harness) bench(t *testing.T) *bench {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return &bench{T: t, harness: h, store: h.New(t), ctx: ctx}
}

// bench is one case at work.
type bench struct {
	*testing.T
	harness Harness
	store   blob.Store
	ctx     context.Context
}

// content returns n bytes that no compression makes shorter, and that differ from
// those of another seed.
func content(seed uint64, n int) []byte {
	var key [32]byte
	key[0] = byte(seed)
	out := make([]byte, n)
	_, _ = rand.NewChaCha8(key).Read(out) // never fails
	return out
}

func (b *bench) must(err error, what string) {
	b.Helper()
	if err != nil {
		b.Fatalf("%s: %v", what, err)
	}
}

func (b *bench) is(err, want error, what string) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("%s: want the error %q, got: %v", what, want, err)
	}
}

func (b *bench) put(key string, c []byte) {
	b.Helper()
	b.must(b.store.Put(b.ctx, key, bytes.NewReader(c)), "Put of "+key)
}

// read returns what the store holds, or nil and the error.
func (b *bench) read(key string) ([]byte, error) {
	b.Helper()
	r, err := b.store.Open(b.ctx, key)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(r)
	return got, errors.Join(err, r.Close())
}

func (b *bench) holds(key string, want []byte) {
	b.Helper()
	got, err := b.read(key)
	b.must(err, "reading "+key)
	if !bytes.Equal(got, want) {
		b.Fatalf("reading %s: want the %d bytes that were put, got %d bytes, equal up to byte %d", key, len(want), len(got), common(got, want))
	}
}

func common(x, y []byte) int {
	n := 0
	for n < min(len(x), len(y)) && x[n] == y[n] {
		n++
	}
	return n
}

func (b *bench) keys(before time.Time) []string {
	b.Helper()
	keys := []string{}
	for key, err := range b.store.Keys(b.ctx, before) {
		b.must(err, "Keys")
		keys = append(keys, key)
	}
	return keys
}

// listed requires that all visible keys are these.
func (b *bench) listed(want ...string) {
	b.Helper()
	if got := b.keys(time.Time{}); !slices.Equal(got, want) {
		b.Fatalf("Keys: want %q, got %q", want, got)
	}
}

// empty requires that nothing is visible under key, and nothing left at all.
func (b *bench) empty(key string) {
	b.Helper()
	_, err := b.read(key)
	b.is(err, blob.ErrNotFound, "Open of what must not be visible")
	b.listed()
	if b.harness.Left == nil {
		return
	}
	if n := b.harness.Left(b.T, b.store); n != 0 {
		b.Fatalf("%d things are left of a content that is not there", n)
	}
}
