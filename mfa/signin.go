package mfa

import (
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
)

// Purpose is what a sign-in under way ends in. A proof is good for one purpose only.
type Purpose string

// Purposes.
const (
	PurposeSignIn Purpose = "sign_in" // a session
	PurposeStepUp Purpose = "step_up" // a fresh session in place of the one that is held

	// PurposePasskey is a session, too, where a passkey opened the sign-in by itself.
	PurposePasskey Purpose = "passkey"
)

// SignIn is a sign-in under way: the password was right, the second factor is due.
// It is bound to one account, one security stamp, one purpose and one expiry; whoever
// holds its handle can prove a factor to it and nothing else.
type SignIn struct {
	ID            string // SHA-256 of the handle, hexadecimal
	Account       account.ID
	Stamp         string // the account's stamp when the sign-in began; another stamp ends it
	Purpose       Purpose
	Asked         account.Factor // the factor that is asked for; asking proves nothing (FL-03)
	CodeMAC       string         // keyed code of purpose, sign-in and mail code; "" when none is open
	CodeExpiresAt time.Time      // the mail code is dead from this instant on
	CodeSentAt    time.Time
	Tries         int     // proofs tried in this sign-in; neither a new code nor another way resets it (BF-07, BF-08)
	Ceremony      []byte  // what the answer of a security key is checked against; nil for none (RP-16)
	Proofs        []Proof // what was proven, in its order
	CreatedAt     time.Time
	ExpiresAt     time.Time // dead from this instant on
	Version       int64
}

// Proof is one proven factor of a sign-in. Its seal binds it to sign-in, account and
// purpose: moved to another row, it proves nothing (CR-08).
type Proof struct {
	Factor   account.Factor `json:"factor"`
	Instance FactorID       `json:"instance,omitempty"` // the [Factor] that proved it, "" for password and mailbox
	At       time.Time      `json:"at"`
	Seal     string         `json:"seal"` // keyed code of all the above
}

// Alive returns nil if the sign-in may go on for this account, else
// [ErrSignInOver]: it is too old, had its tries, or the account closed or changed
// its stamp since (LC-05, LC-20).
func (s SignIn) Alive(a account.Account, p Policy, now time.Time) error {
	over := !now.Before(s.ExpiresAt) || s.Tries > p.CodeTries || s.Tries == p.CodeTries && !s.answered()
	if over || a.ID != s.Account || a.Status != account.StatusActive || a.Stamp != s.Stamp {
		return ErrSignInOver
	}
	return nil
}

// answered reports whether anything beyond the password was proven.
func (s SignIn) answered() bool {
	return slices.ContainsFunc(s.Proofs, func(p Proof) bool { return p.Factor != account.FactorPassword })
}

// Sent returns the sign-in with a fresh code; the one before is void.
func (s SignIn) Sent(mac string, p Policy, now time.Time) SignIn {
	s.CodeMAC, s.CodeSentAt, s.CodeExpiresAt = mac, now, now.Add(p.CodeLifetime)
	return s
}

// Proven returns the sign-in with the proof of a factor. Whoever calls it has checked
// that proof.
func (s SignIn) Proven(keys *account.Keys, f account.Factor, instance FactorID, now time.Time) SignIn {
	p := Proof{Factor: f, Instance: instance, At: now}
	p.Seal = keys.MAC(s.sealed(p)...)
	s.Proofs = append(slices.Clip(s.Proofs), p)
	return s
}

// Holding returns the proofs whose seals hold for this sign-in.
func (s SignIn) Holding(keys *account.Keys) []Proof {
	var out []Proof
	for _, p := range s.Proofs {
		if keys.Recognises(p.Seal, s.sealed(p)...) {
			out = append(out, p)
		}
	}
	return out
}

// sealed lists what the seal of a proof is made of.
func (s SignIn) sealed(p Proof) []string {
	return []string{
		"sign-in proof", s.ID, string(s.Account), string(s.Purpose), string(p.Factor), string(p.Instance),
		strconv.FormatInt(p.At.UnixMicro(), 10),
	}
}
