package account_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
)

// Only the operator's staff may ask which account has an address.
func TestIDByLogin(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, "julie@terneuil.example")
		w.Unchanged(t, func() {
			staff := account.Support("A-1")
			id, err := w.Accounts.IDByLogin(t.Context(), staff, " Julie@Terneuil.example ")
			require.NoError(t, err)
			require.Equal(t, julie.ID, id)
			_, err = w.Accounts.IDByLogin(t.Context(), staff, "nobody@terneuil.example")
			require.ErrorIs(t, err, fault.ErrNotFound)
			_, err = w.Accounts.IDByLogin(t.Context(), staff, "julie")
			require.Equal(t, map[string]string{"login": "address "}, codes(err))
			for _, by := range []account.Actor{julie, account.Anonymous(), account.System(), {}} {
				for _, login := range []string{"julie@terneuil.example", "nobody@terneuil.example", "x"} {
					_, err = w.Accounts.IDByLogin(t.Context(), by, login)
					require.ErrorIs(t, err, account.ErrActor)
				}
			}
		})
	})
}
