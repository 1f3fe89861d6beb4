package account

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/notify"
)

// MailBudget bounds the mails that callers who are not signed in cause to one account,
// all kinds together: links to activate, to reactivate and to a new password, and the
// notices in their place. Each window begins with the first mail in it. Beyond the budget
// the answer is the same and nothing is sent, and the links that were mailed before go on
// working. Policy.MailPause holds besides. What support and managers send is not counted,
// so nobody can use the budget up to their cost.
type MailBudget struct {
	PerHour int // in an hour, 1 at least
	PerDay  int // in a day, PerHour at least
}

func mailBudget2024() MailBudget { return MailBudget{PerHour: 5, PerDay: 20} }

func (b MailBudget) check() error {
	if b.PerHour < 1 || b.PerDay < b.PerHour {
		return ErrBadPolicy.With("the budget of mails to one address allows nothing, or less in a day than in an hour")
	}
	return nil
}

// Counters of the mails that an account was sent because of anonymous callers.
const (
	factorMailedHour Factor = "mailed_hour"
	factorMailedDay  Factor = "mailed_day"
	factorNoticed    Factor = "noticed"
)

// take takes one mail from both windows, or from neither.
func (b MailBudget) take(hourly, daily Throttle, now time.Time) (Throttle, Throttle, bool) {
	h, inHour := hourly.Spend(b.PerHour, time.Hour, now)
	d, inDay := daily.Spend(b.PerDay, day, now)
	if !inHour || !inDay {
		return hourly, daily, false
	}
	return h, d, true
}

// mayMail takes one mail to an account from the budget and reports whether there was one,
// if wanted is true; it is false for whom a pause already holds back. It reads and writes
// the same in every case, so that no time tells which it was (EN-04). For whoever is not
// counted it does nothing and returns wanted.
func (s *Service) mayMail(ctx context.Context, tx Tx, by Actor, id ID, wanted bool, now time.Time) (bool, error) {
	if by.Kind != notify.ActorAnonymous {
		return wanted, nil
	}
	hourly, err := Counter(ctx, tx, id, factorMailedHour)
	if err != nil {
		return false, err
	}
	daily, err := Counter(ctx, tx, id, factorMailedDay)
	if err != nil {
		return false, err
	}
	ok := false
	if wanted {
		hourly, daily, ok = s.policy.AnonymousMails.take(hourly, daily, now)
	}
	if err := tx.PutThrottle(ctx, hourly); err != nil {
		return false, err
	}
	return ok, tx.PutThrottle(ctx, daily)
}

// mayNotice is mayMail for a notice that holds no link, and so has no link's age to keep
// the pause by.
func (s *Service) mayNotice(ctx context.Context, tx Tx, by Actor, id ID, now time.Time) (bool, error) {
	noticed, err := Counter(ctx, tx, id, factorNoticed)
	if err != nil {
		return false, err
	}
	noticed, ok := noticed.Spend(1, s.policy.MailPause, now)
	if ok, err = s.mayMail(ctx, tx, by, id, ok, now); err != nil || !ok {
		return false, err
	}
	return true, tx.PutThrottle(ctx, noticed)
}
