package account

import (
	"context"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// Session is the outcome of a sign-in, for the host to keep in its own session. It
// holds as long as the account's security stamp is the one it carries: signing out
// everywhere, a new password or closing the account end it at once.
type Session struct {
	Account ID
	Stamp   string
	At      time.Time // when the last factor was proven
	Factors []Factor  // what was proven

	// EnrolOnly says that a stronger factor is due first: [Service.Resume] refuses the
	// session, and mfa.Service.Enrolling takes it.
	EnrolOnly bool
}

// Holds reports whether the session is one of an account that is active and still has the
// session's stamp.
func (s Session) Holds(a Account) bool {
	return a.ID == s.Account && a.Status == StatusActive && subtle.ConstantTimeCompare([]byte(a.Stamp), []byte(s.Stamp)) == 1
}

// Fresh reports whether a factor was proven within the last d, so that what is
// sensitive may be done without asking again. A session from the future is not fresh.
func (s Session) Fresh(now time.Time, d time.Duration) bool { return fresh(s.At, now, d) }

// Renewed returns the session with the stamp of the account, which must be the
// session's own: what a host stores, under a fresh cookie, for whoever just changed
// the password in this session. For another account it is the zero Session.
func (s Session) Renewed(a Account) Session {
	if a.ID != s.Account {
		return Session{}
	}
	s.Stamp = a.Stamp
	return s
}

// fresh compares in microseconds, which is what clocks of services and stores tell: a
// host's own time of a moment ago has nanoseconds and would lie in the future.
func fresh(at, now time.Time, d time.Duration) bool {
	at, now = at.Truncate(time.Microsecond), now.Truncate(time.Microsecond)
	return !at.IsZero() && !now.Before(at) && now.Before(at.Add(d))
}

// RequireProof returns nil if the actor proved a factor recently enough for what is
// sensitive under the policy (Policy.FreshProof), else [ErrProofRequired].
func (s *Service) RequireProof(by Actor, now time.Time) error { return s.policy.proven(by, now) }

func (p Policy) proven(by Actor, now time.Time) error {
	if p.FreshProof > 0 && !fresh(by.ProvenAt, now, p.FreshProof) {
		return ErrProofRequired
	}
	return nil
}

// Resume turns a session back into the actor that it stands for, or returns
// [ErrSessionEnded], or [ErrEnrolmentRequired] for one that is good for adding a factor
// alone. Call it on every request; it is one read.
func (s *Service) Resume(ctx context.Context, held Session) (Actor, error) {
	_, err := s.Current(ctx, held)
	if err != nil {
		return Actor{}, err
	}
	by := Person(held.Account)
	by.ProvenAt = held.At
	return by, nil
}

// Current is [Service.Resume] for hosts that also show whose session it is.
func (s *Service) Current(ctx context.Context, held Session) (Account, error) {
	if !ids.Valid(held.Account) {
		return Account{}, ErrSessionEnded
	}
	var a Account
	err := s.store.View(ctx, func(tx Tx) (err error) {
		a, err = tx.Account(ctx, held.Account)
		return err
	})
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return Account{}, ErrSessionEnded
	case err != nil:
		return Account{}, err
	case !held.Holds(a):
		return Account{}, ErrSessionEnded
	case held.EnrolOnly:
		return Account{}, ErrEnrolmentRequired
	default:
		return a, nil
	}
}

// SignOutEverywhere ends every session and every sign-in under way of the actor, by
// giving the account a new security stamp, and tells the owner by mail.
func (s *Service) SignOutEverywhere(ctx context.Context, by Actor) error {
	now := s.clock()
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		a.Stamp = stamp
		if err := s.put(ctx, tx, by, "account.signed_out_everywhere", &a, now); err != nil {
			return err
		}
		return s.journal.Enqueue(ctx, tx, now, notify.Mail{
			Key: "signed_out/" + notify.Digest(a.Salt, stamp), Template: notify.MailSignedOutEverywhere,
			To: a.Login, Account: a.ID, Language: a.Language,
			Values: notify.Values{"Name": a.DisplayName(), "At": now.Format(time.RFC3339)},
		})
	})
}
