package mfa

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// attempt is one try of a factor in a sign-in, for the function that checks it.
type attempt struct {
	account account.Account
	in      SignIn
	factors []Factor // of the account
	now     time.Time

	// What the check sets when it was right.
	instance *Factor // with what changed in it; nil for the mailbox
}

// prove tries a factor: it takes the try from every budget, lets check look at the proof,
// and writes the proof if it is right (FL-17: if check fails otherwise, the unit is lost
// and nothing is proven). It is the only place that adds a proof to a sign-in.
//
// Errors: [ErrWrongCode]; [ErrNotAsked]; [ErrWayRefused]; [ErrSignInOver], also once the
// tries are used up or the account's throttle delays, or has delayed since the sign-in
// began, which ends this sign-in (BF-10).
func (s *Service) prove(ctx context.Context, handle string, f account.Factor, check func(context.Context, Tx, *attempt) (bool, error)) error {
	now := s.clock()
	var outcome error // what to answer once the count is committed
	err := s.store.Update(ctx, func(tx Tx) error {
		outcome = nil
		a, in, err := s.load(ctx, tx, handle, now)
		if err != nil {
			return err
		}
		if in.Asked != f {
			return ErrNotAsked
		}
		t := &attempt{account: a, in: in, now: now}
		if t.factors, err = tx.Factors(ctx, a.ID); err != nil {
			return err
		}
		if err := open(s.policy.ways(a, t.factors, in.strict(now), func(account.Factor) bool { return false }, now), f); err != nil {
			return err
		}
		counter, err := account.Counter(ctx, tx, a.ID, f)
		if err != nil {
			return err
		}
		taken, err := counter.Take(s.policy.failures(f), now)
		if err != nil || !in.CreatedAt.After(counter.LockedFrom(s.policy.failures(f))) { // waiting does not help it (BF-10)
			outcome = ErrSignInOver
			return tx.DeleteSignIn(ctx, in)
		}
		t.in.Tries++
		right, err := check(ctx, tx, t)
		if err != nil {
			return err
		}
		if right {
			return s.accept(ctx, tx, f, t, counter)
		}
		outcome = ErrWrongCode
		return s.refuse(ctx, tx, f, t, taken)
	})
	if err != nil {
		return err
	}
	return outcome
}

// accept writes the proof of a factor and clears its counter. Check and count are one
// unit: what changes nothing is not written.
func (s *Service) accept(ctx context.Context, tx Tx, f account.Factor, t *attempt, counter account.Throttle) error {
	var instance FactorID
	if t.instance != nil {
		instance, t.instance.LastUsedAt = t.instance.ID, t.now
		if err := tx.PutFactor(ctx, *t.instance); err != nil {
			return err
		}
	}
	if cleared := counter.Cleared(); cleared != counter {
		if err := tx.PutThrottle(ctx, cleared); err != nil {
			return err
		}
	}
	return tx.PutSignIn(ctx, t.in.Proven(s.keys, f, instance, t.now))
}

// refuse counts a wrong proof and records it. With the one that begins the delays, and
// with the one that wears the password out, it tells the owner.
func (s *Service) refuse(ctx context.Context, tx Tx, f account.Factor, t *attempt, taken account.Throttle) error {
	if err := tx.PutThrottle(ctx, taken); err != nil {
		return err
	}
	wrong, err := wrongCodes(ctx, tx, t.account)
	if err != nil {
		return err
	}
	wrong.Failures++
	if err := tx.PutThrottle(ctx, wrong); err != nil {
		return err
	}
	if err := tx.PutSignIn(ctx, t.in); err != nil {
		return err
	}
	if err := account.Record(ctx, tx, s.journal, account.Anonymous(), "account.code_failed", t.account, t.now); err != nil {
		return err
	}
	if taken.Failures != s.policy.failures(f).Free && wrong.Failures != s.policy.Factors.WrongCodes {
		return nil
	}
	return s.tell(ctx, tx, t.account, notify.MailWrongCodes, "", t.now)
}

