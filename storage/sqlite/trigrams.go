package sqlite

import "strings"

// The statements about the trigrams of structures.
const (
	among   = "number IN (SELECT rowid FROM habilis_structures_trigrams WHERE habilis_structures_trigrams MATCH ?)"
	counted = "SELECT count(*) FROM (SELECT rowid FROM habilis_structures_trigrams WHERE habilis_structures_trigrams MATCH ? LIMIT ?)"
)

// trigrams asks for rows that have all of them.
func trigrams(all []string) string {
	quoted := make([]string, len(all))
	for i, t := range all {
		quoted[i] = `"` + strings.ReplaceAll(t, `"`, `""`) + `"`
	}
	return strings.Join(quoted, " AND ")
}
