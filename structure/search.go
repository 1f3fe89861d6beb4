package structure

import (
	"context"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/check"
)

// Search says which structures somebody looks for. Criteria are ANDed. "*" stands
// for any run of characters and every other character for itself; case and accents
// do not matter. Without a star, an identifier must be equal and everything else
// must begin with the criterion.
type Search struct {
	Any        string `validate:"max=255,line"` // identifier, legal name, label, postcode or town
	Identifier string `validate:"max=64,line"`
	Name       string `validate:"max=255,line"` // legal name or label
	Postcode   string `validate:"max=16,line"`
	Town       string `validate:"max=120,line"`

	After Cursor // continue after this; the zero Cursor begins
	Limit int    `validate:"min=0,max=100"` // at most this many. Defaults to 20.
}

// Cursor is a position in the result of a search.
type Cursor struct {
	Name string `validate:"max=2000,line"` // folded
	ID   ID     `validate:"omitempty,id"`
}

// Found is one page of a search.
type Found struct {
	Structures []Structure // the exact identifier first, then by name
	Next       *Cursor     // where the next page begins; nil on the last
}

// Search finds structures to join. Any active account may search; what it
// learns is what the operator publishes about a structure.
//
// Errors: ErrInvalid naming every bad field; [ErrCriteriaTooBroad] if nothing but
// stars was given.
func (s *Service) Search(ctx context.Context, by account.Actor, in Search) (Found, error) {
	if err := check.Struct("structure.Search", in); err != nil {
		return Found{}, err
	}
	limit := in.Limit
	if limit == 0 {
		limit = 20
	}
	q := Query{
		Any: NewPattern(in.Any).Prefix(), Identifier: NewPattern(canonical(in.Identifier)),
		Name: NewPattern(in.Name).Prefix(), Postcode: NewPattern(in.Postcode).Prefix(), Town: NewPattern(in.Town).Prefix(),
		AfterName: in.After.Name, AfterID: in.After.ID, Limit: limit + 1,
	}
	if q.Any.Broad() && q.Identifier.Broad() && q.Name.Broad() && q.Postcode.Broad() && q.Town.Broad() {
		return Found{}, ErrCriteriaTooBroad
	}
	exact := SIRET(in.Any)
	var out Found
	err := s.store.View(ctx, func(tx Tx) error {
		if _, err := account.Acting(ctx, tx, by); err != nil {
			return err
		}
		var err error
		if out.Structures, err = tx.Structures(ctx, q); err != nil {
			return err
		}
		if len(out.Structures) > limit {
			last := out.Structures[limit-1]
			out.Structures, out.Next = out.Structures[:limit], &Cursor{Name: Fold(last.LegalName), ID: last.ID}
		}
		first, there := Structure{}, false
		if exact.Valid(FormatOnly) && in.After == (Cursor{}) {
			if first, there, err = known(tx.StructureByIdentifier(ctx, exact)); err != nil {
				return err
			}
		}
		if there {
			rest := slices.DeleteFunc(out.Structures, func(v Structure) bool { return v.ID == first.ID })
			out.Structures = append([]Structure{first}, rest...)
		}
		return nil
	})
	return out, err
}

// Structure returns one structure for any active account, as [Service.Search] shows
// it. The error is [ErrNotFound].
func (s *Service) Structure(ctx context.Context, by account.Actor, id ID) (Structure, error) {
	var st Structure
	err := s.store.View(ctx, func(tx Tx) error {
		if _, err := account.Acting(ctx, tx, by); err != nil {
			return err
		}
		var err error
		st, err = find(ctx, tx.Structure, id)
		return err
	})
	return st, err
}

// Services lists the services of a structure that can be asked for today, for any
// active account that prepares a request, by code.
func (s *Service) Services(ctx context.Context, by account.Actor, id ID) ([]Unit, error) {
	now := s.clock()
	var units []Unit
	err := s.store.View(ctx, func(tx Tx) error {
		if _, err := account.Acting(ctx, tx, by); err != nil {
			return err
		}
		st, err := find(ctx, tx.Structure, id)
		if err != nil {
			return err
		}
		units, err = tx.Units(ctx, st.ID)
		return err
	})
	units = slices.DeleteFunc(units, func(u Unit) bool { return !u.Active || u.Validity.After(now) })
	return units, err
}
