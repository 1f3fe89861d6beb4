package account_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
)

func maker() ids.Maker { return ids.NewMaker(nil) }

// FL-10, BF-17: a reset sets the password and nothing else: no session,
// the second factor is still asked for; what was open ends; a lock ends, too.
func TestResetPassword(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, julieLogin)
		held := w.SignIn(t, julieLogin)
		half := freshly(t, w, worldtest.Password)
		for range 5 {
			_, err := begin(t, w, "wrong")
			require.ErrorIs(t, err, account.ErrInvalidCredentials)
		}
		w.Clock.Move(-time.Minute)
		token := forgot(t, w)
		require.Equal(t, w.Clock.Now().Add(time.Hour).Format(time.RFC3339), w.Last(t, julieLogin, notify.MailPasswordReset).Values["Until"])
		before, err := byLogin(t, w, julieLogin)
		require.NoError(t, err)

		w.Clock.Move(time.Second)
		a, err := w.Accounts.ResetPassword(ctx, token, account.NewPassword{Password: second, Confirmation: second})
		require.NoError(t, err)
		require.Equal(t, julie.ID, a.ID)
		require.True(t, a.ResetByMail(), "FL-11 asks for it")
		require.Equal(t, before.LastSignInAt, a.LastSignInAt, "nobody signed in")
		_, err = w.Accounts.Resume(ctx, held)
		require.ErrorIs(t, err, account.ErrSessionEnded)
		_, err = w.SignIns.Finish(ctx, half.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
		w.Last(t, julieLogin, notify.MailPasswordChanged)
		_, err = begin(t, w, worldtest.Password)
		require.ErrorIs(t, err, account.ErrInvalidCredentials)
		c, err := begin(t, w, second)
		require.NoError(t, err, "the lock ended with the reset")
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)

		w.Clock.Move(time.Second)
		require.NoError(t, changePassword(w, julie, second, third))
		a, err = byLogin(t, w, julieLogin)
		require.NoError(t, err)
		require.False(t, a.ResetByMail(), "the present password did not come by mail")
		w.Proven(t)
	})
}

// EN-04, R-059, R-112: the answer is the same for every address; mail goes where it is
// due, to the login address, once in a pause.
func TestForgottenPasswordsAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		r := worldtest.Registration("waits@terneuil.example")
		_, err := w.Accounts.Register(ctx, account.Anonymous(), r)
		require.NoError(t, err)
		w.Join(t, julieLogin)
		put(t, w, func(a *account.Account) { a.ContactEmail = "contact@terneuil.example" })
		w.Clock.Move(time.Minute)
		for _, state := range []struct {
			name  string
			set   func(*account.Account)
			login string
			mails map[notify.Template]int
		}{
			{"unknown", nil, "nobody@terneuil.example", nil},
			{"pending", nil, "waits@terneuil.example", map[notify.Template]int{notify.MailActivation: 1}},
			{"deactivated", func(a *account.Account) { a.Status = account.StatusDeactivated }, julieLogin, nil},
			{"anonymized", func(a *account.Account) { a.Status = account.StatusAnonymized }, julieLogin, nil},
			{"technical", func(a *account.Account) { a.Status, a.Kind = account.StatusActive, account.KindTechnical }, julieLogin, nil},
			{"external", func(a *account.Account) { a.Kind, a.External = account.KindPerson, true }, julieLogin, nil},
			{"active", func(a *account.Account) { a.External = false }, julieLogin, map[notify.Template]int{notify.MailPasswordReset: 1}},
		} {
			if state.set != nil {
				put(t, w, state.set)
			}
			w.Clock.Move(time.Millisecond) // mails of one instant are in no order
			before := len(w.Mails(t))
			for _, spelled := range []string{state.login, " " + strings.ToUpper(state.login)} { // BF-04: one address, one pause
				sent, err := w.Accounts.ForgotPassword(ctx, account.Anonymous(), spelled)
				require.NoError(t, err, state.name)
				require.Equal(t, account.Sent{To: state.login, Until: w.Clock.Now().Add(time.Hour)}, sent, state.name)
			}
			got := map[notify.Template]int{}
			for _, m := range w.Mails(t)[before:] {
				require.Equal(t, state.login, m.To, "never the contact address")
				got[m.Template]++
			}
			if state.mails == nil {
				state.mails = got
				require.Empty(t, got, state.name)
			}
			require.Equal(t, state.mails, got, state.name)
		}
		w.Unchanged(t, func() {
			for _, odd := range []string{"", "nobody", julieLogin + ",me@evil.example", julieLogin + "\x00", "[\"" + julieLogin + "\"]", strings.Repeat("j", 1<<20) + "@x.example"} {
				_, err := w.Accounts.ForgotPassword(ctx, account.Anonymous(), odd)
				require.ErrorIs(t, err, fault.ErrInvalid, "FL-23 %.40q", odd)
				require.Contains(t, codes(err), "login")
			}
		})
	})
}

// RP-08, RP-10, RP-13: a reset link works once, until its end, until the next one, as
// it is.
func TestResetLinks(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, julieLogin)
		first := forgot(t, w)
		token := forgot(t, w)
		w.Unchanged(t, func() {
			for name, bad := range map[string]string{
				"an older one": first, "empty": "", "short": token[:42], "long": token + "A", "other case": strings.ToUpper(token),
				"padded": token + "=", "NUL": token[:42] + "\x00", "huge": strings.Repeat(token, 10000),
			} {
				require.ErrorIs(t, reset(w, bad, second), account.ErrLinkExpired, name)
			}
			_, err := w.Accounts.ResetPassword(ctx, token, account.NewPassword{Password: "short", Confirmation: second})
			require.Equal(t, "password_confirmation ", codes(err)["confirmation"])
			require.Equal(t, map[string]string{"password": "password_current "}, codes(reset(w, token, worldtest.Password)), "R-056")
		})
		w.Clock.Move(time.Hour - time.Microsecond)
		require.NoError(t, reset(w, token, second), "to its last moment")
		w.Unchanged(t, func() { require.ErrorIs(t, reset(w, token, third), account.ErrLinkUsed) })
		late := forgot(t, w)
		w.Clock.Move(time.Hour)
		require.ErrorIs(t, reset(w, late, third), account.ErrLinkExpired, "over at exactly its end")
		w.Proven(t)
	})
}

