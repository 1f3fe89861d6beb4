package worldtest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/internal/sqlitetest"
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
			sqlitetest.Migrated(t, path)
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
