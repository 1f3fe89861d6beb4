package structure

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

// reach is what an account may do over all the structures that it belongs to.
type reach struct {
	account account.Card
	held    map[ID]Membership
	places  map[ID]Structure
	may     func(st Structure, m Membership, act authz.Action) bool
}

// reach loads it, in three reads however many structures there are, up to 1000.
func (s *Service) reach(ctx context.Context, tx Tx, a account.Card, now time.Time) (reach, error) {
	r := reach{account: a, held: map[ID]Membership{}, places: map[ID]Structure{}}
	own, err := tx.Memberships(ctx, MembershipQuery{Account: a.ID, Statuses: []MembershipStatus{StatusApproved}, Limit: 1000})
	if err != nil || len(own) == 0 {
		return r, err
	}
	q := Query{IDs: make([]ID, 0, len(own)), Limit: len(own)}
	for _, m := range own {
		r.held[m.Structure] = m
		q.IDs = append(q.IDs, m.Structure)
	}
	found, err := tx.Structures(ctx, q)
	if err != nil {
		return r, err
	}
	for _, st := range found {
		r.places[st.ID] = st
	}
	lines, err := linesByStructure(ctx, tx, a.ID)
	r.may = func(st Structure, m Membership, act authz.Action) bool {
		return s.authz.Permissions[act][m.Role] != authz.Never && s.permitted(a, st, m, act, now, lines[st.ID]...) == nil
	}
	return r, err
}

// in lists the structures in which any of the actions is permitted, in the order of
// their IDs.
func (r reach) in(acts ...authz.Action) []ID {
	out := []ID{}
	for id, st := range r.places {
		if slices.ContainsFunc(acts, func(act authz.Action) bool { return r.may(st, r.held[id], act) }) {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// narrowed keeps of the structures the one that is asked for, if any is. The error is
// [ErrNotFound] for one that the account does not belong to, and [ErrDenied] if it is
// not among them.
func (r reach) narrowed(all []ID, only ID) ([]ID, error) {
	_, member := r.places[only]
	switch {
	case only == "":
		return all, nil
	case !member:
		return nil, ErrNotFound
	case !slices.Contains(all, only):
		return nil, ErrDenied
	default:
		return []ID{only}, nil
	}
}

// managed lists the structures in which an account may do an administrative action.
func (s *Service) managed(ctx context.Context, tx Tx, a account.Card, act authz.Action, now time.Time) ([]ID, error) {
	r, err := s.reach(ctx, tx, a, now)
	if err != nil {
		return nil, err
	}
	return r.in(act), nil
}

// sortByName sorts structures by the name that people read.
func sortByName(all []Structure) {
	slices.SortFunc(all, func(a, b Structure) int {
		return cmp.Or(cmp.Compare(Fold(a.DisplayName()), Fold(b.DisplayName())), cmp.Compare(a.ID, b.ID))
	})
}
