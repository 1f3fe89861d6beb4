package notify_test

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/notify"
)

var update = flag.Bool("update", false, "write the golden mails anew")

var languages = []string{"fr", "en"}

// values of the right form for every name that a mail may mention.
var values = notify.Values{
	"Name":      "Julie BON",
	"Address":   "jean.pierre@clinique.example",
	"Applicant": "Jean PIERRE",
	"Factor":    "Clé bleue",
	"Login":     "tech_1_21750001600019",
	"Structure": "Clinique de l’Étang",
	"Scope":     "Accueil, Pédiatrie",
	"Reason":    "Merci d’indiquer votre service.",
	"Link":      "https://portail.example/activate?token=Zm9vYmFyLWJheg&next=%2F",
	"Code":      "048151",
	"Until":     "2026-11-22T13:05:00Z",
	"At":        "2026-07-01T22:30:00Z",
	"Role":      "member",
	"Removed":   "Pédiatrie",
	"FirstDay":  "2026-11-22",
	"LastDay":   "2026-12-31",
	"Powers":    "users",
	"Spaces":    "Factures émises consultation, Sollicitations émises modification (PEDI)",
	"Approved":  "Factures émises consultation",
	"More":      "3",
	"Sections": `[{"structure":"Mairie de Terneuil","lines":[{"category":"Engagements","kind":"Engagements publiés","count":2},` +
		`{"category":"Facturation","kind":"Factures rejetées, à acquitter sur le portail","count":1}]},` +
		`{"structure":"CCAS <b>Terneuil</b>","lines":[{"category":"Facturation","kind":"Nouveaux événements","count":12}]}]`,
	"Refused": "Sollicitations émises modification (PEDI)",
}

// only returns exactly the values that t mentions.
func only(t notify.Template) notify.Values {
	v := notify.Values{}
	for _, name := range t.Values() {
		v[name] = values[name]
	}
	return v
}

func newTemplates(t *testing.T, host fs.FS) *notify.Templates {
	t.Helper()
	ts, err := notify.NewTemplates(host, nil)
	require.NoError(t, err)
	return ts
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "mails", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update to write it")
	require.Equal(t, string(want), got)
}

func TestEveryMailInEveryLanguage(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	files, err := filepath.Glob("mails/*.fr.tmpl")
	require.NoError(t, err)
	require.Len(t, files, len(notify.KnownTemplates())+1, "every mail there is known, and the layout")
	for _, template := range notify.KnownTemplates() {
		for _, lang := range languages {
			t.Run(string(template)+"."+lang, func(t *testing.T) {
				t.Parallel()
				require.FileExists(t, filepath.Join("mails", string(template)+"."+lang+".tmpl"), "no language falls back")
				r, err := ts.Render(template, lang, only(template))
				require.NoError(t, err)
				golden(t, string(template)+"."+lang+".txt", "Subject: "+r.Subject+"\n\n"+r.Text)
				golden(t, string(template)+"."+lang+".html", r.HTML)
			})
		}
	}
}

// hugging finds an ordinary space where French wants a no-break space.
var hugging = regexp.MustCompile(` [:;!?»]|« `)

func TestConventions(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	for _, template := range notify.KnownTemplates() {
		for _, lang := range languages {
			t.Run(string(template)+"."+lang, func(t *testing.T) {
				t.Parallel()
				r, err := ts.Render(template, lang, only(template))
				require.NoError(t, err)
				require.NotContains(t, r.Text+r.HTML+r.Subject, "<no value>")
				require.NotContains(t, r.Text, "\n\n\n", "paragraphs are one blank line apart")
				require.Contains(t, r.HTML, `<html lang="`+lang+`">`)
				require.NotRegexp(t, `(?i)<img|<script|<link|url\(|@import|<iframe`, r.HTML, "nothing is fetched")
				if lang == "fr" {
					require.NotRegexp(t, hugging, r.Text+r.Subject)
					require.NotRegexp(t, hugging, regexp.MustCompile(`style="[^"]*"`).ReplaceAllString(r.HTML, ""))
					require.True(t, strings.HasPrefix(r.Text, "Bonjour Julie BON,\n\n"))
					require.Contains(t, r.Text, "ne pas y répondre")
				} else {
					require.True(t, strings.HasPrefix(r.Text, "Hello Julie BON,\n\n"))
					require.Contains(t, r.Text, "do not reply")
				}
				for _, name := range template.Values() {
					switch name {
					case "Link":
						require.Contains(t, r.Text, "\n\n"+values["Link"]+"\n\n", "the link stands alone on its line (R-094)")
						require.Equal(t, 1, strings.Count(r.Text, "://"), "one link")
						require.Equal(t, 1, strings.Count(r.HTML, "<a "), "one link")
					case "Code":
						require.NotContains(t, r.Subject, values["Code"], "subjects show on locked screens")
						require.Contains(t, r.Text, values["Code"])
						require.Contains(t, r.HTML, values["Code"])
					case "Until":
						require.Contains(t, r.Text, map[string]string{
							"fr": "22/11/2026 à 14:05 (heure de Paris)", "en": "22 November 2026 at 14:05 (Paris time)",
						}[lang])
					case "At":
						require.Contains(t, r.Text, map[string]string{
							"fr": "02/07/2026 à 00:30 (heure de Paris)", "en": "2 July 2026 at 00:30 (Paris time)",
						}[lang], "summer time")
					case "Structure":
						require.Contains(t, r.Subject, values["Structure"])
					}
				}
			})
		}
	}
}

