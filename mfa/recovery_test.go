package mfa_test

import (
	"encoding/base32"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// left returns how many recovery codes the owner's list shows.
func left(t *testing.T, w *worldtest.World, by account.Actor) int {
	t.Helper()
	all, err := w.SignIns.ListFactors(t.Context(), by)
	require.NoError(t, err)
	for _, f := range all {
		if f.Kind == account.FactorRecoveryCode {
			return f.CodesLeft
		}
	}
	return -1
}

// RP-23, BF-11: each code works once, however it is written; a fresh set voids the one
// before; guesses cost what the policy says, and the codes are too long for them.
func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		by := actor(t, w)
		former, err := w.SignIns.NewRecoveryCodes(ctx, by)
		require.NoError(t, err)
		codes, err := w.SignIns.NewRecoveryCodes(ctx, by)
		require.NoError(t, err)
		require.Len(t, codes, 10)
		require.Regexp(t, "^([A-Z2-7]{4} ){3}[A-Z2-7]{4}$", codes[0], "80 bits")
		require.Equal(t, 10, left(t, w, by))
		chosen := func() mfa.Challenge {
			c, err := w.SignIns.Switch(ctx, begin(t, w).Handle, account.FactorRecoveryCode)
			require.NoError(t, err)
			return c
		}
		c := chosen()
		require.ErrorIs(t, w.SignIns.ProveRecoveryCode(ctx, c.Handle, former[0]), mfa.ErrWrongCode, "a code of the former set")
		require.NoError(t, w.SignIns.ProveRecoveryCode(ctx, c.Handle, strings.ToLower(strings.ReplaceAll(codes[0], " ", "-"))))
		require.Equal(t, 9, left(t, w, by))
		s, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		require.Equal(t, []account.Factor{account.FactorPassword, account.FactorRecoveryCode}, s.Factors)
		c = chosen()
		require.ErrorIs(t, w.SignIns.ProveRecoveryCode(ctx, c.Handle, codes[0]), mfa.ErrWrongCode, "RP-23")
		for _, odd := range []string{"", "AAAA", strings.Repeat("A", 1<<20), codes[1] + "A"} {
			require.ErrorIs(t, w.SignIns.ProveRecoveryCode(ctx, c.Handle, odd), mfa.ErrWrongCode, "%.20q", odd)
		}
		w.Clock.Move(time.Hour - time.Second)
		c = begin(t, w)
		_, err = w.SignIns.Switch(ctx, c.Handle, account.FactorRecoveryCode)
		require.ErrorIs(t, err, mfa.ErrWayRefused, "BF-11: five in a row, then an hour")
		w.Clock.Move(time.Second)
		require.NoError(t, w.SignIns.ProveRecoveryCode(ctx, chosen().Handle, codes[1]))
		require.Equal(t, 8, left(t, w, account.Person(by.ID)))
		w.Proven(t)
	})
}

// CR-02, CR-03: neither a seed nor a recovery code nor the token of a device is in the store;
// what stands for a seed opens with the deployment's key and with no other.
func TestSecretsOfFactorsAreNotStored(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		p := mfa.Guide2024()
		p.Factors.TrustedDevice = time.Hour
		w.Policy(t, p)
		julie := w.Join(t, login)
		by := actor(t, w)
		e := enrol(t, w, by)
		codes, err := w.SignIns.NewRecoveryCodes(ctx, by)
		require.NoError(t, err)
		d, err := w.SignIns.TrustDevice(ctx, by, "")
		require.NoError(t, err)
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			fs, err := tx.Factors(ctx, julie.ID)
			require.Len(t, fs, 3)
			key := make([]byte, account.KeySize)
			for i := range key {
				key[i] = byte(200 - 3*i)
			}
			others, bad := account.NewKeys(key)
			require.NoError(t, bad)
			for _, f := range fs {
				if f.Kind == account.FactorAuthenticator {
					place := "seed/" + string(julie.ID) + "/" + string(f.ID)
					seed, err := w.Keys.Open(f.Data, place)
					require.NoError(t, err)
					require.Equal(t, strings.ReplaceAll(e.Secret, " ", ""), base32.StdEncoding.EncodeToString(seed))
					_, err = others.Open(f.Data, place)
					require.Error(t, err)
				}
				text := f.Credential + string(f.Data) + f.Label
				for _, secret := range append([]string{strings.ReplaceAll(e.Secret, " ", ""), d.Token}, codes...) {
					require.NotContains(t, text, strings.ReplaceAll(secret, " ", ""))
				}
			}
			return err
		}))
	})
}

