package structure

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// SubscriptionOutcome is what became of one line of an operation on several.
type SubscriptionOutcome struct {
	ID           SubscriptionID
	Subscription Subscription // as it is now; where somebody else was faster, as it was decided
	Err          error        // why nothing was done; nil if it was
}

// ApproveManySubscriptions approves lines of any people and structures as they were asked
// for. Lines stand on their own: one that cannot be approved changes
// nothing for the others, and each has a result, in the order given; the errors are those
// of [Service.ApproveSubscriptions]. A line whose membership has ended is cancelled. Each
// person gets one mail for each structure.
//
// Errors of the whole: account.ErrActor; ErrInvalid for more than 1000 lines.
func (s *Service) ApproveManySubscriptions(ctx context.Context, by account.Actor, ids ...SubscriptionID) ([]SubscriptionOutcome, error) {
	return s.decideMany(ctx, "structure.ApproveManySubscriptions", by, ids, "", func(d desk, line Subscription) (Subscription, error) {
		return s.approved(by, d, line)
	})
}

// RejectManySubscriptions refuses lines of any people and structures for one reason
// (C-18). Results are those of [Service.ApproveManySubscriptions]; errors of the whole
// also ErrInvalid without a reason of 1 to 255 characters.
func (s *Service) RejectManySubscriptions(ctx context.Context, by account.Actor, ids []SubscriptionID, r Refusal) ([]SubscriptionOutcome, error) {
	const op = "structure.RejectManySubscriptions"
	r.Reason = multiline(r.Reason)
	if err := check.Struct(op, r); err != nil {
		return nil, err
	}
	return s.decideMany(ctx, op, by, ids, r.Reason, func(d desk, line Subscription) (Subscription, error) {
		return s.rejected(by, d, line, r.Reason)
	})
}

// lineRule decides one line and writes nothing.
type lineRule func(d desk, line Subscription) (Subscription, error)

// owner is whose a line is, and where.
type owner struct {
	account   account.ID
	structure ID
}

// perUnit is how many lines share a unit of work.
const perUnit = 50

// decideMany decides lines, so many to a unit of work. A rule that says no has written
// nothing, so the others of its unit go on; if a unit is lost, each person's lines are
// tried in a unit of their own.
func (s *Service) decideMany(
	ctx context.Context, op string, by account.Actor, lines []SubscriptionID, reason string, rule lineRule,
) ([]SubscriptionOutcome, error) {
	if err := account.MayAct(by); err != nil {
		return nil, err
	}
	if len(lines) > maxBulkLines {
		return nil, fault.Invalid(op, fault.Field{Path: "subscriptions", Code: "too_many", Param: strconv.Itoa(maxBulkLines)})
	}
	now := s.clock()
	out := map[SubscriptionID]SubscriptionOutcome{}
	groups, err := s.groups(ctx, lines)
	if err != nil {
		return nil, err
	}
	run := func(groups ...[]SubscriptionID) error {
		var done []SubscriptionOutcome
		err := s.store.Update(ctx, func(tx Tx) error {
			done = nil
			for _, g := range groups {
				part, err := s.decideGroup(ctx, tx, by, g, reason, rule, now)
				if err != nil {
					return err
				}
				done = append(done, part...)
			}
			return nil
		})
		if err == nil {
			for _, o := range done {
				out[o.ID] = o
			}
		}
		return err
	}
	for _, unit := range packed(groups) {
		if run(unit...) == nil {
			continue
		}
		for _, g := range unit {
			if err := run(g); err != nil {
				for _, id := range g {
					out[id] = SubscriptionOutcome{ID: id, Err: err}
				}
			}
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

// groups sorts lines by whose they are and where; those that do not exist are left out.
func (s *Service) groups(ctx context.Context, lines []SubscriptionID) ([][]SubscriptionID, error) {
	valid := slices.DeleteFunc(slices.Clone(lines), func(id SubscriptionID) bool { return !ids.Valid(id) })
	if len(valid) == 0 {
		return nil, nil
	}
	var order []owner
	of := map[owner][]SubscriptionID{}
	err := s.store.View(ctx, func(tx Tx) error {
		order, of = nil, map[owner][]SubscriptionID{}
		found, err := linesOf(ctx, tx, SubscriptionQuery{IDs: valid})
		for _, line := range found {
			o := owner{line.Account, line.Structure}
			if of[o] == nil {
				order = append(order, o)
			}
			of[o] = append(of[o], line.ID)
		}
		return err
	})
	out := make([][]SubscriptionID, 0, len(order))
	for _, o := range order {
		out = append(out, of[o])
	}
	return out, err
}

// packed puts groups together into units of at most perUnit lines, a larger group alone.
func packed(groups [][]SubscriptionID) [][][]SubscriptionID {
	var out [][][]SubscriptionID
	room := 0
	for _, g := range groups {
		if room -= len(g); room < 0 {
			out, room = append(out, nil), perUnit-len(g)
		}
		out[len(out)-1] = append(out[len(out)-1], g)
	}
	return out
}

// decideGroup decides lines of one person in one structure in a unit that is open.
func (s *Service) decideGroup(
	ctx context.Context, tx Tx, by account.Actor, lines []SubscriptionID, reason string, rule lineRule, now time.Time,
) ([]SubscriptionOutcome, error) {
	d, found, err := s.requested(ctx, tx, by, lines, now)
	var no *fault.Error
	if errors.As(err, &no) && no.Code != fault.CodeConflict {
		out := make([]SubscriptionOutcome, 0, len(lines))
		for _, id := range lines {
			out = append(out, SubscriptionOutcome{ID: id, Err: err})
		}
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	var out []SubscriptionOutcome
	var over, decided []Subscription // of which one is empty: over is what a membership that ended carries
	for _, line := range found {
		o := SubscriptionOutcome{ID: line.ID, Subscription: line}
		if d.gone() && line.Undecided() && line.Account != by.ID && s.may(d, authz.ActionDecideSubscriptions, line.Space) == nil {
			over = append(over, line)
		} else if o.Subscription, o.Err = rule(d, line); o.Err == nil {
			decided = append(decided, o.Subscription)
		}
		out = append(out, o)
	}
	if over, err = s.cancel(ctx, tx, by, d, over); err != nil {
		return nil, err
	}
	if err := s.putDecided(ctx, tx, by, d, decided, reason); err != nil {
		return nil, err
	}
	return stored(out, append(over, decided...)), nil
}

// stored returns outcomes with the lines as they are now.
func stored(out []SubscriptionOutcome, lines []Subscription) []SubscriptionOutcome {
	for i, o := range out {
		for _, line := range lines {
			if line.ID == o.ID {
				out[i].Subscription = line
			}
		}
	}
	return out
}
