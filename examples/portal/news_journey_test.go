package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// TestNewsInABrowser reads what happened, on the home page, in the history and in the
// mailbox, and sends a mail again as the operator, in both languages and without a script.
func TestNewsInABrowser(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	for _, lang := range languages() {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			server := &refuser{Inbox: notify.NewInbox(), address: julie}
			browser, a := chromium(t), start(t, func(c *config) { c.Mailer = server })
			s := spoken{t, a.portal.texts, lang}
			enter := func(login string) walk {
				w := walks(browser, t, a, lang)
				w.enter(login, demoPassword)
				if lang == "en" {
					w.press(`button[name=lang][value=en]`, `<html lang="en">`)
				}
				return w
			}
			id, m := ccas(t, a)
			_, err := a.h.Structures.Reject(t.Context(), account.Person(idOf(t, a, pauline)), m, structure.Refusal{Reason: "x"})
			require.NoError(t, err)
			publish(t, a, id, "1", "F-2026-17")
			enter(hubert).readsNews(s)
			enter(pauline).readsHistory(s, id)
			enter(fictionalOperator).sendsAgain(s, server)
		})
	}
}

func (w walk) readsNews(s spoken) {
	w.open("/", s.say("feed.news"), s.say("feed.manager"))
	w.shoot(s.name("j0-home"))
	w.special(s.name("j0-home"))
	w.press(`a[href="/account/activity"]`, s.say("feed.caption"))
	w.shoot(s.name("j1-activity"))
	w.special(s.name("j1-activity"))
	w.choose("what", "membership")
	w.press(`form.filter button`, "CCAS Terneuil")
	w.open("/account/memberships", "CCAS Terneuil")
	w.choose("status", "removed")
	w.press(`form.filter button`, s.say("memberships.nothing"))
	w.shoot(s.name("j2-memberships-none"))
	w.open(noticesPath, s.say("notices.security"))
	w.shoot(s.name("j9-notices"))
	w.special(s.name("j9-notices"))
	w.tick("#on")
	w.tick("#category-invoicing")
	w.tick("#daily")
	w.press(`main button.main`, s.say("notices.saved"))
	w.shoot(s.name("ja-notices-saved"))
	w.open(newsPath, "F-2026-17")
	w.shoot(s.name("jb-news"))
	w.special(s.name("jb-news"))
	w.open("/dev/mailbox", s.say("mailbox.html"))
	w.shoot(s.name("j3-mailbox"))
	w.press(`main article a[href^="/dev/mailbox/"]`, "<html")
	w.shoot(s.name("j4-letter"))
}

func (w walk) readsHistory(s spoken, id structure.ID) {
	w.open(sheetPath(id)+"/history", "Julie BON")
	w.shoot(s.name("j5-history"))
	w.special(s.name("j5-history"))
	w.fill("from", "32/01/2026")
	w.press(`form.filter button`, "summary")
	require.Equal(w.t, "summary", w.focused())
	w.shoot(s.name("jc-history-problem"))
	w.open(historyPath(id)+"?what=decided", "Julie BON")
	w.press(`tbody tr:nth-child(1) td:nth-child(2) a`, s.say("history.asdecided"))
	w.shoot(s.name("jd-decision"))
}

func (w walk) sendsAgain(s spoken, server *refuser) {
	w.press(`nav.wide a[href="/operator/outbox"]`, s.say("outbox.caption"))
	w.shoot(s.name("j6-outbox"))
	require.Eventually(w.t, func() bool {
		w.open(outboxPath + "?status=dead")
		return strings.Contains(w.html(), julie)
	}, 20*time.Second, 100*time.Millisecond)
	w.shoot(s.name("j7-outbox-dead"))
	w.special(s.name("j7-outbox-dead"))
	w.press(`button[value=ticked]`, "summary")
	require.Equal(w.t, "summary", w.focused())
	server.mended.Store(true)
	w.tick(`input[name=items]`)
	w.press(`button[value=ticked]`, s.say("outbox.again"))
	w.shoot(s.name("j8-outbox-again"))
}