func TestEmptyScopeIsTheWholeStructure(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	v := only(notify.MailMembershipRequested)
	v["Scope"] = ""
	r, err := ts.Render(notify.MailMembershipRequested, "fr", v)
	require.NoError(t, err)
	require.Contains(t, r.Text, "toute la structure")
	r, err = ts.Render(notify.MailMembershipRequested, "en", v)
	require.NoError(t, err)
	require.Contains(t, r.HTML, "the whole structure")
}

func TestEmptyReasonIsLeftOut(t *testing.T) {
	t.Parallel()
	v := only(notify.MailMembershipRejected)
	v["Reason"] = ""
	r, err := newTemplates(t, nil).Render(notify.MailMembershipRejected, "fr", v)
	require.NoError(t, err)
	require.NotContains(t, r.Text+r.HTML, "Motif")
	require.NotContains(t, r.Text, "\n\n\n")
}

func TestMissingOrMisshapenValueFails(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	for _, template := range notify.KnownTemplates() {
		for _, name := range template.Values() {
			v := only(template)
			delete(v, name)
			_, err := ts.Render(template, "fr", v)
			require.ErrorIs(t, err, notify.ErrBadMail, "%s without %s", template, name)
		}
	}
	for name, bad := range map[string][]string{
		"Link": {
			"", "/activate", "javascript:alert(1)", "https://", "https://a b.example", "https://a.example/\r\nBcc: x@y.example",
			"https://u:p@a.example/", `https://a.example/"onclick=x`, "https://é.example/", "ftp://a.example/x",
		},
		"Address": {"", "julie", "a@b.example, c@d.example", "Julie@Terneuil.example", "a@b.example\r\nBcc: x@y.example"},
		"Code":    {"", "12 34", "12\n34", "<b>1</b>", strings.Repeat("1", 65)},
		"Until":   {"", "tomorrow", "22/11/2026"},
		"At":      {"", "0"},
		"Role":    {"", "<b>", "a.b"},
	} {
		for _, template := range notify.KnownTemplates() {
			v := only(template)
			if _, ok := v[name]; !ok {
				continue
			}
			for _, b := range bad {
				v[name] = b
				_, err := ts.Render(template, "fr", v)
				require.ErrorIs(t, err, notify.ErrBadMail, "%s = %q", name, b)
				if len(b) > 1 {
					require.NotContains(t, err.Error(), b, "errors hold no values")
				}
			}
		}
	}
}

func TestUnknownTemplateAndLanguage(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	_, err := ts.Render("nothing", "fr", nil)
	require.ErrorIs(t, err, notify.ErrBadMail)
	require.Nil(t, notify.Template("nothing").Values())

	r, err := ts.Render(notify.MailActivation, "de", only(notify.MailActivation))
	require.NoError(t, err)
	require.Equal(t, "Activate your account", r.Subject)
}

// forbidden are invisible or direction-changing characters.
var forbidden = regexp.MustCompile(`[\x00-\x09\x0b-\x1f\x7f-\x{9f}\x{ad}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]`)

// linkish finds what mail readers make links of, outside the mail's own link.
var linkish = regexp.MustCompile(`(?i)://|www\.\S|[\p{L}\p{N}_-][.．。｡][\p{L}\p{N}]{2,}|[^\s][@＠]|[@＠][^\s]|\\\\`)

