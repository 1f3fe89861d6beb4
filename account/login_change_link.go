package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// ConfirmLoginChange follows the link that was mailed to the new address: the account
// signs in with that address from now on. Every session and every other link of
// the account ends, both addresses are told, and the former one gets a link that takes
// the change back for a while. The contact address stays as it is.
//
// The link proves the mailbox that it was mailed to and no other (RC-04). A registration
// of the address that was never activated gives way.
//
// Errors: [ErrLinkExpired] for a link that is over, was cancelled or replaced, never was,
// or whose address is by now another account's; [ErrLinkUsed].
func (s *Service) ConfirmLoginChange(ctx context.Context, token string) (Account, error) {
	return s.moveLogin(ctx, token, PurposeLoginChange, func(ctx context.Context, tx Tx, a *Account, link Link, now time.Time) error {
		former := a.Login
		*a = a.movedTo(link.Address)
		if err := voidLinks(ctx, tx, a.ID, now, append(openable(), PurposeLoginChangeCancel)...); err != nil {
			return err
		}
		a.DueAt = s.policy.due(*a, nil, now)
		if err := s.put(ctx, tx, Person(a.ID), "account.login_changed", a, now); err != nil {
			return err
		}
		if err := s.tellLoginChanged(ctx, tx, *a, a.Login, link, now); err != nil {
			return err
		}
		return s.offerUndo(ctx, tx, *a, former, link, now)
	})
}

// UndoLoginChange follows the link that was mailed to the former address after a change:
// the account signs in with that address again. Whoever can do that is taken for the
// owner, and whoever made the change for an intruder: every session, every other link
// and any further login change ends, and a new password is due at the next sign-in. It
// works on a deactivated account, too.
//
// Errors: [ErrLinkExpired] for a link that is over, was replaced, never was, or whose
// address is by now another account's; [ErrLinkUsed].
func (s *Service) UndoLoginChange(ctx context.Context, token string) (Account, error) {
	return s.moveLogin(ctx, token, PurposeLoginChangeUndo, func(ctx context.Context, tx Tx, a *Account, link Link, now time.Time) error {
		dropped := a.Login
		*a = a.movedTo(link.Address)
		a.Credentials.Expired = true
		if err := voidLinks(ctx, tx, a.ID, now, append(openable(), PurposeLoginChange, PurposeLoginChangeCancel)...); err != nil {
			return err
		}
		a.DueAt = s.policy.due(*a, nil, now)
		if err := s.put(ctx, tx, Person(a.ID), "account.login_change_undone", a, now); err != nil {
			return err
		}
		if err := s.tellLoginChanged(ctx, tx, *a, dropped, link, now); err != nil {
			return err
		}
		return s.tellLoginChangeUndone(ctx, tx, *a, link, now)
	})
}

// CancelLoginChangeByLink follows the link that was mailed to the present address when a
// change began: the change ends, its links are void, and the owner is told. Errors:
// [ErrLinkExpired] for a link that is over, whose change has ended, or that never was.
func (s *Service) CancelLoginChangeByLink(ctx context.Context, token string) error {
	now, digest := s.clock(), secret.Digest(token)
	return s.store.Update(ctx, func(tx Tx) error {
		a, _, err := loginLink(ctx, tx, digest, PurposeLoginChangeCancel, now)
		if err != nil {
			return err
		}
		err = s.cancelLoginChange(ctx, tx, Person(a.ID), &a, now)
		if errors.Is(err, fault.ErrNotFound) {
			return ErrLinkExpired
		}
		return err
	})
}

// moveLogin uses up a link that gives an account another login address, and makes the
// address free. move does the rest.
func (s *Service) moveLogin(ctx context.Context, token string, p Purpose, move func(context.Context, Tx, *Account, Link, time.Time) error) (Account, error) {
	now, digest := s.clock(), secret.Digest(token)
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return Account{}, err
	}
	unheld, err := s.unheld(ctx, func(tx Tx) (Account, error) {
		_, link, err := loginLink(ctx, tx, digest, p, now)
		if err != nil {
			return Account{}, err
		}
		holder, err := tx.AccountByLogin(ctx, link.Address)
		if err == nil && holder.Status != StatusPendingActivation {
			err = fault.ErrNotFound
		}
		return holder, err
	})
	if err != nil {
		return Account{}, err
	}
	var a Account
	err = s.store.Update(ctx, func(tx Tx) (err error) {
		var link Link
		if a, link, err = loginLink(ctx, tx, digest, p, now); err != nil {
			return err
		}
		if err := s.release(ctx, tx, a.ID, unheld, link.Address, now); err != nil {
			return err
		}
		link.UsedAt = now
		if err := tx.PutLink(ctx, link); err != nil {
			return err
		}
		a.Stamp = stamp
		return move(ctx, tx, &a, link, now)
	})
	switch {
	case errors.Is(err, fault.ErrExists): // somebody else proved the address at the same moment (RC-05)
		return Account{}, ErrLinkExpired
	case err != nil:
		return Account{}, err
	default:
		return a, nil
	}
}

