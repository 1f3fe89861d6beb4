package sqltest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// place is a structure of searchesAmongMany.
type place struct {
	id   structure.ID
	name string // folded, and as it is
}

// manyPlaces is how many structures there are: more than any bound from which on a search
// goes another way.
const manyPlaces = 4003

// Words that so many of the places have: one more, as many and one less than the bounds
// from which on a search looks through the list in its order (2000 and 4000), a word that
// fills a page from the next 500 of the list, and one that does not.
func words(i int) string {
	name := ""
	for _, w := range []struct {
		word string
		has  bool
	}{
		{"mille", i < 1999},
		{"deuxmil", i < 2000},
		{"deuxmilun", i < 2001},
		{"troismil", i < 3999},
		{"quatremil", i < 4000},
		{"toujours", true},
		{"tard", i >= manyPlaces-60},
		{"cinquante", i >= 450 && i < 500},
		{"cinqcents", i >= 451 && i < 501},
		{"rare", i%400 == 7},
	} {
		if w.has {
			name += " " + w.word
		}
	}
	return name
}

// searchesAmongMany finds the same by every way that a search goes: by looking at the next
// rows of the list, by gathering few and by walking through many, on each side of every
// bound between them, page after page and by number.
func searchesAmongMany(t *testing.T, db Database) {
	t.Helper()
	longtest.Skip(t)
	ctx := t.Context()
	all := make([]place, manyPlaces)
	const into = "INSERT INTO habilis_structures (id, identifier_scheme, identifier_value, legal_name, label, type, status, postcode, town," +
		" spaces, delegated_structure, delegated_users, directory, sheet, nomination, salt, created_at, version," +
		" folded_identifier, folded_name, folded_label, folded_postcode, folded_town) VALUES "
	var rows []string
	for i := range all { // a Put for each would take longer than all the rest
		all[i] = place{structure.ID(fmt.Sprintf("019ab000-0000-7000-8000-%012d", (i*2741)%manyPlaces)), fmt.Sprintf("%05d%s", i, words(i))}
		rows = append(rows, fmt.Sprintf("('%s', 'other', 'x%d', '%s', '', 'private', 'active', '', '', '[]', false, false, 'local', '{}', '{}', 's', 1, 1, 'x%d', '%s', '', '', '')",
			all[i].id, i, all[i].name, i, all[i].name))
	}
	for some := range slices.Chunk(rows, 500) {
		require.NoError(t, db.Exec(ctx, into+strings.Join(some, ", ")))
	}
	for _, word := range []string{"mille", "deuxmil", "deuxmilun", "troismil", "quatremil", "toujours", "tard", "cinquante", "cinqcents", "rare", "jamais"} {
		pattern := structure.Pattern("*" + word + "*")
		var want []structure.ID
		for _, p := range all {
			if pattern.Match(p.name) {
				want = append(want, p.id)
			}
		}
		for _, q := range []structure.Query{
			{Limit: 20}, {Limit: 50}, {Limit: 51}, {Limit: 1000}, {Limit: 5000, Brief: true}, {Limit: 30, Skip: 10}, {Limit: 30, Skip: len(want) - 5},
		} {
			q.Any, q.Skip = pattern, max(q.Skip, 0)
			require.NoError(t, db.Store.View(ctx, func(tx storage.Tx) error {
				var got []structure.ID
				for paged := q; ; {
					page, err := tx.Structures(ctx, paged)
					if err != nil {
						return err
					}
					for _, s := range page {
						got = append(got, s.ID)
						paged.AfterName, paged.AfterID = structure.Fold(s.LegalName), s.ID
					}
					if len(page) < paged.Limit || len(got) >= 300 && q.Limit < 300 {
						break
					}
					paged.Skip = 0
				}
				rest := want[min(q.Skip, len(want)):]
				require.Equal(t, append([]structure.ID{}, rest[:min(len(got), len(rest))]...), append([]structure.ID{}, got...), "%s %+v", word, q)
				require.True(t, len(got) == len(rest) || len(got) >= 300, "%s %+v: %d of %d", word, q, len(got), len(rest))
				return nil
			}))
		}
		n := 0
		require.NoError(t, db.Store.View(ctx, func(tx storage.Tx) error {
			counted, err := tx.Count(ctx, structure.Counting{Structures: &structure.Query{Any: pattern}})
			n = counted.Structures
			return err
		}))
		require.Equal(t, len(want), n, word)
	}
}
