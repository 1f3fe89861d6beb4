package mfa

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// StepUp asks whoever holds a session to prove all factors again, for what needs a
// fresh proof (see [account.ErrProofRequired]): it checks the password and mails a
// code. Go on as after [Service.Begin]; [Service.Finish] yields a session of the same
// account with the same stamp and a fresh At, which replaces the held one.
//
// Wrong passwords count where those of sign-ins count (BF-17). Errors:
// [account.ErrSessionEnded]; [account.ErrInvalidCredentials]; [account.ErrThrottled]
// while the throttle delays.
func (s *Service) StepUp(ctx context.Context, held account.Session, password string) (Challenge, error) {
	now := s.clock()
	a, err := s.takeHeld(ctx, held, now)
	if err != nil {
		return Challenge{}, err
	}
	right, err := s.check(ctx, password, a, true)
	switch {
	case errors.Is(err, account.ErrBusy):
		return Challenge{}, errors.Join(err, s.undo(ctx, a.ID, "", true))
	case err != nil:
		return Challenge{}, err
	case right:
		return s.start(ctx, a, PurposeStepUp, password, "", now)
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		return account.Refuse(ctx, tx, s.journal, account.Person(a.ID), "account.sign_in_failed", a.ID, account.FactorPassword, s.policy.Password, now)
	})
	if err != nil {
		return Challenge{}, err
	}
	return Challenge{}, account.ErrInvalidCredentials
}

// takeHeld loads the account of a session that holds and takes one try from its budget.
func (s *Service) takeHeld(ctx context.Context, held account.Session, now time.Time) (account.Account, error) {
	if !ids.Valid(held.Account) {
		return account.Account{}, account.ErrSessionEnded
	}
	var a account.Account
	taken := false
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		a, err = tx.Account(ctx, held.Account)
		if errors.Is(err, fault.ErrNotFound) {
			return account.ErrSessionEnded
		}
		if err != nil {
			return err
		}
		if !held.Holds(a) {
			return account.ErrSessionEnded
		}
		taken, err = account.Try(ctx, tx, a.ID, account.FactorPassword, s.policy.Password, now)
		return err
	})
	if err == nil && !taken {
		err = account.ErrThrottled
	}
	return a, err
}
