package sqlstore

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/storage"
)

func factorTable() table[mfa.Factor] {
	return table[mfa.Factor]{
		name: "habilis_factors",
		keys: 1,
		columns: []string{
			"id", "account_id", "kind", "label", "created_at", "confirmed_at", "expires_at", "last_used_at",
			"credential", "data", "step", "tries", "version",
		},
		fields: func(f *mfa.Factor) []any {
			return []any{
				(*string)(&f.ID), (*string)(&f.Account), (*string)(&f.Kind), &f.Label,
				never(&f.CreatedAt), never(&f.ConfirmedAt), never(&f.ExpiresAt), never(&f.LastUsedAt),
				&f.Credential, &f.Data, &f.Step, &f.Tries, &f.Version,
			}
		},
	}
}

// Factor implements storage.Tx.
func (tx *Tx) Factor(ctx context.Context, id mfa.FactorID) (mfa.Factor, error) {
	t := tx.store.tables.factors
	return get(ctx, tx, t, t.get, string(id))
}

// Factors implements storage.Tx.
func (tx *Tx) Factors(ctx context.Context, id account.ID) ([]mfa.Factor, error) {
	t := tx.store.tables
	return list(ctx, tx, t.factors, t.factorsOf, string(id))
}

// FactorByCredential implements storage.Tx.
func (tx *Tx) FactorByCredential(ctx context.Context, credential string) (mfa.Factor, error) {
	if credential == "" {
		return mfa.Factor{}, storage.ErrNotFound
	}
	t := tx.store.tables
	return get(ctx, tx, t.factors, t.factorByCredential, credential)
}

// PutFactor implements storage.Tx.
func (tx *Tx) PutFactor(ctx context.Context, f mfa.Factor) error {
	return put(ctx, tx, tx.store.tables.factors, f)
}

// DeleteFactor implements storage.Tx.
func (tx *Tx) DeleteFactor(ctx context.Context, f mfa.Factor) error {
	return remove(ctx, tx, tx.store.tables.factors, f)
}

// ExpiredFactors implements storage.Tx.
func (tx *Tx) ExpiredFactors(ctx context.Context, at time.Time, limit int) ([]mfa.Factor, error) {
	t := tx.store.tables
	return list(ctx, tx, t.factors, t.factorsExpired, at.UnixMicro(), int64(max(limit, 0)))
}