// ML-01, ML-04: whatever people call themselves, a mail gets no header, link or tag from it.
func TestML01_ML04_NamesAreInert(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	hostile := map[string]string{
		"header injection": "Eve\r\nBcc: victim@other.example\r\n\r\nHello",
		"folded header":    "Eve\r\n Bcc: x",
		"NUL":              "Eve\x00\x1b[31m",
		"script":           `<script>alert(1)</script><a href="http://evil.example">x</a>`,
		"attribute":        `" onmouseover="alert(1)`,
		"link":             "http://evil.example/login?a=b",
		"bare host":        "Go to evil.example.com now",
		"www":              "www.evil.example",
		"address":          "support@evil.example",
		"full width":       "ｅｖｉｌ．ｅｘａｍｐｌｅ a＠b。example",
		"invisible":        "evil.\u200bexample\u00ad.com",
		"bidi":             "Eve\u202egpj.exe\u2066x\u200f",
		"separators":       "Eve\u2028Second\u2029Third\vFourth\u0085Fifth",
		"share":            `\\evil.example\share`,
		"quad":             "192.0.2.1/x",
		"template":         `{{.Code}}{{template "text" .}}`,
		"broken UTF-8":     "Eve\xff\xfe",
		"long":             strings.Repeat("é", 5000),
	}
	for what, name := range hostile {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			for _, template := range notify.KnownTemplates() {
				for _, lang := range languages {
					v := only(template)
					for _, people := range []string{"Name", "Applicant", "Structure", "Scope", "Reason"} {
						if _, ok := v[people]; ok {
							v[people] = name
						}
					}
					clean, err := ts.Render(template, lang, only(template))
					require.NoError(t, err)
					r, err := ts.Render(template, lang, v)
					require.NoError(t, err)

					require.NotContains(t, r.Subject, "\n")
					require.LessOrEqual(t, utf8.RuneCountInString(r.Subject), 150)
					for _, part := range []string{r.Subject, r.Text, r.HTML} {
						require.True(t, utf8.ValidString(part))
						require.NotRegexp(t, forbidden, part)
						require.Less(t, len(part), 20_000)
					}
					require.Equal(t, strings.Count(clean.Text, "\n"), strings.Count(r.Text, "\n"), "no line is added")
					require.NotRegexp(t, linkish, r.Subject)
					require.NotRegexp(t, linkish, strings.NewReplacer(values["Link"], "", values["Address"], "").Replace(r.Text))
					require.Equal(t, tags(clean.HTML), tags(r.HTML), "no tag or attribute is added")
					require.NotRegexp(t, linkish, tag.ReplaceAllString(strings.NewReplacer(
						strings.ReplaceAll(values["Link"], "&", "&amp;"), "", values["Address"], "").Replace(r.HTML), " "))
					if code, ok := v["Code"]; ok {
						require.Equal(t, 1, strings.Count(r.Text, code), "values are not templates")
					}
				}
			}
		})
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

func tags(s string) []string { return tag.FindAllString(s, -1) }

// ML-04: what looks like an address is read and leads nowhere.
func TestAddressesStayReadable_ML04(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	for name, want := range map[string]string{
		"http://evil.example/a?b=c": "http:/ /evil. example/a?b=c",
		"www.evil.example":          "www. evil. example",
		"a@b.example":               "a @ b. example",
		"see 192.0.2.1":             "see 192. 0. 2. 1",
		`\\host\share`:              `\ \host\share`,
		"evil\u3002example":         "evil\u3002 example",
		"evil.\u200bexample":        "evil. example",
		"S.A.R.L.Dupont":            "S.A.R.L. Dupont",
	} {
		v := only(notify.MailAccountLocked)
		v["Name"] = name
		r, err := ts.Render(notify.MailAccountLocked, "fr", v)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(r.Text, "Bonjour "+want+",\n"), r.Text)
	}
}

func TestOrdinaryNamesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	for _, name := range []string{
		"Jean-Noël D’HÉROUVILLE", "S.A.R.L. Dupont & Fils", "J.-P. MARTIN", "Ἀθηνᾶ", "محمد", "李 小龙", "O'NEIL", "Lot 2.1", "Pôle A/B", "Étage n° 3",
	} {
		v := only(notify.MailMembershipApproved)
		v["Structure"] = name
		r, err := ts.Render(notify.MailMembershipApproved, "fr", v)
		require.NoError(t, err)
		require.Contains(t, r.Subject, name)
		require.Contains(t, r.Text, "«\u00a0"+name+"\u00a0»")
	}
}

