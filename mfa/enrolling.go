package mfa

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
)

// strongFrom asks the host from when on an account needs an application or a key. Call it
// outside any unit: it takes its time.
func (s *Service) strongFrom(ctx context.Context, id account.ID) (time.Time, error) {
	if s.required == nil {
		return time.Time{}, nil
	}
	at, err := s.required(ctx, id)
	return at.UTC().Truncate(time.Microsecond), err
}

// Enrolling turns a session that is good for adding a factor alone
// (account.Session.EnrolOnly) into the actor for [Service.BeginAuthenticator] and the
// like. Give that actor to nothing else. Once the factor is there, [Service.StepUp] yields
// a whole session. The error is [account.ErrSessionEnded].
func (s *Service) Enrolling(ctx context.Context, held account.Session) (account.Actor, error) {
	by := account.Person(held.Account)
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		switch {
		case errors.Is(err, account.ErrNotActive), errors.Is(err, account.ErrActor), err == nil && !held.Holds(a):
			return account.ErrSessionEnded
		default:
			return err
		}
	})
	if err != nil {
		return account.Actor{}, err
	}
	by.ProvenAt = held.At
	return by, nil
}
