package habilis

import (
	"reflect"

	"github.com/habilis-go/habilis/internal/check"
)

// FieldSpec tells what a form asks for in one field.
type FieldSpec = check.FieldSpec

// FormSpec tells what an operation asks for, field by field, from the very rules that
// its input is checked by: habilis.FormSpec[structure.Creation](). Hosts mark the
// mandatory fields with it, in words and not by a sign alone. What it cannot say,
// such as check digits, the error says; what a policy decides, such as whether a request to
// join needs a comment (structure.MembershipPolicy), the host knows. T is a struct.
func FormSpec[T any]() []FieldSpec { return check.Form(reflect.TypeFor[T]()) }
