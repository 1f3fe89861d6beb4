package mfa

import (
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
)

// Way is one way to prove the second factor of a sign-in.
type Way struct {
	Factor  account.Factor
	Hint    string  // where the code goes, masked, for a code by mail: "j•••@ccas.example"
	Refused Refusal // why it cannot be chosen; "" if it can
}

// Refusal is why a way cannot be chosen.
type Refusal string

// Refusals.
const (
	RefusedNotEnrolled Refusal = "not_enrolled"  // the account has no such factor
	RefusedByPolicy    Refusal = "policy"        // the account has a stronger factor, and must use it (FL-05)
	RefusedMailbox     Refusal = "mailbox_reset" // the mailbox just replaced the password, and is not the second factor as well (FL-11)
	RefusedLocked      Refusal = "throttled"     // too many wrong codes; later
)

// ways lists what could prove the second factor of an account, in the order of the
// policy. strict forbids the mailbox to whoever has something stronger, as
// FactorPolicy.MailOnlyAlone does. locked tells which factors the throttle delays.
func (p Policy) ways(a account.Account, fs []Factor, strict bool, locked func(account.Factor) bool, now time.Time) []Way {
	other := p.stronger(fs, now)
	var out []Way
	for _, f := range p.Factors.Order {
		w := Way{Factor: f}
		switch mail := f == account.FactorMailCode; {
		case mail && other && (strict || p.Factors.MailOnlyAlone):
			w.Refused = RefusedByPolicy
		case mail && other && a.ResetByMail():
			w.Refused = RefusedMailbox
		case !mail && !p.has(fs, f, now):
			w.Refused = RefusedNotEnrolled
		case locked(f):
			w.Refused = RefusedLocked
		}
		if f == account.FactorMailCode {
			w.Hint = masked(a.Login)
		}
		out = append(out, w)
	}
	return out
}

// has reports whether an account has a factor that could be proven.
func (p Policy) has(fs []Factor, kind account.Factor, now time.Time) bool {
	if kind == account.FactorSecurityKey && !p.keysOn() {
		return false
	}
	return slices.ContainsFunc(fs, func(f Factor) bool {
		spent := kind == account.FactorRecoveryCode && len(recoveryCodes(f)) == 0
		return f.Kind == kind && f.Alive(now) && !spent
	})
}

// stronger reports whether an account has an application or a key that is accepted.
func (p Policy) stronger(fs []Factor, now time.Time) bool {
	return slices.ContainsFunc(p.Factors.Order, func(f account.Factor) bool { return strong(f) && p.has(fs, f, now) })
}

// first returns the factor that is asked for when nobody chose: the first that could be
// proven now, else the first that could be proven later.
func first(ways []Way) account.Factor {
	for _, fits := range []func(Way) bool{
		func(w Way) bool { return w.Refused == "" },
		func(w Way) bool { return w.Refused == RefusedLocked },
	} {
		if i := slices.IndexFunc(ways, fits); i >= 0 {
			return ways[i].Factor
		}
	}
	return account.FactorMailCode // refused to everybody who has nothing else: unreachable, and proves nothing
}

// open returns nil if a factor may be proven now.
func open(ways []Way, f account.Factor) error {
	i := slices.IndexFunc(ways, func(w Way) bool { return w.Factor == f })
	switch {
	case i < 0:
		return ErrWayRefused
	case ways[i].Refused == RefusedLocked, ways[i].Refused == "":
		return nil // the counter itself decides on the lock
	default:
		return ErrWayRefused
	}
}
