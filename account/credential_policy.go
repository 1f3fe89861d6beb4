package account

import "time"

// CredentialPolicy says how passwords are proven and replaced. It is data.
type CredentialPolicy struct {
	// Password is what failed passwords cost wherever one is asked for. It must be the
	// one of the sign-in policy, since the counter is the same (BF-17).
	Password ThrottlePolicy

	// Answer is what failed answers to the secret question cost.
	Answer ThrottlePolicy

	// ResetLifetime is how long the link to a new password lives, 24 hours at most
	// (SP 800-63B-4 section 4.2).
	ResetLifetime time.Duration

	// Question says whether accounts have a secret question.
	// Defaults to none.
	Question QuestionPolicy
}

// PasswordThrottle is what failed passwords cost by default: after five, a delay of
// 30 seconds that doubles up to an hour.
func PasswordThrottle() ThrottlePolicy {
	return ThrottlePolicy{Free: 5, FirstDelay: 30 * time.Second, MaxDelay: time.Hour}
}

func credentials2024() CredentialPolicy {
	return CredentialPolicy{
		Password:      PasswordThrottle(),
		Answer:        PasswordThrottle(),
		ResetLifetime: time.Hour,
	}
}

const maxResetLifetime = 24 * time.Hour

func (p CredentialPolicy) check() error {
	if p.ResetLifetime <= 0 || p.ResetLifetime > maxResetLifetime {
		return ErrBadPolicy.With("the link to a new password lives for at most 24 hours")
	}
	for _, t := range []ThrottlePolicy{p.Password, p.Answer} {
		if err := t.Check(); err != nil {
			return err
		}
	}
	return p.Question.check()
}
