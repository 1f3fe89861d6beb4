package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// publish lets something happen at the CCAS, as the host's own programs would.
func publish(t *testing.T, a *app, id structure.ID, key, subject string) {
	t.Helper()
	units, err := a.h.Structures.Services(t.Context(), account.Person(idOf(t, a, hubert)), id)
	require.NoError(t, err)
	voie := slices.IndexFunc(units, func(u structure.Unit) bool { return u.Code == "VOIE" })
	_, err = a.h.Notices.Publish(t.Context(), notify.Notice{
		Key: key, Category: notify.CategoryInvoicing, Kind: "invoice.received", Structure: id, Service: units[voie].ID, Space: authz.SpaceInvoicesReceived, Subject: subject,
	})
	require.NoError(t, err)
}

// news by mail are chosen with boxes, saved with a
// button, and can be switched off again; there is no box for mails about the account.
func TestNotificationsAreChosen(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, hubert)
	v.see("/account", noticesPath)
	v.see(noticesPath, "Facturation", "Engagements", "Certificats de cessibilité", hubert, "arrivent toujours")
	require.NotContains(t, v.last.Body, " checked", "nothing unless it is asked for")
	v.send(noticesPath, "on", "yes", "categories", "invoicing", "categories", "commitments", "weekly", "yes")
	require.Equal(t, noticesPath, v.last.Path)
	require.Contains(t, v.last.Body, "Votre choix est enregistré")
	require.Equal(t, 4, strings.Count(v.last.Body, " checked"))
	chosen, err := a.h.Notices.Settings(t.Context(), account.Person(idOf(t, a, hubert)))
	require.NoError(t, err)
	require.Equal(t, notify.Preferences{On: true, Weekly: true, Categories: []notify.Category{"commitments", "invoicing"}}, chosen.Preferences)
	require.Equal(t, http.StatusUnprocessableEntity, v.send(noticesPath, "on", "yes", "categories", "nonsense").Status)
	require.Contains(t, v.last.Body, `href="#notices"`)
	v.see(noticesPath)
	v.send(noticesPath, "categories", "invoicing", "daily", "yes")
	v.see(noticesPath)
	require.Equal(t, 2, strings.Count(v.last.Body, " checked"), "off, and what was chosen is kept")
}

// a mail tells that something happened and leads to the page that
// tells what, to whoever may read it and to nobody else.
func TestNewsAreForReaders(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := ccas(t, a)
	v := signedIn(t, a, hubert)
	v.see(newsPath, "rien passé")
	v.see(noticesPath)
	v.send(noticesPath, "on", "yes", "categories", "invoicing", "atOnce", "yes")
	before := v.mails()
	publish(t, a, id, "1", "Facture F-2026-17")
	_, err := a.h.Notices.CatchUp(t.Context())
	require.NoError(t, err)
	mail := v.arrived(before, func(m notify.Email) string {
		if m.To != hubert || m.Template != notify.MailNotice {
			return ""
		}
		return m.Text
	})
	require.NotContains(t, mail, "F-2026-17")
	require.Contains(t, mail, v.base+newsPath)
	v.see(newsPath, "Facture F-2026-17", "Factures reçues", "CCAS Terneuil")
	v.see("/", "Facture F-2026-17", newsPath)
	for _, who := range []string{julie, claire} {
		w := signedIn(t, a, who)
		require.NotContains(t, w.see(newsPath).Body, "F-2026-17", who)
		require.NotContains(t, w.see("/").Body, "F-2026-17", who)
	}
	for i := range perPage {
		publish(t, a, id, "more"+time.Duration(i).String(), "Autre")
	}
	require.NotContains(t, v.see(newsPath).Body, "F-2026-17", "that is a page back")
	v.see(regexp.MustCompile(`&amp;`).ReplaceAllString(v.find(`href="([^"]+)" rel="next"`), "&"), "F-2026-17")
}

// The demonstration town has a fortnight of news, for those who work there.
func TestTheTownHasNews(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	signedIn(t, a, claire).see(newsPath, "Facture HSS-2043", "Factures rejetées", "Facture HSS-2041", "Hôpital de Terneuil")
	v := signedIn(t, a, "marc.lefevre@terneuil.example")
	v.see(newsPath, "Facture HSS-2043")
	require.NotContains(t, v.last.Body, "HSS-2041", "of another ward")
}
