package structure

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// RemoveSubscriptions ends lines at once: one's own, or as a manager those
// of members, who are told by mail. Lines stand on their own and each has a result, in
// the order given: [ErrNotFound]; [ErrDenied]; [ErrNotSubscribed] for a line that gives
// nothing. What comes with the account or the role has no line and cannot be removed.
//
// Errors of the whole: account.ErrActor; ErrInvalid for more than 1000 lines.
func (s *Service) RemoveSubscriptions(ctx context.Context, by account.Actor, lines ...SubscriptionID) ([]SubscriptionOutcome, error) {
	if err := account.MayAct(by); err != nil {
		return nil, err
	}
	if len(lines) > maxBulkLines {
		return nil, fault.Invalid("structure.RemoveSubscriptions", fault.Field{Path: "subscriptions", Code: "too_many", Param: strconv.Itoa(maxBulkLines)})
	}
	now := s.clock()
	groups, err := s.groups(ctx, lines)
	if err != nil {
		return nil, err
	}
	out := map[SubscriptionID]SubscriptionOutcome{}
	for _, g := range groups {
		var part []SubscriptionOutcome
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			part, err = s.removeGroup(ctx, tx, by, g, now)
			return err
		})
		for i, id := range g {
			if err != nil {
				out[id] = SubscriptionOutcome{ID: id, Err: err}
				continue
			}
			out[part[i].ID] = part[i]
		}
	}
	all := make([]SubscriptionOutcome, 0, len(lines))
	for _, id := range lines {
		o, found := out[id]
		if !found {
			o = SubscriptionOutcome{ID: id, Err: ErrNotFound}
		}
		all = append(all, o)
	}
	return all, nil
}

// removeGroup ends lines of one person in one structure in a unit that is open.
func (s *Service) removeGroup(ctx context.Context, tx Tx, by account.Actor, lines []SubscriptionID, now time.Time) ([]SubscriptionOutcome, error) {
	found, err := linesOf(ctx, tx, SubscriptionQuery{IDs: lines})
	if err != nil {
		return nil, err
	}
	d, err := s.desk(ctx, tx, by, found[0].Account, found[0].Structure, now)
	if err != nil {
		return nil, err
	}
	out := make([]SubscriptionOutcome, 0, len(found))
	var gone []Subscription
	for _, line := range found {
		o := SubscriptionOutcome{ID: line.ID, Subscription: line}
		if err := s.mayRemove(by, d, line); err != nil {
			if !errors.Is(err, ErrDenied) {
				o.Subscription = Subscription{}
			}
			o.Err = err
		} else if o.Subscription, o.Err = line.Remove(by.ID, now); o.Err == nil {
			gone = append(gone, o.Subscription)
		}
		out = append(out, o)
	}
	removed := func(Subscription) notify.Kind { return "subscription.removed" }
	if err := s.putSubscriptions(ctx, tx, d.Head, by, gone, removed, now); err != nil {
		return nil, err
	}
	return stored(out, gone), s.tellRemoved(ctx, tx, by, d, gone)
}

// mayRemove checks that whoever acts may end a line.
func (s *Service) mayRemove(by account.Actor, d desk, line Subscription) error {
	if line.Account == by.ID {
		return nil
	}
	return s.may(d, authz.ActionGrantSubscriptions, line.Space)
}

func (s *Service) tellRemoved(ctx context.Context, tx Tx, by account.Actor, d desk, gone []Subscription) error {
	if len(gone) == 0 || d.subject.Account.ID == by.ID {
		return nil
	}
	to := d.subject.Account
	return s.tellSubscriber(ctx, tx, to, d.Structure, gone[0], notify.MailSubscriptionRemoved, notify.Values{
		"Spaces": s.describeLines(to.Language, d.units, gone),
	}, d.at)
}

// WithdrawSubscription takes back a request of the actor that waits for a decision.
// Errors: [ErrNotFound]; [ErrAlreadyDecided] together with the line as it was decided.
func (s *Service) WithdrawSubscription(ctx context.Context, by account.Actor, id SubscriptionID) (Subscription, error) {
	now := s.clock()
	var line Subscription
	err := s.store.Update(ctx, func(tx Tx) error {
		line = Subscription{}
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		if line, err = ownLine(ctx, tx, a.ID, id); err != nil {
			return err
		}
		withdrawn, err := line.Withdraw(a.ID, now)
		if err != nil {
			return err
		}
		line = withdrawn
		return s.putSubscription(ctx, tx, by, "subscription.withdrawn", &line, now)
	})
	return line, err
}

// ownLine loads a line of an account; anybody else's is [ErrNotFound].
func ownLine(ctx context.Context, tx Tx, a account.ID, id SubscriptionID) (Subscription, error) {
	return find(ctx, func(ctx context.Context, id SubscriptionID) (Subscription, error) {
		found, err := tx.Subscriptions(ctx, SubscriptionQuery{IDs: []SubscriptionID{id}, Account: a, Limit: 1})
		switch {
		case err != nil:
			return Subscription{}, err
		case len(found) == 0:
			return Subscription{}, ErrNotFound
		default:
			return found[0], nil
		}
	}, id)
}
