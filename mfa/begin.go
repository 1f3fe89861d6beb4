package mfa

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
)

// Credentials are what somebody types to sign in. They print as nothing.
type Credentials struct {
	Login    string
	Password string

	// Source is whom the tries are counted against besides the account: usually
	// [SourceOf] the address of the connection. Take it from a header only if a proxy
	// of your own wrote it (BF-05). Defaults to none, which is not counted.
	Source string
}

// String hides what was typed (CR-17).
func (Credentials) String() string { return "mfa.Credentials" }

// GoString hides what was typed.
func (Credentials) GoString() string { return "mfa.Credentials" }

// Challenge is what stands between a right password and a session: prove a factor,
// then finish. The handle is a secret of whoever signs in; keep it in the session
// of the browser and nowhere else.
type Challenge struct {
	Handle      string
	Factor      account.Factor // the factor that is asked for
	Hint        string         // where the code went, masked: "j•••@ccas.example"
	CodeDigits  int
	ResendAfter time.Time // another code may be asked for from then on
	ExpiresAt   time.Time // the sign-in is over from then on
}

// Begin checks address and password, opens a sign-in and mails a code to the login
// address. Every failure is [account.ErrInvalidCredentials], and the
// same work is done for an address without an account: whether there is one, or it
// waits for its activation, is closed or locked, or the source has used up its budget,
// is not told (EN-01, EN-02, EN-13).
//
// A wrong password is counted before it is checked; what it costs is the policy's
// throttle. The owner gets a mail when the throttle begins to delay. A hash of another
// cost than new ones have is replaced on the way, which takes one hash more. A password
// that nobody could choose today still signs in, and must be replaced after the last
// factor; see Options.Accounts.
func (s *Service) Begin(ctx context.Context, c Credentials) (Challenge, error) {
	now := s.clock()
	allowed, settle := s.spend(ctx, c.Source, now)
	failed := true // if it panics, too
	defer func() { settle(failed) }()
	out, err := s.begin(ctx, c, allowed, now)
	failed = errors.Is(err, account.ErrInvalidCredentials)
	return out, err
}

func (s *Service) begin(ctx context.Context, c Credentials, allowed bool, now time.Time) (Challenge, error) {
	decoy, err := account.Decoy(s.ids)
	if err != nil {
		return Challenge{}, err
	}
	a, taken, err := s.take(ctx, c.Login, decoy, allowed, now)
	if err != nil {
		return Challenge{}, err
	}
	right, err := s.check(ctx, c.Password, a, taken)
	switch {
	case errors.Is(err, account.ErrBusy):
		return Challenge{}, errors.Join(err, s.undo(ctx, a.ID, decoy, taken))
	case err != nil:
		return Challenge{}, err
	case right:
		return s.start(ctx, a, c.Password, now)
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		if !taken {
			return account.RefuseDecoy(ctx, tx, decoy)
		}
		return account.Refuse(ctx, tx, s.journal, account.Anonymous(), "account.sign_in_failed", a.ID, account.FactorPassword, s.policy.Password, now)
	})
	if err != nil {
		return Challenge{}, err
	}
	return Challenge{}, account.ErrInvalidCredentials
}

// undo gives a try back that the machine was too busy to make.
func (s *Service) undo(ctx context.Context, id, decoy account.ID, taken bool) error {
	return s.store.Update(ctx, func(tx Tx) error {
		if !taken {
			return account.TouchDecoy(ctx, tx, decoy)
		}
		return account.Undo(ctx, tx, id, account.FactorPassword, s.policy.Password)
	})
}

// check compares a password with that of the account, or with nothing if no try was
// taken. Call it outside any unit: it takes its time, in either case.
func (s *Service) check(ctx context.Context, password string, a account.Account, taken bool) (bool, error) {
	stored := ""
	if taken {
		stored = a.Credentials.Password
	}
	return s.hasher.Check(ctx, password, stored)
}

// take finds the account and takes one try from its budget. It reports false if
// there is nothing to check the password against, and does the same work then.
func (s *Service) take(ctx context.Context, login string, decoy account.ID, allowed bool, now time.Time) (a account.Account, taken bool, err error) {
	canonical, err := address.Parse(login)
	if err != nil {
		canonical = "" // no account has such an address: go on as for an unknown one
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		a, taken = account.Account{}, false
		found, err := tx.AccountByLogin(ctx, canonical)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return err
		}
		if err != nil || !allowed || found.Status != account.StatusActive || found.Kind != account.KindPerson {
			return account.TouchDecoy(ctx, tx, decoy)
		}
		a = found
		taken, err = account.Try(ctx, tx, a.ID, account.FactorPassword, s.policy.Password, now)
		return err
	})
	return a, taken, err
}

// start gives the try back and opens the sign-in with a first code.
func (s *Service) start(ctx context.Context, a account.Account, password string, now time.Time) (Challenge, error) {
	after := s.rework(ctx, a, password)
	handle, id, err := secret.New(s.ids)
	if err != nil {
		return Challenge{}, err
	}
	code, err := s.code()
	if err != nil {
		return Challenge{}, err
	}
	in := SignIn{
		ID: id, Account: a.ID, Stamp: a.Stamp, CreatedAt: now, ExpiresAt: now.Add(s.policy.SignInLifetime),
		Purpose: PurposeSignIn, Asked: account.FactorMailCode,
	}.Sent(s.mac(id, code), s.policy, now).Proven(s.keys, account.FactorPassword, "", now)
	err = s.store.Update(ctx, func(tx Tx) error {
		current, err := tx.Account(ctx, a.ID)
		if err != nil {
			return err
		}
		if in.Alive(current, s.policy, now) != nil {
			return account.ErrInvalidCredentials // it closed, or has another password and stamp, since the hash was computed
		}
		if err := s.apply(ctx, tx, current, after, now); err != nil {
			return err
		}
		if err := account.GiveBack(ctx, tx, a.ID, account.FactorPassword); err != nil {
			return err
		}
		if err := tx.PutSignIn(ctx, in); err != nil {
			return err
		}
		return s.mailCode(ctx, tx, current, in, code, now)
	})
	if err != nil {
		return Challenge{}, err
	}
	return s.challenge(handle, a, in), nil
}

func (s *Service) challenge(handle string, a account.Account, in SignIn) Challenge {
	return Challenge{
		Handle: handle, Factor: account.FactorMailCode, Hint: masked(a.Login), CodeDigits: s.policy.CodeDigits,
		ResendAfter: in.CodeSentAt.Add(s.policy.CodePause), ExpiresAt: in.ExpiresAt,
	}
}

// masked shows enough of an address for its owner to know which mailbox to open.
func masked(login string) string {
	local, domain, _ := strings.Cut(login, "@")
	return local[:1] + "•••@" + domain
}
