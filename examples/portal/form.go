package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
)

// form is what was typed and what is wrong with it. Fields have the names that the
// library gives them in its errors.
type form struct {
	Names map[string]string // labels of fields that the catalogue does not know

	Values   url.Values
	Problems []problem
	labels   map[string]string // other names of labels, by field
	lang     string
}

// problem is one thing that is wrong with one field.
type problem struct {
	Field string // "" for the form as a whole
	Text  string
}

// typedError is the library's own error for fields that only this program could read.
type typedError []habilis.FieldError

func (e typedError) Error() string { return "some fields cannot be read" }

// and adds what the library says of the other fields, which it was asked on trial, so that
// every bad field shows at once. Without fields of its own it leaves err as it is.
func (e typedError) and(err error) error {
	if len(e) == 0 {
		return err
	}
	fields := fieldsOf(err)
	if len(fields) == 0 {
		return errors.Join(e, err)
	}
	all := slices.DeleteFunc(slices.Clone(fields), func(f habilis.FieldError) bool {
		return slices.ContainsFunc(e, func(known habilis.FieldError) bool { return known.Path == f.Path })
	})
	return append(typedError(all), e...) // days come last in most forms
}

// fieldsOf returns every bad field that an error names, be it ours or the library's.
func fieldsOf(err error) []habilis.FieldError {
	var own typedError
	if errors.As(err, &own) {
		return own
	}
	return habilis.FieldsOf(err)
}

// refused turns an error about what was typed into problems for the form. where names
// the field that a rule of the library is about, "" for the form as a whole; other
// errors are not for forms, and it reports false.
func (c *call) refused(v *page, err error, where map[habilis.Code]string) bool {
	fields := fieldsOf(err)
	for _, f := range fields {
		name, _, _ := strings.Cut(f.Path, "[")
		v.Form.add(name, c.p.h.LocalizeField(f, c.tag()))
	}
	name, known := where[habilis.CodeOf(err)]
	if known {
		v.Form.add(name, c.p.h.Localize(err, c.tag()))
	}
	return known || len(fields) > 0
}

// called gives a field of this form another label than its usual one.
func (f *form) called(field, label string) {
	if f.labels == nil {
		f.labels = map[string]string{}
	}
	f.labels[field] = label
}

// repeatable lists the fields that a form may send more than once.
func repeatable() []string {
	return []string{"before", "categories", "files", "items", "leave", "lines", "people", "rights", "services", "structures", "ticked", "whole"}
}

// wellFormed reports whether every field came once, under a plain name. Two addresses
// where one is asked for, or a list of them, are a trick and not a form of ours (FL-23).
func wellFormed(values url.Values) bool {
	for name, v := range values {
		if strings.ContainsAny(name, "[]") || len(v) > 1 && !slices.Contains(repeatable(), name) {
			return false
		}
	}
	return true
}

// statusOfForm is that of a page that shows a form again because of err.
func statusOfForm(err error) int {
	switch s := statusOf(err); s {
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return s
	default:
		return http.StatusUnprocessableEntity
	}
}

func (f *form) add(field, text string) {
	if p := (problem{field, text}); !slices.Contains(f.Problems, p) {
		f.Problems = append(f.Problems, p)
	}
}

// Of lists what is wrong with one field.
func (f form) Of(field string) []string {
	var out []string
	for _, p := range f.Problems {
		if p.Field == field {
			out = append(out, p.Text)
		}
	}
	return out
}

// Value is what was typed into a field.
func (f form) Value(field string) string { return f.Values.Get(field) }

// Ticked reports whether a box, or an option, was chosen.
func (f form) Ticked(field, value string) bool { return slices.Contains(f.Values[field], value) }

// input is one field, ready to be shown.
type input struct {
	Name, Type, Label, Hint, Value, Autocomplete string
	Required                                     bool
	Needed, Optional                             string // the word for fields that may, or may not, stay empty
	Class                                        string
	Problems                                     []string
	DescribedBy                                  string
}

// Input describes a field: its type, what the browser may fill it with, and whether
// it is "required" or "optional". Passwords and codes are never shown again.
func (v *page) Input(name, kind, autocomplete, need string) input {
	in := input{
		Name: name, Type: kind, Label: v.FieldName(name), Autocomplete: autocomplete,
		Required: need == "required", Problems: v.Form.Of(name),
	}
	if in.Required {
		in.Needed = v.T("form.required")
	} else {
		in.Optional = v.T("form.optional")
	}
	switch name {
	case "code":
		in.Class = "code"
	case "from", "until":
		in.Class = "short"
	}
	in.Hint, _ = v.portal.texts.lookup(v.Lang, "hint."+name)
	if kind != "password" && name != "code" {
		in.Value = v.Form.Value(name)
	}
	var described []string
	if in.Hint != "" {
		described = append(described, name+"-hint")
	}
	if len(in.Problems) > 0 {
		described = append(described, name+"-error")
	}
	in.DescribedBy = strings.Join(described, " ")
	return in
}

// Hinted is a field with a hint of its own.
func (v *page) Hinted(in input, hint string) input {
	in.Hint = hint
	if described := in.Name + "-hint"; !strings.Contains(in.DescribedBy, described) {
		in.DescribedBy = strings.TrimSpace(described + " " + in.DescribedBy)
	}
	return in
}

// Bare is a field without a word on whether it may stay empty.
func (v *page) Bare(in input) input {
	in.Optional = ""
	return in
}

// Wanted are fields of a search: any of them may stay empty, and what can be typed is
// said once for all.
func (v *page) Wanted(names ...string) []input {
	out := make([]input, 0, len(names))
	for _, name := range names {
		in := v.Input(name, "text", "off", "optional")
		in.Optional, in.Hint, in.DescribedBy = "", "", ""
		if len(in.Problems) > 0 {
			in.DescribedBy = name + "-error"
		}
		out = append(out, in)
	}
	return out
}

// FieldName is the label of a field, for the summary of problems.
func (v *page) FieldName(field string) string {
	if name, ok := v.Form.Names[field]; ok {
		return name
	}
	if other, ok := v.Form.labels[field]; ok {
		field = other
	}
	return v.T("label." + field)
}

// typedDate reads a day from the form; one that no calendar holds is a problem of
// that field.
func typedDate(values url.Values, field string, problems *typedError) authz.Date {
	d, err := authz.ParseDate(strings.TrimSpace(values.Get(field)))
	if err != nil {
		*problems = append(*problems, habilis.FieldError{Path: field, Code: "day"})
	}
	return d
}
