package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
)

// strongFrom makes an application or a key due for everybody, a while from now.
func strongFrom(clock *ahead, d time.Duration) func(*config) {
	from := time.Now().Add(d)
	return func(c *config) {
		clock.config(c)
		c.StrongFrom = func(context.Context, account.ID) (time.Time, error) { return from, nil }
	}
}

// FL-01: whoever must add an application or a key first finds that on every page of
// somebody's own, in either language, and nothing else; once it is added and proven, all
// pages open.
func TestASessionForAddingAFactorOpensNothingElse(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, strongFrom(clock, time.Hour))
	v := visit(t, a)
	v.halfway(julie, demoPassword)
	require.Contains(t, v.last.Body, "votre compte exigera une application")
	clock.pass(time.Hour)
	v.see("/sign-in")
	v.enter(julie, demoPassword)
	require.Equal(t, enrolPath, v.last.Path)
	within, _ := a.portal.every()
	for _, path := range within {
		switch path {
		case "/prove", "/prove/code", applicationPath, keysPath + "/new":
			continue // lead on, once something was begun
		}
		require.Equal(t, enrolPath, v.see(path, "Protégez d’abord votre compte").Path, path)
		require.NotContains(t, v.last.Body, "Julie", path)
		require.NotContains(t, v.last.Body, "CCAS", path)
	}
	require.Equal(t, enrolPath, v.see(applicationPath).Path, "nothing was begun")
	require.Equal(t, enrolPath, v.send("/account/profile").Path)
	require.Equal(t, enrolPath, v.send(codesPath).Path, "recovery codes are no application")
	v.send("/language", "lang", "en", "here", enrolPath)
	require.Contains(t, v.last.Body, "Protect your account first")
	v.send("/language", "lang", "fr", "here", enrolPath)

	require.Equal(t, applicationPath, v.send(applicationPath).Path)
	seed := v.find(`<code[^>]*>([A-Z2-7 ]{32,})</code>`)
	require.Equal(t, "/prove?return=%2F", v.send(applicationPath+"/confirm", "code", shownBy(t, seed, clock.now())).Path)
	require.Equal(t, "/prove?return=%2F", v.see(enrolPath).Path)
	require.Equal(t, "/prove/code", v.send("/prove", "password", demoPassword, "return", "/").Path)
	require.NotContains(t, v.last.Body, "exigera")
	clock.pass(time.Minute)
	require.Equal(t, "/", v.send("/prove/code", "code", shownBy(t, seed, clock.now())).Path)
	v.see("/account", "BON")
	require.Equal(t, "/", v.see(enrolPath).Path)
}

// A session for adding a factor ends like every other.
func TestASessionForAddingAFactorEnds(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, strongFrom(clock, -time.Hour))
	v, other := visit(t, a), visit(t, a)
	v.enter(julie, demoPassword)
	other.enter(julie, demoPassword)
	require.Equal(t, "/sign-in", v.send("/sign-out").Path)
	require.NoError(t, a.h.Accounts.SignOutEverywhere(t.Context(), account.Person(idOf(t, a, julie))))
	require.Equal(t, http.StatusOK, other.do(http.MethodGet, "/account", nil).Status)
	require.Equal(t, "/sign-in", other.last.Path)
}

// What such a session sees in a browser.
func TestAddingAFactorFirstInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	clock := &ahead{}
	a := start(t, strongFrom(clock, -time.Hour))
	v := visit(t, a) // reads the mails
	b := newTab(chromium(t), t, "http://"+a.addr, "fr")
	before := len(a.portal.mailbox.All())
	b.open("/sign-in", "Se connecter")
	b.fill("login", julie)
	b.fill("password", demoPassword)
	b.press("main button.main", "Saisir le code")
	b.fill("code", v.code(julie, before))
	b.press("main button.main", "Protégez d’abord votre compte")
	b.both("enrol-01", "fr", "en")
	b.special("enrol-01")
	b.press("main button.main", "Code de l’application")
	b.shoot("enrol-02-application-fr")
}

func shownBy(t *testing.T, seed string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(seed, " ", ""), at)
	require.NoError(t, err)
	return code
}
