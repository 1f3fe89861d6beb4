package structure

import "strings"

// Scheme is a kind of identifier for structures.
type Scheme string

// Schemes.
const (
	SchemeSIRET Scheme = "SIRET"
)

// Identifier names a structure to the outside world: one record for each
// identifier.
type Identifier struct {
	Scheme Scheme
	Value  string // canonical form: no spaces, upper case
}

// SIRET returns the identifier of a French establishment. Spaces are dropped; the
// number is checked when it is used, by the deployment's policy.
func SIRET(number string) Identifier {
	return Identifier{Scheme: SchemeSIRET, Value: canonical(number)}
}

func canonical(s string) string { return strings.ToUpper(strings.Join(strings.Fields(s), "")) }

// IdentifierPolicy says how strictly identifiers are checked.
type IdentifierPolicy string

// Identifier policies.
const (
	Strict     IdentifierPolicy = "strict"      // form and check digits
	FormatOnly IdentifierPolicy = "format_only" // form alone, for sandboxes and the guides' own samples
)

// Valid reports whether the identifier is acceptable under the policy. A SIRET
// has 14 digits; both its first nine (the SIREN) and the whole pass the Luhn
// check, except establishments of La Poste, whose digits may instead add up to a
// multiple of five; all zeros are refused.
func (i Identifier) Valid(p IdentifierPolicy) bool {
	if i.Scheme != SchemeSIRET || len(i.Value) != 14 || strings.Trim(i.Value, "0123456789") != "" {
		return false
	}
	switch {
	case strings.Trim(i.Value, "0") == "":
		return false
	case p == FormatOnly:
		return true
	case luhn(i.Value) && luhn(i.Value[:9]):
		return true
	default:
		return strings.HasPrefix(i.Value, "356000000") && digitSum(i.Value)%5 == 0
	}
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

func digitSum(digits string) int {
	sum := 0
	for i := range len(digits) {
		sum += int(digits[i] - '0')
	}
	return sum
}
