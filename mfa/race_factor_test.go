package mfa_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// rounds is how often a race of 64 is run: once in everyday runs.
func rounds() int {
	if longtest.Wanted() {
		return longtest.Rounds(1000)
	}
	return 1
}

// outcome is how many of 64 tries were right, how many wrong, and how many were turned
// away unchecked.
type outcome struct{ right, wrong, over int }

// atOnce runs 64 tries at once.
func atOnce(t *testing.T, try func(n int) error) (out outcome) {
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
				out.right++
			case errors.Is(err, mfa.ErrWrongCode):
				out.wrong++
			case errors.Is(err, mfa.ErrSignInOver):
				out.over++
			default:
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	close(start)
	wg.Wait()
	return out
}

// four begins four sign-ins.
func four(t *testing.T, w *worldtest.World) (handles []string) {
	t.Helper()
	for range 4 {
		handles = append(handles, begin(t, w).Handle)
	}
	return handles
}

// counted checks what the counters of a factor, and of all wrong codes, hold.
func counted(t *testing.T, w *worldtest.World, f account.Factor, tries, all int) {
	t.Helper()
	require.Equal(t, tries, failures(t, w, f), f)
	require.Equal(t, all, failures(t, w, "wrong_codes"), "all wrong codes")
}

// RC-01, RC-02, R11: of 64 parallel uses of one code of an application, in one sign-in or
// in four, and of a code by mail, exactly one succeeds. The others are checked and counted
// as far as the budget of the sign-in goes, five after the one that was right, and that of
// the account, ten, and not one further.
func TestOneCodeAtOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		for range rounds() {
			w.Clock.Move(2 * time.Hour)
			c, right := begin(t, w), shows(t, e, w.Clock.Now())
			got := atOnce(t, func(int) error { return w.SignIns.ProveAuthenticator(ctx, c.Handle, right) })
			require.Equal(t, outcome{right: 1, wrong: 5, over: 58}, got, "in one sign-in")
			counted(t, w, account.FactorAuthenticator, 5, 5)

			w.Clock.Move(2 * time.Minute)
			handles, right := four(t, w), shows(t, e, w.Clock.Now())
			got = atOnce(t, func(n int) error { return w.SignIns.ProveAuthenticator(ctx, handles[n%4], right) })
			require.Equal(t, outcome{right: 1, wrong: 10, over: 53}, got, "in four")
			counted(t, w, account.FactorAuthenticator, 10, 15)

			c = begin(t, w)
			require.Equal(t, account.FactorMailCode, c.Factor, "the application is locked")
			right = newestCode(t, w)
			got = atOnce(t, func(int) error { return w.SignIns.ProveMailCode(ctx, c.Handle, right) })
			require.Equal(t, outcome{right: 1, wrong: 5, over: 58}, got, "by mail")
			counted(t, w, account.FactorMailCode, 5, 20)
			changed(t, w)
		}
		t.Logf("%d rounds of 3 races of 64 tries", rounds())
	})
}

// BF-03: of 64 parallel guesses, exactly the tries of the sign-in are checked and counted,
// and at the last tries of the account, in whatever sign-ins, exactly those that are left.
func TestGuessesAtOnceStayInTheBudget(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		w.Join(t, login)
		e := enrol(t, w, actor(t, w))
		for range rounds() {
			w.Clock.Move(2 * time.Hour)
			c, handles, wrong := begin(t, w), four(t, w), another(shows(t, e, w.Clock.Now()))
			got := atOnce(t, func(int) error { return w.SignIns.ProveAuthenticator(ctx, c.Handle, wrong) })
			require.Equal(t, outcome{wrong: 5, over: 59}, got)
			counted(t, w, account.FactorAuthenticator, 5, 5)
			got = atOnce(t, func(n int) error { return w.SignIns.ProveAuthenticator(ctx, handles[n%4], wrong) })
			require.Equal(t, outcome{wrong: 5, over: 59}, got, "the account has five tries left")
			counted(t, w, account.FactorAuthenticator, 10, 10)
			w.Clock.Move(2 * time.Hour)
			c = begin(t, w)
			require.NoError(t, w.SignIns.ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now())))
			counted(t, w, account.FactorAuthenticator, 0, 10)
			changed(t, w)
		}
		t.Logf("%d rounds of 2 races of 64 tries", rounds())
	})
}

// newestCode reads the newest code by mail, however many mails there are.
func newestCode(t *testing.T, w *worldtest.World) string {
	t.Helper()
	var values notify.Values
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) error {
		found, err := tx.Messages(t.Context(), notify.MessageQuery{Template: notify.MailSignInCode, Newest: true, Limit: 1})
		require.NoError(t, err)
		require.Len(t, found, 1)
		plain, err := w.Keys.Open(found[0].Sealed, "outbox/"+string(found[0].ID))
		require.NoError(t, err)
		return json.Unmarshal(plain, &values)
	}))
	return values["Code"]
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
