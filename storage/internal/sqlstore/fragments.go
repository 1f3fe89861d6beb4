package sqlstore

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/habilis-go/habilis/structure"
)

// Bounds of how fragments are searched for.
const (
	// maxTrigrams is how many trigrams of a query are looked at.
	maxTrigrams = 12

	// maxTogether is how many of them a row must have. Few rows have three that are rare;
	// each more costs a walk through the rows that have it.
	maxTogether = 3

	// manyFound is from how many rows on it is better to walk through the list in its
	// order: a page of it is full soon.
	manyFound = 4000
)

// Trigrams is how a database that does not do so by itself finds the structures in
// whose text fragments occur. What it finds may be too much.
type Trigrams struct {
	Match   func(trigrams []string) string // what is asked for, the argument of the others
	Among   string                         // the condition, with one placeholder
	Counted string                         // a statement that counts up to a limit, with two placeholders
}

// trigramsOf returns trigrams that the text of every structure has that q selects. None
// means that q has no fragment of three letters, or that it needs none.
func trigramsOf(q structure.Query) []string {
	if q.Identifier != "" && exact(q.Identifier) {
		return nil // one row or two, by their index
	}
	var all []string
	for _, p := range []structure.Pattern{q.Any, q.Identifier, q.Name, q.Postcode, q.Town} {
		if !utf8.ValidString(string(p)) {
			continue
		}
		for _, part := range strings.Split(string(p), "*") {
			runes := []rune(part)
			for i := range max(0, len(runes)-2) {
				all = append(all, string(runes[i:i+3]))
			}
		}
	}
	if len(all) <= maxTrigrams {
		return all
	}
	some := make([]string, maxTrigrams) // spread, because neighbours say the same
	for i := range some {
		some[i] = all[i*(len(all)-1)/(maxTrigrams-1)]
	}
	return some
}

// narrowing is what was found out about the trigrams of a query: the same for each of
// the pages that a unit reads of one list.
type narrowing struct {
	any, identifier, name, postcode, town structure.Pattern
	limited                               bool
	match                                 string // the argument of Among; "" if it does not pay
}

// narrowed adds the condition by which trigrams find few structures, if they do.
// Without a limit on what is wanted, that pays for many of them too.
func (tx *Tx) narrowed(ctx context.Context, q structure.Query, limited bool) (where, error) {
	var w where
	d := tx.store.dialect
	if d.Trigrams == nil || len(q.IDs) > 0 {
		return w, nil
	}
	n := narrowing{q.Any, q.Identifier, q.Name, q.Postcode, q.Town, limited, tx.narrowing.match}
	if n != tx.narrowing {
		var err error
		if n.match, err = tx.narrow(ctx, trigramsOf(q), limited); err != nil {
			return w, err
		}
		tx.narrowing = n
	}
	if n.match != "" {
		w.and(d.Trigrams.Among, n.match)
	}
	return w, nil
}

// narrow returns what to ask the trigrams for, "" if it does not pay.
func (tx *Tx) narrow(ctx context.Context, trigrams []string, limited bool) (string, error) {
	if len(trigrams) == 0 {
		return "", nil
	}
	rows, rare := make(map[string]int, len(trigrams)), 0
	for i, t := range trigrams {
		if rare == maxTogether {
			trigrams = trigrams[:i]
			break
		}
		n, err := tx.having(ctx, t)
		if err != nil {
			return "", err
		}
		rows[t] = n
		if n < manyFound {
			rare++
		}
	}
	slices.SortStableFunc(trigrams, func(a, b string) int { return cmp.Compare(rows[a], rows[b]) })
	together := trigrams[:min(maxTogether, len(trigrams))]
	if limited && rows[together[0]] == manyFound { // each is in many rows: perhaps not all of them together
		if n, err := tx.having(ctx, together...); err != nil || n == manyFound {
			return "", err
		}
	}
	return tx.store.dialect.Trigrams.Match(together), nil
}

// having counts the rows that have all of the trigrams, up to manyFound.
func (tx *Tx) having(ctx context.Context, trigrams ...string) (int, error) {
	d := tx.store.dialect
	var n int
	err := tx.ask(ctx, ctx, counted(&n, d.rebind(d.Trigrams.Counted), d.Trigrams.Match(trigrams), int64(manyFound)))
	return n, err
}

// counted reads one number.
func counted(into *int, query string, args ...any) Read {
	return Read{Query: query, Args: args, Take: func(rows Rows) error {
		for rows.Next() {
			if err := rows.Scan(into); err != nil {
				return err
			}
		}
		return rows.Err()
	}}
}
