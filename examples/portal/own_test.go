package main

import (
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
)

const otherPassword = "Un-autre-secret-2027"

// ahead is a clock that can be put forward.
type ahead struct{ by atomic.Int64 }

func (a *ahead) now() time.Time       { return time.Now().Add(time.Duration(a.by.Load())) }
func (a *ahead) pass(d time.Duration) { a.by.Add(int64(d)) }
func (a *ahead) config(c *config)     { c.Now = a.now }
func within(path string) *regexp.Regexp {
	return regexp.MustCompile(`https?://[^/\s]+(` + path + `\?token=\S+)`)
}
func (v *visitor) mails() int            { return len(v.app.portal.mailbox.All()) }
func (v *visitor) cookie() *http.Cookie  { return v.client.Jar.Cookies(v.origin())[0] }
func (v *visitor) origin() *url.URL      { return &url.URL{Scheme: "http", Host: v.app.addr} }
func (v *visitor) token() (token string) { return v.find(`name="token" value="([^"]+)"`) }

// link returns the path of the link to a page that was mailed to an address after the
// first few mails.
func (v *visitor) link(to, path string, skip int) string {
	v.t.Helper()
	return v.arrived(skip, func(m notify.Email) string {
		if found := within(path).FindStringSubmatch(m.Text); found != nil && m.To == to {
			return found[1]
		}
		return ""
	})
}

// reset asks for a link to a new password and returns its path.
func (v *visitor) reset(login string) string {
	v.t.Helper()
	before := v.mails()
	v.see("/password/forgotten")
	require.Equal(v.t, "/password/forgotten/sent", v.send("/password/forgotten", "login", login).Path, v.last.Body)
	return v.link(login, "/password/new", before)
}

// stripped is an answer without what is different every time.
func stripped(a answer, login string) (int, string, http.Header, string) {
	h := a.Header.Clone()
	for _, name := range []string{"X-Request-Id", "Date"} {
		h.Del(name)
	}
	if cookie := h.Get("Set-Cookie"); cookie != "" {
		h.Set("Set-Cookie", regexp.MustCompile(`habilis=[^;]+`).ReplaceAllString(cookie, "habilis=x"))
	}
	body := tokenField.ReplaceAllString(a.Body, "")
	for _, around := range []string{`"`, " "} { // not where the demonstration names its accounts
		body = strings.ReplaceAll(body, around+login, around+"LOGIN")
	}
	body = regexp.MustCompile(`\d\d:\d\d`).ReplaceAllString(body, "")
	return a.Status, body, h, a.Path
}

func requireSame(t *testing.T, first, second answer, one, other string) {
	t.Helper()
	s1, b1, h1, p1 := stripped(first, one)
	s2, b2, h2, p2 := stripped(second, other)
	require.Equal(t, s1, s2)
	require.Equal(t, b1, b2)
	require.Equal(t, h1, h2)
	require.Equal(t, p1, p2)
}

// EN-01, EN-17: whoever gives a wrong password does not learn whether there is an
// account: status, bytes, headers and cookies are the same.
func TestSignInAnswersAlikeForAllAddresses(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	var answers []answer
	logins := []string{julie, "x" + julie[1:], "n" + julie[1:]} // all as long
	pending := visit(t, a)
	pending.see("/register")
	pending.send("/register", "login", logins[2], "givenName", "Nora", "familyName", "New", "acceptConditions", "yes", "language", "fr")
	for _, login := range logins {
		v := visit(t, a)
		v.see("/sign-in")
		answers = append(answers, v.send("/sign-in", "login", login, "password", "Wrong-Password-2026"))
		require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	}
	for i := range answers[1:] {
		requireSame(t, answers[0], answers[i+1], logins[0], logins[i+1])
	}
}

