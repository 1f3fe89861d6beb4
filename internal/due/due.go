// Package due works through what the clock owes.
package due

import (
	"context"
	"errors"
)

// Each deals with things in turn and returns with how many there was something to do,
// which deal reports. One that fails does not hold up the others, and the errors come
// back joined; when ctx ends, the rest is left.
func Each[T any](ctx context.Context, things []T, deal func(T) (bool, error)) (int, error) {
	total := 0
	var errs []error
	for _, thing := range things {
		done, err := deal(thing)
		switch {
		case ctx.Err() != nil:
			return total, errors.Join(append(errs, ctx.Err())...)
		case err != nil:
			errs = append(errs, err)
		case done:
			total++
		}
	}
	return total, errors.Join(errs...)
}
