package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func idOf(t *testing.T, a *app, login string) account.ID {
	t.Helper()
	var id account.ID
	require.NoError(t, a.store.View(t.Context(), func(tx storage.Tx) error {
		found, err := tx.AccountByLogin(t.Context(), login)
		id = found.ID
		return err
	}))
	return id
}

// ccas returns the structure of the demonstration town and a request that waits there.
func ccas(t *testing.T, a *app) (structure.ID, structure.MembershipID) {
	t.Helper()
	by := account.Person(idOf(t, a, julie))
	found, err := a.h.Structures.Search(t.Context(), by, structure.Search{Any: "CCAS"})
	require.NoError(t, err)
	m, err := a.h.Structures.Request(t.Context(), by, structure.Request{Structure: found.Structures[0].ID, Whole: true, Comment: "Bonjour"})
	require.NoError(t, err)
	return found.Structures[0].ID, m.ID
}

// WP-01, WP-02: a form of another site changes nothing, whatever it sends along.
func TestForgedFormsAreRefused(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	id, request := ccas(t, a)
	paths := []string{
		"/register", "/activate", "/sign-in", "/sign-in/second-step", "/sign-in/resend", "/sign-out", "/sign-out/everywhere", "/language",
		"/account/memberships/ask/" + string(id), "/manage/requests/" + string(request) + "/approve", "/manage/requests/" + string(request) + "/reject",
	}
	good := url.Values{"token": {v.find(`name="token" value="([^"]+)"`)}}
	for _, path := range paths {
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, url.Values{}).Status, "no token: %s", path)
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, url.Values{"token": {"x"}}).Status, "wrong token: %s", path)
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			v.header.Set(header, value)
			require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, good).Status, "%s %s", header, path)
			v.header.Del(header)
		}
		v.header.Set("Sec-Fetch-Site", "same-site")
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, good).Status, "sibling domain: %s", path)
		v.header.Del("Sec-Fetch-Site")
		v.header.Set("Origin", "null")
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, good).Status, "null origin: %s", path)
		v.header.Del("Origin")
	}
	require.Equal(t, http.StatusOK, v.do(http.MethodGet, "/account/memberships", nil).Status)
	require.Equal(t, "/account/memberships", v.last.Path, "nobody was signed out")
}

// ML-13: opening an activation link, in whatever way, does not use it.
func TestOpeningALinkDoesNotUseIt(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.see("/register")
	v.send("/register", "login", "new@terneuil.example", "givenName", "Nora", "familyName", "New", "acceptConditions", "yes", "language", "fr")
	path := linkInMail.FindString(v.mail("new@terneuil.example"))[len(v.base):]
	for range 3 {
		scanner := visit(t, a)
		scanner.see(path)
		require.Equal(t, http.StatusOK, scanner.do(http.MethodHead, path, nil).Status)
	}
	v.see(path)
	require.Equal(t, "/activate", v.last.Path, "WP-09: the secret does not stay in the address")
	require.NotContains(t, v.last.Body, path[len("/activate?token="):])
	v.send("/activate", "password", goodPassword, "confirmation", goodPassword)
	require.Equal(t, "/sign-in", v.last.Path, v.last.Body)
}

// FL-01: neither a stranger nor half a sign-in opens a page.
func TestPagesNeedAWholeSignIn(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, request := ccas(t, a)
	pages := []string{
		"/", "/account/memberships", "/account/memberships/ask", "/account/memberships/ask/" + string(id), "/why", "/sign-out/everywhere",
		"/manage/requests", "/manage/requests/" + string(request), "/structures/" + string(id) + "/history",
	}
	nobody, half := visit(t, a), visit(t, a)
	half.halfway(pauline, demoPassword)
	for _, path := range pages {
		require.Equal(t, "/sign-in", nobody.see(path).Path)
		require.Equal(t, "/sign-in/second-step", half.see(path).Path)
		require.NotContains(t, half.last.Body, "CCAS")
	}
	half.see("/sign-in/second-step")
	half.send("/manage/requests/"+string(request)+"/approve", "scope", "whole", "role", "member", "step", "confirm")
	require.Equal(t, "/sign-in/second-step", half.last.Path)
	half.send("/sign-in/second-step", "code", "000000x")
	require.Equal(t, http.StatusUnprocessableEntity, half.last.Status)
	require.Equal(t, "/sign-in/second-step", half.see("/").Path, "a wrong code opens nothing")
}

