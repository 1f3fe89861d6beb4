package structure_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/structure"
)

// R-130, EX-09: what each scheme accepts strictly, by form alone, and in which form it
// is kept.
func TestIdentifierSchemes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		scheme         structure.Scheme
		typed, kept    string
		strict, format bool
	}{
		{structure.SchemeSIRET, "120 027 016 00563", "12002701600563", true, true},
		{structure.SchemeSIRET, "14700985600135", "14700985600135", false, true},
		{structure.SchemeSIRET, "00000000000000", "00000000000000", false, false},
		{structure.SchemeEUVAT, "be 0697.449.992", "BE0697449992", true, true},
		{structure.SchemeEUVAT, "BE0697449993", "BE0697449993", false, true},
		{structure.SchemeEUVAT, "ATU57194903", "ATU57194903", true, true},
		{structure.SchemeEUVAT, "ATU57194904", "ATU57194904", false, true},
		{structure.SchemeEUVAT, "BG130544585", "BG130544585", true, true},
		{structure.SchemeEUVAT, "DE136695976", "DE136695976", true, true},
		{structure.SchemeEUVAT, "DE136695978", "DE136695978", false, true},
		{structure.SchemeEUVAT, "LU15027442", "LU15027442", true, true},
		{structure.SchemeEUVAT, "IT00743110157", "IT00743110157", true, true},
		{structure.SchemeEUVAT, "PT501964843", "PT501964843", true, true},
		{structure.SchemeEUVAT, "FI20774740", "FI20774740", true, true},
		{structure.SchemeEUVAT, "DK13585628", "DK13585628", true, true},
		{structure.SchemeEUVAT, "PL8567346215", "PL8567346215", true, true},
		{structure.SchemeEUVAT, "EL094259216", "EL094259216", true, true},
		{structure.SchemeEUVAT, "SI50223054", "SI50223054", true, true},
		{structure.SchemeEUVAT, "EE100931558", "EE100931558", true, true},
		{structure.SchemeEUVAT, "HU12892312", "HU12892312", true, true},
		{structure.SchemeEUVAT, "MT11679112", "MT11679112", true, true},
		{structure.SchemeEUVAT, "SK2022749619", "SK2022749619", true, true},
		{structure.SchemeEUVAT, "HR33392005961", "HR33392005961", true, true},
		{structure.SchemeEUVAT, "FR61954506077", "FR61954506077", false, true}, // a French company has a SIRET
		{structure.SchemeEUVAT, "US123456789", "US123456789", false, true},
		{structure.SchemeEUVAT, "BE1234567890123456789", "BE1234567890123456789", false, false},
		{structure.SchemeNonEU, "ch Dufour sa", "CHDUFOURSA", true, true},
		{structure.SchemeNonEU, "CHÉLÉA&CO", "CHÉLÉA&CO", true, true},
		{structure.SchemeNonEU, "CH1234567890123456", "CH1234567890123456", true, true},
		{structure.SchemeNonEU, "CH12345678901234567", "CH12345678901234567", false, false},
		{structure.SchemeNonEU, "DEDUFOUR", "DEDUFOUR", false, true},
		{structure.SchemeNonEU, "FRDUFOUR", "FRDUFOUR", false, true},
		{structure.SchemeNonEU, "GRDUFOUR", "GRDUFOUR", false, true},
		{structure.SchemeNonEU, "QQDUFOUR", "QQDUFOUR", false, true},
		{structure.SchemeNonEU, "CH", "CH", false, false},
		{structure.SchemeRIDET, "0 123 456.001", "0123456001", true, true},
		{structure.SchemeRIDET, "123456001", "123456001", true, true},
		{structure.SchemeRIDET, "12345678", "12345678", false, false},
		{structure.SchemeRIDET, "12345678901", "12345678901", false, false},
		{structure.SchemeRIDET, "0000000000", "0000000000", false, false},
		{structure.SchemeTAHITI, "003970-001", "003970001", true, true},
		{structure.SchemeTAHITI, "a12345001", "A12345001", true, true},
		{structure.SchemeTAHITI, "0039700011", "0039700011", false, false},
		{structure.SchemeTAHITI, "00397000A", "00397000A", false, false},
		{structure.SchemeTAHITI, "000000000", "000000000", false, false},
		{structure.SchemePerson, "  p  2026/17 ", "P 2026/17", true, true},
		{structure.SchemeOther, strings.Repeat("é", 64), strings.Repeat("É", 64), true, true},
		{structure.SchemeOther, strings.Repeat("é", 65), strings.Repeat("É", 65), false, false},
		{structure.SchemeOther, "a\x00b", "A\x00B", false, false},
		{structure.SchemeOther, "", "", false, false},
		{"SIREN", "120027016", "120027016", false, false},
	} {
		id := structure.Identifier{Scheme: row.scheme, Value: row.typed}.Canonical()
		require.Equal(t, row.kept, id.Value, "%s %q", row.scheme, row.typed)
		require.Equal(t, row.strict, id.Valid(structure.Strict), "%s %q strictly", row.scheme, row.typed)
		require.Equal(t, row.format, id.Valid(structure.FormatOnly), "%s %q by form", row.scheme, row.typed)
	}
}

// Every scheme has a label, a hint, and a sample that it accepts, in both languages.
func TestSchemesAreDescribed(t *testing.T) {
	t.Parallel()
	require.Len(t, structure.Schemes(), 7)
	for _, s := range structure.Schemes() {
		require.True(t, structure.Identifier{Scheme: s.Code, Value: s.Sample}.Canonical().Valid(structure.Strict), "%s", s.Code)
		for _, lang := range []language.Tag{language.French, language.English} {
			require.NotContains(t, s.Label(lang)+s.Hint(lang), "scheme", "%s", s.Code)
		}
	}
}

// establishments of one legal entity are told apart and can be grouped.
func TestBySIREN(t *testing.T) {
	t.Parallel()
	one := structure.Structure{ID: "1", Identifier: structure.SIRET("12002701600563")}
	two := structure.Structure{ID: "2", Identifier: structure.SIRET("12002701600357")}
	other := structure.Structure{ID: "3", Identifier: structure.Identifier{Scheme: structure.SchemeOther, Value: "12002701600357"}}
	require.Equal(t, map[string][]structure.Structure{"120027016": {one, two}, "": {other}},
		structure.BySIREN([]structure.Structure{one, other, two}))
}

// EX-09: whatever is typed, the canonical form is stable, and what is acceptable
// strictly is acceptable by form.
func FuzzIdentifier(f *testing.F) {
	for _, s := range structure.Schemes() {
		f.Add(string(s.Code), s.Sample)
	}
	f.Add("EU_VAT", "XI")
	f.Add("NON_EU", "CHß")
	f.Fuzz(func(t *testing.T, scheme, value string) {
		id := structure.Identifier{Scheme: structure.Scheme(scheme), Value: value}.Canonical()
		if !id.Valid(structure.FormatOnly) {
			require.False(t, id.Valid(structure.Strict))
			return
		}
		require.Equal(t, id, id.Canonical())
		require.LessOrEqual(t, len([]rune(id.Value)), 64)
		_, french := id.SIREN()
		require.Equal(t, id.Scheme == structure.SchemeSIRET, french)
	})
}
