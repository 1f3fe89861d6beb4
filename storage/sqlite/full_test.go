package sqlite_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/sqlite"
)

// sqliteFull is the result code SQLITE_FULL.
const sqliteFull = 13

// DS-16: a unit that finds the disk full fails with the error of the driver and leaves
// nothing behind, what was there can be read, and the same unit succeeds once there is room.
func TestAFullDisk(t *testing.T) {
	t.Parallel()
	ctx, db := t.Context(), hostDB(t, migrated(t))
	db.SetMaxOpenConns(1) // the limit is one of a connection
	s, err := sqlite.New(ctx, db, nil)
	require.NoError(t, err)
	person := func(n int) account.Account {
		id := account.ID(fmt.Sprintf("019ab000-0000-7000-8000-%012d", n))
		return account.Account{ID: id, Login: string(id) + "@terneuil.example", GivenName: strings.Repeat("x", 200)}
	}
	fill := func() error {
		return s.Update(ctx, func(tx storage.Tx) error {
			for n := range 100 {
				if err := tx.PutAccount(ctx, person(n+1)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	known := func() (n int) {
		require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
			all, err := tx.Accounts(ctx, account.Query{Limit: 1000})
			n = len(all)
			return err
		}))
		return n
	}
	limit := func(pages int) {
		_, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		require.NoError(t, err)
	}
	require.NoError(t, s.Update(ctx, func(tx storage.Tx) error { return tx.PutAccount(ctx, person(0)) }))
	var pages int
	require.NoError(t, db.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages))

	for range 2 {
		limit(pages + 2) // each time, for what fails may cost the connection
		var full interface{ Code() int }
		require.ErrorAs(t, fill(), &full)
		require.Equal(t, sqliteFull, full.Code()&0xff)
		require.Equal(t, 1, known(), "nothing of the unit is there, and all that was")
	}
	limit(pages + 1000)
	require.NoError(t, fill())
	require.Equal(t, 101, known())
	var sound string
	require.NoError(t, db.QueryRowContext(ctx, "PRAGMA integrity_check").Scan(&sound))
	require.Equal(t, "ok", sound)
}
