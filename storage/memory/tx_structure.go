package memory

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
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
	return read(ctx, t, func() ([]structure.Structure, error) { return t.structures(q, q.Capped()), nil })
}

func (t *tx) structures(q structure.Query, limit int) []structure.Structure {
	rows := t.db.structures.scan("n", key("n").text(q.AfterName).text(string(q.AfterID)))
	found := t.db.structures.take(rows, beyond(q.Skip, limit), func(s searchable) bool { return s.fits(q) })
	var out []structure.Structure
	for _, s := range pageOf(found, q.Skip, limit) {
		out = append(out, s.Structure)
	}
	return out
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
	return structure.Standing{Account: who.Card(), Structure: where.Structure, Membership: what, Head: last.Head()}
}

func (t *tx) Deciding(ctx context.Context, a account.ID, id structure.MembershipID) (structure.Deciding, error) {
	return read(ctx, t, func() (structure.Deciding, error) {
		m, err := t.db.memberships.get(byID(id))
		if err != nil {
			return structure.Deciding{}, err
		}
		applicant, _ := t.db.accounts.get(byID(m.Account)) // zero if it is not there
		return structure.Deciding{Standing: t.standing(a, m.Structure), Subject: m, Applicant: applicant.Card()}, nil
	})
}

func (t *tx) PutMembership(ctx context.Context, m structure.Membership) error {
	return t.write(ctx, func() error { return t.db.memberships.put(m) })
}

func (t *tx) Memberships(ctx context.Context, q structure.MembershipQuery) ([]structure.Membership, error) {
	return read(ctx, t, func() ([]structure.Membership, error) { return t.memberships(q, q.Capped()), nil })
}

func (t *tx) memberships(q structure.MembershipQuery, limit int) []structure.Membership {
	if q.Once {
		every := q
		every.Once, every.AfterAt, every.AfterID, every.Skip, every.ByName = false, structure.MembershipQuery{}.AfterAt, "", 0, false
		all := onceEach(t.memberships(every, math.MaxInt), func(m structure.Membership) account.ID { return m.Account })
		return pageOf(t.ordered(slices.DeleteFunc(all, func(m structure.Membership) bool {
			return cmp.Or(m.RequestedAt.Compare(q.AfterAt), cmp.Compare(m.ID, q.AfterID)) <= 0
		}), q.ByName), q.Skip, limit)
	}
	table := t.db.memberships
	fits := func(m structure.Membership) bool {
		return fitsMembership(q, m) && t.fitsPerson(q.Person, m.Account) && (q.Beside == "" || t.belongs(m.Account, q.Beside))
	}
	enough := beyond(q.Skip, limit)
	if q.ByName {
		enough = math.MaxInt
	}
	var all []structure.Membership
	switch {
	case q.Account != "":
		all = table.take(t.requests(accountRequests(q.Account), q), enough, fits)
	case q.Structures != nil:
		ids := slices.Clone(q.Structures)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			all = append(all, table.take(t.requests(structureRequests(id), q), enough, fits)...)
		}
	case !q.DueAt.IsZero():
		all = table.take(t.requests(dueRequests, q), enough, fits)
	default:
		all = table.take(t.requests(everyRequest, q), enough, fits)
	}
	return pageOf(t.ordered(all, q.ByName), q.Skip, limit)
}

// ordered sorts memberships the way a query lists them.
func (t *tx) ordered(all []structure.Membership, byName bool) []structure.Membership {
	slices.SortFunc(all, func(a, b structure.Membership) int {
		if byName {
			return cmp.Or(strings.Compare(t.nameOf(a.Account), t.nameOf(b.Account)), cmp.Compare(a.Account, b.Account), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(a.RequestedAt.Compare(b.RequestedAt), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// onceEach keeps the first of each that shares a key.
func onceEach[V any, K comparable](all []V, of func(V) K) []V {
	seen := map[K]bool{}
	return slices.DeleteFunc(all, func(v V) bool {
		k := of(v)
		defer func() { seen[k] = true }()
		return seen[k]
	})
}

// fitsPerson reports whether an account is there and fits; without criteria every one does.
func (t *tx) fitsPerson(c account.Criteria, id account.ID) bool {
	if c.IsZero() {
		return true
	}
	a, err := t.db.accounts.get(byID(id))
	return err == nil && c.Match(a)
}

// belongs reports whether an account has a membership in a structure, whatever its status.
func (t *tx) belongs(a account.ID, s structure.ID) bool {
	_, err := t.db.memberships.find(pairKey(a, s))
	return err == nil
}

// nameOf is what accounts are sorted by: the folded names, the family name first.
func (t *tx) nameOf(id account.ID) string {
	a, err := t.db.accounts.get(byID(id))
	if err != nil {
		return "" // before every account
	}
	return string(key("").text(structure.Fold(a.FamilyName)).text(structure.Fold(a.GivenName)))
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
			out = append(out, structure.Member{Membership: m, Account: a.Card()})
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
	case q.Except != "" && m.Account == q.Except:
	case q.Service != "" && !m.Granted.Whole && !slices.Contains(m.Granted.Services, q.Service):
	case !q.DueAt.IsZero() && (m.DueAt.IsZero() || m.DueAt.After(q.DueAt)):
	default:
		return true
	}
	return false
}

var _ structure.Keeper = (*tx)(nil)

// KeepActive implements structure.Keeper. Units that write run one after the other, so what
// is active now stays so until this one ends.
func (t *tx) KeepActive(ctx context.Context, id account.ID) error {
	return t.write(ctx, func() error {
		if a, err := t.db.accounts.get(byID(id)); err != nil || a.Status != account.StatusActive {
			return storage.ErrConflict
		}
		return nil
	})
}