// EN-04, EN-17: asking for a new password answers alike for an active account, one that
// waits for its activation, and none; a mail goes only where one is due.
func TestForgottenPasswordAnswersAlikeForAllAddresses(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	logins := []string{julie, "x" + julie[1:], "n" + julie[1:]} // all as long
	pending := visit(t, a)
	pending.see("/register")
	pending.send("/register", "login", logins[2], "givenName", "Nora", "familyName", "New", "acceptConditions", "yes", "language", "fr")
	pending.mail(logins[2])
	var posted, shown []answer
	for _, login := range logins {
		v := visit(t, a)
		v.see("/password/forgotten")
		v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		posted = append(posted, v.send("/password/forgotten", "login", login))
		require.Equal(t, http.StatusSeeOther, v.last.Status)
		require.Equal(t, "/password/forgotten/sent", v.last.Header.Get("Location"))
		shown = append(shown, v.see("/password/forgotten/sent", login))
	}
	for i := range logins[1:] {
		requireSame(t, posted[0], posted[i+1], logins[0], logins[i+1])
		requireSame(t, shown[0], shown[i+1], logins[0], logins[i+1])
	}
	v := visit(t, a)
	v.link(julie, "/password/new", 0)
	for _, m := range a.portal.mailbox.All() {
		require.NotEqual(t, logins[1], m.To)
	}
}

// FL-23: two addresses, a list of them, or a name that some programs read as a list, get
// no mail to anybody.
func TestForgottenPasswordTakesOneAddress(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	const mine = "eve@elsewhere.example"
	for _, form := range []url.Values{
		{"login": {julie, mine}},
		{"login[]": {julie, mine}},
		{"login[0]": {julie}, "login": {mine}},
		{"login": {mine}, "login[]": {julie}},
	} {
		v.see("/password/forgotten")
		form.Set("token", v.token())
		for _, path := range []string{"/password/forgotten", "/sign-in"} {
			require.Equal(t, http.StatusBadRequest, v.do(http.MethodPost, path, form).Status, "%v", form)
		}
	}
	for _, list := range []string{julie + "," + mine, julie + " " + mine, julie + ";" + mine, julie + "\n" + mine, julie + "\x00", `["` + julie + `"]`} {
		v.see("/password/forgotten")
		v.send("/password/forgotten", "login", list)
		require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, list)
	}
	v.see("/password/forgotten")
	token := v.token()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.base+"/password/forgotten?token="+token, strings.NewReader(`{"token":"`+token+`","login":["`+julie+`"]}`))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	res, err := v.client.Do(r)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	_, err = a.h.Drain(t.Context())
	require.NoError(t, err)
	require.Empty(t, a.portal.mailbox.All())
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

// WP-01: no form of the account's pages is taken without the token of a page of ours.
func TestForgedFormsOfTheAccountAreRefused(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	v.see("/account")
	good := url.Values{"token": {v.token()}}
	for path, r := range a.portal.routes() {
		if r.post == nil || strings.Contains(path, "{") {
			continue
		}
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, url.Values{}).Status, "no token: %s", path)
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, url.Values{"token": {"x"}}).Status, "wrong token: %s", path)
		v.header.Set("Sec-Fetch-Site", "cross-site")
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, good).Status, "other site: %s", path)
		v.header.Del("Sec-Fetch-Site")
	}
	require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, "/account/profile/phone", url.Values{}).Status)
	v.see("/account", julie)
}

// FL-01, WP-08: the pages of an account are for whoever is signed in, and no browser
// keeps them.
func TestAccountPagesArePersonal(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	pages := []string{
		"/account", "/account/profile", "/account/profile/phone", "/account/preferences", "/account/login-address", "/account/password",
		"/prove?return=/account", "/prove/code",
	}
	nobody, half, v := visit(t, a), visit(t, a), visit(t, a)
	half.halfway(pauline, demoPassword)
	v.enter(julie, demoPassword)
	for _, page := range pages {
		require.Equal(t, "/sign-in", nobody.see(page).Path)
		require.Equal(t, "/sign-in/second-step", half.see(page).Path)
		require.Equal(t, "no-store", v.see(page).Header.Get("Cache-Control"), page)
	}
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, "/account/profile/login", nil).Status)
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, "/account/profile/stamp", nil).Status)
}

