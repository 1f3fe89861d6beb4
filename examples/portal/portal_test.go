package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"net"
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
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
)

// keysOf returns the names of the texts of a language.
func keysOf(t *testing.T, lang string) map[string]any {
	t.Helper()
	raw, err := textFiles.ReadFile("texts." + lang + ".json")
	require.NoError(t, err)
	var texts map[string]any
	require.NoError(t, json.Unmarshal(raw, &texts))
	return texts
}

// Every text that a page asks for is there in both languages, mentions the same
// values, and none is there that no page asks for.
func TestTextsAreComplete(t *testing.T) {
	t.Parallel()
	fr, en := keysOf(t, "fr"), keysOf(t, "en")
	require.ElementsMatch(t, slices.Collect(maps.Keys(fr)), slices.Collect(maps.Keys(en)))
	mentions := regexp.MustCompile(`{{\.\w+}}`)
	for id := range fr {
		french, english := mentions.FindAllString(flat(fr[id]), -1), mentions.FindAllString(flat(en[id]), -1)
		slices.Sort(french)
		slices.Sort(english)
		require.Equal(t, slices.Compact(french), slices.Compact(english), id)
		require.NotEmpty(t, flat(fr[id]), id)
		require.NotEmpty(t, flat(en[id]), id)
	}

	used := map[string]bool{}
	ask := regexp.MustCompile(`(?:p\.(?:modifying|oneCase|part|ruling)\(c,|\.T|text|texts\.text\(c\.lang,|lookup\(c\.lang,|c\.view|c\.(?:done|outOf)\([^,]+,)[( ]"([a-z]+\.[a-zA-Z0-9_.]+)"`)
	for name, source := range sources(t) {
		for _, found := range ask.FindAllStringSubmatch(source, -1) {
			if !strings.HasSuffix(found[1], ".") {
				require.True(t, fr[found[1]] != nil, "%s asks for %s", name, found[1])
				used[found[1]] = true
			}
		}
	}
	for _, family := range families() {
		used[family] = true
		require.True(t, fr[family] != nil, family)
	}
	for id := range fr {
		require.True(t, used[id] || slices.Contains([]string{"hint", "label", "mail"}, strings.Split(id, ".")[0]), "nobody asks for %s", id)
	}
}

func flat(v any) string {
	if forms, ok := v.(map[string]any); ok {
		return flat(forms["other"])
	}
	s, _ := v.(string)
	return s
}

func sources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			raw, err := os.ReadFile(name)
			require.NoError(t, err)
			out[name] = string(raw)
		}
	}
	return out
}

// families are the texts whose names are put together.
func families() []string {
	var out []string
	for _, s := range []string{"approved", "pending", "rejected", "disabled", "removed", "cancelled", "scheduled", "suspended", "expired"} {
		out = append(out, "status."+s)
	}
	for _, r := range []authz.Role{authz.RolePrincipalManager, authz.RoleSecondaryManager, authz.RoleMember, authz.RoleTechnical} {
		out = append(out, "role."+string(r))
	}
	for _, m := range notify.KnownTemplates() {
		out = append(out, "mail."+string(m))
	}
	for _, s := range []string{"400", "403", "404", "405", "409", "410", "413", "422", "429", "500", "503"} {
		out = append(out, "error.title."+s)
	}
	for _, s := range []string{"held", "scheduled", "pending"} {
		out = append(out, "access."+s)
	}
	for _, s := range []string{"disable", "enable", "remove", "todisable", "toenable", "toremove"} {
		out = append(out, "members."+s)
	}
	for _, s := range historyKinds() {
		out = append(out, "history."+s)
	}
	for _, f := range mfa.Guide2024().Factors.Order {
		out = append(out, "way."+string(f), "factor."+string(f))
	}
	for _, r := range []mfa.Refusal{mfa.RefusedByPolicy, mfa.RefusedMailbox, mfa.RefusedLocked} {
		out = append(out, "refusal."+string(r))
	}
	out = append(out, "factor."+string(account.FactorPassword), "factor."+string(account.FactorTrustedDevice))
	return append(out, "type.public", "type.private", "chip.gained", "chip.lost")
}

