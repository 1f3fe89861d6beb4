package account

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/blocklist"
	"github.com/habilis-go/habilis/internal/fault"
)

// Rule is one line of a password checklist.
type Rule struct {
	Code  string // "password_min", "password_digit", ...; stable
	Param string // the limit, if the rule has one
	Met   bool   // whether the password meets it
}

// Checklist tells for each rule of the policy whether the password meets it, so that
// a form can show all that is missing at once. a is the account it is for.
// Composed and decomposed forms of a password get the same answer. A text of more
// than 4096 bytes only breaks "password_max": it is not looked at any further.
func (p PasswordPolicy) Checklist(password string, a Account) []Rule {
	endless := len(password) > maxTypedBytes
	if endless {
		password = ""
	}
	text := norm.NFC.String(password)
	folded := blocklist.Fold(text)
	length := utf8.RuneCountInString(text)
	waived := p.WaiveAt > 0 && length >= p.WaiveAt
	var rules []Rule
	add := func(on bool, code string, limit int, met bool) {
		if on {
			r := Rule{Code: code, Met: met || endless}
			if limit > 0 {
				r.Param = strconv.Itoa(limit)
			}
			rules = append(rules, r)
		}
	}
	class := func(on bool, code string, of func(rune) bool) {
		add(on, code, 0, waived || strings.IndexFunc(text, of) >= 0)
	}
	add(true, "password_characters", 0, utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0)
	add(true, "password_min", p.MinLength, length >= p.MinLength)
	rules = append(rules, Rule{
		Code: "password_max", Param: strconv.Itoa(p.MaxLength),
		Met: !endless && length <= p.MaxLength && len(text) <= maxPasswordBytes,
	})
	add(p.MinWords > 0, "password_words", p.MinWords, words(folded) >= p.MinWords)
	class(p.Digit, "password_digit", unicode.IsDigit)
	class(p.Lower, "password_lower", unicode.IsLower)
	class(p.Upper, "password_upper", unicode.IsUpper)
	class(p.Special, "password_special", special)
	add(true, "password_common", 0, !common.Has(blocklist.Whole, folded))
	bases := blocklist.Bases(folded)
	isBase := func(word string) bool { return common.Has(blocklist.Base, word) }
	add(p.BaseWord, "password_base_word", 0, !slices.ContainsFunc(bases, isBase))
	add(p.Context != ContextOff, "password_personal", 0, !p.Context.holds(folded, bases, known(a)))
	add(p.Context != ContextOff && len(p.Words) > 0, "password_context", 0, !p.Context.holds(folded, bases, p.Words))
	return rules
}

// Check returns the unmet rules as fields of an input error, none if the password is
// acceptable.
func (p PasswordPolicy) Check(password string, a Account) []fault.Field {
	var out []fault.Field
	for _, r := range p.Checklist(password, a) {
		if !r.Met {
			out = append(out, fault.Field{Path: "password", Code: r.Code, Param: r.Param})
		}
	}
	return out
}

// special reports whether a character is neither letter nor digit; a mark belongs to
// the letter that it stands on.
func special(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

// words counts the different words of a folded text.
func words(folded string) int {
	list := strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) && r != '\'' && r != '’'
	})
	slices.Sort(list)
	return len(slices.Compact(list))
}

// known returns what whoever knows the person would try first: the login address and
// its local part, the names, and the parts of these.
func known(a Account) []string {
	local, _, _ := strings.Cut(a.Login, "@")
	out := []string{a.Login}
	for _, text := range []string{local, a.GivenName, a.FamilyName} {
		out = append(out, text)
		out = append(out, strings.FieldsFunc(text, special)...)
	}
	return out
}

// holds reports whether a folded password holds one of the words in the way that c
// says; bases are the words that the password may be a derivative of.
func (c Context) holds(folded string, bases, words []string) bool {
	asI, asL := blocklist.Plain(folded)
	for _, word := range words {
		word = blocklist.Fold(word)
		if utf8.RuneCountInString(word) < minContextLength {
			continue
		}
		whole := folded == word || slices.Contains(bases, word)
		part := strings.Contains(folded, word) || strings.Contains(asI, word) || strings.Contains(asL, word)
		if whole || c == ContextPart && part {
			return true
		}
	}
	return false
}