// A proof that is too old leads to the password and a code, and back to one of our
// pages only, with what was typed.
func TestStaleProofIsRenewed(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	cookie := v.cookie().Value
	v.see("/account/login-address", "Nouvelle adresse")
	clock.pass(account.Guide2024().FreshProof)
	v.send("/account/login-address", "address", "julie@elsewhere.example", "step", "preview")
	require.Equal(t, "/prove?return=%2Faccount%2Flogin-address", v.last.Path)
	v.send("/prove", "return", "/account/login-address", "password", "Wrong-Password-2026")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, "pas votre mot de passe")
	before := v.mails()
	v.send("/prove", "return", "/account/login-address", "password", demoPassword)
	require.Equal(t, "/prove/code", v.last.Path)
	v.send("/prove/code", "code", "nonono")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	v.send("/account/login-address", "address", "julie@elsewhere.example", "step", "confirm")
	require.Contains(t, v.last.Path, "/prove?", "a wrong code proves nothing")
	v.see("/prove/code")
	code := v.code(julie, before)
	v.send("/prove/code", "code", code)
	require.Equal(t, "/account/login-address", v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, `value="julie@elsewhere.example"`)
	require.NotEqual(t, cookie, v.cookie().Value, "the session goes on under another name")
	v.send("/account/login-address", "address", "julie@elsewhere.example", "step", "confirm")
	require.Contains(t, v.last.Body, "Changement en cours")
}

func TestProofLeadsOnlyToOurPages(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	evil := []string{"https://evil.example", "//evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)", "evil.example", ""}
	v.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, to := range evil {
		require.Equal(t, http.StatusSeeOther, v.do(http.MethodGet, "/prove?"+url.Values{"return": {to}}.Encode(), nil).Status)
		require.Equal(t, "/account", v.last.Header.Get("Location"), to)
	}
	clock.pass(account.Guide2024().FreshProof)
	for i, to := range evil[:2] {
		v.see("/prove?" + url.Values{"return": {to}}.Encode())
		require.Contains(t, v.last.Body, `name="return" value="/account"`)
		before := v.mails()
		v.send("/prove", "return", to, "password", demoPassword)
		v.see("/prove/code")
		code := v.code(julie, before)
		v.send("/prove/code", "code", code)
		require.Equal(t, http.StatusSeeOther, v.last.Status, "%d %s", i, v.last.Body)
		require.Equal(t, "/account", v.last.Header.Get("Location"), to)
		clock.pass(account.Guide2024().FreshProof)
	}
}

// RP-20, R-054: after a new password every other session is over, and so is the cookie
// that this one had.
func TestNewPasswordEndsSessions(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v, other, stolen := visit(t, a), visit(t, a), visit(t, a)
	v.enter(julie, demoPassword)
	other.enter(julie, demoPassword)
	stolen.client.Jar.SetCookies(stolen.origin(), []*http.Cookie{v.cookie()})
	require.Equal(t, "/account", stolen.see("/account", julie).Path)

	v.see("/account/password")
	v.send("/account/password", "current", "Wrong-Password-2026", "password", otherPassword, "confirmation", otherPassword)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#current"`)
	v.send("/account/password", "current", demoPassword, "password", "court", "confirmation", "long")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	for _, rule := range []string{"12\u00a0caractères", "majuscule", "numérique", "spécial"} {
		require.Contains(t, v.last.Body, rule)
	}
	require.Contains(t, v.last.Body, `href="#confirmation"`)
	require.NotContains(t, v.last.Body, "court")
	require.NotContains(t, v.last.Body, demoPassword)
	v.send("/account/password", "current", demoPassword, "password", otherPassword, "confirmation", otherPassword)
	require.Equal(t, "/account", v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, "Votre mot de passe est changé")
	require.Equal(t, "/account", v.see("/account").Path, "this browser stays signed in")
	require.Equal(t, "/sign-in", other.see("/account").Path)
	require.Equal(t, "/sign-in", stolen.see("/account").Path)
	fresh := visit(t, a)
	fresh.enter(julie, otherPassword)
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

// BF-05: the budget of a source is that of the connection, whatever headers say.
func TestForgedSourcesShareOneBudget(t *testing.T) {
	t.Parallel()
	sources, err := mfa.NewMemorySources(mfa.SourcePolicy{Failures: 3})
	require.NoError(t, err)
	a := start(t, func(c *config) { c.Sources = sources })
	v := visit(t, a)
	for i, from := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
		for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "True-Client-Ip"} {
			v.header.Set(name, from)
		}
		v.see("/sign-in")
		v.send("/sign-in", "login", string(rune('a'+i))+"@terneuil.example", "password", "Wrong-Password-2026")
	}
	v.header.Set("X-Forwarded-For", "192.0.2.9")
	v.see("/sign-in")
	v.send("/sign-in", "login", julie, "password", demoPassword)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, "the right password is refused, too")
}

