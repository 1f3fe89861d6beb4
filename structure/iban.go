package structure

import (
	"regexp"
	"strings"

	"github.com/habilis-go/habilis/internal/check"
)

// ibanLengths is the length of an IBAN in each country of the registry of ISO 13616.
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
	"BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
	"ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
	"HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
	"LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
	"MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
	"PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
	"SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
	"YE": 30,
}

// IBAN returns an account number in the form in which it is kept: capitals without
// spaces. It reports whether the number is one: of the length of its country, with
// check digits that fit, of the French key too where there is one.
func IBAN(typed string) (string, bool) {
	s := typed
	if len(s) <= maxTyped {
		s = compact(s)
	}
	if !ibanForm.MatchString(s) || len(s) != ibanLengths[s[:2]] {
		return s, false
	}
	if key := s[2:4]; key == "00" || key == "01" || key == "99" {
		return s, false // these pass, and no bank issues them
	}
	if country := s[:2]; (country == "FR" || country == "MC") && !rib(s[4:]) {
		return s, false
	}
	return s, mod97(s[4:]+s[:4]) == 1
}

var (
	ibanForm = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}$`)
	ribForm  = regexp.MustCompile(`^[0-9]{10}[0-9A-Z]{11}[0-9]{2}$`)
	bicForm  = regexp.MustCompile(`^[0-9A-Z]{4}[A-Z]{2}[0-9A-Z]{2}(?:[0-9A-Z]{3})?$`)
)

// BIC returns the code of a bank in capitals without spaces, and reports whether it has
// the form of ISO 9362 and names a country. Whether there is such a bank is not looked
// up.
func BIC(typed string) (string, bool) {
	s := typed
	if len(s) <= maxTyped {
		s = compact(s)
	}
	if !bicForm.MatchString(s) {
		return s, false
	}
	return s, s[4:6] == "XK" || len(check.Value("", s[4:6], "country")) == 0
}

// mod97 is the remainder of a number written with digits and letters, A being 10.
func mod97(s string) int {
	rest := 0
	for i := range len(s) {
		if c := s[i]; c >= 'A' {
			rest = (rest*100 + int(c-'A') + 10) % 97
		} else {
			rest = (rest*10 + int(c-'0')) % 97
		}
	}
	return rest
}

// rib checks the key inside a French account number: bank, branch, account, key.
func rib(bban string) bool {
	if !ribForm.MatchString(bban) {
		return false
	}
	digits := strings.Map(func(c rune) rune {
		switch {
		case c < 'A':
			return c
		case c < 'S':
			return '1' + (c-'A')%9
		default:
			return '2' + c - 'S'
		}
	}, bban[:21])
	return (89*mod97(digits[:5])+15*mod97(digits[5:10])+3*mod97(digits[10:])+mod97(bban[21:]))%97 == 0
}
