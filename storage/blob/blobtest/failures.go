package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/habilis-go/habilis/storage/blob"
)

func failureCases() []testCase {
	return []testCase{
		{"FailingReader", failingReader},
		{"CancelledPut", cancelledPut},
		{"DeadContext", deadContext},
		{"CancelledRead", cancelledRead},
		{"EarlyClose", earlyClose},
		{"Sweep", sweep},
	}
}

var errBroken = errors.New("the line is cut")

// at returns a reader of c that calls do once before it yields the byte at offset n,
// and fails if do returns an error.
func at(c []byte, n int, do func() error) io.Reader {
	return io.MultiReader(bytes.NewReader(c[:n]), &trigger{do: do}, bytes.NewReader(c[n:]))
}

type trigger struct {
	do  func() error
	err error
}

func (t *trigger) Read([]byte) (int, error) {
	if t.do != nil {
		t.err, t.do = t.do(), nil
	}
	if t.err != nil {
		return 0, t.err
	}
	return 0, io.EOF
}

// FI-07: a reader that fails at byte k leaves nothing, for all k in a sample. One
// that ends unexpectedly, as the body of a request does, did not end.
func failingReader(b *bench) {
	part := b.harness.Part
	c := content(1, 3*part+5)
	for _, cause := range []error{errBroken, io.ErrUnexpectedEOF} {
		for _, k := range []int{0, 1, part - 1, part, part + 1, 2 * part, 3*part + 4, len(c)} {
			err := b.store.Put(b.ctx, "x", at(c, k, func() error { return cause }))
			b.is(err, cause, fmt.Sprintf("Put of a reader that fails at byte %d", k))
			b.empty("x")
		}
	}
	b.put("x", c)
	b.holds("x", c)
}

func cancelledPut(b *bench) {
	part := b.harness.Part
	c := content(1, 3*part+5)
	for _, k := range []int{0, 1, part + 1, 3*part + 4, len(c)} {
		ctx, cancel := context.WithCancel(b.ctx)
		err := b.store.Put(ctx, "x", at(c, k, func() error {
			cancel()
			return nil
		}))
		cancel()
		b.is(err, context.Canceled, fmt.Sprintf("Put whose context dies at byte %d", k))
		b.empty("x")
	}
}

func deadContext(b *bench) {
	b.put("x", content(1, 10))
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	b.is(b.store.Put(ctx, "y", bytes.NewReader(nil)), context.Canceled, "Put with a dead context")
	_, err := b.store.Open(ctx, "x")
	b.is(err, context.Canceled, "Open with a dead context")
	b.is(b.store.Delete(ctx, "x"), context.Canceled, "Delete with a dead context")
	var walk error
	for _, err := range b.store.Keys(ctx, time.Time{}) {
		walk = err
	}
	b.is(walk, context.Canceled, "Keys with a dead context")
	b.holds("x", content(1, 10))
	b.listed("x")
}

// A reader whose context dies fails, or had everything already.
func cancelledRead(b *bench) {
	c := content(1, 20*b.harness.Part)
	b.put("x", c)
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	r, err := b.store.Open(ctx, "x")
	b.must(err, "Open")
	head := make([]byte, 10)
	_, err = io.ReadFull(r, head)
	b.must(err, "reading ten bytes")
	cancel()
	rest, err := io.ReadAll(r)
	b.whole(c, append(head, rest...), err, "a reader whose context died")
	_ = r.Close() // may say that it was cancelled
	b.holds("x", c)
}

// whole requires all of want, or an error.
func (b *bench) whole(want, got []byte, err error, who string) {
	b.Helper()
	switch {
	case !bytes.Equal(got, want[:min(len(got), len(want))]):
		b.Fatalf("%s: got bytes that were never put, from byte %d on", who, common(got, want))
	case err == nil && len(got) != len(want):
		b.Fatalf("%s: ended without an error after %d of %d bytes", who, len(got), len(want))
	}
}

// FI-16 from below: readers that are given up hold nothing, however many they are.
func earlyClose(b *bench) {
	c := content(1, 4*b.harness.Part)
	b.put("x", c)
	for i := range 60 {
		r, err := b.store.Open(b.ctx, "x")
		b.must(err, "Open")
		if i%2 == 0 {
			_, err = io.ReadFull(r, make([]byte, 10))
			b.must(err, "reading ten bytes")
		}
		b.must(r.Close(), "Close before the end")
		if n, err := r.Read(make([]byte, 10)); err == nil || errors.Is(err, io.EOF) {
			b.Fatalf("Read after Close: want an error, got %d bytes and %v", n, err)
		}
	}
	b.holds("x", c)
	b.put("y", c)
	b.must(b.store.Delete(b.ctx, "x"), "Delete")
	b.must(b.store.Delete(b.ctx, "y"), "Delete")
	b.empty("x")
}

// A sweep spares what goes on; a Put that is swept nevertheless fails.
func sweep(b *bench) {
	s, ok := b.store.(blob.Sweeper)
	if !ok {
		b.Skip("this store is no blob.Sweeper")
	}
	c := content(1, 5*b.harness.Part)
	b.put("kept", c)
	sweeping := func(olderThan time.Duration, want int) func() error {
		return func() error {
			n, err := s.Sweep(b.ctx, olderThan)
			b.must(err, "Sweep")
			if n != want {
				b.Fatalf("Sweep of what is older than %v: want %d, got %d", olderThan, want, n)
			}
			return nil
		}
	}
	b.must(sweeping(0, 0)(), "Sweep")
	b.must(b.store.Put(b.ctx, "spared", at(c, 3*b.harness.Part+1, sweeping(time.Hour, 0))), "Put beside a sweep")
	b.holds("spared", c)
	if err := b.store.Put(b.ctx, "swept", at(c, 3*b.harness.Part+1, sweeping(-time.Hour, 1))); err == nil {
		b.Fatal("a Put whose parts were swept: want an error, got nil")
	}
	b.listed("kept", "spared")
	b.holds("kept", c)
	b.must(b.store.Delete(b.ctx, "kept"), "Delete")
	b.must(b.store.Delete(b.ctx, "spared"), "Delete")
	b.empty("swept")
}
