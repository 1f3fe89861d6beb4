package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
)

// startNamed starts a portal under the name of this machine, where browsers offer keys. It
// asks for a key's owner to be verified, so that a browser may lie about that.
func startNamed(t *testing.T, change func(*mfa.KeyPolicy)) *app {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	a, err := open(t.Context(), config{
		DB: inMemory, Demo: true, Hashing: cheap(), Log: slog.New(slog.DiscardHandler), Base: "http://localhost:" + port,
		Keys: func(p *mfa.KeyPolicy) {
			p.Verification = mfa.VerificationRequired
			if change != nil {
				change(p)
			}
		},
	}, l.Addr())
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

// keyTab is a tab that has a security key plugged in, and runs scripts.
type keyTab struct {
	*tab
	key webauthn.AuthenticatorID
}

// ask sends a command to the browser.
func ask[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, func(ctx context.Context, target *chromedp.Target) (R, error) {
		return cdp.Call(ctx, target, command, params)
	})
	require.NoError(b.t, err)
	return out
}

func newKeyTab(browser context.Context, t *testing.T, base string) *keyTab {
	t.Helper()
	b := newTab(browser, t, base, "fr")
	b.do(scripts(true))
	ask(b, webauthn.Enable, webauthn.EnableParams{})
	added := ask(b, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportUsb,
		HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	return &keyTab{b, added.AuthenticatorID}
}

// become makes the key plugged in a copy of one, which counts on from a number. The
// protocol's own type sends along what this kind of key does not have.
func (k *keyTab) become(c *webauthn.Credential, counter float64) {
	k.t.Helper()
	ask(k.tab, webauthn.ClearCredentials, webauthn.ClearCredentialsParams{AuthenticatorID: k.key})
	add := cdp.Command[map[string]any, cdp.Empty]{Method: webauthn.CommandAddCredential}
	ask(k.tab, add, map[string]any{"authenticatorId": k.key, "credential": map[string]any{
		"credentialId": c.CredentialID, "isResidentCredential": false, "rpId": c.RpID, "privateKey": c.PrivateKey, "signCount": counter,
	}})
}

// reads waits until the page has a text: a script brings it there.
func (k *keyTab) reads(texts ...string) {
	k.t.Helper()
	for _, text := range texts {
		require.Eventually(k.t, func() bool {
			ctx, cancel := context.WithTimeout(k.ctx, patience)
			defer cancel()
			shown, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
			return err == nil && strings.Contains(shown, text)
		}, patience, 50*time.Millisecond, text)
	}
}

// goes opens a page, and waits for texts.
func (k *keyTab) goes(path string, texts ...string) {
	k.t.Helper()
	k.do(chromedp.Navigate(k.base + path))
	k.reads(texts...)
}

// clicks presses something, and waits for texts.
func (k *keyTab) clicks(selector string, texts ...string) {
	k.t.Helper()
	k.do(chromedp.Click(chromedp.CSS(selector)))
	k.reads(texts...)
}

// password gives address and password, and waits for texts.
func (k *keyTab) password(texts ...string) {
	k.t.Helper()
	k.goes("/sign-in", "Se connecter")
	k.fill("login", julie)
	k.fill("password", demoPassword)
	k.clicks("main button.main", texts...)
}

const touch = "[data-ask] button"

// FL-19, RP-18: a key is added in a browser and signs in there; an answer from
// another origin, without its owner, or of a copy does not.
func TestKeysInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	browser := chromium(t)
	a := startNamed(t, nil)
	v := visit(t, a) // reads the mails
	k := newKeyTab(browser, t, a.portal.base.String())

	before := len(a.portal.mailbox.All())
	k.password("Saisir le code")
	k.fill("code", v.code(julie, before))
	k.clicks("main button.main", "Bonjour")
	k.goes(keysPath, "Vous n’avez pas encore de clé")
	k.shoot("keys-01-none-fr")
	k.clicks("main button.main", "Branchez ou approchez")
	k.shoot("keys-02-new-fr")
	k.fill("label", "Clé bleue")
	k.clicks(touch, "La clé «\u00a0Clé bleue\u00a0» est enregistrée", "Jamais")
	k.shoot("keys-03-list-fr")
	k.clicks("main button.main", "Branchez ou approchez")
	k.clicks(touch, "déjà enregistrée")
	k.shoot("keys-04-known-fr")

	// It is asked for at the next sign-in, and proves who it is.
	signOut := func() { k.clicks(`header.top form[action="/sign-out"] button`, "Vous êtes déconnecté") }
	signOut()
	k.password("Utiliser votre clé de sécurité", "Recevoir un code sur ma messagerie")
	k.shoot("keys-05-second-step-fr")
	k.special("keys-05-second-step")
	k.clicks(`button[name=lang][value=en]`, "Use your security key")
	k.shoot("keys-05-second-step-en")
	k.clicks(`button[name=lang][value=fr]`, "Utiliser votre clé")
	k.clicks(touch, "Bonjour")
	k.goes(keysPath, "Clé bleue")
	k.clicks("main table a", "Renommer")
	k.shoot("keys-06-one-fr")

	// An answer of which the owner was not verified, though the browser says so.
	signOut()
	k.password("Utiliser votre clé de sécurité")
	yes := true
	ask(k.tab, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: k.key, IsBadUV: &yes})
	k.clicks(touch, "La clé de sécurité n’a pas été reconnue")
	k.shoot("keys-07-refused-fr")
	ask(k.tab, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: k.key})
	k.clicks(touch, "Bonjour")

	// A key whose owner it cannot verify does not answer at all.
	signOut()
	k.password("Utiliser votre clé de sécurité")
	ask(k.tab, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.key})
	k.clicks(touch, "La clé n’a pas répondu")
	k.shoot("keys-08-failed-fr")
	ask(k.tab, webauthn.SetUserVerified, webauthn.SetUserVerifiedParams{AuthenticatorID: k.key, IsUserVerified: true})
	k.clicks(touch, "Bonjour")

	// A copy of the key, which counts from where it was copied.
	signOut()
	stored := ask(k.tab, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: k.key}).Credentials
	require.Len(t, stored, 1)
	k.become(stored[0], stored[0].SignCount-1)
	k.password("Utiliser votre clé de sécurité")
	k.clicks(touch, "La clé de sécurité n’a pas été reconnue")
	require.Equal(t, "found", v.arrived(0, func(m notify.Email) string {
		if m.To == julie && strings.Contains(m.Subject, "peut-être été copiée") {
			return "found"
		}
		return ""
	}))
	k.become(stored[0], stored[0].SignCount+5)
	k.clicks(touch, "Bonjour")

	// The same pages under an origin that is not in the list.
	signOut()
	elsewhere := httptest.NewUnstartedServer(a.portal.handler())
	elsewhere.Start()
	defer elsewhere.Close()
	here := k.base
	k.base = strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1)
	k.password("Utiliser votre clé de sécurité")
	k.clicks(touch, "La clé de sécurité n’a pas été reconnue")
	k.base = here

	// Another way, without a script; then the key is removed.
	k.password("Utiliser votre clé de sécurité")
	before = len(a.portal.mailbox.All())
	k.clicks(`button[name=way][value=mail_code]`, "Saisir le code", "Utiliser une clé de sécurité")
	k.shoot("keys-09-other-way-fr")
	k.fill("code", v.code(julie, before))
	k.clicks("main button.main", "Bonjour")
	k.goes(keysPath, "Clé bleue")
	k.clicks("main table a", "Renommer")
	k.clicks(`form[action$="/remove"] button`, "est supprimée", "Vous n’avez pas encore de clé")
	list, err := a.h.SignIns.ListFactors(t.Context(), account.Person(idOf(t, a, julie)))
	require.NoError(t, err)
	require.Len(t, list, 2)
}

