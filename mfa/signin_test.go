package mfa_test

import (
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

const login = "julie@terneuil.example"

func begin(t *testing.T, w *worldtest.World) mfa.Challenge {
	t.Helper()
	w.Clock.Move(time.Millisecond)
	c, err := w.SignIns.Begin(t.Context(), mfa.Credentials{Login: login, Password: worldtest.Password})
	require.NoError(t, err)
	return c
}

func code(t *testing.T, w *worldtest.World) string {
	t.Helper()
	return w.Last(t, login, notify.MailSignInCode).Values["Code"]
}

// another returns a code that is surely wrong.
func another(code string) string {
	digit := "1"
	if code[0] == '1' {
		digit = "2"
	}
	return digit + code[1:]
}

// password first, then the code of the mail, then
// a session, once.
func TestSignIn(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		c := begin(t, w)
		require.Equal(t, account.FactorMailCode, c.Factor)
		require.Equal(t, "j•••@terneuil.example", c.Hint)
		sent := code(t, w)
		require.Len(t, sent, 6)
		again, err := w.SignIns.Challenge(ctx, c.Handle)
		require.NoError(t, err)
		require.Equal(t, c, again)

		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired, "FL-02")
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, " "+sent+"\n"))
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, sent), mfa.ErrWrongCode, "a code works once")
		s, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		require.Equal(t, []account.Factor{account.FactorPassword, account.FactorMailCode}, s.Factors)
		a, err := w.Accounts.Current(ctx, s)
		require.NoError(t, err)
		require.Equal(t, julie.ID, a.ID)
		require.Equal(t, w.Clock.Now(), a.LastSignInAt)
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver, "a sign-in finishes once")
		w.Proven(t)
	})
}

// EN-01, EN-13, BF-19, DS-02, LC-05: every refusal looks alike.
func TestRefusalsLookAlike(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, login)
		_, err := w.Accounts.Register(t.Context(), account.Anonymous(), worldtest.Registration("waits@terneuil.example"))
		require.NoError(t, err)
		for name, c := range map[string]mfa.Credentials{
			"wrong password":   {Login: login, Password: "x"},
			"no password":      {Login: login},
			"huge password":    {Login: login, Password: strings.Repeat(worldtest.Password, 100_000)},
			"unknown":          {Login: "nobody@terneuil.example", Password: worldtest.Password},
			"not activated":    {Login: "waits@terneuil.example", Password: worldtest.Password},
			"no address":       {Login: "", Password: worldtest.Password},
			"list":             {Login: login + ",me@evil.example", Password: worldtest.Password},
			"NUL":              {Login: "julie\x00@terneuil.example", Password: worldtest.Password},
			"full-width at":    {Login: "julie\uff20terneuil.example", Password: worldtest.Password},
			"huge address":     {Login: strings.Repeat("j", 10<<20) + "@terneuil.example", Password: worldtest.Password},
			"trailing garbage": {Login: login + ">", Password: worldtest.Password},
		} {
			out, err := w.SignIns.Begin(t.Context(), c)
			require.Zero(t, out, name)
			require.Equal(t, account.ErrInvalidCredentials, err, name)
		}
		for _, m := range w.Mails(t) {
			require.NotEqual(t, notify.MailSignInCode, m.Template, "no code leaves before the password is right")
		}
	})
}

// BF-01, BF-04, BF-16: however the address is written, the budget is one; the lock
// ends by itself and the owner is told once.
func TestPasswordBudget(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		for i := range 5 {
			spelled := []string{login, strings.ToUpper(login), " " + login, login + "  ", "Julie@Terneuil.Example"}[i]
			_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: spelled, Password: "wrong"})
			require.ErrorIs(t, err, account.ErrInvalidCredentials)
		}
		right := mfa.Credentials{Login: login, Password: worldtest.Password}
		_, err := w.SignIns.Begin(ctx, right)
		require.Equal(t, account.ErrInvalidCredentials, err, "locked, and the answer is the same")
		locked := w.Last(t, login, notify.MailAccountLocked)
		require.Equal(t, w.Clock.Now().Add(30*time.Second).Format(time.RFC3339), locked.Values["Until"])
		n := 0
		for _, k := range w.Kinds(t) {
			if k == "account.sign_in_failed" {
				n++
			}
		}
		require.Equal(t, 5, n, "each checked password is in the history")
		w.Clock.Move(30 * time.Second)
		_, err = w.SignIns.Begin(ctx, right)
		require.NoError(t, err, "the lock ends by itself")
		w.Proven(t)
	})
}

