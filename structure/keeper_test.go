package structure_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// bare hides what units can do besides.
type bare struct{ storage.Store }

func (b bare) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return b.Store.Update(ctx, func(tx storage.Tx) error { return fn(struct{ storage.Tx }{tx}) })
}

// where a store cannot keep an account active, whoever asks writes it, which collides
// with whoever closes it.
func TestAskingWithoutAKeeper(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	k := newCrossroads(t, w)
	who := w.Join(t, "rita@terneuil.example")
	s, err := structure.New(storage.Structures(bare{w.Store}), w.Keys, &structure.Options{Now: w.Clock.Now, Accounts: w.Accounts})
	require.NoError(t, err)
	before := w.Account(t, who.ID).Version
	_, err = s.Request(t.Context(), who, ask(k.c))
	require.NoError(t, err)
	require.Equal(t, before+1, w.Account(t, who.ID).Version)
	w.Proven(t)
}
