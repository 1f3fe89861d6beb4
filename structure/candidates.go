package structure

import (
	"cmp"
	"context"
	"slices"

	"github.com/habilis-go/habilis/account"
)

// MaxCandidates is how many members of one structure are looked through for candidates:
// those who asked to join first.
const MaxCandidates = 1000

// candidates lists whom a structure can be handed to from among its members, by name:
// those who could be named as successors at all.
func candidates(members []Member, owner account.Card) []Person {
	var out []Person
	for _, m := range members {
		if m.Membership.Status == StatusApproved && fit(m.Account, owner) {
			out = append(out, personOf(m.Account))
		}
	}
	slices.SortFunc(out, func(a, b Person) int {
		return cmp.Or(cmp.Compare(Fold(a.SortName), Fold(b.SortName)), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// offer loads the candidates for each structure that needs a successor.
func offer(ctx context.Context, tx Tx, owner account.Card, principal []Structure) (map[ID][]Person, error) {
	out := make(map[ID][]Person, len(principal))
	for _, st := range principal {
		members, err := tx.Members(ctx, MembershipQuery{
			Structures: []ID{st.ID}, Statuses: []MembershipStatus{StatusApproved}, Limit: MaxCandidates,
		})
		if err != nil {
			return nil, err
		}
		out[st.ID] = candidates(members, owner)
	}
	return out, nil
}