// CR-07: a seed that is moved to another account opens nothing.
func TestSeedsStayInTheirPlace(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	julie := w.Join(t, login)
	enrol(t, w, actor(t, w))
	thief := w.Join(t, "thief@terneuil.example")
	held, err := w.Accounts.Resume(ctx, w.SignIn(t, "thief@terneuil.example"))
	require.NoError(t, err)
	own, err := w.SignIns.BeginAuthenticator(ctx, held)
	require.NoError(t, err)
	require.NoError(t, storage.Update(ctx, w.Store, func(tx storage.Tx) error {
		theirs, err := tx.Factors(ctx, thief.ID)
		require.NoError(t, err)
		victims, err := tx.Factors(ctx, julie.ID)
		require.NoError(t, err)
		victims[0].Data = theirs[0].Data
		return tx.PutFactor(ctx, victims[0])
	}))
	c := begin(t, w)
	err = w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, own, w.Clock.Now()))
	require.Error(t, err)
	require.NotErrorIs(t, err, mfa.ErrWrongCode, "it is damage, not a wrong code")
	_, err = w.SignIns.Finish(ctx, c.Handle)
	require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)
}

// FL-04, R-080: a set whose codes are all used up is no way any more, and costs nobody a try.
func TestASpentSetIsNoWay(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		p := mfa.Guide2024()
		p.Factors.Recovery.Codes = 1
		w.Policy(t, p)
		by := actor(t, w)
		codes, err := w.SignIns.NewRecoveryCodes(ctx, by)
		require.NoError(t, err)
		waits, err := w.SignIns.Switch(ctx, begin(t, w).Handle, account.FactorRecoveryCode)
		require.NoError(t, err)
		c, err := w.SignIns.Switch(ctx, begin(t, w).Handle, account.FactorRecoveryCode)
		require.NoError(t, err)
		require.NoError(t, w.SignIns.ProveRecoveryCode(ctx, c.Handle, codes[0]))
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		require.Zero(t, left(t, w, by), "the owner still sees that there was one")
		require.ErrorIs(t, w.SignIns.ProveRecoveryCode(ctx, waits.Handle, codes[0]), mfa.ErrWayRefused)
		c = begin(t, w)
		require.Contains(t, c.Ways, mfa.Way{Factor: account.FactorRecoveryCode, Refused: mfa.RefusedNotEnrolled})
		_, err = w.SignIns.Switch(ctx, c.Handle, account.FactorRecoveryCode)
		require.ErrorIs(t, err, mfa.ErrWayRefused)
		require.Zero(t, failures(t, w, account.FactorRecoveryCode))
	})
}

// RC-23: two sets at once, or two applications: one of them is the account's.
func TestParallelEnrolments(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		by := actor(t, w)
		e, err := w.SignIns.BeginAuthenticator(ctx, by)
		require.NoError(t, err)
		var wg sync.WaitGroup
		var mu sync.Mutex
		var sets [][]string
		confirmed := 0
		for range 4 {
			wg.Go(func() {
				codes, err := w.SignIns.NewRecoveryCodes(ctx, by)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					sets = append(sets, codes)
				}
			})
			wg.Go(func() {
				_, err := w.SignIns.ConfirmAuthenticator(ctx, by, e.ID, shows(t, e, w.Clock.Now()), "")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					confirmed++
				}
			})
		}
		wg.Wait()
		require.Equal(t, 1, confirmed, "R-075")
		works := 0
		for _, set := range sets {
			c, err := w.SignIns.Switch(ctx, begin(t, w).Handle, account.FactorRecoveryCode)
			require.NoError(t, err)
			if w.SignIns.ProveRecoveryCode(ctx, c.Handle, set[0]) == nil {
				works++
			}
		}
		require.Equal(t, 1, works, "the codes of one set work")
		w.Proven(t)
	})
}

// RC-23, R-075: whoever asks twice at once, for the first set of codes or with two
// enrolments that wait, gets an answer that belongs to it.
func TestParallelEnrolmentsAreAnswered(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		for range 10 {
			w.Clock.Move(time.Minute)
			by := actor(t, w)
			var waiting [2]mfa.Enrolment
			errs := make([]error, 6)
			var wg sync.WaitGroup
			for i := range waiting {
				wg.Go(func() { waiting[i], errs[i] = w.SignIns.BeginAuthenticator(ctx, by) })
			}
			wg.Wait()
			require.NoError(t, errors.Join(errs...))
			for i := range errs {
				wg.Go(func() {
					if i < len(waiting) {
						_, errs[i] = w.SignIns.ConfirmAuthenticator(ctx, by, waiting[i].ID, shows(t, waiting[i], w.Clock.Now()), "")
					} else {
						_, errs[i] = w.SignIns.NewRecoveryCodes(ctx, by)
					}
				})
			}
			wg.Wait()
			for i, err := range errs {
				if i < len(waiting) && (errors.Is(err, mfa.ErrAuthenticatorEnrolled) || errors.Is(err, mfa.ErrEnrolmentOver)) {
					continue
				}
				require.NoError(t, err)
			}
			fs, err := w.SignIns.ListFactors(ctx, by)
			require.NoError(t, err)
			require.Len(t, fs, 4, "password, mailbox, one application and one set of codes")
			for _, f := range fs[2:] {
				require.NoError(t, w.SignIns.RemoveFactor(ctx, by, f.ID))
			}
		}
		w.Proven(t)
	})
}

