package mfa

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// replaces marks a pending enrolment that is to take the place of the application that
// the account has: the step of a pending one is not used otherwise.
const replaces = -1

// BeginAuthenticator starts the enrolment of an authenticator application: it
// returns the seed, to be shown as QR code and as text, and waits for a first code. An
// enrolment that was begun before is void. Until it is confirmed, nothing changes for
// sign-ins (FL-14).
//
// Errors: account.ErrActor, account.ErrNotActive, account.ErrProofRequired (FL-08);
// [ErrAuthenticatorEnrolled]; [ErrNotOffered].
func (s *Service) BeginAuthenticator(ctx context.Context, by account.Actor) (Enrolment, error) {
	return s.enrol(ctx, by, 0)
}

// ReplaceAuthenticator is [Service.BeginAuthenticator] for whoever has an application and
// wants another: the former one works until the new one is confirmed, and from then on no
// more, in one step. Without a former one it is BeginAuthenticator.
func (s *Service) ReplaceAuthenticator(ctx context.Context, by account.Actor) (Enrolment, error) {
	return s.enrol(ctx, by, replaces)
}

func (s *Service) enrol(ctx context.Context, by account.Actor, mark int64) (Enrolment, error) {
	if !slices.Contains(s.policy.Factors.Order, account.FactorAuthenticator) {
		return Enrolment{}, ErrNotOffered
	}
	now := s.clock()
	seed, err := s.ids.Bytes(seedSize)
	if err != nil {
		return Enrolment{}, err
	}
	f, err := s.newFactor(account.FactorAuthenticator, now)
	if err != nil {
		return Enrolment{}, err
	}
	f.ExpiresAt, f.Step = now.Add(s.policy.Factors.Application.Enrolment), mark
	var out Enrolment
	err = s.store.Update(ctx, func(tx Tx) error {
		a, err := s.changing(ctx, tx, by, now)
		if err != nil {
			return err
		}
		fs, err := tx.Factors(ctx, a.ID)
		if err != nil {
			return err
		}
		for _, old := range fs {
			switch {
			case old.Kind != f.Kind:
			case !old.Pending() && mark != replaces:
				return ErrAuthenticatorEnrolled
			case old.Pending():
				if err := tx.DeleteFactor(ctx, old); err != nil {
					return err
				}
			}
		}
		f := f
		f.Account = a.ID
		if f.Data, err = s.keys.Seal(seed, seedPlace(f)); err != nil {
			return err
		}
		out = newEnrolment(f, seed, s.policy.Factors.Application.Issuer, a.Login)
		return tx.PutFactor(ctx, f)
	})
	if err != nil {
		return Enrolment{}, err
	}
	return out, nil
}

// seedPlace names the place that a seed belongs to: sealed for it, it opens nowhere else.
func seedPlace(f Factor) string { return "seed/" + string(f.Account) + "/" + string(f.ID) }

// ConfirmAuthenticator ends an enrolment with a code of the application:
// from the next sign-in on, its code is asked for. The time step of the code is used up,
// so it does not sign in as well (RP-04). The label is up to 64 characters on one line;
// without one, the application gets a general one. The owner is told by mail.
//
// Errors: [ErrWrongCode], after which the enrolment goes on until its tries are used up;
// [ErrEnrolmentOver]; [ErrAuthenticatorEnrolled] if another enrolment was faster;
// account.ErrActor, account.ErrNotActive; ErrInvalid naming the label.
func (s *Service) ConfirmAuthenticator(ctx context.Context, by account.Actor, id FactorID, code, label string) (Enrolled, error) {
	now := s.clock()
	code = strings.TrimSpace(code)
	var out Enrolled
	var outcome error
	err := s.store.Update(ctx, func(tx Tx) error {
		outcome = nil
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		fs, err := tx.Factors(ctx, a.ID)
		if err != nil {
			return err
		}
		f, ok := pending(a, fs, id, account.FactorAuthenticator, now)
		if !ok {
			return ErrEnrolmentOver
		}
		if f.Label, err = labelled("mfa.ConfirmAuthenticator", label, f.Kind, a.Language); err != nil {
			return err
		}
		step, right, err := s.matches(f, code, 0, now)
		if err != nil {
			return err
		}
		if !right {
			outcome = ErrWrongCode
			return s.missed(ctx, tx, f)
		}
		if err := guard(ctx, tx, &a); err != nil {
			return err
		}
		if err := s.displace(ctx, tx, by, a, fs, f, now); err != nil {
			return err
		}
		f.ConfirmedAt, f.ExpiresAt, f.Step, f.Tries = now, time.Time{}, step, 0
		out = listed(f)
		return s.added(ctx, tx, by, a, f, now)
	})
	if err != nil {
		return Enrolled{}, err
	}
	return out, outcome
}

