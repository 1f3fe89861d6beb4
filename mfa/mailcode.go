package mfa

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// code draws a mail code; every value is equally likely.
func (s *Service) code() (string, error) {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(s.policy.CodeDigits)), nil)
	n, err := rand.Int(s.ids.Reader(), limit)
	if err != nil {
		return "", fmt.Errorf("reading random bytes: %w", err)
	}
	return fmt.Sprintf("%0*d", s.policy.CodeDigits, n), nil
}

// mac binds a code to this purpose and this sign-in (RP-07). Only the MAC is
// stored: a copy of the database does not help to find the code (CR-03).
func (s *Service) mac(signIn, code string) string {
	return s.keys.MAC("sign-in mail code", signIn, code)
}

func (s *Service) mailCode(ctx context.Context, tx Tx, a account.Account, in SignIn, code string, now time.Time) error {
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key: "code/" + in.ID + "/" + in.CodeSentAt.Format(time.RFC3339Nano), Template: notify.MailSignInCode,
		To: a.Login, Account: a.ID, Language: a.Language, ExpiresAt: in.CodeExpiresAt,
		Values: notify.Values{"Name": a.DisplayName(), "Code": code, "Until": in.CodeExpiresAt.Format(time.RFC3339)},
	})
}

// Resend mails another code for a sign-in; the one before is void, the count of
// failed tries stays (R-069, BF-07). Errors: [ErrSignInOver], [ErrTooSoon].
func (s *Service) Resend(ctx context.Context, handle string) (Challenge, error) {
	now := s.clock()
	code, err := s.code()
	if err != nil {
		return Challenge{}, err
	}
	var out Challenge
	err = s.store.Update(ctx, func(tx Tx) error {
		a, in, err := s.load(ctx, tx, handle, now)
		if err != nil {
			return err
		}
		if now.Before(in.CodeSentAt.Add(s.policy.CodePause)) {
			return ErrTooSoon
		}
		in = in.Sent(s.mac(in.ID, code), s.policy, now)
		if err := tx.PutSignIn(ctx, in); err != nil {
			return err
		}
		out = s.challenge(handle, a, in)
		return s.mailCode(ctx, tx, a, in, code, now)
	})
	return out, err
}

// Challenge returns what a sign-in still waits for, so that a page can be shown
// again. The error is [ErrSignInOver].
func (s *Service) Challenge(ctx context.Context, handle string) (Challenge, error) {
	now := s.clock()
	var out Challenge
	err := s.store.View(ctx, func(tx Tx) error {
		a, in, err := s.load(ctx, tx, handle, now)
		if err == nil {
			out = s.challenge(handle, a, in)
		}
		return err
	})
	return out, err
}

// ProveMailCode tries a code. Each try counts before it is checked, in this sign-in
// and for the account; a right one gives the account's count back. White space
// around the code is forgiven, nothing else is.
//
// Errors: [ErrWrongCode]; [ErrSignInOver] once the tries of this sign-in are used
// up or the account's throttle delays, which also ends this sign-in (BF-10).
func (s *Service) ProveMailCode(ctx context.Context, handle, code string) error {
	now := s.clock()
	code = strings.TrimSpace(code)
	var outcome error // what to answer once the count is committed
	err := s.store.Update(ctx, func(tx Tx) error {
		a, in, err := s.load(ctx, tx, handle, now)
		if err != nil {
			return err
		}
		counter, err := account.Counter(ctx, tx, a.ID, account.FactorMailCode)
		if err != nil {
			return err
		}
		taken, err := counter.Take(s.policy.MailCode, now)
		if err != nil {
			outcome = ErrSignInOver
			return tx.DeleteSignIn(ctx, in)
		}
		right := len(code) == s.policy.CodeDigits && s.keys.Recognises(in.CodeMAC, "sign-in mail code", in.ID, code)
		in, outcome = in.Tried(right, now)
		if outcome == nil {
			in = in.Proven(s.keys, account.FactorMailCode, "", now)
			taken = counter.Cleared()
		} else if err := account.Record(ctx, tx, s.journal, account.Anonymous(), "account.code_failed", a, now); err != nil {
			return err
		}
		if taken != counter { // check and count are one unit: what changes nothing is not written
			if err := tx.PutThrottle(ctx, taken); err != nil {
				return err
			}
		}
		return tx.PutSignIn(ctx, in)
	})
	if err != nil {
		return err
	}
	return outcome
}

// Finish ends a sign-in whose factors are proven and yields the session. It works
// once. Errors: [ErrSecondFactorRequired]; [ErrSignInOver];
// [account.ErrPasswordExpired] if a new password is due first, with which the sign-in
// stays open for [Service.Renew].
func (s *Service) Finish(ctx context.Context, handle string) (account.Session, error) {
	now := s.clock()
	var out account.Session
	err := s.store.Update(ctx, func(tx Tx) error {
		a, in, err := s.load(ctx, tx, handle, now)
		if err != nil {
			return err
		}
		proofs := in.Holding(s.keys)
		if !sufficient(in.Purpose, proofs) {
			return ErrSecondFactorRequired
		}
		if s.due(a, now) {
			return account.ErrPasswordExpired
		}
		if err := tx.DeleteSignIn(ctx, in); err != nil {
			return err
		}
		if proves(proofs, account.FactorMailCode) {
			a = a.Delivered() // the code arrived
		}
		a.LastSignInAt = now
		out = account.Session{Account: a.ID, Stamp: a.Stamp, At: proofs[len(proofs)-1].At, Factors: kinds(proofs)}
		return account.Put(ctx, tx, s.journal, account.Person(a.ID), "account.signed_in", &a, now)
	})
	if err != nil {
		return account.Session{}, err
	}
	return out, nil
}

// load finds the sign-in that a handle belongs to, if it may still go on.
func (s *Service) load(ctx context.Context, tx Tx, handle string, now time.Time) (account.Account, SignIn, error) {
	id := secret.Digest(handle)
	if id == "" {
		return account.Account{}, SignIn{}, ErrSignInOver
	}
	in, err := tx.SignIn(ctx, id)
	if errors.Is(err, fault.ErrNotFound) {
		return account.Account{}, SignIn{}, ErrSignInOver
	}
	if err != nil {
		return account.Account{}, SignIn{}, err
	}
	a, err := tx.Account(ctx, in.Account)
	if err != nil {
		return account.Account{}, SignIn{}, err
	}
	return a, in, in.Alive(a, s.policy, now)
}

// PurgeExpired removes sign-ins that were never finished, a batch at a time, and
// returns how many. habilis.Run calls it.
func (s *Service) PurgeExpired(ctx context.Context) (int, error) {
	const batch = 500
	now, total := s.clock(), 0
	for {
		n := 0
		err := s.store.Update(ctx, func(tx Tx) error {
			over, err := tx.ExpiredSignIns(ctx, now, batch)
			if err != nil {
				return err
			}
			for _, in := range over {
				if err := tx.DeleteSignIn(ctx, in); err != nil {
					return err
				}
			}
			n = len(over)
			return nil
		})
		total += n
		if err != nil || n < batch {
			return total, err
		}
	}
}
