package mfa_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// actor returns the actor of a session that was made just now.
func actor(t *testing.T, w *worldtest.World) account.Actor {
	t.Helper()
	by, err := w.Accounts.Resume(t.Context(), w.SignIn(t, login))
	require.NoError(t, err)
	return by
}

// shows returns the code that an application shows for a seed.
func shows(t *testing.T, e mfa.Enrolment, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(e.Secret, " ", ""), at)
	require.NoError(t, err)
	return code
}

// enrol gives an account an application, and moves the clock on to its next code.
func enrol(t *testing.T, w *worldtest.World, by account.Actor) mfa.Enrolment {
	t.Helper()
	e, err := w.SignIns.BeginAuthenticator(t.Context(), by)
	require.NoError(t, err)
	_, err = w.SignIns.ConfirmAuthenticator(t.Context(), by, e.ID, shows(t, e, w.Clock.Now()), "Téléphone")
	require.NoError(t, err)
	w.Clock.Move(time.Minute)
	return e
}

// an
// application is added with a first code, then asked for at every sign-in; the mailbox
// stays the way back for whoever lost the telephone, without the application going.
func TestApplication(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		by := actor(t, w)
		e, err := w.SignIns.BeginAuthenticator(ctx, by)
		require.NoError(t, err)
		require.Equal(t, w.Clock.Now().Add(15*time.Minute), e.ExpiresAt)
		require.Equal(t, account.FactorMailCode, begin(t, w).Factor, "FL-14: a pending enrolment changes nothing")
		added, err := w.SignIns.ConfirmAuthenticator(ctx, by, e.ID, " "+shows(t, e, w.Clock.Now())+"\n", "  Téléphone   du bureau ")
		require.NoError(t, err)
		require.Equal(t, "Téléphone du bureau", added.Label)
		require.Equal(t, "Téléphone du bureau", w.Last(t, login, notify.MailFactorAdded).Values["Factor"])

		w.Clock.Move(time.Minute)
		sent := w.Count(t, login, notify.MailSignInCode)
		c := begin(t, w)
		require.Equal(t, account.FactorAuthenticator, c.Factor)
		require.Equal(t, 6, c.CodeDigits)
		require.Zero(t, c.ResendAfter)
		require.Equal(t, sent, w.Count(t, login, notify.MailSignInCode), "no mail where something stronger is asked for")
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())))
		s, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		require.Equal(t, []account.Factor{account.FactorPassword, account.FactorAuthenticator}, s.Factors)
		require.Zero(t, w.Count(t, login, notify.MailFactorFallback))

		w.Clock.Move(time.Minute)
		c = begin(t, w)
		c, err = w.SignIns.Switch(ctx, c.Handle, account.FactorMailCode)
		require.NoError(t, err)
		require.Equal(t, account.FactorMailCode, c.Factor)
		require.Equal(t, "j•••@terneuil.example", c.Hint)
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, code(t, w)))
		s, err = w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		require.Equal(t, 1, w.Count(t, login, notify.MailFactorFallback), "the owner is told of the weaker way")
		by, err = w.Accounts.Resume(ctx, s)
		require.NoError(t, err)
		all, err := w.SignIns.ListFactors(ctx, by)
		require.NoError(t, err)
		require.Len(t, all, 3, "R-083: the application is still there")
		require.NoError(t, w.SignIns.RemoveFactor(ctx, by, all[2].ID), "R-077, R-082")
		require.Equal(t, "Téléphone du bureau", w.Last(t, login, notify.MailFactorRemoved).Values["Factor"])
		require.Equal(t, account.FactorMailCode, begin(t, w).Factor)
		enrol(t, w, by)
		w.Proven(t)
	})
}

// RP-01, RP-02, RP-04, RP-05: a code works once, the first code not even once more, and
// none of a step before; a space more changes nothing.
func TestNoCodeWorksTwice(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		by := actor(t, w)
		e, err := w.SignIns.BeginAuthenticator(ctx, by)
		require.NoError(t, err)
		first := shows(t, e, w.Clock.Now())
		_, err = w.SignIns.ConfirmAuthenticator(ctx, by, e.ID, first, "")
		require.NoError(t, err)
		refused := func(code, why string) {
			t.Helper()
			require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, code), mfa.ErrWrongCode, why)
		}
		refused(first, "RP-04")
		refused(" "+first, "RP-05")
		w.Clock.Move(30 * time.Second)
		second := shows(t, e, w.Clock.Now())
		ahead := shows(t, e, w.Clock.Now().Add(30*time.Second))
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, second))
		refused(second, "RP-01")
		refused(second+" ", "RP-05")
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, ahead), "one step ahead is within the window")
		w.Clock.Move(30 * time.Second)
		refused(ahead, "used before its time")
		refused(second, "RP-02: the trailing step")
	})
}

