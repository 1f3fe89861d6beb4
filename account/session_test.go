package account_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
)

func memoryWorld(t *testing.T) *worldtest.World {
	t.Helper()
	return worldtest.New(t, memory.New())
}

// RP-20: signing out everywhere ends every session at once, and the owner is told.
func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, "julie@terneuil.example")
		one, two := w.SignIn(t, "julie@terneuil.example"), w.SignIn(t, "julie@terneuil.example")
		actor, err := w.Accounts.Resume(ctx, one)
		require.NoError(t, err)
		require.Equal(t, julie.ID, actor.ID)
		require.Equal(t, one.At, actor.ProvenAt, "the actor carries how fresh the proof is")
		require.True(t, one.Fresh(one.At.Add(time.Minute), 2*time.Minute))
		require.False(t, one.Fresh(one.At.Add(2*time.Minute), 2*time.Minute), "at the very end it is over")
		require.False(t, one.Fresh(one.At.Add(-time.Second), time.Minute), "not from the future")
		exact := account.Session{At: one.At.Add(900 * time.Nanosecond)} // as a host's clock tells
		require.True(t, exact.Fresh(one.At, time.Minute), "the services know microseconds")
		require.False(t, exact.Fresh(one.At.Add(-time.Microsecond), time.Minute))

		require.NoError(t, w.Accounts.SignOutEverywhere(ctx, julie))
		for _, s := range []account.Session{one, two} {
			_, err := w.Accounts.Resume(ctx, s)
			require.ErrorIs(t, err, account.ErrSessionEnded)
		}
		w.Last(t, "julie@terneuil.example", notify.MailSignedOutEverywhere)
		_, err = w.Accounts.Resume(ctx, w.SignIn(t, "julie@terneuil.example"))
		require.NoError(t, err, "a fresh sign-in works")
		w.Proven(t)
	})
}

func TestForgedSessionsEnd(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	w.Join(t, "julie@terneuil.example")
	held := w.SignIn(t, "julie@terneuil.example")
	for name, forge := range map[string]func(*account.Session){
		"no account":      func(s *account.Session) { s.Account = "" },
		"unknown account": func(s *account.Session) { s.Account = "019ab000-0000-7000-8000-000000000000" },
		"odd account":     func(s *account.Session) { s.Account = "x\x00y" },
		"no stamp":        func(s *account.Session) { s.Stamp = "" },
		"other stamp":     func(s *account.Session) { s.Stamp = strings.ToUpper(s.Stamp) },
	} {
		s := held
		forge(&s)
		_, err := w.Accounts.Resume(t.Context(), s)
		require.ErrorIs(t, err, account.ErrSessionEnded, name)
	}
}

func TestOnlyPeopleAct(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	for _, by := range []account.Actor{account.Anonymous(), account.Support("A-1"), account.System(), {}} {
		require.ErrorIs(t, w.Accounts.SignOutEverywhere(t.Context(), by), account.ErrActor)
	}
}

// the two ways to write a name.
func TestNames(t *testing.T) {
	t.Parallel()
	a := account.Account{GivenName: "Éloïse", FamilyName: "Pierre-Élie"}
	require.Equal(t, "Éloïse PIERRE-ÉLIE", a.DisplayName())
	require.Equal(t, "PIERRE-ÉLIE Éloïse", a.SortName())
}

// CR-17: what holds keys prints as nothing but its name.
func TestKeysDoNotPrint(t *testing.T) {
	t.Parallel()
	w := memoryWorld(t)
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		require.Equal(t, "account.Keys", fmt.Sprintf(verb, w.Keys))
	}
}
