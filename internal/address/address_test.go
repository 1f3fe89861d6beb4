package address_test

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/address"
)

// ML-02, ML-03, ML-20: one canonical form, and nothing that could be read as another
// recipient.
func TestParse(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"julie@ccas.example":                   "julie@ccas.example",
		"  Julie.Bon+facture@CCAS.Example ":    "julie.bon+facture@ccas.example",
		"o'neil@terneuil.example":              "o'neil@terneuil.example",
		"julie@été.example":                    "julie@xn--t-9fab.example",
		"julie@ÉTÉ.example":                    "julie@xn--t-9fab.example",
		"julie@xn--t-9fab.example":             "julie@xn--t-9fab.example",
		strings.Repeat("a", 64) + "@x.example": strings.Repeat("a", 64) + "@x.example",
	} {
		got, err := address.Parse(typed)
		require.NoError(t, err, "%q", typed)
		require.Equal(t, want, got)
		again, err := address.Parse(got)
		require.NoError(t, err)
		require.Equal(t, got, again, "the canonical form is its own")
	}
	for _, typed := range []string{
		"", "julie", "@x.example", "julie@", "julie@localhost", "julie@x..example", "julie@.example", "julie@x.example.",
		`"e@attacker.example"@victim.example`, "a@x.example,b@y.example", "a@x.example>", "<a@x.example> SIZE=1",
		"Julie <julie@x.example>", "a@x.example (comment)", "a(comment)@x.example", "group: a@x.example;", "a@b@x.example",
		"a b@x.example", "a@x .example", "a@x.example\n", "a@x.example\r\nBcc: b@y.example", "a\x00@x.example", "a@x.exam\x00ple",
		"a\uff20x.example", "a@x\uff0eexample", "\uff41@x.example", "élodie@x.example", "a@\u2100.example", "a@ex\u00adample.example",
		"a@[127.0.0.1]", "a@127.0.0.1", "a@-x.example", "a@x-.example", ".a@x.example", "a.@x.example", "a..b@x.example",
		strings.Repeat("a", 65) + "@x.example", "a@" + strings.Repeat("x", 64) + ".example", "a@" + strings.Repeat("x.", 126) + "example",
		strings.Repeat("a", 10<<20) + "@x.example", "\xff@x.example", "a@\xff.example",
	} {
		got, err := address.Parse(typed)
		require.Error(t, err, "%.60q became %q", typed, got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"julie@ccas.example", "a@été.example", `"a@b"@c.example`, "a@x,b@y", "\uff20"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		got, err := address.Parse(typed)
		if err != nil {
			require.Empty(t, got, "a failed parse returns nothing usable")
			return
		}
		again, err := address.Parse(got)
		require.NoError(t, err)
		require.Equal(t, got, again)
		require.Equal(t, 1, strings.Count(got, "@"))
		require.LessOrEqual(t, len(got), 254)
		require.Equal(t, -1, strings.IndexFunc(got, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune(`"(),:;<>[]\`, r) }))
	})
}

// The corpus of isemail, where somebody has it: nothing that it calls an error is
// accepted.
func TestCorpus(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("HABILIS_CORPORA")
	if folder == "" {
		t.Log("HABILIS_CORPORA names no folder with the corpus: only our own samples were tried")
		return
	}
	raw, err := os.ReadFile(filepath.Join(folder, "isemail-tests.xml"))
	require.NoError(t, err)
	var corpus struct {
		Tests []struct {
			Address  string `xml:"address"`
			Category string `xml:"category"`
		} `xml:"test"`
	}
	require.NoError(t, xml.Unmarshal(raw, &corpus))
	require.Greater(t, len(corpus.Tests), 100)
	for _, c := range corpus.Tests {
		typed := strings.Map(func(r rune) rune { // the corpus shows control characters by their pictures
			if r >= 0x2400 && r <= 0x241f {
				return r - 0x2400
			}
			return r
		}, c.Address)
		if strings.Trim(typed, " ") != typed {
			continue // spaces around an address are a slip of the hand, not a part of it
		}
		got, err := address.Parse(typed)
		if c.Category == "ISEMAIL_ERR" || c.Category == "ISEMAIL_CFWS" {
			require.Error(t, err, "%q became %q", typed, got)
		}
	}
}
