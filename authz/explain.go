package authz

import (
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/i18n"
)

// Explain renders the whole decision as one line for operators and logs, in
// French or English: the verdict, each condition with its instant (UTC) and who
// decided it, and what would help. It holds identifiers but no names.
func (d Decision) Explain(lang language.Tag) string {
	verdict := "decision.denied"
	if d.Allowed {
		verdict = "decision.allowed"
	}
	steps := d.Steps
	if !d.Allowed {
		steps = d.Missing()
	}
	parts := make([]string, 0, len(steps))
	for _, s := range steps {
		text := s.Reason.Text(lang)
		if !s.At.IsZero() {
			text += " (" + s.At.UTC().Format(time.RFC3339)
			if s.By != "" {
				text += ", " + i18n.Text(lang, "decision.by", i18n.Data{"Account": string(s.By)})
			}
			text += ")"
		}
		parts = append(parts, text)
	}
	out := i18n.Text(lang, verdict, i18n.Data{"Reasons": strings.Join(parts, "; ")})
	if len(d.Remedies) > 0 {
		out += " " + i18n.Text(lang, "decision.remedies", i18n.Data{"Changes": strings.Join(texts(d.Remedies, lang), "; ")})
	}
	return out
}

// String is [Decision.ExplainToPerson] in English.
func (d Decision) String() string { return d.ExplainToPerson(language.English) }

// ExplainToPerson renders the decision for the person whom it concerns: the
// verdict, the first thing that is missing and the first thing to do about it,
// without instants and without who decided.
func (d Decision) ExplainToPerson(lang language.Tag) string {
	if d.Allowed {
		return i18n.Text(lang, "decision.allowed_person", nil)
	}
	missing := d.Missing()
	if len(missing) == 0 {
		return i18n.Text(lang, "decision.denied_person", i18n.Data{"Reason": ReasonNotMember.Text(lang)})
	}
	out := i18n.Text(lang, "decision.denied_person", i18n.Data{"Reason": missing[0].Reason.Text(lang)})
	if len(d.Remedies) > 0 {
		out += " " + i18n.Text(lang, "decision.remedies", i18n.Data{"Changes": d.Remedies[0].Text(lang)})
	}
	return out
}

func texts(rs []Remedy, lang language.Tag) []string {
	out := make([]string, len(rs))
	for i, r := range rs {
		out[i] = r.Text(lang)
	}
	return out
}

// Text renders the reason in French or English.
func (r Reason) Text(lang language.Tag) string { return i18n.Text(lang, "reason."+string(r), nil) }

// Text renders the remedy in French or English: who does what.
func (r Remedy) Text(lang language.Tag) string {
	return i18n.Text(lang, "change."+string(r.Change), i18n.Data{"Who": i18n.Text(lang, "who."+string(r.By), nil)})
}
