package account

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
)

// issue replaces the account's link for a purpose by a fresh one, so that the older
// one is void (RP-10), and returns the secret. It returns "" and writes nothing if the
// last one is younger than the policy's pause.
func (s *Service) issue(ctx context.Context, tx Tx, a Account, p Purpose, until, now time.Time) (string, Link, error) {
	link, err := tx.Link(ctx, a.ID, p)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		link = Link{Account: a.ID, Purpose: p}
	case err != nil:
		return "", Link{}, err
	case now.Before(link.CreatedAt.Add(s.policy.MailPause)):
		return "", Link{}, nil
	}
	text, digest, err := secret.New(s.ids)
	if err != nil {
		return "", Link{}, err
	}
	link.Digest, link.Address = digest, a.Login
	link.CreatedAt, link.ExpiresAt, link.UsedAt = now, until, time.Time{}
	return text, link, tx.PutLink(ctx, link)
}

// VoidLinks ends every open link by which somebody could take the account over after
// its password changed: those to a new password, and a login change under way. The link
// by which the owner of an old address undoes a change stays. A mail that waits with
// such a link may still leave; its link is dead (R-054, RP-11).
func VoidLinks(ctx context.Context, tx Tx, id ID, now time.Time) error {
	return voidLinks(ctx, tx, id, now, PurposePasswordReset, PurposeExpiredPassword, PurposeReactivation,
		PurposeLoginChange, PurposeLoginChangeCancel)
}
