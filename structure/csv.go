package structure

import (
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/i18n"
)

// CSV says how a list is written. The zero CSV suits spreadsheets in French:
// semicolons and French dates, without a byte order mark.
type CSV struct {
	Separator Separator      // Defaults to Semicolon.
	BOM       bool           // begin with a byte order mark, by which Excel knows UTF-8. Defaults to false.
	Language  language.Tag   // of headings and labels. Defaults to French.
	Dates     DateForm       // Defaults to DatesFrench.
	Zone      *time.Location // of the dates. Defaults to the zone of the service.
}

// Separator stands between two cells.
type Separator string

// Separators.
const (
	Semicolon Separator = ";"
	Comma     Separator = ","
)

// DateForm is how a file writes instants.
type DateForm string

// Forms of dates.
const (
	DatesFrench DateForm = "fr"  // 31/03/2027 14:05
	DatesISO    DateForm = "iso" // 2027-03-31T14:05:00+02:00
)

func (c CSV) completed(zone *time.Location) CSV {
	if c.Separator == "" {
		c.Separator = Semicolon
	}
	if c.Language == (language.Tag{}) {
		c.Language = language.French
	}
	if c.Dates == "" {
		c.Dates = DatesFrench
	}
	if c.Zone == nil {
		c.Zone = zone
	}
	return c
}

// fields names what is wrong with c.
func (c CSV) fields() []fault.Field {
	var bad []fault.Field
	if c.Separator != Semicolon && c.Separator != Comma {
		bad = append(bad, fault.Field{Path: "separator", Code: "oneof", Param: "; ,"})
	}
	if c.Dates != DatesFrench && c.Dates != DatesISO {
		bad = append(bad, fault.Field{Path: "dates", Code: "oneof", Param: "fr iso"})
	}
	return bad
}

// instant writes an instant, nothing for the zero one.
func (c CSV) instant(t time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case c.Dates == DatesISO:
		return t.In(c.Zone).Format(time.RFC3339)
	default:
		return minute(t.In(c.Zone))
	}
}

// minute is t.Format("02/01/2006 15:04"), which is much of the work of a row with dates.
func minute(t time.Time) string {
	_, offset := t.Zone()
	local := time.Unix(t.Unix()+int64(offset), 0).UTC() // the zone is looked up once
	year, month, day := local.Date()
	hour, past, _ := local.Clock()
	if year < 0 || year > 9999 {
		return t.Format("02/01/2006 15:04")
	}
	b := [16]byte{2: '/', 5: '/', 10: ' ', 13: ':'}
	for _, two := range [...][2]int{{0, day}, {3, int(month)}, {6, year / 100}, {8, year % 100}, {11, hour}, {14, past}} {
		b[two[0]], b[two[0]+1] = byte('0'+two[1]/10), byte('0'+two[1]%10)
	}
	return string(b[:])
}

// Column is one column of a list, as data: what it is called and what it holds.
type Column[T any] struct {
	Code  string // stable name, for programs
	Value func(CSV, T) string
}

// Heading is what people read above the column.
func (c Column[T]) Heading(lang language.Tag) string { return i18n.Text(lang, "column."+c.Code, nil) }

// ColumnSpec is one entry of the dictionary of a file.
type ColumnSpec struct {
	Code            string // stable name
	French, English string // headings
}

// Dictionary tells what the columns of a list are called in both languages.
func Dictionary[T any](columns []Column[T]) []ColumnSpec {
	out := make([]ColumnSpec, 0, len(columns))
	for _, c := range columns {
		out = append(out, ColumnSpec{Code: c.Code, French: c.Heading(language.French), English: c.Heading(language.English)})
	}
	return out
}

// Table writes a list as CSV, row by row: RFC 4180 with a heading, cells guarded against
// being taken for formulas, see [GuardCell]. It keeps no row, and at most 64 KB of text.
// It is not safe for concurrent use.
type Table[T any] struct {
	w       io.Writer
	format  CSV
	columns []Column[T]
	text    []byte
	rows    int
	err     error
}

// NewTable returns a Table that writes to w, heading first. Errors of w come from
// [Table.Write] and [Table.Close].
func NewTable[T any](w io.Writer, format CSV, columns []Column[T]) *Table[T] {
	t := &Table[T]{w: w, format: format.completed(time.UTC), columns: columns}
	if t.format.BOM {
		t.text = append(t.text, "\uFEFF"...)
	}
	for i, c := range columns {
		t.cell(i, c.Heading(t.format.Language))
	}
	t.text = append(t.text, "\r\n"...)
	return t
}

// Write writes one row. After an error it does nothing but return that error.
func (t *Table[T]) Write(row T) error {
	if t.err != nil {
		return t.err
	}
	for i, c := range t.columns {
		t.cell(i, c.Value(t.format, row))
	}
	t.text = append(t.text, "\r\n"...)
	t.rows++
	if len(t.text) >= fullBuffer {
		t.flush()
	}
	return t.err
}

// fullBuffer is how much text is gathered before it is written.
const fullBuffer = 32 << 10

// Close writes what is left. It does not close the writer.
func (t *Table[T]) Close() error {
	t.flush()
	return t.err
}

// Rows is how many rows were written, the heading aside.
func (t *Table[T]) Rows() int { return t.rows }

func (t *Table[T]) flush() {
	if t.err == nil && len(t.text) > 0 {
		_, t.err = t.w.Write(t.text)
	}
	t.text = t.text[:0]
}

func (t *Table[T]) cell(i int, s string) {
	if i > 0 {
		t.text = append(t.text, t.format.Separator...)
	}
	if plain(s) {
		t.text = append(t.text, s...)
		return
	}
	t.text = append(t.text, '"')
	t.text = append(t.text, strings.ReplaceAll(GuardCell(s), `"`, `""`)...)
	t.text = append(t.text, '"')
}

// plain reports whether text is written as it is: it has nothing in it that any reader
// of CSV could take for a sign, whatever separator it expects.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == ',' || c == ';' || c == '|' {
			return false
		}
	}
	return s == "" || !guarded(s) && s[0] != ' ' && s[len(s)-1] != ' '
}

// GuardCell returns text that no spreadsheet takes for a formula: with an
// apostrophe before it if the first character that is neither space nor control
// character is "=", "+", "-" or "@", of full width too, or if it begins with a control
// character. Text that begins with an apostrophe gets another one, so that
// [UnguardCell] finds the text again.
func GuardCell(s string) string {
	if guarded(s) {
		return "'" + s
	}
	return s
}

// UnguardCell returns the text that [GuardCell] was given: it takes one apostrophe from
// the beginning if there is one.
func UnguardCell(s string) string { return strings.TrimPrefix(s, "'") }

func guarded(s string) bool {
	if s == "" {
		return false
	}
	if c := s[0]; c < utf8.RuneSelf && c > ' ' {
		return c == '=' || c == '+' || c == '-' || c == '@' || c == '\'' || c == 0x7F
	}
	if r, _ := utf8.DecodeRuneInString(s); unicode.IsControl(r) {
		return true
	}
	rest := strings.TrimLeftFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	r, _ := utf8.DecodeRuneInString(rest)
	return rest != "" && strings.ContainsRune("=+-@＝＋－＠﹢﹣﹦﹫−", r)
}
