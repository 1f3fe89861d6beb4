package main

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/structure"
)

// TestManagersInABrowser goes through the pages of those who manage people, in both
// languages and without a script, with two browsers that race for one decision.
func TestManagersInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	browser := chromium(t)
	for _, lang := range languages() {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			a := start(t, nil)
			s := spoken{t, a.portal.texts, lang}
			enter := func() walk {
				w := walks(browser, t, a, lang)
				w.enter(claire, demoPassword)
				if lang == "en" { // the account's own language is French
					w.press(`button[name=lang][value=en]`, `<html lang="en">`)
				}
				return w
			}
			boss, rival := enter(), enter()
			id := hospitalOf(t, a)
			boss.looksAround(s, id)
			boss.decides(s, rival)
			boss.decidesOnLines(s, rival)
			boss.changesMember(s, id)
			boss.lendsPowers(s, id)
		})
	}
}

func (w walk) looksAround(s spoken, id structure.ID) {
	w.press(`nav.wide a[href="/manage"]`, s.say("manage.structures"), "DIALLO Amina")
	w.shoot(s.name("a0-dashboard"))
	w.special(s.name("a0-dashboard"))
	w.press(`main a[href$="/access"]`, s.say("access.caption"), "LEFÈVRE Marc")
	w.shoot(s.name("a1-access"))
	w.special(s.name("a1-access"))
	marc := string(idOf(w.t, w.v.app, "marc.lefevre@terneuil.example"))
	w.press(`a[href*="/access/`+marc+`?space=works_invoices"]`, s.say("why.remedies"))
	w.shoot(s.name("a2-access-why"))
	w.open(membersPath(id), "LEFÈVRE Marc")
	w.shoot(s.name("a3-members"))
	w.special(s.name("a3-members"))
	w.fill("family", "zzz")
	w.press(`form.filter button`, s.say("filter.nothing"))
	w.shoot(s.name("a4-members-none"))
}

func (w walk) decides(s spoken, rival walk) {
	w.press(`nav.wide a[href="/manage/requests"]`, s.say("bulk.title"))
	w.shoot(s.name("a5-requests"))
	w.special(s.name("a5-requests"))
	w.press(`button[value=approve]`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("a6-none-ticked"))
	rival.press(`nav.wide a[href="/manage/requests"]`, s.say("bulk.title"))
	for _, b := range []walk{w, rival} {
		b.tick(`tbody tr:nth-child(1) input[name=items]`)
	}
	w.tick(`tbody tr:nth-child(2) input[name=items]`)
	w.press(`button[value=approve]`, s.say("plan.possible"), "amina.diallo@terneuil.example")
	w.shoot(s.name("a7-approve-preview"))
	w.special(s.name("a7-approve-preview"))
	rival.fill("reason", "Non")
	rival.press(`button[value=reject]`, s.say("plan.possible"))
	rival.shoot(s.name("a8-reject-preview"))
	w.press(`button[value=confirm]`, s.say("bulk.done", "Count", 2, "All", 2))
	w.shoot(s.name("a9-approved"))
	rival.press(`button[value=confirm]`, s.say("outcome.failed"), s.say("status.approved"))
	rival.shoot(s.name("aa-too-late"))
}

func (w walk) decidesOnLines(s spoken, rival walk) {
	w.press(`nav.wide a[href="/manage/subscriptions"]`, "LEFÈVRE Marc")
	w.shoot(s.name("ab-lines"))
	w.special(s.name("ab-lines"))
	w.press(`tbody tr:nth-child(1) a`, s.say("lines.grant"))
	w.shoot(s.name("ac-batch"))
	w.special(s.name("ac-batch"))
	at := w.path()
	rival.open(at, s.say("lines.grant"))
	w.tick(`input[name=lines]:checked`)
	w.press(`button[value=approve]`, s.say("request.mails"))
	w.shoot(s.name("ad-batch-preview"))
	rival.fill("reason", "Non")
	rival.press(`button[value=reject]`, s.say("lines.refused"))
	w.press(`button[value=confirm]`, "notice good")
	rival.press(`button[value=confirm]`, s.say("outcome.failed"))
	rival.shoot(s.name("ae-batch-too-late"))
}

