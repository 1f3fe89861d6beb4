package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// lockedBuffer is a log that a test reads while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var seenField = regexp.MustCompile(`name="seen" value="([^"]+)"`)

// close closes the account of a visitor who is principal manager of nothing.
func (v *visitor) close() {
	v.t.Helper()
	v.see("/account/deactivate")
	seen := v.find(seenField.String())
	v.send("/account/deactivate", "seen", seen, "confirmed", "yes", "way", "all")
	require.Equal(v.t, http.StatusOK, v.last.Status, v.last.Body)
	v.send("/account/deactivate", "seen", seen, "confirmed", "yes", "way", "all", "step", "confirm")
	require.Equal(v.t, "/account/deactivated", v.last.Path, v.last.Body)
}

// found makes somebody principal manager of one more structure.
func found(t *testing.T, a *app, siret, name, login string) structure.ID {
	t.Helper()
	st, err := a.h.Structures.Create(t.Context(), account.Support("TEST-1"), structure.Creation{
		Identifier: structure.SIRET(siret), LegalName: name, Type: structure.Public, Postcode: "57000", Town: "Terneuil", Principal: idOf(t, a, login),
	})
	require.NoError(t, err)
	return st.ID
}

// ML-13: looking changes nothing, the box must be ticked, the next
// page tells who is told, and only the last button closes the account.
func TestDeactivationIsConfirmed(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, hubert)
	v.see("/account/deactivate", "CCAS Terneuil", "Désactiver mes accès")
	seen := v.find(seenField.String())
	v.send("/account/deactivate", "seen", seen, "way", "all", "step", "confirm")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#confirmed"`)
	v.send("/account/deactivate", "seen", seen, "confirmed", "yes", "way", "all")
	require.Contains(t, v.last.Body, "Voulez-vous vraiment")
	require.Contains(t, v.last.Body, "Compte désactivé → "+hubert)
	v.send("/account/deactivate", "seen", seen, "confirmed", "yes", "way", "all", "step", "change")
	require.Contains(t, v.last.Body, `value="yes" checked`)
	v.send("/account/deactivate", "seen", "x", "confirmed", "yes", "way", "all", "step", "confirm")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, "what was shown has changed")
	v.see("/account/memberships")
	require.Equal(t, "/account/memberships", v.last.Path, "nothing has happened yet")

	v.close()
	require.Contains(t, v.last.Body, "Votre compte est désactivé")
	require.Equal(t, "/sign-in", v.see("/").Path)
	v.see("/account/deactivated", "réactiver jusqu’au")
	require.Equal(t, "/sign-in", visit(t, a).see("/account/deactivated").Path, "another browser learns nothing")
	v.see("/sign-in")
	v.send("/sign-in", "login", hubert, "password", demoPassword)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
}

// one successor for all structures, or one for each; whoever cannot be
// it is named at the field.
func TestDeactivationNamesSuccessors(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	second := found(t, a, "21750001600019", "Mairie de Terneuil", pauline)
	first, _ := ccas(t, a)
	v := signedIn(t, a, pauline)
	v.see("/account/deactivate", "Mairie de Terneuil", "CCAS Terneuil", "26570134200148")
	form := []string{"seen", v.find(seenField.String()), "confirmed", "yes"}
	try := func(more ...string) answer {
		return v.send("/account/deactivate", append(append([]string{}, form...), more...)...)
	}
	require.Equal(t, http.StatusUnprocessableEntity, try("way", "all", "successorForAll", "").Status)
	require.Contains(t, v.last.Body, `href="#chosenForAll"`)
	try("way", "all", "successorForAll", "nobody@terneuil.example")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `value="nobody@terneuil.example"`)
	require.Equal(t, http.StatusUnprocessableEntity, try("way", "all", "successorForAll", pauline).Status, "not oneself")
	try("way", "each", heirField(first), hubert)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#`+heirField(second)+`"`)
	require.Contains(t, v.last.Body, `value="`+hubert+`"`)

	try("way", "each", heirField(first), hubert, heirField(second), julie)
	require.Equal(t, http.StatusOK, v.last.Status, v.last.Body)
	require.Contains(t, v.last.Body, "Nouveau gestionnaire principal → "+julie)
	require.Contains(t, v.last.Body, "Nouveau gestionnaire principal → "+hubert)
	try("way", "each", heirField(first), hubert, heirField(second), julie, "step", "confirm")
	require.Equal(t, "/account/deactivated", v.last.Path, v.last.Body)
	for id, who := range map[structure.ID]string{first: hubert, second: julie} {
		list, err := a.h.Structures.Technicals(t.Context(), account.Person(idOf(t, a, who)), id)
		require.NoError(t, err, "only the principal manager may")
		require.Empty(t, list)
	}
}

