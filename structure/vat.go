package structure

import (
	"regexp"
	"strconv"
)

// vatForm is how a member state writes the part of a VAT number behind its letters.
type vatForm struct {
	form   *regexp.Regexp
	digits func(string) bool // the check digits, nil where only the form is checked
}

// vatForms lists the member states other than France, with Northern Ireland. Greece
// writes EL. Check digits are looked at where a state publishes one rule for all.
var vatForms = func() map[string]vatForm {
	table := map[string]vatForm{}
	add := func(country, form string, digits func(string) bool) {
		table[country] = vatForm{form: regexp.MustCompile("^(?:" + form + ")$"), digits: digits}
	}
	add("AT", `U[0-9]{8}`, func(s string) bool { return austrian(s[1:]) })
	add("BE", `[01][0-9]{9}`, func(s string) bool { return 97-number(s[:8])%97 == number(s[8:]) })
	add("BG", `[0-9]{9,10}`, nil)
	add("CY", `[0-9]{8}[A-Z]`, nil)
	add("CZ", `[0-9]{8,10}`, nil)
	add("DE", `[1-9][0-9]{8}`, iso7064)
	add("DK", `[0-9]{8}`, func(s string) bool { return weighed(s, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0 })
	add("EE", `[0-9]{9}`, func(s string) bool { return weighed(s, 3, 7, 1, 3, 7, 1, 3, 7, 1)%10 == 0 })
	add("EL", `[0-9]{9}`, func(s string) bool {
		return weighed(s[:8], 256, 128, 64, 32, 16, 8, 4, 2)%11%10 == number(s[8:])
	})
	add("ES", `[0-9A-Z][0-9]{7}[0-9A-Z]`, nil)
	add("FI", `[0-9]{8}`, func(s string) bool { return weighed(s, 7, 9, 10, 5, 8, 4, 2, 1)%11 == 0 })
	add("HR", `[0-9]{11}`, iso7064)
	add("HU", `[0-9]{8}`, func(s string) bool { return weighed(s, 9, 7, 3, 1, 9, 7, 3, 1)%10 == 0 })
	add("IE", `[0-9][0-9A-Z+*][0-9]{5}[A-Z]{1,2}`, nil)
	add("IT", `[0-9]{11}`, luhn)
	add("LT", `[0-9]{9}|[0-9]{12}`, nil)
	add("LU", `[0-9]{8}`, func(s string) bool { return number(s[:6])%89 == number(s[6:]) })
	add("LV", `[0-9]{11}`, nil)
	add("MT", `[0-9]{8}`, func(s string) bool { return weighed(s, 3, 4, 6, 7, 8, 9, 10, 1)%37 == 0 })
	add("NL", `[0-9]{9}B[0-9]{2}`, nil)
	add("PL", `[0-9]{10}`, func(s string) bool { return weighed(s[:9], 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == number(s[9:]) })
	add("PT", `[1-9][0-9]{8}`, func(s string) bool { return (11-weighed(s[:8], 9, 8, 7, 6, 5, 4, 3, 2)%11)%11%10 == number(s[8:]) })
	add("RO", `[1-9][0-9]{1,9}`, nil)
	add("SE", `[0-9]{10}01`, func(s string) bool { return luhn(s[:10]) })
	add("SI", `[1-9][0-9]{7}`, func(s string) bool {
		check := 11 - weighed(s[:7], 8, 7, 6, 5, 4, 3, 2)%11
		return check != 11 && check%10 == number(s[7:])
	})
	add("SK", `[1-9][0-9]{9}`, func(s string) bool { return number(s)%11 == 0 })
	add("XI", `[0-9]{9}|[0-9]{12}|GD[0-9]{3}|HA[0-9]{3}`, nil)
	return table
}()

// euVAT checks a VAT number by the rules of its member state. French ones are refused:
// a French establishment has a SIRET.
func euVAT(value string) bool {
	state, known := vatForms[value[:2]]
	if !known || !state.form.MatchString(value[2:]) {
		return false
	}
	return state.digits == nil || state.digits(value[2:])
}

// number reads at most ten digits.
func number(digits string) int {
	n, _ := strconv.Atoi(digits) // the form was checked
	return n
}

// austrian is the check digit of Austria: digits doubled in turn, four added.
func austrian(digits string) bool {
	sum := 4
	for i := range 7 {
		d := int(digits[i] - '0')
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return (10-sum%10)%10 == int(digits[7]-'0')
}

// iso7064 is the check digit of ISO 7064, MOD 11,10, which stands at the end.
func iso7064(digits string) bool {
	product := 10
	for i := range len(digits) - 1 {
		sum := (int(digits[i]-'0') + product) % 10
		if sum == 0 {
			sum = 10
		}
		product = 2 * sum % 11
	}
	return (product+int(digits[len(digits)-1]-'0'))%10 == 1
}