// BF-03, R11: 64 parallel guesses never check more passwords than the budget has.
func TestParallelGuessesStayInTheBudget(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, login)
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				_, err := w.SignIns.Begin(t.Context(), mfa.Credentials{Login: login, Password: "wrong"})
				if !errors.Is(err, account.ErrInvalidCredentials) {
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		wg.Wait()
		n := 0
		for _, k := range w.Kinds(t) {
			if k == "account.sign_in_failed" {
				n++
			}
		}
		require.Equal(t, 5, n)
	})
}

// R-069, BF-07: a new code voids the old one and keeps the count of failures.
func TestResend(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		c := begin(t, w)
		first := code(t, w)
		_, err := w.SignIns.Resend(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrTooSoon)
		for range 4 {
			require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, another(first)), mfa.ErrWrongCode)
		}
		w.Clock.Move(30 * time.Second)
		_, err = w.SignIns.Resend(ctx, c.Handle)
		require.NoError(t, err)
		second := code(t, w)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, another(second)), mfa.ErrWrongCode, "the fifth wrong code")
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, second), mfa.ErrSignInOver, "asking for a new code did not buy a try")
		_, err = w.SignIns.Resend(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
	})
}

// RP-07, FL-16: a code belongs to its sign-in.
func TestACodeBelongsToItsSignIn(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, login)
		one := begin(t, w)
		first := code(t, w)
		two := begin(t, w)
		second := code(t, w)
		for second == first { // one in a million
			two = begin(t, w)
			second = code(t, w)
		}
		require.ErrorIs(t, w.SignIns.ProveMailCode(t.Context(), two.Handle, first), mfa.ErrWrongCode)
		require.NoError(t, w.SignIns.ProveMailCode(t.Context(), one.Handle, first))
		require.NoError(t, w.SignIns.ProveMailCode(t.Context(), two.Handle, second))
	})
}

// BF-19: what is not the code is not the code.
func TestOddCodes(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, login)
		for _, odd := range []string{"", "0", "000000\x00", "１２３４５６", "12 34 56", strings.Repeat("1", 1<<20)} {
			c := begin(t, w)
			require.ErrorIs(t, w.SignIns.ProveMailCode(t.Context(), c.Handle, odd), mfa.ErrWrongCode, "%.20q", odd)
		}
		for _, handle := range []string{"", "x", strings.Repeat("A", 43), "\x00"} {
			require.ErrorIs(t, w.SignIns.ProveMailCode(t.Context(), handle, "123456"), mfa.ErrSignInOver)
		}
	})
}

// BF-09, BF-10: the count over all sign-ins of an account stops whoever knows the
// password and begins anew after every few codes.
func TestCodeBudgetOverAllSignIns(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		for range 2 {
			c := begin(t, w)
			for range 5 {
				require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, another(code(t, w))), mfa.ErrWrongCode)
			}
		}
		c := begin(t, w)
		sent := code(t, w)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, sent), mfa.ErrSignInOver, "the eleventh code waits, right or wrong")
		w.Clock.Move(time.Minute)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, sent), mfa.ErrSignInOver, "the half-login died with the lock")
		c = begin(t, w)
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, code(t, w)))
	})
}

// BF-10: who waits for the end of the delay without trying anything goes on with none of
// the sign-ins from before, neither with the one whose try began the delay nor with
// another; whoever began during the delay does.
func TestWaitingForTheEndOfADelayDoesNotHelp(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		type half struct{ handle, code string }
		open := func() half {
			w.Clock.Move(time.Millisecond)
			c := begin(t, w)
			return half{c.Handle, code(t, w)}
		}
		aside := open()
		var last half
		for _, tries := range []int{4, 4, 2} {
			last = open()
			for range tries {
				require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, last.handle, another(last.code)), mfa.ErrWrongCode)
			}
		}
		during := open()
		w.Clock.Move(30 * time.Second)
		for range 2 {
			for _, h := range []half{aside, last} {
				require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, h.handle, h.code), mfa.ErrSignInOver)
			}
		}
		require.NoError(t, w.SignIns.ProveMailCode(ctx, during.handle, during.code))
	})
}