// EN-08: the answer to whoever asks for an account back is the same for every address.
func TestReactivationAnswersAlike(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	signedIn(t, a, hubert).close()
	var answers []answer
	cookies := regexp.MustCompile(`value="[A-Z0-9]{26}"`)
	for _, login := range []string{hubert, julie, "unknown@terneuil.example"} {
		v := visit(t, a)
		v.see("/reactivate")
		got := v.send("/reactivate", "login", login)
		require.Equal(t, "/reactivate/sent", got.Path)
		got.Body = cookies.ReplaceAllString(strings.ReplaceAll(got.Body, login, "LOGIN"), "")
		got.Body = regexp.MustCompile(`\d\d:\d\d`).ReplaceAllString(got.Body, "")
		for _, name := range []string{"Date", "X-Request-Id", "Set-Cookie", "Content-Length"} {
			got.Header.Del(name)
		}
		answers = append(answers, got)
	}
	require.Equal(t, answers[0], answers[1])
	require.Equal(t, answers[0], answers[2])
	v := visit(t, a)
	v.see("/reactivate")
	v.send("/reactivate", "login", "no address")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `value="no address"`)
}

// ML-13, WP-09: opening the link that brings an account back does nothing, and its
// secret stays neither in the address nor in the log nor in the page.
func TestComingBack(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	a := start(t, func(c *config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	signedIn(t, a, hubert).close()
	v := visit(t, a)
	v.see("/reactivate")
	v.send("/reactivate", "login", hubert)
	link := v.arrived(0, func(m notify.Email) string {
		if m.To != hubert || m.Template != notify.MailReactivation {
			return ""
		}
		return linkInMail.FindString(m.Text)
	})
	path := strings.TrimPrefix(link, v.base)
	token := path[strings.Index(path, "=")+1:]
	for range 3 {
		scanner := visit(t, a)
		scanner.see(path)
		require.Equal(t, http.StatusOK, scanner.do(http.MethodHead, path, nil).Status)
	}
	v.see(path)
	require.Equal(t, "/reactivate/password", v.last.Path)
	require.Equal(t, "no-referrer", v.last.Header.Get("Referrer-Policy"))
	require.NotContains(t, v.last.Body, token)
	v.send("/reactivate/password", "password", "abc", "confirmation", "abd")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	v.send("/reactivate/password", "password", demoPassword, "confirmation", demoPassword)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, "not the former password")
	v.send("/reactivate/password", "password", goodPassword, "confirmation", goodPassword)
	require.Equal(t, "/sign-in", v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, "réactivé")
	require.NotContains(t, log.String(), token)

	again := visit(t, a)
	require.Equal(t, "/sign-in", again.see(path).Path, "it works once")
	require.Contains(t, again.last.Body, "déjà été utilisé")
	back := visit(t, a)
	back.enter(hubert, goodPassword)
	back.see("/account/memberships", "CCAS Terneuil")
	bad := visit(t, a)
	require.Equal(t, "/reactivate", bad.see("/reactivate?token=nonsense").Path)
	require.Contains(t, bad.last.Body, "plus valable")
}

// whoever cannot sign in reaches support, once in a while.
func TestSupportIsReachable(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, nil))
	v.see("/support")
	v.send("/support", "login", "x", "text", "")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#text"`)
	v.send("/support", "login", "lost@terneuil.example", "text", "Bonjour,\r\nje ne reçois plus le code.")
	require.Equal(t, "/support", v.last.Path)
	require.Contains(t, v.last.Body, "transmise")
	require.Contains(t, v.mail(fictionalDesk), "je ne reçois plus le code.")

	without := visit(t, start(t, func(c *config) { c.SMTP, c.Mailer = "127.0.0.1:1", notify.NewInbox() }))
	require.Equal(t, http.StatusNotFound, without.do(http.MethodGet, "/support", nil).Status)
	require.NotContains(t, without.see("/sign-in").Body, `href="/support"`)
}

