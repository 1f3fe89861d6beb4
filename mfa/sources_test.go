package mfa_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/storage"
)

func sources(t *testing.T, p mfa.SourcePolicy) *mfa.MemorySources {
	t.Helper()
	s, err := mfa.NewMemorySources(p)
	require.NoError(t, err)
	return s
}

// spend takes n tries and returns how many were allowed.
func spend(s mfa.Sources, name string, n int, failed bool, now time.Time) (allowed int) {
	for range n {
		ok, settle := s.Take(context.Background(), name, now)
		settle(failed)
		if ok {
			allowed++
		}
	}
	return allowed
}

// BF-02: 30 tries and 10 failures a minute, each source for itself.
func TestSourceBudgets(t *testing.T) {
	t.Parallel()
	s, now := sources(t, mfa.SourcePolicy{}), worldtest.Start
	require.Equal(t, 30, spend(s, "a", 31, false, now), "tries")
	require.Equal(t, 10, spend(s, "b", 11, true, now), "failures")
	require.Zero(t, spend(s, "b", 1, false, now), "then nothing, right or wrong")
	require.Equal(t, 10, spend(s, "c", 11, true, now), "another source has its own")
	require.Zero(t, spend(s, "b", 1, true, now.Add(6*time.Second-time.Millisecond)))
	require.Equal(t, 1, spend(s, "b", 5, true, now.Add(6*time.Second+time.Millisecond)), "one more every six seconds")
	require.Equal(t, 10, spend(s, "b", 11, true, now.Add(time.Hour)), "never more than a minute's worth")
}

// BF-02: a spray from many sources, where the host wants that bound.
func TestBudgetOfAllSources(t *testing.T) {
	t.Parallel()
	s, allowed := sources(t, mfa.SourcePolicy{AllFailures: 20}), 0
	for i := range 30 {
		allowed += spend(s, fmt.Sprint(i), 1, true, worldtest.Start)
	}
	require.Equal(t, 20, allowed)
}

// BF-03: parallel tries of one source never fail more often than its budget.
func TestParallelTriesStayInTheSourceBudget(t *testing.T) {
	t.Parallel()
	s := sources(t, mfa.SourcePolicy{})
	var allowed atomic.Int64
	var held []func(bool)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if ok, settle := s.Take(t.Context(), "a", worldtest.Start); ok {
				allowed.Add(1)
				mu.Lock()
				held = append(held, settle)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, 10, allowed.Load())
	for _, settle := range held {
		settle(false)
	}
	require.Equal(t, 10, spend(s, "a", 20, true, worldtest.Start), "what did not fail costs nothing")
}

// BF-20: the table stays in its bounds, and the busy source is not the one that goes.
func TestTheTableOfSourcesIsBounded(t *testing.T) {
	t.Parallel()
	s, now := sources(t, mfa.SourcePolicy{Table: 100}), worldtest.Start
	require.Equal(t, 10, spend(s, "busy", 10, true, now))
	for i := range 10_000 {
		spend(s, fmt.Sprint(i), 1, true, now)
		if i%50 == 0 {
			require.Zero(t, spend(s, "busy", 1, true, now))
		}
	}
	require.LessOrEqual(t, s.Len(), 100)
}

// BF-05: what counts is the network of the connection.
func TestSourceOf(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::9": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		require.Equal(t, want, mfa.SourceOf(netip.MustParseAddr(addr)))
	}
	require.Empty(t, mfa.SourceOf(netip.Addr{}))
	for _, p := range []mfa.SourcePolicy{{Tries: -1}, {Failures: -1}, {AllFailures: -1}, {Table: -1}} {
		_, err := mfa.NewMemorySources(p)
		require.ErrorIs(t, err, mfa.ErrBadPolicy)
	}
}

// BF-02, BF-20, EN-13: one source tries a password on many accounts: what is beyond
// its budget is answered alike, reaches no account, and leaves the counter that a
// victim has in the store alone, whatever else floods in.
func TestASprayIsStopped(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		for range 3 {
			_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: "wrong", Source: "192.0.2.1"})
			require.ErrorIs(t, err, account.ErrInvalidCredentials)
		}
		for i := range 40 {
			_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: fmt.Sprintf("p%d@terneuil.example", i), Password: "wrong", Source: "192.0.2.1"})
			require.Equal(t, account.ErrInvalidCredentials, err)
		}
		w.Unchanged(t, func() {
			_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: worldtest.Password, Source: "192.0.2.1"})
			require.Equal(t, account.ErrInvalidCredentials, err, "the source is used up, and nothing tells")
		})
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			counter, err := tx.Throttle(ctx, julie.ID, account.FactorPassword)
			require.Equal(t, 3, counter.Failures)
			return err
		}))
		_, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: worldtest.Password, Source: "192.0.2.2"})
		require.NoError(t, err, "another source signs in")
		w.Proven(t)
	})
}

