package mfa

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
)

// purgeBatch is how many rows one unit removes.
const purgeBatch = 500

// PurgeExpired removes sign-ins that were never finished, enrolments that were never
// confirmed and devices that are remembered no more, a batch at a time, and returns how
// many. Nothing depends on it: all of these are over at their instant. habilis.Run calls
// it.
func (s *Service) PurgeExpired(ctx context.Context) (int, error) {
	now := s.clock()
	n, err := s.purge(ctx, func(tx Tx) (int, error) { return removeAll(ctx, tx.ExpiredSignIns, tx.DeleteSignIn, now) })
	m, more := s.purge(ctx, func(tx Tx) (int, error) { return removeAll(ctx, tx.ExpiredFactors, tx.DeleteFactor, now) })
	return n + m, errors.Join(err, more)
}

func (s *Service) purge(ctx context.Context, batch func(Tx) (int, error)) (int, error) {
	for total := 0; ; {
		n := 0
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			n, err = batch(tx)
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < purgeBatch {
			return total, nil
		}
	}
}

func removeAll[V any](
	ctx context.Context, over func(context.Context, time.Time, int) ([]V, error), remove func(context.Context, V) error, now time.Time,
) (int, error) {
	all, err := over(ctx, now, purgeBatch)
	if err != nil {
		return 0, err
	}
	for _, v := range all {
		if err := remove(ctx, v); err != nil {
			return 0, err
		}
	}
	return len(all), nil
}

// Forget removes every factor of an account that is being erased, in the unit of work
// that erases it: the part of package mfa in whatever erases accounts. Give it to
// account.Options.Erasing, as the facade does.
func (s *Service) Forget(ctx context.Context, tx Tx, id account.ID) error {
	fs, err := tx.Factors(ctx, id)
	if err != nil {
		return err
	}
	for _, f := range fs {
		if err := tx.DeleteFactor(ctx, f); err != nil {
			return err
		}
	}
	return account.ForgetTries(ctx, tx, id, factorWrongCodes)
}
