package sqlstore

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A field is a pointer to a string, bool, int, int64 or []byte, or one of the
// types below. Drivers can read into all of them; argument turns one into what is
// written.

// argument returns the value behind a field, as drivers take it.
func argument(field any) any {
	switch p := field.(type) {
	case *string:
		return *p
	case *bool:
		return *p
	case *int:
		return int64(*p)
	case *int64:
		return *p
	case *[]byte:
		if *p == nil {
			return nil
		}
		return *p
	case interface{ argument() any }:
		return p.argument()
	default:
		panic(fmt.Sprintf("no column holds a %T", field)) //nolint:forbidigo // unreachable: a test stores every field of every type
	}
}

// A TextField is a field that is kept as text.
type TextField interface {
	// ScanText reads the text, which it does not keep.
	ScanText(text []byte) error
}

// An InstantField is a field that is kept as microseconds.
type InstantField interface {
	// ScanMicros reads the microseconds. NULL is not valid.
	ScanMicros(micros int64, valid bool)
}

// neverInstant is a column for a time whose zero is NULL, in microseconds.
type neverInstant time.Time

// sortedInstant is a column for a time whose zero is what it is, in microseconds.
type sortedInstant time.Time

// never is a column for an instant that may not have come; the zero time is NULL.
func never(t *time.Time) *neverInstant { return (*neverInstant)(t) }

// sorted is a column for an instant by which rows are ordered; the zero time is
// what it is, the beginning of the year 1, so that it sorts first everywhere.
func sorted(t *time.Time) *sortedInstant { return (*sortedInstant)(t) }

func (c *neverInstant) argument() any {
	if (*time.Time)(c).IsZero() {
		return nil
	}
	return (*time.Time)(c).UnixMicro()
}

func (c *sortedInstant) argument() any { return (*time.Time)(c).UnixMicro() }

// ScanMicros implements InstantField.
func (c *neverInstant) ScanMicros(micros int64, valid bool) {
	(*sortedInstant)(c).ScanMicros(micros, valid)
}

// ScanMicros implements InstantField.
func (c *sortedInstant) ScanMicros(micros int64, valid bool) {
	*c = sortedInstant{}
	if valid {
		*c = sortedInstant(time.UnixMicro(micros).UTC())
	}
}

// Scan reads microseconds.
func (c *neverInstant) Scan(src any) error { return (*sortedInstant)(c).Scan(src) }

// Scan reads microseconds.
func (c *sortedInstant) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		c.ScanMicros(0, false)
	case int64:
		c.ScanMicros(v, true)
	default:
		return fmt.Errorf("an instant came as %T", src)
	}
	return nil
}

// wordList is a column for a list of strings, as JSON.
type wordList[T ~string] []T

func words[T ~string](list *[]T) *wordList[T] { return (*wordList[T])(list) }

func (c *wordList[T]) argument() any {
	if len(*c) == 0 {
		return "[]"
	}
	b, err := json.Marshal(*c)
	if err != nil {
		panic(err) //nolint:forbidigo // unreachable: strings always marshal
	}
	return string(b)
}

// Scan reads the JSON.
func (c *wordList[T]) Scan(src any) error { return scanText(c, src) }

// ScanText implements TextField.
func (c *wordList[T]) ScanText(text []byte) error {
	*c = nil
	if string(text) == "[]" {
		return nil
	}
	// Without an escape, each word is what stands between the quotes.
	if plain, ok := strings.CutPrefix(string(text), `["`); ok && !strings.Contains(plain, `\`) {
		for word := range strings.SplitSeq(strings.TrimSuffix(plain, `"]`), `","`) {
			*c = append(*c, T(word))
		}
		return nil
	}
	if err := json.Unmarshal(text, (*[]T)(c)); err != nil {
		return fmt.Errorf("list: %w", err)
	}
	return nil
}

// document is a column for a value that is read and written as a whole, as JSON.
// tidy brings its instants into the precision that is kept.
type document[T any] struct {
	value *T
	tidy  func(*T)
}

func (c document[T]) argument() any {
	v := *c.value
	c.tidy(&v)
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) //nolint:forbidigo // unreachable: strings, booleans and instants of four-digit years always marshal
	}
	return string(b)
}

// Scan reads the JSON.
func (c document[T]) Scan(src any) error { return scanText(c, src) }

// ScanText implements TextField.
func (c document[T]) ScanText(text []byte) error {
	var v T
	if string(text) != "{}" {
		if err := json.Unmarshal(text, &v); err != nil {
			return fmt.Errorf("document: %w", err)
		}
	}
	*c.value = v
	return nil
}

// optional is a document whose zero value is an empty object.
type optional[T comparable] struct{ document[T] }

func (c optional[T]) argument() any {
	var none T
	if *c.value == none {
		return "{}"
	}
	return c.document.argument()
}

func scanText(c TextField, src any) error {
	text, err := textOf(src)
	if err != nil {
		return err
	}
	return c.ScanText(text)
}

func textOf(src any) ([]byte, error) {
	switch v := src.(type) {
	case string:
		return []byte(v), nil
	case []byte:
		return v, nil
	default:
		return nil, fmt.Errorf("JSON came as %T", src)
	}
}

// inMicroseconds brings an instant into what is kept of one.
func inMicroseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
