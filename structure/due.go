package structure

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/due"
	"github.com/habilis-go/habilis/notify"
)

// catchUpLimit bounds the memberships that one [Service.CatchUp] looks at; the rest are
// due still and come with the next.
const catchUpLimit = 1000

// CatchUp does what the clock owes: it reminds managers of requests that wait, ends
// requests that nobody decided in time, and tells people and managers that a membership
// ends soon, and asks after principal managers who stay away, as the policy says. It
// returns how many memberships and requests for spaces it dealt with, at most a thousand
// of each at a time. Each is a unit of its own; one that fails does not hold up the
// others, and the errors come back joined. It may run in several processes at once, and
// again: nothing is said twice. habilis.Run calls it.
//
// No right depends on it: dates are looked at whenever a right is.
func (s *Service) CatchUp(ctx context.Context) (int, error) {
	now := s.clock()
	members, err := s.catchUpMemberships(ctx, now)
	if ctx.Err() != nil {
		return members, err
	}
	lines, more := s.catchUpSubscriptions(ctx, now)
	return members + lines, errors.Join(err, more)
}

func (s *Service) catchUpMemberships(ctx context.Context, now time.Time) (int, error) {
	var memberships []Membership
	err := s.store.View(ctx, func(tx Tx) (err error) {
		memberships, err = tx.Memberships(ctx, MembershipQuery{DueAt: now, Limit: catchUpLimit})
		return err
	})
	if err != nil {
		return 0, err
	}
	return due.Each(ctx, memberships, func(m Membership) (done bool, err error) {
		err = s.store.Update(ctx, func(tx Tx) (err error) {
			done, err = s.catchUp(ctx, tx, m.ID, now)
			return err
		})
		return done, err
	})
}

// catchUp deals with one membership, unless somebody else was faster.
func (s *Service) catchUp(ctx context.Context, tx Tx, id MembershipID, now time.Time) (bool, error) {
	m, err := tx.Membership(ctx, id)
	if err != nil {
		return false, err
	}
	if m.DueAt.IsZero() || now.Before(m.DueAt) {
		return false, nil
	}
	at, err := tx.Standing(ctx, m.Account, m.Structure)
	if err != nil {
		return false, err
	}
	policy := s.policy.Memberships
	expired := policy.expiry(m)
	stage, remind := policy.reminder(m, now)
	switch {
	case !expired.IsZero() && !now.Before(expired):
		return true, s.expireRequest(ctx, tx, at, m, now)
	case remind:
		if err := s.remind(ctx, tx, at, m, stage, now); err != nil {
			return false, err
		}
	}
	if policy.ending(m, now) {
		if err := s.tellOfEnd(ctx, tx, at, m, now); err != nil {
			return false, err
		}
	}
	if m.RemindedAt, err = s.watch(ctx, tx, at, m, now); err != nil {
		return false, err
	}
	return true, s.storeMembership(ctx, tx, &m) // nothing that the history knows of changed
}

// remind tells those who may decide that a request still waits. The key makes sure that
// each reminder is sent once.
func (s *Service) remind(ctx context.Context, tx Tx, at Standing, m Membership, stage time.Duration, now time.Time) error {
	if at.Structure.Status != StatusActive {
		return nil
	}
	units, err := tx.Units(ctx, m.Structure)
	if err != nil {
		return err
	}
	key := fmt.Sprintf("request_reminder/%s/%s/%d", m.ID, stamp(m.RequestedAt), stage/time.Second)
	return s.tellOfRequest(ctx, tx, nil, notify.MailMembershipReminder, at.Account, at.Structure, units, m, key, now)
}

// expireRequest ends a request that nobody decided.
func (s *Service) expireRequest(ctx context.Context, tx Tx, at Standing, m Membership, now time.Time) error {
	asked := m.RequestedAt
	m, err := m.Withdraw("", now)
	if err != nil {
		return err
	}
	if err := s.putMembershipAfter(ctx, tx, at.Head, account.System(), "membership.request_expired", &m, now); err != nil {
		return err
	}
	return s.tellMember(ctx, tx, at.Account, at.Structure, m, notify.Mail{
		Template: notify.MailMembershipExpired, Values: notify.Values{"At": asked.Format(time.RFC3339)},
	}, now)
}

// tellOfEnd tells a member and the managers until when a membership holds. The keys make
// sure that it is told once for each end.
func (s *Service) tellOfEnd(ctx context.Context, tx Tx, at Standing, m Membership, now time.Time) error {
	key := fmt.Sprintf("membership_ending/%s/%s", m.ID, stamp(m.Validity.Until))
	last := m.Validity.LastDay(s.zone).String()
	if reachable(at.Account) {
		if err := s.tell(ctx, tx, at.Account, at.Structure, notify.Mail{
			Key: key, Template: notify.MailMembershipEnding, ExpiresAt: m.Validity.Until,
			Values: notify.Values{"LastDay": last, "Link": s.links.To(s.links.Memberships, "")},
		}, now); err != nil {
			return err
		}
	}
	return s.tellManagers(ctx, tx, nil, at.Structure, authz.ActionManageMembers, m.Account, key, notify.MailMemberEnding,
		notify.Values{"Applicant": at.Account.DisplayName(), "LastDay": last}, now)
}

// stamp is an instant in a key.
func stamp(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }
