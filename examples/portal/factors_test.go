package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
)

// secretOnPage is the seed as text, on the page that adds an application.
var secretOnPage = regexp.MustCompile(`<code translate="no">([A-Z2-7 ]+)</code>`)

// shown is the code that an application shows for a seed.
func shown(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(strings.ReplaceAll(secret, " ", ""), at)
	require.NoError(t, err)
	return code
}

// FL-08, R-063, R-070 to: an application is added with the text beside
// the QR code, asked for, gone round by mail, and removed; recovery codes are shown once.
func TestFactorsOnThePages(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := visit(t, a)
	v.enter(julie, demoPassword)
	v.see("/account/factors")
	require.Equal(t, "/account/factors/application", v.send("/account/factors/application").Path, v.last.Body)
	require.Contains(t, v.last.Body, "<svg width=")
	secret := secretOnPage.FindStringSubmatch(v.last.Body)[1]
	require.Equal(t, http.StatusUnprocessableEntity, v.send("/account/factors/application/confirm", "code", "not a code").Status)
	require.Contains(t, v.last.Body, `name="here" value="/account/factors/application"`, "another language shows the page again")
	require.Contains(t, v.last.Body, secret, "the page stays as it was")
	require.Equal(t, "/account/factors", v.send("/account/factors/application/confirm", "code", shown(t, secret, clock.now()), "label", "Phone <1>").Path)
	v.see("/account/factors", "Phone &lt;1&gt;")
	require.Equal(t, "/account/factors/codes", v.send("/account/factors/codes").Path)
	codes := secretOnPage.FindAllStringSubmatch(v.last.Body, -1)
	require.Len(t, codes, 10)
	require.Equal(t, "/account/factors", v.see("/account/factors/codes").Path, "they are shown once")

	signIn := func() {
		t.Helper()
		clock.pass(time.Minute)
		v = visit(t, a)
		v.see("/sign-in")
		require.Equal(t, "/sign-in/second-step", v.send("/sign-in", "login", julie, "password", demoPassword).Path)
	}
	signIn()
	require.Equal(t, "/sign-in/second-step", v.send("/sign-in/resend").Path, "the button of a tab that is no longer up to date")
	require.Contains(t, v.last.Body, "demande un autre facteur")
	require.Equal(t, http.StatusUnprocessableEntity, v.send("/sign-in/second-step", "code", "000000").Status)
	require.Equal(t, "/", v.send("/sign-in/second-step", "code", shown(t, secret, clock.now())).Path)

	signIn()
	require.Equal(t, "/sign-in/second-step", v.send("/sign-in/way", "way", "recovery_code").Path)
	require.Equal(t, http.StatusUnprocessableEntity, v.send("/sign-in/second-step", "recovery", "nothing").Status)
	require.Equal(t, "/", v.send("/sign-in/second-step", "recovery", codes[0][1]).Path)

	signIn()
	before := v.mails()
	require.Equal(t, "/sign-in/second-step", v.send("/sign-in/way", "way", "mail_code").Path)
	require.Equal(t, "/", v.send("/sign-in/second-step", "code", v.code(julie, before)).Path)
	v.see("/account/factors")
	own := v.find(`href="(/account/factors/[0-9a-f-]{36})"`)
	v.see(own)
	require.Equal(t, "/account/factors", v.send(own, "label", "Old phone").Path)
	clock.pass(account.Guide2024().FreshProof)
	v.see(own, "Old phone")
	require.Equal(t, "/prove?return="+url.QueryEscape(own), v.send(own+"/remove").Path, "not without a fresh proof")
	require.Equal(t, "/prove/code", v.send("/prove", "return", own, "password", demoPassword).Path)
	require.Equal(t, own, v.send("/prove/code", "code", shown(t, secret, clock.now())).Path, v.last.Body)
	require.Equal(t, "/account/factors", v.send(own+"/remove").Path)
	require.NotContains(t, v.see("/account/factors").Body, "Old phone")

	v.see("/account/factors")
	v.send("/account/factors/application")
	secret = secretOnPage.FindStringSubmatch(v.last.Body)[1]
	v.send("/account/factors/application/confirm", "code", shown(t, secret, clock.now()))
	clock.pass(time.Hour)
	v = visit(t, a)
	link := v.reset(julie)
	v.see(link)
	v.send("/password/new", "password", otherPassword, "confirmation", otherPassword)
	v.see("/sign-in")
	v.send("/sign-in", "login", julie, "password", otherPassword)
	require.Contains(t, v.last.Body, a.portal.texts.text("fr", "refusal.mailbox_reset"), "FL-11")
	require.NotContains(t, v.last.Body, `value="mail_code"`)

	other := visit(t, a)
	other.enter(pauline, demoPassword)
	require.Equal(t, http.StatusNotFound, other.do(http.MethodGet, own, nil).Status)
}

// TestFactorsInABrowser adds an application and recovery codes, signs in with both, and
// looks at the pages, in both languages and without a script.
func TestFactorsInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	browser := chromium(t)
	for _, lang := range languages() {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			clock := &ahead{}
			a := start(t, clock.config)
			w := walks(browser, t, a, lang)
			s := spoken{t, a.portal.texts, lang}
			w.enter(julie, demoPassword)
			w.press(`button[name=lang][value=`+lang+`]`, `<html lang="`+lang+`">`)
			w.open("/account/factors", s.say("factors.title"), s.say("factor.password"), s.say("factor.mail_code"))
			w.press(`#application + p + form button`, s.say("factors.step3"))
			secret := secretOnPage.FindStringSubmatch(w.html())[1]
			w.shoot("application-" + lang)
			w.fill("code", shown(t, secret, clock.now()))
			w.fill("label", "Téléphone")
			w.press(`main button.main`, "Téléphone")
			w.press(`#codes + p + form button`, s.say("factors.write"))
			codes := secretOnPage.FindAllStringSubmatch(w.html(), -1)
			require.Len(t, codes, 10)
			w.shoot("recovery-codes-" + lang)
			w.open("/account/factors", "Téléphone")
			w.shoot("factors-" + lang)
			w.press(`form[action="/sign-out"] button`, s.say("signin.title"))

			clock.pass(time.Minute)
			w.open("/sign-in")
			w.fill("login", julie)
			w.fill("password", demoPassword)
			w.press(`main button.main`, s.say("second.app", "Digits", 6), s.say("second.otherway"))
			w.shoot("second-step-application-" + lang)
			w.press(`button[value="recovery_code"]`, s.say("second.recovery"))
			w.fill("recovery", codes[0][1])
			w.press(`main button.main`, "Julie")
		})
	}
}
