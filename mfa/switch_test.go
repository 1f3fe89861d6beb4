package mfa_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// failures returns how many tries of a factor did not succeed since the last that did.
func failures(t *testing.T, w *worldtest.World, f account.Factor) int {
	t.Helper()
	n := 0
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) error {
		a, err := tx.AccountByLogin(t.Context(), login)
		require.NoError(t, err)
		counter, err := account.Counter(t.Context(), tx, a.ID, f)
		n = counter.Failures
		return err
	}))
	return n
}

// FL-03, FL-04, R-080: choosing a way proves nothing, what is not chosen is not tried, and
// what the account has not is not chosen; no factor is added by half a sign-in.
func TestChoosingProvesNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		c := begin(t, w)
		old := code(t, w)
		for _, to := range []account.Factor{account.FactorMailCode, account.FactorAuthenticator, account.FactorMailCode} {
			shown, err := w.SignIns.Switch(ctx, c.Handle, to)
			require.NoError(t, err)
			require.Equal(t, to, shown.Factor)
			_, err = w.SignIns.Finish(ctx, c.Handle)
			require.ErrorIs(t, err, mfa.ErrSecondFactorRequired, "chosen is not proven")
			_, err = w.SignIns.Renew(ctx, c.Handle)
			require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)
		}
		for _, to := range []account.Factor{account.FactorSecurityKey, account.FactorRecoveryCode, account.FactorTrustedDevice, account.FactorPassword, account.FactorAnswer, "", "x"} {
			_, err := w.SignIns.Switch(ctx, c.Handle, to)
			require.ErrorIs(t, err, mfa.ErrWayRefused, "%q", to)
		}
		require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())), mfa.ErrNotAsked)
		require.ErrorIs(t, w.SignIns.ProveRecoveryCode(ctx, c.Handle, "AAAA AAAA AAAA AAAA"), mfa.ErrNotAsked)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, old), mfa.ErrWrongCode, "a code of another sign-in")
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, code(t, w)))
		_, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		w.Proven(t)
	})
}

// one code is enough for going to and fro; another one takes its pause.
func TestSwitchingMailsOneCode(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	w.Join(t, login)
	enrol(t, w, actor(t, w))
	c := begin(t, w)
	before := w.Count(t, login, notify.MailSignInCode)
	for range 3 {
		shown, err := w.SignIns.Switch(ctx, c.Handle, account.FactorMailCode)
		require.NoError(t, err)
		require.Equal(t, w.Clock.Now().Add(30*time.Second), shown.ResendAfter)
		_, err = w.SignIns.Switch(ctx, c.Handle, account.FactorAuthenticator)
		require.NoError(t, err)
		_, err = w.SignIns.Resend(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrNotAsked)
	}
	require.Equal(t, before+1, w.Count(t, login, notify.MailSignInCode))
	w.Clock.Move(10 * time.Minute)
	_, err := w.SignIns.Switch(ctx, c.Handle, account.FactorMailCode)
	require.NoError(t, err)
	require.Equal(t, before+2, w.Count(t, login, notify.MailSignInCode), "the first one is over")
}

// BF-07, BF-08, BF-09: neither another way, nor another code, nor another sign-in gives a
// try back: five in a sign-in, and each factor of an account has a count of its own.
func TestSwitchingResetsNoCount(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		c := begin(t, w)
		wrongApp := func() error {
			return w.SignIns.ProveAuthenticator(ctx, c.Handle, another(shows(t, e, w.Clock.Now())))
		}
		switched := func(to account.Factor) {
			_, err := w.SignIns.Switch(ctx, c.Handle, to)
			require.NoError(t, err)
		}
		require.ErrorIs(t, wrongApp(), mfa.ErrWrongCode)
		require.ErrorIs(t, wrongApp(), mfa.ErrWrongCode)
		switched(account.FactorMailCode)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, another(code(t, w))), mfa.ErrWrongCode)
		w.Clock.Move(30 * time.Second)
		_, err := w.SignIns.Resend(ctx, c.Handle)
		require.NoError(t, err)
		switched(account.FactorAuthenticator)
		require.ErrorIs(t, wrongApp(), mfa.ErrWrongCode)
		require.Equal(t, 3, failures(t, w, account.FactorAuthenticator))
		require.Equal(t, 1, failures(t, w, account.FactorMailCode))
		require.ErrorIs(t, wrongApp(), mfa.ErrWrongCode, "the fifth")
		_, err = w.SignIns.Switch(ctx, c.Handle, account.FactorMailCode)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
		c = begin(t, w)
		require.Equal(t, 4, failures(t, w, account.FactorAuthenticator), "BF-09: the right password gives nothing back")
		switched(account.FactorMailCode)
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, code(t, w)))
		require.Equal(t, 4, failures(t, w, account.FactorAuthenticator), "one factor gives back its own tries alone")
		require.Zero(t, failures(t, w, account.FactorMailCode))
	})
}

