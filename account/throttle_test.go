package account_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
)

// LC-11, R-430: what somebody failed at or spent goes with the account, in whichever
// package it was counted.
func TestErasureClearsTheCounters(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, now := t.Context(), w.Clock.Now()
		person, other := w.Join(t, julie), w.Join(t, "other@terneuil.example")
		factors := []account.Factor{
			account.FactorPassword, account.FactorMailCode, account.FactorAnswer, account.FactorAuthenticator, account.FactorSecurityKey,
			account.FactorRecoveryCode, account.FactorTrustedDevice, "mailed_hour", "mailed_day", "noticed", "invited", "wrong_codes", "searching",
		}
		for _, f := range factors {
			for _, id := range []account.ID{person.ID, other.ID} {
				require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
					c, err := account.Counter(ctx, tx, id, f)
					require.NoError(t, err)
					c.Failures, c.LockedUntil = 3, now.Add(time.Hour)
					return tx.PutThrottle(ctx, c)
				}))
			}
		}
		support := account.Support("S-1")
		plan, err := w.Structures.PlanErasure(ctx, support, person.ID)
		require.NoError(t, err)
		_, err = w.Structures.Erase(ctx, support, person.ID, plan.Token)
		require.NoError(t, err)
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			for _, f := range factors {
				gone, err := account.Counter(ctx, tx, person.ID, f)
				require.NoError(t, err)
				require.Zero(t, gone.Failures, f)
				require.True(t, gone.LockedUntil.IsZero(), f)
				kept, err := account.Counter(ctx, tx, other.ID, f)
				require.NoError(t, err)
				require.Equal(t, 3, kept.Failures, f)
			}
			return nil
		}))
		w.Proven(t)
	})
}
