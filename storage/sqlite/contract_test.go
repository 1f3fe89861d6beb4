package sqlite_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/storage/storagetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	t.Run("File", func(t *testing.T) {
		t.Parallel()
		var paths sync.Map // store -> file
		at := func(t *testing.T, path string) storage.Store {
			s := open(t, path, relaxed())
			paths.Store(s, path)
			return s
		}
		storagetest.Run(t, storagetest.Harness{
			New: func(t *testing.T) storage.Store { return at(t, migrated(t)) },
			Reopen: func(t *testing.T, s storage.Store) storage.Store {
				path, _ := paths.Load(s)
				require.NoError(t, s.(*sqlite.Store).Close())
				return at(t, path.(string))
			},
		})
	})
	t.Run("Memory", func(t *testing.T) {
		t.Parallel()
		storagetest.Run(t, storagetest.Harness{
			New: func(t *testing.T) storage.Store { return open(t, ":memory:", nil) },
		})
	})
	t.Run("HostDB", func(t *testing.T) {
		t.Parallel()
		longtest.Skip(t) // the two above share all but the connections with it
		storagetest.Run(t, storagetest.Harness{
			New: func(t *testing.T) storage.Store {
				s, err := sqlite.New(t.Context(), hostDB(t, migrated(t)), nil)
				require.NoError(t, err)
				return s
			},
		})
	})
}
