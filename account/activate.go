package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
)

// Activated returns the account once its owner has proven the mailbox and chosen a
// password, or [ErrLinkUsed] if it was activated before. The conditions of use count
// as accepted now, unless the person accepted them before.
func (a Account) Activated(passwordHash, stamp string, now time.Time) (Account, error) {
	if a.Status != StatusPendingActivation {
		return Account{}, ErrLinkUsed
	}
	if a.ConditionsAcceptedAt.IsZero() {
		a.ConditionsAcceptedAt = now
	}
	a.Status, a.StatusSince, a.ActivatedAt = StatusActive, now, now
	a.Credentials = Credentials{Password: passwordHash, ChangedAt: now}
	a.Stamp = stamp
	return a.Delivered(), nil
}

// Usable returns nil if the link still works for an address at the given instant:
// it was not used, is not over, and proves the address that the account has now.
func (l Link) Usable(address string, now time.Time) error {
	switch {
	case !l.UsedAt.IsZero():
		return ErrLinkUsed
	case !now.Before(l.ExpiresAt) || l.Address != address:
		return ErrLinkExpired
	default:
		return nil
	}
}

// Activate is [Service.ActivateWith] for hosts that need neither a confirmation nor a
// secret question, of somebody who accepted the conditions of use before.
func (s *Service) Activate(ctx context.Context, token, password string) (Account, error) {
	return s.ActivateWith(ctx, token, NewPassword{Password: password, Confirmation: password})
}

// ActivateAccepting is [Service.Activate] by a person who accepts the conditions of use
// with it. It may be called for every account.
func (s *Service) ActivateAccepting(ctx context.Context, token, password string) (Account, error) {
	return s.ActivateWith(ctx, token, NewPassword{Password: password, Confirmation: password, AcceptConditions: true})
}

// ActivateWith follows the link of the activation mail: its holder chooses the
// password, and only then is the account active. Where somebody else filled in
// the form, the person accepts the conditions of use with it; where the policy
// has a secret question, it is chosen here, too. The link works once.
//
// Errors: ErrInvalid naming every bad field, acceptConditions among them where they
// were not accepted, after which the link still works; [ErrLinkExpired] for a link that
// is over, was replaced or never was; [ErrLinkUsed].
func (s *Service) ActivateWith(ctx context.Context, token string, p NewPassword) (Account, error) {
	const op = "account.Activate"
	now := s.clock()
	digest := secret.Digest(token)
	var a Account
	err := s.store.View(ctx, func(tx Tx) (err error) {
		a, _, err = followed(ctx, tx, digest, PurposeActivation, now)
		return err
	})
	if err != nil {
		return Account{}, err
	}
	fields := s.policy.Credentials.Question.Check(p.Question, p.Answer)
	if a.ConditionsAcceptedAt.IsZero() && !p.AcceptConditions {
		fields = append(fields, fault.Field{Path: "acceptConditions", Code: "required"})
	}
	if len(fields) > 0 {
		return Account{}, fault.Invalid(op, append(s.passwordFields(p.Password, p.Confirmation, a), fields...)...)
	}
	if err := s.acceptable(ctx, op, p.Password, p.Confirmation, a); err != nil {
		return Account{}, err
	}
	hash, stamp, err := s.hashed(ctx, p.Password) // outside any unit: it takes its time
	if err != nil {
		return Account{}, err
	}
	question, answer, err := s.asked(ctx, p)
	if err != nil {
		return Account{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		current, link, err := followed(ctx, tx, digest, PurposeActivation, now)
		if err != nil {
			return err
		}
		if a, err = current.Activated(hash, stamp, now); err != nil {
			return err
		}
		a.DueAt = s.policy.due(a, nil, now)
		a.Credentials.Question, a.Credentials.Answer = question, answer
		link.UsedAt = now
		if err := tx.PutLink(ctx, link); err != nil {
			return err
		}
		return s.put(ctx, tx, Person(a.ID), "account.activated", &a, now)
	})
	if err != nil {
		return Account{}, err
	}
	return a, nil
}

// followed loads a link that somebody followed, and its account.
func followed(ctx context.Context, tx Tx, digest string, p Purpose, now time.Time) (Account, Link, error) {
	if digest == "" {
		return Account{}, Link{}, ErrLinkExpired
	}
	link, err := tx.LinkByDigest(ctx, digest)
	if errors.Is(err, fault.ErrNotFound) || err == nil && link.Purpose != p {
		return Account{}, Link{}, ErrLinkExpired
	}
	if err != nil {
		return Account{}, Link{}, err
	}
	a, err := tx.Account(ctx, link.Account)
	if err != nil {
		return Account{}, Link{}, err
	}
	return a, link, link.Usable(a.Login, now)
}
