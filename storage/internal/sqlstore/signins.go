package sqlstore

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/mfa"
)

func signInTable() table[mfa.SignIn] {
	return table[mfa.SignIn]{
		name: "habilis_sign_ins",
		keys: 1,
		columns: []string{
			"id", "account_id", "stamp", "purpose", "asked", "code_mac", "code_expires_at", "code_sent_at", "tries",
			"ceremony", "proofs", "strong_from", "created_at", "expires_at", "version",
		},
		fields: func(s *mfa.SignIn) []any {
			return []any{
				&s.ID, (*string)(&s.Account), &s.Stamp, (*string)(&s.Purpose), (*string)(&s.Asked),
				&s.CodeMAC, never(&s.CodeExpiresAt), never(&s.CodeSentAt), &s.Tries,
				&s.Ceremony, proofsColumn(&s.Proofs), never(&s.StrongFrom), never(&s.CreatedAt), sorted(&s.ExpiresAt), &s.Version,
			}
		},
	}
}

// proofsColumn keeps proofs as JSON.
func proofsColumn(p *[]mfa.Proof) document[[]mfa.Proof] {
	return document[[]mfa.Proof]{p, func(p *[]mfa.Proof) {
		*p = slices.Clone(*p)
		for i := range *p {
			(*p)[i].At = inMicroseconds((*p)[i].At)
		}
	}}
}

// SignIn implements storage.Tx.
func (tx *Tx) SignIn(ctx context.Context, id string) (mfa.SignIn, error) {
	t := tx.store.tables.signIns
	return get(ctx, tx, t, t.get, id)
}

// PutSignIn implements storage.Tx.
func (tx *Tx) PutSignIn(ctx context.Context, s mfa.SignIn) error {
	return put(ctx, tx, tx.store.tables.signIns, s)
}

// DeleteSignIn implements storage.Tx.
func (tx *Tx) DeleteSignIn(ctx context.Context, s mfa.SignIn) error {
	return remove(ctx, tx, tx.store.tables.signIns, s)
}

// ExpiredSignIns implements storage.Tx.
func (tx *Tx) ExpiredSignIns(ctx context.Context, at time.Time, limit int) ([]mfa.SignIn, error) {
	t := tx.store.tables
	return list(ctx, tx, t.signIns, t.signInsExpired, at.UnixMicro(), int64(max(limit, 0)))
}
