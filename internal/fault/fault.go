// Package fault holds the one error type of habilis.
//
// Packages export sentinels made with [New]; an operation returns a copy that
// adds where it happened, which fields were bad, or what lay beneath. A copy
// still matches its sentinel under errors.Is, because two faults are the same
// when their codes are.
package fault

import (
	"context"
	"errors"
	"strings"
)

// Code is the stable name of an error: lower-case words joined by underscores.
// Codes are only ever added; a test keeps the list.
type Code string

// Codes that belong to no domain package.
const (
	CodeInvalid  Code = "invalid_input"
	CodeNotFound Code = "not_found"
	CodeExists   Code = "already_exists"
	CodeConflict Code = "conflict"
	CodeDenied   Code = "permission_denied"
	CodeCanceled Code = "canceled"
	CodeTimeout  Code = "deadline_exceeded"
	CodeInternal Code = "internal"
)

// Sentinels shared by every package. storage re-exports the three that a host's
// adapter returns.
var (
	ErrInvalid  = New(CodeInvalid, "some fields are not acceptable")
	ErrNotFound = New(CodeNotFound, "no such object")
	ErrExists   = New(CodeExists, "the object exists already")
	ErrConflict = New(CodeConflict, "the object changed in the meantime")
	ErrDenied   = New(CodeDenied, "the actor may not do this")
)

// Field names one bad input field.
type Field struct {
	Path  string // where, in lower camel case: "comment", "services[2]"
	Code  string // what is wrong: "required", "max", "siret"
	Param string // the limit that was broken, if there is one: "255"
}

// Error is every error that habilis makes. It is immutable: the With and In
// methods return copies, so a shared sentinel never changes.
type Error struct {
	Code   Code    // stable, for programs
	Op     string  // the operation, "structure.Approve"
	Detail string  // safe to show to anybody; English
	Fields []Field // every bad field of an invalid input, never just the first
	Err    error   // what lay beneath; may hold details that are not for users
}

// New returns a sentinel.
func New(code Code, detail string) *Error { return &Error{Code: code, Detail: detail} }

// Invalid returns an [ErrInvalid] that names every bad field.
func Invalid(op string, fields ...Field) *Error {
	e := *ErrInvalid
	e.Op, e.Fields = op, fields
	return &e
}

// In returns a copy of e that says which operation met it.
func (e *Error) In(op string) *Error {
	c := *e
	c.Op = op
	return &c
}

// With returns a copy of e whose detail is replaced. The detail must be safe to
// show to anybody.
func (e *Error) With(detail string) *Error {
	c := *e
	c.Detail = detail
	return &c
}

// Because returns a copy of e that wraps err.
func (e *Error) Because(err error) *Error {
	c := *e
	c.Err = err
	return &c
}

// Error renders operation, code, detail, fields and cause.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Op != "" {
		b.WriteString(e.Op + ": ")
	}
	b.WriteString(string(e.Code))
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for i, f := range e.Fields {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(f.Path + " " + f.Code)
		if f.Param != "" {
			b.WriteString(" " + f.Param)
		}
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is a fault of the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// CodeOf classifies any error: the outermost fault's code, the two context
// errors, "" for nil, and [CodeInternal] for the rest.
func CodeOf(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	case errors.Is(err, context.Canceled):
		return CodeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return CodeTimeout
	default:
		return CodeInternal
	}
}

// FieldsOf returns the bad fields that err names, nil if it names none.
func FieldsOf(err error) []Field {
	var e *Error
	if errors.As(err, &e) {
		return e.Fields
	}
	return nil
}
