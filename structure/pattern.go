package structure

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/page"
)

// Fold brings text into the form in which it is searched: case and accents
// removed, "Éléa" and "ELEA" alike. Adapters store it beside the text.
func Fold(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return strings.ToLower(s) // the short way for most of what there is
	}
	t := transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC, cases.Fold())
	out, _, err := transform.String(t, s)
	if err != nil {
		return strings.ToLower(s)
	}
	return out
}

// Pattern is a folded search criterion in which "*" stands for any run of
// characters and every other character for itself. The zero
// Pattern matches everything.
type Pattern string

// NewPattern folds what a person typed.
func NewPattern(typed string) Pattern { return Pattern(Fold(strings.TrimSpace(typed))) }

// Prefix returns the pattern with a star added, unless it has one already.
func (p Pattern) Prefix() Pattern {
	if p == "" || strings.Contains(string(p), "*") {
		return p
	}
	return p + "*"
}

// Broad reports whether the pattern selects by nothing: it is empty or made of
// stars alone.
func (p Pattern) Broad() bool { return strings.Trim(string(p), "* ") == "" }

// Match reports whether folded text fits the pattern. It takes time in proportion
// to the text and the pattern.
func (p Pattern) Match(folded string) bool {
	if p == "" {
		return true
	}
	parts := strings.Split(string(p), "*")
	if len(parts) == 1 {
		return folded == parts[0]
	}
	rest, ok := strings.CutPrefix(folded, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[last])
}

// Like renders the pattern for SQL's LIKE with backslash as the escape character.
func (p Pattern) Like() string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`).Replace(string(p))
}

// Query selects structures. Patterns are ANDed and meet folded text. The order is
// LegalName folded, then ID, byte by byte.
type Query struct {
	Any        Pattern // identifier value, legal name, label, postcode or town
	Identifier Pattern // identifier value
	Name       Pattern // legal name or label
	Postcode   Pattern
	Town       Pattern

	// AfterName and AfterID continue a listing after that position; AfterName is
	// folded.
	AfterName string
	AfterID   ID

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q Query) Capped() int { return page.Limit(q.Limit) }

// Match reports whether q selects s, its position and limit aside. Adapters that
// cannot ask their database may call it.
func (q Query) Match(s Structure) bool {
	id, name, label := Fold(s.Identifier.Value), Fold(s.LegalName), Fold(s.Label)
	postcode, town := Fold(s.Postcode), Fold(s.Town)
	return (q.Any.Match(id) || q.Any.Match(name) || q.Any.Match(label) || q.Any.Match(postcode) || q.Any.Match(town)) &&
		q.Identifier.Match(id) && (q.Name.Match(name) || q.Name.Match(label)) &&
		q.Postcode.Match(postcode) && q.Town.Match(town)
}
