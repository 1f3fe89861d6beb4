package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// ErrHeld reports that the host's legal hold forbids erasing the account.
var ErrHeld = fault.New("legal_hold", "a legal hold keeps this account")

// Held reports whether the host keeps an account from being erased; see
// Options.LegalHold. It asks the host, so call it outside any unit of work.
func (s *Service) Held(ctx context.Context, id ID) (bool, error) {
	if s.legalHold == nil {
		return false, nil
	}
	return s.legalHold(ctx, id)
}

// MakeRoom erases what is over at an address, though the clock work has not seen to it
// yet, unless the host keeps it. Call it before a unit of work that uses
// [Service.InviteIn]: there it is too late to ask the host. Without Options.LegalHold it
// does nothing, since that unit does it. An address that is none has nothing to erase.
func (s *Service) MakeRoom(ctx context.Context, login string) error {
	now := s.clock()
	id, err := s.unheld(ctx, func(tx Tx) (Account, error) {
		a, err := tx.AccountByLogin(ctx, canonical(login))
		if err != nil {
			return Account{}, err
		}
		over, err := s.over(ctx, tx, a, now)
		if err == nil && !over {
			err = fault.ErrNotFound
		}
		return a, err
	})
	if err != nil || id == "" {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := tx.Account(ctx, id)
		if err != nil {
			return err
		}
		if over, err := s.over(ctx, tx, a, now); err != nil || !over {
			return err // somebody was faster
		}
		return s.erase(ctx, tx, System(), a, now)
	})
}

// unheld finds an account that is in somebody's way and returns its ID if the host lets it
// be erased, "" if not or if there is none. It is for deployments with Options.LegalHold;
// in others it finds nothing, and nothing needs to be asked.
func (s *Service) unheld(ctx context.Context, find func(Tx) (Account, error)) (ID, error) {
	if s.legalHold == nil {
		return "", nil
	}
	var a Account
	err := s.store.View(ctx, func(tx Tx) (err error) {
		a, err = find(tx)
		return err
	})
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return "", nil
	case err != nil:
		return "", err
	}
	if held, err := s.Held(ctx, a.ID); err != nil || held {
		return "", err
	}
	return a.ID, nil
}

// over reports whether nothing may bring an account back any more.
func (s *Service) over(ctx context.Context, tx Tx, a Account, now time.Time) (bool, error) {
	link, err := s.watched(ctx, tx, a)
	return err == nil && s.policy.Lifecycle.over(a, link, now), err
}

// EraseIn blanks an account inside a unit of work that is open already: its row, its
// links, its counters, the mails that wait for it and its attachments, whose contents go
// with the next sweep; then it runs Options.Erasing. Identifiers stay in the history, whose
// chain stays whole, and lead to nobody any more: the salt that blinded the digests is
// gone. structure.Service.Erase is what asks whether it may be done.
func (s *Service) EraseIn(ctx context.Context, tx Tx, by Actor, a Account, now time.Time) (Account, error) {
	return s.eraseAs(ctx, tx, by, "account.erased", a, now)
}

func (s *Service) eraseAs(ctx context.Context, tx Tx, by Actor, kind notify.Kind, a Account, now time.Time) (Account, error) {
	if err := RemoveAttachments(ctx, tx, s.journal, by, Owner{Account: a.ID}, now); err != nil {
		return Account{}, err
	}
	if err := forgetLinks(ctx, tx, a.ID, now); err != nil {
		return Account{}, err
	}
	if err := ForgetTries(ctx, tx, a.ID, counted()...); err != nil {
		return Account{}, err
	}
	if err := notify.Forget(ctx, tx, a.ID); err != nil {
		return Account{}, err
	}
	if s.erasing != nil {
		if err := s.erasing(ctx, tx, by, a, now); err != nil {
			return Account{}, err
		}
	}
	a = a.Erased(now)
	return a, s.put(ctx, tx, by, kind, &a, now)
}

// forgetLinks takes the address out of every link of an account, used ones included,
// and makes those that still work work no more.
func forgetLinks(ctx context.Context, tx Tx, id ID, now time.Time) error {
	for _, p := range everyPurpose() {
		link, err := linkOf(ctx, tx, id, p)
		if err != nil {
			return err
		}
		if link.Account == "" || link.Address == "" {
			continue
		}
		if err := tx.PutLink(ctx, link.voided(earliest(link.ExpiresAt, now))); err != nil {
			return err
		}
	}
	return nil
}
