package mfa

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ceremony"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// challengeSize is the length of what a key signs, in bytes.
const challengeSize = 32

// KeyEnrolment is the registration of a security key under way. It proves nothing.
type KeyEnrolment struct {
	ID        FactorID
	Options   []byte    // JSON for PublicKeyCredential.parseCreationOptionsFromJSON
	ExpiresAt time.Time // over from then on
}

// KeyAnswer is what the browser gave for a [KeyEnrolment].
type KeyAnswer struct {
	Enrolment FactorID
	Response  []byte // JSON of the credential's toJSON, at most 64 KiB
	Label     string // what its owner calls the key. Defaults to a numbered name.
}

// BeginKey begins to register a security key for the actor, who proved a factor of late
// (R-085, FL-08). An enrolment of a key that was begun before is void. Until it is
// finished, nothing changes for sign-ins (FL-14).
//
// Errors: [ErrNotOffered]; [ErrKeyLimit]; account.ErrActor, account.ErrNotActive,
// account.ErrProofRequired.
func (s *Service) BeginKey(ctx context.Context, by account.Actor) (KeyEnrolment, error) {
	now := s.clock()
	f, err := s.newFactor(account.FactorSecurityKey, now)
	if err != nil {
		return KeyEnrolment{}, err
	}
	if f.Data, err = s.ids.Bytes(challengeSize); err != nil {
		return KeyEnrolment{}, err
	}
	f.ExpiresAt = now.Add(s.policy.Keys.Lifetime)
	out := KeyEnrolment{ID: f.ID, ExpiresAt: f.ExpiresAt}
	err = s.store.Update(ctx, func(tx Tx) error {
		a, fs, err := s.addsKeys(ctx, tx, by, now)
		if err != nil {
			return err
		}
		for _, old := range fs {
			if old.Kind == f.Kind && old.Pending() {
				if err := tx.DeleteFactor(ctx, old); err != nil {
					return err
				}
			}
		}
		f := f
		f.Account = a.ID
		if out.Options, err = s.ceremonies.Register(s.registration(a, fs, f.Data, now)); err != nil {
			return err
		}
		return tx.PutFactor(ctx, f)
	})
	if err != nil {
		return KeyEnrolment{}, err
	}
	return out, nil
}

// FinishKey adds the key that answered to the actor's account, and tells the owner by
// mail. It is asked for at every sign-in from now on. An answer works once,
// whether it is refused or not (RP-17).
//
// Errors: [ErrEnrolmentOver]; [ErrKeyRefused]; [ErrKeyRegistered], also if the key is
// another account's (R-086, FL-20); ErrInvalid naming the label; those of
// [Service.BeginKey].
func (s *Service) FinishKey(ctx context.Context, by account.Actor, answer KeyAnswer) (Enrolled, error) {
	now := s.clock()
	var out Enrolled
	var outcome error // what to answer once the challenge is spent
	err := s.store.Update(ctx, func(tx Tx) error {
		out, outcome = Enrolled{}, nil
		a, fs, err := s.addsKeys(ctx, tx, by, now)
		if err != nil {
			return err
		}
		f, ok := pending(a, fs, answer.Enrolment, account.FactorSecurityKey, now)
		if !ok {
			return ErrEnrolmentOver
		}
		if f.Label, err = labelled("mfa.FinishKey", answer.Label, f.Kind, a.Language); err != nil {
			return err
		}
		key, err := s.ceremonies.Registered(s.registration(a, fs, f.Data, now), answer.Response)
		if err == nil {
			err = unregistered(ctx, tx, key)
		}
		if outcome, err = told(err); outcome != nil {
			return tx.DeleteFactor(ctx, f)
		}
		if err != nil {
			return err
		}
		f.ConfirmedAt, f.ExpiresAt, f.Credential = now, time.Time{}, credential(key.ID)
		if f.Data, err = s.keys.Seal(key.Record, keyPlace(f)); err != nil {
			return err
		}
		if err := guard(ctx, tx, &a); err != nil {
			return err
		}
		out = listed(f)
		return s.added(ctx, tx, by, a, f, now)
	})
	switch {
	case errors.Is(err, fault.ErrExists): // registered in the meantime
		return Enrolled{}, ErrKeyRegistered
	case err != nil:
		return Enrolled{}, err
	}
	return out, outcome
}

// addsKeys returns the actor's account and its factors, if the actor may add a key.
func (s *Service) addsKeys(ctx context.Context, tx Tx, by account.Actor, now time.Time) (account.Account, []Factor, error) {
	if !s.policy.keysOn() {
		return account.Account{}, nil, ErrNotOffered
	}
	a, err := s.changing(ctx, tx, by, now)
	if err != nil {
		return account.Account{}, nil, err
	}
	fs, err := tx.Factors(ctx, a.ID)
	if err != nil {
		return account.Account{}, nil, err
	}
	if len(keysIn(fs, now)) >= s.policy.Keys.MaxKeys {
		return account.Account{}, nil, ErrKeyLimit
	}
	return a, fs, nil
}

// registration is the ceremony that adds a key to an account: the same values at both
// ends.
func (s *Service) registration(a account.Account, fs []Factor, challenge []byte, now time.Time) ceremony.Registration {
	return ceremony.Registration{
		User:         ceremony.User{Handle: []byte(a.ID), Name: a.Login, DisplayName: a.DisplayName()},
		Records:      s.records(keysIn(fs, now)),
		Verification: ceremony.Verification(s.policy.Keys.Verification),
		Discoverable: s.policy.Keys.Passwordless,
		Challenge:    challenge,
	}
}

// records opens the records of keys. One that does not open was moved, changed or sealed
// with a key that is gone, and is as good as none (CR-07).
func (s *Service) records(keys []Factor) [][]byte {
	var out [][]byte
	for _, f := range keys {
		if record, err := s.keys.Open(f.Data, keyPlace(f)); err == nil {
			out = append(out, record)
		}
	}
	return out
}

// keyPlace names the place that a key's record belongs to: sealed for it, it opens
// nowhere else.
func keyPlace(f Factor) string {
	return "key/" + string(f.Account) + "/" + string(f.ID) + "/" + f.Credential
}

// credential is how the identifier of a key is stored.
func credential(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

// keysIn lists the keys among factors that prove something.
func keysIn(fs []Factor, now time.Time) []Factor {
	return slices.DeleteFunc(slices.Clone(fs), func(f Factor) bool { return f.Kind != account.FactorSecurityKey || !f.Alive(now) })
}

// unregistered returns [ErrKeyRegistered] if any account has the key.
func unregistered(ctx context.Context, tx Tx, key ceremony.Key) error {
	_, err := tx.FactorByCredential(ctx, credential(key.ID))
	switch {
	case err == nil:
		return ErrKeyRegistered
	case missing(err):
		return nil
	default:
		return err
	}
}

// told splits an error into what the owner of a key is told, once what it changes is
// committed, and any other, which undoes the unit of work.
func told(err error) (refused, other error) {
	switch {
	case errors.Is(err, ceremony.ErrRefused):
		return ErrKeyRefused.Because(err), nil
	case errors.Is(err, ErrKeyRegistered):
		return ErrKeyRegistered, nil
	default:
		return nil, err
	}
}

// tellCloned records that a copy of a key may exist, and tells its owner.
func (s *Service) tellCloned(ctx context.Context, tx Tx, a account.Account, f Factor, now time.Time) error {
	if err := account.Record(ctx, tx, s.journal, account.System(), "account.key_cloned", a, now); err != nil {
		return err
	}
	return s.tell(ctx, tx, a, notify.MailKeyCloned, f.Label, now)
}
