package storagetest

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// diff explains how got differs from want, "" if it does not: an empty slice and
// a nil one are alike, and times are alike if both are UTC and the same instant.
func diff(got, want any) string {
	var out []string
	compare(&out, "", reflect.ValueOf(got), reflect.ValueOf(want))
	return strings.Join(out, "\n")
}

func compare(out *[]string, path string, got, want reflect.Value) {
	report := func(g, w any) {
		if path == "" {
			path = "value"
		}
		*out = append(*out, fmt.Sprintf("\t%s: got %s, want %s", strings.TrimPrefix(path, "."), short(g), short(w)))
	}
	if got.IsValid() != want.IsValid() || got.IsValid() && got.Type() != want.Type() {
		report(fmt.Sprintf("%v", got), fmt.Sprintf("%v", want))
		return
	}
	if !got.IsValid() {
		return
	}
	if g, ok := got.Interface().(time.Time); ok {
		w := want.Interface().(time.Time)
		if !g.Equal(w) || g.Location() != time.UTC || g.IsZero() != w.IsZero() {
			report(g.Format(time.RFC3339Nano), w.UTC().Format(time.RFC3339Nano))
		}
		return
	}
	switch got.Kind() {
	case reflect.Struct:
		for i := range got.NumField() {
			compare(out, path+"."+got.Type().Field(i).Name, got.Field(i), want.Field(i))
		}
	case reflect.Interface:
		compare(out, path, got.Elem(), want.Elem())
	case reflect.Slice:
		if got.Len() != want.Len() {
			report(got.Interface(), want.Interface())
			return
		}
		for i := range got.Len() {
			compare(out, fmt.Sprintf("%s[%d]", path, i), got.Index(i), want.Index(i))
		}
	default:
		if !reflect.DeepEqual(got.Interface(), want.Interface()) {
			report(got.Interface(), want.Interface())
		}
	}
}

func short(v any) string {
	text := fmt.Sprintf("%#v", v)
	if s, ok := v.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if len(text) > 400 {
		text = text[:400] + fmt.Sprintf("... (%d bytes)", len(text))
	}
	return text
}
