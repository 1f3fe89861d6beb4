package account

import (
	"context"
	"time"
)

// breachPatienceAtSignIn is how long a checker may hold up a sign-in.
const breachPatienceAtSignIn = time.Second

// Outgrown reports whether a password that its owner just proved is one that nobody could
// choose today: the policy asks for more by now, or it is known from a leak. Package mfa
// asks it at every sign-in and has such a password replaced after the last factor; nobody
// is locked out. A [BreachChecker] that fails or takes more than a second knows nothing
// of it. Call it outside any unit of work.
func (s *Service) Outgrown(ctx context.Context, a Account, password string) bool {
	return len(s.policy.Password.Check(password, a)) > 0 || len(checkBreached(ctx, s.breaches, password, breachPatienceAtSignIn)) > 0
}

// PasswordDue reports whether an account needs a new password before its next session:
// somebody asked for it, or it has the age that the policy allows (PasswordPolicy.MaxAge),
// from the very instant on.
func (s *Service) PasswordDue(a Account, now time.Time) bool {
	return a.Credentials.Expired || s.policy.Password.Due(a.Credentials.ChangedAt, now)
}
