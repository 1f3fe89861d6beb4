package mfa

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ceremony"
)

// BeginKeySignIn returns what the page of a [Challenge] for a security key gives to the
// browser's PublicKeyCredential.parseRequestOptionsFromJSON, as JSON. What was begun
// before in this sign-in is void.
//
// Errors: [ErrNotAsked]; [ErrWayRefused]; [ErrSignInOver].
func (s *Service) BeginKeySignIn(ctx context.Context, handle string) ([]byte, error) {
	now := s.clock()
	challenge, err := s.ids.Bytes(challengeSize)
	if err != nil {
		return nil, err
	}
	var options []byte
	err = s.store.Update(ctx, func(tx Tx) error {
		_, in, err := s.load(ctx, tx, handle, now)
		if err != nil {
			return err
		}
		if in.Asked != account.FactorSecurityKey {
			return ErrNotAsked
		}
		fs, err := tx.Factors(ctx, in.Account)
		if err != nil {
			return err
		}
		in.Ceremony = challenge
		ask := s.ask(in, s.records(keysIn(fs, now)))
		if len(ask.Records) == 0 || !s.policy.keysOn() {
			return ErrWayRefused
		}
		if options, err = s.ceremonies.Assert(ask); err != nil {
			return err
		}
		return tx.PutSignIn(ctx, in)
	})
	if err != nil {
		return nil, err
	}
	return options, nil
}

// ProveKey tries the answer of a security key: the JSON of what the browser's
// credential.toJSON gave for the options of [Service.BeginKeySignIn], at most 64 KiB.
// Each try counts before it is checked, in this sign-in and for the account, and ends
// what was begun (RP-16). A key whose counter did not rise is treated as the policy
// says, and its owner is told (R-089, RP-18).
//
// Errors: [ErrKeyRefused]; [ErrNotAsked] and [ErrWayRefused], which count nothing;
// [ErrSignInOver] once the tries of this sign-in are used up, or the account's throttle
// delays or has delayed since it began, which also ends this sign-in.
func (s *Service) ProveKey(ctx context.Context, handle string, response []byte) error {
	var refused error
	err := s.prove(ctx, handle, account.FactorSecurityKey, func(ctx context.Context, tx Tx, t *attempt) (bool, error) {
		f, err := s.asserted(ctx, tx, t.account, keysIn(t.factors, t.now), s.ask(t.in, nil), response, t.now)
		t.in.Ceremony, t.instance = nil, &f
		refused, err = told(err)
		return refused == nil && err == nil, err
	})
	if errors.Is(err, ErrWrongCode) {
		return refused
	}
	return err
}

// ask is the question that a sign-in puts to the keys of its account.
func (s *Service) ask(in SignIn, records [][]byte) ceremony.Ask {
	return ceremony.Ask{
		Handle: []byte(in.Account), Records: records,
		Verification: ceremony.Verification(s.policy.Keys.Verification), Challenge: in.Ceremony,
	}
}

// asserted checks an answer against the keys of an account and returns the one that gave
// it, with what is known of it now, to be stored. If it may be a copy, the owner is told.
func (s *Service) asserted(
	ctx context.Context, tx Tx, a account.Account, keys []Factor, ask ceremony.Ask, response []byte, now time.Time,
) (Factor, error) {
	ask.Records = s.records(keys)
	if len(ask.Challenge) == 0 || len(ask.Records) == 0 || !s.policy.keysOn() {
		return Factor{}, ceremony.ErrRefused // nothing was asked, or all of it is answered
	}
	got, err := s.ceremonies.Asserted(ask, response)
	if err != nil {
		return Factor{}, err
	}
	for _, f := range keys {
		if f.Credential != credential(got.ID) {
			continue
		}
		if got.Cloned {
			if err := s.tellCloned(ctx, tx, a, f, now); err != nil {
				return Factor{}, err
			}
			if s.policy.Keys.Clones == ClonesRefused {
				return Factor{}, errors.Join(ceremony.ErrRefused, errCopied)
			}
		}
		f.Data, err = s.keys.Seal(got.Record, keyPlace(f))
		return f, err
	}
	return Factor{}, ceremony.ErrRefused
}

var errCopied = errors.New("the counter of the key did not rise")
