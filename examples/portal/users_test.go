package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// the people of all the structures that
// somebody manages, each once, narrowed by person or structure, with where they belong.
func TestUsersOfAllStructures(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, second := hospitalOf(t, a), found(t, a, "21750001600019", "Mairie de Terneuil", claire)
	boss, nadia := account.Person(idOf(t, a, claire)), idOf(t, a, "nadia.benali@terneuil.example")
	_, err := a.h.Structures.Attach(t.Context(), boss, structure.NewMember{Structure: second, Account: nadia, Role: structure.RoleMember, Whole: true, Comment: "x"})
	require.NoError(t, err)
	v := signedIn(t, a, claire)
	v.see("/manage", usersPath)
	v.see(usersPath, "BENALI Nadia", "LEFÈVRE Marc", "nadia.benali@terneuil.example", "Liste (2)", membersPath(second)+"/"+string(nadia), membersPath(id)+"/"+string(nadia))
	require.Equal(t, 1, strings.Count(v.last.Body, "<strong>BENALI Nadia"), "once")
	require.NotContains(t, v.last.Body, hubert, "of somebody else's structure")
	for query, want := range map[string][2]string{
		"family=ben":                     {"BENALI Nadia", "LEFÈVRE Marc"},
		"given=marc":                     {"LEFÈVRE Marc", "BENALI Nadia"},
		"login=*lefevre*":                {"LEFÈVRE Marc", "BENALI Nadia"},
		"status=active":                  {"LEFÈVRE Marc", "Aucun"},
		"structure=" + string(second):    {"BENALI Nadia", "LEFÈVRE Marc"},
		"size=1&page=2":                  {"Page 2 sur", "Cochez au moins"},
		"status=pending_activation":      {"Personne ne correspond", "LEFÈVRE Marc"},
		"country=BE":                     {"Personne ne correspond", "LEFÈVRE Marc"},
		"town=nowhere&family=":           {"Personne ne correspond", "LEFÈVRE Marc"},
		"service=01a20354&family=benali": {"BENALI Nadia", "LEFÈVRE Marc"},
	} {
		v.see(usersPath+"?"+query, want[0])
		require.NotContains(t, v.last.Body, want[1], query)
	}
	services, err := a.h.Structures.Services(t.Context(), boss, id)
	require.NoError(t, err)
	for _, u := range services {
		if u.Code == "URGE" {
			v.see(usersPath+"?"+url.Values{"structure": {string(id)}, "service": {string(u.ID)}}.Encode(), "LEFÈVRE Marc", "selected>URGE")
			require.NotContains(t, v.last.Body, "<strong>COSTA")
		}
	}
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, usersPath+"?family="+strings.Repeat("x", 256), nil).Status)
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, usersPath+"?status=x", nil).Status)
	ccas, _ := ccas(t, a)
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, usersPath+"?structure="+string(ccas), nil).Status, "somebody else's")
	stranger := signedIn(t, a, julie)
	stranger.see(usersPath, "d’aucune structure")
	require.Equal(t, http.StatusForbidden, stranger.send(usersPath, "act", "csvall").Status)
}

// ..R-311: the dashboard shows what waits of both kinds and leads to
// attaching people, the history and the users.
func TestDashboardLeadsOn(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	at := sheetPath(hospitalOf(t, a))
	v := signedIn(t, a, claire)
	v.see("/manage", "DIALLO Amina", "LEFÈVRE Marc", requestsPath, linesPath, at+"/attach", at+"/history", usersPath, transferPath)
	secondary := signedIn(t, a, "nadia.benali@terneuil.example")
	require.NotContains(t, secondary.see("/manage").Body, at+"/attach", "not lent")
	require.NotContains(t, secondary.last.Body, transferPath)
}

