package mfa

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/account"
)

// recoveryBytes is the length of a recovery code before it is text: 80 bits, above the 64
// of SP 800-63B-4 section 4.2.1.1, in sixteen characters.
const recoveryBytes = 10

// recoveryLength is the length of a recovery code in characters, without spaces.
const recoveryLength = 16

// NewRecoveryCodes makes a fresh set of recovery codes, which replaces the one before
// (RC-23). They are returned here and never again; only keyed codes are stored. Each
// works once. The owner is told by mail.
//
// Errors: [ErrNotOffered]; account.ErrActor, account.ErrNotActive,
// account.ErrProofRequired.
func (s *Service) NewRecoveryCodes(ctx context.Context, by account.Actor) ([]string, error) {
	if s.policy.Factors.Recovery.Codes == 0 || !slices.Contains(s.policy.Factors.Order, account.FactorRecoveryCode) {
		return nil, ErrNotOffered
	}
	now := s.clock()
	f, err := s.newFactor(account.FactorRecoveryCode, now)
	if err != nil {
		return nil, err
	}
	codes := make([]string, s.policy.Factors.Recovery.Codes)
	for i := range codes {
		b, err := s.ids.Bytes(recoveryBytes)
		if err != nil {
			return nil, err
		}
		codes[i] = grouped(base32Text(b), 4)
	}
	f.ConfirmedAt = now
	err = s.store.Update(ctx, func(tx Tx) error {
		a, err := s.changing(ctx, tx, by, now)
		if err != nil {
			return err
		}
		fs, err := tx.Factors(ctx, a.ID)
		if err != nil {
			return err
		}
		if err := guard(ctx, tx, &a); err != nil {
			return err
		}
		for _, old := range fs {
			if old.Kind != f.Kind {
				continue
			}
			if err := tx.DeleteFactor(ctx, old); err != nil {
				return err
			}
		}
		f := f
		f.Account = a.ID
		if f.Label, err = labelled("mfa.NewRecoveryCodes", "", f.Kind, a.Language); err != nil {
			return err
		}
		hashed := make([]string, len(codes))
		for i, c := range codes {
			hashed[i] = s.keys.MAC(recoveryParts(f, canonicalRecovery(c))...)
		}
		if f.Data, err = json.Marshal(hashed); err != nil {
			return err
		}
		return s.added(ctx, tx, by, a, f, now)
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// recoveryParts binds a recovery code to the set and the account that it belongs to.
func recoveryParts(f Factor, code string) []string {
	return []string{"recovery code", string(f.Account), string(f.ID), code}
}

// recoveryCodes returns the keyed codes of a set that were not used.
func recoveryCodes(f Factor) []string {
	var out []string
	if f.Kind != account.FactorRecoveryCode || json.Unmarshal(f.Data, &out) != nil {
		return nil
	}
	return out
}

// canonicalRecovery forgives what people change when they copy a code: case, spaces and
// dashes. It returns "" for what cannot be one.
func canonicalRecovery(code string) string {
	if len(code) > 4*recoveryLength {
		return ""
	}
	code = strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(code)))
	if len(code) != recoveryLength {
		return ""
	}
	return code
}

// ProveRecoveryCode tries one of the account's recovery codes, under the rules of
// [Service.ProveMailCode] and with its errors. A right one is used up (RP-23). Case,
// spaces and dashes do not matter.
func (s *Service) ProveRecoveryCode(ctx context.Context, handle, code string) error {
	code = canonicalRecovery(code)
	return s.prove(ctx, handle, account.FactorRecoveryCode, func(_ context.Context, _ Tx, t *attempt) (bool, error) {
		i := slices.IndexFunc(t.factors, func(f Factor) bool { return f.Kind == account.FactorRecoveryCode && f.Alive(t.now) })
		if i < 0 || code == "" {
			return false, nil
		}
		f := t.factors[i]
		left, right := recoveryCodes(f), false
		left = slices.DeleteFunc(left, func(mac string) bool {
			is := s.keys.Recognises(mac, recoveryParts(f, code)...)
			right = right || is
			return is
		})
		var err error
		f.Data, err = json.Marshal(left)
		t.instance = &f
		return right, err
	})
}
