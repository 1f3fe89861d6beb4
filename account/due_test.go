package account_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// The owner is reminded before the window closes: once each, whoever runs the clock
// work and how often, and only the latest if some were missed.
func TestReminders(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		until := w.Leave(t, w.Join(t, julie))
		at := func(offset time.Duration, want int) {
			w.Clock.Move(until.Add(offset).Sub(w.Clock.Now()))
			for _, err := range race(4, func(ctx context.Context, _ int) error { _, err := w.Accounts.CatchUp(ctx); return err }) {
				require.NoError(t, err)
			}
			require.Equal(t, want, w.Count(t, julie, notify.MailReactivationReminder), "%v before the end", -offset)
		}
		at(-30*day-time.Microsecond, 0)
		at(-30*day, 1)
		at(-29*day, 1)
		at(-7*day, 2)
		at(-day, 3)
		at(0, 3)
		require.Equal(t, until.Format(time.RFC3339), w.Last(t, julie, notify.MailReactivationReminder).Values["Until"])
		n, err := w.Accounts.CatchUp(t.Context())
		require.NoError(t, err)
		require.Zero(t, n, "PurgeNever: nothing is left to do")
		w.Proven(t)
	})
	w := memoryWorld(t)
	w.Leave(t, w.Join(t, julie))
	w.Clock.Move(60*day - time.Hour)
	_, err := w.Accounts.CatchUp(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, w.Count(t, julie, notify.MailReactivationReminder), "three were missed, one is sent")
}

// I12, LC-11: with that policy, an account is whole until the end of its window and
// erased by the next run of the clock work; the address is free. R-124: a run that is
// late revives nothing.
func TestPurgeAtTheEndOfTheWindow(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		configured(t, w, purging)
		person, late := w.Join(t, julie), w.Join(t, "late@terneuil.example")
		before := w.Account(t, person.ID)
		w.Leave(t, person)
		w.Leave(t, late)
		w.Clock.Move(60*day - time.Microsecond)
		_, err := w.Accounts.CatchUp(ctx)
		require.NoError(t, err)
		kept := w.Account(t, person.ID)
		require.Equal(t, before.Credentials, kept.Credentials)
		require.Equal(t, before.DisplayName(), kept.DisplayName())
		w.Clock.Move(time.Microsecond)
		_, err = w.Accounts.SupportReactivate(ctx, account.Support("S-1"), late.ID, "too late")
		require.ErrorIs(t, err, fault.ErrNotFound, "to be purged is purged")
		w.Join(t, "late@terneuil.example")
		n, err := w.Accounts.CatchUp(ctx)
		require.NoError(t, err)
		require.Equal(t, 1, n, "the other one was seen to when its address was taken")
		a := w.Account(t, person.ID)
		require.Equal(t, account.Account{
			ID: before.ID, Kind: account.KindPerson, Status: account.StatusAnonymized, Login: "erased/" + string(before.ID),
			CreatedAt: before.CreatedAt, ActivatedAt: before.ActivatedAt, StatusSince: w.Clock.Now(), Version: a.Version,
		}, a)
		n, err = w.Accounts.CatchUp(ctx)
		require.NoError(t, err)
		require.Zero(t, n)
		require.NotEqual(t, person.ID, w.Join(t, julie).ID)
		w.Proven(t)
	})
}

// whoever cannot sign in reaches support, without learning anything and without
// flooding it.
func TestAskSupport(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		ask := func(login string) error {
			return w.Accounts.AskSupport(ctx, account.Anonymous(), account.SupportRequest{Login: login, Text: " My time\r\nis over.\r\n"})
		}
		require.ErrorIs(t, ask(julie), account.ErrNoSupportDesk)
		configured(t, w, func(p *account.Policy) { p.Lifecycle.SupportPerHour = 2 })
		desk := func() int { return w.Count(t, "aide@portail.example", notify.MailSupportRequest) }
		require.NoError(t, ask(" Julie@Terneuil.example"))
		mail := w.Last(t, "aide@portail.example", notify.MailSupportRequest)
		require.Equal(t, notify.Values{"Name": "", "Address": julie, "Reason": "My time\nis over."}, mail.Values)
		require.NotContains(t, mail.Key, "julie")
		require.NoError(t, ask(julie))
		require.Equal(t, 1, desk(), "one address asks once in a while")
		require.NoError(t, ask("x@terneuil.example"))
		require.Equal(t, 1, desk(), "the budget of this hour is used up")
		w.Clock.Move(time.Hour)
		require.NoError(t, ask("x@terneuil.example"))
		require.Equal(t, 2, desk())
		require.ErrorIs(t, w.Accounts.AskSupport(ctx, w.Join(t, julie), account.SupportRequest{Login: julie, Text: "x"}), account.ErrActor)
		err := w.Accounts.AskSupport(ctx, account.Anonymous(), account.SupportRequest{Login: "x", Text: strings.Repeat("x", 1001)})
		require.Equal(t, map[string]string{"login": "address ", "text": "max1000 "}, codes(err))
	})
}

