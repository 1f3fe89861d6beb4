package main

import (
	"image/color"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// TestPeopleAndDataInABrowser goes through the members of a structure, one's photo and
// data, an erasure and a farewell, in both languages and without a script.
func TestPeopleAndDataInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	browser := chromium(t)
	for _, lang := range languages() {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			clock := &ahead{}
			a := start(t, clock.config)
			s := spoken{t, a.portal.texts, lang}
			boss := walks(browser, t, a, lang)
			boss.enter(pauline, demoPassword)
			if lang == "en" { // the account's own language is French
				boss.press(`button[name=lang][value=en]`, `<html lang="en">`)
			}
			first := boss.resendsActivations(s, clock)
			boss.keepsPhoto(s)
			boss.readsData(s)
			boss.choosesSuccessors(s, first)
			officer := walks(browser, t, a, lang)
			officer.enter(fictionalOfficer, demoPassword)
			if lang == "en" {
				officer.press(`button[name=lang][value=en]`, `<html lang="en">`)
			}
			officer.erases(s)
		})
	}
}

func (w walk) resendsActivations(s spoken, clock *ahead) structure.ID {
	id, _ := ccas(w.t, w.v.app) // Julie asks to join it
	w.press(`main a[href$="/members"]`, s.say("members.nobody"))
	w.shoot(s.name("80-members-active"))
	nora := invited(w.t, w.v.app, id, "nora@terneuil.example", "Nora", "Neuf")
	long := invited(w.t, w.v.app, id, "jean-christophe.de-la-tour-du-pin@very-long-subdomain.terneuil.example", "Jean-Christophe", "de La Tour du Pin Chambly de La Charce")
	w.v.mail("nora@terneuil.example") // the first mails have left
	w.open(membersPath(id), "NEUF Nora", s.say("members.waits"))
	w.shoot(s.name("81-members"))
	w.press(`main button.main`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("82-members-none-ticked"))
	for _, who := range []account.ID{nora, long} {
		w.tick(`[id="person-` + string(who) + `"]`)
	}
	w.press(`main button.main`, s.say("outcome.failed"), s.say("members.outcome")) // too soon after the first
	w.shoot(s.name("83-members-too-soon"))
	clock.pass(2 * time.Minute)
	before := w.v.mails()
	w.do(chromedp.Focus(field("person-"+string(nora))), chromedp.KeyEvent(" "))
	w.press(`main button.main`, s.say("outcome.done"), s.say("members.done", "Count", 1, "All", 1))
	w.shoot(s.name("84-members-sent"))
	w.special(s.name("84-members-sent"))
	require.NotEmpty(w.t, w.v.link("nora@terneuil.example", "/activate", before))
	return id
}

func (w walk) keepsPhoto(s spoken) {
	w.press(`nav.wide a[href="/account/photo"]`, s.say("photo.none"))
	w.shoot(s.name("85-photo-none"))
	w.pick("content", "photo.pdf", pdf(100))
	w.press(`main button.main`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("86-photo-problem"))
	w.pick("content", "photo.png", picture(0, color.RGBA{R: 40, B: 160, A: 255}))
	w.press(`main button.main`, s.say("photo.done"), s.say("photo.forgood"))
	require.Equal(w.t, 120, w.width("img.photo"), "the browser shows it")
	w.shoot(s.name("87-photo"))
	w.special(s.name("87-photo"))
	w.open("/account", s.say("account.personal"))
	require.Equal(w.t, 120, w.width("img.photo"))
	w.shoot(s.name("88-account-photo"))
	w.special(s.name("88-account-photo"))
	w.press(`main a[href="/account/photo"]`, s.say("photo.replace"))
	w.press(`main button.danger`, s.say("photo.removed"), s.say("photo.none"))
	w.open("/account", s.say("photo.add"))
	w.shoot(s.name("89-account-no-photo"))
}

