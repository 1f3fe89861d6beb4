package mfa

import (
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ceremony"
)

// Verification says whether a security key must know its owner, by a PIN or a finger,
// or only be touched.
type Verification string

// Verifications.
const (
	VerificationRequired    Verification = "required"
	VerificationPreferred   Verification = "preferred"   // asked of keys that can, no key is refused for it
	VerificationDiscouraged Verification = "discouraged" // a touch is enough
)

// Clones says what becomes of an answer whose signature counter did not rise, which
// means that a copy of the key may exist. The owner gets a mail and the history an
// event in either case.
type Clones string

// What becomes of copies.
const (
	ClonesRefused  Clones = "refused"
	ClonesAccepted Clones = "accepted" // for authenticators that are known to count badly
)

// KeyPolicy is what a deployment decides about security keys. Without a domain there
// are none.
type KeyPolicy struct {
	// Domain is what keys are bound to, "acces.example": the host name of the site, or a
	// domain above it. Keys that were registered for one never work for another.
	// Defaults to none: no security keys.
	Domain string
	Name   string // What browsers show beside the domain. Needed with a domain.
	// Origins are the whole origins of the pages that ask for keys,
	// "https://www.acces.example", compared exactly. Needed with a domain.
	Origins []string

	Verification Verification  // of keys as a second factor. Defaults to VerificationPreferred.
	Clones       Clones        // Defaults to ClonesRefused.
	MaxKeys      int           // an account has; 1 to 100. Defaults to 10.
	Lifetime     time.Duration // of a registration that was begun, at most an hour. Defaults to 10 minutes.

	// Passwordless lets a key that keeps the account, a passkey, sign in alone: without
	// address and password, but with the PIN or the finger. Defaults to false.
	Passwordless bool

	Failures account.ThrottlePolicy // what refused answers cost, over all sign-ins of an account. Defaults to what wrong mail codes do.
}

// keys2024 is the default, which lacks the domain of the site.
func keys2024() KeyPolicy {
	return KeyPolicy{
		Verification: VerificationPreferred,
		Clones:       ClonesRefused,
		MaxKeys:      10,
		Lifetime:     10 * time.Minute,
		Failures:     account.ThrottlePolicy{Free: 10, FirstDelay: 30 * time.Second, MaxDelay: time.Hour},
	}
}

// keysOn reports whether the deployment has security keys.
func (p Policy) keysOn() bool {
	return p.Keys.Domain != "" && slices.Contains(p.Factors.Order, account.FactorSecurityKey)
}

func (p KeyPolicy) party() ceremony.Party {
	return ceremony.Party{ID: p.Domain, Name: p.Name, Origins: p.Origins}
}

func (p KeyPolicy) check() error {
	if p.Domain == "" {
		if p.Passwordless || len(p.Origins) > 0 {
			return ErrBadPolicy.With("security keys need the domain of the site")
		}
		return nil
	}
	if err := p.party().Check(); err != nil {
		return ErrBadPolicy.With(err.Error())
	}
	switch {
	case !ceremony.Verification(p.Verification).Valid():
		return ErrBadPolicy.With("whether security keys verify their owner is not said")
	case p.Clones != ClonesRefused && p.Clones != ClonesAccepted:
		return ErrBadPolicy.With("what becomes of copies of security keys is not said")
	case p.MaxKeys < 1 || p.MaxKeys > 100:
		return ErrBadPolicy.With("an account has 1 to 100 security keys")
	case p.Lifetime <= 0 || p.Lifetime > time.Hour:
		return ErrBadPolicy.With("the registration of a security key lives for at most an hour")
	}
	return p.Failures.Check()
}