// missed counts a wrong first code, and ends the enrolment with the last one.
func (s *Service) missed(ctx context.Context, tx Tx, f Factor) error {
	if f.Tries++; f.Tries >= s.policy.Factors.Application.Tries {
		return tx.DeleteFactor(ctx, f)
	}
	return tx.PutFactor(ctx, f)
}

// displace removes the application that a confirmed one takes the place of.
func (s *Service) displace(ctx context.Context, tx Tx, by account.Actor, a account.Account, fs []Factor, f Factor, now time.Time) error {
	for _, old := range fs {
		if old.Kind != f.Kind || old.Pending() {
			continue
		}
		if f.Step != replaces {
			return ErrAuthenticatorEnrolled
		}
		if err := s.removed(ctx, tx, by, a, old, now); err != nil {
			return err
		}
	}
	return nil
}

// matches opens the seed of an application and returns the time step of a code.
func (s *Service) matches(f Factor, code string, last int64, now time.Time) (int64, bool, error) {
	seed, err := s.keys.Open(f.Data, seedPlace(f))
	if err != nil || len(code) != applicationDigits {
		return 0, false, err
	}
	return matching(seed, code, last, s.policy.Factors.Application.Skew, now)
}

// ProveAuthenticator tries a code of the account's application, under the rules of
// [Service.ProveMailCode] and with its errors. No code works twice, nor does one of a
// time step before the last that was accepted (RP-01, RP-02); after the clock went back,
// that lasts until it is there again.
func (s *Service) ProveAuthenticator(ctx context.Context, handle, code string) error {
	code = strings.TrimSpace(code)
	return s.prove(ctx, handle, account.FactorAuthenticator, func(_ context.Context, _ Tx, t *attempt) (bool, error) {
		i := slices.IndexFunc(t.factors, func(f Factor) bool { return f.Kind == account.FactorAuthenticator && f.Alive(t.now) })
		if i < 0 {
			return false, nil
		}
		f := t.factors[i]
		step, right, err := s.matches(f, code, f.Step, t.now)
		f.Step, t.instance = step, &f
		return right, err
	})
}

// pending finds an enrolment that waits for its confirmation. One that was begun before the
// account was closed and came back was lost with it.
func pending(a account.Account, fs []Factor, id FactorID, kind account.Factor, now time.Time) (Factor, bool) {
	i := slices.IndexFunc(fs, func(f Factor) bool {
		return f.ID == id && f.Kind == kind && f.Pending() && !f.over(now) && !f.CreatedAt.Before(a.ReactivatedAt)
	})
	if i < 0 {
		return Factor{}, false
	}
	return fs[i], true
}

// newFactor returns a pending factor with an identifier.
func (s *Service) newFactor(kind account.Factor, now time.Time) (Factor, error) {
	id, err := s.ids.New(now)
	return Factor{ID: FactorID(id), Kind: kind, CreatedAt: now}, err
}

// changing loads the account of somebody who may change its factors: active, and with a
// proof that is fresh (FL-08).
func (s *Service) changing(ctx context.Context, tx Tx, by account.Actor, now time.Time) (account.Account, error) {
	a, err := account.Acting(ctx, tx, by)
	if err != nil {
		return account.Account{}, err
	}
	if s.accounts != nil {
		return a, s.accounts.RequireProof(by, now)
	}
	if !(account.Session{At: by.ProvenAt}).Fresh(now, freshProof) {
		return account.Account{}, account.ErrProofRequired
	}
	return a, nil
}

// freshProof is how long a proof is fresh where Options.Accounts does not say.
const freshProof = 15 * time.Minute

// guard puts the account with what is about to change among its factors: what holds for
// them together holds for the account as a whole, and two changes at once collide.
func guard(ctx context.Context, tx Tx, a *account.Account) error {
	if err := tx.PutAccount(ctx, *a); err != nil {
		return err
	}
	a.Version++
	return nil
}

// added stores a confirmed factor, records it and tells the owner.
func (s *Service) added(ctx context.Context, tx Tx, by account.Actor, a account.Account, f Factor, now time.Time) error {
	if err := tx.PutFactor(ctx, f); err != nil {
		return err
	}
	if err := account.Record(ctx, tx, s.journal, by, notify.Kind("account."+string(f.Kind)+"_added"), a, now); err != nil {
		return err
	}
	return s.tell(ctx, tx, a, notify.MailFactorAdded, f.Label, now)
}

// removed deletes a confirmed factor, records it and tells the owner.
func (s *Service) removed(ctx context.Context, tx Tx, by account.Actor, a account.Account, f Factor, now time.Time) error {
	if err := tx.DeleteFactor(ctx, f); err != nil {
		return err
	}
	if err := account.Record(ctx, tx, s.journal, by, notify.Kind("account."+string(f.Kind)+"_removed"), a, now); err != nil {
		return err
	}
	return s.tell(ctx, tx, a, notify.MailFactorRemoved, f.Label, now)
}
