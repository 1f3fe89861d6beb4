package account_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// whatAnybodyMayAsk lists the requests by which somebody who is not signed in causes a
// mail to an address that has an account.
var whatAnybodyMayAsk = map[string]func(context.Context, *account.Service) (account.Sent, error){
	"register": func(ctx context.Context, s *account.Service) (account.Sent, error) {
		return s.Register(ctx, account.Anonymous(), worldtest.Registration(julie))
	},
	"forgot": func(ctx context.Context, s *account.Service) (account.Sent, error) {
		return s.ForgotPassword(ctx, account.Anonymous(), julie)
	},
	"back": func(ctx context.Context, s *account.Service) (account.Sent, error) {
		return s.RequestReactivation(ctx, account.Anonymous(), julie)
	},
	"again": func(ctx context.Context, s *account.Service) (account.Sent, error) {
		return s.ResendActivation(ctx, account.Anonymous(), julie)
	},
}

// EN-04, EN-05, EN-08: callers who are not signed in cause five mails to one address in an
// hour and twenty in a day, whatever they ask for and whatever state the account is in;
// beyond that they are answered alike and nothing is sent. Each window ends at exactly
// its end.
func TestMailsThatAnybodyCausesAreBounded(t *testing.T) {
	t.Parallel()
	pending := func(t *testing.T, w *worldtest.World) {
		t.Helper()
		require.NoError(t, register(t, w, worldtest.Registration(julie)))
	}
	active := func(t *testing.T, w *worldtest.World) {
		t.Helper()
		w.Join(t, julie)
	}
	closed := func(t *testing.T, w *worldtest.World) {
		t.Helper()
		w.Leave(t, w.Join(t, julie))
	}
	over := func(t *testing.T, w *worldtest.World) {
		t.Helper()
		closed(t, w)
		w.Clock.Move(60 * day)
	}
	for name, c := range map[string]struct {
		prepare func(*testing.T, *worldtest.World)
		asks    []string
	}{
		"pending": {pending, []string{"register", "forgot", "again"}},
		"active":  {active, []string{"register", "forgot"}},
		"closed":  {closed, []string{"register", "back"}},
		"over":    {over, []string{"register", "back"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := memoryWorld(t)
			c.prepare(t, w)
			w.Clock.Move(2 * day) // what that took is forgotten
			n, begun, before := 0, w.Clock.Now(), len(w.Mails(t))
			ask := func() {
				sent, err := whatAnybodyMayAsk[c.asks[n%len(c.asks)]](t.Context(), w.Accounts)
				require.NoError(t, err)
				require.Equal(t, account.Sent{To: julie, Until: w.Clock.Now().Add(time.Hour)}, sent, "constant")
				n++
			}
			mails := func() int { return len(w.Mails(t)) - before }
			at := func(d time.Duration) { w.Clock.Move(begun.Add(d).Sub(w.Clock.Now())) }
			for hour := range 4 {
				for i := range 5 {
					at(time.Duration(hour)*time.Hour + time.Duration(i)*time.Minute)
					ask()
					require.Equal(t, hour*5+i+1, mails())
				}
				at(time.Duration(hour)*time.Hour + 10*time.Minute)
				ask()
				at(time.Duration(hour+1)*time.Hour - time.Microsecond)
				ask()
				require.Equal(t, hour*5+5, mails(), "the sixth in an hour")
			}
			at(5 * time.Hour)
			ask()
			at(day - time.Microsecond)
			ask()
			require.Equal(t, 20, mails(), "the twenty-first in a day")
			at(day)
			ask()
			require.Equal(t, 21, mails())
			w.Proven(t)
		})
	}
}

// A request that the pause holds back takes nothing from the budget, and what support and
// managers send is not counted: nobody uses up the mails that somebody else needs.
func TestWhatTheBudgetOfMailsDoesNotCount(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx := t.Context()
	w.Join(t, julie)
	w.Clock.Move(2 * day)
	for range 10 {
		_, err := whatAnybodyMayAsk["forgot"](ctx, w.Accounts)
		require.NoError(t, err)
		_, err = whatAnybodyMayAsk["register"](ctx, w.Accounts)
		require.NoError(t, err)
	}
	require.Equal(t, 1, w.Count(t, julie, notify.MailPasswordReset))
	require.Equal(t, 1, w.Count(t, julie, notify.MailAlreadyRegistered))
	for n := 1; n <= 10; n++ {
		w.Clock.Move(time.Minute)
		_, err := w.Accounts.ForgotPassword(ctx, account.Support("S-1"), julie)
		require.NoError(t, err)
		require.Equal(t, n+1, w.Count(t, julie, notify.MailPasswordReset))
	}
	helper := w.Join(t, "hubert@terneuil.example")
	for range 10 {
		w.Clock.Move(time.Minute)
		_, err := w.Accounts.ForgotPassword(ctx, helper, julie)
		require.NoError(t, err)
	}
	require.Equal(t, 11+3, w.Count(t, julie, notify.MailPasswordReset), "who helps counts as anybody does")
	w.Clock.Move(time.Minute)
	require.NoError(t, reset(w, w.TokenIn(t, julie, notify.MailPasswordReset), fresh), "the last link still works")
}

// R11: 64 requests at once stay in the budget to the mail.
func TestParallelRequestsStayInTheBudgetOfMails(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, julie)
		w.Clock.Move(2 * day)
		before := len(w.Mails(t))
		s := withPolicy(t, w, func(p *account.Policy) { p.MailPause = 0 })
		for _, err := range race(64, func(ctx context.Context, _ int) error {
			_, err := whatAnybodyMayAsk["forgot"](ctx, s)
			return err
		}) {
			require.NoError(t, err)
		}
		require.Equal(t, before+5, len(w.Mails(t)))
	})
}

func TestBudgetsOfMailsThatAllowNothing(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	for b, good := range map[account.MailBudget]bool{
		{PerHour: 1, PerDay: 1}: true, {PerHour: 5, PerDay: 5}: true,
		{PerHour: 0, PerDay: 1}: false, {PerHour: -1, PerDay: 1}: false, {PerHour: 5, PerDay: 4}: false, {}: false,
	} {
		p := account.Guide2024()
		p.AnonymousMails = b
		_, err := account.New(storage.Accounts(w.Store), w.Keys, &account.Options{Policy: &p})
		if good {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, account.ErrBadPolicy, "%+v", b)
		}
	}
}

// programs do not ask for people, nor does the clock or nobody in particular: what they
// caused would be in no budget.
func TestWhoAsksForOthers(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	ctx, by := t.Context(), w.Join(t, julie)
	w.Unchanged(t, func() {
		for _, actor := range []account.Actor{account.Technical(by.ID), account.System(), {}} {
			_, err := w.Accounts.RegisterFor(ctx, actor, worldtest.Registration("x@terneuil.example"))
			require.ErrorIs(t, err, account.ErrActor)
			_, err = w.Accounts.ForgotPassword(ctx, actor, julie)
			require.ErrorIs(t, err, account.ErrActor)
		}
	})
}
