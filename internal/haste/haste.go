// Package haste marks units of work that need not wait for the disk. The mark travels in
// the context, for the domain packages set it and the stores, which they do not know, read
// it.
package haste

import "context"

type key struct{}

// None marks the units that are run with the context returned.
func None(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, true) }

// IsNone reports whether ctx bears the mark.
func IsNone(ctx context.Context) bool {
	marked, _ := ctx.Value(key{}).(bool)
	return marked
}
