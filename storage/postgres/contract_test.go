package postgres_test

import (
	"sync"
	"testing"

	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/storagetest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			var schemas sync.Map // store -> connection string
			in := func(t *testing.T, dsn string) storage.Store {
				s := v.open(t, dsn)
				schemas.Store(s, dsn)
				return s
			}
			storagetest.Run(t, storagetest.Harness{
				New: func(t *testing.T) storage.Store { return in(t, pgtest.Lend(t).DSN) },
				Reopen: func(t *testing.T, s storage.Store) storage.Store {
					dsn, _ := schemas.Load(s)
					return in(t, dsn.(string))
				},
			})
		})
	}
}
