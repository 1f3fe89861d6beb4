package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/internal/ids"
)

// Composed reports whether what a mail says is found out when it leaves; until then the
// outbox only knows what it is about. See [Publisher.Compose].
func (t Template) Composed() bool {
	return t == MailDigestDaily || t == MailDigestWeekly || t == MailNotice
}

// MaxSections is of how many structures one digest tells; it says how many more there
// are.
const MaxSections = 50

// Section is what a digest tells of one structure.
type Section struct {
	Structure string `json:"structure"` // display name
	Lines     []Line `json:"lines"`
}

// Line is how often one thing happened.
type Line struct {
	Category string `json:"category"` // label
	Kind     string `json:"kind"`     // label, in the plural
	Count    int    `json:"count"`
}

// Compose finds out what a mail says whose template is [Template.Composed], right before
// it is sent: rights and choices are those of now, so that whoever lost the one or
// changed the other since gets nothing of it (R-397, LC-04). It returns false if there is
// nothing left to say, and if notices go to another address by now, which it makes that of
// the mail. Other mails it returns as they are. Give it to DispatcherOptions.Compose.
func (p *Publisher) Compose(ctx context.Context, m Message, v Values) (Values, bool, error) {
	if !m.Template.Composed() {
		return v, true, nil
	}
	now := p.clock()
	var said Values
	moved := ""
	err := p.store.View(ctx, func(tx Tx) error {
		readers, err := p.readers.Readers(ctx, tx, ReaderQuery{Account: m.Account, Named: true, Limit: 1})
		if err != nil || len(readers) == 0 || m.Account == "" {
			return err
		}
		if readers[0].Address != m.To {
			moved = readers[0].Address
			return nil
		}
		readers[0].Language = m.Language // that of the rest of the mail, whatever was chosen since
		if m.Template == MailNotice {
			said, err = p.composeNotice(ctx, tx, readers[0], NoticeID(v[noticeValue]), now)
			return err
		}
		w := Window{Rhythm: Daily, From: instantOf(v[fromValue]), Until: instantOf(v[untilValue])}
		if m.Template == MailDigestWeekly {
			w.Rhythm = Weekly
		}
		said, err = p.composeDigest(ctx, tx, readers[0], w, now)
		return err
	})
	if err == nil && moved != "" {
		err = p.forward(ctx, m, moved)
	}
	if err != nil {
		return nil, false, err
	}
	return said, said != nil, nil
}

// forward gives a mail that is being worked on another address, where it is due at once.
// [Redirect] does that for what waits; what was decided about or under way when the
// address changed is left to this, which costs nobody else a read.
func (p *Publisher) forward(ctx context.Context, m Message, to string) error {
	return p.store.Update(ctx, func(tx Tx) error {
		current, err := tx.Message(ctx, m.ID)
		if err != nil || current.Version != m.Version {
			return err
		}
		current.To, current.LeasedUntil, current.Attempts = to, time.Time{}, current.Attempts-1
		return tx.PutMessage(ctx, current)
	})
}

func (p *Publisher) composeNotice(ctx context.Context, tx Tx, r Reader, id NoticeID, now time.Time) (Values, error) {
	found, err := tx.Notices(ctx, NoticeQuery{ID: id, Limit: 1})
	if err != nil || len(found) == 0 || id == "" {
		return nil, err
	}
	n := found[0]
	venues, err := p.readers.Venues(ctx, tx, []ids.StructureID{n.Structure})
	if err != nil || !p.tells(r, venues[n.Structure], n, now) {
		return nil, err
	}
	path := n.Path
	if path == "" {
		path = p.opts.Links.News
	}
	return Values{
		valueName: r.Name, valueStructure: venues[n.Structure].Name, valueLink: p.opts.Links.To(path, ""),
		valueSections: sections([]Section{{
			Structure: venues[n.Structure].Name, Lines: p.lines(r, []Tally{{Category: n.Category, Kind: n.Kind, Count: 1}}),
		}}),
	}, nil
}

func (p *Publisher) composeDigest(ctx context.Context, tx Tx, r Reader, w Window, now time.Time) (Values, error) {
	news, err := p.gather(ctx, tx, []Reader{r}, w, now, false)
	if err != nil {
		return nil, err
	}
	var all []Section
	for _, at := range r.Places {
		v := news.venues[at.Structure]
		told := slices.DeleteFunc(news.tallies[at.Structure], func(t Tally) bool {
			return !p.opts.Policy.Told(r, at, v, t.sort(), w.Rhythm, now)
		})
		if len(told) > 0 {
			all = append(all, Section{Structure: v.Name, Lines: p.lines(r, told)})
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	slices.SortStableFunc(all, func(a, b Section) int { return cmp.Compare(a.Structure, b.Structure) })
	more := ""
	if len(all) > MaxSections {
		more = strconv.Itoa(len(all) - MaxSections)
		all = all[:MaxSections]
	}
	day := func(at time.Time) string { return at.In(p.opts.Zone).Format(time.DateOnly) }
	return Values{
		valueName: r.Name, valueSections: sections(all), valueMore: more, valueLink: p.opts.Links.To(p.opts.Links.News, ""),
		valueFirstDay: day(w.From), valueLastDay: day(w.Until.Add(-time.Microsecond)),
	}, nil
}

// lines adds up what happened, in the order of the policy and the words of the reader.
func (p *Publisher) lines(r Reader, told []Tally) []Line {
	tag := language.Make(cmp.Or(r.Language, fallbackLanguage))
	var lines []Line
	for _, c := range p.opts.Policy.Categories {
		for _, k := range append(slices.Clone(c.Kinds), KindSpec{}) {
			count := 0
			for _, t := range told {
				if t.Category == c.Code && c.counts(k, t) {
					count += t.Count
				}
			}
			if count == 0 {
				continue
			}
			kind := k.Label(tag)
			if k.Code == "" {
				kind = i18n.Text(tag, "notice.other", nil)
			}
			lines = append(lines, Line{Category: c.Label(tag), Kind: kind, Count: count})
		}
	}
	return lines
}

// counts reports whether notices count as those of a kind: those of a kind that there is
// no more count as those of none.
func (c CategorySpec) counts(k KindSpec, t Tally) bool {
	if t.Kind == k.Code {
		return true
	}
	_, listed := c.Kind(t.Kind)
	return k.Code == "" && !listed
}

// sections writes sections as one value of a mail.
func sections(all []Section) string {
	b, err := json.Marshal(all)
	if err != nil {
		return "" // unreachable: strings and numbers always marshal
	}
	return string(b)
}

// readSections is the reverse of sections.
func readSections(s string) ([]Section, error) {
	var all []Section
	err := json.NewDecoder(strings.NewReader(s)).Decode(&all)
	return all, err
}

// inertSections makes what people wrote in sections harmless, and reports whether they
// have the right form.
func inertSections(s string) (string, bool) {
	all, err := readSections(s)
	if err != nil || len(all) == 0 {
		return "", false
	}
	for i := range all {
		all[i].Structure = inert(all[i].Structure, maxText)
		for j := range all[i].Lines {
			l := &all[i].Lines[j]
			l.Category, l.Kind = inert(l.Category, maxText), inert(l.Kind, maxText)
		}
	}
	return sections(all), true
}
