package account

import (
	"context"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/notify"
)

// SupportRequest is what somebody who cannot sign in asks of the operator's support.
type SupportRequest struct {
	Login string `validate:"required,address"`       // where the person can be reached
	Text  string `validate:"required,max=1000,text"` // what it is about
}

// Counters of what nobody's account answers for.
const (
	nobody                 ID     = "00000000-0000-0000-0000-000000000000"
	factorSupportRequested Factor = "support_requested"
	factorInvited          Factor = "invited"
	factorInviting         Factor = "inviting"
)

// AskSupport passes a request of somebody who cannot sign in to the support desk
// . It is mailed in the same way as everything else, at most once in a pause
// from one address and as many in an hour as the policy allows; beyond that it is
// answered alike and dropped. Nothing is looked up: the answer tells nothing about the
// address.
//
// Errors: ErrInvalid naming every bad field; [ErrNoSupportDesk]; [ErrActor] for whoever
// is signed in, who has other ways to ask.
func (s *Service) AskSupport(ctx context.Context, by Actor, r SupportRequest) error {
	r.Login, r.Text = canonical(r.Login), lines(r.Text, 1000)
	if err := check.Struct("account.AskSupport", r); err != nil {
		return err
	}
	switch {
	case by.Kind != notify.ActorAnonymous:
		return ErrActor
	case s.supportDesk == "":
		return ErrNoSupportDesk
	}
	now := s.clock()
	window := now.Truncate(max(s.policy.MailPause, time.Second)).Unix()
	return s.store.Update(ctx, func(tx Tx) error {
		ok, err := s.spend(ctx, tx, nobody, factorSupportRequested, s.policy.Lifecycle.SupportPerHour, time.Hour, now)
		if err != nil || !ok {
			return err
		}
		return s.journal.Enqueue(ctx, tx, now, notify.Mail{
			Key:      "support/" + s.keys.MAC("support request", r.Login) + "/" + strconv.FormatInt(window, 10),
			Template: notify.MailSupportRequest, To: s.supportDesk, Language: "fr",
			Values: notify.Values{"Name": "", "Address": r.Login, "Reason": r.Text},
		})
	})
}

// Spend takes one from a budget of n in a window, which begins with the first one; it
// reports false, and t unchanged, if there is none left.
func (t Throttle) Spend(n int, window time.Duration, now time.Time) (Throttle, bool) {
	if !now.Before(t.LockedUntil) {
		t.Failures, t.LockedUntil = 0, now.Add(window)
	}
	if t.Failures >= n {
		return t, false
	}
	t.Failures++
	return t, true
}

// spend is Spend on a stored counter.
func (s *Service) spend(ctx context.Context, tx Tx, id ID, f Factor, n int, window time.Duration, now time.Time) (bool, error) {
	t, err := Counter(ctx, tx, id, f)
	if err != nil {
		return false, err
	}
	t, ok := t.Spend(n, window, now)
	if !ok {
		return false, nil
	}
	return true, tx.PutThrottle(ctx, t)
}
