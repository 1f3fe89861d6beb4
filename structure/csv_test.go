package structure_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

var cells = []structure.Column[[]string]{
	{Code: "legal_name", Value: func(_ structure.CSV, r []string) string { return r[0] }},
	{Code: "town", Value: func(_ structure.CSV, r []string) string { return r[1] }},
}

func table(t require.TestingT, format structure.CSV, rows ...[]string) string {
	var out bytes.Buffer
	w := structure.NewTable(&out, format, cells)
	for _, r := range rows {
		require.NoError(t, w.Write(r))
	}
	require.NoError(t, w.Close())
	require.Equal(t, len(rows), w.Rows())
	return out.String()
}

// separator, byte order mark, heading, quotes and line ends.
func TestTable(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Raison sociale;Ville\r\nAtelier;Lyon\r\n\"a\"\"b\";\"c;d\"\r\n\"e\nf\";\"g,h\"\r\n;\" x\"\r\n",
		table(t, structure.CSV{}, []string{"Atelier", "Lyon"}, []string{`a"b`, "c;d"}, []string{"e\nf", "g,h"}, []string{"", " x"}))
	require.Equal(t, "\uFEFFLegal name,Town\r\n", table(t, structure.CSV{Separator: structure.Comma, BOM: true, Language: language.English}))
	require.Equal(t, []structure.ColumnSpec{
		{Code: "legal_name", French: "Raison sociale", English: "Legal name"}, {Code: "town", French: "Ville", English: "Town"},
	}, structure.Dictionary(cells))
}

// Every column that can be exported has headings in both languages.
func TestColumnsAreDescribed(t *testing.T) {
	t.Parallel()
	for _, spec := range append(structure.Dictionary(structure.StructureColumns()), structure.Dictionary(structure.HistoryColumns(authz.Guide2024()))...) {
		require.NotContains(t, spec.French+spec.English, "column.", spec.Code)
	}
}

// A writer that fails ends the table with its error, and nothing is written after it.
func TestTableStopsWhereItsWriterFails(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	r, w := io.Pipe()
	require.NoError(t, r.CloseWithError(boom))
	full := structure.NewTable(w, structure.CSV{}, cells)
	for range 10_000 {
		if full.Write([]string{strings.Repeat("x", 100), ""}) != nil {
			break
		}
	}
	require.ErrorIs(t, full.Write([]string{"", ""}), boom)
	require.ErrorIs(t, full.Close(), boom)
	require.Less(t, full.Rows(), 1000)
}

// EX-01, EX-02, EX-04, R-428: nothing that a spreadsheet takes for a formula leaves as
// one, in either separator, and every cell can be had back.
func TestCellsAreGuarded(t *testing.T) {
	t.Parallel()
	for _, evil := range []string{
		"=1+1", "+33123456789", "-12", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\x00=1", "＝1+1", "＋1", "－1", "＠1", "  =1+1", "\u00a0=1", "\u200b=1", "\ufeff=1",
		`=HYPERLINK("http://x.example";"y")`, "'=1", "'", "=1;=2", "\x7f=1",
	} {
		guarded := structure.GuardCell(evil)
		require.Equal(t, "'"+evil, guarded, "%q", evil)
		require.Equal(t, evil, structure.UnguardCell(guarded))
	}
	for _, fine := range []string{"", "Atelier", "a=b", "1-2", "12", "é", "x'y", " x", "(=1)"} {
		require.Equal(t, fine, structure.GuardCell(fine))
		require.Equal(t, fine, structure.UnguardCell(fine))
	}
	for _, s := range []structure.Separator{structure.Semicolon, structure.Comma} {
		for _, hidden := range []string{"x;=1+1", "x,=1+1", "x\n=1+1", "x\t=1+1", `x";=1+1;"`, "x|=1"} {
			line := strings.TrimSuffix(strings.SplitN(table(t, structure.CSV{Separator: s}, []string{hidden, "y"}), "\r\n", 2)[1], "\r\n")
			require.Equal(t, `"`+strings.ReplaceAll(hidden, `"`, `""`)+`"`+string(s)+"y", line)
		}
	}
}

// EX-01, EX-02: any cell is read back as it was by a reader of RFC 4180, whatever the
// separator, and no cell begins as a formula does.
func FuzzTable(f *testing.F) {
	f.Add("=1+1", "x;=2", true)
	f.Add("a\"b", "\r\n", false)
	f.Add("'", "é", false)
	f.Fuzz(func(t *testing.T, one, two string, comma bool) {
		format := structure.CSV{Separator: structure.Semicolon}
		if comma {
			format.Separator = structure.Comma
		}
		if strings.Contains(one+two, "\r\n") {
			return // encoding/csv reads it as one line feed
		}
		r := csv.NewReader(strings.NewReader(table(t, format, []string{one, two})))
		r.Comma = rune(format.Separator[0])
		rows, err := r.ReadAll()
		require.NoError(t, err)
		require.Len(t, rows, 2)
		for i, want := range []string{one, two} {
			require.Equal(t, want, structure.UnguardCell(rows[1][i]))
			require.NotContains(t, "=+-@\t\r", fmt.Sprintf("%.1s", rows[1][i]+"x"))
		}
	})
}

// French instants are what the standard library writes, in every zone and year.
func TestTableWritesAnyInstant(t *testing.T) {
	t.Parallel()
	var zones []*time.Location
	for _, name := range []string{"Europe/Paris", "Pacific/Noumea", "America/Miquelon", "UTC"} {
		zone, err := time.LoadLocation(name)
		require.NoError(t, err)
		zones = append(zones, zone)
	}
	column := structure.StructureColumns()[8]
	require.Equal(t, "created_at", column.Code)
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		at := time.Unix(rapid.Int64Range(-70_000_000_000, 270_000_000_000).Draw(t, "second"), 0)
		require.Equal(t, at.In(zone).Format("02/01/2006 15:04"), column.Value(structure.CSV{Zone: zone}, structure.Structure{CreatedAt: at}))
	})
}

// Dates are written in the form and zone of the format.
func TestTableWritesDates(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	st := structure.Structure{Identifier: structure.SIRET("12002701600563"), Type: structure.Public, Status: structure.StatusActive, CreatedAt: time.Date(2027, 3, 31, 22, 5, 0, 0, time.UTC)}
	for form, want := range map[structure.DateForm]string{structure.DatesFrench: "01/04/2027 00:05", structure.DatesISO: "2027-04-01T00:05:00+02:00"} {
		var out bytes.Buffer
		w := structure.NewTable(&out, structure.CSV{Dates: form, Zone: paris}, structure.StructureColumns())
		require.NoError(t, w.Write(st))
		require.NoError(t, w.Write(structure.Structure{}))
		require.NoError(t, w.Close())
		require.Contains(t, out.String(), "SIRET;12002701600563;;;Publique;Active;;;"+want+"\r\n")
	}
}
