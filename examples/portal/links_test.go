package main

import (
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

func within(path string) *regexp.Regexp {
	return regexp.MustCompile(`https?://[^/\s]+(` + path + `\?token=\S+)`)
}

// ML-13, WP-09: opening the links of mails, in whatever way, uses none of them, and
// their secrets stay neither in the address nor on the page.
func TestOpeningLinksOfTheAccountDoesNothing(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	const moved = "julie@elsewhere.example"
	v.enter(julie, demoPassword)
	before := v.mails()
	v.see("/account/login-address")
	v.send("/account/login-address", "address", moved, "step", "confirm")
	require.Equal(t, "/account/login-address", v.last.Path, v.last.Body)
	confirm, cancel := v.link(moved, "/login-address/confirm", before), v.link(julie, "/login-address/cancel", before)
	reset := visit(t, a).reset(julie)
	opened := func(path string) {
		t.Helper()
		page, _, _ := strings.Cut(path, "?")
		for range 2 {
			scanner := visit(t, a)
			require.Equal(t, http.StatusOK, scanner.do(http.MethodHead, path, nil).Status)
			scanner.see(path)
			require.Equal(t, page, scanner.last.Path)
			require.NotContains(t, scanner.last.Body, strings.TrimPrefix(path, page+"?token="))
			require.Equal(t, "no-referrer", scanner.last.Header.Get("Referrer-Policy"))
			require.Equal(t, "no-store", scanner.last.Header.Get("Cache-Control"))
		}
	}
	for _, path := range []string{confirm, cancel, reset} {
		opened(path)
	}
	v.see("/account/login-address", moved, "Changement en cours")

	// Each still works, and then does not.
	stranger := visit(t, a)
	stranger.see(confirm, moved)
	before = v.mails()
	stranger.send("/login-address/confirm")
	require.Equal(t, "/sign-in", stranger.last.Path, stranger.last.Body)
	for _, path := range []string{confirm, cancel, reset} {
		require.Equal(t, http.StatusGone, visit(t, a).do(http.MethodGet, path, nil).Status, path)
	}
	undo := v.link(julie, "/login-address/undo", before)
	opened(undo)
	stranger.see(undo, julie)
	stranger.send("/login-address/undo")
	require.Equal(t, "/sign-in", stranger.last.Path, stranger.last.Body)
	require.Equal(t, http.StatusGone, visit(t, a).do(http.MethodGet, undo, nil).Status)
}

// The secret of one link opens no other page.
func TestLinksOpenTheirOwnPage(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	_, query, _ := strings.Cut(visit(t, a).reset(julie), "?")
	for _, page := range []string{"/login-address/confirm", "/login-address/cancel", "/login-address/undo"} {
		v := visit(t, a)
		require.Equal(t, http.StatusGone, v.do(http.MethodGet, page+"?"+query, nil).Status)
		require.NotContains(t, v.last.Body, julie)
		v.see("/sign-in")
		require.Equal(t, http.StatusGone, v.send(page).Status)
	}
	v := visit(t, a)
	v.see("/sign-in")
	require.Equal(t, http.StatusGone, v.send("/password/new", "password", otherPassword, "confirmation", otherPassword).Status, "no link")
	require.Equal(t, http.StatusGone, v.send("/password/expired", "password", otherPassword, "confirmation", otherPassword).Status, "no renewal")
}

// FL-10, RP-20: a reset opens no session and ends the open ones; signing in takes the
// second factor.
func TestResetOpensNoSession(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v, old := visit(t, a), visit(t, a)
	old.enter(julie, demoPassword)
	path := old.reset(julie)
	v.see(path, julie)
	v.send("/password/new", "password", "abc", "confirmation", "abd")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, "12\u00a0caractères")
	v.send("/password/new", "password", otherPassword, "confirmation", otherPassword)
	require.Equal(t, "/sign-in", v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, "nouveau mot de passe est enregistré")
	require.Equal(t, "/sign-in", v.see("/account").Path)
	require.Equal(t, "/sign-in", old.see("/account").Path)
	require.Equal(t, http.StatusGone, visit(t, a).do(http.MethodGet, path, nil).Status)
	v.enter(julie, otherPassword)
}

// The browser in which somebody is signed in resets, too, and is signed out by it.
func TestResetInASignedInBrowser(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	path := v.reset(julie)
	v.enter(julie, demoPassword)
	v.see(path)
	v.send("/password/new", "password", otherPassword, "confirmation", otherPassword)
	require.Equal(t, "/sign-in", v.last.Path)
	require.Contains(t, v.last.Body, "nouveau mot de passe est enregistré")
}

// Somebody whose password is over proves everything and then chooses another one before
// there is a session.
func TestExpiredPasswordIsReplacedBeforeTheSession(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	require.NoError(t, a.h.Accounts.RequirePasswordChange(t.Context(), account.System(), idOf(t, a, julie), account.ReasonPolicy))
	v := visit(t, a)
	code := v.halfway(julie, demoPassword)
	v.send("/sign-in/second-step", "code", code)
	require.Equal(t, "/password/expired", v.last.Path, v.last.Body)
	require.Equal(t, "/sign-in", v.see("/account").Path, "there is no session yet")
	v.see("/password/expired")
	v.send("/password/expired", "password", demoPassword, "confirmation", demoPassword)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	v.send("/password/expired", "password", otherPassword, "confirmation", otherPassword)
	require.Equal(t, "/sign-in", v.last.Path, v.last.Body)
	require.Equal(t, "/sign-in", v.see("/password/expired").Path, "it works once")
	v.enter(julie, otherPassword)
}

// ML-05: what a request says about the host never gets into the mail with the link.
func TestForgedHostStaysOutOfResetMails(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	for name, value := range map[string]string{
		"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example", "Host": "evil.example",
	} {
		v.header.Set(name, value)
	}
	v.enter(julie, demoPassword)
	v.see("/account/login-address")
	v.send("/account/login-address", "address", "julie@elsewhere.example", "step", "confirm")
	require.Contains(t, v.last.Body, "Changement en cours")
	other := visit(t, a)
	other.header = v.header
	other.reset(julie)
	v.link("julie@elsewhere.example", "/login-address/confirm", 0)
	for _, m := range a.portal.mailbox.All() {
		require.NotContains(t, m.Text+m.HTML, "evil.example")
		for _, link := range linkInMail.FindAllString(m.Text, -1) {
			require.True(t, strings.HasPrefix(link, v.base+"/"), link)
		}
	}
}

// WP-09: no secret of a mailed link gets into the log.
func TestSecretsOfLinksStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	log := &waitingBuffer{want: "/password/new", seen: make(chan struct{})}
	a := start(t, func(c *config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
	v := visit(t, a)
	path := v.reset(julie)
	v.see(path)
	v.send("/password/new", "password", "trop-court", "confirmation", "trop-court")
	_, token, _ := strings.Cut(path, "token=")
	require.Contains(t, log.String(), "/password/new")
	require.NotContains(t, log.String(), token)
	require.NotContains(t, log.String(), "trop-court")
}
