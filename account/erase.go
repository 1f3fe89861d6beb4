package account

import (
	"context"
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

// EraseIn blanks an account inside a unit of work that is open already: its row, its
// links, the mails that wait for it and its attachments, whose contents go with the
// next sweep; then it runs Options.Erasing. Identifiers stay in the history, whose
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
