package sqlstore

import (
	"context"

	"github.com/habilis-go/habilis/account"
)

func accountTable() table[account.Account] {
	return table[account.Account]{
		name: "habilis_accounts",
		keys: 1,
		columns: []string{
			"id", "status", "login", "contact_email", "given_name", "family_name", "language",
			"password_hash", "stamp", "salt",
			"conditions_accepted_at", "created_at", "activated_at", "last_sign_in_at", "status_since", "version",
		},
		fields: func(a *account.Account) []any {
			return []any{
				(*string)(&a.ID), (*string)(&a.Status), &a.Login, &a.ContactEmail, &a.GivenName, &a.FamilyName, &a.Language,
				&a.PasswordHash, &a.Stamp, &a.Salt,
				never(&a.ConditionsAcceptedAt), never(&a.CreatedAt), never(&a.ActivatedAt), never(&a.LastSignInAt),
				never(&a.StatusSince), &a.Version,
			}
		},
	}
}

// Account implements storage.Tx.
func (tx *Tx) Account(ctx context.Context, id account.ID) (account.Account, error) {
	t := tx.store.tables.accounts
	return get(ctx, tx, t, t.get, string(id))
}

// AccountByLogin implements storage.Tx.
func (tx *Tx) AccountByLogin(ctx context.Context, login string) (account.Account, error) {
	t := tx.store.tables
	return get(ctx, tx, t.accounts, t.accountByLogin, login)
}

// PutAccount implements storage.Tx.
func (tx *Tx) PutAccount(ctx context.Context, a account.Account) error {
	return put(ctx, tx, tx.store.tables.accounts, a)
}

// Accounts implements storage.Tx.
func (tx *Tx) Accounts(ctx context.Context, after account.ID, limit int) ([]account.Account, error) {
	t := tx.store.tables
	return list(ctx, tx, t.accounts, t.accountsAfter, string(after), int64(max(limit, 0)))
}

func linkTable() table[account.Link] {
	return table[account.Link]{
		name: "habilis_links",
		keys: 2,
		columns: []string{
			"account_id", "purpose", "digest", "address", "created_at", "expires_at", "used_at", "version",
		},
		fields: func(l *account.Link) []any {
			return []any{
				(*string)(&l.Account), (*string)(&l.Purpose), &l.Digest, &l.Address,
				never(&l.CreatedAt), never(&l.ExpiresAt), never(&l.UsedAt), &l.Version,
			}
		},
	}
}

// Link implements storage.Tx.
func (tx *Tx) Link(ctx context.Context, id account.ID, p account.Purpose) (account.Link, error) {
	t := tx.store.tables.links
	return get(ctx, tx, t, t.get, string(id), string(p))
}

// LinkByDigest implements storage.Tx.
func (tx *Tx) LinkByDigest(ctx context.Context, digest string) (account.Link, error) {
	t := tx.store.tables
	return get(ctx, tx, t.links, t.linkByDigest, digest)
}

// PutLink implements storage.Tx.
func (tx *Tx) PutLink(ctx context.Context, l account.Link) error {
	return put(ctx, tx, tx.store.tables.links, l)
}

func throttleTable() table[account.Throttle] {
	return table[account.Throttle]{
		name:    "habilis_throttles",
		keys:    2,
		columns: []string{"account_id", "factor", "failures", "locked_until", "version"},
		fields: func(t *account.Throttle) []any {
			return []any{(*string)(&t.Account), (*string)(&t.Factor), &t.Failures, never(&t.LockedUntil), &t.Version}
		},
	}
}

// Throttle implements storage.Tx.
func (tx *Tx) Throttle(ctx context.Context, id account.ID, f account.Factor) (account.Throttle, error) {
	t := tx.store.tables.throttles
	return get(ctx, tx, t, t.get, string(id), string(f))
}

// PutThrottle implements storage.Tx.
func (tx *Tx) PutThrottle(ctx context.Context, t account.Throttle) error {
	return put(ctx, tx, tx.store.tables.throttles, t)
}
