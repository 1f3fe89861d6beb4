package mfa

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
)

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
