package mfa

import (
	"time"

	"github.com/habilis-go/habilis/account"
)

// SignIn is a sign-in under way: the password was right, the second factor is due.
// It is bound to one account, one security stamp and one expiry; whoever holds its
// handle can prove a factor to it and nothing else.
type SignIn struct {
	ID            string // SHA-256 of the handle, hexadecimal
	Account       account.ID
	Stamp         string    // the account's stamp when the password was checked; another stamp ends the sign-in
	CodeMAC       string    // keyed code of purpose, sign-in and mail code; "" when none is open
	CodeExpiresAt time.Time // the mail code is dead from this instant on
	CodeSentAt    time.Time
	Tries         int       // codes tried in this sign-in; asking for a new one does not reset it (BF-07)
	MailCodeAt    time.Time // when the mail code was proven; zero until then
	CreatedAt     time.Time
	ExpiresAt     time.Time // dead from this instant on
	Version       int64
}

// Alive returns nil if the sign-in may go on for this account, else
// [ErrSignInOver]: it is too old, had its tries, or the account closed or changed
// its stamp since (LC-05, LC-20).
func (s SignIn) Alive(a account.Account, p Policy, now time.Time) error {
	over := !now.Before(s.ExpiresAt) || s.Tries > p.CodeTries || s.Tries == p.CodeTries && s.MailCodeAt.IsZero()
	if over || a.ID != s.Account || a.Status != account.StatusActive || a.Stamp != s.Stamp {
		return ErrSignInOver
	}
	return nil
}

// Sent returns the sign-in with a fresh code; the one before is void.
func (s SignIn) Sent(mac string, p Policy, now time.Time) SignIn {
	s.CodeMAC, s.CodeSentAt, s.CodeExpiresAt = mac, now, now.Add(p.CodeLifetime)
	return s
}

// Tried returns the sign-in after one try of a code: proven, once and for all, or
// one try poorer.
func (s SignIn) Tried(right bool, now time.Time) (SignIn, error) {
	s.Tries++
	if !right || s.CodeMAC == "" || !now.Before(s.CodeExpiresAt) {
		return s, ErrWrongCode
	}
	s.CodeMAC, s.MailCodeAt = "", now
	return s, nil
}

// Proofs lists what the sign-in has proven.
func (s SignIn) Proofs() []account.Factor {
	proofs := []account.Factor{account.FactorPassword}
	if !s.MailCodeAt.IsZero() {
		proofs = append(proofs, account.FactorMailCode)
	}
	return proofs
}
