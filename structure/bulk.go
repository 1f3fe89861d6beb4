package structure

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
)

// MaxBulk is how many memberships one call may name.
const MaxBulk = 1000

// together is how many memberships share a unit of work.
const together = 50

// Outcome is what became of one item of an operation on several.
type Outcome struct {
	ID         MembershipID // of the membership
	Structure  ID           // where; "" if the item is of no structure that the actor may know of
	Membership Membership   // as it is now; where somebody else was faster, as it was decided
	Warnings   []Warning    // what the policy has to say about it
	Err        error        // why nothing was done; nil if it was
}

// ApproveMany approves several requests, as [Service.Approve] does each. Items
// stand on their own: one that cannot be approved changes nothing for the others, and
// each has a result, in the order given. A scope that is given holds for all.
//
// Errors of the whole: ErrInvalid for bad fields, or for more than MaxBulk.
func (s *Service) ApproveMany(ctx context.Context, by account.Actor, ids []MembershipID, a Approval) ([]Outcome, error) {
	const op = "structure.ApproveMany"
	act, err := s.approval(op, a)
	if err != nil {
		return nil, err
	}
	return s.many(ctx, op, by, ids, act)
}

// RejectMany refuses several requests for one reason, as [Service.Reject] does each
// (R-229, C-18). Results and errors are those of [Service.ApproveMany].
func (s *Service) RejectMany(ctx context.Context, by account.Actor, ids []MembershipID, r Refusal) ([]Outcome, error) {
	const op = "structure.RejectMany"
	act, err := s.refusal(op, r)
	if err != nil {
		return nil, err
	}
	return s.many(ctx, op, by, ids, act)
}

func checkBulk(op, path string, n int) error {
	if n > MaxBulk {
		return fault.Invalid(op, fault.Field{Path: path, Code: "too_many", Param: strconv.Itoa(MaxBulk)})
	}
	return nil
}

// many runs an act on several memberships, so many to a unit of work. A rule that says
// no has written nothing, so the others of its unit go on. If a unit is lost, each of its
// items is tried in a unit of its own.
func (s *Service) many(ctx context.Context, op string, by account.Actor, ids []MembershipID, a act) ([]Outcome, error) {
	if err := checkBulk(op, "memberships", len(ids)); err != nil {
		return nil, err
	}
	now := s.clock()
	all := make([]Outcome, 0, len(ids))
	for part := range slices.Chunk(ids, together) {
		var out []Outcome
		err := s.store.Update(ctx, func(tx Tx) error {
			out = make([]Outcome, 0, len(part))
			units := map[ID][]Unit{}
			for _, id := range part {
				m, err := s.actOn(ctx, tx, by, id, a, units, now)
				if err != nil && !refused(err) {
					return err
				}
				out = append(out, outcome(id, m, err))
			}
			return nil
		})
		if err != nil {
			out = s.each(ctx, by, part, a, now)
		}
		all = append(all, out...)
	}
	return all, nil
}

// each runs an act on several memberships, each in a unit of its own.
func (s *Service) each(ctx context.Context, by account.Actor, ids []MembershipID, a act, now time.Time) []Outcome {
	out := make([]Outcome, 0, len(ids))
	for _, id := range ids {
		var m Membership
		err := s.store.Update(ctx, func(tx Tx) (err error) {
			m, err = s.actOn(ctx, tx, by, id, a, map[ID][]Unit{}, now)
			return err
		})
		out = append(out, outcome(id, m, err))
	}
	return out
}

// outcome tells what became of one item. The membership comes with an error only where
// that says how it was decided.
func outcome(id MembershipID, m Membership, err error) Outcome {
	if err != nil && !refused(err) {
		m = Membership{}
	}
	return Outcome{ID: id, Structure: m.Structure, Membership: m, Err: err}
}

// refused reports whether err is a rule's answer; anything else loses the unit of work.
func refused(err error) bool {
	var e *fault.Error
	return !errors.As(err, new(halfway)) && errors.As(err, &e) && e.Code != fault.CodeConflict && e.Code != fault.CodeExists
}
