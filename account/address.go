package account

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// PostalAddress is where somebody works.
type PostalAddress struct {
	Street     string `json:"street,omitempty"`
	Complement string `json:"complement,omitempty"`
	Postcode   string `json:"postcode,omitempty"`
	Town       string `json:"town,omitempty"`
	Country    string `json:"country,omitempty"` // ISO 3166-1 alpha-2
}

// Towns tells whether the postcode and the town of an address belong together, from a
// reference table of the host. It is asked only about addresses that are acceptable in
// themselves and have both, outside any unit of work.
type Towns func(ctx context.Context, a PostalAddress) (bool, error)

// postcode is the form of the postcodes of a country: what is accepted in capitals, and
// how it is written.
type postcode struct {
	form    *regexp.Regexp
	written string // as in regexp.ReplaceAllString
}

// postcodes lists the countries whose postcodes we know; those of others are free text
// on one line. Only the shape is checked.
var postcodes = func() map[string]postcode {
	table := map[string]postcode{}
	add := func(form, written string, countries ...string) {
		for _, c := range countries {
			table[c] = postcode{form: regexp.MustCompile("^" + form + "$"), written: written}
		}
	}
	add(`([0-9]{5})`, "$1", "DE", "EE", "ES", "FI", "FR", "HR", "IT", "SM", "VA")
	add(`([0-9]{4})`, "$1", "AT", "AU", "BE", "BG", "CH", "CY", "DK", "HU", "LI", "NO", "SI")
	add(`L?-?([0-9]{4})`, "$1", "LU")
	add(`([0-9]{3}) ?([0-9]{2})`, "$1 $2", "CZ", "GR", "SE", "SK")
	add(`([0-9]{2})[- ]?([0-9]{3})`, "$1-$2", "PL")
	add(`([0-9]{4})[- ]?([0-9]{3})`, "$1-$2", "PT")
	add(`([0-9]{6})`, "$1", "RO")
	add(`(?:AD)?([1-7]00)`, "AD$1", "AD")
	add(`(980[0-9]{2})`, "$1", "MC")
	add(`([1-9][0-9]{3}) ?([A-Z]{2})`, "$1 $2", "NL")
	add(`([A-Z]{1,2}[0-9][0-9A-Z]?) ?([0-9][A-Z]{2})`, "$1 $2", "GB", "GG", "IM", "JE")
	add(`([A-Z][0-9][0-9W]) ?([0-9A-Z]{4})`, "$1 $2", "IE")
	add(`([A-Z][0-9][A-Z]) ?([0-9][A-Z][0-9])`, "$1 $2", "CA")
	add(`([0-9]{5})(?:-?([0-9]{4}))?`, "$1-$2", "US")
	for _, o := range overseas {
		add(`(`+o.starts+`[0-9]{2})`, "$1", o.country)
	}
	return table
}()

// overseas lists the territories of France that are countries of ISO 3166-1, with the
// first digits of their postcodes. An address there may name the territory or France.
var overseas = []struct{ country, starts string }{
	{"GP", "971"},
	{"BL", "97[17]"},
	{"MF", "971"},
	{"MQ", "972"},
	{"GF", "973"},
	{"RE", "974"},
	{"PM", "975"},
	{"YT", "976"},
	{"TF", "984"},
	{"WF", "986"},
	{"PF", "987"},
	{"NC", "988"},
}

// IsZero reports whether nothing is told.
func (a PostalAddress) IsZero() bool { return a == PostalAddress{} }

// Tidied returns the address in the form in which it is kept: composed characters, no
// blanks around, the country in capitals, the postcode as its country writes it. An
// address without a country gets the given one, unless it is empty. What is not
// acceptable stays, for [PostalAddress.Check] to name.
func (a PostalAddress) Tidied(country string) PostalAddress {
	a.Street, a.Complement = tidied(a.Street, MaxStreet), tidied(a.Complement, MaxStreet)
	a.Town, a.Country = tidied(a.Town, MaxTown), capitals(a.Country, 2)
	a.Postcode = capitals(a.Postcode, MaxPostcode)
	if a.Country == "" && !a.IsZero() {
		a.Country = country
	}
	if p, ok := postcodes[a.Country]; ok && len(a.Postcode) <= MaxPostcode && p.form.MatchString(a.Postcode) {
		a.Postcode = strings.TrimRight(p.form.ReplaceAllString(a.Postcode, p.written), "-")
	}
	return a
}

// capitals is tidied in capitals. Invalid UTF-8 stays, to be refused and not repaired.
func capitals(s string, limit int) string {
	s = tidied(s, limit)
	if len(s) > widest*limit || !utf8.ValidString(s) {
		return s
	}
	return strings.ToUpper(s)
}

// Check returns what is wrong with the address, every field of it, under paths such as
// "address.postcode". All parts are optional; postcode and town need not match.
func (a PostalAddress) Check() []fault.Field {
	var bad []fault.Field
	for _, f := range []struct {
		path  ProfileField
		value string
		rules string
	}{
		{FieldStreet, a.Street, line(MaxStreet)},
		{FieldComplement, a.Complement, line(MaxStreet)},
		{FieldPostcode, a.Postcode, line(MaxPostcode)},
		{FieldTown, a.Town, line(MaxTown)},
		{FieldCountry, a.Country, "omitempty,country"},
	} {
		bad = append(bad, check.Value(string(f.path), f.value, f.rules)...)
	}
	p, known := postcodes[a.Country]
	if known && len(bad) == 0 && a.Postcode != "" && !p.form.MatchString(a.Postcode) {
		bad = append(bad, fault.Field{Path: string(FieldPostcode), Code: "postcode", Param: a.Country})
	}
	return bad
}

// line is the rule for text on one line of at most limit characters.
func line(limit int) string { return "max=" + strconv.Itoa(limit) + ",line" }
