package sealed_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/blobtest"
	"github.com/habilis-go/habilis/storage/blob/sealed"
	"github.com/habilis-go/habilis/storage/sqlite"
)

// What the age format says.
const (
	chunk    = 64 << 10
	overhead = 16
)

func random(seed byte, n int) []byte {
	out := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(out) // never fails
	return out
}

func ring(t *testing.T, seeds ...byte) *account.Keys {
	t.Helper()
	var masters [][]byte
	for _, seed := range seeds {
		masters = append(masters, random(seed, account.KeySize))
	}
	keys, err := account.NewKeys(masters[0], masters[1:]...)
	require.NoError(t, err)
	return keys
}

func TestSealedKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, inner := range map[string]func(*testing.T) blob.Store{
		"Memory": func(*testing.T) blob.Store { return blob.NewMemory() },
		"SQLite": func(t *testing.T) blob.Store {
			s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), &sqlite.Options{Relaxed: true})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return s.Blobs()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blobtest.Run(t, blobtest.Harness{
				New:  func(t *testing.T) blob.Store { return sealed.New(inner(t), ring(t, 1)) },
				Part: chunk,
			})
		})
	}
}

func read(s blob.Store, key string) ([]byte, error) {
	r, err := s.Open(context.Background(), key)
	if err != nil {
		return nil, err
	}
	got, err := io.ReadAll(r)
	return got, errors.Join(err, r.Close())
}

// stored returns the sealed form of plain under key.
func stored(t *testing.T, keys sealed.Keys, key string, plain []byte) []byte {
	t.Helper()
	inner := blob.NewMemory()
	require.NoError(t, sealed.New(inner, keys).Put(t.Context(), key, bytes.NewReader(plain)))
	raw, err := read(inner, key)
	require.NoError(t, err)
	return raw
}

// refused requires that raw, found under key, gives an error and never a byte that
// plain does not begin with.
func refused(t *testing.T, keys sealed.Keys, key string, raw, plain []byte, what string) {
	t.Helper()
	inner := blob.NewMemory()
	require.NoError(t, inner.Put(t.Context(), key, bytes.NewReader(raw)))
	got, err := read(sealed.New(inner, keys), key)
	require.ErrorIs(t, err, sealed.ErrDamaged, what)
	require.True(t, bytes.HasPrefix(plain, got), "%s: bytes came out that were not authenticated", what)
}

// FI-19: whoever steals the store reads nothing.
func TestStoreHoldsNothingInClear(t *testing.T) {
	t.Parallel()
	plain := bytes.Repeat([]byte("relevé d'identité bancaire "), 5000)
	raw := stored(t, ring(t, 1), "x", plain)
	for _, piece := range [][]byte{[]byte("bancaire"), []byte("identité"), plain[:16]} {
		require.False(t, bytes.Contains(raw, piece))
	}
	require.NotEqual(t, raw, stored(t, ring(t, 1), "x", plain), "each content has a key of its own")
	require.InDelta(t, len(plain), len(raw), 500)
}

