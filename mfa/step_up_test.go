package mfa_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// A step-up asks for every factor again and gives the same session, fresh.
func TestStepUp(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		held := w.SignIn(t, login)
		w.Clock.Move(time.Hour)
		require.False(t, held.Fresh(w.Clock.Now(), 15*time.Minute))
		_, err := w.SignIns.StepUp(ctx, held, "wrong")
		require.Equal(t, account.ErrInvalidCredentials, err)
		c, err := w.SignIns.StepUp(ctx, held, worldtest.Password)
		require.NoError(t, err)
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired, "the password alone proves too little")
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, code(t, w)))
		fresh, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		require.True(t, fresh.Fresh(w.Clock.Now(), 15*time.Minute))
		require.Equal(t, account.Session{Account: held.Account, Stamp: held.Stamp, At: w.Clock.Now(), Factors: held.Factors}, fresh)
		_, err = w.Accounts.Resume(ctx, held)
		require.NoError(t, err)
		w.Proven(t)
	})
}

func TestStepUpNeedsASessionThatHolds(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	julie := w.Join(t, login)
	held := w.SignIn(t, login)
	other := held
	other.Stamp = "x"
	require.NoError(t, w.Accounts.SignOutEverywhere(ctx, julie))
	w.Unchanged(t, func() {
		for _, s := range []account.Session{{}, held, other, {Account: "019ab000-0000-7000-8000-000000000000", Stamp: held.Stamp}} {
			_, err := w.SignIns.StepUp(ctx, s, worldtest.Password)
			require.ErrorIs(t, err, account.ErrSessionEnded)
		}
	})
}

// A hash of another cost is replaced at the sign-in that knows the password, with the
// stamp and every session as they were.
func TestOutdatedHashesAreReplacedAtSignIn(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		held := w.SignIn(t, login)
		before := stored(t, w)
		hasher, err := account.NewHasher(account.Hashing{MemoryKiB: 128, Passes: 1, TestOnly: true}, nil)
		require.NoError(t, err)
		w.SignIns, err = mfa.New(storage.SignIns(w.Store), w.Keys, &mfa.Options{Now: w.Clock.Now, Hasher: hasher})
		require.NoError(t, err)
		_, err = w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: "wrong"})
		require.ErrorIs(t, err, account.ErrInvalidCredentials)
		require.Equal(t, before.Credentials, stored(t, w).Credentials, "not by a wrong password")
		w.SignIn(t, login)
		after := stored(t, w)
		require.Contains(t, after.Credentials.Password, "m=128,")
		require.Equal(t, before.Credentials.ChangedAt, after.Credentials.ChangedAt, "it is the same password")
		_, err = w.Accounts.Resume(ctx, held)
		require.NoError(t, err)
		w.SignIn(t, login)
		require.Equal(t, after.Credentials, stored(t, w).Credentials, "once")
		n := 0
		for _, k := range w.Kinds(t) {
			if k == "account.password_rehashed" {
				n++
			}
		}
		require.Equal(t, 1, n)
		w.Proven(t)
	})
}

// BF-01, BF-16: guesses, each as soon as the lock allows, and many more while it does not: the owner is told once,
// and the delay grows at once after each, up to its longest.
func TestTheLockRearmsLonger(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		guess := func(password string) error {
			_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: password})
			return err
		}
		for range 5 {
			require.Error(t, guess("wrong"))
		}
		delay := 30 * time.Second
		for range 10 {
			w.Clock.Move(delay - time.Microsecond)
			require.Error(t, guess(worldtest.Password), "still locked after %v", delay)
			w.Clock.Move(time.Microsecond)
			require.Error(t, guess("wrong"))
			delay = min(2*delay, time.Hour)
		}
		checked := func() (n int) {
			for _, k := range w.Kinds(t) {
				if k == "account.sign_in_failed" {
					n++
				}
			}
			return n
		}
		require.Equal(t, 15, checked())
		for range guesses(t) {
			require.Error(t, guess("wrong"))
		}
		require.Equal(t, 15, checked(), "BF-01: nothing is checked beyond the budget")
		told := 0
		for _, m := range w.Mails(t) {
			if m.Template == notify.MailAccountLocked {
				told++
			}
		}
		require.Equal(t, 1, told)
		w.Clock.Move(time.Hour)
		require.NoError(t, guess(worldtest.Password), "never for good")
	})
}

// guesses is how many passwords are tried while an account is locked: a thousand, in long
// runs on every store.
func guesses(t *testing.T) int {
	if longtest.Wanted() || strings.HasSuffix(t.Name(), "/memory") {
		return 1000
	}
	return 100
}

func stored(t *testing.T, w *worldtest.World) (a account.Account) {
	t.Helper()
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) (err error) {
		a, err = tx.AccountByLogin(t.Context(), login)
		return err
	}))
	return a
}
