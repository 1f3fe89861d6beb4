package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/blobtest"
	"github.com/habilis-go/habilis/storage/internal/sqlstore"
	"github.com/habilis-go/habilis/storage/sqlite"
)

const countBlobs = "SELECT (SELECT count(*) FROM habilis_blobs) + (SELECT count(*) FROM habilis_blob_parts)"

func rows(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), countBlobs).Scan(&n))
	return n
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	var beneath sync.Map // contents -> *sql.DB
	left := func(t *testing.T, s blob.Store) int {
		db, _ := beneath.Load(s)
		return rows(t, db.(*sql.DB))
	}
	for name, open := range map[string]func(*testing.T) (blob.Store, *sql.DB){
		"File": func(t *testing.T) (blob.Store, *sql.DB) {
			path := migrated(t)
			return open(t, path, relaxed()).Blobs(), hostDB(t, path)
		},
		"Memory": func(t *testing.T) (blob.Store, *sql.DB) {
			return open(t, ":memory:", nil).Blobs(), nil
		},
		"HostDB": func(t *testing.T) (blob.Store, *sql.DB) {
			db := hostDB(t, migrated(t))
			s, err := sqlite.New(t.Context(), db, nil)
			require.NoError(t, err)
			return s.Blobs(), db
		},
		"HostMemory": func(t *testing.T) (blob.Store, *sql.DB) {
			db, err := sql.Open("sqlite", ":memory:")
			require.NoError(t, err)
			db.SetMaxOpenConns(1)
			t.Cleanup(func() { require.NoError(t, db.Close()) })
			s, err := sqlite.New(t.Context(), db, nil)
			require.NoError(t, err)
			return s.Blobs(), db
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := blobtest.Harness{New: func(t *testing.T) blob.Store {
				s, db := open(t)
				beneath.Store(s, db)
				return s
			}}
			if name != "Memory" {
				h.Left = left
			}
			blobtest.Run(t, h)
		})
	}
}

// A process that dies in the middle of a Put leaves parts that nobody sees, and a
// sweep takes them once they are old.
func TestBlobsAfterCrash(t *testing.T) {
	t.Parallel()
	path, crashed := migrated(t), filepath.Join(t.TempDir(), "crashed.db")
	s := open(t, path, relaxed()).Blobs()
	require.NoError(t, s.Put(t.Context(), "kept", bytes.NewReader(make([]byte, 1<<20))))
	stop := errors.New("stop")
	err := s.Put(t.Context(), "lost", io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), reader(func() error {
		for _, suffix := range []string{"", "-wal"} { // what the disk holds at this moment
			content, err := os.ReadFile(path + suffix)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(crashed+suffix, content, 0o600))
		}
		return stop
	})))
	require.ErrorIs(t, err, stop)

	after, db := open(t, crashed, relaxed()).Blobs(), hostDB(t, crashed)
	_, err = after.Open(t.Context(), "lost")
	require.ErrorIs(t, err, blob.ErrNotFound)
	before := rows(t, db)
	n, err := after.Sweep(t.Context(), time.Hour)
	require.NoError(t, err)
	require.Zero(t, n, "it may still be coming")
	_, err = db.ExecContext(t.Context(), "UPDATE habilis_blobs SET touched_at = touched_at - 3700000000")
	require.NoError(t, err)
	n, err = after.Sweep(t.Context(), time.Hour)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Less(t, rows(t, db), before)
	r, err := after.Open(t.Context(), "kept")
	require.NoError(t, err)
	require.NoError(t, iotest.TestReader(r, make([]byte, 1<<20)))
	require.NoError(t, after.Delete(t.Context(), "kept"))
	require.Zero(t, rows(t, db))
	require.NoError(t, after.Put(t.Context(), "lost", bytes.NewReader(nil)), "the key is free")
}

type reader func() error

func (r reader) Read([]byte) (int, error) { return 0, r() }

// A content that was cut short beneath is an error, and no shorter content.
func TestBlobsNoticeMissingParts(t *testing.T) {
	t.Parallel()
	path := migrated(t)
	s, db := open(t, path, relaxed()).Blobs(), hostDB(t, path)
	for _, damage := range []string{
		"DELETE FROM habilis_blob_parts WHERE number = 3",
		"DELETE FROM habilis_blob_parts WHERE number = 1",
		"UPDATE habilis_blob_parts SET content = x'00' WHERE number = 2",
		"UPDATE habilis_blobs SET parts = 2",
	} {
		require.NoError(t, s.Put(t.Context(), "x", bytes.NewReader(make([]byte, 1<<20-10))))
		_, err := db.ExecContext(t.Context(), damage)
		require.NoError(t, err)
		r, err := s.Open(t.Context(), "x")
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.Error(t, err, damage)
		require.NoError(t, r.Close())
		require.NoError(t, s.Delete(t.Context(), "x"))
		require.Zero(t, rows(t, db))
	}
}

// A content that panics leaves nothing behind.
func TestBlobsAfterPanic(t *testing.T) {
	t.Parallel()
	path := migrated(t)
	s, db := open(t, path, relaxed()).Blobs(), hostDB(t, path)
	require.PanicsWithValue(t, "no", func() {
		_ = s.Put(t.Context(), "x", io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), reader(func() error { panic("no") })))
	})
	require.Zero(t, rows(t, db))
}

// No goroutine outlives a reader that was given up, or a Put that failed: the bubble
// does not end while one is left.
func TestBlobsLeaveNoGoroutine(t *testing.T) {
	t.Parallel()
	path := migrated(t)
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), path, relaxed())
		require.NoError(t, err)
		s := store.Blobs()
		require.NoError(t, s.Put(t.Context(), "x", bytes.NewReader(make([]byte, 1<<20))))
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			r, err := s.Open(ctx, "x")
			require.NoError(t, err)
			_, err = io.ReadFull(r, make([]byte, 300_000))
			require.NoError(t, err)
			require.NoError(t, r.Close())
			require.Error(t, s.Put(ctx, "y", io.MultiReader(bytes.NewReader(make([]byte, 1<<20)), iotest.ErrReader(io.ErrUnexpectedEOF))))
			cancel()
		}
		require.NoError(t, store.Close())
		_, err = s.Open(t.Context(), "x")
		require.ErrorIs(t, err, sqlstore.ErrClosed)
	})
}