// Pages need no script and no style of their own: the content policy forbids both. Those
// of security keys load the one script that speaks with them, and no other.
func TestTemplatesHoldNoScript(t *testing.T) {
	t.Parallel()
	forbidden := regexp.MustCompile(`(?i)<script|<style|\sstyle=|\son[a-z]+=|javascript:|https?://`)
	require.NoError(t, fs.WalkDir(templateFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := templateFiles.ReadFile(path)
		if page := strings.TrimPrefix(path, "templates/"); page == "newkey.html" || page == "secondkey.html" || page == "passkey.html" {
			const one = `<script src="/static/keys.js?v={{.Script}}"></script>`
			require.Equal(t, 1, strings.Count(string(raw), one), path)
			raw = []byte(strings.ReplaceAll(string(raw), one, ""))
		}
		require.NotRegexp(t, forbidden, string(raw), path)
		return err
	}))
	style, err := staticFiles.ReadFile("static/portal.css")
	require.NoError(t, err)
	require.Less(t, len(style), 12_000)
}

func TestMailboxHandsOnAndKeepsOnce(t *testing.T) {
	t.Parallel()
	next := &flaky{}
	box := &mailbox{Inbox: notify.NewInbox(), next: next}
	require.Error(t, box.Send(t.Context(), notify.Email{ID: "1"}))
	require.Empty(t, box.All())
	require.NoError(t, box.Send(t.Context(), notify.Email{ID: "1"}))
	require.Len(t, box.All(), 1)
	require.Equal(t, 2, next.tries)
}

type flaky struct{ tries int }

func (f *flaky) Send(context.Context, notify.Email) error {
	if f.tries++; f.tries == 1 {
		return errors.New("not now")
	}
	return nil
}

func TestPiecesLinkOnlyOurPages(t *testing.T) {
	t.Parallel()
	const base = "http://127.0.0.1:1"
	text := "see http://127.0.0.1:1/a?token=x and http://127.0.0.1:11/b, https://evil.example/http://127.0.0.1:1/ or http://127.0.0.1:1.evil.example/"
	var links []string
	var again strings.Builder
	for _, p := range pieces(text, base) {
		again.WriteString(p.Text)
		if p.Href != "" {
			links = append(links, p.Href)
		}
	}
	require.Equal(t, []string{"/a?token=x"}, links)
	require.Equal(t, text, again.String())
}

func TestLocalPaths(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/": true, "/why?structure=1": true, "": false, "//evil.example": false, "https://evil.example": false,
		"/\\evil.example": false, "why": false, "/a\r\nSet-Cookie: x": false,
	} {
		require.Equal(t, want, local(path), "%q", path)
	}
}

// The program starts from its flags, keeps its data and its key, and says where it is.
func TestRun(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "new", "portal.db")
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		out := &waitingBuffer{want: "Ctrl+C", seen: make(chan struct{})}
		done := make(chan error, 1)
		go func() { done <- run(ctx, []string{"-addr", "127.0.0.1:0", "-db", db}, out, &bytes.Buffer{}) }()
		select {
		case <-out.seen:
		case err := <-done:
			t.Fatalf("it ended: %v", err)
		case <-time.After(30 * time.Second):
			t.Fatal("it does not start")
		}
		require.Contains(t, out.String(), "http://127.0.0.1:")
		require.Contains(t, out.String(), demoPassword)
		cancel()
		require.NoError(t, <-done)
	}
	for path, mode := range map[string]fs.FileMode{filepath.Dir(db): 0o700, db + ".key": 0o600} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, mode, info.Mode().Perm(), path)
	}
	require.Error(t, run(t.Context(), []string{"-no-such-flag"}, &bytes.Buffer{}, &bytes.Buffer{}))
	require.Error(t, run(t.Context(), []string{"stray"}, &bytes.Buffer{}, &bytes.Buffer{}))
}

// The mailbox shows sign-in codes: without a mail server nobody else may reach it.
func TestMailboxStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	anywhere := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80}
	c := config{DB: inMemory, Hashing: cheap()}
	_, err := open(t.Context(), c, anywhere)
	require.ErrorIs(t, err, errExposed)
	public := c
	public.Base = "https://portal.example"
	_, err = open(t.Context(), public, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80})
	require.ErrorIs(t, err, errExposed, "behind a proxy")
	c.Mailer = notify.NewInbox()
	a, err := open(t.Context(), c, anywhere)
	require.NoError(t, err)
	require.Nil(t, a.portal.mailbox)
	require.NoError(t, a.close())
}

type waitingBuffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	want string
	seen chan struct{}
}

func (w *waitingBuffer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := strings.Contains(w.b.String(), w.want)
	n, err := w.b.Write(p)
	if !before && strings.Contains(w.b.String(), w.want) {
		close(w.seen)
	}
	return n, err
}

func (w *waitingBuffer) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}
