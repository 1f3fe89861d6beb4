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
	Status       Status    `json:"status"`
	CreatedAt    time.Time `json:"created_at"`
	ActivatedAt  time.Time `json:"activated_at,omitzero"`
	LastSignInAt time.Time `json:"last_sign_in_at,omitzero"`
	StatusSince  time.Time `json:"status_since"`
	Personal     string    `json:"personal,omitempty"`    // digest of names, addresses, language and consent
	Credentials  string    `json:"credentials,omitempty"` // digest of password hash and security stamp
}

// StateOf returns what the history says of a.
func StateOf(a Account) State {
	return State{
		Status: a.Status, CreatedAt: a.CreatedAt, ActivatedAt: a.ActivatedAt,
		LastSignInAt: a.LastSignInAt, StatusSince: a.StatusSince,
		Personal: notify.Digest(a.Salt, a.Login, a.ContactEmail, a.GivenName, a.FamilyName, a.Language,
			strconv.FormatInt(a.ConditionsAcceptedAt.UnixMicro(), 10)),
		Credentials: notify.Digest(a.Salt, a.PasswordHash, a.Stamp),
	}
}

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