// factorWrongCodes counts the wrong codes of every kind since the password was set.
const factorWrongCodes account.Factor = "wrong_codes"

// wrongCodes returns the wrong codes that were tried with the present password. The
// counter delays nothing: its LockedUntil, long past, names the password that it is for by
// the instant when that was set.
func wrongCodes(ctx context.Context, tx account.Tx, a account.Account) (account.Throttle, error) {
	c, err := account.Counter(ctx, tx, a.ID, factorWrongCodes)
	if !c.LockedUntil.Equal(a.Credentials.ChangedAt) {
		c.Failures, c.LockedUntil = 0, a.Credentials.ChangedAt
	}
	return c, err
}

// tell mails the owner of an account what happened to its factors.
func (s *Service) tell(ctx context.Context, tx Tx, a account.Account, template notify.Template, label string, now time.Time) error {
	m := notify.Mail{
		Key:      string(template) + "/" + string(a.ID) + "/" + now.Format(time.RFC3339Nano) + "/" + notify.Digest(a.Salt, label),
		Template: template, To: a.Login, Account: a.ID, Language: a.Language,
		Values: notify.Values{"Name": a.DisplayName(), "At": now.Format(time.RFC3339)},
	}
	if template != notify.MailWrongCodes && template != notify.MailFactorFallback {
		m.Values["Factor"] = label
	}
	return s.journal.Enqueue(ctx, tx, now, m)
}

// sufficient reports whether proofs are enough for a purpose: the password and one
// factor more, or a passkey, which proved its owner by itself.
func sufficient(purpose Purpose, proofs []Proof) bool {
	if purpose == PurposePasskey {
		return proves(proofs, account.FactorSecurityKey)
	}
	second := slices.ContainsFunc(proofs, func(p Proof) bool { return p.Factor != account.FactorPassword })
	return second && proves(proofs, account.FactorPassword)
}

func proves(proofs []Proof, f account.Factor) bool {
	return slices.ContainsFunc(proofs, func(p Proof) bool { return p.Factor == f })
}

// provenAt returns when the last second factor was proven; a device that is remembered
// proves nothing anew.
func provenAt(proofs []Proof) (at time.Time) {
	for _, p := range proofs {
		if p.Factor != account.FactorPassword && p.Factor != account.FactorTrustedDevice {
			at = p.At
		}
	}
	return at
}

// kinds lists the factors that were proven.
func kinds(proofs []Proof) []account.Factor {
	var out []account.Factor
	for _, p := range proofs {
		out = append(out, p.Factor)
	}
	return out
}

// Finish ends a sign-in whose factors are proven and yields the session. It reads nothing
// but the proofs: neither what was asked for nor what was chosen counts. It works once.
// If a weaker factor was proven than the account has, the owner is told by mail. If the
// account needs a stronger one and has none, the session is good for adding it alone; see
// Options.StrongFrom.
//
// Errors: [ErrSecondFactorRequired]; [ErrSignInOver]; [account.ErrPasswordExpired] if a
// new password is due first, with which the sign-in stays open for [Service.Renew].
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
		out = account.Session{Account: a.ID, Stamp: a.Stamp, At: provenAt(proofs), Factors: kinds(proofs)}
		fs, err := tx.Factors(ctx, a.ID)
		if err != nil {
			return err
		}
		stronger := s.policy.stronger(fs, now)
		out.EnrolOnly = in.strict(now) && !stronger
		if stronger && (proves(proofs, account.FactorMailCode) || proves(proofs, account.FactorRecoveryCode)) {
			if err := s.tell(ctx, tx, a, notify.MailFactorFallback, "", now); err != nil {
				return err
			}
		}
		return account.Put(ctx, tx, s.journal, account.Person(a.ID), "account.signed_in", &a, now)
	})
	if err != nil {
		return account.Session{}, err
	}
	return out, nil
}

// missing reports whether an error is that of something that is not there.
func missing(err error) bool { return errors.Is(err, fault.ErrNotFound) }
