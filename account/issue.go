package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
)

// linkOf returns the link of an account for a purpose, a zero one if there is none.
func linkOf(ctx context.Context, tx Tx, id ID, p Purpose) (Link, error) {
	link, err := tx.Link(ctx, id, p)
	if errors.Is(err, fault.ErrNotFound) {
		return Link{}, nil
	}
	return link, err
}

// issue replaces the account's link for a purpose by a fresh one to its login address,
// and returns the secret. It returns "" and no link if the last one is younger than the
// policy's pause, or the budget of mails to the account is used up.
func (s *Service) issue(ctx context.Context, tx Tx, by Actor, a Account, p Purpose, until, now time.Time) (string, Link, error) {
	former, err := linkOf(ctx, tx, a.ID, p)
	if err != nil {
		return "", Link{}, err
	}
	paused := former.Digest != "" && now.Before(former.CreatedAt.Add(s.policy.MailPause))
	ok, err := s.mayMail(ctx, tx, by, a.ID, !paused, now)
	if err != nil || !ok {
		return "", Link{}, err
	}
	return s.putFresh(ctx, tx, former, Link{Account: a.ID, Purpose: p, Address: a.Login, CreatedAt: now, ExpiresAt: until})
}

// replaceLink is issue to any address and without a pause.
func (s *Service) replaceLink(ctx context.Context, tx Tx, id ID, p Purpose, address string, now, until time.Time) (string, Link, error) {
	former, err := linkOf(ctx, tx, id, p)
	if err != nil {
		return "", Link{}, err
	}
	return s.putFresh(ctx, tx, former, Link{Account: id, Purpose: p, Address: address, CreatedAt: now, ExpiresAt: until})
}

// putFresh puts a link with a fresh secret in the place of the former one, so that that
// one is void (RP-10): one row holds the digest and the address that it proves (RC-04).
// It returns the secret, which is kept nowhere.
func (s *Service) putFresh(ctx context.Context, tx Tx, former, link Link) (string, Link, error) {
	token, digest, err := secret.New(s.ids)
	if err != nil {
		return "", Link{}, err
	}
	link.Digest, link.Version = digest, former.Version
	return token, link, tx.PutLink(ctx, link)
}

// VoidLinks ends every open link by which somebody could take the account over after
// its password changed: those to a new password, and a login change under way. The link
// by which the owner of an old address undoes a change stays. A mail that waits with
// such a link may still leave; its link is dead (R-054, RP-11).
func VoidLinks(ctx context.Context, tx Tx, id ID, now time.Time) error {
	return voidLinks(ctx, tx, id, now, PurposePasswordReset, PurposeExpiredPassword, PurposeReactivation,
		PurposeLoginChange, PurposeLoginChangeCancel)
}

// voidLinks makes the account's links for the purposes work no more, if they did.
func voidLinks(ctx context.Context, tx Tx, id ID, now time.Time, purposes ...Purpose) error {
	for _, p := range purposes {
		link, err := linkOf(ctx, tx, id, p)
		if err != nil {
			return err
		}
		if !link.open() {
			continue
		}
		if err := tx.PutLink(ctx, link.voided(now)); err != nil {
			return err
		}
	}
	return nil
}
