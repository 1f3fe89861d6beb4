package account_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

var errHost = errors.New("the host does not answer")

// hold is what the host says about erasing accounts.
type hold struct {
	held bool
	err  error
}

// under wires w so that closed accounts are purged, unless h says no.
func (h *hold) under(t *testing.T, w *worldtest.World) {
	t.Helper()
	p := account.Guide2024()
	p.Lifecycle.Purge = account.PurgeAtWindowEnd
	w.Configure(t, &account.Options{
		Policy: &p, LegalHold: func(context.Context, account.ID) (bool, error) { return h.held, h.err },
	}, &structure.Options{})
}

// at returns the account that has an address.
func at(t *testing.T, w *worldtest.World, login string) account.Account {
	t.Helper()
	a, err := byLogin(t, w, login)
	require.NoError(t, err)
	return a
}

// LC-11, LC-22: what the host must keep is not erased because somebody asks for its
// address, in whichever way; nor before the host has answered. The answer is the same.
func TestNobodyErasesWhatTheHostKeeps(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, h := t.Context(), &hold{held: true}
		h.under(t, w)
		c := w.Company(t, worldtest.SIRETCompany, "manager@terneuil.example")
		w.Leave(t, w.Join(t, julie))
		require.NoError(t, register(t, w, worldtest.Registration("waits@terneuil.example")))
		kept := []account.Account{at(t, w, julie), at(t, w, "waits@terneuil.example")}
		w.Clock.Move(61 * day)
		ways := []func(string) (account.Sent, error){
			func(login string) (account.Sent, error) {
				return w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration(login))
			},
			func(login string) (account.Sent, error) {
				return w.Accounts.RegisterFor(ctx, account.Anonymous(), worldtest.Registration(login))
			},
			func(login string) (account.Sent, error) {
				return w.Structures.CreatePerson(ctx, c.Manager, c.ID, worldtest.Registration(login))
			},
		}
		for _, a := range kept {
			for _, ask := range ways {
				w.Clock.Move(day)
				sent, err := ask(a.Login)
				require.NoError(t, err)
				require.Equal(t, account.Sent{To: a.Login, Until: w.Clock.Now().Add(time.Hour)}, sent)
				require.Equal(t, a.Status, w.Account(t, a.ID).Status)
			}
		}
		require.Equal(t, 1, w.Count(t, "waits@terneuil.example", notify.MailActivation), "no link is mailed that is dead already")
		h.held, h.err = false, errHost
		for _, a := range kept {
			for _, ask := range ways {
				_, err := ask(a.Login)
				require.ErrorIs(t, err, errHost)
				require.Equal(t, a.Status, w.Account(t, a.ID).Status)
			}
		}
		h.err = nil
		for i, a := range kept {
			_, err := ways[i](a.Login)
			require.NoError(t, err)
			require.Equal(t, account.StatusAnonymized, w.Account(t, a.ID).Status)
			require.NotEqual(t, a.ID, at(t, w, a.Login).ID, "the address is free again")
		}
		w.Proven(t)
	})
}

// LC-22: a registration that was never activated does not give way to a login change if
// the host must keep it.
func TestALoginChangeErasesNothingThatTheHostKeeps(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, h := t.Context(), &hold{held: true}
		h.under(t, w)
		require.NoError(t, register(t, w, worldtest.Registration(after)))
		squatter := at(t, w, after)
		confirm, _ := request(t, w, proven(t, w, before), after)
		w.Unchanged(t, func() {
			_, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
			require.ErrorIs(t, err, account.ErrLinkExpired)
			h.held, h.err = false, errHost
			_, err = w.Accounts.ConfirmLoginChange(ctx, confirm)
			require.ErrorIs(t, err, errHost)
		})
		h.err = nil
		a, err := w.Accounts.ConfirmLoginChange(ctx, confirm)
		require.NoError(t, err)
		require.Equal(t, after, a.Login)
		require.Equal(t, account.StatusAnonymized, w.Account(t, squatter.ID).Status)
		w.Proven(t)
	})
}

// LC-11, LC-22: accounts that the host cannot be asked about, however many, hold up no
// other; they are asked about again, and then erased.
func TestAHostThatDoesNotAnswerHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	ctx, w := t.Context(), memoryWorld(t)
	silent := map[account.ID]bool{}
	p := account.Guide2024()
	w.Configure(t, &account.Options{Policy: &p, LegalHold: func(_ context.Context, id account.ID) (bool, error) {
		if silent[id] {
			return false, errHost
		}
		return false, nil
	}}, &structure.Options{})
	for i := range 1000 {
		login := fmt.Sprintf("silent%d@terneuil.example", i)
		require.NoError(t, register(t, w, worldtest.Registration(login)))
		silent[at(t, w, login).ID] = true
	}
	w.Clock.Move(time.Minute)
	require.NoError(t, register(t, w, worldtest.Registration(julie)))
	last := at(t, w, julie)
	w.Clock.Move(p.Lifecycle.ActivationWindow)
	for range 2 {
		_, err := w.Accounts.CatchUp(ctx)
		require.True(t, err == nil || errors.Is(err, errHost))
	}
	require.Equal(t, account.StatusAnonymized, w.Account(t, last.ID).Status)
	clear(silent)
	w.Clock.Move(time.Hour)
	n, err := w.Accounts.CatchUp(ctx)
	require.NoError(t, err)
	require.Equal(t, 1000, n, "what failed comes again")
	w.Proven(t)
}

// The owner of a closed account is reminded in time, whether the host answers or not.
func TestAHostThatDoesNotAnswerKeepsNoReminderBack(t *testing.T) {
	t.Parallel()
	w, h := memoryWorld(t), &hold{err: errHost}
	h.under(t, w)
	until := w.Leave(t, w.Join(t, julie))
	w.Clock.Move(until.Add(-day).Sub(w.Clock.Now()))
	_, err := w.Accounts.CatchUp(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, w.Count(t, julie, notify.MailReactivationReminder))
}
