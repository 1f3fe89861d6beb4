package mfa_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

var errBroken = errors.New("the store is broken")

// breaking is a store whose call number left fails, and every later one.
type breaking struct {
	storage.Store
	left *int
}

func (b breaking) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return b.Store.Update(ctx, func(tx storage.Tx) error { return fn(breakingTx{tx, b.left}) })
}

type breakingTx struct {
	storage.Tx
	left *int
}

func broken[V any](b breakingTx, call func() (V, error)) (V, error) {
	if *b.left--; *b.left < 0 {
		var none V
		return none, errBroken
	}
	return call()
}

func (b breakingTx) do(call func() error) error {
	_, err := broken(b, func() (any, error) { return nil, call() })
	return err
}

func (b breakingTx) SignIn(ctx context.Context, id string) (mfa.SignIn, error) {
	return broken(b, func() (mfa.SignIn, error) { return b.Tx.SignIn(ctx, id) })
}

func (b breakingTx) Account(ctx context.Context, id account.ID) (account.Account, error) {
	return broken(b, func() (account.Account, error) { return b.Tx.Account(ctx, id) })
}

func (b breakingTx) Factors(ctx context.Context, id account.ID) ([]mfa.Factor, error) {
	return broken(b, func() ([]mfa.Factor, error) { return b.Tx.Factors(ctx, id) })
}

func (b breakingTx) Throttle(ctx context.Context, id account.ID, f account.Factor) (account.Throttle, error) {
	return broken(b, func() (account.Throttle, error) { return b.Tx.Throttle(ctx, id, f) })
}

func (b breakingTx) PutThrottle(ctx context.Context, c account.Throttle) error {
	return b.do(func() error { return b.Tx.PutThrottle(ctx, c) })
}

func (b breakingTx) PutFactor(ctx context.Context, f mfa.Factor) error {
	return b.do(func() error { return b.Tx.PutFactor(ctx, f) })
}

func (b breakingTx) PutSignIn(ctx context.Context, s mfa.SignIn) error {
	return b.do(func() error { return b.Tx.PutSignIn(ctx, s) })
}

func (b breakingTx) DeleteSignIn(ctx context.Context, s mfa.SignIn) error {
	return b.do(func() error { return b.Tx.DeleteSignIn(ctx, s) })
}

func (b breakingTx) PutAccount(ctx context.Context, a account.Account) error {
	return b.do(func() error { return b.Tx.PutAccount(ctx, a) })
}

func (b breakingTx) AppendEvent(ctx context.Context, e notify.Event) error {
	return b.do(func() error { return b.Tx.AppendEvent(ctx, e) })
}

func (b breakingTx) Enqueue(ctx context.Context, m notify.Message) error {
	return b.do(func() error { return b.Tx.Enqueue(ctx, m) })
}

// FL-17: whichever call of the store fails while a factor is tried or a sign-in is
// finished, nothing is proven and no session opens; afterwards the same code still works.
func TestAFailureProvesNothing(t *testing.T) {
	t.Parallel()
	w := world(t)
	ctx := t.Context()
	w.Join(t, login)
	e := enrol(t, w, actor(t, w))
	over := func(calls int) *mfa.Service {
		return w.SignInsOver(t, breaking{w.Store, &calls}, mfa.Guide2024())
	}
	wrong := begin(t, w)
	require.ErrorIs(t, w.SignIns.ProveAuthenticator(ctx, wrong.Handle, another(shows(t, e, w.Clock.Now()))), mfa.ErrWrongCode)
	c := begin(t, w)
	proofs := 0
	for {
		err := over(proofs).ProveAuthenticator(ctx, c.Handle, shows(t, e, w.Clock.Now()))
		if err == nil {
			break
		}
		require.ErrorIs(t, err, errBroken)
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired, "call %d failed", proofs)
		proofs++
	}
	require.GreaterOrEqual(t, proofs, 7, "sign-in, account, factors, count, and three writes")
	require.Zero(t, failures(t, w, account.FactorAuthenticator))
	ends := 0
	for {
		s, err := over(ends).Finish(ctx, c.Handle)
		if err == nil {
			break
		}
		require.ErrorIs(t, err, errBroken)
		require.Zero(t, s)
		ends++
	}
	require.GreaterOrEqual(t, ends, 5)
	w.Clock.Move(time.Minute)
	w.Proven(t)
}
