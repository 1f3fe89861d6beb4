package structure

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
)

// linesOf loads every subscription that q selects, however many there are.
func linesOf(ctx context.Context, tx Tx, q SubscriptionQuery) ([]Subscription, error) {
	var all []Subscription
	for q.Limit = 1000; ; {
		page, err := tx.Subscriptions(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, line := range page {
			q.AfterAt, q.AfterID = line.RequestedAt, line.ID
		}
		if all = append(all, page...); len(page) < q.Limit {
			return all, nil
		}
	}
}

// linesBeside loads, of each account in each structure that one of the lines is of, every
// line in any of the statuses, oldest first.
func linesBeside(ctx context.Context, tx Tx, lines []Subscription, statuses []SubscriptionStatus) ([]Subscription, error) {
	q, wanted := SubscriptionQuery{Statuses: statuses}, map[owner]bool{}
	for _, line := range lines {
		q.Accounts, q.Structures = append(q.Accounts, line.Account), append(q.Structures, line.Structure)
		wanted[owner{line.Account, line.Structure}] = true
	}
	all, err := linesOf(ctx, tx, q)
	return slices.DeleteFunc(all, func(s Subscription) bool { return !wanted[owner{s.Account, s.Structure}] }), err
}

// linesByStructure loads the lines of an account that give a right or wait for one.
func linesByStructure(ctx context.Context, tx Tx, a account.ID) (map[ID][]Subscription, error) {
	lines, err := linesOf(ctx, tx, SubscriptionQuery{Account: a, Statuses: openLines()})
	out := map[ID][]Subscription{}
	for _, line := range lines {
		out[line.Structure] = append(out[line.Structure], line)
	}
	return out, err
}

// openLines are the statuses of lines that give a right or wait for one.
func openLines() []SubscriptionStatus {
	return []SubscriptionStatus{SubscriptionPending, SubscriptionApproved}
}

// endSubscriptions ends the lines of an account in a structure because its membership
// ended there, or for some services of it: what waits is cancelled, what is held is
// removed, and asking to join again brings none of it back. A line for all that the
// membership covers ends with the whole of it alone. nil services end every line.
func (s *Service) endSubscriptions(
	ctx context.Context, tx Tx, by account.Actor, a account.ID, st ID, services []ServiceID, now time.Time,
) error {
	return s.endLines(ctx, tx, by, a, st, func(line Subscription) bool {
		return services == nil || slices.Contains(services, line.Service)
	}, now)
}

// fitSubscriptions ends the lines that a membership does not carry any more: all of
// them once it has ended, else those for services that it no longer covers.
func (s *Service) fitSubscriptions(ctx context.Context, tx Tx, by account.Actor, m Membership, now time.Time) error {
	return s.endLines(ctx, tx, by, m.Account, m.Structure, func(line Subscription) bool {
		return m.Granted.IsZero() || line.Service != "" && !m.Granted.Covers(Services(line.Service))
	}, now)
}

func (s *Service) endLines(
	ctx context.Context, tx Tx, by account.Actor, a account.ID, st ID, over func(Subscription) bool, now time.Time,
) error {
	lines, err := linesOf(ctx, tx, SubscriptionQuery{Account: a, Structures: []ID{st}, Statuses: openLines()})
	if err != nil {
		return err
	}
	for _, line := range lines {
		if !over(line) {
			continue
		}
		if line, err = line.End(by.ID, now); err != nil {
			return err
		}
		if err := s.putSubscription(ctx, tx, by, "subscription.ended", &line, now); err != nil {
			return err
		}
	}
	return nil
}
