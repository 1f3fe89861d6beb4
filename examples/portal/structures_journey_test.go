package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/structure"
)

// inBothLanguages runs a journey in a browser of its own for each language, in which
// enter signs people in.
func inBothLanguages(t *testing.T, journey func(s spoken, a *app, enter func(login string) walk)) {
	t.Helper()
	longtest.Skip(t)
	for _, lang := range languages() {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			browser, a := chromium(t), start(t, nil)
			journey(spoken{t, a.portal.texts, lang}, a, func(login string) walk {
				w := walks(browser, t, a, lang)
				w.enter(login, demoPassword)
				if lang == "en" { // the account's own language is French
					w.press(`button[name=lang][value=en]`, `<html lang="en">`)
				}
				return w
			})
		})
	}
}

// TestStructuresInABrowser goes through the pages of a structure as its principal
// manager, in both languages and without a script.
func TestStructuresInABrowser(t *testing.T) {
	t.Parallel()
	inBothLanguages(t, func(s spoken, a *app, enter func(string) walk) {
		id, services := idOfCCAS(s.t, a)
		boss := enter(pauline)
		boss.changesSheet(s, id)
		boss.changesServices(s, id, services["VOIE"])
		boss.changesSpaces(s, id)
		boss.changesWhole(s, id)
	})
}

// TestOwnStructuresInABrowser goes through the search, the creation and one's own
// memberships, spaces and entitlements, in both languages and without a script.
func TestOwnStructuresInABrowser(t *testing.T) {
	t.Parallel()
	inBothLanguages(t, func(s spoken, a *app, enter func(string) walk) {
		id, services := idOfCCAS(s.t, a)
		_, err := a.h.Structures.OpenSpace(s.t.Context(), account.Person(idOf(s.t, a, pauline)), id, authz.SpaceInvoicesToValidate)
		require.NoError(s.t, err)
		_, err = a.h.Structures.OpenSpace(s.t.Context(), account.Person(idOf(s.t, a, pauline)), id, authz.SpaceWorksInvoices)
		require.NoError(s.t, err)
		enter(julie).joins(s)
		enter(hubert).leaves(s, id, services["VOIE"])
	})
}

const confirm = `main button[name=step][value=confirm]`

func (w walk) changesSheet(s spoken, id structure.ID) {
	at := sheetPath(id)
	w.open("/", at)
	w.press(`main a[href="`+at+`"]`, s.say("sheet.general"), s.say("bank.none"))
	w.shoot(s.name("90-sheet"))
	w.press(`main a[href$="/general"]`, s.say("general.title", "Structure", "CCAS Terneuil"))
	w.refill("legalName", "Centre communal d’action sociale intercommunal de Terneuil-sur-Seine, Terneuil-le-Vieux et des hameaux rattachés")
	w.press(`main button.main`, s.say("change.nothing")[:3], "→")
	w.shoot(s.name("91-general-preview"))
	w.press(confirm, s.say("change.saved"))
	w.press(`main a[href$="/address"]`, s.say("label.address.street"))
	w.fill("address.street", "1 place du Marché")
	w.press(`main button.main`, s.say("headoffice.found"))
	w.press(confirm, "1 place du Marché")
	w.press(`main a[href$="/bank"]`, s.say("label.iban"))
	w.fill("iban", "FR76 1")
	w.press(`main button.main`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("92-bank-problem"))
	w.refill("iban", "FR76 3000 1007 9412 3456 7890 185")
	w.fill("label", "Trésorerie municipale de Terneuil")
	w.press(`main button.main`, "FR76 3000 1007 9412 3456 7890 185")
	w.press(confirm, s.say("bank.done"))
	w.press(`main a[href$="/mandate"]`, s.say("label.signatory"))
	w.fill("signatory", "Pauline Dufour")
	w.fill("signedOn", "15/01/2024")
	w.fill("version", "2024-1")
	w.press(`main button.main`, s.say("mandate.preview"))
	w.shoot(s.name("93-mandate-preview"))
	w.press(confirm, s.say("change.saved"))
	w.shoot(s.name("94-sheet-full"))
	w.special(s.name("94-sheet-full"))
}

func (w walk) changesServices(s spoken, id structure.ID, voie structure.ServiceID) {
	at := sheetPath(id) + "/services"
	w.open(at, "Urbanisme")
	w.shoot(s.name("100-services"))
	w.press(`main a[href$="/services/new"]`, s.say("label.serviceCode"))
	w.fill("serviceCode", "VERT")
	w.fill("name", "Espaces verts")
	w.shoot(s.name("101-service-new"))
	w.press(`main button.main`, s.say("service.offered"))
	w.press(confirm, s.say("service.added", "Code", "VERT"))
	w.press(`main a[href$="`+string(voie)+`"]`, "Voirie")
	w.tick(`#active`)
	w.press(`main button.main`, s.say("request.lost"), "Hubert DUFOUR")
	w.shoot(s.name("102-service-off-preview"))
	w.press(`main button[value=change]`, s.say("service.activehint"))
	w.shoot(s.name("103-service"))
}

func (w walk) changesSpaces(s spoken, id structure.ID) {
	w.open(sheetPath(id)+"/spaces", s.say("spaces.closed"))
	w.shoot(s.name("104-spaces"))
	w.special(s.name("104-spaces"))
	w.press(`main a[href$="`+string(authz.SpaceWorksInvoices)+`/open"]`, s.say("space.lines"))
	w.shoot(s.name("105-space-open"))
	w.press(confirm, s.say("spaces.intro"))
	w.press(`main a[href$="`+string(authz.SpaceInvoicesIssued)+`/close"]`, s.say("space.notback"), "Hubert DUFOUR")
	w.shoot(s.name("106-space-close"))
}

