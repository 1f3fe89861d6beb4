package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

const (
	julieLogin = "julie@terneuil.example"
	second     = "Another-Horse-8-Battery"
	third      = "Further-Horse-9-Battery"
)

// with returns the accounts of a world under another policy.
func with(t *testing.T, w *worldtest.World, change func(*account.Policy)) *account.Service {
	t.Helper()
	p := account.Guide2024()
	change(&p)
	s, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{Now: w.Clock.Now, Hasher: cheap(t), Policy: &p})
	require.NoError(t, err)
	return s
}

// begin opens a sign-in with a password.
func begin(t *testing.T, w *worldtest.World, password string) (mfa.Challenge, error) {
	t.Helper()
	w.Clock.Move(time.Millisecond)
	return w.SignIns.Begin(t.Context(), mfa.Credentials{Login: julieLogin, Password: password})
}

// proven opens a sign-in and proves its code.
func freshly(t *testing.T, w *worldtest.World, password string) mfa.Challenge {
	t.Helper()
	c, err := begin(t, w, password)
	require.NoError(t, err)
	require.NoError(t, w.SignIns.ProveMailCode(t.Context(), c.Handle, w.Last(t, julieLogin, notify.MailSignInCode).Values["Code"]))
	return c
}

func changePassword(w *worldtest.World, by account.Actor, current, password string) error {
	_, err := w.Accounts.ChangePassword(context.Background(), by, account.PasswordChange{Current: current, New: password, Confirmation: password})
	return err
}

// forgot asks for a reset and returns the secret of the link.
func forgot(t *testing.T, w *worldtest.World) string {
	t.Helper()
	w.Clock.Move(time.Minute)
	_, err := w.Accounts.ForgotPassword(t.Context(), account.Anonymous(), julieLogin)
	require.NoError(t, err)
	return tokenIn(t, w.Last(t, julieLogin, notify.MailPasswordReset))
}

func tokenIn(t *testing.T, m worldtest.Mail) string {
	t.Helper()
	_, token, ok := strings.Cut(m.Values["Link"], "token=")
	require.True(t, ok)
	return token
}

func reset(w *worldtest.World, token, password string) error {
	_, err := w.Accounts.ResetPassword(context.Background(), token, account.NewPassword{Password: password, Confirmation: password})
	return err
}

// put changes a stored account behind the services' back, recorded so that the history
// still proves the tables.
func put(t *testing.T, w *worldtest.World, change func(*account.Account)) {
	t.Helper()
	j := notify.NewJournal(w.Keys, maker())
	require.NoError(t, storage.Update(t.Context(), w.Store, func(tx storage.Tx) error {
		a, err := tx.AccountByLogin(t.Context(), julieLogin)
		if err != nil {
			return err
		}
		change(&a)
		return account.Put(t.Context(), tx, j, account.System(), "account.activated", &a, w.Clock.Now())
	}))
}

// RP-11, RP-20, LC-20: a new password ends the other sessions, the
// half-logins and the open links, tells the owner, and keeps the caller's own session
// if the host renews it.
func TestChangePassword(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, julieLogin)
		mine, other := w.SignIn(t, julieLogin), w.SignIn(t, julieLogin)
		token := forgot(t, w)
		asked, err := begin(t, w, worldtest.Password)
		require.NoError(t, err)
		ready := freshly(t, w, worldtest.Password)

		w.Clock.Move(time.Minute)
		a, err := w.Accounts.ChangePassword(ctx, julie, account.PasswordChange{Current: worldtest.Password, New: second, Confirmation: second})
		require.NoError(t, err)
		require.Equal(t, w.Clock.Now(), a.Credentials.ChangedAt)
		require.False(t, a.ResetByMail())
		for _, s := range []account.Session{mine, other} {
			_, err := w.Accounts.Resume(ctx, s)
			require.ErrorIs(t, err, account.ErrSessionEnded)
		}
		kept := mine.Renewed(a)
		by, err := w.Accounts.Resume(ctx, kept)
		require.NoError(t, err, "the caller's own session, renewed")
		require.Equal(t, mine.At, by.ProvenAt, "renewing proves nothing")
		require.Zero(t, mine.Renewed(account.Account{ID: "another", Stamp: a.Stamp}))
		_, err = w.SignIns.Finish(ctx, ready.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
		_, err = w.SignIns.Resend(ctx, asked.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
		require.ErrorIs(t, reset(w, token, third), account.ErrLinkExpired)

		told := w.Last(t, julieLogin, notify.MailPasswordChanged)
		require.Equal(t, w.Clock.Now().Format(time.RFC3339), told.Values["At"])
		require.Len(t, told.Values, 2, "the mail holds no secret")
		_, err = begin(t, w, worldtest.Password)
		require.ErrorIs(t, err, account.ErrInvalidCredentials)
		_, err = begin(t, w, second)
		require.NoError(t, err)
		require.Contains(t, w.Kinds(t), notify.Kind("account.password_changed"))
		w.Proven(t)
	})
}

