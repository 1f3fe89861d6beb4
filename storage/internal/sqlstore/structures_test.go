package sqlstore

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/structure"
)

func TestFoldedIsFold(t *testing.T) {
	t.Parallel()
	for c := range rune(0x80) {
		require.Equal(t, structure.Fold(string(c)), folded(string(c)), "%U", c)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		require.Equal(t, structure.Fold(s), folded(s))
	})
}