// FL-13, R-072, R-070: without a right code nothing is added; the tries are limited, and
// so is the time, at its exact end.
func TestEnrolmentsEnd(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		by := actor(t, w)
		confirm := func(e mfa.Enrolment, code string) error {
			_, err := w.SignIns.ConfirmAuthenticator(ctx, by, e.ID, code, "")
			return err
		}
		e, err := w.SignIns.BeginAuthenticator(ctx, by)
		require.NoError(t, err)
		for _, odd := range []string{"", "12345", another(shows(t, e, w.Clock.Now())), "１２３４５６"} {
			require.ErrorIs(t, confirm(e, odd), mfa.ErrWrongCode)
		}
		require.NoError(t, confirm(e, shows(t, e, w.Clock.Now())), "the fifth try")
		require.ErrorIs(t, confirm(e, shows(t, e, w.Clock.Now())), mfa.ErrEnrolmentOver, "it is confirmed once")

		e, err = w.SignIns.ReplaceAuthenticator(ctx, by)
		require.NoError(t, err)
		for range 5 {
			require.ErrorIs(t, confirm(e, another(shows(t, e, w.Clock.Now()))), mfa.ErrWrongCode)
		}
		require.ErrorIs(t, confirm(e, shows(t, e, w.Clock.Now())), mfa.ErrEnrolmentOver, "the sixth")

		e, err = w.SignIns.ReplaceAuthenticator(ctx, by)
		require.NoError(t, err)
		later, err := w.SignIns.ReplaceAuthenticator(ctx, by)
		require.NoError(t, err)
		require.ErrorIs(t, confirm(e, shows(t, e, w.Clock.Now())), mfa.ErrEnrolmentOver, "a later one voids it")
		w.Clock.Move(15 * time.Minute)
		require.ErrorIs(t, confirm(later, shows(t, later, w.Clock.Now())), mfa.ErrEnrolmentOver, "over at exactly fifteen minutes")
		n, err := w.SignIns.PurgeExpired(ctx)
		require.NoError(t, err)
		require.Positive(t, n)

		by = actor(t, w)
		e, err = w.SignIns.ReplaceAuthenticator(ctx, by)
		require.NoError(t, err)
		w.Clock.Move(15*time.Minute - time.Microsecond)
		require.NoError(t, confirm(e, shows(t, e, w.Clock.Now())))
		w.Proven(t)
	})
}

// one application an account; replacing it is one step, and the former one
// works until then.
func TestOneApplication(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		by := actor(t, w)
		former := enrol(t, w, by)
		_, err := w.SignIns.BeginAuthenticator(ctx, by)
		require.ErrorIs(t, err, mfa.ErrAuthenticatorEnrolled)
		e, err := w.SignIns.ReplaceAuthenticator(ctx, by)
		require.NoError(t, err)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, shows(t, former, w.Clock.Now())))
		_, err = w.SignIns.ConfirmAuthenticator(ctx, by, e.ID, shows(t, e, w.Clock.Now()), "")
		require.NoError(t, err)
		w.Clock.Move(time.Minute)
		require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, shows(t, former, w.Clock.Now())), mfa.ErrWrongCode)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, shows(t, e, w.Clock.Now())))
		all, err := w.SignIns.ListFactors(ctx, by)
		require.NoError(t, err)
		require.Len(t, all, 3)
		require.Equal(t, "Application d’authentification", all[2].Label, "R-073: a general label")
		require.Equal(t, w.Clock.Now(), all[2].LastUsedAt, "R-063")
		w.Proven(t)
	})
}

