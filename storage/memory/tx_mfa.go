package memory

import (
	"context"
	"iter"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

func (t *tx) SignIn(ctx context.Context, id string) (mfa.SignIn, error) {
	return read(ctx, t, func() (mfa.SignIn, error) { return t.db.signIns.get(byID(id)) })
}

func (t *tx) PutSignIn(ctx context.Context, s mfa.SignIn) error {
	return t.write(ctx, func() error { return t.db.signIns.put(s) })
}

func (t *tx) DeleteSignIn(ctx context.Context, s mfa.SignIn) error {
	return t.write(ctx, func() error { return t.db.signIns.remove(s) })
}

func (t *tx) ExpiredSignIns(ctx context.Context, at time.Time, limit int) ([]mfa.SignIn, error) {
	return read(ctx, t, func() ([]mfa.SignIn, error) {
		over := until(t.db.signIns.scan("x", "x"), func(s mfa.SignIn) bool { return s.ExpiresAt.After(at) })
		return t.db.signIns.take(over, limit, every), nil
	})
}

func (t *tx) Factor(ctx context.Context, id mfa.FactorID) (mfa.Factor, error) {
	return read(ctx, t, func() (mfa.Factor, error) { return t.db.factors.get(byID(id)) })
}

func (t *tx) Factors(ctx context.Context, id account.ID) ([]mfa.Factor, error) {
	return read(ctx, t, func() ([]mfa.Factor, error) {
		of := factorsOf(id)
		return t.db.factors.take(t.db.factors.scan(of, of), t.db.factors.rows.Len(), every), nil
	})
}

func (t *tx) FactorByCredential(ctx context.Context, credential string) (mfa.Factor, error) {
	return read(ctx, t, func() (mfa.Factor, error) { return t.db.factors.find(credentialKey(credential)) })
}

func (t *tx) PutFactor(ctx context.Context, f mfa.Factor) error {
	return t.write(ctx, func() error { return t.db.factors.put(f) })
}

func (t *tx) DeleteFactor(ctx context.Context, f mfa.Factor) error {
	return t.write(ctx, func() error { return t.db.factors.remove(f) })
}

func (t *tx) ExpiredFactors(ctx context.Context, at time.Time, limit int) ([]mfa.Factor, error) {
	return read(ctx, t, func() ([]mfa.Factor, error) {
		over := until(t.db.factors.scan("x", "x"), func(f mfa.Factor) bool { return f.ExpiresAt.After(at) })
		return t.db.factors.take(over, limit, every), nil
	})
}

// until yields rows up to the first that is beyond.
func until[V any](rows iter.Seq[V], beyond func(V) bool) iter.Seq[V] {
	return func(yield func(V) bool) {
		for v := range rows {
			if beyond(v) || !yield(v) {
				return
			}
		}
	}
}
