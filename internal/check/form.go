package check

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// FieldSpec tells what a form asks for in one field, to whoever draws it.
type FieldSpec struct {
	Path      string   // where, as in fault.Field: "legalName", "scope.services"
	Required  bool     // people must fill it in
	MaxLength int      // characters at most, 0 for no limit
	Options   []string // what people choose from, nil for anything
	Day       bool     // a day of the calendar
	OneLine   bool     // text on one line
}

// Form returns what the tags of a struct say about its fields, in their order: those of
// validation, and form:"required" where other rules than tags ask for the field. Structs
// inside are taken apart where their fields have tags.
func Form(t reflect.Type) []FieldSpec {
	var out []FieldSpec
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		rules := strings.Split(f.Tag.Get("validate"), ",")
		if inner := f.Type; inner.Kind() == reflect.Struct && f.Tag == "" {
			for _, sub := range Form(inner) {
				sub.Path = path("."+f.Name) + "." + sub.Path
				out = append(out, sub)
			}
			continue
		}
		out = append(out, FieldSpec{
			Path:     path("." + f.Name),
			Required: slices.Contains(rules, "required") || f.Tag.Get("form") == "required",
			Day:      slices.Contains(rules, "day"), OneLine: slices.Contains(rules, "line"),
		}.with(f.Type, rules))
	}
	return out
}

// with reads the rules that have a parameter.
func (s FieldSpec) with(t reflect.Type, rules []string) FieldSpec {
	for _, rule := range rules {
		name, param, _ := strings.Cut(rule, "=")
		switch {
		case name == "max" && t.Kind() == reflect.String:
			s.MaxLength, _ = strconv.Atoi(param)
		case name == "oneof":
			s.Options = strings.Fields(param)
		}
	}
	return s
}
