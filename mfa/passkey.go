package mfa

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ceremony"
	"github.com/habilis-go/habilis/internal/secret"
)

// PasskeyChallenge is a sign-in by a passkey that may begin: it knows no account yet and
// nothing of it is stored. It is the same for everybody (EN-10).
type PasskeyChallenge struct {
	Token     string    // give it back with the answer; it is no secret of anybody
	Options   []byte    // JSON for PublicKeyCredential.parseRequestOptionsFromJSON
	ExpiresAt time.Time // over from then on
}

// PasskeyAnswer is what the browser gave for a [PasskeyChallenge].
type PasskeyAnswer struct {
	Token    string
	Response []byte // JSON of the credential's toJSON, at most 64 KiB
	Source   string // see Credentials.Source
}

// sealPasskey names the place that the token of a [PasskeyChallenge] belongs to.
const sealPasskey = "passkey challenge"

// BeginPasskey begins a sign-in without address and password, if the policy lets
// passkeys sign in alone. Any passkey of the site may answer. The error is [ErrNotOffered].
func (s *Service) BeginPasskey(_ context.Context) (PasskeyChallenge, error) {
	if !s.policy.keysOn() || !s.policy.Keys.Passwordless {
		return PasskeyChallenge{}, ErrNotOffered
	}
	now := s.clock()
	challenge, err := s.ids.Bytes(challengeSize)
	if err != nil {
		return PasskeyChallenge{}, err
	}
	options, err := s.ceremonies.Assert(passkeyAsk(challenge))
	if err != nil {
		return PasskeyChallenge{}, err
	}
	sealed, err := s.keys.Seal(binary.BigEndian.AppendUint64(challenge, uint64(now.UnixMicro())), sealPasskey)
	if err != nil {
		return PasskeyChallenge{}, err
	}
	return PasskeyChallenge{
		Token: base64.RawURLEncoding.EncodeToString(sealed), Options: options, ExpiresAt: now.Add(s.policy.SignInLifetime),
	}, nil
}

// ProvePasskey opens a sign-in that a passkey proved, its PIN or finger included: go on
// with [Service.Finish]. A challenge works once for a key, and none that is older than
// the last that the key answered (RP-16).
//
// Every failure is [ErrKeyRefused]: whether the key is known, and its account may sign in,
// is not told. Failures count for the source alone, so that nobody who merely knows a key's
// identifier keeps its owner out. With the passkeys off, the error is [ErrNotOffered].
func (s *Service) ProvePasskey(ctx context.Context, answer PasskeyAnswer) (Challenge, error) {
	if !s.policy.keysOn() || !s.policy.Keys.Passwordless {
		return Challenge{}, ErrNotOffered
	}
	now := s.clock()
	allowed, settle := s.spend(ctx, answer.Source, now)
	failed := true // if it panics, too
	defer func() { settle(failed) }()
	out, err := s.provePasskey(ctx, answer, allowed, now)
	failed = errors.Is(err, ErrKeyRefused)
	return out, err
}

func (s *Service) provePasskey(ctx context.Context, answer PasskeyAnswer, allowed bool, now time.Time) (Challenge, error) {
	challenge, begun, ok := s.openPasskey(answer.Token, now)
	id, _, err := ceremony.Answerer(answer.Response)
	if err != nil || !ok || !allowed {
		return Challenge{}, ErrKeyRefused
	}
	handle, digest, err := secret.New(s.ids)
	if err != nil {
		return Challenge{}, err
	}
	var out Challenge
	var outcome error // what to answer once a copy of the key is told of
	err = s.store.Update(ctx, func(tx Tx) error {
		out, outcome = Challenge{}, nil
		a, f, err := answering(ctx, tx, credential(id), begun, now)
		if err != nil {
			return err
		}
		ask := passkeyAsk(challenge)
		ask.Handle = []byte(a.ID)
		f, err = s.asserted(ctx, tx, a, []Factor{f}, ask, answer.Response, now)
		if outcome, err = told(err); outcome != nil || err != nil {
			return err
		}
		f.Step, f.LastUsedAt = begun.UnixMicro(), now
		if err := tx.PutFactor(ctx, f); err != nil {
			return err
		}
		in := SignIn{
			ID: digest, Account: a.ID, Stamp: a.Stamp, Purpose: PurposePasskey, Asked: account.FactorSecurityKey,
			CreatedAt: now, ExpiresAt: now.Add(s.policy.SignInLifetime),
		}.Proven(s.keys, account.FactorSecurityKey, f.ID, now)
		out = Challenge{Handle: handle, Factor: in.Asked, ExpiresAt: in.ExpiresAt}
		return tx.PutSignIn(ctx, in)
	})
	if err != nil {
		return Challenge{}, err
	}
	return out, outcome
}

// openPasskey returns the challenge of a token that is not over, and when it was begun.
func (s *Service) openPasskey(token string, now time.Time) ([]byte, time.Time, bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, time.Time{}, false
	}
	plain, err := s.keys.Open(raw, sealPasskey)
	if err != nil || len(plain) != challengeSize+8 {
		return nil, time.Time{}, false
	}
	begun := time.UnixMicro(int64(binary.BigEndian.Uint64(plain[challengeSize:]))).UTC()
	over := now.Before(begun) || !now.Before(begun.Add(s.policy.SignInLifetime))
	return plain[:challengeSize], begun, !over
}

// answering finds the key of an identifier, and its account, if it may answer what was
// begun at that instant; else it returns [ErrKeyRefused].
func answering(ctx context.Context, tx Tx, id string, begun, now time.Time) (account.Account, Factor, error) {
	f, err := tx.FactorByCredential(ctx, id)
	if missing(err) {
		return account.Account{}, Factor{}, ErrKeyRefused
	}
	if err != nil {
		return account.Account{}, Factor{}, err
	}
	if f.Kind != account.FactorSecurityKey || !f.Alive(now) || begun.UnixMicro() <= f.Step {
		return account.Account{}, Factor{}, ErrKeyRefused
	}
	a, err := tx.Account(ctx, f.Account)
	if err != nil {
		return account.Account{}, Factor{}, err
	}
	if a.Status != account.StatusActive || a.Kind != account.KindPerson {
		return account.Account{}, Factor{}, ErrKeyRefused
	}
	return a, f, nil
}

// passkeyAsk is the question that is put to whoever has a passkey.
func passkeyAsk(challenge []byte) ceremony.Ask {
	return ceremony.Ask{Anybody: true, Verification: ceremony.VerificationRequired, Challenge: challenge}
}