// FL-08: factors change only with a proof that is fresh; whoever holds no session, an old
// one or another's changes nothing.
func TestFactorsTakeAFreshProof(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		by := actor(t, w)
		e := enrol(t, w, by)
		w.Join(t, "other@terneuil.example")
		other, err := w.Accounts.Resume(ctx, w.SignIn(t, "other@terneuil.example"))
		require.NoError(t, err)
		stale := by
		stale.ProvenAt = w.Clock.Now().Add(-15 * time.Minute)
		w.Unchanged(t, func() {
			for _, who := range []account.Actor{julie, stale} {
				_, err := w.SignIns.ReplaceAuthenticator(ctx, who)
				require.ErrorIs(t, err, account.ErrProofRequired)
				_, err = w.SignIns.NewRecoveryCodes(ctx, who)
				require.ErrorIs(t, err, account.ErrProofRequired)
				require.ErrorIs(t, w.SignIns.RemoveFactor(ctx, who, e.ID), account.ErrProofRequired)
			}
			for _, who := range []account.Actor{account.Anonymous(), account.System(), account.Support("S-1"), {Kind: notify.ActorTechnical, ID: julie.ID}} {
				_, err := w.SignIns.BeginAuthenticator(ctx, who)
				require.ErrorIs(t, err, account.ErrActor)
				_, err = w.SignIns.ListFactors(ctx, who)
				require.ErrorIs(t, err, account.ErrActor)
			}
			require.ErrorIs(t, w.SignIns.RemoveFactor(ctx, other, e.ID), mfa.ErrNoSuchFactor)
			_, err = w.SignIns.RenameFactor(ctx, other, e.ID, "mine")
			require.ErrorIs(t, err, mfa.ErrNoSuchFactor)
			_, err = w.SignIns.ConfirmAuthenticator(ctx, other, e.ID, "123456", "")
			require.ErrorIs(t, err, mfa.ErrEnrolmentOver)
		})
		w.Clock.Move(-time.Minute)
		_, err = w.SignIns.ReplaceAuthenticator(ctx, by)
		require.NoError(t, err)
	})
}

// PE-22: whoever runs the platform sets nobody's password and reads nobody's factors. What
// support can do is ask for a new password and take factors away.
func TestNobodyElseHoldsWhatProvesWhoOneIs(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	w.Join(t, "julie@terneuil.example")
	by, err := w.Accounts.Resume(ctx, w.SignIn(t, "julie@terneuil.example"))
	require.NoError(t, err)
	e := enrol(t, w, by)
	for _, who := range []account.Actor{account.Support("S-1"), account.System(), {Kind: notify.ActorSupport, ID: by.ID, Reference: "S-1"}} {
		w.Unchanged(t, func() {
			for what, refused := range map[string]func() error{
				"ChangePassword": func() error {
					_, err := w.Accounts.ChangePassword(ctx, who, account.PasswordChange{Current: worldtest.Password, New: "Another-Horse-9-Battery", Confirmation: "Another-Horse-9-Battery"})
					return err
				},
				"BeginAuthenticator":   func() error { _, err := w.SignIns.BeginAuthenticator(ctx, who); return err },
				"ReplaceAuthenticator": func() error { _, err := w.SignIns.ReplaceAuthenticator(ctx, who); return err },
				"ConfirmAuthenticator": func() error { _, err := w.SignIns.ConfirmAuthenticator(ctx, who, e.ID, "123456", ""); return err },
				"ListFactors":          func() error { _, err := w.SignIns.ListFactors(ctx, who); return err },
				"NewRecoveryCodes":     func() error { _, err := w.SignIns.NewRecoveryCodes(ctx, who); return err },
			} {
				require.ErrorIs(t, refused(), account.ErrActor, what)
			}
		})
	}
}

// labels are one short line.
func TestLabels(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	w.Join(t, login)
	by := actor(t, w)
	e := enrol(t, w, by)
	renamed, err := w.SignIns.RenameFactor(ctx, by, e.ID, " "+strings.Repeat("é", 64)+" ")
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("é", 64), renamed.Label)
	w.Unchanged(t, func() {
		for _, odd := range []string{strings.Repeat("é", 65), "a\x00b", "a\u202eb", "\xff"} {
			_, err := w.SignIns.RenameFactor(ctx, by, e.ID, odd)
			require.ErrorContains(t, err, "label", "%q", odd)
		}
		again, err := w.SignIns.RenameFactor(ctx, by, e.ID, renamed.Label)
		require.NoError(t, err)
		require.Equal(t, renamed, again, "R-043: the label that it has")
	})
}

