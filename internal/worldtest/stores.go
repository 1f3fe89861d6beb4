package worldtest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/storage/postgres"
	"github.com/habilis-go/habilis/storage/sqlite"
)

// Each runs a test on every store that the module has: memory, SQLite in a file, and
// PostgreSQL where its binaries are installed.
func Each(t *testing.T, test func(*testing.T, *World)) {
	t.Helper()
	for _, s := range []struct {
		name string
		open func(*testing.T) storage.Store
	}{
		{"memory", func(*testing.T) storage.Store { return memory.New() }},
		{"sqlite", func(t *testing.T) storage.Store {
			path := filepath.Join(t.TempDir(), "habilis.db")
			require.NoError(t, os.WriteFile(path, migrated(), 0o600))
			// What a power cut would take is not the subject of these tests.
			s, err := sqlite.Open(t.Context(), path, &sqlite.Options{Relaxed: true})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			return s
		}},
		{"postgres", func(t *testing.T) storage.Store {
			s, err := postgres.New(t.Context(), pgtest.Lend(t).Pool, nil)
			require.NoError(t, err)
			return s
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			test(t, New(t, s.open(t)))
		})
	}
}

// migrated is a file of SQLite that has its tables already. Making them is most of
// what a small test does, above all under the race detector.
var migrated = sync.OnceValue(func() []byte {
	dir, err := os.MkdirTemp("", "habilis-world-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "habilis.db")
	s, err := sqlite.Open(context.Background(), path, nil)
	if err != nil {
		panic(err)
	}
	if err := s.Close(); err != nil {
		panic(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return content
})
