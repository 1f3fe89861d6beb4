package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
)

// walk drives one tab of a browser and a mailbox beside it.
type walk struct {
	*tab
	v *visitor // reads the mails
}

func walks(browser context.Context, t *testing.T, a *app, lang string) walk {
	t.Helper()
	return walk{newTab(browser, t, "http://"+a.addr, lang), visit(t, a)}
}

// enter signs somebody in, and expects texts on the page after that.
func (w walk) enter(login, password string, texts ...string) {
	w.t.Helper()
	before := w.v.mails()
	w.open("/sign-in")
	w.fill("login", login)
	w.fill("password", password)
	w.press(`main button.main`, login[:1]+"•••@")
	w.fill("code", w.v.code(login, before))
	w.press(`main button.main`, texts...)
}

// refill replaces what is in a field.
func (w walk) refill(id, value string) {
	w.t.Helper()
	w.do(chromedp.Clear(field(id)))
	w.fill(id, value)
}

// follow opens the link of a mail.
func (w walk) follow(to, path string, skip int, texts ...string) {
	w.t.Helper()
	w.open(w.v.link(to, path, skip), texts...)
	require.Equal(w.t, path, w.path(), "the secret does not stay in the address")
}

// keys types where the focus is, Enter among it, and expects texts on the next page.
func (w walk) keys(typed string, texts ...string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, chromedp.KeyEvent(typed))
	require.NoError(w.t, err)
	w.shows(texts...)
}

