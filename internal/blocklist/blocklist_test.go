package blocklist_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/internal/blocklist"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Été": "ete", "E\u0301te\u0301": "ete", "CŒUR": "coeur", "Ægir": "aegir", "Straße": "strasse", "STRAẞE": "strasse",
		"İstanbul": "istanbul", "Ⅷ": "viii", "ｐａｓｓ": "pass", "٣": "٣", "🔑": "🔑", "": "", "a\x00b": "a\x00b",
	} {
		require.Equal(t, want, blocklist.Fold(text), "%q", text)
	}
}

func TestFoldingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once := blocklist.Fold(rapid.String().Draw(t, "text"))
		if twice := blocklist.Fold(once); twice != once {
			t.Fatalf("%q, then %q", once, twice)
		}
	})
}

func TestBases(t *testing.T) {
	t.Parallel()
	for folded, want := range map[string]string{
		"password": "password", "password2024!": "password", "p@ssw0rd123": "password", "!!2024-password": "password",
		"@dmin!": "admin", "1llusion": "illusion", "ba11oon": "balloon", "123p@ssw0rd": "password", "motdepasse12": "motdepasse",
		"ete2026": "", "abc123": "", "123456789012": "", "": "",
	} {
		if want == "" {
			require.NotContains(t, blocklist.Bases(folded), folded)
			continue
		}
		require.Contains(t, blocklist.Bases(folded), want, folded)
	}
	require.Empty(t, blocklist.Bases("abc"), "three letters are no word")
	require.Equal(t, []string{"abcd"}, blocklist.Bases("abcd"))
}

// The form of a set: each text is found under its kind, in any order of adding.
func TestSet(t *testing.T) {
	t.Parallel()
	var there, back blocklist.Maker
	const n = 20_000
	for i := range n {
		there.Add(blocklist.Whole, strconv.Itoa(i))
		back.Add(blocklist.Whole, strconv.Itoa(n-1-i))
		back.Add(blocklist.Whole, strconv.Itoa(i))
	}
	s, err := there.Set()
	require.NoError(t, err)
	same, err := back.Set()
	require.NoError(t, err)
	require.True(t, s == same, "neither order nor repetition matters")
	require.InDelta(t, n, s.Len(), 3, "hardly two share a digest")
	wrong := 0
	for i := range n {
		require.True(t, s.Has(blocklist.Whole, strconv.Itoa(i)))
		if s.Has(blocklist.Base, strconv.Itoa(i)) {
			wrong++
		}
	}
	require.LessOrEqual(t, wrong, 3, "a kind is not another")
}

func TestSetsThatAreNone(t *testing.T) {
	t.Parallel()
	empty, err := new(blocklist.Maker).Set()
	require.NoError(t, err)
	require.False(t, empty.Has(blocklist.Whole, "x"))
	require.Zero(t, empty.Len())
	require.False(t, blocklist.Set("cut").Has(blocklist.Whole, "x"))
	require.Zero(t, blocklist.Set("cut").Len())
	var crowded blocklist.Maker
	for i := range 300_000 {
		crowded.Add(blocklist.Whole, strconv.Itoa(i))
	}
	s, err := crowded.Set()
	require.NoError(t, err)
	for i := range 1000 {
		_ = s[:len(s)/2].Has(blocklist.Whole, strconv.Itoa(i)) // no reading beyond the end
	}
}