// EN-06: asking for an address tells nothing about whether somebody else has it, at the
// preview, at the confirmation, or on the page that waits.
func TestTakenLoginAddressIsNotTold(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	ask := func(address string) (out []answer) {
		t.Helper()
		v.see("/account/login-address")
		out = append(out, v.send("/account/login-address", "address", address, "step", "preview"))
		require.Equal(t, http.StatusOK, v.last.Status)
		out = append(out, v.send("/account/login-address", "address", address, "step", "confirm"))
		require.Equal(t, "/account/login-address", v.last.Path)
		out = append(out, v.see("/account/login-address", address))
		v.send("/account/login-address/cancel")
		require.Contains(t, v.last.Body, "est annulé")
		clock.pass(2 * time.Minute)
		for i := range out {
			out[i].Body = strings.ReplaceAll(out[i].Body, address, "ADDRESS")
		}
		return out
	}
	taken, free := ask(pauline), ask("x"+pauline[1:])
	for i := range taken {
		requireSame(t, taken[i], free[i], "", "")
	}
}

// BF-17: wrong passwords are delayed wherever one is asked for, and the form says so.
func TestWrongPasswordsAreDelayedInTheAccount(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	v.see("/account/password")
	for range account.PasswordThrottle().Free {
		v.send("/account/password", "current", "Wrong-Password-2026", "password", otherPassword, "confirmation", otherPassword)
		require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	}
	v.send("/account/password", "current", demoPassword, "password", otherPassword, "confirmation", otherPassword)
	require.Equal(t, http.StatusTooManyRequests, v.last.Status)
	require.Contains(t, v.last.Body, "Trop de tentatives")
	clock.pass(account.Guide2024().FreshProof)
	for range account.PasswordThrottle().Free {
		v.see("/prove")
		v.send("/prove", "password", "Wrong-Password-2026")
	}
	v.send("/prove", "password", demoPassword)
	require.Equal(t, http.StatusTooManyRequests, v.last.Status)
	require.Contains(t, v.last.Body, "Trop de tentatives")
}

// A flood of sign-ins is told to come back later, and what was typed stays.
func TestBusyPortalSaysSo(t *testing.T) {
	t.Parallel()
	require.Equal(t, http.StatusServiceUnavailable, statusOf(account.ErrBusy))
	require.Equal(t, http.StatusServiceUnavailable, statusOfForm(account.ErrBusy))
	require.Equal(t, http.StatusTooManyRequests, statusOfForm(account.ErrThrottled))
	require.Equal(t, http.StatusUnprocessableEntity, statusOfForm(account.ErrInvalidCredentials))
}

// mails that come back are told to whoever is signed in, with where to change
// the address.
func TestUndeliverableAddressIsTold(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	require.NotContains(t, v.see("/").Body, "nous reviennent")
	require.NoError(t, a.h.Accounts.MarkUndeliverable(t.Context(), account.System(), julie))
	for _, page := range []string{"/", "/account"} {
		v.see(page, "nous reviennent", `href="/account/login-address"`)
	}
	require.NotContains(t, v.see("/account/password").Body, "nous reviennent")
}

