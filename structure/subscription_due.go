package structure

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/due"
	"github.com/habilis-go/habilis/notify"
)

// asked names the lines that one account asked a structure for together.
type asked struct {
	owner
	batch string
}

// catchUpSubscriptions recalls and ends requests for spaces, those that were asked for
// together in one unit. Rights need no job: they end with their days.
func (s *Service) catchUpSubscriptions(ctx context.Context, now time.Time) (int, error) {
	var lines []Subscription
	err := s.store.View(ctx, func(tx Tx) (err error) {
		lines, err = tx.Subscriptions(ctx, SubscriptionQuery{DueAt: now, Limit: catchUpLimit})
		return err
	})
	if err != nil {
		return 0, err
	}
	var requests []asked
	for _, line := range lines {
		request := asked{owner{line.Account, line.Structure}, line.Batch}
		if !slices.Contains(requests, request) {
			requests = append(requests, request)
		}
	}
	return due.Each(ctx, requests, func(request asked) (done bool, err error) {
		err = s.store.Update(ctx, func(tx Tx) (err error) {
			done, err = s.catchUpRequest(ctx, tx, request, now)
			return err
		})
		return done, err
	})
}

// catchUpRequest deals with lines that were asked for together, unless somebody else was
// faster.
func (s *Service) catchUpRequest(ctx context.Context, tx Tx, of asked, now time.Time) (bool, error) {
	lines, err := linesOf(ctx, tx, SubscriptionQuery{
		Account: of.account, Structures: []ID{of.structure}, Batch: of.batch, Statuses: []SubscriptionStatus{SubscriptionPending}, DueAt: now,
	})
	if err != nil || len(lines) == 0 {
		return false, err
	}
	at, err := tx.Standing(ctx, of.account, of.structure)
	if err != nil {
		return false, err
	}
	units, err := tx.Units(ctx, of.structure)
	if err != nil {
		return false, err
	}
	var waiting, over []Subscription
	for _, line := range lines {
		if at := s.policy.Subscriptions.expiry(line); !at.IsZero() && !now.Before(at) {
			over = append(over, line)
		} else {
			waiting = append(waiting, line)
		}
	}
	if err := s.remindOfLines(ctx, tx, at, units, waiting, now); err != nil {
		return false, err
	}
	return true, s.expireLines(ctx, tx, at, units, over, now)
}

// remindOfLines tells those who may decide that lines still wait. Nothing that the
// history knows of changes.
func (s *Service) remindOfLines(ctx context.Context, tx Tx, at Standing, units []Unit, lines []Subscription, now time.Time) error {
	for i := range lines {
		lines[i].RemindedAt = now
		if err := s.storeSubscription(ctx, tx, &lines[i]); err != nil {
			return err
		}
	}
	if len(lines) == 0 || at.Structure.Status != StatusActive {
		return nil
	}
	return s.tellOfLines(ctx, tx, at.Account, at.Structure, units, lines, now)
}

// expireLines ends lines that nobody decided about, and tells the applicant.
func (s *Service) expireLines(ctx context.Context, tx Tx, at Standing, units []Unit, lines []Subscription, now time.Time) error {
	for i, line := range lines {
		line, err := line.Withdraw("", now)
		if err != nil {
			return err
		}
		if err := s.putSubscription(ctx, tx, account.System(), "subscription.request_expired", &line, now); err != nil {
			return err
		}
		lines[i] = line
	}
	if len(lines) == 0 {
		return nil
	}
	return s.tellSubscriber(ctx, tx, at.Account, at.Structure, lines[0], notify.MailSubscriptionExpired, notify.Values{
		"Spaces": s.describeLines(at.Account.Language, units, lines), "At": lines[0].RequestedAt.Format(time.RFC3339),
	}, now)
}
