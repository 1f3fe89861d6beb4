package due_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/due"
)

// What fails holds up nobody, and an end of the context leaves the rest.
func TestEach(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	one, two := errors.New("one"), errors.New("two")
	var seen []int
	n, err := due.Each(ctx, []int{1, 2, 3, 4, 5, 6}, func(i int) (bool, error) {
		seen = append(seen, i)
		switch i {
		case 1:
			return false, one
		case 3:
			return true, two
		case 4:
			return false, nil
		case 5:
			cancel()
		}
		return true, nil
	})
	require.Equal(t, 1, n)
	require.Equal(t, []int{1, 2, 3, 4, 5}, seen)
	require.ErrorIs(t, err, one)
	require.ErrorIs(t, err, two)
	require.ErrorIs(t, err, context.Canceled)
	n, err = due.Each(t.Context(), nil, func(int) (bool, error) { return true, nil })
	require.Zero(t, n)
	require.NoError(t, err)
}
