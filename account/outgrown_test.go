package account_test

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
	"github.com/habilis-go/habilis/structure"
)

// finish signs in and says how it ends.
func finish(t *testing.T, w *worldtest.World, password string) (mfa.Challenge, error) {
	t.Helper()
	c := freshly(t, w, password)
	_, err := w.SignIns.Finish(t.Context(), c.Handle)
	return c, err
}

// A password is due from the very instant on at which it has the policy's age, and not
// before; replacing it starts its age anew. Without such a policy it never is.
func TestPasswordsOfTheirAgeAreReplaced(t *testing.T) {
	t.Parallel()
	const age = 90 * day
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		configured(t, w, func(p *account.Policy) { p.Password.MaxAge = age })
		w.Join(t, julieLogin)
		set := joined(t, w).Credentials.ChangedAt
		require.Equal(t, worldtest.Start, set)
		c := freshlyAt(t, w, set.Add(age-time.Second))
		_, err := w.SignIns.Renew(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver, "nothing is due")
		c = freshlyAt(t, w, set.Add(age-time.Microsecond))
		held, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err, "a microsecond before")

		c = freshlyAt(t, w, set.Add(age))
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, account.ErrPasswordExpired)
		_, err = w.Accounts.Resume(ctx, held)
		require.NoError(t, err, "what is open goes on")
		renewal, err := w.SignIns.Renew(ctx, c.Handle)
		require.NoError(t, err)
		replaced := w.Clock.Now()
		_, err = w.Accounts.ReplaceExpired(ctx, renewal.Token, account.NewPassword{Password: second, Confirmation: second})
		require.NoError(t, err)
		_, err = finish(t, w, second)
		require.NoError(t, err)
		require.False(t, w.Accounts.PasswordDue(joined(t, w), replaced.Add(age-time.Microsecond)))
		require.True(t, w.Accounts.PasswordDue(joined(t, w), replaced.Add(age)))

		configured(t, w, func(*account.Policy) {})
		require.False(t, w.Accounts.PasswordDue(joined(t, w), replaced.Add(1000*age)))
		w.Proven(t)
	})
}

// freshlyAt proves every factor of a sign-in that is at the given instant in the end.
func freshlyAt(t *testing.T, w *worldtest.World, at time.Time) mfa.Challenge {
	t.Helper()
	w.Clock.Move(at.Add(-time.Minute).Sub(w.Clock.Now()))
	c := freshly(t, w, worldtest.Password)
	w.Clock.Move(at.Sub(w.Clock.Now()))
	return c
}

// leak is a service that knows one password, is down, or never answers.
type leak struct {
	known string
	err   error
	hang  bool
	asked []string
}

func (l *leak) Breached(ctx context.Context, password string) (bool, error) {
	l.asked = append(l.asked, password)
	if l.hang {
		<-ctx.Done()
		return false, ctx.Err()
	}
	return password == l.known, l.err
}

// A password that has become known from a leak, or that the rules do not allow any more,
// still signs in and must be replaced after the last factor. Only a right password is
// ever looked at.
func TestPasswordsThatNobodyCouldChooseTodayAreReplaced(t *testing.T) {
	t.Parallel()
	for name, outgrow := range map[string]func(*account.Options){
		"leaked": func(o *account.Options) { o.Breaches = &leak{known: worldtest.Password} },
		"stricter rules": func(o *account.Options) {
			p := account.Guide2024()
			p.Password.MinLength = 24
			o.Policy = &p
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
				ctx := t.Context()
				w.Join(t, julieLogin)
				held := w.SignIn(t, julieLogin)
				o := &account.Options{}
				outgrow(o)
				w.Configure(t, o, &structure.Options{})
				_, err := begin(t, w, "wrong")
				require.ErrorIs(t, err, account.ErrInvalidCredentials)
				require.False(t, joined(t, w).Credentials.Expired)
				if l, ok := o.Breaches.(*leak); ok {
					require.Empty(t, l.asked, "a wrong password goes nowhere")
				}
				c, err := finish(t, w, worldtest.Password)
				require.ErrorIs(t, err, account.ErrPasswordExpired)
				require.Contains(t, w.Kinds(t), notify.Kind("account.password_outdated"))
				_, err = w.Accounts.Resume(ctx, held)
				require.NoError(t, err, "what is open goes on")
				before := len(w.Kinds(t))
				_, err = finish(t, w, worldtest.Password)
				require.ErrorIs(t, err, account.ErrPasswordExpired)
				require.Len(t, w.Kinds(t), before, "it is recorded once")
				_, err = w.SignIns.Renew(ctx, c.Handle)
				require.NoError(t, err)
				w.Proven(t)
			})
		})
	}
}

// A service that is down, or does not answer, never keeps anybody from signing in.
func TestABreachCheckerThatIsDownBlocksNoSignIn(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]*leak{
		"down": {err: errors.New("down"), known: worldtest.Password}, "silent": {hang: true}, "knows nothing": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := memoryWorld(t)
			w.Join(t, julieLogin)
			w.Configure(t, &account.Options{Breaches: l}, &structure.Options{})
			_, err := finish(t, w, worldtest.Password)
			require.NoError(t, err)
			require.Equal(t, []string{worldtest.Password}, l.asked)
			require.False(t, joined(t, w).Credentials.Expired)
		})
	}
}