// the block is saved as a whole or not at all, a single
// field by itself; what was typed stays after an error.
func TestProfileIsKept(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	v.see("/account/profile")
	v.send("/account/profile", "givenName", "", "familyName", "Bon-Pierre", "contactEmail", "nowhere", "phone", "12", "address.country", "FR", "address.postcode", "7500")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	for _, field := range []string{"givenName", "contactEmail", "phone", "address.postcode"} {
		require.Contains(t, v.last.Body, `href="#`+field+`"`)
	}
	require.Contains(t, v.last.Body, `value="Bon-Pierre"`)
	require.Contains(t, v.see("/account").Body, "<dd>Bon</dd>")

	v.see("/account/profile/phone")
	v.send("/account/profile/phone", "phone", "01 49 96 10 12")
	require.Equal(t, "/account", v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, "01 49 96 10 12")
	v.see("/account/profile/phone")
	v.send("/account/profile/phone", "phone", "01 49 96 10 12")
	require.Contains(t, v.last.Body, "Rien n’a changé")
	v.see("/account/profile/address")
	v.send("/account/profile/address", "address.street", "1 rue du Port", "address.postcode", "75001", "address.town", "Paris", "address.country", "FR")
	require.Contains(t, v.last.Body, "75001 Paris")
	require.Contains(t, v.last.Body, "France")

	before := v.mails()
	v.see("/account/profile/contactEmail")
	v.send("/account/profile/contactEmail", "contactEmail", "contact@terneuil.example")
	require.Contains(t, v.last.Body, "nouvelle adresse de contact")
	for _, to := range []string{julie, "contact@terneuil.example"} {
		v.arrived(before, func(m notify.Email) string {
			if m.To != to {
				return ""
			}
			return m.Subject
		})
	}
	v.see("/account/profile/address")
	v.send("/account/profile/address", "address.street", "", "address.country", "FR")
	require.NotContains(t, v.last.Body, "France", "an empty address has no country either")
}

// preferences follow at once.
func TestPreferencesAreFollowed(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	v.see("/account/preferences", `<html lang="fr">`)
	conditions := v.find(`name="conditions" value="([^"]+)"`)
	v.send("/account/preferences", "language", "de", "accessibility", "yes")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `value="yes" aria-describedby="accessibility-hint" checked`)
	v.send("/account/preferences", "language", "en", "accessibility", "yes", "survey", "yes", "conditions", "0")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, "other conditions")
	v.send("/account/preferences", "language", "en", "accessibility", "yes", "survey", "yes", "conditions", conditions)
	require.Equal(t, "/account", v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, `<html lang="en" class="large">`)
	require.Contains(t, v.last.Body, "Your changes are saved.")
	require.Contains(t, v.last.Body, "agreed on")
	v.see("/account/preferences")
	v.send("/account/preferences", "language", "fr", "conditions", conditions)
	require.Contains(t, v.last.Body, `<html lang="fr">`)
	require.Contains(t, v.last.Body, "pas d’accord donné")
}

// WP-09: no secret of a mailed link gets into the log.
func TestSecretsOfLinksStayOutOfTheLog(t *testing.T) {
	t.Parallel()
	log := &waitingBuffer{want: "/password/new", seen: make(chan struct{})}
	a := start(t, func(c *config) { c.Log = slog.New(slog.NewTextHandler(log, nil)) })
	v := visit(t, a)
	path := v.reset(julie)
	v.see(path)
	v.send("/password/new", "password", "abc", "confirmation", "abc")
	_, token, _ := strings.Cut(path, "token=")
	require.Contains(t, log.String(), "/password/new")
	require.NotContains(t, log.String(), token)
	require.NotContains(t, log.String(), "abc")
}
