package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/structure"
)

// TestHandingOverInABrowser searches users, keeps files, refuses a request and hands the
// role of principal manager over in every way, in both languages and without a script,
// with two browsers that race for one decision.
func TestHandingOverInABrowser(t *testing.T) {
	t.Parallel()
	inBothLanguages(t, func(s spoken, a *app, enter func(string) walk) {
		id := hospitalOf(s.t, a)
		second := found(s.t, a, "21750001600019", "Mairie de Terneuil", claire)
		boss := enter(claire)
		boss.findsUsers(s)
		boss.keepsFiles(s, id)
		boss.refuses(s, enter(claire), id)
		boss.handsOver(s, id, second)
		orphaned(s.t, a, "marc.lefevre@terneuil.example")
		enter(fictionalOperator).appoints(s, second)
	})
}

func (w walk) findsUsers(s spoken) {
	w.press(`nav.wide a[href="/manage/users"]`, "BENALI Nadia")
	w.both(s.name("h0-users"), s.lang, map[string]string{"fr": "en", "en": "fr"}[s.lang])
	w.special(s.name("h0-users"))
	w.press(`button[value=csv]`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("h1-users-none-ticked"))
	w.fetch(`button[value=csvall]`, w.downloads(), s.say("users.file")+".csv")
	w.fill("family", "benali")
	w.press(`form.filter button`, "BENALI Nadia")
	w.tick(`input[name=people]`)
	w.press(`button[value=resend]`, s.say("outcome.failed"))
	w.shoot(s.name("h2-users-resent"))
}

func (w walk) keepsFiles(s spoken, id structure.ID) {
	w.open(sheetPath(id), s.say("shelf.manage"))
	w.press(`main .card a[href$="/attachments"]`, s.say("sheet.nofiles"))
	w.press(`main a[href$="/attachments/new"]`, s.say("upload.submit"))
	w.fill("designation", "Convention")
	w.choose("type", "contract")
	w.pick("content", "convention.pdf", pdf(2000))
	w.press(`main button.main`, "Convention")
	w.shoot(s.name("h3-files"))
	w.special(s.name("h3-files"))
	w.press(`td a[href*="/attachments/"]:not([href$="content"])`, "convention.pdf")
	w.shoot(s.name("h4-file"))
	w.press(`main a[href$="/delete"]`, s.say("attachments.forgood"))
	w.shoot(s.name("h5-file-delete"))
	w.press(`main button.danger`, s.say("sheet.nofiles"))
}

func (w walk) refuses(s spoken, rival walk, id structure.ID) {
	w.press(`nav.wide a[href="/manage/requests"]`, s.say("page.size"))
	w.choose("structure", string(id))
	w.choose("size", "20")
	w.press(`form.filter button`, "DIALLO Amina")
	w.shoot(s.name("h6-requests-filtered"))
	w.special(s.name("h6-requests-filtered"))
	w.press(`tbody tr:nth-child(1) a`, s.say("request.refuse"))
	rival.open(w.path(), s.say("request.refuse"))
	w.fill("reason", "Pas dans ce service.")
	w.press(`main button.danger`, s.say("request.check"), "Pas dans ce service.", "amina.diallo@terneuil.example")
	w.shoot(s.name("h7-refusal-preview"))
	w.special(s.name("h7-refusal-preview"))
	rival.press(`button[value=preview]`, s.say("request.gained"))
	rival.shoot(s.name("h8-approval-preview"))
	w.press(confirm, s.say("request.rejected", "Name", "Amina DIALLO"))
	rival.press(confirm, s.say("status.rejected"), "Pas dans ce service.")
	rival.shoot(s.name("h9-too-late"))
}

