package mfa_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
)

func passwordless(p *mfa.Policy) { p.Keys.Passwordless = true }

// EN-10: a passkey signs in alone where the policy lets it; what is asked is the same for everybody.
func TestAPasskeySignsInAlone(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		keyed(t, w, passwordless)
		key, _ := add(t, w, julie)
		begun, err := w.SignIns.BeginPasskey(ctx)
		require.NoError(t, err)
		require.Empty(t, allowed(t, begun.Options))
		require.Equal(t, w.Clock.Now().Add(15*time.Minute), begun.ExpiresAt)
		answer := mfa.PasskeyAnswer{Token: begun.Token, Response: key.get(t, begun.Options)}
		c, err := w.SignIns.ProvePasskey(ctx, answer)
		require.NoError(t, err)
		session, err := w.SignIns.Finish(ctx, c.Handle)
		require.NoError(t, err)
		require.Equal(t, julie.ID, session.Account)
		require.Equal(t, []account.Factor{account.FactorSecurityKey}, session.Factors)
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSignInOver)
		_, err = w.SignIns.ProvePasskey(ctx, answer)
		require.Equal(t, mfa.ErrKeyRefused, err, "RP-16")
		require.Zero(t, w.Count(t, login, notify.MailKeyCloned), "an answer that is given again is no copy of the key")
		w.Proven(t)
	})
}

// LC-05: every refusal looks alike, and proves nothing.
func TestRefusalsOfPasskeysLookAlike(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	julie, leaver := w.Join(t, login), w.Join(t, "leaver@terneuil.example")
	_, err := w.SignIns.BeginPasskey(ctx)
	require.ErrorIs(t, err, mfa.ErrNotOffered)
	keyed(t, w, nil)
	key, _ := add(t, w, julie)
	gone, _ := add(t, w, leaver)
	_, err = w.SignIns.BeginPasskey(ctx)
	require.ErrorIs(t, err, mfa.ErrNotOffered, "off unless the policy says so")
	_, err = w.SignIns.ProvePasskey(ctx, mfa.PasskeyAnswer{})
	require.ErrorIs(t, err, mfa.ErrNotOffered)
	keyed(t, w, passwordless)
	w.Leave(t, leaver)

	for name, change := range map[string]func(*stick, *mfa.PasskeyAnswer){
		"no token":           func(_ *stick, a *mfa.PasskeyAnswer) { a.Token = "" },
		"a damaged token":    func(_ *stick, a *mfa.PasskeyAnswer) { a.Token += "A" },
		"another token":      func(_ *stick, a *mfa.PasskeyAnswer) { a.Token = passkey(t, w).Token },
		"no PIN":             func(s *stick, _ *mfa.PasskeyAnswer) { s.Options.UserNotVerified = true },
		"no handle":          func(s *stick, _ *mfa.PasskeyAnswer) { s.Options.UserHandle = nil },
		"another's handle":   func(s *stick, _ *mfa.PasskeyAnswer) { s.Options.UserHandle = []byte(leaver.ID) },
		"another origin":     func(s *stick, _ *mfa.PasskeyAnswer) { s.site.Origin = "https://evil.example" },
		"an unknown key":     func(s *stick, _ *mfa.PasskeyAnswer) { s.key = newStick().key },
		"a closed account's": func(s *stick, _ *mfa.PasskeyAnswer) { *s = *gone },
	} {
		begun := passkey(t, w)
		wrong, answer := *key, mfa.PasskeyAnswer{Token: begun.Token}
		change(&wrong, &answer)
		answer.Response = wrong.get(t, begun.Options)
		out, err := w.SignIns.ProvePasskey(ctx, answer)
		require.Zero(t, out, name)
		require.Equal(t, mfa.ErrKeyRefused.Error(), flat(err), name)
		require.ErrorIs(t, err, mfa.ErrKeyRefused, name)
	}
	begun := passkey(t, w)
	_, err = w.SignIns.ProvePasskey(ctx, mfa.PasskeyAnswer{Token: begun.Token, Response: key.get(t, begun.Options)})
	require.NoError(t, err, "nobody else's mistakes lock the key")
}

// flat is what anybody is told of an error.
func flat(err error) string {
	if errors.Is(err, mfa.ErrKeyRefused) {
		return mfa.ErrKeyRefused.Error()
	}
	return err.Error()
}

func passkey(t testing.TB, w *worldtest.World) mfa.PasskeyChallenge {
	t.Helper()
	w.Clock.Move(time.Millisecond)
	begun, err := w.SignIns.BeginPasskey(t.Context())
	require.NoError(t, err)
	return begun
}

// RP-16: the challenge of a passkey is over at its instant, and with every later one that
// the key answered.
func TestChallengesOfPasskeysEnd(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, login)
		keyed(t, w, passwordless)
		key, _ := add(t, w, julie)
		prove := func(c mfa.PasskeyChallenge) error {
			_, err := w.SignIns.ProvePasskey(t.Context(), mfa.PasskeyAnswer{Token: c.Token, Response: key.get(t, c.Options)})
			return err
		}
		first := passkey(t, w)
		w.Clock.Move(15*time.Minute - time.Microsecond)
		require.NoError(t, prove(first))
		second := passkey(t, w)
		w.Clock.Move(15 * time.Minute)
		require.ErrorIs(t, prove(second), mfa.ErrKeyRefused)
		third, fourth := passkey(t, w), passkey(t, w)
		require.NoError(t, prove(fourth))
		require.ErrorIs(t, prove(third), mfa.ErrKeyRefused, "a later one was answered")
		fifth := passkey(t, w)
		w.Clock.Move(-time.Hour)
		require.ErrorIs(t, prove(fifth), mfa.ErrKeyRefused, "a challenge of the future")
	})
}

// BF-02: refused passkeys count for the source, and for nobody else.
func TestRefusedPasskeysCountForTheSource(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, login)
		keyed(t, w, passwordless)
		key, _ := add(t, w, julie)
		try := func(source string, by *stick) error {
			c := passkey(t, w)
			_, err := w.SignIns.ProvePasskey(t.Context(), mfa.PasskeyAnswer{Token: c.Token, Response: by.get(t, c.Options), Source: source})
			return err
		}
		for range 9 {
			require.ErrorIs(t, try("192.0.2.7", newStick()), mfa.ErrKeyRefused)
		}
		require.NoError(t, try("192.0.2.7", key), "nine failures leave one of ten")
		require.ErrorIs(t, try("192.0.2.7", newStick()), mfa.ErrKeyRefused)
		require.ErrorIs(t, try("192.0.2.7", key), mfa.ErrKeyRefused, "its budget is used up")
		require.NoError(t, try("192.0.2.8", key))
	})
}

// RC-01 for passkeys: of many parallel uses of one answer, one succeeds.
func TestParallelUsesOfOnePasskeyAnswer(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, login)
		keyed(t, w, passwordless)
		key, _ := add(t, w, julie)
		c := passkey(t, w)
		answer := mfa.PasskeyAnswer{Token: c.Token, Response: key.get(t, c.Options)}
		errs := make([]error, 16)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() { _, errs[i] = w.SignIns.ProvePasskey(t.Context(), answer) })
		}
		wg.Wait()
		n := 0
		for _, err := range errs {
			if err == nil {
				n++
			}
		}
		require.Equal(t, 1, n)
		w.Proven(t)
	})
}