// WP-04: the session that somebody had before signing in is not the one after.
func TestSignInRenewsTheSession(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.see("/sign-in")
	base, err := url.Parse(v.base)
	require.NoError(t, err)
	before := v.client.Jar.Cookies(base)[0].Value
	token := v.find(`name="token" value="([^"]+)"`)
	v.enter(julie, demoPassword)
	require.NotEqual(t, before, v.client.Jar.Cookies(base)[0].Value)
	v.see("/")
	require.NotContains(t, v.last.Body, token)

	other := visit(t, a)
	other.enter(julie, demoPassword)
	v.see("/sign-out/everywhere")
	v.send("/sign-out/everywhere")
	require.Equal(t, "/sign-in", v.last.Path)
	require.Equal(t, "/sign-in", other.see("/").Path, "the other browser is out at once")
	require.Contains(t, other.last.Body, "Votre session est terminée")
}

// ML-05: what a request says about the host never gets into a mail.
func TestForgedHostStaysOutOfMails(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	for name, value := range map[string]string{
		"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example",
	} {
		v.header.Set(name, value)
	}
	v.see("/register")
	v.send("/register", "login", "new@terneuil.example", "givenName", "Nora", "familyName", "New", "acceptConditions", "yes", "language", "fr")
	text := v.mail("new@terneuil.example")
	require.True(t, strings.HasPrefix(linkInMail.FindString(text), v.base+"/activate?token="), text)
	require.NotContains(t, text, "evil")
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, "/dev/mailbox", nil).Status, "nor does it open the mailbox")
}

func TestEveryPageHasTheHeaders(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, nil))
	for _, path := range []string{"/sign-in", "/nowhere", "/dev/mailbox"} {
		h := v.do(http.MethodGet, path, nil).Header
		require.Equal(t, contentPolicy, h.Get("Content-Security-Policy"))
		require.Contains(t, h.Get("Content-Security-Policy"), "default-src 'none'")
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "no-store", h.Get("Cache-Control"))
		require.NotEmpty(t, h.Get("X-Request-Id"))
	}
	require.Contains(t, v.do(http.MethodGet, "/static/portal.css", nil).Header.Get("Content-Type"), "text/css")
	v.client.Jar = nil
	cookie := v.do(http.MethodGet, "/sign-in", nil).Header.Get("Set-Cookie")
	require.Contains(t, cookie, "habilis=")
	require.Contains(t, cookie, "HttpOnly")
	require.Contains(t, cookie, "SameSite=Lax")

	secure := visit(t, start(t, func(c *config) { c.Base, c.Mailer = "https://portal.example", notify.NewInbox() }))
	cookie = secure.do(http.MethodGet, "/sign-in", nil).Header.Get("Set-Cookie")
	require.Contains(t, cookie, "__Host-habilis=")
	require.Contains(t, cookie, "Secure")
	for _, host := range []string{"", "portal.example"} { // a proxy on this machine may send either
		secure.header.Set("Host", host)
		require.Equal(t, http.StatusNotFound, secure.do(http.MethodGet, "/dev/mailbox", nil).Status)
	}
}

