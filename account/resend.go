package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// ResendActivation mails another activation link to whoever waits for one; the one
// before is void. Asking again too soon sends nothing. The answer is the same for
// every address, whatever is known of it.
//
// Errors: ErrInvalid for what is no address; [ErrActor] for whoever is signed in.
// Managers use structure.Service.ResendActivation.
func (s *Service) ResendActivation(ctx context.Context, by Actor, login string) (Sent, error) {
	now := s.clock()
	return s.answer(ctx, "account.ResendActivation", by, login, now.Add(s.policy.ActivationLifetime), func(tx Tx, a Account) error {
		_, err := s.ResendActivationIn(ctx, tx, by, a.ID, now)
		if errors.Is(err, ErrNotPending) || errors.Is(err, ErrThrottled) {
			return nil
		}
		return err
	})
}

// ResendActivationIn is [Service.ResendActivation] inside a unit of work that is open
// already, for package structure, which knows who may. It answers as it is: ErrNotFound,
// [ErrNotPending] for an account that waits for nothing, [ErrThrottled] if the last
// mail is too young or the budget of an anonymous caller is used up.
func (s *Service) ResendActivationIn(ctx context.Context, tx Tx, by Actor, id ID, now time.Time) (Sent, error) {
	if !ids.Valid(id) {
		return Sent{}, fault.ErrNotFound
	}
	a, err := tx.Account(ctx, id)
	if err != nil {
		return Sent{}, err
	}
	if a.Status != StatusPendingActivation || s.policy.Lifecycle.over(a, nil, now) {
		return Sent{}, ErrNotPending
	}
	sent, err := s.sendActivation(ctx, tx, by, a, now)
	switch {
	case err != nil:
		return Sent{}, err
	case !sent:
		return Sent{}, ErrThrottled
	}
	until := earliest(now.Add(s.policy.ActivationLifetime), s.policy.Lifecycle.lapse(a))
	return Sent{To: a.Login, Until: until}, Record(ctx, tx, s.journal, by, "account.activation_resent", a, now)
}
