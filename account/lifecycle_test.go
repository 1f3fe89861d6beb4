package account_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

const (
	julie = "julie@terneuil.example"
	fresh = "Another-Horse-8-Battery"
	day   = 24 * time.Hour
)

// configured is a world whose policy a test changes.
func configured(t *testing.T, w *worldtest.World, change func(*account.Policy)) {
	t.Helper()
	p := account.Guide2024()
	change(&p)
	w.Configure(t, &account.Options{Policy: &p, SupportDesk: "aide@portail.example"}, &structure.Options{})
}

func purging(p *account.Policy) { p.Lifecycle.Purge = account.PurgeAtWindowEnd }

func askBack(t *testing.T, w *worldtest.World) {
	t.Helper()
	_, err := w.Accounts.RequestReactivation(t.Context(), account.Anonymous(), julie)
	require.NoError(t, err)
}

func complete(w *worldtest.World, token string) error {
	_, err := w.Accounts.CompleteReactivation(context.Background(), token, account.NewPassword{Password: fresh, Confirmation: fresh})
	return err
}

// an account for somebody else waits for that person's own consent; the
// helper's is not it.
func TestRegisterForSomebodyElse(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		helper := w.Join(t, "hubert@terneuil.example")
		for login, by := range map[string]account.Actor{"a@terneuil.example": account.Anonymous(), "b@terneuil.example": helper} {
			sent, err := w.Accounts.RegisterFor(ctx, by, worldtest.Registration(login))
			require.NoError(t, err)
			require.Equal(t, account.Sent{To: login, Until: w.Clock.Now().Add(time.Hour)}, sent)
			a, err := byLogin(t, w, login)
			require.NoError(t, err)
			require.Zero(t, a.ConditionsAcceptedAt, "the helper cannot accept")
			w.Clock.Move(time.Minute)
			w.Unchanged(t, func() {
				_, err = w.Accounts.Activate(ctx, w.Token(t, login), "short")
				require.Contains(t, codes(err), "password")
				require.Equal(t, "required ", codes(err)["acceptConditions"], "R-031: named with the others")
			})
			a, err = w.Accounts.ActivateAccepting(ctx, w.Token(t, login), worldtest.Password)
			require.NoError(t, err)
			require.Equal(t, w.Clock.Now(), a.ConditionsAcceptedAt)
			require.Zero(t, a.DueAt)
		}
		w.Unchanged(t, func() {
			_, err := w.Accounts.Register(ctx, helper, worldtest.Registration("c@terneuil.example"))
			require.ErrorIs(t, err, account.ErrActor)
			_, err = w.Accounts.RegisterFor(ctx, account.Person("019ab000-0000-7000-8000-000000000000"), worldtest.Registration("c@terneuil.example"))
			require.ErrorIs(t, err, account.ErrNotActive)
			_, err = w.Accounts.RegisterFor(ctx, helper, account.Registration{Login: "x"})
			require.Equal(t, map[string]string{"login": "address ", "givenName": "required ", "familyName": "required "}, codes(err))
		})
		w.Proven(t)
	})
}

// ML-07: one address gets three invitations a day, whoever sends them; the answer does
// not tell.
func TestInvitationsOfOneAddressAreBounded(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	invite := func() {
		w.Clock.Move(time.Minute)
		_, err := w.Accounts.RegisterFor(t.Context(), account.Anonymous(), worldtest.Registration(julie))
		require.NoError(t, err)
	}
	for n := 1; n <= 3; n++ {
		invite()
		require.Equal(t, n, w.Count(t, julie, notify.MailActivation))
	}
	invite()
	require.Equal(t, 3, w.Count(t, julie, notify.MailActivation), "the fourth is dropped")
	w.Clock.Move(day - 4*time.Minute)
	invite()
	require.Equal(t, 4, w.Count(t, julie, notify.MailActivation), "a day after the first there is room again")
}

