package mfa_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/storage"
)

// rounds is how often a race of 64 is run: once in everyday runs.
func rounds() int {
	if longtest.Wanted() {
		return longtest.Rounds(1000)
	}
	return 1
}

// atOnce runs 64 tries at once and returns how many were right and how many wrong; the
// rest were turned away.
func atOnce(t *testing.T, try func(n int) error) (right, wrong int) {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	start := make(chan struct{})
	for n := range 64 {
		wg.Go(func() {
			<-start
			err := try(n)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				right++
			case errors.Is(err, mfa.ErrWrongCode):
				wrong++
			case !errors.Is(err, mfa.ErrSignInOver):
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	close(start)
	wg.Wait()
	return right, wrong
}

// RC-01, RC-02, R11: of 64 parallel uses of one code of an application, in one sign-in or
// in as many, exactly one succeeds; and of 64 guesses exactly as many are checked as the
// budget has.
func TestOneCodeAtOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		for range rounds() {
			w.Clock.Move(2 * time.Minute)
			right := shows(t, e, w.Clock.Now())
			c := begin(t, w)
			won, _ := atOnce(t, func(int) error { return w.SignIns.ProveAuthenticator(ctx, c.Handle, right) })
			require.Equal(t, 1, won, "in one sign-in")

			w.Clock.Move(2 * time.Minute)
			right = shows(t, e, w.Clock.Now())
			var handles []string
			for range 4 {
				handles = append(handles, begin(t, w).Handle)
			}
			won, _ = atOnce(t, func(n int) error { return w.SignIns.ProveAuthenticator(ctx, handles[n%4], right) })
			require.Equal(t, 1, won, "in four")
			w.Clock.Move(time.Hour)
			c = begin(t, w)
			before := failures(t, w, account.FactorAuthenticator)
			require.NoError(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())))
			require.Less(t, before, 16)
			changed(t, w)
		}
	})
}

// BF-03: of 64 parallel guesses, exactly the tries of the sign-in are checked and counted.
func TestGuessesAtOnceStayInTheBudget(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		for range rounds() {
			w.Clock.Move(2 * time.Hour)
			wrong := another(shows(t, e, w.Clock.Now()))
			c := begin(t, w)
			right, checked := atOnce(t, func(int) error { return w.SignIns.ProveAuthenticator(ctx, c.Handle, wrong) })
			require.Zero(t, right)
			require.Equal(t, 5, checked)
			require.Equal(t, 5, failures(t, w, account.FactorAuthenticator))
			c = begin(t, w)
			require.NoError(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())))
			changed(t, w)
		}
	})
}

// changed sets the password to what it was, as its owner, so that the wrong codes of all
// rounds together do not wear it out.
func changed(t *testing.T, w *worldtest.World) {
	t.Helper()
	update(t, w, func(a *account.Account) { a.Credentials.ChangedAt = w.Clock.Now() })
}

// update changes the stored account of the tests.
func update(t *testing.T, w *worldtest.World, change func(*account.Account)) {
	t.Helper()
	require.NoError(t, storage.Update(t.Context(), w.Store, func(tx storage.Tx) error {
		a, err := tx.AccountByLogin(t.Context(), login)
		if err != nil {
			return err
		}
		change(&a)
		return tx.PutAccount(t.Context(), a)
	}))
}
