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
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// leave, ask signed out,
// follow the link that goes to the login address, choose another password, and be back.
func TestReactivation(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		person := w.Join(t, julie)
		held := w.SignIn(t, julie)
		left := w.Clock.Now()
		until := w.Leave(t, person)
		require.Equal(t, left.Add(60*day), until)
		a := w.Account(t, person.ID)
		require.Equal(t, account.StatusDeactivated, a.Status)
		require.Equal(t, until, a.ReactivableUntil)
		require.Equal(t, until.Format(time.RFC3339), w.Last(t, julie, notify.MailAccountDeactivated).Values["Until"])
		_, err := w.Accounts.Resume(ctx, held)
		require.ErrorIs(t, err, account.ErrSessionEnded)
		require.Equal(t, 1, w.Count(t, julie, notify.MailAccountDeactivated))

		askBack(t, w)
		first := w.TokenIn(t, julie, notify.MailReactivation)
		askBack(t, w)
		require.Equal(t, 1, w.Count(t, julie, notify.MailReactivation), "R-122: rate-limited")
		w.Clock.Move(time.Minute)
		askBack(t, w)
		require.ErrorIs(t, complete(w, first), account.ErrLinkExpired, "RP-10: each new mail voids the link before")
		token := w.TokenIn(t, julie, notify.MailReactivation)
		w.Unchanged(t, func() {
			for want, in := range map[string]account.NewPassword{
				"password_current ":      {Password: worldtest.Password, Confirmation: worldtest.Password},
				"password_confirmation ": {Password: fresh, Confirmation: fresh + "!"},
				"password_min12 password_digit password_upper password_special password_base_word ": {Password: "short", Confirmation: "short"},
			} {
				_, err := w.Accounts.CompleteReactivation(ctx, token, in)
				got := codes(err)
				require.Equal(t, want, got["password"]+got["confirmation"])
			}
			_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: julie, Password: worldtest.Password})
			require.ErrorIs(t, err, account.ErrInvalidCredentials, "R-113: nothing but reactivation, until it is complete")
		})
		require.NoError(t, complete(w, token))
		require.ErrorIs(t, complete(w, token), account.ErrLinkUsed, "RP-08")
		a = w.Account(t, person.ID)
		require.Equal(t, account.StatusActive, a.Status)
		require.Equal(t, w.Clock.Now(), a.ReactivatedAt)
		require.Zero(t, a.ReactivableUntil)
		require.Zero(t, a.DueAt)
		w.Last(t, julie, notify.MailAccountReactivated)
		_, err = w.Accounts.Resume(ctx, held)
		require.ErrorIs(t, err, account.ErrSessionEnded, "LC-08: sessions are not revived")
		_, err = w.SignIns.Begin(ctx, mfa.Credentials{Login: julie, Password: fresh})
		require.NoError(t, err)
		w.Proven(t)
	})
}

// R-120, EN-08, EN-16, ASVS 6.3.8: asking for reactivation is answered alike for every
// address, and links alike whether they are over or never were.
func TestReactivationTellsNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		configured(t, w, purging)
		w.Leave(t, w.Join(t, "purged@terneuil.example"))
		w.Clock.Move(60 * day)
		_, err := w.Accounts.CatchUp(ctx)
		require.NoError(t, err)
		configured(t, w, func(*account.Policy) {})
		w.Leave(t, w.Join(t, "late@terneuil.example"))
		w.Clock.Move(61 * day)
		w.Leave(t, w.Join(t, "gone@terneuil.example"))
		w.Join(t, "active@terneuil.example")
		require.NoError(t, register(t, w, worldtest.Registration("waits@terneuil.example")))
		for _, who := range []string{"purged", "late", "gone", "active", "waits", "nobody"} {
			login := who + "@terneuil.example"
			sent, err := w.Accounts.RequestReactivation(ctx, account.Anonymous(), login)
			require.NoError(t, err)
			require.Equal(t, account.Sent{To: login, Until: w.Clock.Now().Add(time.Hour)}, sent)
		}
		require.Equal(t, 1, w.Count(t, "gone@terneuil.example", notify.MailReactivation))
		require.Equal(t, 1, w.Count(t, "late@terneuil.example", notify.MailReactivationClosed))
		token := w.TokenIn(t, "gone@terneuil.example", notify.MailReactivation)
		w.Clock.Move(time.Hour)
		expired, random := complete(w, token), complete(w, strings.Repeat("A", 43))
		require.Equal(t, random, expired)
		require.ErrorIs(t, random, account.ErrLinkExpired)
		_, err = w.Accounts.RequestReactivation(ctx, account.Person("019ab000-0000-7000-8000-000000000000"), julie)
		require.ErrorIs(t, err, account.ErrActor)
		_, err = w.Accounts.RequestReactivation(ctx, account.Anonymous(), "julie")
		require.ErrorIs(t, err, fault.ErrInvalid)
		w.Proven(t)
	})
}

