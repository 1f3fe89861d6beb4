package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/habilis-go/habilis/structure"
)

// fewFound is up to how many structures a search looks at before it puts them in order.
// Above, it is better to walk through the list in its order: a page of it is full soon.
const fewFound = 2000

// nearRows is how many structures a search for a page looks at first, in the order of
// the list: with a frequent word, they fill it.
const nearRows = 500

// near lists what q selects among the next structures of the list. It is enough if that
// is a whole page.
func (tx *Tx) near(ctx context.Context, q structure.Query) (found []structure.Structure, enough bool, err error) {
	if !tx.guesses(q) || q.Skip > 0 || q.Capped() > nearRows/10 {
		return nil, false, nil
	}
	d, t := tx.store.dialect, tx.store.tables.structures
	var inner, w where
	inner.structures(d, structure.Query{AfterName: q.AfterName, AfterID: q.AfterID})
	next := inner.selection("SELECT * FROM habilis_structures") + " ORDER BY folded_name, id LIMIT " + strconv.Itoa(nearRows)
	q.AfterName, q.AfterID = "", ""
	w.structures(d, q)
	query, args := w.query(d, strings.Replace(t.selectAll, t.name, "("+next+") AS near", 1), "folded_name, id", q.Capped())
	err = tx.ask(ctx, ctx, all(&found, t.fields, query, append(inner.args, args...)...))
	return found, len(found) == q.Capped(), err
}

// guesses reports whether the planner only guesses how many structures q selects.
func (tx *Tx) guesses(q structure.Query) bool {
	return tx.store.dialect.Trigrams == nil && len(q.IDs) == 0 && len(trigramsOf(q)) > 0
}

// position is where a structure stands in a list.
type position struct {
	name string // folded
	id   structure.ID
}

func (p position) compare(o position) int {
	return cmp.Or(cmp.Compare(p.name, o.name), cmp.Compare(p.id, o.id))
}

// few lists the structures that q selects, if they are few. The planner of a database
// only guesses in how many rows a fragment is, and a wrong guess has it walk through a
// whole index, so this looks before it decides. Otherwise few is false.
func (tx *Tx) few(ctx context.Context, q structure.Query) (ids []structure.ID, few bool, err error) {
	if !tx.guesses(q) {
		return nil, false, nil
	}
	d := tx.store.dialect
	asked := narrowing{any: q.Any, identifier: q.Identifier, name: q.Name, postcode: q.Postcode, town: q.Town, limited: true}
	if asked == tx.narrowing {
		return nil, false, nil // they were many on the page before
	}
	after := position{q.AfterName, q.AfterID}
	q.AfterName, q.AfterID = "", ""
	var w where
	w.structures(d, q)
	var all []position
	query := d.rebind(w.selection("SELECT folded_name, id FROM habilis_structures") + " LIMIT " + strconv.Itoa(fewFound))
	err = tx.ask(ctx, ctx, Read{Query: query, Args: w.args, Take: func(rows Rows) error {
		for rows.Next() {
			var p position
			if err := rows.Scan(&p.name, (*string)(&p.id)); err != nil {
				return err
			}
			all = append(all, p)
		}
		return rows.Err()
	}})
	if err != nil {
		return nil, false, err
	}
	if len(all) == fewFound {
		tx.narrowing = asked
		return nil, false, nil
	}
	all = slices.DeleteFunc(all, func(p position) bool { return p.compare(after) <= 0 })
	slices.SortFunc(all, position.compare)
	for _, p := range all[min(max(q.Skip, 0), len(all)):] {
		if len(ids) == q.Capped() {
			break
		}
		ids = append(ids, p.id)
	}
	return ids, true, nil
}
