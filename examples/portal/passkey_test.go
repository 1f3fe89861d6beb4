package main

import (
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
)

func passkeysAlone(p *mfa.KeyPolicy) { p.Passwordless = true }

// R-084, EN-10: where the policy lets passkeys sign in alone, a browser does so without
// an address; the page asks everybody the same, in French and English. An answer of which
// the owner was not verified, or after the key is removed, opens nothing.
func TestAPasskeyInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	browser := chromium(t)
	a := startNamed(t, passkeysAlone)
	v := visit(t, a) // reads the mails
	k := newKeyTab(browser, t, a.portal.base.String())
	ask(k.tab, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: k.key})
	k.key = ask(k.tab, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}}).AuthenticatorID

	before := len(a.portal.mailbox.All())
	k.password("Saisir le code")
	k.fill("code", v.code(julie, before))
	k.clicks("main button.main", "Bonjour")
	k.goes(keysPath, "Vous n’avez pas encore de clé")
	k.clicks("main button.main", "Branchez ou approchez")
	k.fill("label", "Ordinateur")
	k.clicks(touch, "est enregistrée")
	signOut := func() { k.clicks(`header.top form[action="/sign-out"] button`, "Vous êtes déconnecté") }
	signOut()

	k.clicks(`a[href="/sign-in/passkey"]`, "remplace votre adresse", "Utiliser ma clé d’accès")
	k.shoot("passkey-01-fr")
	k.special("passkey-01")
	k.clicks(`button[name=lang][value=en]`, "Sign in with a passkey")
	k.shoot("passkey-01-en")
	k.clicks(`button[name=lang][value=fr]`, "Se connecter avec une clé")
	k.clicks(touch, "Bonjour")
	signOut()

	yes := true
	ask(k.tab, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: k.key, IsBadUV: &yes})
	k.goes(passkeyPath, "Utiliser ma clé d’accès")
	k.clicks(touch, "n’a pas été reconnue")
	k.shoot("passkey-02-refused-fr")
	ask(k.tab, webauthn.SetResponseOverrideBits, webauthn.SetResponseOverrideBitsParams{AuthenticatorID: k.key})
	k.clicks(touch, "Bonjour")
	n, err := a.h.SignIns.ResetFactors(t.Context(), account.Support("S-1"), idOf(t, a, julie))
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, "found", v.arrived(0, func(m notify.Email) string {
		if m.To == julie && m.Template == notify.MailFactorRemoved {
			return "found"
		}
		return ""
	}))
	k.goes("/account", "Votre session est terminée")
	k.goes(passkeyPath, "Utiliser ma clé d’accès")
	k.clicks(touch, "n’a pas été reconnue")
}

// WP-13: without a script the page of passkeys says so and leads to the other way; it is
// there only where the policy lets passkeys sign in alone.
func TestThePageOfPasskeys(t *testing.T) {
	t.Parallel()
	a := startNamed(t, passkeysAlone)
	v := visit(t, a)
	v.base = a.portal.base.String()
	v.see("/sign-in", `href="/sign-in/passkey"`)
	page := v.see(passkeyPath, "ou JavaScript est désactivé", "<span data-ask hidden>", `<a href="/sign-in">Se connecter avec adresse`)
	require.Equal(t, contentPolicy+"; script-src 'self'", page.Header.Get("Content-Security-Policy"))
	for _, response := range []string{"", "{}"} {
		require.Equal(t, passkeyPath, v.send(passkeyPath, "response", response).Path)
		require.Contains(t, v.last.Body, "n’a pas été reconnue")
	}
	require.Equal(t, "/sign-in", v.see("/account").Path)

	off := startNamed(t, nil)
	v = visit(t, off)
	v.base = off.portal.base.String()
	require.NotContains(t, v.see("/sign-in").Body, passkeyPath)
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, passkeyPath, nil).Status)
	v.see("/sign-in")
	require.Equal(t, http.StatusNotFound, v.send(passkeyPath, "response", "{}").Status)
}
