package structure

import (
	"regexp"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/i18n"
)

// SchemeSpec describes a scheme to whoever builds a form.
type SchemeSpec struct {
	Code    Scheme
	ISO6523 string // code of the scheme in electronic invoicing, "" if it has none
	Sample  string // an acceptable value
	code    string // of the field error, and of the texts
}

// Label is what people call the scheme.
func (s SchemeSpec) Label(lang language.Tag) string { return i18n.Text(lang, "scheme."+s.code, nil) }

// Hint tells people what the identifier looks like, to be shown beside the field.
func (s SchemeSpec) Hint(lang language.Tag) string {
	return i18n.Text(lang, "scheme_hint."+s.code, nil)
}

// Schemes lists the schemes that there are, in the order in which people choose.
func Schemes() []SchemeSpec {
	var out []SchemeSpec
	for _, code := range []Scheme{SchemeSIRET, SchemeEUVAT, SchemeNonEU, SchemeRIDET, SchemeTAHITI, SchemePerson, SchemeOther} {
		form := schemes[code]
		out = append(out, SchemeSpec{Code: code, ISO6523: form.iso6523, Sample: form.sample, code: form.code})
	}
	return out
}

// scheme is how identifiers of a kind are read and checked.
type scheme struct {
	code      string // of the field error
	iso6523   string
	sample    string
	canonical func(string) string
	form      *regexp.Regexp    // of the canonical form
	numbered  bool              // nothing but zeros is refused
	strict    func(string) bool // what strict checking asks for besides, nil for nothing
}

var schemes = map[Scheme]scheme{
	SchemeSIRET: {
		code: "siret", iso6523: "0009", sample: "12002701600563", canonical: compact, numbered: true,
		form: regexp.MustCompile(`^[0-9]{14}$`), strict: siret,
	},
	SchemeEUVAT: {
		code: "eu_vat", iso6523: "0223", sample: "BE0697449992", canonical: unsigned,
		form: regexp.MustCompile(`^[A-Z]{2}[0-9A-Z+*]{2,16}$`), strict: euVAT,
	},
	SchemeNonEU: {
		code: "non_eu", iso6523: "0227", sample: "CHDUFOURSA", canonical: compact,
		form: regexp.MustCompile(`^[A-Z]{2}[\pL\pM\pN\pP\pS]{1,16}$`), strict: outsideEU,
	},
	SchemeRIDET: {
		code: "ridet", iso6523: "0228", sample: "0123456001", canonical: unsigned, numbered: true,
		form: regexp.MustCompile(`^[0-9]{9,10}$`),
	},
	SchemeTAHITI: {
		code: "tahiti", iso6523: "0229", sample: "003970001", canonical: unsigned, numbered: true,
		form: regexp.MustCompile(`^[0-9A-Z]{6}[0-9]{3}$`),
	},
	SchemePerson: {code: "person", sample: "P 2026 17", canonical: spaced, form: opaque},
	SchemeOther:  {code: "other", sample: "DOSSIER 17", canonical: spaced, form: opaque},
}

// opaque is what is only compared: 1 to 64 characters on one line.
var opaque = regexp.MustCompile(`^[\pL\pM\pN\pP\pS]([\pL\pM\pN\pP\pS ]{0,62}[\pL\pM\pN\pP\pS])?$`)

// compact drops spaces and makes capitals.
func compact(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(norm.NFC.String(s)), ""))
}

// unsigned is compact without what people put between groups of digits.
func unsigned(s string) string {
	return strings.NewReplacer("-", "", ".", "", "/", "").Replace(compact(s))
}

// spaced keeps one space where there are some.
func spaced(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(norm.NFC.String(s)), " "))
}

// siret checks the digits of an establishment: its first nine (the SIREN) and the whole
// pass the Luhn check, except establishments of La Poste, whose digits may instead add
// up to a multiple of five.
func siret(digits string) bool {
	if luhn(digits) && luhn(digits[:9]) {
		return true
	}
	return strings.HasPrefix(digits, "356000000") && weighed(digits, 1)%5 == 0
}

// outsideEU checks that a value begins with a country that is neither France nor another
// member state.
func outsideEU(value string) bool {
	_, member := vatForms[value[:2]]
	return !member && value[:2] != "FR" && value[:2] != "GR" && len(check.Value("", value[:2], "country")) == 0
}

func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// weighed adds up digits times weights; the last weight goes on for the rest.
func weighed(digits string, weights ...int) int {
	sum := 0
	for i := range len(digits) {
		sum += int(digits[i]-'0') * weights[min(i, len(weights)-1)]
	}
	return sum
}
