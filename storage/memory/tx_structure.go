package memory

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

func (t *tx) Structure(ctx context.Context, id structure.ID) (structure.Structure, error) {
	s, err := read(ctx, t, func() (searchable, error) { return t.db.structures.get(byID(id)) })
	return s.Structure, err
}

func (t *tx) StructureByIdentifier(ctx context.Context, id structure.Identifier) (structure.Structure, error) {
	s, err := read(ctx, t, func() (searchable, error) { return t.db.structures.find(identifierKey(id)) })
	return s.Structure, err
}

func (t *tx) PutStructure(ctx context.Context, s structure.Structure) error {
	return t.write(ctx, func() error { return t.db.structures.put(newSearchable(s)) })
}

func (t *tx) Structures(ctx context.Context, q structure.Query) ([]structure.Structure, error) {
	return read(ctx, t, func() ([]structure.Structure, error) {
		rows := t.db.structures.scan("n", key("n").text(q.AfterName).text(string(q.AfterID)))
		var out []structure.Structure
		for _, s := range t.db.structures.take(rows, q.Capped(), func(s searchable) bool { return s.fits(q) }) {
			out = append(out, s.Structure)
		}
		return out, nil
	})
}

func (t *tx) Unit(ctx context.Context, id structure.ServiceID) (structure.Unit, error) {
	return read(ctx, t, func() (structure.Unit, error) { return t.db.units.get(byID(id)) })
}

func (t *tx) Units(ctx context.Context, id structure.ID) ([]structure.Unit, error) {
	return read(ctx, t, func() ([]structure.Unit, error) {
		rows := t.db.units.scan(unitsKey(id), unitsKey(id))
		return t.db.units.take(rows, math.MaxInt, every), nil
	})
}

func (t *tx) PutUnit(ctx context.Context, u structure.Unit) error {
	return t.write(ctx, func() error { return t.db.units.put(u) })
}

func (t *tx) Membership(ctx context.Context, id structure.MembershipID) (structure.Membership, error) {
	return read(ctx, t, func() (structure.Membership, error) { return t.db.memberships.get(byID(id)) })
}

func (t *tx) Standing(ctx context.Context, a account.ID, s structure.ID) (structure.Standing, error) {
	return read(ctx, t, func() (structure.Standing, error) { return t.standing(a, s), nil })
}

// standing gathers what there is. What is not there comes back zero, beside an error
// that says so.
func (t *tx) standing(a account.ID, s structure.ID) structure.Standing {
	who, _ := t.db.accounts.get(byID(a))
	where, _ := t.db.structures.get(byID(s))
	what, _ := t.db.memberships.find(pairKey(a, s))
	last, _ := t.lastEvent(notify.StructureChain(s))
	return structure.Standing{Account: who, Structure: where.Structure, Membership: what, Head: last.Head()}
}

func (t *tx) Deciding(ctx context.Context, a account.ID, id structure.MembershipID) (structure.Deciding, error) {
	return read(ctx, t, func() (structure.Deciding, error) {
		m, err := t.db.memberships.get(byID(id))
		if err != nil {
			return structure.Deciding{}, err
		}
		applicant, _ := t.db.accounts.get(byID(m.Account)) // zero if it is not there
		return structure.Deciding{Standing: t.standing(a, m.Structure), Subject: m, Applicant: applicant}, nil
	})
}

func (t *tx) PutMembership(ctx context.Context, m structure.Membership) error {
	return t.write(ctx, func() error { return t.db.memberships.put(m) })
}

func (t *tx) Memberships(ctx context.Context, q structure.MembershipQuery) ([]structure.Membership, error) {
	fits := func(m structure.Membership) bool { return fitsMembership(q, m) }
	limit := q.Capped()
	return read(ctx, t, func() ([]structure.Membership, error) {
		switch {
		case q.Account != "":
			return t.db.memberships.take(t.requests(accountRequests(q.Account), q), limit, fits), nil
		case q.Structures == nil:
			return t.db.memberships.take(t.requests(everyRequest, q), limit, fits), nil
		}
		ids := slices.Clone(q.Structures)
		slices.Sort(ids)
		var all []structure.Membership
		for _, id := range slices.Compact(ids) {
			all = append(all, t.db.memberships.take(t.requests(structureRequests(id), q), limit, fits)...)
		}
		slices.SortFunc(all, func(a, b structure.Membership) int {
			return cmp.Or(a.RequestedAt.Compare(b.RequestedAt), cmp.Compare(a.ID, b.ID))
		})
		return all[:min(limit, len(all))], nil
	})
}

func (t *tx) Members(ctx context.Context, q structure.MembershipQuery) ([]structure.Member, error) {
	ms, err := t.Memberships(ctx, q)
	if err != nil {
		return nil, err
	}
	return read(ctx, t, func() ([]structure.Member, error) {
		var out []structure.Member
		for _, m := range ms {
			a, _ := t.db.accounts.get(byID(m.Account)) // zero if it is not there
			out = append(out, structure.Member{Membership: m, Account: a})
		}
		return out, nil
	})
}

// requests yields the memberships of one list that follow q's position.
func (t *tx) requests(prefix key, q structure.MembershipQuery) iter.Seq[structure.Membership] {
	after := structure.Membership{RequestedAt: q.AfterAt, ID: q.AfterID}
	return t.db.memberships.scan(prefix, requestPosition(prefix, after))
}

func fitsMembership(q structure.MembershipQuery, m structure.Membership) bool {
	switch {
	case q.Account != "" && m.Account != q.Account:
	case q.Structures != nil && !slices.Contains(q.Structures, m.Structure):
	case len(q.Statuses) > 0 && !slices.Contains(q.Statuses, m.Status):
	case q.Role != "" && m.Role != q.Role:
	case q.Undecided && m.Asked.IsZero():
	default:
		return true
	}
	return false
}
