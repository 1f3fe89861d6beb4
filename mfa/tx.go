package mfa

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
)

// SignIn is a sign-in under way: the password was right, the second factor is
// due. It is bound to one account, one security stamp and one expiry; whoever
// holds its handle can only prove a factor to it, nothing else.
type SignIn struct {
	ID            string // SHA-256 of the handle, hexadecimal
	Account       account.ID
	Stamp         string    // the account's stamp when the password was checked; a changed stamp ends the sign-in
	CodeMAC       string    // keyed MAC of the mail code over purpose, sign-in and code; "" when none is open
	CodeExpiresAt time.Time // the code is dead from this instant on
	CodeSentAt    time.Time
	Tries         int       // codes tried in this sign-in
	MailCodeAt    time.Time // when the mail code was proven; zero until then
	CreatedAt     time.Time
	ExpiresAt     time.Time // dead from this instant on
	Version       int64
}

// Tx is what this package needs inside one unit of work. See storage.Store for
// the obligations that every method shares.
type Tx interface {
	account.Tx

	// SignIn returns one sign-in, or ErrNotFound.
	SignIn(ctx context.Context, id string) (SignIn, error)

	// PutSignIn inserts (Version 0) or replaces a sign-in.
	PutSignIn(ctx context.Context, s SignIn) error

	// DeleteSignIn removes a sign-in if its stored version is s.Version, else it
	// returns ErrConflict; a sign-in that is not there is ErrConflict too.
	DeleteSignIn(ctx context.Context, s SignIn) error

	// ExpiredSignIns lists up to limit sign-ins whose ExpiresAt is not after the
	// given instant, oldest ExpiresAt first, then by ID.
	ExpiredSignIns(ctx context.Context, at time.Time, limit int) ([]SignIn, error)
}

// Store runs units of work over [Tx]. storage.SignIns makes one from a
// storage.Store; its Update retries ErrConflict.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
}
