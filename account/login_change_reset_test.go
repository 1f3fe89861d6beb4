package account_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
)

// LC-19: while a change of the login address waits, a forgotten password is mailed to the
// proven address only, and asking by the new one sends nothing.
func TestAResetDuringALoginChangeGoesToTheProvenAddress(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		request(t, w, proven(t, w, before), after)
		for _, asked := range []string{before, after} {
			_, err := w.Accounts.ForgotPassword(t.Context(), account.Anonymous(), asked)
			require.NoError(t, err)
		}
		require.Equal(t, 1, w.Count(t, before, notify.MailPasswordReset))
		require.Zero(t, w.Count(t, after, notify.MailPasswordReset))
		require.NoError(t, reset(w, w.TokenIn(t, before, notify.MailPasswordReset), second))
		w.Proven(t)
	})
}
