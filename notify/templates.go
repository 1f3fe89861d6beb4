package notify

import (
	"embed"
	"fmt"
	html "html/template"
	"io/fs"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	text "text/template"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/i18n"
)

//go:embed mails/*.tmpl
var builtinMails embed.FS

// ErrBadMail reports a mail that cannot be rendered: no such template, or a value
// that is missing or has the wrong form. The error never holds the value.
var ErrBadMail = fault.New("bad_mail", "the mail cannot be rendered")

// fallbackLanguage is what is used for readers of a language without templates.
const fallbackLanguage = "en"

// Templates renders mails. It is safe for concurrent use.
type Templates struct {
	mails map[mailKey]func() (mail, error) // each parsed when it is first needed
}

type mailKey struct {
	template Template
	language string
}

type mail struct {
	text *text.Template
	html *html.Template
}

// Rendered is what a mail says.
type Rendered struct {
	Subject string // one line of at most 150 characters
	Text    string
	HTML    string
}

// NewTemplates returns the built-in mails, French and English, with those of host
// laid over them. Instants are shown in zone, Europe/Paris if it is nil.
//
// The files of host stand at its root. One mail in one language is
// TEMPLATE.LANGUAGE.tmpl, "activation.fr.tmpl"; it defines any of the blocks
// "subject", "text" and "html", and those it does not define stay as built in.
// layout.LANGUAGE.tmpl does the same for what all mails of a language share, the
// blocks "layout.text" and "layout.html", and is how a host brings another
// language: its mails replace the English ones for readers of that language.
// Blocks see the values by name and have the functions
//
//	instant .Until   an RFC 3339 instant in the reader's language and the zone
//	role .Role       the label of a role
//	day .LastDay     a civil date in the reader's language
//	sections .Sections   a list of [Section]
//
// Every mail that host has a part in is tried once with invented values, so that a
// mistake shows when the program starts and not when the first mail is due.
func NewTemplates(host fs.FS, zone *time.Location) (*Templates, error) {
	if zone == nil {
		var err error
		if zone, err = time.LoadLocation("Europe/Paris"); err != nil {
			return nil, fmt.Errorf("default zone (a program without zone files imports time/tzdata): %w", err)
		}
	}
	builtin, err := fs.Sub(builtinMails, "mails")
	if err != nil {
		return nil, fmt.Errorf("built-in mails: %w", err)
	}
	sources := []fs.FS{builtin}
	if host != nil {
		sources = append(sources, host)
	}
	found, err := findMails(sources)
	if err != nil {
		return nil, err
	}
	own, err := findMails(sources[:1])
	if err != nil {
		return nil, err
	}
	ts := &Templates{mails: make(map[mailKey]func() (mail, error), len(found))}
	for key, files := range found {
		ts.mails[key] = sync.OnceValues(func() (mail, error) { return parseMail(key, files, zone) })
		if slices.Equal(files, own[key]) {
			continue // as built in, and tried by our tests
		}
		if _, err := ts.Render(key.template, key.language, sample(key.template)); err != nil {
			return nil, fmt.Errorf("trying mail %s in %s: %w", key.template, key.language, err)
		}
	}
	return ts, nil
}

const layoutName = "layout"

