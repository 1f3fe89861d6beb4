package account

import (
	"context"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/notify"
)

// ObjectType is what accounts are called in the history.
const ObjectType = "account"

// State is what the history keeps of an account after a change: no name, no
// address, no credential, only digests that lose their meaning once the row's salt
// is wiped.
type State struct {
	Kind             Kind      `json:"kind"`
	Status           Status    `json:"status"`
	External         bool      `json:"external,omitempty"`
	CreatedAt        time.Time `json:"created_at"`
	ActivatedAt      time.Time `json:"activated_at,omitzero"`
	ReactivatedAt    time.Time `json:"reactivated_at,omitzero"`
	LastSignInAt     time.Time `json:"last_sign_in_at,omitzero"`
	StatusSince      time.Time `json:"status_since"`
	ReactivableUntil time.Time `json:"reactivable_until,omitzero"`
	Undeliverable    time.Time `json:"undeliverable,omitzero"`
	Personal         string    `json:"personal,omitempty"`    // digest of names, addresses, language, profile and consent
	Credentials      string    `json:"credentials,omitempty"` // digest of the credentials and the security stamp
}

// StateOf returns what the history says of a.
func StateOf(a Account) State {
	return State{
		Kind: a.Kind, Status: a.Status, External: a.External, CreatedAt: a.CreatedAt, ActivatedAt: a.ActivatedAt,
		ReactivatedAt: a.ReactivatedAt, LastSignInAt: a.LastSignInAt, StatusSince: a.StatusSince,
		ReactivableUntil: a.ReactivableUntil, Undeliverable: a.UndeliverableSince,
		Personal:    notify.Digest(a.Salt, a.personal()...),
		Credentials: notify.Digest(a.Salt, append(a.Credentials.parts(), a.Stamp)...),
	}
}

// personal lists what the digest of the personal part is made of.
func (a Account) personal() []string {
	p := a.Profile
	return []string{
		a.Login, a.ContactEmail, a.GivenName, a.FamilyName, a.Language, instant(a.ConditionsAcceptedAt),
		p.Phone, p.Address.Street, p.Address.Complement, p.Address.Postcode, p.Address.Town, p.Address.Country,
		p.Biography, string(p.Photo), strconv.FormatBool(p.Accessibility), p.Survey.Conditions, instant(p.Survey.At),
		a.Notices.String(),
	}
}

// parts lists what the digest of the credentials is made of.
func (c Credentials) parts() []string {
	return append([]string{
		c.Password, instant(c.ChangedAt), instant(c.ResetAt), strconv.FormatBool(c.Expired),
		c.Question, c.Answer, c.Overlap, instant(c.OverlapUntil),
	}, c.Former...)
}

func instant(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) }

// Put stores an account and records what happened to it, in one unit; a.Version is
// the stored one afterwards. It is how package mfa changes accounts too.
func Put(ctx context.Context, tx Tx, j *notify.Journal, by Actor, kind notify.Kind, a *Account, now time.Time) error {
	if err := tx.PutAccount(ctx, *a); err != nil {
		return err
	}
	a.Version++
	return Record(ctx, tx, j, by, kind, *a, now)
}

// Record appends an event about an account whose row did not change.
func Record(ctx context.Context, tx Tx, j *notify.Journal, by Actor, kind notify.Kind, a Account, now time.Time) error {
	return j.Record(ctx, tx, notify.Fact{
		At: now, Actor: by, Kind: kind, Object: notify.Object{Type: ObjectType, ID: string(a.ID)},
		Account: a.ID, State: StateOf(a),
	})
}