// RC-03: of 64 parallel uses of one reactivation link exactly one succeeds.
func TestOneLinkOneReactivation(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Leave(t, w.Join(t, julie))
		askBack(t, w)
		token := w.TokenIn(t, julie, notify.MailReactivation)
		won := 0
		for _, err := range race(64, func(context.Context, int) error { return complete(w, token) }) {
			if err == nil {
				won++
			} else {
				require.ErrorIs(t, err, account.ErrLinkUsed)
			}
		}
		require.Equal(t, 1, won)
		require.Equal(t, 1, w.Count(t, julie, notify.MailAccountReactivated))
		w.Proven(t)
	})
}

// RC-13: reactivation and purge at the same moment leave an account that is fully back
// or fully gone.
func TestReactivationAgainstPurge(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		configured(t, w, purging)
		for range 8 {
			person := w.Join(t, julie)
			w.Leave(t, person)
			w.Clock.Move(60*day - 30*time.Minute)
			askBack(t, w)
			token := w.TokenIn(t, julie, notify.MailReactivation)
			w.Clock.Move(time.Hour - time.Microsecond) // the window is over, the link is not
			_, err := w.Accounts.CatchUp(t.Context())
			require.NoError(t, err)
			require.Equal(t, account.StatusDeactivated, w.Account(t, person.ID).Status, "R-126: the purge waits for the link")
			start, moved := make(chan struct{}), make(chan struct{})
			errs := race(3, func(ctx context.Context, i int) error {
				switch i {
				case 0:
					close(start)
					w.Clock.Move(time.Microsecond)
					close(moved)
					return nil
				case 1:
					<-start
					return complete(w, token)
				default:
					<-moved
					_, err := w.Accounts.CatchUp(ctx)
					return err
				}
			})
			require.NoError(t, errs[2])
			a := w.Account(t, person.ID)
			if errs[1] == nil {
				require.Equal(t, account.StatusActive, a.Status)
				require.Equal(t, julie, a.Login)
				w.Leave(t, person)
				w.Clock.Move(61 * day)
				_, err := w.Accounts.CatchUp(t.Context())
				require.NoError(t, err)
			} else {
				require.True(t, errors.Is(errs[1], account.ErrLinkExpired) || errors.Is(errs[1], account.ErrLinkUsed), "%v", errs[1])
				require.Equal(t, account.StatusAnonymized, a.Status)
			}
		}
		w.Proven(t)
	})
}

// R-124, LC-06: whoever comes too late, or was closed by somebody else, comes back by
// support alone, with a reason that the history holds as a digest.
func TestSupportReactivates(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, agent := t.Context(), account.Support("S-42")
		person := w.Join(t, julie)
		w.Unchanged(t, func() {
			for want, try := range map[error]func() error{
				account.ErrNotDeactivated: func() error { _, err := w.Accounts.SupportReactivate(ctx, agent, person.ID, "x"); return err },
				account.ErrActor:          func() error { _, err := w.Accounts.SupportReactivate(ctx, person, person.ID, "x"); return err },
				fault.ErrNotFound:         func() error { _, err := w.Accounts.SupportReactivate(ctx, agent, "x", "x"); return err },
				fault.ErrInvalid: func() error {
					_, err := w.Accounts.SupportReactivate(ctx, agent, person.ID, strings.Repeat("x", 256))
					return err
				},
			} {
				require.ErrorIs(t, try(), want)
			}
		})
		w.Leave(t, person)
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error { // as if somebody else had closed it
			a, err := tx.Account(ctx, person.ID)
			a.ReactivableUntil = time.Time{}
			return errors.Join(err, tx.PutAccount(ctx, a))
		}))
		askBack(t, w)
		require.Zero(t, w.Count(t, julie, notify.MailReactivation))
		require.ErrorIs(t, w.Account(t, person.ID).Reactivable(w.Clock.Now()), account.ErrReactivationWindowClosed)

		w.Clock.Move(400 * day)
		sent, err := w.Accounts.SupportReactivate(ctx, agent, person.ID, "  ticket 4711, seen in person ")
		require.NoError(t, err)
		require.Equal(t, account.Sent{To: julie, Until: w.Clock.Now().Add(time.Hour)}, sent)
		a := w.Account(t, person.ID)
		require.Equal(t, account.StatusDeactivated, a.Status, "the person still chooses the password")
		var e notify.Event
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) (err error) {
			e, err = tx.LastEvent(ctx, notify.AccountChain(person.ID))
			return err
		}))
		require.Equal(t, notify.Kind("account.reactivation_granted"), e.Kind)
		require.Equal(t, agent, e.Actor)
		require.NotContains(t, string(e.State), "4711")
		require.Contains(t, string(e.State), notify.Digest(a.Salt, "reason", "ticket 4711, seen in person"))
		require.NoError(t, complete(w, w.TokenIn(t, julie, notify.MailReactivation)))
	})
}
