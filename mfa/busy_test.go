package mfa_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/storage"
)

// DS-01: a flood that the machine turns away uses up nobody's tries, neither at a sign-in
// nor where somebody proves again who they are: only what was really checked is counted.
func TestBusyTriesAreGivenBack(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		w.Join(t, login)
		held := w.SignIn(t, login)
		hasher, err := account.NewHasher(account.Hashing{MemoryKiB: 8 << 10, Passes: 1, AtOnce: 1, Queue: -1, TestOnly: true}, nil)
		require.NoError(t, err)
		s, err := mfa.New(storage.SignIns(w.Store), w.Keys, &mfa.Options{Now: w.Clock.Now, Hasher: hasher})
		require.NoError(t, err)
		for _, try := range []func() error{
			func() error {
				_, err := s.Begin(t.Context(), mfa.Credentials{Login: login, Password: "wrong"})
				return err
			},
			func() error {
				_, err := s.StepUp(t.Context(), held, "wrong")
				return err
			},
		} {
			w.SignIn(t, login) // gives back what was counted before
			var mu sync.Mutex
			var wg sync.WaitGroup
			checked := 0
			for range mfa.Guide2024().Password.Free - 1 {
				wg.Go(func() {
					err := try()
					if errors.Is(err, account.ErrBusy) {
						return
					}
					if !errors.Is(err, account.ErrInvalidCredentials) {
						t.Errorf("refused otherwise: %v", err)
					}
					mu.Lock()
					defer mu.Unlock()
					checked++
				})
			}
			wg.Wait()
			require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) error {
				c, err := account.Counter(t.Context(), tx, held.Account, account.FactorPassword)
				require.Equal(t, checked, c.Failures)
				require.Zero(t, c.LockedUntil)
				return err
			}))
		}
	})
}

func TestUndone(t *testing.T) {
	t.Parallel()
	p := mfa.Guide2024().Password
	now := worldtest.Start
	require.Equal(t, account.Throttle{}, account.Throttle{}.Undone(p))
	locked, err := account.Throttle{Failures: p.Free - 1}.Take(p, now)
	require.NoError(t, err)
	require.False(t, locked.LockedUntil.IsZero())
	require.Equal(t, account.Throttle{Failures: p.Free - 1}, locked.Undone(p), "the delay that this try began goes with it")
	earlier := account.Throttle{Failures: p.Free + 1, LockedUntil: now.Add(p.FirstDelay)}
	require.Equal(t, earlier.LockedUntil, earlier.Undone(p).LockedUntil, "one that began before stays")
}
