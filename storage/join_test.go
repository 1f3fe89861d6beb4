package storage_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// plainTx hides what a unit can do besides.
type plainTx struct{ storage.Tx }

// EX-11 in spirit: in a transaction that cannot nest, nothing is decided from what a part
// left half written, neither by a unit that writes nor by one that reads.
func TestJoinedUnitsEndWithTheFirstThatFails(t *testing.T) {
	t.Parallel()
	ctx, boom := t.Context(), errors.New("boom")
	fails := func(storage.Tx) error { return boom }
	fine := func(storage.Tx) error { return nil }
	dead, cancel := context.WithCancel(ctx)
	for name, c := range map[string]struct {
		first func(storage.Store) error
		want  error
	}{
		"an error": {func(s storage.Store) error { return s.Update(ctx, fails) }, boom},
		"a dead context": {func(s storage.Store) error {
			return s.Update(dead, func(storage.Tx) error { cancel(); return nil })
		}, context.Canceled},
	} {
		require.NoError(t, memory.New().Update(ctx, func(tx storage.Tx) error {
			s := storage.Join(plainTx{tx})
			require.NoError(t, s.View(ctx, fine), name)
			require.ErrorIs(t, s.View(ctx, fails), boom, name)
			require.NoError(t, s.Update(ctx, fine), "%s: what was only read breaks nothing", name)
			require.ErrorIs(t, c.first(s), c.want, name)
			require.ErrorIs(t, s.Update(ctx, fine), c.want, name)
			require.ErrorIs(t, s.View(ctx, fine), c.want, name)

			nests := storage.Join(tx)
			require.ErrorIs(t, nests.Update(ctx, fails), boom, name)
			require.NoError(t, nests.Update(ctx, fine), name)
			require.NoError(t, nests.View(ctx, fine), name)
			return nil
		}))
	}
}