// WP-10, WP-14: unknown addresses and methods get plain answers, failures of ours a
// number and nothing more.
func TestErrorPages(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	for _, path := range []string{"/nowhere", "/.git/config", "/debug/pprof/", "/static/", "/static/../main.go", "/activate/x"} {
		require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, path, nil).Status, path)
		require.Contains(t, v.last.Body, "Page introuvable")
	}
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodTrace, http.MethodPatch} {
		require.Equal(t, http.StatusMethodNotAllowed, v.do(method, "/sign-in", nil).Status, method)
	}
	require.Equal(t, []string{"GET, HEAD", "POST"}, v.last.Header.Values("Allow"))
	v.see("/sign-in")
	v.send("/sign-in", "login", strings.Repeat("x", maxBody))
	require.Equal(t, http.StatusRequestEntityTooLarge, v.last.Status)

	v.enter(julie, demoPassword)
	require.NoError(t, a.store.Close())
	v.do(http.MethodGet, "/account/memberships", nil)
	require.Equal(t, http.StatusInternalServerError, v.last.Status)
	require.Contains(t, v.last.Body, v.last.Header.Get("X-Request-Id"))
	for _, secret := range []string{"sql", "database", "goroutine", ".go:", "internal"} {
		require.NotContains(t, strings.ToLower(v.last.Body), secret)
	}
}

// TI-01: ids of what is somebody else's lead nowhere.
func TestStrangersFindNothing(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, request := ccas(t, a)
	stranger := visit(t, a)
	stranger.join("eve@elsewhere.example", "Eve", "Other", "fr")
	stranger.enter("eve@elsewhere.example", goodPassword)
	for _, path := range []string{"/manage/requests/" + string(request), "/structures/" + string(id) + "/history", "/manage/requests/x", "/structures/x/history"} {
		require.Equal(t, http.StatusNotFound, stranger.do(http.MethodGet, path, nil).Status, path)
		require.NotContains(t, stranger.last.Body, "CCAS")
		require.NotContains(t, stranger.last.Body, "Julie")
	}
	stranger.see("/")
	for _, path := range []string{"approve", "reject"} {
		stranger.send("/manage/requests/"+string(request)+"/"+path, "scope", "whole", "role", "member", "reason", "x", "step", "confirm")
		require.Equal(t, http.StatusNotFound, stranger.last.Status)
	}
	stranger.see("/manage/requests", "Vous ne gérez aucune structure")

	member := visit(t, a)
	member.enter(hubert, demoPassword)
	require.Equal(t, http.StatusForbidden, member.do(http.MethodGet, "/structures/"+string(id)+"/history", nil).Status)
	require.Equal(t, http.StatusNotFound, member.do(http.MethodGet, "/manage/requests/"+string(request), nil).Status)
}

// WP-05: what people type is shown, never run.
func TestWhatPeopleTypeIsInert(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := ccas(t, a)
	const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	v, boss := visit(t, a), visit(t, a)
	v.join("evil@terneuil.example", `<b onclick="x">`, evil, "fr")
	v.enter("evil@terneuil.example", goodPassword)
	v.see("/account/memberships/ask?any=" + url.QueryEscape(evil))
	v.see("/account/memberships/ask/" + string(id))
	v.send("/account/memberships/ask/"+string(id), "scope", "whole", "comment", evil+" http://evil.example/", "step", "preview")
	v.send("/account/memberships/ask/"+string(id), "scope", "whole", "comment", evil+" http://evil.example/", "step", "confirm")
	require.Equal(t, "/account/memberships", v.last.Path)
	boss.enter(pauline, demoPassword)
	boss.see("/manage/requests", "&lt;SCRIPT&gt;")
	request := boss.find(`href="(/manage/requests/[0-9a-f-]{36})">Ouvrir`)
	boss.see(request)
	shown := boss.last.Body
	boss.send(request+"/approve", "scope", "whole", "role", "member", "step", "preview")
	shown += boss.last.Body + boss.see("/manage/requests").Body + v.see("/").Body + v.see("/dev/mailbox").Body + boss.see("/structures/"+string(id)+"/history").Body
	for _, live := range []string{"<script", "<SCRIPT", "<img src=x", "<IMG", "<b onclick", `href="http://evil`} {
		require.NotContains(t, shown, live)
	}
}