func TestHostOverlay(t *testing.T) {
	t.Parallel()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	t.Run("ReplacesOneBlock", func(t *testing.T) {
		t.Parallel()
		ts := newTemplates(t, fstest.MapFS{"activation.fr.tmpl": file(`{{define "subject"}}Bienvenue, {{.Name}}{{end}}`)})
		r, err := ts.Render(notify.MailActivation, "fr", only(notify.MailActivation))
		require.NoError(t, err)
		require.Equal(t, "Bienvenue, Julie BON", r.Subject)
		require.Contains(t, r.Text, "Pour l’activer")
		require.Contains(t, r.HTML, "<title>Bienvenue, Julie BON</title>")
	})
	t.Run("BringsALanguage", func(t *testing.T) {
		t.Parallel()
		layout := file(`{{define "layout.text"}}Hallo {{.Name}}, {{template "text" .}}{{end}}{{define "layout.html"}}<p>{{template "html" .}}</p>{{end}}`)
		ts := newTemplates(t, fstest.MapFS{
			"layout.de.tmpl": layout,
			"signed_out.de.tmpl": file(`{{define "subject"}}Abgemeldet{{end}}{{define "text"}}seit {{instant .At}}{{end}}` +
				`{{define "html"}}{{.Name}}{{end}}`),
		})
		r, err := ts.Render(notify.MailSignedOutEverywhere, "de", only(notify.MailSignedOutEverywhere))
		require.NoError(t, err)
		require.Equal(t, notify.Rendered{
			Subject: "Abgemeldet", Text: "Hallo Julie BON, seit 2 July 2026 at 00:30 (Paris time)\n", HTML: "<p>Julie BON</p>\n",
		}, r)
	})
	for name, host := range map[string]fstest.MapFS{
		"MistypedValue":   {"activation.fr.tmpl": file(`{{define "text"}}{{.Lnik}}{{end}}`)},
		"MistypedMail":    {"activtion.fr.tmpl": file(`{{define "text"}}{{end}}`)},
		"MistypedSyntax":  {"activation.fr.tmpl": file(`{{define "text"}}{{.Link}`)},
		"MistypedName":    {"activation.tmpl": file(``)},
		"ForeignValue":    {"activation.fr.tmpl": file(`{{define "text"}}{{.Code}}{{end}}`)},
		"NoLayout":        {"activation.de.tmpl": file(`{{define "text"}}{{end}}`)},
		"NoSuchLanguage":  {"layout.x1.tmpl": file(``), "activation.x1.tmpl": file(``)},
		"LacksASection":   {"layout.de.tmpl": file(`{{define "layout.text"}}{{end}}`), "activation.de.tmpl": file(`{{define "subject"}}x{{end}}`)},
		"BrokenHTMLQuote": {"activation.fr.tmpl": file(`{{define "html"}}<a href="{{.Link}}>{{end}}`)},
	} {
		t.Run(name+"IsFoundAtTheStart", func(t *testing.T) {
			t.Parallel()
			_, err := notify.NewTemplates(host, nil)
			require.Error(t, err)
		})
	}
}

func TestZoneIsNamed(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string][2]string{
		"UTC":                   {"22/11/2026 à 13:05 (UTC)", "22 November 2026 at 13:05 (UTC)"},
		"Etc/UTC":               {"22/11/2026 à 13:05 (UTC)", "22 November 2026 at 13:05 (UTC)"},
		"America/Port_of_Spain": {"22/11/2026 à 09:05 (heure de Port of Spain)", "22 November 2026 at 09:05 (Port of Spain time)"},
		"Europe/Athens":         {"22/11/2026 à 15:05 (heure d’Athens)", "22 November 2026 at 15:05 (Athens time)"},
	} {
		loc, err := time.LoadLocation(zone)
		require.NoError(t, err)
		ts, err := notify.NewTemplates(nil, loc)
		require.NoError(t, err)
		for i, lang := range languages {
			r, err := ts.Render(notify.MailAccountLocked, lang, only(notify.MailAccountLocked))
			require.NoError(t, err)
			require.Contains(t, r.Text, want[i])
		}
	}
}

// what goes on in a structure is a notice, whichever mail tells it.
func TestNotices(t *testing.T) {
	t.Parallel()
	for _, template := range notify.KnownTemplates() {
		name := string(template)
		about := slices.ContainsFunc([]string{"member", "delegation_", "principal_", "structure_", "identifier_", "bank_", "subscription_", "space_", "digest_", "notice"}, func(p string) bool { return strings.HasPrefix(name, p) })
		require.Equal(t, about, template.Notice(), name)
	}
}

// Text from people is one line without what cannot be seen, and stays as it is otherwise.
func TestTextIsOneLine(t *testing.T) {
	t.Parallel()
	ts := newTemplates(t, nil)
	for name, want := range map[string]string{
		"": "", "Julie": "Julie", "Élodie d’Œil-Ÿ ß": "Élodie d’Œil-Ÿ ß", "a b": "a b", "a\u00a0b": "a\u00a0b", "a\u202fb": "a\u00a0b",
		" a": "a", "a ": "a", "a  b": "a b", " ": "", "a\tb": "a b", "a\nb": "a b", "a\x00b": "ab", "a\u200bb": "ab", "a\u2028b": "a b",
		"a\x7fb": "ab", "a\u0085b": "a b", "a\u00adb": "ab", "日本": "日本", "a\xffb": "a\ufffdb",
	} {
		r, err := ts.Render(notify.MailSignedOutEverywhere, "en", notify.Values{"Name": name, "At": "2026-11-22T13:05:00Z"})
		require.NoError(t, err)
		first, _, _ := strings.Cut(r.Text, "\n")
		if want != "" {
			want = " " + want
		}
		require.Equal(t, "Hello"+want+",", first, "%q", name)
	}
}
