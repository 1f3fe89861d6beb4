package sqlite

import (
	"strings"

	"github.com/habilis-go/habilis/structure"
)

// glob renders a pattern for GLOB. LIKE would take ASCII letters for equal
// whatever their case, and for that reason could not use an index either.
func glob(column string, p structure.Pattern) (condition, argument string) {
	return column + " GLOB ?", strings.NewReplacer("[", "[[]", "?", "[?]").Replace(string(p))
}