// width is how wide the browser found a picture to be; 0 if it shows none.
func (w walk) width(selector string) int {
	w.t.Helper()
	require.NoError(w.t, chromedp.Do(w.ctx, scripts(true)))
	n, err := chromedp.Run(w.ctx, chromedp.Evaluate[int](`document.querySelector("`+selector+`").naturalWidth`))
	require.NoError(w.t, err)
	require.NoError(w.t, chromedp.Do(w.ctx, scripts(false)))
	return n
}

func (w walk) readsData(s spoken) {
	dir := w.downloads()
	w.press(`nav.wide a[href="/account/data"]`, s.say("data.intro"))
	w.shoot(s.name("90-data"))
	w.special(s.name("90-data"))
	file := w.fetch(`button[value=json]`, dir, s.say("data.file")+".json")
	require.Contains(w.t, file, `"login": "`+pauline+`"`)
	w.press(`button[value=page]`, pauline, "CCAS Terneuil", s.say("data.history"), s.say("data.self"))
	w.shoot(s.name("91-data-read"))
	w.special(s.name("91-data-read"))
	w.press(`main a.button[href="/account/data"]`, s.say("data.intro"))
}

func (w walk) choosesSuccessors(s spoken, first structure.ID) {
	second := found(w.t, w.v.app, "21750001600019", "Mairie de Terneuil", pauline)
	w.press(`nav.wide a[href="/account/deactivate"]`, s.say("deactivate.heirs"), "DUFOUR Hubert", "Mairie de Terneuil")
	w.shoot(s.name("92-deactivate-heirs"))
	w.special(s.name("92-deactivate-heirs"))
	w.tick("#confirmed")
	w.press(`main button.main`, "summary")
	w.shoot(s.name("93-deactivate-none"))
	w.tick("#way-each")
	hubert := string(idOf(w.t, w.v.app, hubert))
	w.choose(chosenField(first), hubert)
	w.press(`main button.main`, "summary")
	w.shoot(s.name("94-deactivate-one-missing"))
	w.fill(heirField(second), julie)
	w.press(`main button.main`, s.say("deactivate.check"), "Hubert DUFOUR", julie)
	w.shoot(s.name("95-deactivate-preview"))
	w.press(`button[value=change]`, `value="`+hubert+`" selected`)
	w.tick("#way-all")
	w.choose(chosenForAll, hubert)
	w.press(`main button.main`, s.say("deactivate.check"))
	w.shoot(s.name("96-deactivate-preview-all"))
	w.press(`button[value=confirm]`, s.say("deactivated.title"))
}

func (w walk) erases(s spoken) {
	w.press(`nav.wide a[href="/operator/erasure"]`, s.say("erasure.intro"))
	w.shoot(s.name("97-erasure"))
	w.fill("login", "nobody@terneuil.example")
	w.press(`main button.main`, s.say("erasure.nobody"))
	w.shoot(s.name("98-erasure-nobody"))
	w.refill("login", hubert) // principal manager by now
	w.press(`main button.main`, s.say("erasure.principal"), "CCAS Terneuil")
	w.shoot(s.name("99-erasure-blocked"))
	w.press(`main a.button`, s.say("erasure.intro"))
	target := idOf(w.t, w.v.app, julie)
	w.fill("login", julie)
	w.press(`main button.main`, "Julie BON", s.say("erasure.forgood"))
	w.shoot(s.name("99a-erasure-plan"))
	w.special(s.name("99a-erasure-plan"))
	w.press(`main button.danger`, "summary")
	w.shoot(s.name("99b-erasure-untold"))
	w.tick("#confirmed")
	w.press(`main button.danger`, s.say("erasure.done", "Login", julie))
	w.shoot(s.name("99c-erasure-done"))
	require.NoError(w.t, w.v.app.store.View(w.t.Context(), func(tx storage.Tx) error {
		left, err := tx.Account(w.t.Context(), target)
		require.Equal(w.t, account.StatusAnonymized, left.Status)
		return err
	}))
}
