package structure

import (
	"slices"

	"github.com/habilis-go/habilis/internal/match"
	"github.com/habilis-go/habilis/internal/page"
)

// Pattern is a folded search criterion in which "*" stands for any run of
// characters and every other character for itself. The zero
// Pattern matches everything.
type Pattern = match.Pattern

// Fold brings text into the form in which it is searched: case and accents
// removed, "Éléa" and "ELEA" alike. Adapters store it beside the text.
func Fold(s string) string { return match.Fold(s) }

// NewPattern folds what a person typed.
func NewPattern(typed string) Pattern { return match.New(typed) }

// Query selects structures. Patterns are ANDed and meet folded text. The order is
// LegalName folded, then ID, byte by byte.
type Query struct {
	Any        Pattern // identifier value, legal name, label, postcode or town
	Identifier Pattern // identifier value
	Name       Pattern // legal name or label
	Postcode   Pattern
	Town       Pattern
	IDs        []ID   // any of these; nil selects every structure
	Type       Type   // only those of this type
	Status     Status // only those in this state

	// Brief says that nobody looks at Spaces, Delegated, Sheet, Nomination, Directory,
	// Salt and Version of what comes back: adapters MAY leave them zero, so that long
	// lists are read quickly. Defaults to false.
	Brief bool

	// AfterName and AfterID continue a listing after that position; AfterName is
	// folded.
	AfterName string
	AfterID   ID

	Skip  int // leave out the first so many; for the pages of a screen
	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000, if Brief 5000
}

// maxBrief is how many structures a brief listing may have.
const maxBrief = 5000

// Capped returns the limit of q brought into its bounds, for adapters.
func (q Query) Capped() int {
	if q.Brief && q.Limit > 0 {
		return min(q.Limit, maxBrief)
	}
	return page.Limit(q.Limit)
}

// Match reports whether q selects s, its position and limit aside. Adapters that
// cannot ask their database may call it.
func (q Query) Match(s Structure) bool {
	id, name, label := Fold(s.Identifier.Value), Fold(s.LegalName), Fold(s.Label)
	postcode, town := Fold(s.Postcode), Fold(s.Town)
	switch {
	case q.IDs != nil && !slices.Contains(q.IDs, s.ID),
		q.Type != "" && q.Type != s.Type,
		q.Status != "" && q.Status != s.Status:
		return false
	}
	return (q.Any.Match(id) || q.Any.Match(name) || q.Any.Match(label) || q.Any.Match(postcode) || q.Any.Match(town)) &&
		q.Identifier.Match(id) && (q.Name.Match(name) || q.Name.Match(label)) &&
		q.Postcode.Match(postcode) && q.Town.Match(town)
}
