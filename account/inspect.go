package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
)

// LinkInfo tells what a mailed link would do.
type LinkInfo struct {
	Purpose Purpose
	Address string    // the address that it proves: for a login change, the one that the account would get
	Until   time.Time // dead from this instant on

	// Consent says that following it takes the person's consent to the conditions of use,
	// since somebody else opened the account; see NewPassword.AcceptConditions.
	Consent bool
}

// InspectLink tells what a mailed link would do, and does none of it: for the page that
// shows a button. Programs that follow the links of mails before people do change
// nothing, however often (ML-13). Errors, as for following it: [ErrLinkExpired],
// [ErrLinkUsed].
func (s *Service) InspectLink(ctx context.Context, token string) (LinkInfo, error) {
	now, digest := s.clock(), secret.Digest(token)
	var a Account
	var link Link
	err := s.store.View(ctx, func(tx Tx) (err error) {
		if a, link, err = linkBehind(ctx, tx, digest); err != nil {
			return err
		}
		if err := link.Works(a, now); err != nil || link.Address == a.Login {
			return err
		}
		holder, err := tx.AccountByLogin(ctx, link.Address)
		switch {
		case errors.Is(err, fault.ErrNotFound) || err == nil && holder.Status == StatusPendingActivation:
			return nil
		case err != nil:
			return err
		default:
			return ErrLinkExpired
		}
	})
	if err != nil {
		return LinkInfo{}, err
	}
	return LinkInfo{
		Purpose: link.Purpose, Address: link.Address, Until: link.ExpiresAt,
		Consent: link.Purpose == PurposeActivation && a.ConditionsAcceptedAt.IsZero(),
	}, nil
}

// Works returns nil if following the link would do something for its account at the
// given instant: [Link.Usable], and the account is in a state that its purpose is for.
func (l Link) Works(a Account, now time.Time) error {
	moves := l.Purpose == PurposeLoginChange || l.Purpose == PurposeLoginChangeUndo
	proves := a.Login
	if moves {
		proves = l.Address // another address than the present one: that is what it is for
	}
	if err := l.Usable(proves, now); err != nil {
		return err
	}
	if moves && l.Address == a.Login {
		return ErrLinkUsed // it did its work between the reads of link and account
	}
	var fits bool
	switch l.Purpose {
	case PurposeActivation:
		fits = a.Status == StatusPendingActivation
	case PurposeReactivation:
		fits = a.Status == StatusDeactivated
	case PurposePasswordReset, PurposeExpiredPassword, PurposeLoginChangeCancel:
		fits = a.Status == StatusActive
	case PurposeLoginChange:
		fits = a.Status == StatusActive && !a.External && l.Address != ""
	case PurposeLoginChangeUndo:
		fits = (a.Status == StatusActive || a.Status == StatusDeactivated) && !a.External && l.Address != ""
	}
	if !fits {
		return ErrLinkExpired
	}
	return nil
}

// linkBehind loads the link with a digest, and its account, whatever its purpose.
func linkBehind(ctx context.Context, tx Tx, digest string) (Account, Link, error) {
	if digest == "" {
		return Account{}, Link{}, ErrLinkExpired
	}
	link, err := tx.LinkByDigest(ctx, digest)
	if errors.Is(err, fault.ErrNotFound) {
		return Account{}, Link{}, ErrLinkExpired
	}
	if err != nil {
		return Account{}, Link{}, err
	}
	a, err := tx.Account(ctx, link.Account)
	return a, link, err
}