func TestDamageIsRefused(t *testing.T) {
	t.Parallel()
	keys := ring(t, 1)
	for _, size := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, 3*chunk + 100} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			plain := random(9, size)
			raw := stored(t, keys, "x", plain)
			chunks := max(1, (size+chunk-1)/chunk)
			payload := len(raw) - size - chunks*overhead
			border := func(n int) int { return min(payload+n*(chunk+overhead), len(raw)) }

			places := []int{payload - 1, payload, len(raw) - 1, len(raw) - overhead}
			for i := range payload { // the whole header
				places = append(places, i)
			}
			for i := range chunks {
				places = append(places, border(i), border(i)+7, border(i+1)-1)
			}
			for _, at := range places {
				for _, bit := range []byte{1, 128} {
					flipped := slices.Clone(raw)
					flipped[at] ^= bit
					refused(t, keys, "x", flipped, plain, fmt.Sprintf("bit %d of byte %d of %d flipped", bit, at, len(raw)))
				}
			}
			for _, length := range []int{0, 1, payload / 2, payload - 1, payload, payload + 1, len(raw) - 1, len(raw) - overhead} {
				refused(t, keys, "x", raw[:length], plain, fmt.Sprintf("cut after %d bytes", length))
			}
			for i := range chunks {
				refused(t, keys, "x", raw[:border(i)], plain, fmt.Sprintf("cut after %d whole chunks of %d", i, chunks))
				without := slices.Concat(raw[:border(i)], raw[border(i+1):])
				refused(t, keys, "x", without, plain, fmt.Sprintf("chunk %d of %d left out", i, chunks))
				twice := slices.Concat(raw[:border(i+1)], raw[border(i):])
				refused(t, keys, "x", twice, plain, fmt.Sprintf("chunk %d of %d twice", i, chunks))
			}
			for i := range chunks - 1 {
				swapped := slices.Concat(raw[:border(i)], raw[border(i+1):border(i+2)], raw[border(i):border(i+1)], raw[border(i+2):])
				refused(t, keys, "x", swapped, plain, fmt.Sprintf("chunks %d and %d of %d in the wrong order", i, i+1, chunks))
			}
			refused(t, keys, "x", append(slices.Clone(raw), 0), plain, "a byte more")
			refused(t, keys, "x", slices.Concat(raw, raw), plain, "another file behind")
			refused(t, keys, "y", raw, plain, "moved to another key")
			refused(t, ring(t, 2), "x", raw, plain, "another deployment's keys")

			other := stored(t, keys, "x", random(10, size))
			mixed := slices.Concat(raw[:border(chunks-1)], other[len(other)-(len(raw)-border(chunks-1)):])
			refused(t, keys, "x", mixed, plain, "the last chunk of another content")
			crossed := slices.Concat(other[:payload-16], raw[payload-16:])
			refused(t, keys, "x", crossed, nil, "the header of another content")
		})
	}
	refused(t, keys, "x", []byte("just text"), nil, "what was never sealed")
}

func TestRotatedKeysOpen(t *testing.T) {
	t.Parallel()
	inner := blob.NewMemory()
	require.NoError(t, sealed.New(inner, ring(t, 1)).Put(t.Context(), "x", bytes.NewReader(random(5, 1000))))
	got, err := read(sealed.New(inner, ring(t, 2, 1)), "x")
	require.NoError(t, err)
	require.Equal(t, random(5, 1000), got)
	_, err = read(sealed.New(inner, ring(t, 2)), "x")
	require.ErrorIs(t, err, sealed.ErrDamaged)
}

var errDisk = errors.New("the disk is gone")

type failing struct{ blob.Store }

func (f failing) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	r, err := f.Store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(io.LimitReader(r, 100_000), iotest.ErrReader(errDisk)), r}, nil
}

// A store that fails is not a content that is damaged.
func TestFailureOfTheStoreIsNoDamage(t *testing.T) {
	t.Parallel()
	s := sealed.New(failing{blob.NewMemory()}, ring(t, 1))
	require.NoError(t, s.Put(t.Context(), "x", bytes.NewReader(random(5, 200_000))))
	_, err := read(s, "x")
	require.ErrorIs(t, err, errDisk)
	require.NotErrorIs(t, err, sealed.ErrDamaged)
}

// mute seals nothing.
type mute struct{}

func (mute) Seal([]byte, string) ([]byte, error) { return nil, errDisk }
func (mute) Open([]byte, string) ([]byte, error) { return nil, errDisk }

func TestNothingIsStoredUnsealed(t *testing.T) {
	t.Parallel()
	inner := blob.NewMemory()
	require.ErrorIs(t, sealed.New(inner, mute{}).Put(t.Context(), "x", bytes.NewReader(nil)), errDisk)
	_, err := read(inner, "x")
	require.ErrorIs(t, err, blob.ErrNotFound)
}
