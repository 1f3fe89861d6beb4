package sqlstore

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/match"
	"github.com/habilis-go/habilis/notify"
)

func accountTable() table[account.Account] {
	return table[account.Account]{
		name: "habilis_accounts",
		keys: 1,
		columns: []string{
			"id", "kind", "status", "login", "contact_email", "given_name", "family_name", "language",
			"notices", "profile", "credentials", "external", "stamp", "salt",
			"conditions_accepted_at", "created_at", "activated_at", "reactivated_at", "last_sign_in_at", "status_since",
			"reactivable_until", "undeliverable_since", "due_at", "version",
		},
		fields: func(a *account.Account) []any {
			return []any{
				(*string)(&a.ID), (*string)(&a.Kind), (*string)(&a.Status), &a.Login, &a.ContactEmail,
				&a.GivenName, &a.FamilyName, &a.Language,
				noticesColumn(&a.Notices), profileColumn(&a.Profile), credentialsColumn(&a.Credentials), &a.External, &a.Stamp, &a.Salt,
				never(&a.ConditionsAcceptedAt), never(&a.CreatedAt), never(&a.ActivatedAt), never(&a.ReactivatedAt),
				never(&a.LastSignInAt), never(&a.StatusSince),
				never(&a.ReactivableUntil), never(&a.UndeliverableSince), never(&a.DueAt), &a.Version,
			}
		},
		derived: []string{"folded_family", "folded_given", "folded_login", "folded_postcode", "folded_town", "country"},
		derive: func(a *account.Account) []any {
			p := a.Profile.Address
			return []any{
				match.Fold(a.FamilyName), match.Fold(a.GivenName), match.Fold(a.Login), match.Fold(p.Postcode), match.Fold(p.Town), p.Country,
			}
		},
	}
}

// cardTable is as much of the table of accounts as a card holds; nothing is written by it.
func cardTable() table[account.Card] {
	return table[account.Card]{
		name: "habilis_accounts",
		keys: 1,
		columns: []string{
			"id", "kind", "status", "login", "contact_email", "given_name", "family_name", "language",
			"created_at", "status_since", "activated_at", "reactivated_at", "last_sign_in_at", "undeliverable_since",
		},
		fields: func(c *account.Card) []any {
			return []any{
				(*string)(&c.ID), (*string)(&c.Kind), (*string)(&c.Status), &c.Login, &c.ContactEmail,
				&c.GivenName, &c.FamilyName, &c.Language,
				never(&c.CreatedAt), never(&c.StatusSince), never(&c.ActivatedAt), never(&c.ReactivatedAt),
				never(&c.LastSignInAt), never(&c.UndeliverableSince),
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
func (tx *Tx) Accounts(ctx context.Context, q account.Query) ([]account.Account, error) {
	if q.IDs != nil && len(q.IDs) == 0 {
		return nil, tx.ready(ctx) // any of none
	}
	t := tx.store.tables.accounts
	w := personWhere(tx.store.dialect, q.Person)
	in(&w, "id", q.IDs)
	if q.After != "" {
		w.and("id > ?", string(q.After))
	}
	order := "id"
	if !q.DueAt.IsZero() {
		w.and("due_at <= ?", q.DueAt.UnixMicro())
		order = "due_at, id"
	}
	query, args := w.query(tx.store.dialect, t.selectAll, order, q.Capped())
	return list(ctx, tx, t, query, args...)
}

// personWhere selects accounts by what is typed about people.
func personWhere(d *Dialect, c account.Criteria) where {
	var w where
	w.match(d, c.Family, "folded_family")
	w.match(d, c.Given, "folded_given")
	w.match(d, c.Login, "folded_login")
	w.match(d, c.Postcode, "folded_postcode")
	w.match(d, c.Town, "folded_town")
	w.equal("country", c.Country)
	word(&w, "status", c.Status)
	return w
}

// noticesColumn keeps preferences as JSON, none as an empty object.
func noticesColumn(p *notify.Preferences) document[notify.Preferences] {
	return document[notify.Preferences]{p, func(*notify.Preferences) {}}
}

// profileColumn keeps a profile as JSON.
func profileColumn(p *account.Profile) document[account.Profile] {
	return document[account.Profile]{p, func(p *account.Profile) { p.Survey.At = inMicroseconds(p.Survey.At) }}
}

// storedCredentials are account.Credentials that do not hide.
type storedCredentials struct {
	Password     string    `json:"password,omitempty"`
	ChangedAt    time.Time `json:"changed_at,omitzero"`
	ResetAt      time.Time `json:"reset_at,omitzero"`
	Expired      bool      `json:"expired,omitempty"`
	Former       []string  `json:"former,omitempty"`
	Question     string    `json:"question,omitempty"`
	Answer       string    `json:"answer,omitempty"`
	Overlap      string    `json:"overlap,omitempty"`
	OverlapUntil time.Time `json:"overlap_until,omitzero"`
}

// credentialsColumn keeps credentials as JSON.
func credentialsColumn(c *account.Credentials) document[storedCredentials] {
	return document[storedCredentials]{(*storedCredentials)(c), func(c *storedCredentials) {
		c.ChangedAt, c.ResetAt = inMicroseconds(c.ChangedAt), inMicroseconds(c.ResetAt)
		c.OverlapUntil = inMicroseconds(c.OverlapUntil)
	}}
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