// FL-22: what is refused changes nothing, names every
// field, and needs the current password beside the new one and its confirmation.
func TestRefusedPasswordChanges(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, julieLogin)
		w.Unchanged(t, func() {
			_, err := w.Accounts.ChangePassword(ctx, julie, account.PasswordChange{Current: worldtest.Password, New: "short", Confirmation: "shirt"})
			require.ErrorIs(t, err, fault.ErrInvalid)
			require.Equal(t, "password_confirmation ", codes(err)["confirmation"], "R-053: its own field")
			require.Equal(t, "password_min12 password_digit password_upper password_special password_base_word ", codes(err)["password"])
			_, err = w.Accounts.ChangePassword(ctx, julie, account.PasswordChange{Current: worldtest.Password, New: second, Confirmation: second + " "})
			require.Equal(t, map[string]string{"confirmation": "password_confirmation "}, codes(err), "nothing is trimmed")
			err = changePassword(w, julie, worldtest.Password, worldtest.Password)
			require.Equal(t, map[string]string{"password": "password_current "}, codes(err))
			_, err = w.Accounts.ChangePassword(ctx, julie, account.PasswordChange{Current: worldtest.Password})
			require.ErrorIs(t, err, fault.ErrInvalid, "R-062: a password is replaced, never removed")
			for _, by := range []account.Actor{account.Anonymous(), account.Support("A-1"), account.System()} {
				require.ErrorIs(t, changePassword(w, by, worldtest.Password, second), account.ErrActor)
			}
		})
		for _, wrong := range []string{"", "wrong", second, strings.Repeat(worldtest.Password, 100_000)} {
			require.Equal(t, account.ErrInvalidCredentials, changePassword(w, julie, wrong, second))
		}
		_, err := begin(t, w, worldtest.Password)
		require.NoError(t, err, "the password is what it was")
		w.Proven(t)
	})
}

// A wrong current password must not tell whether the new one was right: only whoever
// proved the current password learns that the new one is the same.
func TestTheNewPasswordIsNoOracle(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	julie := w.Join(t, julieLogin)
	require.Equal(t, account.ErrInvalidCredentials, changePassword(w, julie, "wrong", worldtest.Password))
}

// R-046, BF-03, BF-17: failed changes and failed sign-ins are one count, and its lock
// holds on both ways.
func TestPasswordChangesShareTheCounterOfSignIns(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, julieLogin)
		held := w.SignIn(t, julieLogin)
		for i := range 5 {
			if i%2 == 0 {
				require.Equal(t, account.ErrInvalidCredentials, changePassword(w, julie, "wrong", second))
			} else {
				_, err := begin(t, w, "wrong")
				require.Equal(t, account.ErrInvalidCredentials, err)
			}
		}
		w.Unchanged(t, func() {
			require.ErrorIs(t, changePassword(w, julie, worldtest.Password, second), account.ErrThrottled, "locked, with the right password, too")
			_, err := begin(t, w, worldtest.Password)
			require.Equal(t, account.ErrInvalidCredentials, err)
			_, err = w.SignIns.StepUp(t.Context(), held, worldtest.Password)
			require.ErrorIs(t, err, account.ErrThrottled)
		})
		w.Last(t, julieLogin, notify.MailAccountLocked)
		w.Clock.Move(30 * time.Second)
		require.NoError(t, changePassword(w, julie, worldtest.Password, second))
		w.Proven(t)
	})
}

// BF-03: 64 parallel guesses with a stolen session never check more than the budget.
func TestParallelPasswordChangesStayInTheBudget(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, julieLogin)
		checked := 0
		for _, err := range race(64, func(context.Context, int) error { return changePassword(w, julie, "wrong", second) }) {
			if errors.Is(err, account.ErrInvalidCredentials) {
				checked++
			} else {
				require.ErrorIs(t, err, account.ErrThrottled)
			}
		}
		require.Equal(t, 5, checked)
	})
}

// former passwords do not come back, as many as the policy remembers.
func TestFormerPasswords(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	w.Accounts = with(t, w, func(p *account.Policy) { p.Password.History = 2 })
	julie := w.Join(t, julieLogin)
	passwords := []string{worldtest.Password, second, third, "Seventh-Horse-7-Battery"}
	for i := range 3 {
		require.NoError(t, changePassword(w, julie, passwords[i], passwords[i+1]))
	}
	a, err := byLogin(t, w, julieLogin)
	require.NoError(t, err)
	require.Len(t, a.Credentials.Former, 2)
	require.Equal(t, map[string]string{"password": "password_history2 "}, codes(changePassword(w, julie, passwords[3], passwords[2])))
	require.Equal(t, map[string]string{"password": "password_history2 "}, codes(changePassword(w, julie, passwords[3], passwords[1])))
	require.NoError(t, changePassword(w, julie, passwords[3], passwords[0]), "the third one back is forgotten")
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", a.Credentials, account.PasswordChange{New: second}, account.NewPassword{Password: second}), "Horse")
}

// Two changes at once with the same current password: one password is stored.
func TestParallelChangesOneWins(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, julieLogin)
		won := 0
		for i, err := range race(4, func(_ context.Context, i int) error {
			return changePassword(w, julie, worldtest.Password, fmt.Sprintf("Another-Horse-%d-Battery", i))
		}) {
			if err == nil {
				won++
				_, err := begin(t, w, fmt.Sprintf("Another-Horse-%d-Battery", i))
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, account.ErrInvalidCredentials)
			}
		}
		require.Equal(t, 1, won)
		w.Proven(t)
	})
}

func TestCredentialPolicies(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	for name, change := range map[string]func(*account.CredentialPolicy){
		"no lifetime":      func(p *account.CredentialPolicy) { p.ResetLifetime = 0 },
		"long lifetime":    func(p *account.CredentialPolicy) { p.ResetLifetime = 24*time.Hour + 1 },
		"no throttle":      func(p *account.CredentialPolicy) { p.Password.Free = 0 },
		"no answers count": func(p *account.CredentialPolicy) { p.Answer = account.ThrottlePolicy{} },
		"endless answer":   func(p *account.CredentialPolicy) { p.Question.MinAnswer = 256 },
	} {
		p := account.Guide2024()
		change(&p.Credentials)
		_, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{Policy: &p})
		require.ErrorIs(t, err, account.ErrBadPolicy, name)
	}
	with(t, w, func(p *account.Policy) { p.Credentials.ResetLifetime = 24 * time.Hour })
}
