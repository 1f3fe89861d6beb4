package structure

import "context"

// Walker is an optional ability of a [Tx]: to go through a long list row by row, in
// constant memory and in a time that grows with the list alone. Without it, exports read
// page by page.
//
// Both methods see what the lists of the unit show at that moment. What fn returns ends
// the walk and comes back as it is; the unit stays usable then. fn MUST NOT use the unit.
// Each value is fn's to keep.
type Walker interface {
	// WalkStructures calls fn with each of what Structures lists, in its order. Position,
	// Skip and Limit of the query are not looked at. It MAY leave zero what a brief listing
	// does.
	WalkStructures(ctx context.Context, q Query, fn func(Structure) error) error

	// WalkMembers calls fn with each of what Members lists, in its order, but for those
	// whose account does not exist. Position, Skip, Limit and Once of the query are not
	// looked at. It MAY leave zero, of the membership, Asked, Comment, Reason, Via,
	// RemindedAt, DueAt, DecidedBy, CreatedAt and Version; of the account, whatever no
	// column of [MemberColumns] and [UserColumns] shows.
	WalkMembers(ctx context.Context, q MembershipQuery, fn func(Member) error) error
}

// walk is how many rows a walk through a table reads at a time where it reads pages.
const walk = 1000

// eachBrief walks through what a query selects as a brief listing shows it.
func eachBrief(ctx context.Context, tx Tx, q Query, fn func(Structure) error) error {
	q.Brief = true
	if w, able := tx.(Walker); able {
		return w.WalkStructures(ctx, q, fn)
	}
	return eachStructure(ctx, tx, q, fn)
}

// eachMember walks through the members whom a query selects, accounts that are not there
// aside.
func eachMember(ctx context.Context, tx Tx, q MembershipQuery, fn func(Member) error) error {
	if w, able := tx.(Walker); able {
		return w.WalkMembers(ctx, q, fn)
	}
	for q.Limit = walk; ; q.Skip += walk {
		page, err := tx.Members(ctx, q)
		if err != nil {
			return err
		}
		for _, m := range page {
			if m.Account.ID == "" {
				continue
			}
			if err := fn(m); err != nil {
				return err
			}
		}
		if len(page) < walk {
			return nil
		}
	}
}
