package mfa

import (
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
)

// FactorPolicy says which second factors are accepted and what they cost to try. It is
// data.
type FactorPolicy struct {
	// Order lists the second factors that are accepted. The first that an account has is
	// asked for; the others are the other ways.
	Order []account.Factor

	// MailOnlyAlone refuses the code by mail to accounts that have an application or a
	// key (FL-05). Defaults to false: it is the way back for whoever lost a telephone
	//
	MailOnlyAlone bool

	// WrongCodes is how many wrong codes, of all kinds together, a password outlives:
	// whoever tries them knows it. From then on it does not sign in until it is replaced
	// by way of the mailbox. With the windows of the default policy, 33 tries guess a
	// code once in ten thousand passwords.
	WrongCodes int

	Application ApplicationPolicy
	Recovery    RecoveryPolicy

	// TrustedDevice is how long a browser is remembered that its owner asked to be, so
	// that no second factor is asked for there. Defaults to 0, never.
	TrustedDevice time.Duration
}

// ApplicationPolicy is about codes of an authenticator application.
type ApplicationPolicy struct {
	Issuer    string                 // the name under which the application lists the account
	Skew      int                    // time steps of 30 seconds that a code may be off, before and after; 0 to 2
	Enrolment time.Duration          // for the first code; at most an hour
	Tries     int                    // first codes that may be tried in one enrolment, 1 to 10
	Failures  account.ThrottlePolicy // what wrong codes cost, over all sign-ins of an account
}

// RecoveryPolicy is about codes that are written down for the day when everything else is
// lost. A set of no codes means that there are none.
type RecoveryPolicy struct {
	Codes    int                    // in a set, 0 to 20
	Failures account.ThrottlePolicy // what wrong codes cost, over all sign-ins of an account
}

// factors2024 is the default, SP 800-63B-4 sections 3.1.4 and 3.2.2.
func factors2024() FactorPolicy {
	return FactorPolicy{
		Order: []account.Factor{
			account.FactorSecurityKey, account.FactorAuthenticator, account.FactorMailCode, account.FactorRecoveryCode,
		},
		WrongCodes: 33,
		Application: ApplicationPolicy{
			Issuer: "habilis", Skew: 1, Enrolment: 15 * time.Minute, Tries: 5,
			Failures: account.ThrottlePolicy{Free: 10, FirstDelay: 30 * time.Second, MaxDelay: time.Hour},
		},
		Recovery: RecoveryPolicy{
			Codes: 10, Failures: account.ThrottlePolicy{Free: 5, FirstDelay: time.Hour, MaxDelay: time.Hour},
		},
	}
}

// strong lists the factors that are more than what every account has.
func strong(f account.Factor) bool {
	return f == account.FactorSecurityKey || f == account.FactorAuthenticator
}

func (p FactorPolicy) check() error {
	known := append(factors2024().Order, "")
	for i, f := range p.Order {
		if !slices.Contains(known, f) || f == "" || slices.Contains(p.Order[:i], f) {
			return ErrBadPolicy.With("the order names something twice, or what is no second factor")
		}
	}
	switch a := p.Application; {
	case !slices.Contains(p.Order, account.FactorMailCode):
		return ErrBadPolicy.With("without codes by mail nobody could sign in for the first time; see MailOnlyAlone")
	case p.WrongCodes < 1:
		return ErrBadPolicy.With("a password outlives at least one wrong code")
	case a.Issuer == "" || len(a.Issuer) > maxIssuer:
		return ErrBadPolicy.With("the issuer is empty or too long for a QR code")
	case a.Skew < 0 || a.Skew > 2:
		return ErrBadPolicy.With("a code may be off by two time steps at most")
	case a.Enrolment <= 0 || a.Enrolment > time.Hour || a.Tries < 1 || a.Tries > 10:
		return ErrBadPolicy.With("an enrolment lasts for at most an hour and allows 1 to 10 tries")
	case p.Recovery.Codes < 0 || p.Recovery.Codes > 20:
		return ErrBadPolicy.With("a set has at most 20 recovery codes")
	case p.TrustedDevice < 0:
		return ErrBadPolicy.With("a device is remembered for a negative time")
	}
	for _, t := range []account.ThrottlePolicy{p.Application.Failures, p.Recovery.Failures} {
		if err := t.Check(); err != nil {
			return err
		}
	}
	return nil
}

// maxIssuer bounds the issuer in bytes, so that the QR code stays readable.
const maxIssuer = 64

// failures returns what wrong proofs of a factor cost.
func (p Policy) failures(f account.Factor) account.ThrottlePolicy {
	switch f {
	case account.FactorMailCode:
		return p.MailCode
	case account.FactorRecoveryCode:
		return p.Factors.Recovery.Failures
	case account.FactorSecurityKey:
		return p.Keys.Failures
	default:
		return p.Factors.Application.Failures
	}
}
