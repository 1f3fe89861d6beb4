package mfa

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// Credentials are what somebody types to sign in.
type Credentials struct {
	Login    string
	Password string
}

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

// maxPassword bounds what is hashed; nothing longer can be anybody's password.
const maxPassword = 1024

// Begin checks address and password, opens a sign-in and mails a code to the login
// address. Every failure is [account.ErrInvalidCredentials], and the
// same work is done for an address without an account: whether there is one, or it
// waits for its activation, is closed or locked, is not told (EN-01, EN-13).
//
// A wrong password is counted before it is checked; what it costs is the policy's
// throttle. The owner gets a mail when the throttle begins to delay.
func (s *Service) Begin(ctx context.Context, c Credentials) (Challenge, error) {
	now := s.clock()
	a, taken, err := s.take(ctx, c.Login, now)
	if err != nil {
		return Challenge{}, err
	}
	stored := ""
	if taken {
		stored = a.Credentials.Password
	}
	password := c.Password
	if len(password) > maxPassword {
		password, stored = "", ""
	}
	right, err := s.hasher.Check(ctx, password, stored) // outside any unit: it takes its time
	switch {
	case err != nil:
		return Challenge{}, err
	case !right:
		return Challenge{}, s.refuse(ctx, a, taken, now)
	default:
		return s.start(ctx, a, now)
	}
}

// take finds the account and takes one try from its budget. It reports false if
// there is nothing to check the password against.
func (s *Service) take(ctx context.Context, login string, now time.Time) (a account.Account, taken bool, err error) {
	canonical, err := address.Parse(login)
	if err != nil {
		return account.Account{}, false, nil //nolint:nilerr // no account has such an address: go on as for an unknown one
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		a, taken = account.Account{}, false
		found, err := tx.AccountByLogin(ctx, canonical)
		if errors.Is(err, fault.ErrNotFound) || err == nil && (found.Status != account.StatusActive || found.Kind != account.KindPerson) {
			return nil
		}
		if err != nil {
			return err
		}
		a = found
		counter, err := account.Counter(ctx, tx, a.ID, account.FactorPassword)
		if err != nil {
			return err
		}
		counter, err = counter.Take(s.policy.Password, now)
		if errors.Is(err, account.ErrThrottled) {
			return nil
		}
		taken = true
		return tx.PutThrottle(ctx, counter)
	})
	return a, taken, err
}

// refuse records a wrong password and, when the throttle begins to delay, tells the
// owner.
func (s *Service) refuse(ctx context.Context, a account.Account, taken bool, now time.Time) error {
	if !taken {
		return account.ErrInvalidCredentials
	}
	err := s.store.Update(ctx, func(tx Tx) error {
		current, err := tx.Account(ctx, a.ID)
		if err != nil {
			return err
		}
		if err := account.Record(ctx, tx, s.journal, account.Anonymous(), "account.sign_in_failed", current, now); err != nil {
			return err
		}
		counter, err := account.Counter(ctx, tx, a.ID, account.FactorPassword)
		if err != nil || counter.Failures != s.policy.Password.Free {
			return err
		}
		return s.journal.Enqueue(ctx, tx, now, notify.Mail{
			Key:      "locked/" + string(a.ID) + "/" + strconv.FormatInt(counter.LockedUntil.Unix(), 10),
			Template: notify.MailAccountLocked, To: current.Login, Account: a.ID, Language: current.Language,
			Values: notify.Values{"Name": current.DisplayName(), "Until": counter.LockedUntil.Format(time.RFC3339)},
		})
	})
	if err != nil {
		return err
	}
	return account.ErrInvalidCredentials
}

// start gives the try back and opens the sign-in with a first code.
func (s *Service) start(ctx context.Context, a account.Account, now time.Time) (Challenge, error) {
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
	}.Sent(s.mac(id, code), s.policy, now)
	err = s.store.Update(ctx, func(tx Tx) error {
		current, err := tx.Account(ctx, a.ID)
		if err != nil {
			return err
		}
		if in.Alive(current, s.policy, now) != nil || current.Credentials.Password != a.Credentials.Password {
			return account.ErrInvalidCredentials // it changed while the hash was computed
		}
		counter, err := account.Counter(ctx, tx, a.ID, account.FactorPassword)
		if err != nil {
			return err
		}
		if err := tx.PutThrottle(ctx, counter.Cleared()); err != nil {
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
