// Package blocklist tells passwords that many people use, from a compact set that
// holds truncated digests instead of the passwords.
package blocklist

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the form in which texts are compared when neither case nor accents
// count: compatibility characters replaced, marks removed, case folded, ligatures
// written out. Folding twice changes nothing.
func Fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		switch r {
		case 'œ', 'Œ':
			b.WriteString("oe")
		case 'æ', 'Æ':
			b.WriteString("ae")
		default:
			if !unicode.Is(unicode.Mn, r) {
				b.WriteRune(r)
			}
		}
	}
	// Fold turns Cherokee both ways; the lower case after it settles one.
	return norm.NFC.String(strings.ToLower(cases.Fold().String(b.String())))
}

// letter returns the letter that a digit or sign stands for in leet; one is the
// letter for the digit one, which stands for two.
func letter(r, one rune) rune {
	switch r {
	case '0':
		return 'o'
	case '1':
		return one
	case '2':
		return 'z'
	case '3', '€':
		return 'e'
	case '4', '@':
		return 'a'
	case '5', '$':
		return 's'
	case '6', '9':
		return 'g'
	case '7', '+':
		return 't'
	case '8':
		return 'b'
	case '!':
		return 'i'
	case '|':
		return 'l'
	case '(':
		return 'c'
	default:
		return r
	}
}

// Plain returns a folded text with leet undone, in both readings of the digit one.
func Plain(folded string) (asI, asL string) {
	return strings.Map(func(r rune) rune { return letter(r, 'i') }, folded),
		strings.Map(func(r rune) rune { return letter(r, 'l') }, folded)
}

func notLetter(r rune) bool { return !unicode.IsLetter(r) }

// Bases returns the words that a folded password may be a derivative of: without
// digits and signs at its ends, and with leet undone. "p@ssw0rd2024!" gives, among
// others, "password". Words of less than four letters are left out.
func Bases(folded string) []string {
	var out []string
	add := func(word string) {
		word = strings.TrimFunc(word, notLetter)
		if utf8.RuneCountInString(word) >= 4 && !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	tail := strings.TrimRightFunc(folded, notLetter)
	both := strings.TrimLeftFunc(tail, notLetter)
	add(both)
	for _, text := range []string{tail, both} {
		asI, asL := Plain(text)
		add(asI)
		add(asL)
	}
	return out
}
