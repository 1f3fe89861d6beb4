package main

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// the home page tells what became of one's memberships and spaces, a page
// of its own everything that happened to the person, and nothing of anybody else.
func TestActivityIsOnesOwn(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := ccas(t, a)
	v := signedIn(t, a, hubert)
	v.see("/", "Dernières nouvelles", "Demande de rattachement", "CCAS Terneuil", "par un gestionnaire", activityPath)
	require.NotContains(t, v.last.Body, "Pauline", "who decided is not named")
	require.NotContains(t, v.last.Body, "Compte activé", "not among the news")
	v.see(activityPath, "Compte activé", "Validée", "par vous")
	v.see(activityPath+"?what=membership", "Validée", "VOIE Voirie")
	require.NotContains(t, v.last.Body, "Compte activé")
	require.NotContains(t, v.last.Body, "Julie")
	v.see(activityPath+"?what=nonsense", "Compte activé")
	for range perPage {
		by := account.Person(idOf(t, a, hubert))
		m, err := a.h.Structures.Request(t.Context(), by, structure.Request{Structure: id, Whole: true, Comment: "x"})
		require.NoError(t, err)
		_, err = a.h.Structures.Withdraw(t.Context(), by, m.ID)
		require.NoError(t, err)
	}
	older := v.see(activityPath)
	require.NotContains(t, older.Body, "Compte activé", "that is pages back")
	next := regexp.MustCompile(`href="(\?[^"]+)" rel="next"`).FindStringSubmatch(older.Body)
	require.NotNil(t, next)
	for range 2 {
		v.see(activityPath + regexp.MustCompile(`&amp;`).ReplaceAllString(v.find(`href="(\?[^"]+)" rel="next"`), "&"))
	}
	require.Contains(t, v.last.Body, "Compte activé")
	require.NotContains(t, signedIn(t, a, "jules.martin@terneuil.example").see("/").Body, "Dernières nouvelles")
	require.Equal(t, "/sign-in", visit(t, a).see(activityPath).Path)
}

// one's memberships can be narrowed to a status.
func TestMembershipsAreNarrowed(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, hubert)
	v.see("/account/memberships?status=approved", "CCAS Terneuil", "selected>")
	v.see("/account/memberships?status=removed", "Aucun de vos rattachements", "selected>")
	v.see("/account/memberships?status=nonsense", "CCAS Terneuil")
	signedIn(t, a, pauline).see("/account/memberships", "/manage/transfer?structures=")
}

// A mail shows as text and as a mail program shows it, where the mailbox does.
func TestMailboxShowsBothViews(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.see("/register")
	v.send("/register", "login", "nora@terneuil.example", "givenName", "Nora", "familyName", "Neuve", "language", "fr", "acceptConditions", "yes")
	v.mail("nora@terneuil.example")
	v.see("/dev/mailbox", "Version HTML", "nora@terneuil.example")
	at := v.find(`href="(/dev/mailbox/[^"]+)"`)
	v.see(at, "<html", "Nora")
	require.Equal(t, letterPolicy, v.last.Header.Get("Content-Security-Policy"))
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, "/dev/mailbox/x", nil).Status)
	v.header.Set("Host", "evil.example")
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, at, nil).Status)
}

// whatever the history of a structure can hold is found by one of the choices.
func TestEveryKindCanBeNarrowedTo(t *testing.T) {
	t.Parallel()
	found := map[notify.Kind]bool{}
	for _, what := range historyKinds() {
		for _, k := range kindsOf(what) {
			found[k] = true
		}
	}
	var missing []string
	for code := range messages(t) {
		kind, ok := strings.CutPrefix(code, "event.")
		if ok && !strings.HasPrefix(kind, "account.") && !found[notify.Kind(kind)] {
			missing = append(missing, kind)
		}
		delete(found, notify.Kind(kind))
	}
	require.Empty(t, missing, "the history can only be seen whole to find these")
	require.Empty(t, found, "no event is called so")
}

// messages are the texts of the library, which name every kind of event.
func messages(t *testing.T) (out map[string]string) {
	t.Helper()
	b, err := os.ReadFile("../../internal/i18n/messages.en.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(b, &out))
	return out
}

// the history is narrowed to decisions, days and a person, and
// a line opens what was decided then, to managers and to the person whom it concerns.
func TestHistoryIsReadInDetail(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, m := ccas(t, a)
	boss := account.Person(idOf(t, a, pauline))
	_, err := a.h.Structures.Reject(t.Context(), boss, m, structure.Refusal{Reason: "Pas dans notre équipe."})
	require.NoError(t, err)
	at := historyPath(id)
	v := signedIn(t, a, pauline)
	v.see(at, "Julie BON", "Hubert DUFOUR", "Service ajouté")
	v.see(at+"?what=decided", "Julie BON", "Refusée")
	require.NotContains(t, v.last.Body, "Service ajouté")
	require.NotContains(t, v.last.Body, ">Demandée<")
	today := typed(authz.DateOf(a.portal.now().In(a.portal.zone)))
	v.see(at+"?what=decided&from="+url.QueryEscape(today)+"&until="+url.QueryEscape(today), "Refusée", `value="`+today+`"`)
	v.see(at+"?until=01%2F01%2F2020", "Rien ne correspond")
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, at+"?from=32%2F01%2F2020", nil).Status)
	require.Contains(t, v.last.Body, `href="#from"`)
	who := string(idOf(t, a, julie))
	v.see(at, at+"?who="+who)
	v.see(at+"?who="+who, "Seulement ce qui concerne Julie BON", "Tout le monde")
	require.NotContains(t, v.last.Body, "Hubert DUFOUR")
	csv := v.send(at, "who", who, "what", "decided")
	require.Contains(t, csv.Body, "Julie BON")
	require.NotContains(t, csv.Body, "Hubert DUFOUR", "with the filter of the page")

	v.see(at + "?what=decided")
	line := v.find(`href="(` + at + `/\d+)">Refusée`)
	v.see(line, "Julie BON", "Pauline DUFOUR", "REFUSÉE", "Pas dans notre équipe.", "Bonjour", "Tel que décidé")
	own := signedIn(t, a, julie)
	own.see(activityPath+"?what=membership", line)
	own.see(line, "Pas dans notre équipe.", "Bonjour")
	require.NotContains(t, own.last.Body, "Pauline", "who decided is not named")
	require.Equal(t, http.StatusForbidden, signedIn(t, a, hubert).do(http.MethodGet, line, nil).Status)
	require.Equal(t, http.StatusNotFound, signedIn(t, a, claire).do(http.MethodGet, line, nil).Status)
	for _, bad := range []string{"/0", "/-1", "/x", "/99999"} {
		require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, at+bad, nil).Status, bad)
	}

	_, err = a.h.Structures.GrantSubscriptions(t.Context(), boss, structure.SubscriptionGrant{
		Structure: id, Account: idOf(t, a, hubert), Lines: []structure.Line{{Space: authz.SpaceOrganisation, Level: authz.Write}},
	})
	require.NoError(t, err)
	v.see(at+"?what=subscription", "Accordé")
	v.see(v.find(`href="(`+at+`/\d+)">`), "<dt>Accès</dt>", "Organisation")
}
