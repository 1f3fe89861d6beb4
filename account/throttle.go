package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
)

// Factor is a way to prove who one is. Each has a failure counter of its own.
type Factor string

// Factors.
const (
	FactorPassword Factor = "password"
	FactorMailCode Factor = "mail_code"
	FactorAnswer   Factor = "answer" // to the secret question; never enough alone

	FactorAuthenticator Factor = "authenticator"  // code of an application
	FactorSecurityKey   Factor = "security_key"   // a key or passkey
	FactorRecoveryCode  Factor = "recovery_code"  // one of a set that was written down
	FactorTrustedDevice Factor = "trusted_device" // a browser that was asked to be remembered
)

// Throttle is the failure counter of one factor of one account: however the
// account is named and by whichever way it is approached, the count is this one
// (BF-04, BF-08). A try is taken from the budget before the check and given back
// when the check succeeds, so parallel guesses cannot exceed the budget (BF-03).
type Throttle struct {
	Account     ID
	Factor      Factor
	Failures    int       // consecutive tries that did not succeed
	LockedUntil time.Time // no try is accepted before this instant
	Version     int64
}

// ThrottlePolicy says what failed tries cost. It only ever delays: wrong tries
// alone never close an account for good.
type ThrottlePolicy struct {
	Free       int           // tries before the first delay
	FirstDelay time.Duration // delay after the last free try; doubles with each further one
	MaxDelay   time.Duration // longest delay
}

// Check returns [ErrBadPolicy] if the policy would not delay.
func (p ThrottlePolicy) Check() error {
	if p.Free < 1 || p.FirstDelay <= 0 || p.MaxDelay < p.FirstDelay {
		return ErrBadPolicy.With("the throttle does not delay")
	}
	return nil
}

// Take takes one try from the budget, or returns [ErrThrottled] and t unchanged.
// The last free try locks at once: whoever comes after must wait unless it is
// given back.
func (t Throttle) Take(p ThrottlePolicy, now time.Time) (Throttle, error) {
	if now.Before(t.LockedUntil) {
		return t, ErrThrottled
	}
	t.Failures++
	if t.Failures >= p.Free {
		t.LockedUntil = now.Add(p.delay(t.Failures))
	}
	return t, nil
}

// delay is what the last of so many failed tries costs, the free ones among them.
func (p ThrottlePolicy) delay(failures int) time.Duration {
	if over := failures - p.Free; over < 20 { // 2^20 times the shortest sensible delay exceeds the longest
		return min(p.FirstDelay<<over, p.MaxDelay)
	}
	return p.MaxDelay
}

// LockedFrom returns when the last delay began, whether it is over or not; zero if there
// was none since the last success.
func (t Throttle) LockedFrom(p ThrottlePolicy) time.Time {
	if t.LockedUntil.IsZero() || t.Failures < p.Free {
		return time.Time{}
	}
	return t.LockedUntil.Add(-p.delay(t.Failures))
}

// Undone returns the counter without the last try, which was taken and then not made. A
// delay that began before stays.
func (t Throttle) Undone(p ThrottlePolicy) Throttle {
	t.Failures = max(0, t.Failures-1)
	if t.Failures < p.Free {
		t.LockedUntil = time.Time{}
	}
	return t
}

// Cleared returns the counter after a success.
func (t Throttle) Cleared() Throttle {
	t.Failures, t.LockedUntil = 0, time.Time{}
	return t
}

// Counter loads the counter of a factor, a fresh one if there is none yet.
func Counter(ctx context.Context, tx Tx, id ID, f Factor) (Throttle, error) {
	t, err := tx.Throttle(ctx, id, f)
	if errors.Is(err, fault.ErrNotFound) {
		return Throttle{Account: id, Factor: f}, nil
	}
	return t, err
}

// counted lists the counters of an account, but for those of packages above.
func counted() []Factor {
	return []Factor{
		FactorPassword, FactorMailCode, FactorAnswer, FactorAuthenticator, FactorSecurityKey, FactorRecoveryCode, FactorTrustedDevice,
		factorMailedHour, factorMailedDay, factorNoticed, factorInvited,
	}
}

// ForgetTries clears counters of an account that is being erased, in the unit of work that
// erases it. Those that there never were are not made.
func ForgetTries(ctx context.Context, tx Tx, id ID, factors ...Factor) error {
	for _, f := range factors {
		t, err := Counter(ctx, tx, id, f)
		if err != nil {
			return err
		}
		if t.Failures == 0 && t.LockedUntil.IsZero() {
			continue
		}
		if err := tx.PutThrottle(ctx, t.Cleared()); err != nil {
			return err
		}
	}
	return nil
}
