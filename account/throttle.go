package account

import "time"

// Factor is what a failure counter counts.
type Factor string

// Factors with a counter of their own.
const (
	FactorPassword Factor = "password"
	FactorMailCode Factor = "mail_code"
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
