package mfa

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
)

// Challenge is what stands between a right password and a session: prove a factor,
// then finish. The handle is a secret of whoever signs in; keep it in the session
// of the browser and nowhere else.
type Challenge struct {
	Handle      string
	Factor      account.Factor // the factor that is asked for; FactorTrustedDevice asks for nothing: go on to [Service.Finish]
	Hint        string         // where a code by mail went, masked: "j•••@ccas.example"
	CodeDigits  int            // digits of the code that is asked for; 0 where it is something else
	ResendAfter time.Time      // another code by mail may be asked for from then on; zero where none was sent
	ExpiresAt   time.Time      // the sign-in is over from then on
	Ways        []Way          // every way of the policy, the one that is asked for among them
}

// Alternatives lists the other ways to prove the second factor, those that are refused
// with the reason. [Service.Switch] takes one of them.
func (c Challenge) Alternatives() []Way {
	return slices.DeleteFunc(slices.Clone(c.Ways), func(w Way) bool { return w.Factor == c.Factor })
}

// applicationDigits is how many digits a code of an application has.
const applicationDigits = 6

func (s *Service) challenge(handle string, a account.Account, in SignIn, ways []Way) Challenge {
	c := Challenge{Handle: handle, Factor: in.Asked, ExpiresAt: in.ExpiresAt, Ways: ways}
	switch in.Asked {
	case account.FactorMailCode:
		c.Hint, c.CodeDigits = masked(a.Login), s.policy.CodeDigits
		c.ResendAfter = in.CodeSentAt.Add(s.policy.CodePause)
	case account.FactorAuthenticator:
		c.CodeDigits = applicationDigits
	default:
	}
	return c
}

// masked shows enough of an address for its owner to know which mailbox to open.
func masked(login string) string {
	local, domain, _ := strings.Cut(login, "@")
	return local[:1] + "•••@" + domain
}

// Challenge returns what a sign-in still waits for, so that a page can be shown
// again. The error is [ErrSignInOver].
func (s *Service) Challenge(ctx context.Context, handle string) (Challenge, error) {
	now := s.clock()
	var out Challenge
	err := s.store.View(ctx, func(tx Tx) error {
		a, in, err := s.load(ctx, tx, handle, now)
		if err != nil {
			return err
		}
		ways, _, err := s.ways(ctx, tx, a, now)
		out = s.challenge(handle, a, in, ways)
		return err
	})
	return out, err
}

// Switch asks for another factor in the same sign-in. It proves nothing,
// and no count of tries begins anew (FL-03, BF-08). Choosing the mailbox mails a code,
// unless the one that was sent still works. Errors: [ErrSignInOver]; [ErrWayRefused] for
// a factor that [Challenge.Ways] refuses (FL-04, FL-05); [ErrTooSoon].
func (s *Service) Switch(ctx context.Context, handle string, to account.Factor) (Challenge, error) {
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
		ways, _, err := s.ways(ctx, tx, a, now)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(ways, func(w Way) bool { return w.Factor == to && w.Refused == "" }); i < 0 {
			return ErrWayRefused
		}
		in.Asked, in.Ceremony = to, nil
		if to == account.FactorMailCode && (in.CodeMAC == "" || !now.Before(in.CodeExpiresAt)) {
			if in, err = s.send(ctx, tx, a, in, code, now); err != nil {
				return err
			}
		}
		out = s.challenge(handle, a, in, ways)
		return tx.PutSignIn(ctx, in)
	})
	return out, err
}

// ways loads what could prove the second factor of an account.
func (s *Service) ways(ctx context.Context, tx Tx, a account.Account, now time.Time) ([]Way, []Factor, error) {
	fs, err := tx.Factors(ctx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	locked := map[account.Factor]bool{}
	for _, w := range s.policy.ways(a, fs, func(account.Factor) bool { return false }, now) {
		if w.Refused != "" {
			continue
		}
		c, err := account.Counter(ctx, tx, a.ID, w.Factor)
		if err != nil {
			return nil, nil, err
		}
		locked[w.Factor] = now.Before(c.LockedUntil)
	}
	return s.policy.ways(a, fs, func(f account.Factor) bool { return locked[f] }, now), fs, nil
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
