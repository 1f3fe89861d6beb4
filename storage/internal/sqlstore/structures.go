package sqlstore

import (
	"context"
	"strings"

	"github.com/habilis-go/habilis/structure"
)

func structureTable() table[structure.Structure] {
	return table[structure.Structure]{
		name: "habilis_structures",
		keys: 1,
		columns: []string{
			"id", "identifier_scheme", "identifier_value", "legal_name", "label", "type", "status",
			"postcode", "town", "spaces", "delegated_structure", "delegated_users", "directory", "sheet", "nomination", "salt", "created_at", "version",
		},
		fields: func(s *structure.Structure) []any {
			return []any{
				(*string)(&s.ID), (*string)(&s.Identifier.Scheme), &s.Identifier.Value, &s.LegalName, &s.Label,
				(*string)(&s.Type), (*string)(&s.Status), &s.Postcode, &s.Town,
				words(&s.Spaces), &s.Delegated.Structure, &s.Delegated.Users, (*string)(&s.Directory),
				sheetColumn(&s.Sheet), nominationColumn(&s.Nomination), &s.Salt, never(&s.CreatedAt), &s.Version,
			}
		},
		derived: []string{"folded_identifier", "folded_name", "folded_label", "folded_postcode", "folded_town"},
		derive: func(s *structure.Structure) []any {
			return []any{
				structure.Fold(s.Identifier.Value), structure.Fold(s.LegalName), structure.Fold(s.Label), structure.Fold(s.Postcode), structure.Fold(s.Town),
			}
		},
	}
}

// briefStructures and briefStructure read what a brief listing is about.
const briefStructures = "SELECT id, identifier_scheme, identifier_value, legal_name, label, type, status, postcode, town, created_at" +
	" FROM habilis_structures"

func briefStructure(s *structure.Structure) []any {
	return []any{
		(*string)(&s.ID), (*string)(&s.Identifier.Scheme), &s.Identifier.Value, &s.LegalName, &s.Label,
		(*string)(&s.Type), (*string)(&s.Status), &s.Postcode, &s.Town, never(&s.CreatedAt),
	}
}

// sheetColumn keeps a sheet as JSON.
func sheetColumn(s *structure.Sheet) document[structure.Sheet] {
	return document[structure.Sheet]{s, func(s *structure.Sheet) {
		s.Mandate.SignedAt = inMicroseconds(s.Mandate.SignedAt)
	}}
}

// nominationColumn keeps a nomination as JSON, nobody's as an empty object.
func nominationColumn(n *structure.Nomination) optional[structure.Nomination] {
	return optional[structure.Nomination]{document[structure.Nomination]{n, func(n *structure.Nomination) {
		n.At, n.ExpiresAt = inMicroseconds(n.At), inMicroseconds(n.ExpiresAt)
	}}}
}

// Structure implements storage.Tx.
func (tx *Tx) Structure(ctx context.Context, id structure.ID) (structure.Structure, error) {
	t := tx.store.tables.structures
	return get(ctx, tx, t, t.get, string(id))
}

// StructureByIdentifier implements storage.Tx.
func (tx *Tx) StructureByIdentifier(ctx context.Context, id structure.Identifier) (structure.Structure, error) {
	t := tx.store.tables
	return get(ctx, tx, t.structures, t.structureByIdentifier, string(id.Scheme), id.Value)
}

// PutStructure implements storage.Tx.
func (tx *Tx) PutStructure(ctx context.Context, s structure.Structure) error {
	return put(ctx, tx, tx.store.tables.structures, s)
}

// Structures implements storage.Tx.
func (tx *Tx) Structures(ctx context.Context, q structure.Query) ([]structure.Structure, error) {
	if q.IDs != nil && len(q.IDs) == 0 {
		return nil, tx.ready(ctx) // any of none
	}
	if page, enough, err := tx.near(ctx, q); err != nil || enough {
		return page, err
	}
	found, few, err := tx.few(ctx, q)
	switch {
	case err != nil:
		return nil, err
	case few && len(found) == 0:
		return nil, nil
	case few:
		return tx.structures(ctx, structure.Query{IDs: found, Brief: q.Brief, Limit: len(found)})
	default:
		return tx.structures(ctx, q)
	}
}

func (tx *Tx) structures(ctx context.Context, q structure.Query) ([]structure.Structure, error) {
	w, err := tx.narrowed(ctx, q, true)
	if err != nil {
		return nil, err
	}
	w.structures(tx.store.dialect, q)
	t := tx.store.tables.structures
	from, fields := t.selectAll, t.fields
	if q.Brief {
		from, fields = briefStructures, briefStructure
	}
	query, args := w.page(tx.store.dialect, from, "folded_name, id", q.Skip, q.Capped())
	var found []structure.Structure
	if err := tx.ask(ctx, ctx, all(&found, fields, query, args...)); err != nil {
		return nil, err
	}
	return found, nil
}

func (w *where) structures(d *Dialect, q structure.Query) {
	w.match(d, q.Any, "folded_identifier", "folded_name", "folded_label", "folded_postcode", "folded_town")
	w.match(d, q.Identifier, "folded_identifier")
	w.match(d, q.Name, "folded_name", "folded_label")
	w.match(d, q.Postcode, "folded_postcode")
	w.match(d, q.Town, "folded_town")
	if q.AfterName != "" || q.AfterID != "" {
		w.and("(folded_name, id) > (?, ?)", q.AfterName, string(q.AfterID))
	}
	in(w, "id", q.IDs)
	w.equal("type", string(q.Type))
	word(w, "status", q.Status)
}

// match selects the rows in which any of the folded columns fits the pattern.
func (w *where) match(d *Dialect, p structure.Pattern, columns ...string) {
	if p == "" {
		return
	}
	fits := make([]string, len(columns))
	args := make([]any, len(columns))
	for i, column := range columns {
		if fits[i], args[i] = column+" = ?", string(p); !exact(p) {
			fits[i], args[i] = d.Match(column, p)
		}
	}
	w.and("("+strings.Join(fits, " OR ")+")", args...)
}

// exact reports whether only one text fits a pattern.
func exact(p structure.Pattern) bool { return !strings.Contains(string(p), "*") }

func unitTable() table[structure.Unit] {
	return table[structure.Unit]{
		name: "habilis_units",
		keys: 1,
		columns: []string{
			"id", "structure_id", "code", "name", "active", "valid_from", "valid_until", "created_at", "version",
		},
		fields: func(u *structure.Unit) []any {
			return []any{
				(*string)(&u.ID), (*string)(&u.Structure), &u.Code, &u.Name, &u.Active,
				never(&u.Validity.From), never(&u.Validity.Until), never(&u.CreatedAt), &u.Version,
			}
		},
	}
}

// Unit implements storage.Tx.
func (tx *Tx) Unit(ctx context.Context, id structure.ServiceID) (structure.Unit, error) {
	t := tx.store.tables.units
	return get(ctx, tx, t, t.get, string(id))
}

// Units implements storage.Tx.
func (tx *Tx) Units(ctx context.Context, id structure.ID) ([]structure.Unit, error) {
	t := tx.store.tables
	return list(ctx, tx, t.units, t.unitsOf, string(id))
}

// PutUnit implements storage.Tx.
func (tx *Tx) PutUnit(ctx context.Context, u structure.Unit) error {
	return put(ctx, tx, tx.store.tables.units, u)
}