// whoever waits asks for another mail; it voids the one before, and nobody
// learns which addresses wait.
func TestResendActivation(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, "hubert@terneuil.example")
		require.NoError(t, register(t, w, worldtest.Registration(julie)))
		first := w.Token(t, julie)
		again := func(login string) account.Sent {
			sent, err := w.Accounts.ResendActivation(ctx, account.Anonymous(), login)
			require.NoError(t, err)
			return sent
		}
		w.Unchanged(t, func() {
			want := account.Sent{To: "nobody@terneuil.example", Until: w.Clock.Now().Add(time.Hour)}
			require.Equal(t, want, again("nobody@terneuil.example"))
			want.To = "hubert@terneuil.example"
			require.Equal(t, want, again(" Hubert@terneuil.example"))
			want.To = julie
			require.Equal(t, want, again(julie), "too soon")
			_, err := w.Accounts.ResendActivation(ctx, account.Anonymous(), "julie")
			require.Equal(t, map[string]string{"login": "address "}, codes(err))
			_, err = w.Accounts.ResendActivation(ctx, account.Support("S-1"), julie)
			require.ErrorIs(t, err, account.ErrActor)
		})
		w.Clock.Move(time.Minute)
		again(julie)
		_, err := w.Accounts.Activate(ctx, first, worldtest.Password)
		require.ErrorIs(t, err, account.ErrLinkExpired)
		_, err = w.Accounts.Activate(ctx, w.Token(t, julie), worldtest.Password)
		require.NoError(t, err)
		w.Proven(t)
	})
}

// LC-22: an account that nobody activates lapses after thirty days: nothing activates
// it, what was told is erased, and the address is free, whether the clock work ran or
// not.
func TestNeverActivatedAccountsLapse(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
			ctx := t.Context()
			require.NoError(t, register(t, w, worldtest.Registration(julie)))
			old, err := byLogin(t, w, julie)
			require.NoError(t, err)
			lapse := worldtest.Start.Add(30 * day)
			require.Equal(t, lapse, old.DueAt)
			w.Clock.Move(30*day - time.Minute)
			_, err = w.Accounts.ResendActivation(ctx, account.Anonymous(), julie)
			require.NoError(t, err)
			require.Equal(t, lapse.Format(time.RFC3339), w.Last(t, julie, notify.MailActivation).Values["Until"], "no link outlives the account")
			w.Clock.Move(time.Minute - time.Microsecond)
			n, err := w.Accounts.CatchUp(ctx)
			require.NoError(t, err)
			require.Zero(t, n, "one microsecond early")
			w.Clock.Move(time.Microsecond)
			_, err = w.Accounts.Activate(ctx, w.Token(t, julie), worldtest.Password)
			require.ErrorIs(t, err, account.ErrLinkExpired)
			w.Unchanged(t, func() {
				_, err = w.Accounts.ResendActivation(ctx, account.Anonymous(), julie)
				require.NoError(t, err)
			})
			if !late {
				n, err := w.Accounts.CatchUp(ctx)
				require.NoError(t, err)
				require.Equal(t, 1, n)
				_, err = byLogin(t, w, julie)
				require.ErrorIs(t, err, fault.ErrNotFound)
			}
			w.Join(t, julie)
			anew, err := byLogin(t, w, julie)
			require.NoError(t, err)
			require.NotEqual(t, old.ID, anew.ID)
			gone := w.Account(t, old.ID)
			require.Equal(t, account.StatusAnonymized, gone.Status)
			require.Empty(t, gone.GivenName+gone.FamilyName+gone.ContactEmail+gone.Salt+gone.Credentials.Password)
			require.NotContains(t, gone.Login, "@")
			require.Contains(t, w.Kinds(t), notify.Kind("account.lapsed"))
			w.Proven(t)
		})
	}
}

