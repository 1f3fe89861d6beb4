package main

import (
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
)

const program = "TECH_1_26570134200148@terneuil.example"

var secretLine = regexp.MustCompile(`(?m)^tech_1_26570134200148@terneuil\.example;([^;]+);`)

// R-361..R-363, R-365..R-367, R-427: the credentials of a program leave in one file, once, as the
// answer to the button and to nothing else.
func TestCredentialsLeaveOnce(t *testing.T) {
	t.Parallel()
	var log lockedBuffer
	a := start(t, func(c *config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	id, _ := ccas(t, a)
	at := "/structures/" + string(id) + "/technical"
	v := signedIn(t, a, pauline)
	v.see("/", at)
	v.see(at, "n’a pas d’utilisateur technique")
	v.see(at + "/new")
	v.send(at+"/new", "login", "nonsense", "name", "", "format", "xml")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#format"`)
	v.send(at+"/new", "login", "nonsense", "name", "Compta", "format", "csv")
	require.Contains(t, v.last.Body, `href="#login"`)
	require.Contains(t, v.last.Body, `value="nonsense"`)
	form := []string{"login", program, "name", "Compta", "format", "csv"}
	v.send(at+"/new", form...)
	require.Contains(t, v.last.Body, "secret-tech_1_26570134200148.csv")
	require.Contains(t, v.see(at).Body, "n’a pas d’utilisateur technique", "a preview makes nothing")

	v.see(at + "/new")
	confirm := append([]string{"step", "confirm"}, form...)
	preview := v.last
	file := v.send(at+"/new", confirm...)
	require.Equal(t, http.StatusOK, file.Status)
	require.Equal(t, `attachment; filename=secret-tech_1_26570134200148.csv`, file.Header.Get("Content-Disposition"))
	require.Equal(t, "no-store", file.Header.Get("Cache-Control"))
	require.Contains(t, file.Header.Get("Content-Security-Policy"), "sandbox")
	secret := secretLine.FindStringSubmatch(strings.ReplaceAll(file.Body, "\r", ""))
	require.NotNil(t, secret, file.Body)
	by, err := a.h.Accounts.AuthenticateTechnical(t.Context(), program, secret[1])
	require.NoError(t, err)

	v.last = preview
	require.Equal(t, at, v.send(at+"/new", confirm...).Path, "sent again, it leads to the list")
	require.Contains(t, v.last.Body, "déjà été exportées")
	require.NotContains(t, v.last.Body, secret[1])
	v.see(at, "Compta", "Actif", "Utilisateur technique")
	require.NotContains(t, v.last.Body, secret[1])

	// Another one replaces it once, and only once that is confirmed.
	reset := at + "/" + string(by.ID) + "/reset"
	v.see(reset, "cesse de fonctionner")
	replaces := v.find(`name="replaces" value="([^"]+)"`)
	v.send(reset, "replaces", replaces, "format", "json")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#confirmed"`)
	_, err = a.h.Accounts.AuthenticateTechnical(t.Context(), program, secret[1])
	require.NoError(t, err)
	preview = v.last
	file = v.send(reset, "replaces", replaces, "format", "json", "confirmed", "yes")
	require.Equal(t, `attachment; filename=secret-tech_1_26570134200148.json`, file.Header.Get("Content-Disposition"))
	_, err = a.h.Accounts.AuthenticateTechnical(t.Context(), program, secret[1])
	require.ErrorIs(t, err, account.ErrInvalidCredentials)
	second := regexp.MustCompile(`"password":"([^"]+)"`).FindStringSubmatch(file.Body)
	v.last = preview
	require.Equal(t, at, v.send(reset, "replaces", replaces, "format", "json", "confirmed", "yes").Path)
	_, err = a.h.Accounts.AuthenticateTechnical(t.Context(), program, second[1])
	require.NoError(t, err, "a form sent twice replaces once")

	shut := at + "/" + string(by.ID) + "/close"
	v.see(shut)
	_, err = a.h.Accounts.AuthenticateTechnical(t.Context(), program, second[1])
	require.NoError(t, err, "looking closes nothing")
	v.send(shut)
	require.Equal(t, at, v.last.Path)
	require.Contains(t, v.last.Body, "Fermé")
	_, err = a.h.Accounts.AuthenticateTechnical(t.Context(), program, second[1])
	require.ErrorIs(t, err, account.ErrInvalidCredentials)
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, reset, nil).Status)
	require.NotContains(t, log.String(), secret[1])
	require.NotContains(t, log.String(), second[1])
}

// programs are the principal manager's own, and their secrets take a fresh proof.
func TestProgramsArePrincipalsOwn(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := ccas(t, a)
	at := "/structures/" + string(id) + "/technical"
	for who, status := range map[string]int{julie: http.StatusNotFound, hubert: http.StatusForbidden} {
		v := signedIn(t, a, who)
		v.see("/")
		require.NotContains(t, v.last.Body, at)
		for _, path := range []string{at, at + "/new", at + "/x/reset", at + "/x/close"} {
			require.Equal(t, status, v.do(http.MethodGet, path, nil).Status, path)
		}
		v.see("/")
		v.send(at+"/new", "login", program, "name", "Compta", "format", "csv", "step", "confirm")
		require.Equal(t, status, v.last.Status)
	}
}

// A proof that is too old is asked for before anything is typed; one that grows old
// meanwhile is asked for without losing what was typed.
func TestSecretsTakeAFreshProof(t *testing.T) {
	t.Parallel()
	var clock ahead
	a := start(t, clock.config)
	id, _ := ccas(t, a)
	path := "/structures/" + string(id) + "/technical/new"
	v := signedIn(t, a, pauline)
	prove := func() {
		t.Helper()
		require.Equal(t, "/prove?"+url.Values{"return": {path}}.Encode(), v.last.Path)
		before := len(a.portal.mailbox.All())
		v.send("/prove", "return", path, "password", demoPassword)
		require.Equal(t, "/prove/code", v.last.Path, v.last.Body)
		v.send("/prove/code", "code", v.code(pauline, before))
		require.Equal(t, path, v.last.Path, v.last.Body)
	}
	clock.by.Store(int64(a.portal.freshProof))
	v.see(path)
	prove()
	clock.by.Store(int64(2 * a.portal.freshProof))
	v.send(path, "login", program, "name", "Compta", "format", "json", "step", "confirm")
	prove()
	require.Contains(t, v.last.Body, `value="`+program+`"`)
	require.Contains(t, v.last.Body, `value="Compta"`)
	require.Contains(t, v.last.Body, `value="json" checked`)
	list, err := a.h.Structures.Technicals(t.Context(), account.Person(idOf(t, a, pauline)), id)
	require.NoError(t, err)
	require.Empty(t, list)
}