func (w walk) changesMember(s spoken, id structure.ID) {
	marc := string(idOf(w.t, w.v.app, "marc.lefevre@terneuil.example"))
	w.open(membersPath(id)+"/"+marc, s.say("member.change"))
	w.shoot(s.name("af-member"))
	w.special(s.name("af-member"))
	w.choose("role", "secondary_manager")
	w.tick("#scope-whole")
	w.press(`button[value=preview]`, s.say("role.secondary_manager"), s.say("request.gained"))
	w.shoot(s.name("ag-member-preview"))
	w.press(`button[value=confirm]`, s.say("member.rights"), "notice good")
	w.press(`button[value=remove]`, s.say("request.lost"))
	w.shoot(s.name("ah-remove-preview"))
	w.press(`button[value=confirm]`, s.say("outcome.done"))
	w.shoot(s.name("ai-removed"))
	w.open("/structures/"+string(id)+"/history", s.say("history.detail"))
	w.tick("td details summary")
	w.shoot(s.name("aj-history"))
	w.special(s.name("aj-history"))
}

func (w walk) lendsPowers(s spoken, id structure.ID) {
	w.open("/structures/"+string(id)+"/delegation", s.say("delegation.intro"))
	w.shoot(s.name("ak-delegation"))
	w.tick("#users-principal")
	w.press(`button[value=preview]`, "nadia.benali@terneuil.example")
	w.shoot(s.name("al-delegation-preview"))
	w.press(`button[value=confirm]`, s.say("delegation.done"))
	w.open("/structures/"+string(id)+"/copy", s.say("copy.intro"))
	w.press(`button[value=preview]`, "summary")
	w.shoot(s.name("am-copy-problem"))
	w.choose("from", string(idOf(w.t, w.v.app, "nadia.benali@terneuil.example")))
	w.choose("to", string(idOf(w.t, w.v.app, "sofia.costa@terneuil.example")))
	w.press(`button[value=preview]`, s.say("copy.nothing"))
	w.open("/manage/subscriptions")
	w.tick(`tbody tr:nth-child(1) input[name=items]`)
	w.press(`button[value=approve]`, s.say("plan.possible"))
	w.press(`button[value=confirm]`, s.say("outcome.done"))
	w.open("/structures/" + string(id) + "/copy")
	w.choose("from", string(idOf(w.t, w.v.app, "nadia.benali@terneuil.example")))
	w.choose("to", string(idOf(w.t, w.v.app, "sofia.costa@terneuil.example")))
	w.press(`button[value=preview]`, s.say("plan.rows"))
	w.shoot(s.name("an-copy-preview"))
	w.open("/structures/"+string(id)+"/attach", s.say("attach.intro"))
	w.fill("login", "jules.martin@terneuil.example")
	w.press(`button[value=search]`, "jules.martin@terneuil.example")
	w.shoot(s.name("ao-attach"))
	w.special(s.name("ao-attach"))
	w.press(`button[value=preview]`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("ap-attach-problems"))
	w.tick(`input[name=who]`)
	w.tick("#scope-whole")
	w.fill("comment", "Renfort")
	w.press(`button[value=preview]`, s.say("attach.confirm"), "Jules MARTIN")
	w.shoot(s.name("aq-attach-preview"))
	w.press(`button[value=confirm]`, s.say("attach.done", "Name", "Jules MARTIN"))
}

// with larger type the widest tables fit beside the menu, and where it folds away.
func TestLargerTypeFitsInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	a := start(t, nil)
	w := walks(chromium(t), t, a, "fr")
	w.enter(claire, demoPassword)
	w.open("/account/preferences")
	w.tick(`#accessibility`)
	w.press(`main button.main`, `class="large"`)
	id := hospitalOf(t, a)
	for _, path := range []string{membersPath(id), accessPath(id), historyPath(id), usersPath, requestsPath} {
		w.open(path, `class="large"`)
		for _, width := range []int64{913, 1000, 1184, 1200, 1280, 1340} {
			w.do(chromedp.EmulateViewport(width, 800))
			require.LessOrEqual(t, w.wide(), width, path)
		}
	}
}
