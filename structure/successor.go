package structure

import (
	"cmp"
	"context"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// Successor names who takes over: by account, or by login address. One of the
// two is set.
type Successor struct {
	Account account.ID
	Login   string
}

// bothWays names what is wrong with one successor for all beside one for each.
func bothWays(all Successor, each map[ID]Successor) []fault.Field {
	if all != (Successor{}) && len(each) > 0 {
		return []fault.Field{{Path: "successors", Code: "excluded_by_all"}}
	}
	return nil
}

// heirsOf finds the successor for each structure: one for all, or one for each.
func heirsOf(
	ctx context.Context, tx Tx, op string, owner account.Card, all Successor, each map[ID]Successor, principal []Structure,
) (map[ID]account.Account, error) {
	if len(principal) > 0 && all == (Successor{}) && len(each) == 0 {
		return nil, ErrSuccessorRequired.In(op)
	}
	var missing, bad []fault.Field
	heirs, people := map[ID]account.Account{}, map[Successor]account.Account{}
	for _, st := range principal {
		path, who := "successorForAll", all
		if who == (Successor{}) {
			path, who = "successors["+string(st.ID)+"]", each[st.ID]
		}
		if who == (Successor{}) {
			missing = append(missing, fault.Field{Path: path, Code: "required"})
			continue
		}
		a, seen := people[who]
		if !seen {
			var err error
			if a, err = successor(ctx, tx, who); err != nil {
				return nil, err
			}
			people[who] = a
		}
		if field := (fault.Field{Path: path, Code: "successor"}); !fit(a.Card(), owner) && !slices.Contains(bad, field) {
			bad = append(bad, field)
		}
		heirs[st.ID] = a
	}
	for id := range each {
		if !slices.ContainsFunc(principal, func(st Structure) bool { return st.ID == id }) {
			bad = append(bad, fault.Field{Path: "successors[" + string(id) + "]", Code: "id"})
		}
	}
	slices.SortFunc(bad, func(a, b fault.Field) int { return cmp.Compare(a.Path, b.Path) })
	switch {
	case len(missing) > 0:
		err := *ErrSuccessorMissing
		err.Op, err.Fields = op, missing
		return nil, &err
	case len(bad) > 0:
		return nil, fault.Invalid(op, bad...)
	default:
		return heirs, nil
	}
}

// successor loads whoever is named; nobody is the zero account.
func successor(ctx context.Context, tx Tx, who Successor) (account.Account, error) {
	if who.Account != "" {
		a, _, err := known(find(ctx, tx.Account, who.Account))
		return a, err
	}
	login, err := address.Parse(who.Login)
	if err != nil {
		return account.Account{}, nil //nolint:nilerr // nobody has such an address
	}
	a, _, err := known(tx.AccountByLogin(ctx, login))
	return a, err
}

// fit reports whether an account can take over from its owner: it is another one, of
// a person, and active. Why not is not told, since the address may be anybody's.
func fit(a, owner account.Card) bool {
	return ids.Valid(a.ID) && a.ID != owner.ID && a.Kind == account.KindPerson && a.Status == account.StatusActive
}

// guard makes whoever gives a successor a role meanwhile, or closes that account, collide
// with this unit (RC-08).
func guard(ctx context.Context, tx Tx, heirs map[ID]account.Account) error {
	done := map[account.ID]bool{}
	for _, heir := range heirs {
		if done[heir.ID] {
			continue
		}
		done[heir.ID] = true
		if err := tx.PutAccount(ctx, heir); err != nil {
			return err
		}
	}
	return nil
}