// BF-10, BF-17: once the throttle of a factor delays, the half sign-in is over, another
// begins with what is left, and the owner was told once.
func TestALockedFactorIsNoWay(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		wrong := another(shows(t, e, w.Clock.Now()))
		for range 2 {
			c := begin(t, w)
			for range 5 {
				require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, wrong), mfa.ErrWrongCode)
			}
		}
		require.Equal(t, 1, w.Count(t, login, notify.MailWrongCodes))
		c := begin(t, w)
		require.Equal(t, account.FactorMailCode, c.Factor)
		require.Equal(t, mfa.Way{Factor: account.FactorAuthenticator, Refused: mfa.RefusedLocked}, c.Ways[1])
		_, err := w.SignIns.Switch(ctx, c.Handle, account.FactorAuthenticator)
		require.ErrorIs(t, err, mfa.ErrWayRefused)
		w.Clock.Move(time.Minute)
		c = begin(t, w)
		require.Equal(t, account.FactorAuthenticator, c.Factor, "the lock ends by itself")
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())))
	})
}

// BF-01, BF-09: whoever tries codes knows the password, so wrong codes wear it out, all
// kinds together: at the policy's number it signs in no more, with the ordinary answer,
// until it is replaced.
func TestWrongCodesWearThePasswordOut(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		for n := 1; n <= 33; n++ {
			w.Clock.Move(2 * time.Hour)
			c := begin(t, w)
			if n%2 == 0 {
				_, err := w.SignIns.Switch(ctx, c.Handle, account.FactorMailCode)
				require.NoError(t, err)
				require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, another(code(t, w))), mfa.ErrWrongCode)
				continue
			}
			require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, another(shows(t, e, w.Clock.Now()))), mfa.ErrWrongCode, "%d", n)
		}
		w.Clock.Move(2 * time.Hour)
		_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: worldtest.Password})
		require.Equal(t, account.ErrInvalidCredentials, err)
		require.Equal(t, 3, w.Count(t, login, notify.MailWrongCodes), "when each factor began to delay, and when the password stopped")

		_, err = w.Accounts.ForgotPassword(ctx, account.Anonymous(), login)
		require.NoError(t, err)
		const fresh = "Another-Horse-8-Battery"
		_, err = w.Accounts.ResetPassword(ctx, w.TokenIn(t, login, notify.MailPasswordReset), account.NewPassword{Password: fresh, Confirmation: fresh})
		require.NoError(t, err)
		c, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: fresh})
		require.NoError(t, err)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())))
	})
}

// FL-10, FL-11: whoever holds the mailbox replaces the password, and gets no session by
// the same mailbox where the account has an application, which stays as it is.
func TestTheMailboxIsNotBoth(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		asked := begin(t, w)
		_, err := w.SignIns.Switch(ctx, asked.Handle, account.FactorMailCode)
		require.NoError(t, err)
		sent := code(t, w)
		_, err = w.Accounts.ForgotPassword(ctx, account.Anonymous(), login)
		require.NoError(t, err)
		_, err = w.Accounts.ResetPassword(ctx, w.TokenIn(t, login, notify.MailPasswordReset),
			account.NewPassword{Password: "Another-Horse-8-Battery", Confirmation: "Another-Horse-8-Battery"})
		require.NoError(t, err)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, asked.Handle, sent), mfa.ErrSignInOver, "half a sign-in ended with the password")
		w.Clock.Move(time.Minute)
		c, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: "Another-Horse-8-Battery"})
		require.NoError(t, err)
		require.Equal(t, account.FactorAuthenticator, c.Factor)
		require.Equal(t, mfa.RefusedMailbox, c.Ways[2].Refused)
		_, err = w.SignIns.Switch(ctx, c.Handle, account.FactorMailCode)
		require.ErrorIs(t, err, mfa.ErrWayRefused)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())))
		s, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		by, err := w.Accounts.Resume(ctx, s)
		require.NoError(t, err)
		all, err := w.SignIns.ListFactors(ctx, by)
		require.NoError(t, err)
		require.Len(t, all, 3)
	})
}

// FL-05: a policy without the way back refuses it to whoever has something stronger, and
// to nobody else.
func TestNoWayBackByPolicy(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		p := mfa.Guide2024()
		p.Factors.MailOnlyAlone = true
		w.Policy(t, p)
		w.Join(t, login)
		by := actor(t, w)
		half := begin(t, w)
		sent := code(t, w)
		enrol(t, w, by)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, half.Handle, sent), mfa.ErrWayRefused, "a code that was sent before")
		c := begin(t, w)
		require.Equal(t, mfa.RefusedByPolicy, c.Ways[2].Refused)
		_, err := w.SignIns.Switch(ctx, c.Handle, account.FactorMailCode)
		require.ErrorIs(t, err, mfa.ErrWayRefused)
	})
}
