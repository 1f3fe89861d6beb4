package account

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/habilis-go/habilis/internal/fault"
)

// MaxPhone is how long a telephone number may be as it is typed, in bytes.
const MaxPhone = 40

// sharedPlan lists the regions that dial one another with the ten digits of France.
var sharedPlan = []string{"FR", "RE", "GP", "MQ", "GF", "YT"}

// ParsePhone returns a telephone number in E.164, "+33149961012", or ErrInvalid. It
// takes the international form, and the national form of a country (ISO 3166-1
// alpha-2), with blanks, dots, hyphens, slashes and brackets as people write them
// . For France the numbers of its overseas departments count as national.
// Letters, extensions and other signs are refused, since a number would lose them.
//
// What it returns it also takes, and returns the same.
func ParsePhone(typed, country string) (string, error) {
	if len(typed) > MaxPhone {
		return "", badPhone() // before anything reads it
	}
	digits := strings.Map(dialled, typed)
	if strings.ContainsRune(digits, other) || digits == "" {
		return "", badPhone()
	}
	regions := []string{country}
	if country == "FR" {
		regions = sharedPlan
	}
	for _, region := range regions {
		if number, ok := e164(digits, region); ok {
			if again, ok := e164(number, region); ok && again == number {
				return number, nil
			}
		}
	}
	return "", badPhone()
}

func badPhone() error {
	return fault.Invalid("account.ParsePhone", fault.Field{Path: string(FieldPhone), Code: "phone"})
}

// FormatPhone writes a number in E.164 as people of a country read it: in the
// national grouping if it belongs there, "01 49 96 10 12", else in the international
// one, "+32 2 123 45 67". What is no such number comes back as it is.
func FormatPhone(number, country string) string {
	if len(number) > MaxPhone || !strings.HasPrefix(number, "+") {
		return number
	}
	n, err := phonenumbers.Parse(number, "")
	if err != nil {
		return number
	}
	national := int(n.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(country)
	if country == "FR" {
		for _, region := range sharedPlan {
			national = national || int(n.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(region)
		}
	}
	if national {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// e164 reads a number and reports whether its plan has it.
func e164(digits, region string) (string, bool) {
	n, err := phonenumbers.Parse(digits, region)
	if err != nil || !phonenumbers.IsValidNumber(n) || n.GetExtension() != "" {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}

// other stands for a character that no number has.
const other = '?'

// dialled keeps what is dialled, drops what groups it, and marks the rest. Brackets
// stay: a national prefix in brackets, "+33 (0)1", is not dialled from abroad.
func dialled(r rune) rune {
	switch {
	case r >= '0' && r <= '9' || r == '+' || r == '(' || r == ')':
		return r
	case strings.ContainsRune(" .-/\u00a0\u2009\u202f\u2010\u2011\u2012\u2013", r):
		return -1
	default:
		return other
	}
}

// sameDigits reports whether two writings of a number differ in its grouping only.
func sameDigits(a, b string) bool { return strings.Map(dialled, a) == strings.Map(dialled, b) }

// phoneCountries lists the countries whose national numbers somebody at an address may
// mean, likeliest first.
func phoneCountries(a PostalAddress, country string) []string {
	if a.Country != "" {
		country = a.Country
	}
	for _, o := range overseas {
		there := country == "FR" && len(a.Postcode) == 5 && postcodes[o.country].form.MatchString(a.Postcode)
		if there || country == o.country {
			return []string{o.country, "FR"}
		}
	}
	return []string{country}
}
