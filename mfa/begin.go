package mfa

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/address"
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

	// Device is what [Service.TrustDevice] gave this browser. Defaults to none.
	Device string
}

// String hides what was typed (CR-17).
func (Credentials) String() string { return "mfa.Credentials" }

// GoString hides what was typed.
func (Credentials) GoString() string { return "mfa.Credentials" }

// Begin checks address and password and opens a sign-in that asks for the first factor of
// the policy that the account has; if that is the mailbox, it mails a code to the login
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
		return s.start(ctx, a, PurposeSignIn, c.Password, c.Device, now)
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

// undo gives a try back that was not made to its end: the machine was too busy, or the host
// did not answer.
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
		if err != nil && !missing(err) {
			return err
		}
		if missing(err) {
			found = account.Account{ID: decoy} // the same reads and writes as for an account that is there
		}
		wrong, readErr := wrongCodes(ctx, tx, found)
		if readErr != nil {
			return readErr
		}
		worn := wrong.Failures >= s.policy.Factors.WrongCodes // somebody else knows the password, too
		if err != nil || !allowed || worn || found.Status != account.StatusActive || found.Kind != account.KindPerson {
			return account.TouchDecoy(ctx, tx, decoy)
		}
		a = found
		taken, err = account.Try(ctx, tx, a.ID, account.FactorPassword, s.policy.Password, now)
		return err
	})
	return a, taken, err
}

// start gives the try back and opens the sign-in. A code leaves only if the mailbox is
// what is asked for.
func (s *Service) start(ctx context.Context, a account.Account, purpose Purpose, password, device string, now time.Time) (Challenge, error) {
	after := s.rework(ctx, a, password)
	handle, id, err := secret.New(s.ids)
	if err != nil {
		return Challenge{}, err
	}
	code, err := s.code()
	if err != nil {
		return Challenge{}, err
	}
	strongFrom, err := s.strongFrom(ctx, a.ID)
	if err != nil {
		return Challenge{}, errors.Join(err, s.undo(ctx, a.ID, "", true))
	}
	var out Challenge
	err = s.store.Update(ctx, func(tx Tx) error {
		in := SignIn{
			ID: id, Account: a.ID, Stamp: a.Stamp, Purpose: purpose, StrongFrom: strongFrom, CreatedAt: now, ExpiresAt: now.Add(s.policy.SignInLifetime),
		}.Proven(s.keys, account.FactorPassword, "", now)
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
		ways, fs, err := s.ways(ctx, tx, current, in, now)
		if err != nil {
			return err
		}
		in.Asked = first(ways)
		if known := s.trusted(fs, device, current, purpose, now); known != nil && !in.strict(now) {
			in.Asked, known.LastUsedAt = account.FactorTrustedDevice, now
			in = in.Proven(s.keys, account.FactorTrustedDevice, known.ID, now)
			if err := tx.PutFactor(ctx, *known); err != nil {
				return err
			}
		}
		if in.Asked == account.FactorMailCode {
			if in, err = s.send(ctx, tx, current, in, code, now); err != nil {
				return err
			}
		}
		out = s.challenge(handle, current, in, ways)
		return tx.PutSignIn(ctx, in)
	})
	if err != nil {
		return Challenge{}, err
	}
	return out, nil
}
