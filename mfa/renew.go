package mfa

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/secret"
)

// Renew ends a sign-in that [Service.Finish] refused with
// [account.ErrPasswordExpired]: instead of a session it yields the right to set a new
// password, by account.Service.ReplaceExpired, as long as the sign-in would have lived.
// It works once.
//
// Errors: [ErrSecondFactorRequired]; [ErrSignInOver], also if no new password is due.
func (s *Service) Renew(ctx context.Context, handle string) (account.Renewal, error) {
	now := s.clock()
	token, digest, err := secret.New(s.ids)
	if err != nil {
		return account.Renewal{}, err
	}
	out := account.Renewal{Token: token}
	err = s.store.Update(ctx, func(tx Tx) error {
		a, in, err := s.load(ctx, tx, handle, now)
		switch {
		case err != nil:
			return err
		case !sufficient(in.Purpose, in.Holding(s.keys)):
			return ErrSecondFactorRequired
		case !s.due(a, now):
			return ErrSignInOver
		}
		if err := tx.DeleteSignIn(ctx, in); err != nil {
			return err
		}
		out.Until = in.ExpiresAt
		return account.PutRenewal(ctx, tx, a, digest, in.ExpiresAt, now)
	})
	if err != nil {
		return account.Renewal{}, err
	}
	return out, nil
}

// due reports whether a new password is due before there is a session.
func (s *Service) due(a account.Account, now time.Time) bool {
	if s.accounts == nil {
		return a.Credentials.Expired
	}
	return s.accounts.PasswordDue(a, now)
}

// rework is what becomes of a password that was right, at the moment when it is known.
type rework struct {
	of       string // the hash that it was checked against
	hash     string // replaces an outdated one, "" if it need not be replaced
	outgrown bool   // a new password is due
}

// rework looks at a password that was right. Call it outside any unit: it takes its time.
// What fails in it fails no sign-in: the next one tries again.
func (s *Service) rework(ctx context.Context, a account.Account, password string) rework {
	out := rework{of: a.Credentials.Password}
	if s.hasher.Outdated(out.of) {
		if hash, err := s.hasher.Hash(ctx, password); err == nil {
			out.hash = hash
		}
	}
	out.outgrown = s.accounts != nil && !a.Credentials.Expired && s.accounts.Outgrown(ctx, a, password)
	return out
}

// apply stores what comes of it, unless the account has another password by now.
func (s *Service) apply(ctx context.Context, tx Tx, a account.Account, r rework, now time.Time) error {
	if a.Credentials.Password != r.of {
		return nil
	}
	if r.hash != "" {
		a.Credentials.Password = r.hash
		if err := account.Put(ctx, tx, s.journal, account.Person(a.ID), "account.password_rehashed", &a, now); err != nil {
			return err
		}
	}
	if !r.outgrown || a.Credentials.Expired {
		return nil
	}
	a.Credentials.Expired = true
	return account.Put(ctx, tx, s.journal, account.System(), "account.password_outdated", &a, now)
}