// findMails returns the texts that make up each mail, in the order in which later
// ones replace blocks of earlier ones.
func findMails(sources []fs.FS) (map[mailKey][]string, error) {
	layouts, bodies := map[string][]string{}, map[mailKey][]string{}
	for _, src := range sources {
		names, err := fs.Glob(src, "*.tmpl")
		if err != nil {
			return nil, fmt.Errorf("listing mails: %w", err)
		}
		for _, name := range names {
			parts := strings.Split(name, ".")
			if len(parts) != 3 {
				return nil, fmt.Errorf("mail file %s: its name is not TEMPLATE.LANGUAGE.tmpl", name)
			}
			content, err := fs.ReadFile(src, name)
			if err != nil {
				return nil, fmt.Errorf("reading mail file %s: %w", name, err)
			}
			key := mailKey{Template(parts[0]), parts[1]}
			switch {
			case parts[0] == layoutName:
				layouts[key.language] = append(layouts[key.language], string(content))
			case key.template.Values() != nil:
				bodies[key] = append(bodies[key], string(content))
			default:
				return nil, fmt.Errorf("mail file %s: the library has no such mail", name)
			}
		}
	}
	for key := range bodies {
		if layouts[key.language] == nil {
			return nil, fmt.Errorf("mail %s: language %s has no layout", key.template, key.language)
		}
		bodies[key] = append(slices.Clone(layouts[key.language]), bodies[key]...)
	}
	return bodies, nil
}

func parseMail(key mailKey, files []string, zone *time.Location) (mail, error) {
	tag, err := language.Parse(key.language)
	if err != nil {
		return mail{}, fmt.Errorf("language: %w", err)
	}
	functions := map[string]any{
		"instant":  func(s string) (string, error) { return formatInstant(s, key.language, zone) },
		"role":     func(code string) string { return roleLabel(tag, code) },
		"sections": readSections,
		"day":      func(s string) (string, error) { return formatDay(s, key.language) },
	}
	m := mail{
		text: text.New("mail").Funcs(functions).Option("missingkey=error"),
		html: html.New("mail").Funcs(functions).Option("missingkey=error"),
	}
	for _, f := range files {
		// Both engines read the whole file; only the blocks that an engine executes
		// are its own.
		if _, err := m.text.Parse(f); err != nil {
			return mail{}, fmt.Errorf("parsing: %w", err)
		}
		if _, err := m.html.Parse(f); err != nil {
			return mail{}, fmt.Errorf("parsing: %w", err)
		}
	}
	return m, nil
}

// Render returns what a mail says in a language, a base language such as "fr". A
// language without that mail gets it in English. Every value that t mentions must
// be in v, else Render returns [ErrBadMail]; what else is in v is ignored.
func (ts *Templates) Render(t Template, lang string, v Values) (Rendered, error) {
	parsed, ok := ts.mails[mailKey{t, ts.spoken(t, lang)}]
	if !ok {
		return Rendered{}, ErrBadMail.With("there is no such mail")
	}
	m, err := parsed()
	if err != nil {
		return Rendered{}, err
	}
	safe, err := vet(t, v)
	if err != nil {
		return Rendered{}, err
	}
	var r Rendered
	var b strings.Builder
	if err := m.text.ExecuteTemplate(&b, "subject", safe); err != nil {
		return Rendered{}, fmt.Errorf("subject: %w", err)
	}
	r.Subject = clip(strings.Trim(oneLine(b.String()), " \u00a0"), maxSubject)
	safe["Subject"] = r.Subject // for the title of the page
	b.Reset()
	if err := m.text.ExecuteTemplate(&b, "layout.text", safe); err != nil {
		return Rendered{}, fmt.Errorf("text: %w", err)
	}
	r.Text = strings.TrimSpace(b.String()) + "\n"
	b.Reset()
	if err := m.html.ExecuteTemplate(&b, "layout.html", safe); err != nil {
		return Rendered{}, fmt.Errorf("HTML: %w", err)
	}
	r.HTML = strings.TrimSpace(b.String()) + "\n"
	return r, nil
}

// spoken is the language in which readers of lang get a mail.
func (ts *Templates) spoken(t Template, lang string) string {
	if _, ok := ts.mails[mailKey{t, lang}]; ok {
		return lang
	}
	return fallbackLanguage
}

