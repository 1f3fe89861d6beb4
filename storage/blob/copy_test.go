package blob_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob/fileblob"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/bucket"
	"github.com/habilis-go/habilis/storage/blob/sealed"
	"github.com/habilis-go/habilis/storage/sqlite"
)

var copies = flag.Int("copies", 12, "how many contents TestMemoryStaysSmall copies in and out of each store")

const (
	copySize = 10 << 20
	maxHeap  = 32 << 20
)

func onSQLite(tb testing.TB) blob.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), filepath.Join(tb.TempDir(), "x.db"), nil)
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return s.Blobs()
}

func onFolder(tb testing.TB) blob.Store {
	tb.Helper()
	b, err := fileblob.OpenBucket(tb.TempDir(), &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, b.Close()) })
	return bucket.New(b)
}

func seal(tb testing.TB, inner blob.Store) blob.Store {
	tb.Helper()
	keys, err := account.NewKeys([]byte("0123456789abcdef0123456789abcdef"))
	require.NoError(tb, err)
	return sealed.New(inner, keys)
}

// noise returns n bytes that no compression makes shorter, made as they are read.
func noise(n int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), n) }

// There and back: what comes out is counted, what goes in is made while it is read.
func there(ctx context.Context, s blob.Store, key string) error {
	return s.Put(ctx, key, noise(copySize))
}

func back(ctx context.Context, s blob.Store, key string) error {
	r, err := s.Open(ctx, key)
	if err != nil {
		return err
	}
	n, err := io.Copy(io.Discard, r)
	if n != copySize && err == nil {
		err = errors.New("not the whole content")
	}
	return errors.Join(err, r.Close())
}

// peak samples the heap until it is stopped, and returns the highest value.
func peak() (stop func() uint64) {
	runtime.GC()
	runtime.GC() // what opening the store left in pools goes with the second one
	end, result := make(chan struct{}), make(chan uint64)
	go func() {
		var top uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			top = max(top, m.HeapInuse)
			select {
			case <-end:
				result <- top
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(end)
		return <-result
	}
}

// Not parallel: the heap is that of the whole process.
func TestMemoryStaysSmall(t *testing.T) {
	longtest.Skip(t)
	for name, open := range map[string]func(testing.TB) blob.Store{
		"SQLite":       onSQLite,
		"Folder":       onFolder,
		"SealedFolder": func(tb testing.TB) blob.Store { return seal(tb, onFolder(tb)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			stop := peak()
			for i := range *copies {
				key := "x/" + strconv.Itoa(i)
				require.NoError(t, there(t.Context(), s, key))
				require.NoError(t, back(t.Context(), s, key))
				require.NoError(t, s.Delete(t.Context(), key))
			}
			top := stop()
			t.Logf("%d contents of %d MiB: heap at most %.1f MiB", *copies, copySize>>20, float64(top)/(1<<20))
			require.Less(t, top, uint64(maxHeap))
		})
	}
}

// BenchmarkCopy is to be compared with its sub-benchmark File, a bare copy to a file
// that is flushed to the disk.
func BenchmarkCopy(b *testing.B) {
	for _, s := range []struct {
		name string
		open func(testing.TB) blob.Store
	}{
		{"SQLite", onSQLite},
		{"Folder", onFolder},
		{"SealedFolder", func(tb testing.TB) blob.Store { return seal(tb, onFolder(tb)) }},
	} {
		b.Run(s.name, func(b *testing.B) {
			store := s.open(b)
			b.Run("Put", func(b *testing.B) {
				b.SetBytes(copySize)
				for i := 0; b.Loop(); i++ {
					require.NoError(b, there(b.Context(), store, "put/"+strconv.Itoa(i)))
					b.StopTimer()
					require.NoError(b, store.Delete(b.Context(), "put/"+strconv.Itoa(i)))
					b.StartTimer()
				}
			})
			b.Run("Open", func(b *testing.B) {
				b.SetBytes(copySize)
				_ = store.Delete(b.Context(), "open")
				require.NoError(b, there(b.Context(), store, "open"))
				for b.Loop() {
					require.NoError(b, back(b.Context(), store, "open"))
				}
			})
		})
	}
	b.Run("File", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "x")
		b.Run("Put", func(b *testing.B) {
			b.SetBytes(copySize)
			for b.Loop() {
				f, err := os.Create(path)
				require.NoError(b, err)
				_, err = io.Copy(f, noise(copySize))
				require.NoError(b, errors.Join(err, f.Sync(), f.Close()))
			}
		})
		b.Run("Open", func(b *testing.B) {
			b.SetBytes(copySize)
			for b.Loop() {
				f, err := os.Open(path)
				require.NoError(b, err)
				_, err = io.Copy(io.Discard, struct{ io.Reader }{f})
				require.NoError(b, errors.Join(err, f.Close()))
			}
		})
	})
}
