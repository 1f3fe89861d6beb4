package mfa

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/secret"
)

// Renew ends a sign-in that [Service.Finish] refused with
// [account.ErrPasswordExpired]: instead of a session it yields the right to set a new
// password, by account.Service.ReplaceExpired, as long as the sign-in would have lived.
// It works once.
//
// Errors: [ErrSecondFactorRequired]; [ErrSignInOver], also if no new password is due.
func (s *Service) Renew(ctx context.Context, handle string) (account.Renewal, error) {
	now := s.clock()
	token, digest, err := secret.New(s.ids)
	if err != nil {
		return account.Renewal{}, err
	}
	out := account.Renewal{Token: token}
	err = s.store.Update(ctx, func(tx Tx) error {
		a, in, err := s.load(ctx, tx, handle, now)
		switch {
		case err != nil:
			return err
		case in.MailCodeAt.IsZero():
			return ErrSecondFactorRequired
		case !a.Credentials.Expired:
			return ErrSignInOver
		}
		if err := tx.DeleteSignIn(ctx, in); err != nil {
			return err
		}
		out.Until = in.ExpiresAt
		return account.PutRenewal(ctx, tx, a, digest, in.ExpiresAt, now)
	})
	if err != nil {
		return account.Renewal{}, err
	}
	return out, nil
}
