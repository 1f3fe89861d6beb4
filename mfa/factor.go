package mfa

import (
	"time"

	"github.com/habilis-go/habilis/account"
)

// FactorID names a [Factor]. Values are UUIDs of version 7.
type FactorID string

// Factor is something of an account that proves whose it is: an authenticator
// application, a security key, a set of recovery codes, or a device that was asked to be
// remembered. Password and mailbox are the account's own and have no Factor. Treat it as a
// value.
type Factor struct {
	ID          FactorID
	Account     account.ID
	Kind        account.Factor // [account.FactorAuthenticator] and the like
	Label       string         // what its owner calls it
	CreatedAt   time.Time
	ConfirmedAt time.Time // zero while its enrolment is pending; until then it proves nothing (FL-14)
	ExpiresAt   time.Time // dead from this instant on; zero for never
	LastUsedAt  time.Time // zero for never
	Credential  string    // credential id of a key, base64url, or digest of a device's token; unique; "" for none
	Data        []byte    // sealed seed of an application, record of a key, hashed recovery codes, stamp of a device
	Step        int64     // last accepted time step of an application: no code of it or before works (RP-01, RP-02)
	Tries       int       // codes tried while the enrolment is pending
	Version     int64
}

// Pending reports whether the enrolment waits for its confirmation.
func (f Factor) Pending() bool { return f.ConfirmedAt.IsZero() }

// Alive reports whether the factor proves anything at the given instant: its enrolment
// is confirmed, and it is not over.
func (f Factor) Alive(now time.Time) bool { return !f.Pending() && !f.over(now) }

func (f Factor) over(now time.Time) bool { return !f.ExpiresAt.IsZero() && !now.Before(f.ExpiresAt) }
