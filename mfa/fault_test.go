package mfa_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/internal/worldtest"
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

func (b breakingTx) FactorByCredential(ctx context.Context, id string) (mfa.Factor, error) {
	return broken(b, func() (mfa.Factor, error) { return b.Tx.FactorByCredential(ctx, id) })
}

// until runs a call over stores that break ever later, until one does not break. After
// each that did, it checks that nothing came of it. It returns how many did, and the
// answer in the end.
func until(t *testing.T, w *worldtest.World, p mfa.Policy, call func(*mfa.Service) error, nothing func()) (int, error) {
	t.Helper()
	for n := 0; ; n++ {
		left := n
		err := call(w.SignInsOver(t, breaking{w.Store, &left}, p))
		if !errors.Is(err, errBroken) {
			return n, err
		}
		nothing()
	}
}

// FL-17: whichever call of the store fails while a factor is tried, be the answer right or
// wrong, or while a sign-in is finished, nothing is proven, nothing is counted, and no
// session opens. A wrong answer that is counted proves nothing either. Afterwards the right
// one still works.
func TestAFailureProvesNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		julie := w.Join(t, login)
		p := keyPolicy()
		w.Policy(t, p)
		key, _ := add(t, w, julie)
		e := enrol(t, w, proven(w, julie))
		codes, err := w.SignIns.NewRecoveryCodes(ctx, proven(w, julie))
		require.NoError(t, err)
		type prove = func(s *mfa.Service, handle string, right bool) error
		pick := func(right bool, code, otherwise string) string {
			if right {
				return code
			}
			return otherwise
		}
		for factor, try := range map[account.Factor]prove{
			account.FactorMailCode: func(s *mfa.Service, handle string, right bool) error {
				return s.ProveMailCode(ctx, handle, pick(right, code(t, w), another(code(t, w))))
			},
			account.FactorAuthenticator: func(s *mfa.Service, handle string, right bool) error {
				shown := shows(t, e, w.Clock.Now())
				return s.ProveAuthenticator(ctx, handle, pick(right, shown, another(shown)))
			},
			account.FactorRecoveryCode: func(s *mfa.Service, handle string, right bool) error {
				return s.ProveRecoveryCode(ctx, handle, pick(right, codes[0], "AAAA AAAA AAAA AAAA"))
			},
			account.FactorSecurityKey: func(s *mfa.Service, handle string, right bool) error {
				if !right {
					return s.ProveKey(ctx, handle, nil)
				}
				options, err := w.SignIns.BeginKeySignIn(ctx, handle)
				require.NoError(t, err)
				return s.ProveKey(ctx, handle, key.get(t, options))
			},
		} {
			c := begin(t, w)
			if factor != c.Factor {
				_, err := w.SignIns.Switch(ctx, c.Handle, factor)
				require.NoError(t, err)
			}
			counter := 0
			unproven := func() {
				t.Helper()
				_, err := w.SignIns.Finish(ctx, c.Handle)
				require.ErrorIs(t, err, mfa.ErrSecondFactorRequired, factor)
				require.Equal(t, counter, failures(t, w, factor))
			}
			broke, err := until(t, w, p, func(s *mfa.Service) error { return try(s, c.Handle, false) }, unproven)
			require.Contains(t, []string{mfa.ErrWrongCode.Error(), mfa.ErrKeyRefused.Error()}, flat(err), factor)
			require.GreaterOrEqual(t, broke, 8, "sign-in, account, factors, two counts, and three writes")
			counter = 1
			unproven()
			broke, err = until(t, w, p, func(s *mfa.Service) error { return try(s, c.Handle, true) }, unproven)
			require.NoError(t, err, factor)
			require.GreaterOrEqual(t, broke, 6, "sign-in, account, factors, count, and two writes")
			require.Zero(t, failures(t, w, factor))
			var session account.Session
			finish := func(s *mfa.Service) (err error) {
				session, err = s.Finish(ctx, c.Handle)
				return err
			}
			broke, err = until(t, w, p, finish, func() { require.Zero(t, session) })
			require.NoError(t, err, factor)
			require.GreaterOrEqual(t, broke, 5)
			require.Equal(t, []account.Factor{account.FactorPassword, factor}, session.Factors)
		}
		w.Proven(t)
	})
}

// FL-17 for a passkey that signs in alone.
func TestAFailureOpensNoSignInByPasskey(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		julie := w.Join(t, login)
		p := keyPolicy()
		passwordless(&p)
		w.Policy(t, p)
		key, _ := add(t, w, julie)
		begun := passkey(t, w)
		answer := mfa.PasskeyAnswer{Token: begun.Token, Response: key.get(t, begun.Options)}
		var c mfa.Challenge
		broke, err := until(t, w, p, func(s *mfa.Service) (err error) {
			c, err = s.ProvePasskey(t.Context(), answer)
			return err
		}, func() { require.Zero(t, c) })
		require.NoError(t, err)
		require.GreaterOrEqual(t, broke, 4, "key, account, and two writes")
		_, err = w.SignIns.Finish(t.Context(), c.Handle)
		require.NoError(t, err)
		w.Proven(t)
	})
}

// FL-07: half a sign-in that is moved to another account, in the store itself, opens
// neither; nor does the code of one account prove anything in the sign-in of another.
func TestASignInBelongsToItsAccount(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		const thief = "thief@terneuil.example"
		julie := w.Join(t, login)
		w.Join(t, thief)
		c, err := w.SignIns.Begin(ctx, mfa.Credentials{Login: thief, Password: worldtest.Password})
		require.NoError(t, err)
		theirs := w.Last(t, thief, notify.MailSignInCode).Values["Code"]
		mine := begin(t, w)
		if theirs != code(t, w) {
			require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, mine.Handle, theirs), mfa.ErrWrongCode)
		}
		require.NoError(t, w.SignIns.ProveMailCode(ctx, c.Handle, theirs))
		stamp := w.Account(t, julie.ID).Stamp
		require.NoError(t, storage.Update(ctx, w.Store, func(tx storage.Tx) error {
			in, err := tx.SignIn(ctx, secret.Digest(c.Handle))
			if err != nil {
				return err
			}
			in.Account, in.Stamp = julie.ID, stamp
			return tx.PutSignIn(ctx, in)
		}))
		_, err = w.SignIns.Finish(ctx, c.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)
		require.ErrorIs(t, w.SignIns.ProveMailCode(ctx, c.Handle, theirs), mfa.ErrWrongCode)
		_, err = w.SignIns.Finish(ctx, mine.Handle)
		require.ErrorIs(t, err, mfa.ErrSecondFactorRequired)
	})
}
