package account

import (
	"context"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/fault"
)

// BreachChecker asks a service outside whether a password is known from a leak. A
// host that wants this implements it; this module ships no client.
//
// An implementation MUST NOT send the password or its whole digest: with
// k-anonymity it sends the first 20 bits or so of the digest, gets back every known
// digest that begins with them, several hundred, and looks for the whole digest
// itself, so that the service does not learn which of them was asked about. It MUST
// NOT log or keep the password, MUST give up when ctx ends, and MUST be safe for
// concurrent use. It is called with passwords that the policy accepts, in NFC: when one
// is chosen, and at each sign-in with it.
type BreachChecker interface {
	Breached(ctx context.Context, password string) (bool, error)
}

// breachPatience is how long a checker may take when a password is chosen.
const breachPatience = 3 * time.Second

// CheckBreached returns a field of an input error if the checker knows the password
// from a leak. Call it outside any unit of work.
//
// A checker that fails, or takes more than three seconds, refuses nothing: the embedded
// list still holds, and nobody should be kept from changing a password because
// another service is down. An implementation that wants failures to be seen counts
// them itself. A nil checker knows nothing.
func CheckBreached(ctx context.Context, checker BreachChecker, password string) []fault.Field {
	return checkBreached(ctx, checker, password, breachPatience)
}

func checkBreached(ctx context.Context, checker BreachChecker, password string, patience time.Duration) []fault.Field {
	if checker == nil || len(password) > maxTypedBytes {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	known, err := checker.Breached(ctx, norm.NFC.String(password))
	if err != nil || !known {
		return nil
	}
	return []fault.Field{{Path: "password", Code: "password_breached"}}
}
