package account_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

func link(t *testing.T, w *worldtest.World, l account.Link) {
	t.Helper()
	require.NoError(t, storage.Update(t.Context(), w.Store, func(tx storage.Tx) error { return tx.PutLink(t.Context(), l) }))
}

func linkOf(t *testing.T, w *worldtest.World, id account.ID, p account.Purpose) (l account.Link) {
	t.Helper()
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) (err error) {
		l, err = tx.Link(t.Context(), id, p)
		return err
	}))
	return l
}

// A new password that is due is asked for after every factor is proven and before
// there is a session; nobody is locked out.
func TestExpiredPasswords(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, julieLogin)
		held := w.SignIn(t, julieLogin)
		require.NoError(t, w.Accounts.RequirePasswordChange(ctx, account.Support("A-1"), julie.ID, account.ReasonPolicy))
		require.Contains(t, w.Last(t, julieLogin, notify.MailPasswordExpired).Values["Link"], "/sign-in")
		_, err := w.Accounts.Resume(ctx, held)
		require.NoError(t, err, "what is open goes on")
		w.Unchanged(t, func() {
			require.NoError(t, w.Accounts.RequirePasswordChange(ctx, account.System(), julie.ID, account.ReasonPolicy), "asking again changes nothing")
		})

		c, err := begin(t, w, worldtest.Password)
		require.NoError(t, err)
		_, err = w.SignIns.Renew(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired, "every factor first")
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired, "and nothing is told before")
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, w.Last(t, julieLogin, notify.MailSignInCode).Values["Code"]))
		s, err := w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, account.ErrPasswordExpired)
		require.Zero(t, s)
		renewal, err := w.SignIns.Renew(ctx, c.Handle)
		require.NoError(t, err)
		require.Equal(t, c.ExpiresAt, renewal.Until)
		_, err = w.SignIns.Renew(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver, "it works once")

		p := account.NewPassword{Password: worldtest.Password, Confirmation: worldtest.Password}
		_, err = w.Accounts.ReplaceExpired(ctx, renewal.Token, p)
		require.Equal(t, map[string]string{"password": "password_current "}, codes(err))
		p.Password, p.Confirmation = second, second
		a, err := w.Accounts.ReplaceExpired(ctx, renewal.Token, p)
		require.NoError(t, err)
		require.False(t, a.ResetByMail(), "every factor was proven")
		_, err = w.Accounts.Resume(ctx, held)
		require.ErrorIs(t, err, account.ErrSessionEnded)
		_, err = w.Accounts.ReplaceExpired(ctx, renewal.Token, p)
		require.ErrorIs(t, err, account.ErrLinkUsed)
		_, err = w.SignIns.Finish(ctx, freshly(t, w, second).Handle)
		require.NoError(t, err)
		_, err = w.SignIns.Renew(ctx, freshly(t, w, second).Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver, "nothing is due")
		w.Proven(t)
	})
}

// A renewal lives as long as the sign-in would have, and dies with another password.
func TestRenewalsEnd(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx := t.Context()
	julie := w.Join(t, julieLogin)
	require.NoError(t, w.Accounts.RequirePasswordChange(ctx, account.System(), julie.ID, account.ReasonPolicy))
	renew := func() account.Renewal {
		r, err := w.SignIns.Renew(ctx, freshly(t, w, worldtest.Password).Handle)
		require.NoError(t, err)
		return r
	}
	p := account.NewPassword{Password: second, Confirmation: second}
	older, late := renew(), renew()
	_, err := w.Accounts.ReplaceExpired(ctx, older.Token, p)
	require.ErrorIs(t, err, account.ErrLinkExpired, "a newer one voids it")
	w.Clock.Move(late.Until.Sub(w.Clock.Now()))
	_, err = w.Accounts.ReplaceExpired(ctx, late.Token, p)
	require.ErrorIs(t, err, account.ErrLinkExpired, "over at exactly its end")
	voided := renew()
	require.NoError(t, changePassword(w, julie, worldtest.Password, third), "changing it clears what was due")
	_, err = w.Accounts.ReplaceExpired(ctx, voided.Token, p)
	require.ErrorIs(t, err, account.ErrLinkExpired)
	require.False(t, joined(t, w).Credentials.Expired)
}

