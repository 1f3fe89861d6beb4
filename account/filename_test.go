package account_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

// FI-01, FI-20, EX-16: names from outside lose what could harm and keep what people
// recognise them by.
func TestCleanFileName(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, want string }{
		"plain":                     {"Devis n° 12.pdf", "Devis n° 12.pdf"},
		"folders":                   {"../../etc/passwd", "passwd"},
		"folders of Windows":        {`..\..\boot.ini`, "boot.ini"},
		"drive":                     {`C:\Users\jb\devis.pdf`, "devis.pdf"},
		"drive without a separator": {"C:devis.pdf", "C_devis.pdf"},
		"absolute":                  {"/etc/shadow", "shadow"},
		"mixed separators":          {`a/b\c/../d.pdf`, "d.pdf"},
		"separator at the end":      {"dossier/", "dossier"},
		"nothing but separators":    {`/\//`, "file"},
		"dot dot":                   {"..", "file"},
		"look-alike separators":     {"a\u2044b\u2215c\uff0fd\uff3ce.pdf", "a_b_c_d_e.pdf"},
		"NUL":                       {"a\x00.pdf\x00.exe", "a.pdf.exe"},
		"line breaks":               {"a\r\nSet-Cookie: x=1.pdf", "a Set-Cookie_ x=1.pdf"},
		"right to left":             {"facture\u202efdp.exe", "facturefdp.exe"},
		"invisible":                 {"a\u200b\ufeff\u00ad\u2066b\u2028c.pdf", "ab c.pdf"},
		"escape":                    {"\x1b[31mrouge.pdf", "[31mrouge.pdf"},
		"device":                    {"CON", "_CON"},
		"device with extension":     {"nul.tar.gz", "_nul.tar.gz"},
		"device with a space":       {"aux .txt", "_aux .txt"},
		"port":                      {"LPT9.pdf", "_LPT9.pdf"},
		"port with a superscript":   {"com¹.pdf", "_com¹.pdf"},
		"no port":                   {"COM10.pdf", "COM10.pdf"},
		"no device":                 {"CONTRAT.pdf", "CONTRAT.pdf"},
		"characters of shells":      {`a<b>c:"d"|e?f*.pdf`, "a_b_c__d__e_f_.pdf"},
		"hidden":                    {".htaccess", "htaccess"},
		"dots and spaces":           {" . .. . ", "file"},
		"empty":                     {"", "file"},
		"trailing dots":             {"devis.pdf. . .", "devis.pdf"},
		"spaces":                    {"  mon \t devis\u00a0final .pdf ", "mon devis final .pdf"},
		"decomposed":                {"De\u0301claration.pdf", "Déclaration.pdf"},
		"invalid UTF-8":             {"a\xff\xfeb.pdf", "a_b.pdf"},
		"emoji":                     {"👩‍👩‍👧 famille ❤️.png", "👩‍👩‍👧 famille ❤️.png"},
		"300 bytes":                 {strings.Repeat("a", 296) + ".pdf", strings.Repeat("a", 251) + ".pdf"},
		"255 bytes":                 {strings.Repeat("a", 251) + ".pdf", strings.Repeat("a", 251) + ".pdf"},
		"256 bytes":                 {strings.Repeat("a", 252) + ".pdf", strings.Repeat("a", 251) + ".pdf"},
		"cut between characters":    {strings.Repeat("é", 150) + ".pdf", strings.Repeat("é", 125) + ".pdf"},
		"16 bytes of extension":     {strings.Repeat("a", 240) + "." + strings.Repeat("b", 15), strings.Repeat("a", 239) + "." + strings.Repeat("b", 15)},
		"17 bytes of extension":     {strings.Repeat("a", 239) + "." + strings.Repeat("b", 16), strings.Repeat("a", 239) + "." + strings.Repeat("b", 15)},
		"an extension that is none": {strings.Repeat("a", 240) + "." + strings.Repeat("b", 40), strings.Repeat("a", 240) + "." + strings.Repeat("b", 14)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, account.CleanFileName(c.from))
			cleanName(t, account.CleanFileName(c.from))
		})
	}
}

// cleanName checks what holds for every clean name.
func cleanName(tb testing.TB, name string) {
	tb.Helper()
	require.NotEmpty(tb, name)
	require.LessOrEqual(tb, len(name), 255)
	require.True(tb, utf8.ValidString(name))
	require.NotContains(tb, []string{".", ".."}, name)
	require.False(tb, strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || strings.HasPrefix(name, "."), "%q", name)
	require.Equal(tb, -1, strings.IndexFunc(name, func(r rune) bool {
		return unicode.IsControl(r) || strings.ContainsRune("/\\:*?\"<>|\u2028\u2029\u202e\u202d\u2066\u200f\ufeff\u2044\u2215\uff0f\uff3c", r)
	}), "%q", name)
	require.Equal(tb, name, account.CleanFileName(name), "cleaning twice changes nothing")
}

func FuzzCleanFileName(f *testing.F) {
	for _, s := range []string{
		"", "a.pdf", "../../x", `..\x`, "CON", "con.", "a\x00b", "\u202e", "é.pdf", "👩‍👩‍👧", strings.Repeat("é", 200) + ".pdf",
		" .", "\xff", "e\u0301", "\u037e", "_CON", "COM¹ .x", strings.Repeat("a", 250) + ". . .b", "\u0344\u1fef", "a\u0338>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { cleanName(t, account.CleanFileName(s)) })
}