// what applications read: a URI with every parameter, the same as a
// QR code in two formats, and the seed as text.
func TestEnrolmentForApplications(t *testing.T) {
	t.Parallel()
	w := world(t)
	w.Join(t, login)
	e, err := w.SignIns.BeginAuthenticator(t.Context(), actor(t, w))
	require.NoError(t, err)
	read, err := otp.NewKeyFromURL(e.URI)
	require.NoError(t, err)
	require.Equal(t, []string{"totp", "habilis", login, strings.ReplaceAll(e.Secret, " ", ""), "6", "SHA1", "30"}, []string{
		read.Type(), read.Issuer(), read.AccountName(), read.Secret(), read.Digits().String(), read.Algorithm().String(), strconv.FormatUint(read.Period(), 10),
	})
	require.Regexp(t, "^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$", e.Secret, "160 bits")
	picture, err := e.PNG(400)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	require.LessOrEqual(t, img.Bounds().Dx(), 400)
	require.Greater(t, img.Bounds().Dx(), 200)
	svg, err := e.SVG("Code <QR> & co")
	require.NoError(t, err)
	require.NotContains(t, string(svg), "<QR>")
	d := xml.NewDecoder(bytes.NewReader(svg))
	for err == nil {
		_, err = d.Token()
	}
	require.Equal(t, io.EOF, err, "it is well-formed")
	for _, size := range []int{-1, 0, 1, 1 << 30} {
		_, err := e.PNG(size)
		require.NoError(t, err)
	}
}

// oathtool runs the program of that name, a generator and verifier that shares no code
// with ours.
func oathtool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "oathtool", args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
		t.Skip("oathtool is not installed (Debian package oathtool)")
	}
	require.NoError(t, err, "%s", out)
	return strings.TrimSpace(string(out))
}

// oathtool and this library agree, in both directions.
func TestOathtool(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	w.Join(t, login)
	by := actor(t, w)
	e, err := w.SignIns.BeginAuthenticator(ctx, by)
	require.NoError(t, err)
	generated := func() string {
		return oathtool(t, "--totp", "-b", e.Secret, "--now", w.Clock.Now().Format("2006-01-02 15:04:05 UTC"))
	}
	_, err = w.SignIns.ConfirmAuthenticator(ctx, by, e.ID, generated(), "")
	require.NoError(t, err)
	for range 10 {
		w.Clock.Move(61 * time.Second)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, generated()))
		oathtool(t, "--totp", "-b", e.Secret, "--now", w.Clock.Now().Format("2006-01-02 15:04:05 UTC"), shows(t, e, w.Clock.Now()))
	}
}

// BF-19: what is not the code is not the code, and counts.
func TestOddCodesOfApplications(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		right := shows(t, e, w.Clock.Now())
		var wide strings.Builder
		for _, d := range right {
			wide.WriteRune(d - '0' + '０')
		}
		for i, odd := range []string{"", "000000\x00", wide.String(), right[:3] + " " + right[3:], right + "0", "+" + right[1:], strings.Repeat(right, 1<<17)} {
			c := begin(t, w)
			require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, odd), mfa.ErrWrongCode, "%.20q", odd)
			require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
				a, err := tx.AccountByLogin(ctx, login)
				require.NoError(t, err)
				counter, err := tx.Throttle(ctx, a.ID, account.FactorAuthenticator)
				require.Equal(t, i+1, counter.Failures)
				return err
			}))
		}
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, right))
	})
}

// A clock that jumps by an hour or two days revives no code: what was accepted last stays
// the floor, until the clock is there again.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{time.Hour, 48 * time.Hour} {
		w := world(t)
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		before := shows(t, e, w.Clock.Now())
		w.Clock.Move(jump)
		c := begin(t, w)
		require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, before), mfa.ErrWrongCode)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())))
		_, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		w.Clock.Move(-jump)
		c = begin(t, w)
		require.Equal(t, w.Clock.Now().Add(15*time.Minute), c.ExpiresAt, "no negative lifetime")
		require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, before), mfa.ErrWrongCode, "not even one that was never used")
		w.Clock.Move(jump + time.Minute)
		require.NoError(t, w.SignIns.ProveAuthenticator(ctx, begin(t, w).Handle, shows(t, e, w.Clock.Now())))
	}
}
