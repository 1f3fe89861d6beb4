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

// Activate follows the link of the activation mail: its holder chooses the
// password, and only then is the account active. The link works once.
//
// Errors: ErrInvalid naming every unmet rule of the password, after which the link
// still works; [ErrLinkExpired] for a link that is over, was replaced or never was;
// [ErrLinkUsed].
//
// Where somebody else filled in the form, the person has not accepted the conditions
// of use: ErrInvalid names acceptConditions, and [Service.ActivateAccepting] is due.
func (s *Service) Activate(ctx context.Context, token, password string) (Account, error) {
	return s.activate(ctx, "account.Activate", token, password, false)
}

// ActivateAccepting is [Service.Activate] by a person who accepts the conditions of use
// with it. It may be called for every account.
func (s *Service) ActivateAccepting(ctx context.Context, token, password string) (Account, error) {
	return s.activate(ctx, "account.ActivateAccepting", token, password, true)
}

func (s *Service) activate(ctx context.Context, op, token, password string, accepts bool) (Account, error) {
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
	fields := s.policy.Password.Check(password, a)
	if a.ConditionsAcceptedAt.IsZero() && !accepts {
		fields = append(fields, fault.Field{Path: "acceptConditions", Code: "required"})
	}
	if len(fields) > 0 {
		return Account{}, fault.Invalid(op, fields...)
	}
	hash, err := s.hasher.Hash(ctx, password) // outside any unit: it takes its time
	if err != nil {
		return Account{}, err
	}
	stamp, _, err := secret.New(s.ids)
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