// LC-07, R-106, R-121, R-124, R-126, R-013: every end of the cycle to the microsecond, over both
// changes of the clocks in Paris. No clock work runs.
func TestBoundaries(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	for name, start := range map[string]time.Time{
		"in winter":                       worldtest.Start,
		"over the last Sunday of March":   time.Date(2027, 2, 10, 2, 30, 0, 0, paris),
		"on the last Sunday of March":     time.Date(2027, 3, 28, 1, 59, 59, 0, paris),
		"over the last Sunday of October": time.Date(2027, 9, 15, 2, 30, 0, 0, paris),
		"on the last Sunday of October":   time.Date(2027, 10, 31, 2, 30, 0, 0, paris),
	} {
		for offset, back := range map[time.Duration]bool{
			-day: true, -time.Second: true, -time.Microsecond: true, 0: false, time.Microsecond: false, time.Second: false, day: false,
		} {
			w := memoryWorld(t)
			w.Clock.Move(start.Sub(w.Clock.Now()))
			person := w.Join(t, julie)
			until := w.Leave(t, person)
			require.Equal(t, 60*day, until.Sub(start), "%s: elapsed time", name)
			w.Clock.Move(60*day + offset)
			askBack(t, w)
			require.Equal(t, back, w.Count(t, julie, notify.MailReactivation) == 1, "%s %v", name, offset)
			require.Equal(t, !back, w.Count(t, julie, notify.MailReactivationClosed) == 1, "%s %v", name, offset)
			if back {
				w.Clock.Move(time.Hour - time.Microsecond)
				require.NoError(t, complete(w, w.TokenIn(t, julie, notify.MailReactivation)), "R-126: asked in time, used after: %s %v", name, offset)
			}
		}
		w := memoryWorld(t)
		w.Clock.Move(start.Sub(w.Clock.Now()))
		w.Leave(t, w.Join(t, julie))
		askBack(t, w)
		w.Clock.Move(time.Hour)
		require.ErrorIs(t, complete(w, w.TokenIn(t, julie, notify.MailReactivation)), account.ErrLinkExpired, "%s: over at exactly its end", name)
		w.Clock.Move(-time.Hour)
		require.NoError(t, register(t, w, worldtest.Registration("h@terneuil.example")))
		w.Clock.Move(time.Hour)
		_, err := w.Accounts.Activate(t.Context(), w.Token(t, "h@terneuil.example"), worldtest.Password)
		require.ErrorIs(t, err, account.ErrLinkExpired, name)
		w.Clock.Move(-time.Microsecond)
		_, err = w.Accounts.Activate(t.Context(), w.Token(t, "h@terneuil.example"), worldtest.Password)
		require.NoError(t, err, name)
	}
}

// RP-09: no link does the work of another.
func TestLinksServeOnePurpose(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	require.NoError(t, register(t, w, worldtest.Registration("waits@terneuil.example")))
	w.Leave(t, w.Join(t, julie))
	askBack(t, w)
	w.Unchanged(t, func() {
		require.ErrorIs(t, complete(w, w.Token(t, "waits@terneuil.example")), account.ErrLinkExpired)
		_, err := w.Accounts.Activate(t.Context(), w.TokenIn(t, julie, notify.MailReactivation), fresh)
		require.ErrorIs(t, err, account.ErrLinkExpired)
	})
}

// R-111, LC-05: nothing but reactivation works on a deactivated account: no password, no code
// of a sign-in under way, no link from before.
func TestDeactivatedAccountsDoNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		person := w.Join(t, julie)
		c, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: julie, Password: worldtest.Password})
		require.NoError(t, err)
		code := w.Last(t, julie, notify.MailSignInCode).Values["Code"]
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
			return tx.PutLink(ctx, account.Link{
				Account: person.ID, Purpose: account.PurposeLoginChange, Digest: "d", Address: "new@terneuil.example",
				CreatedAt: w.Clock.Now(), ExpiresAt: w.Clock.Now().Add(day),
			})
		}))
		plan, err := w.Structures.PrepareDeactivation(ctx, person)
		require.NoError(t, err)
		require.True(t, plan.LoginChange, "R-107: told before it is lost")
		w.Leave(t, person)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, code), mfa.ErrSignInOver)
		_, err = w.SignIns.Begin(ctx, mfa.Credentials{Login: julie, Password: worldtest.Password})
		require.ErrorIs(t, err, account.ErrInvalidCredentials)
		require.ErrorIs(t, w.Accounts.SignOutEverywhere(ctx, person), account.ErrNotActive)
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			l, err := tx.Link(ctx, person.ID, account.PurposeLoginChange)
			require.Empty(t, l.Address)

			require.ErrorIs(t, l.Usable(julie, w.Clock.Now().Add(-time.Minute)), account.ErrLinkExpired, "LC-23: a clock that goes back revives nothing")
			return err
		}))
		require.NoError(t, register(t, w, worldtest.Registration(julie)))
		require.Equal(t, 1, w.Count(t, julie, notify.MailReactivation), "whoever registers again is shown the way back")
	})
}