// Lifetimes, at the exact instant; LC-23: a clock that jumps back revives nothing.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		c := begin(t, w)
		sent := code(t, w)
		w.Clock.Move(10 * time.Minute)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, sent), mfa.ErrWrongCode, "the code is over at exactly ten minutes")
		w.Clock.Move(-5 * time.Minute)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, sent), mfa.ErrWrongCode, "and stays so")
		w.Clock.Move(5 * time.Minute)
		w.Clock.Move(5 * time.Minute)
		_, err := w.SignIns.Resend(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver, "the sign-in is over at exactly fifteen")
		c = begin(t, w)
		w.Clock.Move(10*time.Minute - time.Microsecond)
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, code(t, w)))
		w.Clock.Move(-48 * time.Hour)
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
		w.Proven(t)
	})
}

// LC-20: half-logins die with the security stamp.
func TestStampEndsHalfLogins(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		asked := begin(t, w)
		sent := code(t, w)
		proven := begin(t, w)
		require.NoError(t, w.SignIns.ProveMailCode(ctx, proven.Handle, code(t, w)))
		require.NoError(t, w.Accounts.SignOutEverywhere(ctx, julie))
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, asked.Handle, sent), mfa.ErrSignInOver)
		_, err := w.SignIns.Finish(ctx, proven.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
	})
}

// DS-11: what was never finished goes away.
func TestPurge(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, login)
		begin(t, w)
		w.Clock.Move(time.Minute)
		live := begin(t, w)
		w.Clock.Move(14*time.Minute + time.Second)
		n, err := w.SignIns.PurgeExpired(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, n)
		_, err = w.SignIns.Challenge(t.Context(), live.Handle)
		require.NoError(t, err)
	})
}

// LG-01, LG-14, CR-03, CR-04, CR-05: neither code nor handle nor link nor password is
// anywhere in the store in clear, what is there instead opens nothing, and the history
// names nobody by address or name.
func TestSecretsAreNotStored(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		c := begin(t, w)
		secrets := []string{c.Handle, code(t, w), worldtest.Password, w.Token(t, login)}
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			a, err := tx.AccountByLogin(ctx, login)
			require.NoError(t, err)
			link, err := tx.Link(ctx, a.ID, account.PurposeActivation)
			require.NoError(t, err)
			ins, err := tx.ExpiredSignIns(ctx, w.Clock.Now().AddDate(1, 0, 0), 100)
			require.NoError(t, err)
			require.Len(t, ins, 1)
			_, err = w.SignIns.Challenge(ctx, ins[0].ID)
			require.ErrorIs(t, err, mfa.ErrSignInOver, "the digest of a handle is no handle")
			_, err = w.Accounts.InspectLink(ctx, link.Digest)
			require.ErrorIs(t, err, account.ErrLinkExpired)
			events, err := tx.Events(ctx, notify.EventQuery{})
			require.NoError(t, err)
			messages, err := tx.Messages(ctx, notify.MessageQuery{})
			require.NoError(t, err)
			texts := []string{a.Credentials.Password, a.Stamp, a.Salt, link.Digest, ins[0].ID, ins[0].CodeMAC, ins[0].Stamp}
			for _, e := range events {
				texts = append(texts, string(e.State))
				for _, personal := range []string{login, "Julie", "Bon"} {
					require.NotContains(t, string(e.State), personal, "the history holds no personal data")
				}
			}
			for _, m := range messages {
				texts = append(texts, string(m.Sealed), m.Key, m.LastError)
			}
			for _, secret := range secrets {
				require.NotContains(t, strings.Join(texts, "\n"), secret)
			}
			return nil
		}))
	})
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*mfa.Policy){
		"few digits":     func(p *mfa.Policy) { p.CodeDigits = 5 },
		"long code":      func(p *mfa.Policy) { p.CodeLifetime = 11 * time.Minute },
		"long sign-in":   func(p *mfa.Policy) { p.SignInLifetime = 2 * time.Hour },
		"many tries":     func(p *mfa.Policy) { p.CodeTries = 11 },
		"negative pause": func(p *mfa.Policy) { p.CodePause = -1 },
		"no throttle":    func(p *mfa.Policy) { p.MailCode.Free = 0 },
	} {
		p := mfa.Guide2024()
		change(&p)
		w := worldtest.New(t, nopStore{})
		_, err := mfa.New(storage.SignIns(w.Store), w.Keys, &mfa.Options{Policy: &p})
		require.Error(t, err, name)
	}
}

type nopStore struct{ storage.Store }