// A password that somebody else may know ends everything at once.
func TestCompromisedPasswords(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, julieLogin)
		held := w.SignIn(t, julieLogin)
		half := freshly(t, w, worldtest.Password)
		token := forgot(t, w)
		require.NoError(t, w.Accounts.RequirePasswordChange(ctx, account.System(), julie.ID, account.ReasonCompromised))
		_, err := w.Accounts.Resume(ctx, held)
		require.ErrorIs(t, err, account.ErrSessionEnded)
		_, err = w.SignIns.Finish(ctx, half.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
		require.ErrorIs(t, reset(w, token, second), account.ErrLinkExpired)
		require.NoError(t, reset(w, forgot(t, w), second), "the owner gets back by mail")
		_, err = w.SignIns.Finish(ctx, freshly(t, w, second).Handle)
		require.NoError(t, err)
		w.Proven(t)
	})
}

func TestWhoMayRequireAPasswordChange(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx := t.Context()
	julie := w.Join(t, julieLogin)
	w.Unchanged(t, func() {
		for _, by := range []account.Actor{julie, account.Anonymous(), {}} {
			require.ErrorIs(t, w.Accounts.RequirePasswordChange(ctx, by, julie.ID, account.ReasonPolicy), account.ErrActor)
		}
		for _, id := range []account.ID{"", "x\x00", "019ab000-0000-7000-8000-000000000000"} {
			require.ErrorIs(t, w.Accounts.RequirePasswordChange(ctx, account.System(), id, account.ReasonPolicy), fault.ErrNotFound)
		}
		require.ErrorIs(t, w.Accounts.RequirePasswordChange(ctx, account.System(), julie.ID, "whim"), fault.ErrInvalid)
	})
}

// where the policy has a secret question, it is chosen at activation,
// its answer is stored hashed, counted, forgiving of case and accents, and needed
// beside the mailbox, never instead of it.
func TestSecretQuestion(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Accounts = with(t, w, func(p *account.Policy) { p.Credentials.Question = account.Question2019() })
		require.NoError(t, register(t, w, worldtest.Registration(julieLogin)))
		token := w.Token(t, julieLogin)
		_, err := w.Accounts.Activate(ctx, token, "short")
		require.Equal(t, "required ", codes(err)["question"])
		require.Equal(t, "required ", codes(err)["answer"])
		require.Contains(t, codes(err)["password"], "password_min", "all at once")
		_, err = w.Accounts.ActivateWith(ctx, token, account.NewPassword{
			Password: worldtest.Password, Confirmation: worldtest.Password, Question: " Ville de naissance ? ", Answer: "Sainte-Étienne  du Bois",
		})
		require.NoError(t, err)
		a := joined(t, w)
		require.Equal(t, "Ville de naissance ?", a.Credentials.Question)
		require.NotContains(t, a.Credentials.Answer, "tienne")

		token = forgot(t, w)
		question, err := w.Accounts.ResetQuestion(ctx, token)
		require.NoError(t, err)
		require.Equal(t, a.Credentials.Question, question)
		p := account.NewPassword{Password: second, Confirmation: second}
		for _, wrong := range []string{"", "Lyon", "sainte etienne du bois", string(make([]byte, 1<<20))} {
			p.Answer = wrong
			_, err = w.Accounts.ResetPassword(ctx, token, p)
			require.ErrorIs(t, err, account.ErrWrongAnswer, "%.20q", wrong)
		}
		p.Answer = "SAINTE-ETIENNE du bois "
		_, err = w.Accounts.ResetPassword(ctx, "x", p)
		require.ErrorIs(t, err, account.ErrLinkExpired, "the answer alone is worth nothing")
		_, err = w.Accounts.ResetPassword(ctx, token, p)
		require.NoError(t, err)

		token = forgot(t, w)
		p = account.NewPassword{Password: third, Confirmation: third, Answer: "Lyon"}
		for range 5 {
			_, err = w.Accounts.ResetPassword(ctx, token, p)
			require.ErrorIs(t, err, account.ErrWrongAnswer)
		}
		p.Answer = "sainte-etienne du bois"
		_, err = w.Accounts.ResetPassword(ctx, token, p)
		require.ErrorIs(t, err, account.ErrThrottled)
		w.Clock.Move(30 * time.Second)
		_, err = w.Accounts.ResetPassword(ctx, token, p)
		require.NoError(t, err, "the delay ends by itself")
		w.Proven(t)
	})
}
