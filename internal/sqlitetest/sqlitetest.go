// Package sqlitetest gives tests files of SQLite that have their tables already. Making
// them is most of what a small test does, above all under the race detector.
package sqlitetest

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/storage/sqlite"
)

// Migrated writes a new file with all tables and no rows to path.
func Migrated(tb testing.TB, path string) {
	tb.Helper()
	content, err := template()
	require.NoError(tb, err)
	require.NoError(tb, os.WriteFile(path, content, 0o600))
}

var template = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "habilis-sqlite-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	s, err := sqlite.Open(context.Background(), path, nil)
	if err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})
