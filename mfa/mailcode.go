package mfa

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
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

// send puts a fresh code into a sign-in and mails it. The error is [ErrTooSoon].
func (s *Service) send(ctx context.Context, tx Tx, a account.Account, in SignIn, code string, now time.Time) (SignIn, error) {
	if !in.CodeSentAt.IsZero() && now.Before(in.CodeSentAt.Add(s.policy.CodePause)) {
		return in, ErrTooSoon
	}
	in = in.Sent(s.mac(in.ID, code), s.policy, now)
	return in, s.mailCode(ctx, tx, a, in, code, now)
}

// Resend mails another code for a sign-in that asks for one; the one before is void, the
// count of failed tries stays (R-069, BF-07). Errors: [ErrSignInOver], [ErrTooSoon],
// [ErrNotAsked], [ErrWayRefused].
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
		if in.Asked != account.FactorMailCode {
			return ErrNotAsked
		}
		ways, _, err := s.ways(ctx, tx, a, in, now)
		if err != nil {
			return err
		}
		if err := open(ways, in.Asked); err != nil {
			return err
		}
		if in, err = s.send(ctx, tx, a, in, code, now); err != nil {
			return err
		}
		out = s.challenge(handle, a, in, ways)
		return tx.PutSignIn(ctx, in)
	})
	return out, err
}

// ProveMailCode tries a code that was mailed. Each try counts before it is checked, in
// this sign-in and for the account; a right one gives the account's count back. White
// space around the code is forgiven, nothing else is.
//
// Errors: [ErrWrongCode]; [ErrNotAsked] and [ErrWayRefused], which count nothing;
// [ErrSignInOver] once the tries of this sign-in are used up, or the account's throttle
// delays or has delayed since it began, which also ends this sign-in (BF-10).
func (s *Service) ProveMailCode(ctx context.Context, handle, code string) error {
	code = strings.TrimSpace(code)
	return s.prove(ctx, handle, account.FactorMailCode, func(_ context.Context, _ Tx, t *attempt) (bool, error) {
		in := t.in
		right := len(code) == s.policy.CodeDigits && s.keys.Recognises(in.CodeMAC, "sign-in mail code", in.ID, code)
		if !t.now.Before(in.CodeExpiresAt) {
			t.in.CodeMAC = "" // over for good, wherever the clock goes (LC-23)
			return false, nil
		}
		if !right || in.CodeMAC == "" {
			return false, nil
		}
		t.in.CodeMAC = "" // it works once
		return true, nil
	})
}