// RP-09: no link works for another purpose.
func TestLinksAreBoundToTheirPurpose(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx := t.Context()
	require.NoError(t, register(t, w, worldtest.Registration("waits@terneuil.example")))
	activation := w.Token(t, "waits@terneuil.example")
	w.Join(t, julieLogin)
	resetting := forgot(t, w)
	require.NoError(t, w.Accounts.RequirePasswordChange(ctx, account.System(), joined(t, w).ID, account.ReasonPolicy))
	c := freshly(t, w, worldtest.Password)
	renewal, err := w.SignIns.Renew(ctx, c.Handle)
	require.NoError(t, err)
	tokens := map[account.Purpose]string{
		account.PurposeActivation: activation, account.PurposePasswordReset: resetting, account.PurposeExpiredPassword: renewal.Token,
	}
	p := account.NewPassword{Password: second, Confirmation: second}
	for at, use := range map[account.Purpose]func(string) error{
		account.PurposeActivation:      func(s string) error { _, err := w.Accounts.ActivateWith(ctx, s, p); return err },
		account.PurposePasswordReset:   func(s string) error { _, err := w.Accounts.ResetPassword(ctx, s, p); return err },
		account.PurposeExpiredPassword: func(s string) error { _, err := w.Accounts.ReplaceExpired(ctx, s, p); return err },
	} {
		for of, token := range tokens {
			if of != at {
				w.Unchanged(t, func() { require.ErrorIs(t, use(token), account.ErrLinkExpired, "%s at %s", of, at) })
			}
		}
		_, err := w.Accounts.ResetQuestion(ctx, activation)
		require.ErrorIs(t, err, account.ErrLinkExpired)
	}
}

func joined(t *testing.T, w *worldtest.World) account.Account {
	t.Helper()
	a, err := byLogin(t, w, julieLogin)
	require.NoError(t, err)
	return a
}

// RC-03: of 64 parallel uses of one reset link exactly one succeeds, and its password
// is the one that is stored.
func TestOneLinkOneReset(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, julieLogin)
		token := forgot(t, w)
		passwords := []string{second, third}
		won := -1
		for i, err := range race(64, func(_ context.Context, i int) error { return reset(w, token, passwords[i%2]) }) {
			switch {
			case err == nil:
				require.Equal(t, -1, won, "only one")
				won = i
			case !errors.Is(err, account.ErrLinkUsed):
				require.Equal(t, "password_current ", codes(err)["password"], "it came so late that its password is the current one: %v", err)
			}
		}
		require.GreaterOrEqual(t, won, 0)
		_, err := begin(t, w, passwords[won%2])
		require.NoError(t, err)
		w.Proven(t)
	})
}

// LC-05, R-112: a closed account neither resets nor changes, with a link from before
// either; a mail that still waits leads nowhere.
func TestClosedAccountsDoNotReset(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, julieLogin)
		token := forgot(t, w)
		put(t, w, func(a *account.Account) { a.Status = account.StatusDeactivated })
		w.Unchanged(t, func() {
			require.ErrorIs(t, reset(w, token, second), account.ErrLinkExpired)
			require.ErrorIs(t, changePassword(w, julie, worldtest.Password, second), account.ErrNotActive)
			require.ErrorIs(t, w.Accounts.RequirePasswordChange(t.Context(), account.System(), julie.ID, account.ReasonCompromised), account.ErrNotActive)
		})
	})
}

// the mails that wait in the outbox when the password changes hold nothing that
// works: link, code and half-login are dead.
func TestQueuedSecretsAreDeadAfterAChange(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, julieLogin)
		token := forgot(t, w)
		c, err := begin(t, w, worldtest.Password)
		require.NoError(t, err)
		code := w.Last(t, julieLogin, notify.MailSignInCode).Values["Code"]
		require.NoError(t, changePassword(w, julie, worldtest.Password, second))
		require.Equal(t, token, tokenIn(t, w.Last(t, julieLogin, notify.MailPasswordReset)), "it still waits")
		require.ErrorIs(t, reset(w, token, third), account.ErrLinkExpired)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, code), mfa.ErrSignInOver)
	})
}

// A login change that an intruder began ends with the password; the way back that the
// owner of the old address has stays.
func TestANewPasswordEndsALoginChange(t *testing.T) {
	t.Parallel()
	now := worldtest.Start
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, julieLogin)
		for _, p := range []account.Purpose{account.PurposeLoginChange, account.PurposeLoginChangeUndo} {
			link(t, w, account.Link{Account: julie.ID, Purpose: p, Digest: string(p), Address: "x@evil.example", CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
		}
		w.Clock.Move(time.Minute)
		require.NoError(t, changePassword(w, julie, worldtest.Password, second))
		require.Equal(t, w.Clock.Now(), linkOf(t, w, julie.ID, account.PurposeLoginChange).ExpiresAt)
		require.Equal(t, now.Add(time.Hour), linkOf(t, w, julie.ID, account.PurposeLoginChangeUndo).ExpiresAt)
	})
}
