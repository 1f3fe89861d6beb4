package structure

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// a page knows its number, its size, the total, and the way to first, previous,
// next and last.
func TestPagesOfAList(t *testing.T) {
	t.Parallel()
	all := make([]int, 41)
	for i := range all {
		all[i] = i
	}
	for name, row := range map[string]struct {
		list  []int
		r     PageRequest
		items []int
		want  [6]int // number, size, first, previous, next, last
	}{
		"defaults":         {all, PageRequest{}, all[:20], [6]int{1, 20, 1, 0, 2, 3}},
		"middle":           {all, PageRequest{Number: 2}, all[20:40], [6]int{2, 20, 1, 1, 3, 3}},
		"last":             {all, PageRequest{Number: 3}, all[40:], [6]int{3, 20, 1, 2, 0, 3}},
		"after the last":   {all, PageRequest{Number: math.MaxInt}, all[40:], [6]int{3, 20, 1, 2, 0, 3}},
		"exactly full":     {all[:40], PageRequest{Number: 2}, all[20:40], [6]int{2, 20, 1, 1, 0, 2}},
		"one over":         {all[:21], PageRequest{}, all[:20], [6]int{1, 20, 1, 0, 2, 2}},
		"largest":          {all, PageRequest{Size: MaxPageSize}, all, [6]int{1, 100, 1, 0, 0, 1}},
		"smallest":         {all, PageRequest{Number: 41, Size: 1}, all[40:], [6]int{41, 1, 1, 40, 0, 41}},
		"empty list":       {nil, PageRequest{Number: 4}, nil, [6]int{1, 20, 1, 0, 0, 1}},
		"fewer than asked": {all[:3], PageRequest{Size: 5}, all[:3], [6]int{1, 5, 1, 0, 0, 1}},
	} {
		p := pageOf(row.list, row.r)
		require.Equal(t, row.items, p.Items, name)
		require.Equal(t, len(row.list), p.Total, name)
		require.Equal(t, row.want, [6]int{p.Number, p.Size, p.First(), p.Previous(), p.Next(), p.Last()}, name)
	}
	require.Empty(t, PageRequest{Size: MaxPageSize}.fields())
	require.Len(t, PageRequest{Number: -1, Size: MaxPageSize + 1}.fields(), 2)
	var none Page[int]
	require.Equal(t, [4]int{1, 0, 0, 1}, [4]int{none.First(), none.Previous(), none.Next(), none.Last()})
}
