package structure

import (
	"strings"

	"github.com/habilis-go/habilis/internal/fault"
)

// Scheme is a kind of identifier for structures.
type Scheme string

// Schemes. [Schemes] tells what each looks like.
const (
	SchemeSIRET  Scheme = "SIRET"  // a French establishment
	SchemeEUVAT  Scheme = "EU_VAT" // VAT number of a member state other than France
	SchemeNonEU  Scheme = "NON_EU" // country and name of somebody outside the European Union
	SchemeRIDET  Scheme = "RIDET"  // an establishment in New Caledonia
	SchemeTAHITI Scheme = "TAHITI" // an establishment in French Polynesia
	SchemePerson Scheme = "PERSON" // a private person, under a name of the operator's choice
	SchemeOther  Scheme = "OTHER"  // whatever else the operator agrees on
)

// Identifier names a structure to the outside world: one record for each
// identifier.
type Identifier struct {
	Scheme Scheme
	Value  string // canonical form, see [Identifier.Canonical]
}

// SIRET returns the identifier of a French establishment. Spaces are dropped; the
// number is checked when it is used, by the deployment's policy.
func SIRET(number string) Identifier {
	return Identifier{Scheme: SchemeSIRET, Value: number}.Canonical()
}

// IdentifierPolicy says how strictly identifiers are checked.
type IdentifierPolicy string

// Identifier policies.
const (
	Strict     IdentifierPolicy = "strict"      // form and check digits
	FormatOnly IdentifierPolicy = "format_only" // form alone, for sandboxes and the guides' own samples
)

// Canonical returns the form in which an identifier is kept and compared: capitals,
// without the signs that its scheme is written with. What is not acceptable stays, for
// [Identifier.Valid] to refuse.
func (i Identifier) Canonical() Identifier {
	form, known := schemes[i.Scheme]
	if !known {
		return i
	}
	if len(i.Value) <= maxTyped {
		i.Value = form.canonical(i.Value)
	}
	return i
}

// maxTyped is how many bytes of an identifier are looked at.
const maxTyped = 256

// Valid reports whether the identifier, in canonical form, is acceptable under the
// policy. A scheme that is not known is not.
func (i Identifier) Valid(p IdentifierPolicy) bool {
	form, known := schemes[i.Scheme]
	switch {
	case !known || len(i.Value) > maxTyped || !form.form.MatchString(i.Value):
		return false
	case form.numbered && strings.Trim(i.Value, "0") == "":
		return false // all zeros pass the check digits
	default:
		return p == FormatOnly || form.strict == nil || form.strict(i.Value)
	}
}

// check names what is wrong with the identifier, under the given path.
func (i Identifier) check(path string, p IdentifierPolicy) []fault.Field {
	form, known := schemes[i.Scheme]
	switch {
	case !known:
		return []fault.Field{{Path: path, Code: "scheme"}}
	case !i.Valid(p):
		return []fault.Field{{Path: path, Code: form.code}}
	default:
		return nil
	}
}

// SIREN is the number of the legal entity that a French establishment belongs to: the
// first nine digits of its SIRET. It reports false for every other identifier.
func (i Identifier) SIREN() (string, bool) {
	if i.Scheme != SchemeSIRET || !i.Valid(FormatOnly) {
		return "", false
	}
	return i.Value[:9], true
}

// BySIREN groups structures by the legal entity that they belong to, in their order;
// those without a SIREN stand under "". Structures are never linked by it: each has its
// own managers.
func BySIREN(all []Structure) map[string][]Structure {
	groups := map[string][]Structure{}
	for _, st := range all {
		siren, _ := st.Identifier.SIREN()
		groups[siren] = append(groups[siren], st)
	}
	return groups
}
