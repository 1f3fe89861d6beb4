// Package check validates input structs. The rules stand as tags on the fields,
// read by go-playground/validator; this package adds the tags that are ours and
// turns what it finds into fields of a fault, every one of them.
package check

import (
	"errors"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/go-playground/validator/v10"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// Tags of ours:
//
//	line     valid UTF-8 on one line, without control or formatting characters
//	text     the same, but line breaks and tabs are fine
//	address  an e-mail address in canonical form
//	id       an identifier of ours
//	day      a civil date of the calendar (a type with Valid() bool)
//	country  a country code of ISO 3166-1 alpha-2, in capitals
var engine = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	must := func(tag string, fn validator.Func) {
		if err := v.RegisterValidation(tag, fn); err != nil {
			panic(err) //nolint:forbidigo // unreachable: the tags are constants that validator accepts
		}
	}
	must("line", func(f validator.FieldLevel) bool { return printable(f.Field().String(), "") })
	must("text", func(f validator.FieldLevel) bool { return printable(f.Field().String(), "\n\t") })
	must("address", func(f validator.FieldLevel) bool {
		canonical, err := address.Parse(f.Field().String())
		return err == nil && canonical == f.Field().String()
	})
	v.RegisterAlias("country", "iso3166_1_alpha2")
	must("id", func(f validator.FieldLevel) bool { return ids.Valid(f.Field().String()) })
	must("day", func(f validator.FieldLevel) bool {
		d, ok := f.Field().Interface().(interface{ Valid() bool })
		return ok && d.Valid()
	})
	return v
})

// printable refuses what may not stand in text of a person: invalid UTF-8, NUL and
// other control characters, and the formatting characters that reverse or hide
// what follows. Characters of allowed pass.
func printable(s, allowed string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (unicode.IsControl(r) || hidden(r)) && !strings.ContainsRune(allowed, r)
	}) < 0
}

// hidden reports whether r is a bidirectional control or a line or paragraph
// separator. Joiners stay: French and emoji need none of the others.
func hidden(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029 || r == 0xFEFF
}

// Fields returns every field of the struct v that breaks a rule of its tags.
func Fields(v any) []fault.Field {
	var found validator.ValidationErrors
	if !errors.As(engine().Struct(v), &found) {
		return nil
	}
	out := make([]fault.Field, 0, len(found))
	for _, f := range found {
		out = append(out, fault.Field{Path: path(f.StructNamespace()), Code: f.Tag(), Param: f.Param()})
	}
	return out
}

// Value returns what is wrong with one value under the rules of a tag, under the given
// path; nil if nothing is. It stops at the first rule that does not hold.
func Value(path string, v any, rules string) []fault.Field {
	var found validator.ValidationErrors
	if !errors.As(engine().Var(v, rules), &found) {
		return nil
	}
	return []fault.Field{{Path: path, Code: found[0].Tag(), Param: found[0].Param()}}
}

// Struct is Fields as an error: nil, or an ErrInvalid of the operation.
func Struct(op string, v any, more ...fault.Field) error {
	fields := append(Fields(v), more...)
	if len(fields) == 0 {
		return nil
	}
	return fault.Invalid(op, fields...)
}

// path turns "Request.Scope.Services[2]" into "scope.services[2]", and "Bank.IBAN" into
// "iban".
func path(namespace string) string {
	parts := strings.Split(namespace, ".")[1:]
	for i, p := range parts {
		if strings.ToUpper(p) == p {
			parts[i] = strings.ToLower(p) // an abbreviation: "IBAN"
			continue
		}
		r, n := utf8.DecodeRuneInString(p)
		parts[i] = string(unicode.ToLower(r)) + p[n:]
	}
	return strings.Join(parts, ".")
}