// focused returns what has the focus: its id, else its class.
func (w walk) focused() string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, 20*time.Second)
	defer cancel()
	require.NoError(w.t, chromedp.Do(ctx, scripts(true)))
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.activeElement.id || document.activeElement.className`))
	require.NoError(w.t, err)
	require.NoError(w.t, chromedp.Do(ctx, scripts(false)))
	return found
}

// TestOwnAccountInABrowser goes through the pages of a person's own account, in both
// languages and without a script.
func TestOwnAccountInABrowser(t *testing.T) {
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
			w.forgetsPassword(s)
			w.keepsProfile(s)
			w.changesPassword(s)
			w.changesLogin(s, clock)
			w.replacesExpired(s)
		})
	}
}

// spoken gives the texts of the pages in one language.
type spoken struct {
	t     *testing.T
	texts *texts
	lang  string
}

func (s spoken) say(id string, pairs ...any) string {
	s.t.Helper()
	text, ok := s.texts.lookup(s.lang, id, pairs...)
	require.True(s.t, ok, id)
	return strings.ReplaceAll(text, "\u00a0", "&nbsp;") // as the browser writes it
}

// name of a picture.
func (s spoken) name(of string) string { return of + "-" + s.lang }

func (w walk) forgetsPassword(s spoken) {
	w.open("/sign-in", s.say("forgotten.link"))
	w.press(`main a[href="/password/forgotten"]`, s.say("forgotten.title"))
	w.shoot(s.name("40-forgotten"))
	w.do(chromedp.KeyEvent("\t"))
	require.Equal(w.t, "skip", w.focused(), "the first stop leads to the content")
	w.press(`main button.main`, "summary")
	require.Equal(w.t, "summary", w.focused(), "the list of problems takes the focus")
	w.do(chromedp.KeyEvent("\t\t")) // the link to the field, then the field
	require.Equal(w.t, "login", w.focused())
	before := w.v.mails()
	w.keys(julie+"\r", julie)
	w.shoot(s.name("41-forgotten-sent"))
	w.follow(julie, "/password/new", before, s.say("newpassword.title"), julie)
	w.shoot(s.name("42-new-password"))
	w.fill("password", "abc")
	w.fill("confirmation", "abd")
	w.press(`main button.main`, "summary")
	w.shoot(s.name("43-new-password-problems"))
	w.fill("password", goodPassword)
	w.fill("confirmation", goodPassword)
	w.press(`main button.main`, s.say("newpassword.done"))
	w.shoot(s.name("44-new-password-done"))
	w.open(w.v.link(julie, "/password/new", before), s.say("over.title"))
	w.shoot(s.name("45-link-over"))
	w.press(`main a.button`, s.say("forgotten.title"))
}

func (w walk) keepsProfile(s spoken) {
	w.enter(julie, goodPassword, "Julie BON")
	if s.lang == "en" { // the account's own language is French
		w.press(`button[name=lang][value=en]`, `<html lang="en">`)
	}
	w.press(`.top a[href="/account"]`, s.say("account.personal"))
	w.shoot(s.name("46-account"))
	w.press(`main a[href="/account/profile"]`, s.say("profile.intro"))
	w.shoot(s.name("47-profile"))
	w.refill("familyName", " ")
	w.fill("phone", "12")
	w.press(`main button.main`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("48-profile-problems"))
	w.refill("familyName", "Bon-Pierre")
	w.refill("phone", "01 49 96 10 12")
	w.fill("address.street", "1 rue du Port")
	w.fill("address.postcode", "75001")
	w.fill("address.town", "Paris")
	w.press(`main button.main`, s.say("account.saved"), "75001 Paris", "01 49 96 10 12", "BON-PIERRE")
	w.press(`main a[href="/account/profile/contactEmail"]`, s.say("label.contactEmail"))
	w.shoot(s.name("49-contact"))
	w.refill("contactEmail", "contact@terneuil.example")
	w.press(`main button.main`, "contact@terneuil.example", s.say("account.savedcontact"))
	w.press(`main a[href="/account/profile/biography"]`, s.say("label.biography"))
	w.fill("biography", "Juriste au CCAS, j’instruis les dossiers d’urbanisme.")
	w.press(`main button.main`, "Juriste")
	w.press(`main a[href="/account/preferences"]`, s.say("account.survey"))
	w.shoot(s.name("50-preferences"))
	w.tick("#accessibility")
	w.tick("#survey")
	w.do(chromedp.SetValue(chromedp.ID("language"), s.lang))
	w.press(`main button.main`, s.say("account.on"), `class="large"`)
	w.shoot(s.name("51-account-large"))
	w.open("/account/preferences", "checked")
	w.tick("#accessibility")
	w.press(`main button.main`, s.say("account.off"))
	w.special(s.name("52-account"))
}

func (w walk) changesPassword(s spoken) {
	other := walks(w.ctx, w.t, w.v.app, s.lang)
	other.enter(julie, goodPassword, "Julie")
	w.open("/account/password", s.say("password.intro"))
	w.shoot(s.name("53-password"))
	w.fill("current", "faux")
	w.fill("password", "abc")
	w.press(`main button.main`, "summary")
	w.shoot(s.name("54-password-problems"))
	w.fill("current", goodPassword)
	w.fill("password", otherPassword)
	w.fill("confirmation", otherPassword)
	w.press(`main button.main`, s.say("password.done"))
	w.shoot(s.name("55-password-done"))
	other.open("/account")
	require.Equal(w.t, "/sign-in", other.path(), "the other browser is out")
}

func (w walk) changesLogin(s spoken, clock *ahead) {
	const moved = "julie@elsewhere.example"
	clock.pass(account.Guide2024().FreshProof)
	w.open("/account/login-address", s.say("login.proof"))
	w.shoot(s.name("56-login-stale"))
	w.press(`main a.button`, s.say("prove.title"))
	w.shoot(s.name("57-prove"))
	before := w.v.mails()
	w.fill("password", otherPassword)
	w.press(`main button.main`, s.say("second.title"))
	w.shoot(s.name("58-prove-code"))
	w.fill("code", w.v.code(julie, before))
	w.press(`main button.main`, s.say("prove.done"))
	w.shoot(s.name("59-login-form"))
	w.fill("address", julie)
	w.press(`main button.main`, "summary")
	w.shoot(s.name("60-login-problem"))
	w.refill("address", moved)
	w.press(`main button.main`, s.say("login.preview"), s.say("login.mailold", "Address", julie))
	w.shoot(s.name("61-login-preview"))
	before = w.v.mails()
	w.press(`main button.main`, s.say("login.underway"), moved)
	w.shoot(s.name("62-login-pending"))
	w.open("/account", moved)
	w.shoot(s.name("63-account-pending"))

	// The mail to the present address cancels it, without a session.
	nobody := walks(w.ctx, w.t, w.v.app, s.lang)
	nobody.follow(julie, "/login-address/cancel", before, s.say("cancel.title"))
	nobody.shoot(s.name("64-login-cancel"))
	nobody.press(`main button.main`, s.say("login.cancelled"))
	w.open("/account/login-address", s.say("login.intro"))

	// A second one is confirmed, and taken back from the former address.
	clock.pass(2 * time.Minute)
	before = w.v.mails()
	w.fill("address", moved)
	w.press(`main button.main`, s.say("login.preview"))
	w.press(`main button.main`, s.say("login.underway"))
	w.follow(moved, "/login-address/confirm", before, s.say("confirm.title"), moved)
	w.shoot(s.name("65-login-confirm"))
	w.press(`main button.main`, s.say("confirm.done", "Address", moved))
	w.shoot(s.name("66-login-confirmed"))
	nobody.follow(julie, "/login-address/undo", before, s.say("undo.title"))
	nobody.shoot(s.name("67-login-undo"))
	nobody.press(`main button.main`, s.say("undo.done", "Address", julie))
}

// replacesExpired signs in with a password that must be replaced, as the undo of the
// login change asked for.
func (w walk) replacesExpired(s spoken) {
	w.enter(julie, otherPassword, s.say("expired.title"))
	w.shoot(s.name("68-expired"))
	w.fill("password", goodPassword)
	w.fill("confirmation", goodPassword)
	w.press(`main button.main`, s.say("newpassword.done"))
	require.NoError(w.t, w.v.app.h.Accounts.MarkUndeliverable(w.t.Context(), account.System(), julie))
	w.enter(julie, goodPassword, "Julie BON-PIERRE")
	require.NoError(w.t, w.v.app.h.Accounts.MarkUndeliverable(w.t.Context(), account.System(), julie))
	w.open("/", julie)
	w.shoot(s.name("69-undeliverable"))
}
