package account

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/internal/due"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// catchUpLimit bounds the accounts that one [Service.CatchUp] looks at; the rest are
// due still and come with the next.
const catchUpLimit = 1000

// askedAgain is when the host is asked again about an account that it keeps, and about one
// on which it did not answer. Until then the account is not due, so that however many of
// them there are hold up nobody.
const (
	askedAgain   = day
	answerMissed = time.Hour
)

// due returns when the clock next has work with an account, zero for never. link is
// the one that the clock watches: the login change of an active account, or the
// reactivation of a deactivated one; nil if there is none.
func (p Policy) due(a Account, link *Link, now time.Time) time.Time {
	switch a.Status {
	case StatusPendingActivation:
		return p.Lifecycle.lapse(a)
	case StatusActive:
		if a.Kind == KindTechnical {
			return p.Technical.next(a, now)
		}
		if link != nil && link.Purpose == PurposeLoginChange && link.UsedAt.IsZero() && link.ExpiresAt.After(now) {
			return link.ExpiresAt
		}
		return time.Time{}
	case StatusDeactivated:
		return earliest(p.Lifecycle.nextReminder(a, now), p.Lifecycle.end(a, link, now))
	case StatusAnonymized:
		return time.Time{}
	default:
		return time.Time{}
	}
}

// earliest returns the earlier of two instants of which each may be zero for never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// CatchUp does what the clock owes: it reminds owners of the end of their
// reactivation window and of technical secrets, ends login changes that nobody
// confirmed, erases what lapsed or is to be purged, and returns how many
// accounts it dealt with, at most a thousand at a time. Each is a unit of its own; one
// that fails does not hold up the others, and the errors come back joined. About an
// account that is to be erased, the host is asked first (Options.LegalHold), and again a
// day later if it keeps it, an hour later if it did not answer. It may run
// in several processes at once, and again: nothing is done twice. habilis.Run calls it.
//
// No right depends on it: every operation looks at the clock itself, so a late CatchUp
// prolongs nothing.
func (s *Service) CatchUp(ctx context.Context) (int, error) {
	now := s.clock()
	var accounts []Account
	err := s.store.View(ctx, func(tx Tx) (err error) {
		accounts, err = tx.Accounts(ctx, Query{DueAt: now, Limit: catchUpLimit})
		return err
	})
	if err != nil {
		return 0, err
	}
	return due.Each(ctx, accounts, func(a Account) (done bool, err error) {
		held, again, silent := true, now.Add(askedAgain), error(nil)
		if s.policy.Lifecycle.over(a, nil, now) {
			held, silent = s.Held(ctx, a.ID)
		}
		if silent != nil {
			held, again = true, now.Add(answerMissed)
		}
		err = s.store.Update(ctx, func(tx Tx) (err error) {
			done, err = s.catchUp(ctx, tx, a.ID, held, again, now)
			return err
		})
		return done, errors.Join(silent, err)
	})
}

// catchUp deals with one account, unless somebody else was faster. One that is to be
// erased and held is due again at an instant.
func (s *Service) catchUp(ctx context.Context, tx Tx, id ID, held bool, again, now time.Time) (bool, error) {
	a, err := tx.Account(ctx, id)
	if err != nil {
		return false, err
	}
	if a.DueAt.IsZero() || now.Before(a.DueAt) {
		return false, nil
	}
	link, err := s.watched(ctx, tx, a)
	if err != nil {
		return false, err
	}
	over := s.policy.Lifecycle.over(a, link, now)
	if over && held {
		a.DueAt = again
		return false, tx.PutAccount(ctx, a)
	}
	if over {
		return true, s.erase(ctx, tx, System(), a, now)
	}
	if a.Status == StatusActive && a.Kind == KindTechnical {
		if err := s.remindTechnical(ctx, tx, a, now); err != nil {
			return false, err
		}
	}
	if a.Status == StatusActive && link != nil && link.open() && !link.pending(now) {
		return true, s.expireLoginChange(ctx, tx, &a, *link, now)
	}
	if a.Status == StatusDeactivated {
		if before, ok := s.policy.Lifecycle.reminder(a, now); ok {
			if err := s.remind(ctx, tx, a, before, now); err != nil {
				return false, err
			}
		}
	}
	a.DueAt = s.policy.due(a, link, now)
	return true, tx.PutAccount(ctx, a) // nothing that the history knows of changed
}

// watched loads the link that the clock watches, nil if there is none.
func (s *Service) watched(ctx context.Context, tx Tx, a Account) (*Link, error) {
	purpose := PurposeLoginChange
	if a.Status == StatusDeactivated {
		purpose = PurposeReactivation
	}
	link, err := tx.Link(ctx, a.ID, purpose)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	default:
		return &link, nil
	}
}

// remind tells the owner of a deactivated account how long it can come back. The key
// makes sure that each reminder is sent once.
func (s *Service) remind(ctx context.Context, tx Tx, a Account, before time.Duration, now time.Time) error {
	until := a.ReactivableUntil
	return s.journal.Enqueue(ctx, tx, now, notify.Mail{
		Key:      "reactivation_reminder/" + string(a.ID) + "/" + instant(until) + "/" + strconv.FormatInt(int64(before/time.Second), 10),
		Template: notify.MailReactivationReminder, To: a.Login, Account: a.ID, Language: a.Language, ExpiresAt: until,
		Values: notify.Values{
			"Name": a.DisplayName(), "Until": until.Format(time.RFC3339), "Link": s.links.To(s.links.Reactivate, ""),
		},
	})
}
