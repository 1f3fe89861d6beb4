package account_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// folder keeps contents in files of a folder, as a stream.
type folder string

func (f folder) path(key string) string {
	return filepath.Join(string(f), strings.ReplaceAll(key, "/", "-"))
}

func (f folder) Put(_ context.Context, key string, content io.Reader) error {
	out, err := os.Create(f.path(key))
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	_, err = io.Copy(struct{ io.Writer }{out}, content)
	return err
}

func (f folder) Open(_ context.Context, key string) (io.ReadCloser, error) {
	return os.Open(f.path(key))
}

func (f folder) Delete(_ context.Context, key string) error { return os.RemoveAll(f.path(key)) }

// sampled looks at the heap once in a while as something passes.
type sampled struct {
	io.Reader
	io.Writer
	passed, next int64
	most         *uint64
}

func (s *sampled) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.sample(n)
	return n, err
}

func (s *sampled) Write(p []byte) (int, error) {
	n, err := s.Writer.Write(p)
	s.sample(n)
	return n, err
}

func (s *sampled) sample(n int) {
	if s.passed += int64(n); s.passed < s.next {
		return
	}
	s.next = s.passed + 4_000_000
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	*s.most = max(*s.most, m.HeapInuse)
}

// generated yields n bytes of a PDF that cannot be compressed.
func generated(seed byte, n int64) io.Reader {
	return io.LimitReader(io.MultiReader(strings.NewReader("%PDF-1.7\n"), rand.NewChaCha8([32]byte{seed})), n)
}

func generous(tb testing.TB, contents account.Contents) (*account.Service, account.Actor) {
	tb.Helper()
	w := worldtest.New(tb, memory.New())
	p := account.Guide2024()
	p.Attachments.MaxTotal = 1 << 40
	s, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{Now: w.Clock.Now, Contents: contents, Policy: &p})
	require.NoError(tb, err)
	return s, w.Join(tb, julieBon)
}

// Uploading and zipping 200 files of 10 Mo needs less than 32 MiB of heap.
func TestMemoryStaysFlat(t *testing.T) {
	longtest.Skip(t)                          // 2 GB pass
	s, by := generous(t, folder(t.TempDir())) // not parallel: the heap is everybody's
	runtime.GC()
	const size, count = 10_000_000, 200
	var uploading, zipping uint64
	ids := make([]account.AttachmentID, 0, count)
	for i := range count {
		a, err := s.AddAttachment(t.Context(), by, file(fmt.Sprint("Pièce ", i)), &sampled{Reader: generated(byte(i), size), most: &uploading})
		require.NoError(t, err)
		ids = append(ids, a.ID)
	}
	out := &sampled{Writer: io.Discard, most: &zipping}
	require.NoError(t, s.ZipAttachments(t.Context(), by, ids, out))
	require.Greater(t, out.passed, int64(size*count))
	t.Logf("most of the heap in use: %.1f MiB uploading, %.1f MiB zipping", float64(uploading)/(1<<20), float64(zipping)/(1<<20))
	require.Less(t, max(uploading, zipping), uint64(32<<20))
}

// BenchmarkAttachment compares uploads and archives with copying and digesting the same
// bytes to the same place.
func BenchmarkAttachment(b *testing.B) {
	const size = 10_000_000
	content := make([]byte, size)
	_, err := io.ReadFull(generated(1, size), content)
	require.NoError(b, err)
	once := func() io.Reader { return struct{ io.Reader }{bytes.NewReader(content)} }
	b.Run("copy", func(b *testing.B) {
		at := folder(b.TempDir())
		b.SetBytes(size)
		for range b.N {
			r := once()
			require.NoError(b, at.Put(b.Context(), "x", io.TeeReader(r, sha256.New())))
			b.StopTimer()
			require.NoError(b, at.Delete(b.Context(), "x"))
			b.StartTimer()
		}
	})
	b.Run("upload", func(b *testing.B) {
		s, by := generous(b, folder(b.TempDir()))
		b.SetBytes(size)
		for range b.N {
			a, err := s.AddAttachment(b.Context(), by, file("a"), once())
			require.NoError(b, err)
			b.StopTimer()
			require.NoError(b, s.DeleteAttachment(b.Context(), by, a.ID))
			b.StartTimer()
		}
	})
	b.Run("zip", func(b *testing.B) {
		s, by := generous(b, folder(b.TempDir()))
		a, err := s.AddAttachment(b.Context(), by, file("a"), once())
		require.NoError(b, err)
		b.SetBytes(size)
		for range b.N {
			require.NoError(b, s.ZipAttachments(b.Context(), by, []account.AttachmentID{a.ID}, io.Discard))
		}
	})
}