// vet returns the values of t, checked or made harmless according to what they are.
func vet(t Template, v Values) (Values, error) {
	safe := Values{}
	for _, name := range t.Values() {
		s, ok := v[name]
		if !ok {
			return nil, ErrBadMail.With("the value " + name + " is missing")
		}
		switch name {
		case valueAddress:
			canonical, err := address.Parse(s)
			ok = err == nil && canonical == s
		case valueLink:
			ok = isLink(s)
		case valueCode:
			ok = codeForm.MatchString(s)
		case valueRole:
			ok = roleForm.MatchString(s)
		case valueUntil, valueAt:
			_, err := time.Parse(time.RFC3339, s)
			ok = err == nil
		case valueFirstDay, valueLastDay:
			_, err := time.Parse(time.DateOnly, s)
			ok = s == "" || err == nil
		case valueSections:
			s, ok = inertSections(s)
		case valueMore:
			ok = s == "" || numberForm.MatchString(s)
		case valuePowers:
			ok = roleForm.MatchString(s)
		case valueReason:
			s = inert(s, maxReason)
		default:
			s = inert(s, maxText)
		}
		if !ok {
			return nil, ErrBadMail.With("the value " + name + " has the wrong form")
		}
		safe[name] = s
	}
	return safe, nil
}

var (
	codeForm   = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
	roleForm   = regexp.MustCompile(`^[a-z_]{1,64}$`)
	numberForm = regexp.MustCompile(`^[0-9]{1,9}$`)
	linkForm   = regexp.MustCompile(`^https?://[!-~]+$`) // visible ASCII, so that copying it works
)

func isLink(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && linkForm.MatchString(s) && !strings.ContainsAny(s, "<>\"")
}

// sample returns values of the right form for trying a template out.
func sample(t Template) Values {
	all := Values{
		valueAddress: "x@portal.example", valueLink: "https://portal.example/x", valueCode: "123456", valueRole: "member",
		valueUntil: "2026-11-22T13:05:00Z", valueAt: "2026-11-22T13:05:00Z",
		valueFirstDay: "2026-11-22", valueLastDay: "2026-12-31", valuePowers: "both",
		valueSections: `[{"structure":"x","lines":[{"category":"x","kind":"x","count":1}]}]`, valueMore: "1",
	}
	for _, name := range t.Values() {
		if _, ok := all[name]; !ok {
			all[name] = "x"
		}
	}
	maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(t.Values(), name) })
	return all
}

// roleLabel returns the label of a role, or its code in words if it has none: a mail
// is not held back for want of a label.
func roleLabel(tag language.Tag, code string) string {
	id := "role." + code
	if label := i18n.Text(tag, id, nil); label != id {
		return label
	}
	return strings.ReplaceAll(code, "_", " ")
}

// formatInstant renders an instant to the minute, with the zone: a reader abroad
// must not have to guess.
func formatInstant(s, lang string, zone *time.Location) (string, error) {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return "", ErrBadMail.With("an instant has the wrong form")
	}
	at = at.In(zone)
	if lang == "fr" {
		return at.Format("02/01/2006 à 15:04") + " (" + zoneLabel(zone, lang) + ")", nil
	}
	return at.Format("2 January 2006 at 15:04") + " (" + zoneLabel(zone, lang) + ")", nil
}

// formatDay renders a civil date.
func formatDay(s, lang string) (string, error) {
	day, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return "", ErrBadMail.With("a day has the wrong form")
	}
	return i18n.Day(language.Make(lang), day), nil
}

// zoneLabel names a zone after its city, "Paris time" for Europe/Paris, or by its
// own name if that holds no city.
func zoneLabel(zone *time.Location, lang string) string {
	area, city, ok := strings.Cut(zone.String(), "/")
	if !ok || area == "Etc" {
		return strings.TrimPrefix(zone.String(), "Etc/")
	}
	city = strings.ReplaceAll(city[strings.LastIndexByte(city, '/')+1:], "_", " ")
	switch {
	case lang != "fr":
		return city + " time"
	case strings.ContainsAny(city[:1], "AEIOUY"):
		return "heure d’" + city
	default:
		return "heure de " + city
	}
}