// a device is remembered only where the policy says so, for the password and the
// stamp that it was remembered with, to its exact end; it never stands in for a step-up.
func TestTrustedDevices(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		_, err := w.SignIns.TrustDevice(ctx, actor(t, w), "")
		require.ErrorIs(t, err, mfa.ErrNotOffered, "off by default")
		p := mfa.Guide2024()
		p.Factors.TrustedDevice = 24 * time.Hour
		w.Policy(t, p)
		by := actor(t, w)
		_, err = w.SignIns.TrustDevice(ctx, julie, "")
		require.ErrorIs(t, err, account.ErrProofRequired)
		d, err := w.SignIns.TrustDevice(ctx, by, "Bureau")
		require.NoError(t, err)
		from := func(token string) mfa.Challenge {
			w.Clock.Move(time.Millisecond)
			c, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: worldtest.Password, Device: token})
			require.NoError(t, err)
			return c
		}
		require.Equal(t, account.FactorMailCode, from("another").Factor)
		sent := w.Count(t, login, notify.MailSignInCode)
		c := from(d.Token)
		require.Equal(t, account.FactorTrustedDevice, c.Factor)
		require.Equal(t, sent, w.Count(t, login, notify.MailSignInCode))
		s, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		require.Equal(t, []account.Factor{account.FactorPassword, account.FactorTrustedDevice}, s.Factors)
		require.Zero(t, s.At, "the device is no fresh proof")
		up, err := w.SignIns.StepUp(ctx, s, worldtest.Password)
		require.NoError(t, err)
		require.Equal(t, account.FactorMailCode, up.Factor)

		w.Clock.Move(d.Until.Sub(w.Clock.Now()) - 2*time.Millisecond)
		require.Equal(t, account.FactorTrustedDevice, from(d.Token).Factor)
		require.Equal(t, account.FactorMailCode, from(d.Token).Factor, "over at its exact end")

		d, err = w.SignIns.TrustDevice(ctx, actor(t, w), "")
		require.NoError(t, err)
		require.NoError(t, w.Accounts.SignOutEverywhere(ctx, julie))
		require.Equal(t, account.FactorMailCode, from(d.Token).Factor, "it ends with every session")
		by = actor(t, w)
		d, err = w.SignIns.TrustDevice(ctx, by, "")
		require.NoError(t, err)
		all, err := w.SignIns.ListFactors(ctx, by)
		require.NoError(t, err)
		require.NoError(t, w.SignIns.RemoveFactor(ctx, by, all[len(all)-1].ID))
		require.Equal(t, account.FactorMailCode, from(d.Token).Factor, "revoked")
		w.Proven(t)
	})
}

// Support removes what somebody lost, the sessions of whoever has it now end, and the owner
// hears of it; nobody else can.
func TestResetFactors(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	julie := w.Join(t, login)
	held := w.SignIn(t, login)
	by, err := w.Accounts.Resume(ctx, held)
	require.NoError(t, err)
	enrol(t, w, by)
	_, err = w.SignIns.NewRecoveryCodes(ctx, by)
	require.NoError(t, err)
	_, err = w.SignIns.ReplaceAuthenticator(ctx, by)
	require.NoError(t, err)
	for _, who := range []account.Actor{by, account.System(), account.Anonymous()} {
		_, err := w.SignIns.ResetFactors(ctx, who, julie.ID)
		require.ErrorIs(t, err, account.ErrActor)
	}
	n, err := w.SignIns.ResetFactors(ctx, account.Support("S-1"), julie.ID)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	_, err = w.Accounts.Resume(ctx, held)
	require.ErrorIs(t, err, account.ErrSessionEnded)
	require.Equal(t, 2, w.Count(t, login, notify.MailFactorRemoved))
	all, err := w.SignIns.ListFactors(ctx, by)
	require.NoError(t, err)
	require.Len(t, all, 2, "password and mailbox")
	w.Proven(t)
}

// R-430, LG-11: erasing a person removes every factor.
func TestErasingRemovesFactors(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		enrol(t, w, actor(t, w))
		plan, err := w.Structures.PlanErasure(ctx, account.Support("S-1"), julie.ID)
		require.NoError(t, err)
		_, err = w.Structures.Erase(ctx, account.Support("S-1"), julie.ID, plan.Token)
		require.NoError(t, err)
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			fs, err := tx.Factors(ctx, julie.ID)
			require.Empty(t, fs)
			return err
		}))
		w.Proven(t)
	})
}

// Adding or removing a factor ends no session, which is in CONTRIBUTING.md; signing out
// everywhere does.
func TestFactorsEndNoSession(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		other := w.SignIn(t, login)
		by := actor(t, w)
		e := enrol(t, w, by)
		_, err := w.Accounts.Resume(ctx, other)
		require.NoError(t, err)
		require.NoError(t, w.SignIns.RemoveFactor(ctx, by, e.ID))
		_, err = w.Accounts.Resume(ctx, other)
		require.NoError(t, err)
		require.NoError(t, w.Accounts.SignOutEverywhere(ctx, julie))
		_, err = w.Accounts.Resume(ctx, other)
		require.ErrorIs(t, err, account.ErrSessionEnded)
	})
}
