package account

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/fault"
)

// PasswordPolicy says which passwords are acceptable. It is data; start from a
// preset.
type PasswordPolicy struct {
	MinLength int  // least number of characters (code points after NFC)
	MaxLength int  // most characters; longer ones are refused, never cut
	Digit     bool // at least one digit
	Lower     bool // at least one lower-case letter, accented ones included
	Upper     bool // at least one upper-case letter
	Special   bool // at least one character that is neither letter nor digit
	Personal  bool // not the login address, its local part, or a name of the person

	// History is how many former passwords may not come back, 24 at most. The current
	// one never may. Defaults to 0.
	History int
}

// PasswordClassic is the guides' rule: 12 characters of four classes (R-047 to
//
func PasswordClassic() PasswordPolicy {
	return PasswordPolicy{MinLength: 12, MaxLength: 256, Digit: true, Lower: true, Upper: true, Special: true, Personal: true}
}

// Rule is one line of a password checklist.
type Rule struct {
	Code  string // "min_length", "digit", ...; stable
	Param string // the limit, if the rule has one
	Met   bool
}

// maxPasswordBytes bounds the work of hashing whatever the policy says.
const maxPasswordBytes = 1024

// Checklist tells for each rule whether the password meets it, so that a form can
// show all that is missing at once. a is the account it is for.
func (p PasswordPolicy) Checklist(password string, a Account) []Rule {
	text := norm.NFC.String(password)
	length := utf8.RuneCountInString(text)
	rules := []Rule{
		{Code: "password_characters", Met: utf8.ValidString(text) && strings.IndexFunc(text, unicode.IsControl) < 0},
		{Code: "password_min", Param: strconv.Itoa(p.MinLength), Met: length >= p.MinLength},
		{Code: "password_max", Param: strconv.Itoa(p.MaxLength), Met: length <= p.MaxLength && len(text) <= maxPasswordBytes},
	}
	has := func(on bool, code string, class func(rune) bool) {
		if on {
			rules = append(rules, Rule{Code: code, Met: strings.IndexFunc(text, class) >= 0})
		}
	}
	has(p.Digit, "password_digit", unicode.IsDigit)
	has(p.Lower, "password_lower", unicode.IsLower)
	has(p.Upper, "password_upper", unicode.IsUpper)
	has(p.Special, "password_special", func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	if p.Personal {
		rules = append(rules, Rule{Code: "password_personal", Met: !personal(text, a)})
	}
	return rules
}

// Check returns the unmet rules as fields of an input error.
func (p PasswordPolicy) Check(password string, a Account) []fault.Field {
	var out []fault.Field
	for _, r := range p.Checklist(password, a) {
		if !r.Met {
			out = append(out, fault.Field{Path: "password", Code: r.Code, Param: r.Param})
		}
	}
	return out
}

// personal reports whether the password holds a word of at least four characters
// that whoever knows the person would try first.
func personal(password string, a Account) bool {
	local, _, _ := strings.Cut(a.Login, "@")
	lower := strings.ToLower(password)
	for _, word := range []string{a.Login, local, a.GivenName, a.FamilyName} {
		if utf8.RuneCountInString(word) >= 4 && strings.Contains(lower, strings.ToLower(word)) {
			return true
		}
	}
	return false
}