// EN-07: somebody else fills in the form, and the person accepts the
// conditions with the activation.
func TestAccountsForOthers(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := ccas(t, a)
	path := "/structures/" + string(id) + "/people/new"
	require.Equal(t, http.StatusNotFound, signedIn(t, a, julie).do(http.MethodGet, path, nil).Status)
	require.Equal(t, http.StatusForbidden, signedIn(t, a, hubert).do(http.MethodGet, path, nil).Status)
	boss := signedIn(t, a, pauline)
	boss.see("/", path)
	boss.see(path)
	boss.send(path, "login", "x", "givenName", "Nora")
	require.Equal(t, http.StatusUnprocessableEntity, boss.last.Status)
	require.Contains(t, boss.last.Body, `value="Nora"`)
	told := func(login string) string {
		boss.see(path)
		boss.send(path, "login", login, "givenName", "Nora", "familyName", "New", "language", "fr")
		require.Equal(t, path, boss.last.Path, boss.last.Body)
		text := strings.ReplaceAll(boss.find(`role="status">(?:<svg.*</svg>)?<p>([^<]+)</p>`), login, "LOGIN")
		return regexp.MustCompile(`\d\d:\d\d`).ReplaceAllString(text, "")
	}
	require.Equal(t, told("nora@terneuil.example"), told(julie), "whether there is an account is nobody's business")

	v := visit(t, a)
	link := strings.TrimPrefix(linkInMail.FindString(v.mail("nora@terneuil.example")), v.base)
	v.see(link, "Quelqu’un a ouvert ce compte pour vous")
	v.send("/activate", "password", goodPassword, "confirmation", goodPassword)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#acceptConditions"`)
	v.send("/activate", "password", "a", "confirmation", "b")
	require.Contains(t, v.last.Body, `href="#acceptConditions"`)
	require.Contains(t, v.last.Body, `href="#confirmation"`)
	v.send("/activate", "password", goodPassword, "confirmation", goodPassword, "acceptConditions", "yes")
	require.Equal(t, "/sign-in", v.last.Path, v.last.Body)
	require.Equal(t, "/sign-in", v.see(link).Path, "it works once")
	v.enter("nora@terneuil.example", goodPassword)
}

// the link can be asked for again; the answer is the same for every address.
func TestActivationIsResent(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, nil))
	for _, login := range []string{julie, "unknown@terneuil.example"} {
		v.see("/activate/resend")
		v.send("/activate/resend", "login", login)
		require.Equal(t, "/activate/resend", v.last.Path)
		require.Contains(t, v.last.Body, "Si un compte attend son activation à l’adresse "+login)
	}
	require.Equal(t, "/activate/resend", v.see("/activate?token=nonsense").Path)
}

// WP-01: no form of the pages that end and reopen accounts is taken from another site.
func TestForgedFarewellsAreRefused(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := ccas(t, a)
	v := signedIn(t, a, pauline)
	v.see("/")
	good := url.Values{"token": {v.find(`name="token" value="([^"]+)"`)}, "step": {"confirm"}, "confirmed": {"yes"}}
	at := "/structures/" + string(id)
	for _, path := range []string{
		"/account/deactivate", "/account/attachments/several", "/account/attachments/x", "/account/attachments/x/delete",
		"/activate/resend", "/reactivate", "/reactivate/password", "/support", at + "/people/new", at + "/technical/new",
		at + "/technical/x/reset", at + "/technical/x/close",
	} {
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, url.Values{}).Status, "no token: %s", path)
		require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, url.Values{"token": {"x"}}).Status, "wrong token: %s", path)
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
			v.header.Set(header, value)
			require.Equal(t, http.StatusForbidden, v.do(http.MethodPost, path, good).Status, "%s %s", header, path)
			v.header.Del(header)
		}
	}
	require.Equal(t, "/account/memberships", v.see("/account/memberships").Path, "nobody left")
}

// FL-01: neither a stranger nor half a sign-in opens these pages.
func TestNewPagesNeedAWholeSignIn(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := ccas(t, a)
	at := "/structures/" + string(id)
	nobody, half := visit(t, a), visit(t, a)
	half.halfway(pauline, demoPassword)
	for _, path := range []string{
		"/account/attachments", "/account/attachments/new", "/account/attachments/x", "/account/attachments/x/content", "/account/attachments/several",
		"/account/deactivate", at + "/people/new", at + "/technical", at + "/technical/new", at + "/technical/x/reset", at + "/technical/x/close",
	} {
		require.Equal(t, "/sign-in", nobody.see(path).Path)
		require.Equal(t, "/sign-in/second-step", half.see(path).Path)
	}
}
