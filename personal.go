package habilis

import (
	"cmp"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// PersonalFields lists all personal data that the library keeps, by name, each with its
// use and how long it is kept: the library's part of the host's record of processing
// activities (GDPR article 30).
func PersonalFields() []account.PersonalField {
	all := slices.Concat(account.PersonalFields(), mfa.PersonalFields(), structure.PersonalFields())
	untilSent, pseudonyms := notify.PersonalFields()
	for _, name := range untilSent {
		all = append(all, account.PersonalField{Name: name, Use: account.UseReach, Kept: account.KeptUntilSent})
	}
	for _, name := range pseudonyms {
		all = append(all, account.PersonalField{Name: name, Use: account.UseTrace, Kept: account.KeptPseudonym})
	}
	slices.SortFunc(all, func(a, b account.PersonalField) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// DescribePersonalData renders [PersonalFields] as a Markdown table in French or English,
// one line for each use and retention.
func DescribePersonalData(lang language.Tag) string {
	type line struct {
		use  account.PersonalUse
		kept account.Retention
	}
	names := map[line][]string{}
	var lines []line
	for _, f := range PersonalFields() {
		l := line{f.Use, f.Kept}
		if names[l] == nil {
			lines = append(lines, l)
		}
		names[l] = append(names[l], "`"+f.Name+"`")
	}
	slices.SortFunc(lines, func(a, b line) int { return cmp.Or(cmp.Compare(a.use, b.use), cmp.Compare(a.kept, b.kept)) })
	text := func(id string) string { return i18n.Text(lang, id, nil) }
	var b strings.Builder
	b.WriteString("| " + text("personal.for") + " | " + text("personal.kept") + " | " + text("personal.data") + " |\n|---|---|---|\n")
	for _, l := range lines {
		b.WriteString("| " + text("personal_use."+string(l.use)) + " | " + text("personal_kept."+string(l.kept)) + " | " +
			strings.Join(names[l], ", ") + " |\n")
	}
	return b.String()
}
