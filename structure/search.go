package structure

import (
	"context"
	"errors"
	"iter"
	"slices"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/i18n"
)

// Search says which structures somebody looks for. Criteria are ANDed. "*" stands
// for any run of characters and every other character for itself; case and accents
// do not matter. Without a star, an identifier must be equal and everything else
// must begin with the criterion.
type Search struct {
	// Any is the one field of a quick search: identifier, legal name, label,
	// postcode or town. The name of a type in French or English, "publique", stands for
	// that type; with a star it is text again.
	Any string `validate:"max=255,line"`

	Identifier string `validate:"max=64,line"`
	Name       string `validate:"max=255,line"` // legal name or label
	Postcode   string `validate:"max=16,line"`
	Town       string `validate:"max=120,line"`
	Type       Type   `validate:"omitempty,oneof=public private"`  // Defaults to both.
	Status     Status `validate:"omitempty,oneof=active inactive"` // Defaults to both.

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

// query turns what was typed into what the store is asked. The error is
// [ErrCriteriaTooBroad].
func (in Search) query() (Query, error) {
	in.Any, in.Type = typeNamed(in.Any, in.Type)
	q := Query{
		Any: NewPattern(in.Any).Prefix(), Identifier: NewPattern(compact(in.Identifier)),
		Name: NewPattern(in.Name).Prefix(), Postcode: NewPattern(in.Postcode).Prefix(), Town: NewPattern(in.Town).Prefix(),
		Type: in.Type, Status: in.Status,
	}
	if q.Any.Broad() && q.Identifier.Broad() && q.Name.Broad() && q.Postcode.Broad() && q.Town.Broad() && q.Type == "" {
		return Query{}, ErrCriteriaTooBroad
	}
	return q, nil
}

// typeNamed reads the single field of a quick search: what is left to look for, and the
// type if the field names one.
func typeNamed(typed string, chosen Type) (string, Type) {
	for _, t := range []Type{Public, Private} {
		for _, lang := range []language.Tag{language.French, language.English} {
			if chosen == "" && Fold(tidy(typed)) == Fold(i18n.Text(lang, "structure_type."+string(t), nil)) {
				return "", t
			}
		}
	}
	return typed, chosen
}

// exact loads the structures whose identifier is what was typed, under any scheme, and
// that fit the other criteria.
func (in Search) exact(ctx context.Context, tx Tx, q Query) ([]Structure, error) {
	q.Any, q.Identifier = "", ""
	var out []Structure
	for _, typed := range []string{in.Any, in.Identifier} {
		for _, spec := range Schemes() {
			id := Identifier{Scheme: spec.Code, Value: typed}.Canonical()
			if !id.Valid(FormatOnly) {
				continue
			}
			st, there, err := known(tx.StructureByIdentifier(ctx, id))
			if err != nil {
				return nil, err
			}
			if there && q.Match(st) && !slices.ContainsFunc(out, st.same) {
				out = append(out, st)
			}
		}
	}
	return out, nil
}

// beside loads the structures that are found by their identifier alone, as people type it:
// q does not select them.
func (in Search) beside(ctx context.Context, tx Tx, q Query) ([]Structure, error) {
	exact, err := in.exact(ctx, tx, q)
	return slices.DeleteFunc(exact, q.Match), err
}

func (s Structure) same(o Structure) bool { return s.ID == o.ID }

// firstOf puts the exact ones before the others, each once.
func firstOf(exact, others []Structure) []Structure {
	others = slices.DeleteFunc(others, func(v Structure) bool { return slices.ContainsFunc(exact, v.same) })
	return append(slices.Clone(exact), others...)
}

// Search finds structures to join. Any active account may search; what it
// learns is what the operator publishes about a structure: who it is and where, never
// its bank accounts or what is between its managers.
//
// Errors: ErrInvalid naming every bad field; [ErrCriteriaTooBroad] if nothing but
// stars was given.
func (s *Service) Search(ctx context.Context, by account.Actor, in Search) (Found, error) {
	if err := check.Struct("structure.Search", in); err != nil {
		return Found{}, err
	}
	limit := in.Limit
	if limit == 0 {
		limit = DefaultPageSize
	}
	q, err := in.query()
	if err != nil {
		return Found{}, err
	}
	q.AfterName, q.AfterID, q.Limit = in.After.Name, in.After.ID, limit+1
	var out Found
	err = s.store.View(ctx, func(tx Tx) error {
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
		exact, err := in.exact(ctx, tx, q)
		if err != nil {
			return err
		}
		if in.After != (Cursor{}) {
			out.Structures = firstOf(exact, out.Structures)[len(exact):] // they were on the first page
			return nil
		}
		out.Structures = firstOf(exact, out.Structures)
		return nil
	})
	publish(out.Structures)
	return out, err
}

// SearchPage is [Service.Search] page by page, as people leaf through a table (R-147,
// What has exactly the identifier that was typed stands on top of the first
// page, beside as many others as a page has. After and Limit of the search are not
// looked at.
func (s *Service) SearchPage(ctx context.Context, by account.Actor, in Search, page PageRequest) (Page[Structure], error) {
	in.After, in.Limit = Cursor{}, 0
	if err := check.Struct("structure.SearchPage", in, page.fields()...); err != nil {
		return Page[Structure]{}, err
	}
	q, err := in.query()
	if err != nil {
		return Page[Structure]{}, err
	}
	var out Page[Structure]
	err = s.store.View(ctx, func(tx Tx) error {
		if _, err := account.Acting(ctx, tx, by); err != nil {
			return err
		}
		n, err := tx.Count(ctx, Counting{Structures: &q})
		if err != nil {
			return err
		}
		exact, err := in.exact(ctx, tx, q)
		if err != nil {
			return err
		}
		for _, st := range exact {
			if !q.Match(st) {
				n.Structures++ // see beside
			}
		}
		out = newPage[Structure](page, n.Structures)
		q := q
		q.Skip, q.Limit = out.skip(), out.Size
		if out.Items, err = tx.Structures(ctx, q); err != nil {
			return err
		}
		out.Items = firstOf(exact, out.Items)
		if out.Number > 1 {
			out.Items = out.Items[len(exact):]
		}
		return nil
	})
	publish(out.Items)
	return out, err
}

// SearchAll goes through everything that a search finds, by name, as it is at one
// instant and in constant memory; what is found by its identifier alone comes first. A
// position or limit in the search is not looked at.
// The sequence ends with the first error: those of [Service.Search], and the store's. It
// holds a reading unit of work open as long as the loop runs, so the loop must not wait
// for people.
func (s *Service) SearchAll(ctx context.Context, by account.Actor, in Search) iter.Seq2[Structure, error] {
	return func(yield func(Structure, error) bool) {
		in.After, in.Limit = Cursor{}, 0
		err := check.Struct("structure.SearchAll", in)
		var q Query
		if err == nil {
			q, err = in.query()
		}
		if err == nil {
			err = s.store.View(ctx, func(tx Tx) error {
				if _, err := account.Acting(ctx, tx, by); err != nil {
					return err
				}
				show := func(st Structure) error {
					if !yield(st.published(), nil) {
						return errEnough
					}
					return nil
				}
				beside, err := in.beside(ctx, tx, q)
				if err != nil {
					return err
				}
				for _, st := range beside {
					if err := show(st); err != nil {
						return err
					}
				}
				return eachStructure(ctx, tx, q, show)
			})
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(Structure{}, err)
		}
	}
}

// errEnough ends a walk whose reader has enough. It never leaves the package.
var errEnough = errors.New("structure: the reader has enough")

// eachStructure walks through what a query selects, in constant memory.
func eachStructure(ctx context.Context, tx Tx, q Query, fn func(Structure) error) error {
	q.Limit = walk
	if q.Brief {
		q.Limit = maxBrief
	}
	for {
		page, err := tx.Structures(ctx, q)
		if err != nil {
			return err
		}
		for _, st := range page {
			if err := fn(st); err != nil {
				return err
			}
		}
		if len(page) < q.Limit {
			return nil
		}
		last := page[len(page)-1]
		q.AfterName, q.AfterID = Fold(last.LegalName), last.ID
	}
}

// published is what anybody may know of a structure: who and where it is. What its
// managers keep and settle among themselves is not.
func (s Structure) published() Structure {
	s.Sheet = Sheet{Address: s.Sheet.Address}
	s.Nomination, s.Delegated, s.Salt = Nomination{}, authz.Delegation{}, ""
	return s
}

func publish(all []Structure) {
	for i := range all {
		all[i] = all[i].published()
	}
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
	return st.published(), err
}
