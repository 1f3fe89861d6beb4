package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/storage"
)

func factorID(n int) mfa.FactorID { return mfa.FactorID(uuid(n)) }

func newSignIn(n int) mfa.SignIn {
	return mfa.SignIn{
		ID: digest(fmt.Sprint("sign-in", n)), Account: accountID(n), Stamp: "stamp", CodeMAC: digest("code"),
		Purpose: mfa.PurposeSignIn, Asked: account.FactorMailCode,
		CodeExpiresAt: minute(1), CodeSentAt: minute(2), Tries: 2, Ceremony: []byte{0, 0xff, byte(n)},
		Proofs:     []mfa.Proof{{Factor: account.FactorPassword, Instance: factorID(1), At: minute(3), Seal: digest("seal")}},
		StrongFrom: minute(6), CreatedAt: minute(4), ExpiresAt: minute(5),
	}
}

func signInKind() kind[mfa.SignIn] {
	return kind[mfa.SignIn]{
		make: newSignIn,
		bare: func(n int) mfa.SignIn {
			return mfa.SignIn{ID: newSignIn(n).ID, Account: accountID(n), ExpiresAt: minute(5)}
		},
		get: func(ctx context.Context, tx storage.Tx, s mfa.SignIn) (mfa.SignIn, error) {
			return tx.SignIn(ctx, s.ID)
		},
		insert:  func(ctx context.Context, tx storage.Tx, s mfa.SignIn) error { return tx.PutSignIn(ctx, s) },
		put:     func(ctx context.Context, tx storage.Tx, s mfa.SignIn) error { return tx.PutSignIn(ctx, s) },
		version: func(s *mfa.SignIn) *int64 { return &s.Version },
		change:  func(s *mfa.SignIn, n int) { s.Tries = n },
		texts: func(s *mfa.SignIn) []*string {
			if len(s.Proofs) == 0 {
				s.Proofs = make([]mfa.Proof, 1)
			}
			return []*string{&s.Stamp, &s.CodeMAC, &s.Proofs[0].Seal}
		},
		times: func(s *mfa.SignIn) []*time.Time {
			return []*time.Time{&s.CodeExpiresAt, &s.CodeSentAt, &s.Proofs[0].At, &s.StrongFrom, &s.CreatedAt, &s.ExpiresAt}
		},
		scrawl: func(s *mfa.SignIn) {
			blot(s.Ceremony, 0xee)
			blot(s.Proofs, mfa.Proof{Seal: "scrawl"})
		},
		list: func(ctx context.Context, tx storage.Tx, _ mfa.SignIn) ([]mfa.SignIn, error) {
			return tx.ExpiredSignIns(ctx, minute(1000), most)
		},
	}
}

func newFactor(n int) mfa.Factor {
	return mfa.Factor{
		ID: factorID(n), Account: accountID(n), Kind: account.FactorSecurityKey, Label: "Clé du bureau",
		CreatedAt: minute(1), ConfirmedAt: minute(2), ExpiresAt: minute(3), LastUsedAt: minute(4),
		Credential: fmt.Sprint("credential", n), Data: []byte{0, 1, 0xff, byte(n)}, Step: 58_000_000, Tries: 2,
	}
}

func factorKind() kind[mfa.Factor] {
	return kind[mfa.Factor]{
		make: newFactor,
		bare: func(n int) mfa.Factor { return mfa.Factor{ID: factorID(n), Account: accountID(n)} },
		get: func(ctx context.Context, tx storage.Tx, f mfa.Factor) (mfa.Factor, error) {
			return tx.Factor(ctx, f.ID)
		},
		insert:  func(ctx context.Context, tx storage.Tx, f mfa.Factor) error { return tx.PutFactor(ctx, f) },
		put:     func(ctx context.Context, tx storage.Tx, f mfa.Factor) error { return tx.PutFactor(ctx, f) },
		version: func(f *mfa.Factor) *int64 { return &f.Version },
		change:  func(f *mfa.Factor, n int) { f.Step = int64(n) },
		texts:   func(f *mfa.Factor) []*string { return []*string{&f.Label} },
		times: func(f *mfa.Factor) []*time.Time {
			return []*time.Time{&f.CreatedAt, &f.ConfirmedAt, &f.ExpiresAt, &f.LastUsedAt}
		},
		list: func(ctx context.Context, tx storage.Tx, f mfa.Factor) ([]mfa.Factor, error) {
			return tx.Factors(ctx, f.Account)
		},
		scrawl: func(f *mfa.Factor) { blot(f.Data, 0xee) },
	}
}