// A budget gives n and not one more, until its window is over.
func TestSpend(t *testing.T) {
	t.Parallel()
	now := worldtest.Start
	var c account.Throttle
	for n := range 3 {
		var ok bool
		c, ok = c.Spend(3, time.Hour, now.Add(time.Duration(n)*time.Minute))
		require.True(t, ok)
	}
	for _, d := range []time.Duration{3 * time.Minute, time.Hour - time.Microsecond} {
		same, ok := c.Spend(3, time.Hour, now.Add(d))
		require.False(t, ok)
		require.Equal(t, c, same)
	}
	c, ok := c.Spend(3, time.Hour, now.Add(time.Hour))
	require.True(t, ok)
	require.Equal(t, 1, c.Failures)
}

func TestLifecyclePolicyIsChecked(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	for name, spoil := range map[string]func(*account.LifecyclePolicy){
		"lapses before the link": func(p *account.LifecyclePolicy) { p.ActivationWindow = time.Hour - 1 },
		"no window":              func(p *account.LifecyclePolicy) { p.ReactivationWindow = 0 },
		"no link":                func(p *account.LifecyclePolicy) { p.ReactivationLifetime = 0 },
		"no purge":               func(p *account.LifecyclePolicy) { p.Purge = "sometimes" },
		"reminder at the start":  func(p *account.LifecyclePolicy) { p.Reminders = []time.Duration{60 * day} },
		"reminder at the end":    func(p *account.LifecyclePolicy) { p.Reminders = []time.Duration{0} },
		"no invitations":         func(p *account.LifecyclePolicy) { p.InvitationsPerHour = 0 },
		"no mails":               func(p *account.LifecyclePolicy) { p.InvitationsPerDay = 0 },
		"no support":             func(p *account.LifecyclePolicy) { p.SupportPerHour = 0 },
	} {
		p := account.Guide2024()
		spoil(&p.Lifecycle)
		_, err := account.New(nowhere{}, w.Keys, &account.Options{Policy: &p})
		require.ErrorIs(t, err, account.ErrBadPolicy, name)
	}
	_, err := account.New(nowhere{}, w.Keys, &account.Options{SupportDesk: "Aide@portail.example"})
	require.ErrorIs(t, err, account.ErrBadPolicy)
}

// nowhere is a store that no test gets as far as using.
type nowhere struct{ account.Store }

// the machine of accounts, every state against the events that end and revive
// it. A lock is no state: failed tries only ever delay.
func TestAccountMachine(t *testing.T) {
	t.Parallel()
	require.Equal(t, []account.Status{"pending_activation", "active", "deactivated", "anonymized"}, []account.Status{
		account.StatusPendingActivation, account.StatusActive, account.StatusDeactivated, account.StatusAnonymized,
	}, "codes are stored and stay as they are")
	now := worldtest.Start
	until := now.Add(time.Hour)
	for status, want := range map[account.Status][4]error{ // activate, deactivate, ask, reactivate
		account.StatusPendingActivation: {nil, account.ErrNotActive, account.ErrNotDeactivated, account.ErrLinkUsed},
		account.StatusActive:            {account.ErrLinkUsed, nil, account.ErrNotDeactivated, account.ErrLinkUsed},
		account.StatusDeactivated:       {account.ErrLinkUsed, account.ErrNotActive, nil, nil},
		account.StatusAnonymized:        {account.ErrLinkUsed, account.ErrNotActive, account.ErrNotDeactivated, account.ErrLinkUsed},
	} {
		a := account.Account{ID: "a", Status: status, ReactivableUntil: until}
		_, activate := a.Activated("hash", "stamp", now)
		left, deactivate := a.Deactivated("stamp", until, now)
		back, reactivate := a.Reactivated(account.PasswordClassic(), "hash", "stamp", now)
		for i, err := range []error{activate, deactivate, a.Reactivable(now), reactivate} {
			require.Equal(t, want[i] == nil, err == nil, "%s %d: %v", status, i, err)
			if want[i] != nil {
				require.ErrorIs(t, err, want[i], "%s %d", status, i)
			}
		}
		if deactivate == nil {
			require.Equal(t, account.StatusDeactivated, left.Status)
			require.Equal(t, "stamp", left.Stamp)
		}
		if reactivate == nil {
			require.Equal(t, now, back.Credentials.ResetAt, "the mailbox gave the password")
		}
	}
	kept := account.Account{Status: account.StatusActive, External: true}
	_, err := kept.Deactivated("stamp", until, now)
	require.ErrorIs(t, err, account.ErrExternallyManaged)
	kept.Status, kept.ReactivableUntil = account.StatusDeactivated, until
	require.ErrorIs(t, kept.Reactivable(now), account.ErrExternallyManaged)
}

// A run of the clock work is bounded, and what is left comes with the next.
func TestCatchUpIsBounded(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	const more = 1001
	require.NoError(t, register(t, w, worldtest.Registration("julie@terneuil.example")))
	one, err := byLogin(t, w, "julie@terneuil.example")
	require.NoError(t, err)
	require.NoError(t, storage.Update(t.Context(), w.Store, func(tx storage.Tx) error {
		one.Version = 0
		for i := range more - 1 {
			one.ID, one.Login = account.ID(fmt.Sprintf("019ab000-0000-7000-8000-%012d", i)), fmt.Sprintf("p%d@terneuil.example", i)
			if err := tx.PutAccount(t.Context(), one); err != nil {
				return err
			}
		}
		return nil
	}))
	w.Clock.Move(30 * day)
	for _, want := range []int{1000, 1, 0} {
		n, err := w.Accounts.CatchUp(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
}
