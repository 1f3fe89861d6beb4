package postgres_test

import (
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/storage/blob"
	"github.com/habilis-go/habilis/storage/blob/blobtest"
)

func TestBlobs(t *testing.T) {
	t.Parallel()
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			var beneath sync.Map // contents -> *pgxpool.Pool
			blobtest.Run(t, blobtest.Harness{
				New: func(t *testing.T) blob.Store {
					l := pgtest.Lend(t)
					s := v.open(t, l.DSN).(interface{ Blobs() blob.Sweeper }).Blobs()
					beneath.Store(s, l.Pool)
					return s
				},
				Left: func(t *testing.T, s blob.Store) (n int) {
					p, _ := beneath.Load(s)
					require.NoError(t, p.(*pgxpool.Pool).QueryRow(t.Context(),
						"SELECT (SELECT count(*) FROM habilis_blobs) + (SELECT count(*) FROM habilis_blob_parts)").Scan(&n))
					return n
				},
			})
		})
	}
}