func (w walk) changesWhole(s spoken, id structure.ID) {
	w.open(sheetPath(id)+"/identifier", s.say("reidentify.intro"))
	w.shoot(s.name("107-identifier"))
	w.fill("identifier", mairieSIRET)
	w.press(`main button.main`, s.say("reidentify.former"))
	w.shoot(s.name("108-identifier-preview"))
	w.open(sheetPath(id), s.say("sheet.parameters"))
	w.press(`main a[href$="/deactivate"]`, s.say("turn.norights"))
	w.shoot(s.name("109-deactivate-preview"))
	w.press(confirm, s.say("structure.inactive"))
	w.shoot(s.name("110-inactive"))
	w.press(`main a[href$="/activate"]`, s.say("turn.again"))
	w.press(confirm, s.say("structure.active"))
}

func (w walk) joins(s spoken) {
	w.press(`nav.wide a[href="/structures"]`, s.say("structures.criteria"))
	w.shoot(s.name("111-structures"))
	w.fill("any", "*terneuil*")
	w.press(`main button.main`, "CCAS Terneuil", s.say("structures.caption"))
	w.shoot(s.name("112-structures-found"))
	w.special(s.name("112-structures-found"))
	w.tick(`tbody tr:nth-child(1) input`)
	w.tick(`tbody tr:nth-child(2) input`)
	w.press(`main form[action$="/several"] button.main`, s.say("several.or"))
	w.shoot(s.name("113-several"))
	w.press(`main button.main`, "summary")
	w.shoot(s.name("114-several-problems"))
	w.tick(`#structures > .card:nth-last-child(1) input[name=whole]`)
	w.tick(`#structures > .card:nth-last-child(2) input[name=whole]`)
	w.fill("comment", "Je rejoins l’équipe.")
	w.press(`main button.main`, s.say("change.each"))
	w.shoot(s.name("115-several-preview"))
	w.press(confirm, s.say("status.pending"), s.say("remind.submit"))
	w.shoot(s.name("116-memberships"))
	w.special(s.name("116-memberships"))
	w.press(`main a[href*="/withdraw/"]`, s.say("withdraw.stays"))
	w.shoot(s.name("117-withdraw"))
	w.press(confirm, s.say("status.cancelled"))

	w.open("/structures/new", s.say("found.intro"))
	w.shoot(s.name("118-new-structure"))
	w.fill("identifier", "26570134200148")
	w.press(`main button.main`, s.say("found.exists"))
	w.shoot(s.name("119-existing"))
	w.press(`main a[href="/structures/new"]`, s.say("found.intro"))
	w.fill("identifier", mairieSIRET)
	w.press(`main button.main`, s.say("label.legalName"))
	w.fill("legalName", "Mairie de Terneuil")
	w.press(`main button.main`, s.say("found.principal"))
	w.shoot(s.name("120-new-structure-preview"))
	w.press(confirm, s.say("found.done", "Structure", "Mairie de Terneuil"))
}

func (w walk) leaves(s spoken, id structure.ID, voie structure.ServiceID) {
	w.open("/account/subscriptions", s.say("subscriptions.byrole"))
	w.shoot(s.name("121-subscriptions"))
	w.open("/account/subscriptions/ask/"+string(id), s.say("askspaces.caption"))
	w.tick(`[id="right-` + string(authz.SpaceWorksInvoices) + `:write"]`)
	w.tick(`#scope-services`)
	w.tick(`[id="service-` + string(voie) + `"]`)
	w.shoot(s.name("122-ask-spaces"))
	w.press(`main button.main`, s.say("askspaces.waits"))
	w.shoot(s.name("123-ask-spaces-preview"))
	w.press(confirm, s.say("remind.submit"))
	w.shoot(s.name("124-subscriptions-pending"))
	w.special(s.name("124-subscriptions-pending"))
	w.tick(`tbody input[name=ticked]`)
	w.press(`main button[value=preview]`, s.say("subscriptions.atonce"))
	w.shoot(s.name("125-remove-preview"))
	w.open("/account/entitlements", s.say("entitlements.manage"))
	w.shoot(s.name("126-entitlements"))
	by := account.Person(idOf(w.t, w.v.app, pauline))
	_, err := w.v.app.h.Structures.GrantSubscriptions(w.t.Context(), by, structure.SubscriptionGrant{
		Account: idOf(w.t, w.v.app, hubert), Structure: id, From: authz.DateOf(w.v.app.portal.now().In(w.v.app.portal.zone)),
		Lines: []structure.Line{{Service: voie, Space: authz.SpaceWorksInvoices, Level: authz.Read}},
	})
	require.NoError(w.t, err)
	w.open("/account/entitlements/"+string(id)+"?service="+string(voie), s.say("entitlements.removeall"))
	w.shoot(s.name("127-entitlement-form"))
	w.tick(`[id="right-` + string(authz.SpaceWorksInvoices) + `:read"]`)
	w.press(`main button.main`, s.say("subscriptions.gone"))
	w.shoot(s.name("128-entitlement-preview"))
	w.press(confirm, s.say("entitlements.done"))
	w.open("/account/memberships", s.say("leave.title"))
	w.press(`main td a[href*="/leave"]`, s.say("leave.caption"))
	w.shoot(s.name("129-leave"))
	w.press(`main button.main`, s.say("leave.warning"))
	w.shoot(s.name("130-leave-preview"))
	w.special(s.name("130-leave-preview"))
	w.press(confirm, s.say("leave.left"))
	w.shoot(s.name("131-left"))
}
