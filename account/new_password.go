package account

import (
	"context"
	"strings"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
)

// NewPassword is what somebody types who sets a password by way of a link. It prints
// as nothing.
type NewPassword struct {
	Password     string
	Confirmation string // the same once more

	// Question and Answer set the secret question at activation and reactivation, if the
	// policy has one. Answer is what a reset asks for, then.
	Question string
	Answer   string

	// AcceptConditions accepts the conditions of use at activation; needed where somebody
	// else opened the account. Defaults to false.
	AcceptConditions bool
}

// String hides what was typed (CR-17).
func (NewPassword) String() string { return "account.NewPassword" }

// GoString hides what was typed.
func (NewPassword) GoString() string { return "account.NewPassword" }

// WithPassword returns the account with another password. The stamp is a fresh one,
// so that every session and half-login ends; the password it had is among the
// former ones, as far as the policy remembers them.
func (a Account) WithPassword(p PasswordPolicy, hash, stamp string, now time.Time) Account {
	c := a.Credentials
	c.Former = p.Remember(c.Former, c.Password)
	c.Password, c.ChangedAt, c.Expired = hash, now, false
	a.Credentials, a.Stamp = c, stamp
	return a
}

// ResetByMail reports whether the present password was set by way of the mailbox, so
// that the same mailbox should not be the second factor beside it where the account
// has another one (FL-11).
func (a Account) ResetByMail() bool {
	c := a.Credentials
	return !c.ResetAt.IsZero() && !c.ResetAt.Before(c.ChangedAt)
}

// passwordFields returns what can be said of a new password without its owner's
// credentials: every unmet rule, and a confirmation that differs.
func (s *Service) passwordFields(password, confirmation string, a Account) []fault.Field {
	fields := s.policy.Password.Check(password, a)
	if password != confirmation {
		fields = append(fields, fault.Field{Path: "confirmation", Code: "password_confirmation"})
	}
	return fields
}

// acceptable returns nil if a password may become that of the account, else an input
// error. Every way by which a password is set asks it: activation, change, reset and
// reactivation. It compares with the current and the former passwords, so whoever asks
// must have proven to be their owner. It hashes: call it outside any unit of work.
func (s *Service) acceptable(ctx context.Context, op, password, confirmation string, a Account) error {
	fields := s.passwordFields(password, confirmation, a)
	if len(fields) == 0 {
		var err error
		fields, err = s.policy.Password.Reused(ctx, s.hasher, password, a.Credentials.Password, a.Credentials.Former)
		if err != nil {
			return err
		}
	}
	if len(fields) == 0 {
		fields = CheckBreached(ctx, s.breaches, password)
	}
	if len(fields) > 0 {
		return fault.Invalid(op, fields...)
	}
	return nil
}

// hashed returns the hash of a new password and the security stamp that goes with it.
func (s *Service) hashed(ctx context.Context, password string) (hash, stamp string, err error) {
	if hash, err = s.hasher.Hash(ctx, password); err != nil {
		return "", "", err
	}
	stamp, _, err = secret.New(s.ids)
	return hash, stamp, err
}

// asked returns question and hashed answer as they are stored, empty if none was
// given. Call it outside any unit of work, after the policy checked them.
func (s *Service) asked(ctx context.Context, p NewPassword) (question, answer string, err error) {
	if p.Question == "" {
		return "", "", nil
	}
	answer, err = s.hasher.HashAnswer(ctx, p.Answer)
	return strings.TrimSpace(p.Question), answer, err
}