func (w walk) handsOver(s spoken, id, second structure.ID) {
	w.press(`nav.wide a[href="/manage"]`, s.say("transfer.title"))
	w.press(`main a[href="/manage/transfer"]`, "Mairie de Terneuil")
	w.press(`button[value=next]`, "summary")
	w.shoot(s.name("ha-transfer-none"))
	w.tick(`[id="structure-` + string(id) + `"]`)
	w.tick(`[id="structure-` + string(second) + `"]`)
	w.press(`button[value=next]`, "LEFÈVRE Marc")
	w.both(s.name("hb-heirs"), s.lang, map[string]string{"fr": "en", "en": "fr"}[s.lang])
	w.special(s.name("hb-heirs"))
	w.tick(`main details summary`)
	w.fill("family", "lefevre")
	w.press(`main details button`, "LEFÈVRE Marc")
	w.shoot(s.name("hc-heirs-found"))
	w.tick("#way-each")
	w.press(`button[value=preview]`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("hd-heirs-missing"))
	w.choose(chosenField(id), string(idOf(w.t, w.v.app, "nadia.benali@terneuil.example")))
	w.fill(heirField(second), "marc.lefevre@terneuil.example")
	w.press(`button[value=preview]`, s.say("transfer.stay"), s.say("request.lost"))
	w.shoot(s.name("he-transfer-preview"))
	w.special(s.name("he-transfer-preview"))
	w.press(confirm, s.say("transfer.done"))
	w.shoot(s.name("hf-transferred"))
}

func (w walk) appoints(s spoken, second structure.ID) {
	w.press(`nav.wide a[href="/operator/orphans"]`, "Mairie de Terneuil")
	w.shoot(s.name("hg-orphans"))
	w.special(s.name("hg-orphans"))
	w.press(`a[href$="/principal"]`, s.say("appoint.reason"))
	w.press(`button[value=preview]`, "summary")
	w.shoot(s.name("hh-appoint-problems"))
	w.fill("login", julie)
	w.fill("reason", "Départ du gestionnaire.")
	w.press(`button[value=preview]`, s.say("request.gained"), "Julie BON")
	w.shoot(s.name("hi-appoint-preview"))
	w.press(confirm, s.say("orphans.none"))
	require.Equal(w.t, structure.RolePrincipalManager, roleOf(w.t, w.v.app, julie, second))
}

// TestSuccessorsAnswerInABrowser asks a successor, who declines and then accepts.
func TestSuccessorsAnswerInABrowser(t *testing.T) {
	t.Parallel()
	inBothLanguages(t, func(s spoken, _ *app, _ func(string) walk) {
		browser, a := chromium(s.t), start(s.t, func(c *config) { c.Asking = true })
		enter := func(login string) walk {
			w := walks(browser, s.t, a, s.lang)
			w.enter(login, demoPassword)
			if s.lang == "en" {
				w.press(`button[name=lang][value=en]`, `<html lang="en">`)
			}
			return w
		}
		id := hospitalOf(s.t, a)
		boss, heir := enter(claire), enter("nadia.benali@terneuil.example")
		at := "/account/nominations/" + string(id)
		ask := func() {
			boss.open(transferPath+"?structures="+string(id), "BENALI Nadia")
			boss.choose(chosenForAll, string(idOf(s.t, a, "nadia.benali@terneuil.example")))
			boss.press(`button[value=preview]`, s.say("transfer.asked"))
			boss.shoot(s.name("ia-ask-preview"))
			boss.press(confirm, s.say("transfer.sent"), s.say("transfer.waits"))
			boss.shoot(s.name("ib-asked"))
			boss.special(s.name("ib-asked"))
		}
		ask()
		heir.open(at, "Claire FONTAINE")
		heir.shoot(s.name("ic-nomination"))
		heir.special(s.name("ic-nomination"))
		heir.press(`a[href$="/decline"]`, s.say("nomination.todecline"))
		heir.shoot(s.name("id-decline"))
		heir.press(confirm, s.say("nomination.declined"))
		ask()
		boss.press(`a[href$="/withdraw"]`, s.say("nomination.void"))
		boss.press(confirm, s.say("nomination.takenback"))
		ask()
		heir.open(at)
		heir.press(`a[href$="/accept"]`, s.say("request.gained"), s.say("request.lost"))
		heir.shoot(s.name("ie-accept"))
		heir.press(confirm, s.say("nomination.accepted"))
		heir.shoot(s.name("if-accepted"))
	})
}