// BF-14: a link has 256 bits, and one source guesses few, whatever they are for: what is
// beyond its budget is answered alike and asks the store for nothing, right or wrong.
// Signing in from there, and links from elsewhere, go on.
func TestGuessedLinksCountForTheSource(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		_, err := w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration("ben@terneuil.example"))
		require.NoError(t, err)
		right := w.Token(t, "ben@terneuil.example")
		raw, err := base64.RawURLEncoding.DecodeString(right)
		require.NoError(t, err)
		require.Len(t, raw, 32)
		set := account.NewPassword{Password: worldtest.Password, Confirmation: worldtest.Password}
		asked := 0
		from := func(source, token string, n int) error {
			return w.SignIns.FollowLink(ctx, source, func() (err error) {
				asked++
				switch n % 6 {
				case 0:
					_, err = w.Accounts.ActivateWith(ctx, token, set)
				case 1:
					_, err = w.Accounts.ResetPassword(ctx, token, set)
				case 2:
					_, err = w.Accounts.CompleteReactivation(ctx, token, set)
				case 3:
					_, err = w.Accounts.ConfirmLoginChange(ctx, token)
				case 4:
					_, err = w.Accounts.UndoLoginChange(ctx, token)
				default:
					_, err = w.Accounts.InspectLink(ctx, token)
				}
				return err
			})
		}
		guess := strings.Repeat("A", len(right))
		for n := range 10 {
			require.ErrorIs(t, from("192.0.2.1", guess, n), account.ErrLinkExpired)
		}
		require.Equal(t, 10, asked)
		w.Unchanged(t, func() {
			require.Equal(t, account.ErrLinkExpired, from("192.0.2.1", guess, 0), "the eleventh")
			require.Equal(t, account.ErrLinkExpired, from("192.0.2.1", right, 0), "the right one, and nothing tells")
		})
		require.Equal(t, 10, asked, "nothing was looked up")
		_, err = w.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: worldtest.Password, Source: "192.0.2.1"})
		require.NoError(t, err)
		require.NoError(t, from("192.0.2.2", right, 0), "from elsewhere it works")
		for n := range 40 {
			require.ErrorIs(t, from("", guess, n), account.ErrLinkExpired)
		}
		require.Equal(t, 51, asked, "no source is not counted")
		w.Clock.Move(6*time.Second - time.Millisecond)
		require.ErrorIs(t, from("192.0.2.1", guess, 0), account.ErrLinkExpired)
		require.Equal(t, 51, asked)
		w.Clock.Move(2 * time.Millisecond)
		require.ErrorIs(t, from("192.0.2.1", guess, 0), account.ErrLinkExpired)
		require.Equal(t, 52, asked, "one more after six seconds")
	})
}

// BF-14: links that work, and whatever fails otherwise, are tries and no failures; a follower
// that panics is one.
func TestWhatCountsAsAGuessedLink(t *testing.T) {
	t.Parallel()
	w := world(t)
	called := 0
	follow := func(source string, err error) {
		_ = w.SignIns.FollowLink(t.Context(), source, func() error {
			called++
			return err
		})
	}
	for n := range 31 {
		follow("a", []error{nil, account.ErrLinkUsed, context.Canceled}[n%3])
	}
	require.Equal(t, 30, called, "30 tries a minute")
	for range 10 {
		require.Panics(t, func() { _ = w.SignIns.FollowLink(t.Context(), "b", func() error { panic("broke down") }) })
	}
	called = 0
	follow("b", nil)
	require.Zero(t, called)
}

// CR-17: what was typed does not print.
func TestCredentialsDoNotPrint(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"%v", "%+v", "%s", "%#v"} {
		require.Equal(t, "mfa.Credentials", fmt.Sprintf(verb, mfa.Credentials{Login: login, Password: worldtest.Password}))
	}
}
