// Package match finds text by what people type: accents and case do not matter, and
// "*" stands for any run of characters.
package match

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
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

// New folds what a person typed.
func New(typed string) Pattern { return Pattern(Fold(strings.TrimSpace(typed))) }

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
