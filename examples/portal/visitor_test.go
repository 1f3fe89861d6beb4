package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// cheap makes tests quick; nothing but tests may use it.
func cheap() account.Hashing {
	return account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}
}

const goodPassword = "Un-bon-secret-2026"

// founded is the demonstration town, which takes longer to settle than most tests take.
// It is settled once, and each test gets a copy.
var founded = sync.OnceValues(func() (files [2][]byte, err error) {
	folder, err := os.MkdirTemp("", "town")
	if err != nil {
		return files, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	c := config{DB: filepath.Join(folder, "town.db"), Demo: true, Hashing: cheap(), Log: slog.New(slog.DiscardHandler)}
	a, err := open(context.Background(), c, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1})
	if err != nil {
		return files, err
	}
	if err := a.close(); err != nil {
		return files, err
	}
	for i, kind := range townFiles() {
		if files[i], err = os.ReadFile(c.DB + kind); err != nil {
			return files, err
		}
	}
	return files, nil
})

// townFiles are the endings of the files that a portal keeps: the database and the key.
func townFiles() [2]string { return [2]string{"", ".key"} }

// settled returns the database of a town of its own.
func settled(t *testing.T) string {
	t.Helper()
	files, err := founded()
	require.NoError(t, err)
	db := filepath.Join(t.TempDir(), "portal.db")
	for i, kind := range townFiles() {
		require.NoError(t, os.WriteFile(db+kind, files[i], 0o600))
	}
	return db
}

// start starts the portal on a loopback port for one test.
func start(t *testing.T, change func(*config)) *app {
	t.Helper()
	c := config{DB: inMemory, Demo: true, Hashing: cheap(), Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&c)
	}
	if c.DB == inMemory && c.Demo {
		c.DB = settled(t)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	a, err := open(t.Context(), c, l.Addr())
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	served := make(chan error, 1)
	go func() { served <- a.serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-served)
		require.NoError(t, a.close())
	})
	return a
}

// missingText is how a page shows a text that does not exist.
var missingText = regexp.MustCompile(`\[[a-z]+\.[a-zA-Z0-9_.]*\]`)

// visitor is a browser without a screen.
type visitor struct {
	t      *testing.T
	app    *app
	client *http.Client
	base   string
	last   answer
	header http.Header // sent along
	shelf  string      // whose files are meant, "" for the person's own
}

type answer struct {
	Status int
	Header http.Header
	Body   string
	Path   string // after redirects, with its query
}

func visit(t *testing.T, a *app) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &visitor{
		t: t, app: a, base: "http://" + a.addr, header: http.Header{"Accept-Language": {"fr"}},
		client: &http.Client{Jar: jar},
	}
}

func (v *visitor) do(method, path string, form url.Values) answer {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), method, v.base+path, strings.NewReader(form.Encode()))
	require.NoError(v.t, err)
	for name, values := range v.header {
		r.Header[name] = values
	}
	if host := v.header.Get("Host"); host != "" {
		r.Host = host
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := v.client.Do(r)
	require.NoError(v.t, err)
	defer func() { require.NoError(v.t, res.Body.Close()) }()
	body, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	require.NotRegexp(v.t, missingText, string(body))
	path, _ = strings.CutPrefix(res.Request.URL.String(), v.base)
	v.last = answer{Status: res.StatusCode, Header: res.Header, Body: string(body), Path: path}
	return v.last
}

// see opens a page and expects to find the texts on it.
func (v *visitor) see(path string, texts ...string) answer {
	v.t.Helper()
	a := v.do(http.MethodGet, path, nil)
	require.Equal(v.t, http.StatusOK, a.Status, a.Body)
	for _, text := range texts {
		require.Contains(v.t, a.Body, text)
	}
	return a
}

var tokenField = regexp.MustCompile(`name="token" value="([^"]+)"`)

// send posts a form with the token of the page that is open; pairs are its fields.
func (v *visitor) send(path string, pairs ...string) answer {
	v.t.Helper()
	found := tokenField.FindStringSubmatch(v.last.Body)
	require.NotNil(v.t, found, "the page has no form")
	form := url.Values{"token": {found[1]}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return v.do(http.MethodPost, path, form)
}

// mail delivers what is owed and returns the newest mail to an address.
func (v *visitor) mail(to string) string {
	v.t.Helper()
	return v.arrived(0, func(m notify.Email) string {
		if m.To != to {
			return ""
		}
		return m.Text
	})
}

// arrived looks through the mails after the first few, newest first, until one is
// what is looked for. The portal delivers by itself, so it may take a moment.
func (v *visitor) arrived(skip int, look func(notify.Email) string) string {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, err := v.app.h.Drain(ctx)
		require.NoError(v.t, err)
		for _, m := range slices.Backward(v.app.portal.mailbox.All()[skip:]) {
			if found := look(m); found != "" {
				return found
			}
		}
	}
}

var (
	linkInMail = regexp.MustCompile(`https?://\S+`)
	codeInMail = regexp.MustCompile(`(?m)^ +(\d{6})$`)
)

// code returns a sign-in code that arrived after the given number of mails.
func (v *visitor) code(login string, before int) string {
	v.t.Helper()
	return v.arrived(before, func(m notify.Email) string {
		if found := codeInMail.FindStringSubmatch(m.Text); found != nil && m.To == login {
			return found[1]
		}
		return ""
	})
}

// halfway gives address and password and stops at the second step.
func (v *visitor) halfway(login, password string) (code string) {
	v.t.Helper()
	before := len(v.app.portal.mailbox.All())
	v.see("/sign-in")
	a := v.send("/sign-in", "login", login, "password", password)
	require.Equal(v.t, "/sign-in/second-step", a.Path, a.Body)
	return v.code(login, before)
}

// enter signs somebody in.
func (v *visitor) enter(login, password string) {
	v.t.Helper()
	code := v.halfway(login, password)
	a := v.send("/sign-in/second-step", "code", code)
	require.Equal(v.t, http.StatusOK, a.Status)
	require.NotContains(v.t, a.Path, "sign-in", a.Body)
}

// join opens an account, follows the link and leaves the sign-in page open.
func (v *visitor) join(login, given, family, lang string) {
	v.t.Helper()
	v.see("/register")
	a := v.send("/register", "login", login, "givenName", given, "familyName", family, "language", lang, "acceptConditions", "yes")
	require.Equal(v.t, "/register/sent", a.Path, a.Body)
	link := linkInMail.FindString(v.mail(login))
	path, ours := strings.CutPrefix(link, v.base)
	require.True(v.t, ours, link)
	require.Equal(v.t, "/activate", v.see(path).Path)
	a = v.send("/activate", "password", goodPassword, "confirmation", goodPassword)
	require.Equal(v.t, "/sign-in", a.Path, a.Body)
}

// find returns what the first group of a pattern matches on the open page.
func (v *visitor) find(pattern string) string {
	v.t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(v.last.Body)
	require.NotNil(v.t, found, "%s in %s", pattern, v.last.Body)
	return found[1]
}
