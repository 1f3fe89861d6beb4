package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// PasswordChange is what somebody types who changes the password. It prints as
// nothing.
type PasswordChange struct {
	Current      string // the password until now
	New          string
	Confirmation string // the new one once more
}

// String hides what was typed (CR-17).
func (PasswordChange) String() string { return "account.PasswordChange" }

// GoString hides what was typed.
func (PasswordChange) GoString() string { return "account.PasswordChange" }

// ChangePassword replaces the actor's password and tells the owner by mail.
// Every session and half-login of the account ends, the actor's own as well, and so
// does every open link to a new password. To keep the actor signed in, the host stores
// [Session.Renewed] under a fresh cookie; any other session stays ended.
//
// Errors: ErrInvalid naming every unmet rule, "confirmation" if the two entries
// differ; [ErrInvalidCredentials] if the current password is wrong, which
// counts as a failed password does at sign-in; [ErrThrottled] while that counter
// delays (BF-17); [ErrActor]; [ErrNotActive].
func (s *Service) ChangePassword(ctx context.Context, by Actor, p PasswordChange) (Account, error) {
	const op = "account.ChangePassword"
	now := s.clock()
	a, err := s.proveCurrent(ctx, op, by, p, now)
	if err != nil {
		return Account{}, err
	}
	if err := s.acceptable(ctx, op, p.New, p.Confirmation, a); err != nil {
		return Account{}, err
	}
	hash, stamp, err := s.hashed(ctx, p.New)
	if err != nil {
		return Account{}, err
	}
	proven := a.Stamp
	err = s.store.Update(ctx, func(tx Tx) error {
		current, err := Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		if current.Stamp != proven {
			return ErrInvalidCredentials // another password while the hashes were computed
		}
		a = current.WithPassword(s.policy.Password, hash, stamp, now)
		if err := VoidLinks(ctx, tx, a.ID, now); err != nil {
			return err
		}
		if err := s.put(ctx, tx, by, "account.password_changed", &a, now); err != nil {
			return err
		}
		return s.tellChanged(ctx, tx, a, now)
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// proveCurrent checks the current password under the counter that sign-ins have. What
// can be said about the new one without knowing the current one is said before.
func (s *Service) proveCurrent(ctx context.Context, op string, by Actor, p PasswordChange, now time.Time) (Account, error) {
	var a Account
	err := s.store.View(ctx, func(tx Tx) (err error) {
		a, err = Acting(ctx, tx, by)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	if fields := s.passwordFields(p.New, p.Confirmation, a); len(fields) > 0 {
		return Account{}, fault.Invalid(op, fields...)
	}
	right, err := s.prove(ctx, by, FactorPassword, s.policy.Credentials.Password, "account.password_change_failed", &a, now, func() (bool, error) {
		return s.hasher.Check(ctx, p.Current, a.Credentials.Password)
	})
	switch {
	case err != nil:
		return Account{}, err
	case !right:
		return Account{}, ErrInvalidCredentials
	default:
		return a, nil
	}
}

// prove counts a try of a factor, runs the check outside any unit, and gives the try
// back or records the failure. a is loaded anew together with the counter.
func (s *Service) prove(ctx context.Context, by Actor, f Factor, p ThrottlePolicy, failed notify.Kind, a *Account, now time.Time, check func() (bool, error)) (bool, error) {
	taken := false
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		if *a, err = tx.Account(ctx, a.ID); err != nil {
			return err
		}
		if a.Status != StatusActive {
			return ErrNotActive
		}
		taken, err = Try(ctx, tx, a.ID, f, p, now)
		return err
	})
	if err != nil {
		return false, err
	}
	if !taken {
		return false, ErrThrottled
	}
	right, err := check()
	if errors.Is(err, ErrBusy) {
		return false, errors.Join(err, s.store.Update(ctx, func(tx Tx) error { return Undo(ctx, tx, a.ID, f, p) }))
	}
	if err != nil {
		return false, err
	}
	return right, s.store.Update(ctx, func(tx Tx) error {
		if right {
			return GiveBack(ctx, tx, a.ID, f)
		}
		return Refuse(ctx, tx, s.journal, by, failed, a.ID, f, p, now)
	})
}

// tellChanged lets the owner know of the new password, at the login address.
func (s *Service) tellChanged(ctx context.Context, tx Tx, a Account, now time.Time) error {
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "password_changed/" + notify.Digest(a.Salt, a.Stamp), Template: notify.MailPasswordChanged,
		To: a.Login, Account: a.ID, Language: a.Language,
		Values: notify.Values{"Name": a.DisplayName(), "At": now.Format(time.RFC3339)},
	})
}
