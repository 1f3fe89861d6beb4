package storagetest_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/storage"
)

type deletesAnyFactor struct{ storage.Tx }

func (x deletesAnyFactor) DeleteFactor(ctx context.Context, f mfa.Factor) error {
	if now, err := x.Factor(ctx, f.ID); err == nil {
		f.Version = now.Version
	}
	return x.Tx.DeleteFactor(ctx, f)
}

// manyFactors hides from the store below what must be single.
type manyFactors struct{ storage.Tx }

func (x manyFactors) PutFactor(ctx context.Context, f mfa.Factor) error {
	if f.Kind == account.FactorAuthenticator {
		f.Kind += "-"
	}
	return x.Tx.PutFactor(ctx, f)
}

func (x manyFactors) Factor(ctx context.Context, id mfa.FactorID) (mfa.Factor, error) {
	f, err := x.Tx.Factor(ctx, id)
	f.Kind = account.Factor(strings.TrimSuffix(string(f.Kind), "-"))
	return f, err
}

// sharedCredentials keeps one credential for several factors.
type sharedCredentials struct{ storage.Tx }

func (x sharedCredentials) PutFactor(ctx context.Context, f mfa.Factor) error {
	if holder, err := x.Tx.FactorByCredential(ctx, f.Credential); err == nil && holder.ID != f.ID {
		f.Credential += "-" + string(f.ID)
	}
	return x.Tx.PutFactor(ctx, f)
}

type confirmedOnly struct{ storage.Tx }

func (x confirmedOnly) Factors(ctx context.Context, id account.ID) ([]mfa.Factor, error) {
	all, err := x.Tx.Factors(ctx, id)
	return slices.DeleteFunc(all, mfa.Factor.Pending), err
}

type emptyCredentials struct{ storage.Tx }

func (x emptyCredentials) FactorByCredential(ctx context.Context, credential string) (mfa.Factor, error) {
	if credential == "" {
		return x.Factor(ctx, "0195aaaa-0000-7000-8000-000000000003")
	}
	return x.Tx.FactorByCredential(ctx, credential)
}

type expiresNever struct{ storage.Tx }

func (x expiresNever) ExpiredFactors(ctx context.Context, at time.Time, limit int) ([]mfa.Factor, error) {
	return x.Tx.ExpiredFactors(ctx, at.Add(-time.Microsecond), limit)
}
