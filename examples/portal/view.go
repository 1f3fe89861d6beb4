package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/habilis-go/habilis/account"
)

// page is what every template is given.
type page struct {
	portal   *portal
	officer  bool
	operator bool

	Lang    string
	Title   string // also the heading
	Here    string // where the language switch comes back to
	Me      *account.Account
	Manages bool
	Crumbs  []crumb
	Notice  notice
	Token   string
	Style   string
	Support bool // there is a support desk
	Mailbox bool // there is a development mailbox
	Demo    bool // the demonstration accounts may be named
	Passkey bool // passkeys sign in alone
	Enrols  bool // an application or a key is due before anything else
	Form    form
	Data    any
}

type crumb struct{ Path, Text string }

// notice is a message about what happened before the page.
type notice struct {
	Text string
	Good bool
}

// view begins a page: everything but what it is about.
func (c *call) view(title string, pairs ...any) *page {
	p := c.p
	v := &page{
		portal: p, officer: c.officer(), operator: c.operator(), Lang: c.lang, Title: p.texts.text(c.lang, title, pairs...), Here: "/",
		Me: c.me, Token: c.token(), Style: p.style, Mailbox: p.mailboxFor(c.r), Demo: p.demo, Support: p.support,
	}
	if c.r.Method == http.MethodGet && local(c.r.URL.RequestURI()) {
		v.Here = c.r.URL.RequestURI()
	} else if c.shows && local(c.r.URL.Path) {
		v.Here = c.r.URL.Path
	}
	v.Form.lang, v.Passkey = c.lang, p.passkeys
	if c.enrols { // nothing else is within reach
		v.Me, v.officer, v.operator, v.Enrols = nil, false, false, true
	}
	return v
}

// under adds the pages that lead to this one, as pairs of path and text.
func (v *page) under(pairs ...string) *page {
	v.Crumbs = append(v.Crumbs, crumb{"/", v.T("home.title")})
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Crumbs = append(v.Crumbs, crumb{pairs[i], pairs[i+1]})
	}
	return v
}

// Large reports whether the person asked for larger type and less motion.
func (v *page) Large() bool { return v.Me != nil && v.Me.Profile.Accessibility }

// Unreachable reports whether to warn that mails to the login address come back.
func (v *page) Unreachable() bool {
	return v.Me != nil && !v.Me.UndeliverableSince.IsZero() && (v.Here == "/" || v.Here == "/account")
}

// Script is the version of the script that speaks with security keys.
func (v *page) Script() string { return v.portal.script }

// DemoPassword is that of the demonstration accounts.
func (v *page) DemoPassword() string { return demoPassword }

// T renders a text of the pages.
func (v *page) T(id string, pairs ...any) string { return v.portal.texts.text(v.Lang, id, pairs...) }

// show renders a page that answers a request to see it.
func (c *call) show(name string, v *page) error {
	if c.late {
		v.Form.Values = c.r.PostForm
		return c.render(http.StatusForbidden, name, v)
	}
	return c.render(http.StatusOK, name, v)
}

// render writes a page in one go, so that one that breaks half-way is never seen.
func (c *call) render(status int, name string, v *page) error {
	if v.Enrols {
		v.Crumbs = nil
	} else if c.me != nil {
		var err error
		if v.Manages, err = c.p.manages(c.ctx(), c); err != nil {
			return err
		}
	}
	v.Notice = notice{Text: c.p.sessions.PopString(c.ctx(), keyNotice), Good: c.p.sessions.PopBool(c.ctx(), keyGood)}
	var b bytes.Buffer
	if err := c.p.templates[name].ExecuteTemplate(&b, "layout", v); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	c.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	c.w.Header().Set("Content-Language", v.Lang)
	c.w.WriteHeader(status)
	_, err := b.WriteTo(c.w)
	return err
}

// parsedPages are parsed, and made safe, once for all portals of the process: nothing in them
// belongs to one.
var parsedPages = sync.OnceValues(parseTemplates)

// parseTemplates gives every page a copy of the layout and the parts.
func parseTemplates() (map[string]*template.Template, error) {
	shared, err := template.ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	out := map[string]*template.Template{}
	for _, file := range names {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		t, err := shared.Clone()
		if err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
		if out[name], err = t.ParseFS(templateFiles, file); err != nil {
			return nil, fmt.Errorf("templates: %w", err)
		}
	}
	return out, nil
}

func fingerprint(file string) (string, error) {
	content, err := staticFiles.ReadFile(file)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6]), nil
}