// movedTo returns the account with a login address that was just proven.
func (a Account) movedTo(address string) Account {
	a.Login, a.UndeliverableSince = address, time.Time{}
	return a
}

// openable lists the purposes whose links open an account, and which therefore end with
// the login address that they were mailed to.
func openable() []Purpose {
	return []Purpose{PurposeActivation, PurposeReactivation, PurposePasswordReset, PurposeExpiredPassword}
}

// loginLink loads a link about the login address that somebody followed, and its
// account, and checks that it works.
func loginLink(ctx context.Context, tx Tx, digest string, p Purpose, now time.Time) (Account, Link, error) {
	a, link, err := linkBehind(ctx, tx, digest)
	switch {
	case err != nil:
		return Account{}, Link{}, err
	case link.Purpose != p:
		return Account{}, Link{}, ErrLinkExpired
	default:
		return a, link, link.Works(a, now)
	}
}

// release makes an address free for the account that has just proven it, or returns
// [ErrLinkExpired] if it is the login of another one that was proven before, and
// [ErrLinkUsed] if this link did its work since it was read. A
// registration that was never activated proved nothing: it gives way and is erased, so
// that nobody blocks an address by registering it. Where the host may keep accounts from
// being erased, the one that it lets go is unheld, and any other stays.
func (s *Service) release(ctx context.Context, tx Tx, id, unheld ID, address string, now time.Time) error {
	holder, err := tx.AccountByLogin(ctx, address)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil
	case err != nil:
		return err
	case holder.ID == id:
		return ErrLinkUsed
	case holder.Status != StatusPendingActivation || s.legalHold != nil && holder.ID != unheld:
		return ErrLinkExpired
	}
	_, err = s.eraseAs(ctx, tx, System(), "account.address_released", holder, now)
	return err
}

// taken reports whether an address is the login of another account that was proven.
func (s *Service) taken(ctx context.Context, tx Tx, id ID, address string) (bool, error) {
	holder, err := tx.AccountByLogin(ctx, address)
	if errors.Is(err, fault.ErrNotFound) {
		return false, nil
	}
	return err == nil && holder.ID != id && holder.Status != StatusPendingActivation, err
}

// offerUndo mails the former address a link that takes the change back. While an earlier
// one waits, that one stays and the former address is only told: whoever took an account
// over cannot shake its owner off by changing the address twice. One that leads to an
// address which is proven to be somebody else's by now leads nowhere, and is replaced.
func (s *Service) offerUndo(ctx context.Context, tx Tx, a Account, former string, change Link, now time.Time) error {
	earlier, err := linkOf(ctx, tx, a.ID, PurposeLoginChangeUndo)
	if err != nil {
		return err
	}
	dead := earlier.Address == a.Login
	if earlier.pending(now) && !dead {
		if dead, err = s.taken(ctx, tx, a.ID, earlier.Address); err != nil {
			return err
		}
	}
	if earlier.open() && dead {
		if err := voidLinks(ctx, tx, a.ID, now, PurposeLoginChangeUndo); err != nil {
			return err
		}
		earlier = Link{}
	}
	if s.policy.LoginChange.UndoLifetime == 0 || earlier.pending(now) {
		return s.tellLoginChanged(ctx, tx, a, former, change, now)
	}
	token, undo, err := s.replaceLink(ctx, tx, a.ID, PurposeLoginChangeUndo, former, now, now.Add(s.policy.LoginChange.UndoLifetime))
	if err != nil {
		return err
	}
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "login_change_undo/" + undo.Digest, Template: notify.MailLoginChangeUndo,
		To: former, Account: a.ID, Language: a.Language, ExpiresAt: undo.ExpiresAt,
		Values: notify.Values{
			"Name": a.DisplayName(), "At": now.Format(time.RFC3339),
			"Link": s.links.WithToken(s.links.LoginUndo, token), "Until": undo.ExpiresAt.Format(time.RFC3339),
		},
	})
}