// plugged registers a key of software for somebody.
func plugged(t *testing.T, a *app, login string) {
	t.Helper()
	by := account.Person(idOf(t, a, login))
	by.ProvenAt = time.Now()
	begun, err := a.h.SignIns.BeginKey(t.Context(), by)
	require.NoError(t, err)
	options, err := virtualwebauthn.ParseAttestationOptions(string(begun.Options))
	require.NoError(t, err)
	key := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA)
	response := virtualwebauthn.CreateAttestationResponse(
		virtualwebauthn.RelyingParty{ID: "localhost", Origin: a.portal.base.String()}, virtualwebauthn.NewAuthenticator(), key, *options)
	_, err = a.h.SignIns.FinishKey(t.Context(), by, mfa.KeyAnswer{Enrolment: begun.ID, Response: []byte(response)})
	require.NoError(t, err)
}

// FL-01, FL-02, WP-13: where a key is asked for, nothing else opens a page; without a script
// the page says so and leads another way.
func TestAKeyIsAskedForWithoutAScript(t *testing.T) {
	t.Parallel()
	a := startNamed(t, nil)
	plugged(t, a, julie)
	v := visit(t, a)
	v.base = a.portal.base.String()
	v.see("/sign-in")
	page := v.send("/sign-in", "login", julie, "password", demoPassword)
	require.Equal(t, "/sign-in/second-step", page.Path)
	require.Contains(t, page.Body, "ou JavaScript est désactivé")
	require.Contains(t, page.Body, "<span data-ask hidden>")
	require.Equal(t, contentPolicy+"; script-src 'self'", page.Header.Get("Content-Security-Policy"))
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	before := len(a.portal.mailbox.All())

	require.Contains(t, v.send("/sign-in/key", "response", "{}").Body, "n’a pas été reconnue")
	require.Equal(t, "/sign-in/second-step", v.last.Path)
	require.Equal(t, "/sign-in/second-step", v.do(http.MethodGet, "/account", nil).Path)
	require.Contains(t, v.send("/sign-in/way", "way", "authenticator").Body, "Utiliser votre clé de sécurité")
	page = v.send("/sign-in/way", "way", "mail_code")
	require.Contains(t, page.Body, "Utiliser une clé de sécurité")
	require.Equal(t, contentPolicy, page.Header.Get("Content-Security-Policy"), "only pages of keys run the script")
	require.Equal(t, http.StatusOK, v.send("/sign-in/second-step", "code", v.code(julie, before)).Status)
	v.see(keysPath, "Clé de sécurité")
}

// Without a name that browsers know, there are no keys; and only pages of keys may run the script.
func TestKeysNeedAName(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	page := v.see(keysPath, "Vous n’avez pas encore de clé", "les navigateurs n’en proposent pas")
	require.Equal(t, contentPolicy, page.Header.Get("Content-Security-Policy"))
	require.Equal(t, keysPath, v.send(keysPath+"/new").Path)
	require.Contains(t, v.last.Body, "n’est pas proposé")
	require.Equal(t, keysPath, v.do(http.MethodGet, keysPath+"/new", nil).Path, "nothing was begun")
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, keysPath+"/x", nil).Status)
	script := v.see("/static/keys.js", "navigator.credentials")
	require.NotContains(t, script.Body, "innerHTML")
}