// the ticked people, or all whom the search finds, leave as a file;
// nobody ticked is refused, and so is the activation mail of whoever needs none.
func TestUsersAreExportedAndMailed(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := signedIn(t, a, claire)
	nadia, marc := string(idOf(t, a, "nadia.benali@terneuil.example")), string(idOf(t, a, "marc.lefevre@terneuil.example"))
	v.see(usersPath)
	require.Equal(t, http.StatusUnprocessableEntity, v.send(usersPath, "act", "csv").Status)
	require.Contains(t, v.last.Body, "Cochez au moins une personne")
	page := v.last
	got := v.send(usersPath, "act", "csv", "people", nadia)
	require.Contains(t, got.Header.Get("Content-Type"), "text/csv")
	require.Contains(t, got.Header.Get("Content-Disposition"), "utilisateurs.csv")
	require.Contains(t, got.Body, "BENALI Nadia")
	require.NotContains(t, got.Body, "LEFÈVRE")
	v.last = page
	got = v.send(usersPath+"?family=l*", "act", "csvall")
	require.Contains(t, got.Body, "LEFÈVRE Marc")
	require.NotContains(t, got.Body, "BENALI", "with the filter of the page")

	clock.pass(account.Guide2024().FreshProof)
	id := hospitalOf(t, a)
	_, err := a.h.Structures.CreatePerson(t.Context(), account.Person(idOf(t, a, claire)), id, account.Registration{
		Login: "nora@terneuil.example", GivenName: "Nora", FamilyName: "Neuve", Language: "fr",
	})
	require.NoError(t, err)
	_, err = a.h.Structures.Attach(t.Context(), account.Person(idOf(t, a, claire)), structure.NewMember{
		Structure: id, Account: idOf(t, a, "nora@terneuil.example"), Role: structure.RoleMember, Whole: true, Comment: "x",
	})
	require.NoError(t, err)
	clock.pass(account.Guide2024().FreshProof)
	v.see(usersPath+"?family=neuve", "Activation attendue")
	v.see(usersPath)
	before := v.mails()
	v.send(usersPath, "act", "resend", "people", string(idOf(t, a, "nora@terneuil.example")), "people", marc)
	require.Equal(t, usersPath, v.last.Path)
	require.Contains(t, v.last.Body, "Courriel envoyé à nora@terneuil.example")
	require.Contains(t, v.last.Body, "1 courriel envoyé sur 2")
	v.link("nora@terneuil.example", "/activate", before)
	require.Equal(t, http.StatusNotFound, v.send(usersPath, "act", "resend", "people", string(idOf(t, a, julie))).Status, "not one of these")
}

// lists of what waits have pages of the length that is chosen, are narrowed
// to one structure, and what is decided leads back to the same page.
func TestWaitingListsHavePages(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, second := hospitalOf(t, a), found(t, a, "21750001600019", "Mairie de Terneuil", claire)
	_, err := a.h.Structures.Request(t.Context(), account.Person(idOf(t, a, julie)), structure.Request{Structure: second, Whole: true, Comment: "Bonjour"})
	require.NoError(t, err)
	v := signedIn(t, a, claire)
	for path, first := range map[string]string{requestsPath: "DIALLO Amina", linesPath: "LEFÈVRE Marc"} {
		v.see(path, "Mairie de Terneuil", first, "Lignes par page")
		v.see(path+"?size=1", first, "Page 1 sur", "page=2")
		require.NotContains(t, v.see(path+"?size=1&page=2").Body, first)
		v.see(path+"?structure="+string(id), first)
		require.NotContains(t, v.see(path+"?structure="+string(second)).Body, first)
		v.see(path+"?size=1&page=99", "rel=\"prev\"")
		v.see(path+"?size=x&page=y", first)
		require.Equal(t, http.StatusOK, v.do(http.MethodGet, path+"?structure=x", nil).Status, "as without a filter")
	}
	v.see(requestsPath+"?structure="+string(second), "BON Julie")
	item := v.all(itemBox)[0]
	at := requestsPath + "?structure=" + string(second)
	v.send(at, "items", item, "act", "approve")
	require.Contains(t, v.last.Body, `action="`+at+`"`)
	v.send(at, "items", item, "act", "approve", "step", "confirm")
	require.Equal(t, at, v.last.Path)
	require.Contains(t, v.last.Body, "1 fait sur 1")
	require.Contains(t, v.send(at, "act", "csv").Header.Get("Content-Type"), "text/csv")
	ccas, _ := ccas(t, a)
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, requestsPath+"?structure="+string(ccas), nil).Status, "somebody else's")
	signedIn(t, a, "jules.martin@terneuil.example").see(requestsPath, "Vous ne gérez aucune structure")
}

// RC-10: a request is read; a refusal is shown before it is made; of two managers on one request, the
// one who comes second is shown the decision.
func TestOneRequestIsRefusedAfterAPreview(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	first, second := signedIn(t, a, claire), signedIn(t, a, claire)
	at := first.see(requestsPath).Path + "/" + first.all(itemBox)[0]
	first.see(at)
	second.see(at)
	require.Equal(t, http.StatusUnprocessableEntity, first.send(at+"/reject", "reason", " ").Status)
	first.send(at+"/reject", "reason", "Pas d’ici")
	require.Equal(t, http.StatusOK, first.last.Status)
	for _, text := range []string{"Refuser la demande de", "Pas d’ici", "Demande refusée → amina.diallo@terneuil.example", "Rien n’est fait"} {
		require.Contains(t, first.last.Body, text)
	}
	require.Len(t, mustPending(t, a), 2, "looking changes nothing")
	require.Contains(t, first.send(at+"/reject", "reason", "Pas d’ici", "step", "change").Body, "Pas d’ici</textarea>")
	first.send(at+"/reject", "reason", "Pas d’ici", "step", "confirm")
	require.Equal(t, requestsPath, first.last.Path)
	second.send(at+"/approve", "role", "member", "scope", "whole", "step", "confirm")
	require.Equal(t, at, second.last.Path)
	require.Contains(t, second.last.Body, "Refusé")
	require.Contains(t, second.last.Body, "Pas d’ici")
	second.see(at)
}
