package mfa

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/secret"
)

// Device is a browser that is remembered. Token is a secret for a cookie of that browser;
// give it back in [Credentials.Device].
type Device struct {
	Token string
	Until time.Time // dead from this instant on
}

// TrustDevice remembers the browser of somebody who just proved every factor, so that the
// password alone signs in there until the policy's time is over. A new password, signing
// out everywhere and [Service.RemoveFactor] end it at once. It never makes a proof fresh:
// [Service.StepUp] asks for the second factor all the same.
//
// Errors: [ErrNotOffered]; account.ErrActor, account.ErrNotActive,
// account.ErrProofRequired; ErrInvalid naming the label.
func (s *Service) TrustDevice(ctx context.Context, by account.Actor, label string) (Device, error) {
	if s.policy.Factors.TrustedDevice == 0 {
		return Device{}, ErrNotOffered
	}
	now := s.clock()
	token, digest, err := secret.New(s.ids)
	if err != nil {
		return Device{}, err
	}
	f, err := s.newFactor(account.FactorTrustedDevice, now)
	if err != nil {
		return Device{}, err
	}
	f.ConfirmedAt, f.ExpiresAt, f.Credential = now, now.Add(s.policy.Factors.TrustedDevice), digest
	err = s.store.Update(ctx, func(tx Tx) error {
		a, err := s.changing(ctx, tx, by, now)
		if err != nil {
			return err
		}
		f := f
		if f.Label, err = labelled("mfa.TrustDevice", label, f.Kind, a.Language); err != nil {
			return err
		}
		f.Account, f.Data = a.ID, []byte(a.Stamp)
		return s.added(ctx, tx, by, a, f, now)
	})
	return Device{Token: token, Until: f.ExpiresAt}, err
}

// trusted returns the factor of a device that a sign-in comes from, nil if it is none
// that may stand for a second factor.
func (s *Service) trusted(fs []Factor, token string, a account.Account, purpose Purpose, now time.Time) *Factor {
	digest := secret.Digest(token)
	if digest == "" || purpose != PurposeSignIn || s.policy.Factors.TrustedDevice == 0 {
		return nil
	}
	i := slices.IndexFunc(fs, func(f Factor) bool {
		return f.Kind == account.FactorTrustedDevice && f.Credential == digest && f.Alive(now) &&
			subtle.ConstantTimeCompare(f.Data, []byte(a.Stamp)) == 1
	})
	if i < 0 {
		return nil
	}
	return &fs[i]
}
