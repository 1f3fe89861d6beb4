package blobtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing/iotest"

	"github.com/habilis-go/habilis/storage/blob"
)

func concurrencyCases() []testCase {
	return []testCase{
		{"InvisibleUntilWhole", invisibleUntilWhole},
		{"SlowPutHoldsNobodyUp", slowPut},
		{"SlowReaderHoldsNobodyUp", slowReader},
		{"ParallelPuts", parallelPuts},
		{"ParallelReaders", parallelReaders},
		{"DeleteWhileRead", deleteWhileRead},
		{"DeleteRaces", deleteRaces},
	}
}

func invisibleUntilWhole(b *bench) {
	part := b.harness.Part
	c := content(1, 4*part)
	looked := false
	b.must(b.store.Put(b.ctx, "x", at(c, 3*part+1, func() error {
		_, err := b.store.Open(b.ctx, "x")
		b.is(err, blob.ErrNotFound, "Open of what is being written")
		b.listed()
		b.must(b.store.Delete(b.ctx, "x"), "Delete of what is being written")
		looked = true
		return nil
	})), "Put")
	if !looked {
		b.Fatal("Put returned before it read the whole content")
	}
	b.holds("x", c)
	b.listed("x")
}

// While a content arrives, everything else goes on.
func slowPut(b *bench) {
	part := b.harness.Part
	c, other := content(1, 4*part), content(2, 2*part)
	b.put("before", other)
	b.must(b.store.Put(b.ctx, "slow", at(c, 3*part+1, func() error {
		b.put("meanwhile", other)
		b.holds("before", other)
		b.holds("meanwhile", other)
		b.must(b.store.Delete(b.ctx, "before"), "Delete")
		return nil
	})), "Put of a content that comes slowly")
	b.holds("slow", c)
	b.listed("meanwhile", "slow")
}

// While readers wait for whoever reads them, everything else goes on.
func slowReader(b *bench) {
	c := content(1, 4*b.harness.Part)
	b.put("x", c)
	const readers = 30 // more than a store has connections
	var open []io.ReadCloser
	head := make([]byte, 10)
	for range readers {
		r, err := b.store.Open(b.ctx, "x")
		b.must(err, "Open")
		_, err = io.ReadFull(r, head)
		b.must(err, "reading ten bytes")
		open = append(open, r)
	}
	b.put("meanwhile", c)
	b.holds("meanwhile", c)
	for _, r := range open {
		rest, err := io.ReadAll(r)
		b.must(err, "reading the rest")
		if !bytes.Equal(append(head[:10:10], rest...), c) {
			b.Fatalf("a slow reader: want the content, got %d other bytes", len(rest)+10)
		}
		b.must(r.Close(), "Close")
	}
}

func parallelPuts(b *bench) {
	part := b.harness.Part
	for round, size := range []int{100, 2*part + 1} {
		key := fmt.Sprintf("contested-%d", round)
		const writers = 6
		var all sync.WaitGroup
		errs := make([]error, writers)
		for i := range writers {
			all.Go(func() {
				errs[i] = b.store.Put(b.ctx, key, bytes.NewReader(content(uint64(i), size+i)))
			})
		}
		all.Wait()
		winner := -1
		for i, err := range errs {
			if err != nil {
				b.is(err, blob.ErrExists, "a Put that lost")
				continue
			}
			if winner >= 0 {
				b.Fatalf("Puts %d and %d of one key both returned nil", winner, i)
			}
			winner = i
		}
		if winner < 0 {
			b.Fatalf("no Put of %d won", writers)
		}
		b.holds(key, content(uint64(winner), size+winner))
		b.must(b.store.Delete(b.ctx, key), "Delete")
		b.empty(key)
	}
}

func parallelReaders(b *bench) {
	c := content(1, 3*b.harness.Part+7)
	b.put("x", c)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			r, err := b.store.Open(b.ctx, "x")
			if err != nil {
				b.Errorf("Open beside seven others: %v", err)
				return
			}
			var in io.Reader = r
			if i%2 == 1 {
				in = iotest.HalfReader(r)
			}
			got, err := io.ReadAll(in)
			if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, c) {
				b.Errorf("reading beside seven others: got %d of %d bytes, %v", len(got), len(c), err)
			}
		})
	}
	all.Wait()
}

// The whole content or an error, never a part that looks whole.
func deleteWhileRead(b *bench) {
	c := content(1, 40*b.harness.Part)
	for _, k := range []int{0, 1, b.harness.Part, 20*b.harness.Part + 3} {
		b.put("x", c)
		r, err := b.store.Open(b.ctx, "x")
		b.must(err, "Open")
		head := make([]byte, k)
		_, err = io.ReadFull(r, head)
		b.must(err, "reading the beginning")
		b.must(b.store.Delete(b.ctx, "x"), "Delete of what is being read")
		rest, err := io.ReadAll(r)
		b.whole(c, append(head, rest...), err, fmt.Sprintf("a reader whose content was deleted at byte %d", k))
		_ = r.Close() // may repeat the error
		b.empty("x")
	}
}

func deleteRaces(b *bench) {
	c := content(1, 10*b.harness.Part)
	b.put("x", c)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			r, err := b.store.Open(b.ctx, "x")
			if errors.Is(err, blob.ErrNotFound) {
				return
			}
			if err != nil {
				b.Errorf("Open beside Delete: want ErrNotFound or a reader, got %v", err)
				return
			}
			got, err := io.ReadAll(r)
			if err == nil && !bytes.Equal(got, c) {
				b.Errorf("a reader beside Delete ended without an error after %d of %d bytes", len(got), len(c))
			}
			_ = r.Close() // may repeat the error
		})
		all.Go(func() {
			if err := b.store.Delete(b.ctx, "x"); err != nil {
				b.Errorf("Delete beside Delete: %v", err)
			}
		})
	}
	all.Wait()
	b.empty("x")
}
