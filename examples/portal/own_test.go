package main

import (
	"crypto/rand"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

const otherPassword = "Un-autre-secret-2027"

// ahead is a clock that can be put forward.
type ahead struct{ by atomic.Int64 }

func (a *ahead) now() time.Time          { return time.Now().Add(time.Duration(a.by.Load())) }
func (a *ahead) pass(d time.Duration)    { a.by.Add(int64(d)) }
func (a *ahead) config(c *config)        { c.Now = a.now }
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

// WP-01: a form that is sent once the session is over is not called a forgery: it leads to
// signing in, which says that nothing was done and comes back to the page.
func TestFormsAfterTheSessionLeadToSigningIn(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	const phone = "/account/profile/phone"
	for name, end := range map[string]func(*visitor){
		"expired": func(v *visitor) {
			var err error
			v.client.Jar, err = cookiejar.New(nil)
			require.NoError(t, err)
		},
		"ended": func(*visitor) {
			require.NoError(t, a.h.Accounts.SignOutEverywhere(t.Context(), account.Person(idOf(t, a, julie))))
		},
	} {
		v := signedIn(t, a, julie)
		v.see(phone)
		end(v)
		require.Equal(t, "/sign-in", v.send(phone, "phone", "01 99 00 56 78").Path, name)
		require.Contains(t, v.last.Body, "votre envoi n’a pas été traité", name)
		before := v.mails()
		v.send("/sign-in", "login", julie, "password", demoPassword)
		require.Equal(t, phone, v.send("/sign-in/second-step", "code", v.code(julie, before)).Path, name)
		require.NotContains(t, v.last.Body, "01 99 00 56 78", name)
	}
}

// WP-01: a form of a page that is open to everybody comes back as it was typed, without the
// password and with a new token, once the session of the page is over; nothing is done.
func TestOpenFormsComeBackAfterTheSession(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	told := func(login string) bool {
		_, err := a.h.Drain(t.Context())
		require.NoError(t, err)
		return slices.ContainsFunc(a.portal.mailbox.All(), func(m notify.Email) bool { return strings.Contains(m.To+m.Text, login) })
	}
	const login = "lured@terneuil.example" // another one each time
	for path, typed := range map[string][]string{
		"/sign-in":            {"login", login, "password", "Secret-2026-typed"},
		"/register":           {"login", login, "givenName", "Nora", "familyName", "Neuf", "language", "en", "acceptConditions", "yes"},
		"/password/forgotten": {"login", login},
		"/support":            {"login", login, "text", "Plus de téléphone."},
		"/activate/resend":    {"login", login},
		"/reactivate":         {"login", login},
	} {
		for name, end := range map[string]func(*visitor){
			"no session":        func(*visitor) {},
			"another since":     func(v *visitor) { v.do(http.MethodGet, path, nil) },
			"another, half way": func(v *visitor) { v.halfway(julie, demoPassword) },
		} {
			v, typed := visit(t, a), slices.Clone(typed)
			typed[1] = strings.ToLower(rand.Text()) + "@terneuil.example"
			stale := v.see(path)
			var err error
			v.client.Jar, err = cookiejar.New(nil)
			require.NoError(t, err)
			end(v)
			v.last = stale
			got := v.send(path, typed...)
			require.Equal(t, http.StatusForbidden, got.Status, "%s %s", path, name)
			require.Equal(t, path, got.Path)
			require.Contains(t, got.Body, "ouverte trop longtemps", "%s %s", path, name)
			for i := 1; i < len(typed); i += 2 {
				shown := strings.Contains(got.Body, `value="`+typed[i]+`"`) || strings.Contains(got.Body, ">"+typed[i]+"</textarea>")
				require.Equal(t, typed[i-1] != "password", shown, "%s of %s", typed[i-1], path)
			}
			require.False(t, told(typed[1]), "nothing was done: %s", path)
			require.NotEqual(t, http.StatusForbidden, v.send(path, typed...).Status, "the page that comes back works: %s", path)
			require.NotContains(t, v.last.Body, "ouverte trop longtemps")
		}
	}
	v := visit(t, a)
	require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, "/reactivate?token=x", url.Values{}).Status)
	require.NotContains(t, v.last.Body, "ouverte trop longtemps", "an address with a secret is no page of ours")
	v.header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, "/sign-in", url.Values{"login": {login}}).Status)
	require.NotContains(t, v.last.Body, login, "what another site sends is not shown")
}

// WP-01: the buttons of the header do nothing either once the session is over, but lead to a
// page that works and not to an error; signed in, they are refused without a token.
func TestHeaderAfterTheSession(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	for path, leads := range map[string]struct{ form, to string }{
		"/sign-out": {"", "/sign-in"}, "/language": {"/account/photo", "/sign-in"}, "/language?x=1": {"", ""},
	} {
		v := signedIn(t, a, julie)
		v.see("/account/photo")
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, url.Values{"token": {"x"}}).Status, path)
		v.see("/account/photo")
		var err error
		v.client.Jar, err = cookiejar.New(nil)
		require.NoError(t, err)
		got := v.send(path, "lang", "en", "here", leads.form)
		if leads.to == "" {
			require.Equal(t, http.StatusForbidden, got.Status)
			continue
		}
		require.Equal(t, leads.to, got.Path)
		require.Contains(t, got.Body, "Votre session est terminée")
		require.Contains(t, got.Body, `<html lang="fr">`, "nothing was done")
	}
	v := visit(t, a)
	require.Equal(t, "/sign-in", v.do(http.MethodPost, "/language", url.Values{"here": {"//evil.example"}}).Path)
}

// What is left empty at sign-in is named, and counts as no wrong password.
func TestSignInNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, nil))
	v.see("/sign-in")
	for range account.Guide2024().Credentials.Password.Free + 1 {
		require.Equal(t, http.StatusUnprocessableEntity, v.send("/sign-in", "login", julie).Status)
		require.Contains(t, v.last.Body, `href="#password"`)
		require.NotContains(t, v.last.Body, `href="#login"`)
		require.Contains(t, v.last.Body, `value="`+julie+`"`)
	}
	v.send("/sign-in")
	require.Contains(t, v.last.Body, `href="#login"`)
	v.enter(julie, demoPassword)
}
