package mfa_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// requiring wires sign-ins of a host that asks for an application or a key.
func requiring(t *testing.T, w *worldtest.World, from func(context.Context, account.ID) (time.Time, error)) {
	t.Helper()
	hasher, err := account.NewHasher(account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, nil)
	require.NoError(t, err)
	w.SignIns, err = mfa.New(storage.SignIns(w.Store), w.Keys, &mfa.Options{
		Now: w.Clock.Now, Hasher: hasher, Accounts: w.Accounts, StrongFrom: from,
	})
	require.NoError(t, err)
}

// Where the host asks for an application or a key from an instant on, it is announced
// before; at that instant whoever has none gets a session for adding one and for nothing
// else, and whoever has one may not go round it.
func TestStrongFactorsFromAnInstantOn(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		from := w.Clock.Now().Add(time.Hour)
		requiring(t, w, func(_ context.Context, id account.ID) (time.Time, error) {
			if id != julie.ID {
				return time.Time{}, nil
			}
			return from, nil
		})
		require.Equal(t, from, begin(t, w).EnrolBy)
		w.Clock.Move(from.Sub(w.Clock.Now()) - 2*time.Millisecond)
		require.False(t, w.SignIn(t, login).EnrolOnly, "an instant before")
		held := w.SignIn(t, login)
		require.True(t, held.EnrolOnly, "at the instant")
		_, err := w.Accounts.Resume(ctx, held)
		require.ErrorIs(t, err, account.ErrEnrolmentRequired)
		by, err := w.SignIns.Enrolling(ctx, held)
		require.NoError(t, err)
		e := enrol(t, w, by)

		up, err := w.SignIns.StepUp(ctx, held, worldtest.Password)
		require.NoError(t, err)
		require.Equal(t, account.FactorAuthenticator, up.Factor)
		require.Zero(t, up.EnrolBy)
		require.Equal(t, mfa.RefusedByPolicy, up.Ways[2].Refused)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, up.Handle, shows(t, e, w.Clock.Now())))
		whole, err := w.SignIns.Finish(ctx, up.Handle)
		require.NoError(t, err)
		_, err = w.Accounts.Resume(ctx, whole)
		require.NoError(t, err)
		require.NoError(t, w.Accounts.SignOutEverywhere(ctx, julie))
		for _, s := range []account.Session{held, whole, {}} {
			_, err = w.SignIns.Enrolling(ctx, s)
			require.ErrorIs(t, err, account.ErrSessionEnded)
		}
		w.Proven(t)
	})
}

// FL-17, BF-01: a host that cannot tell lets nobody in, and its silence uses up nobody's tries.
func TestAHostThatCannotTell(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, login)
		boom := errors.New("boom")
		requiring(t, w, func(context.Context, account.ID) (time.Time, error) { return time.Time{}, boom })
		for range 2 * mfa.Guide2024().Password.Free {
			_, err := w.SignIns.Begin(t.Context(), mfa.Credentials{Login: login, Password: worldtest.Password})
			require.ErrorIs(t, err, boom)
		}
		require.Zero(t, failures(t, w, account.FactorPassword))
	})
}

// an enrolment under way is lost when its owner closes the account, even for whoever
// comes back before its time is over.
func TestEnrolmentsEndWithTheAccount(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		keyed(t, w, nil)
		app, err := w.SignIns.BeginAuthenticator(ctx, proven(w, julie))
		require.NoError(t, err)
		key, err := w.SignIns.BeginKey(ctx, proven(w, julie))
		require.NoError(t, err)
		w.Clock.Move(time.Minute)
		w.Leave(t, julie)
		_, err = w.Accounts.RequestReactivation(ctx, account.Anonymous(), login)
		require.NoError(t, err)
		w.Clock.Move(time.Minute)
		const fresh = "Battery-Horse-8-Correct"
		_, err = w.Accounts.CompleteReactivation(ctx, w.TokenIn(t, login, notify.MailReactivation), account.NewPassword{Password: fresh, Confirmation: fresh})
		require.NoError(t, err)

		w.Unchanged(t, func() {
			_, err := w.SignIns.ConfirmAuthenticator(ctx, proven(w, julie), app.ID, shows(t, app, w.Clock.Now()), "")
			require.ErrorIs(t, err, mfa.ErrEnrolmentOver)
			_, err = w.SignIns.FinishKey(ctx, proven(w, julie), mfa.KeyAnswer{Enrolment: key.ID, Response: newStick().create(t, key.Options)})
			require.ErrorIs(t, err, mfa.ErrEnrolmentOver)
		})
		app, err = w.SignIns.BeginAuthenticator(ctx, proven(w, julie))
		require.NoError(t, err)
		_, err = w.SignIns.ConfirmAuthenticator(ctx, proven(w, julie), app.ID, shows(t, app, w.Clock.Now()), "")
		require.NoError(t, err)
		add(t, w, julie)
		w.Proven(t)
	})
}
