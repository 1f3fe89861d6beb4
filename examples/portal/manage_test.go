package main

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// hospitalOf returns the hospital of the demonstration town.
func hospitalOf(t *testing.T, a *app) structure.ID {
	t.Helper()
	found, err := a.h.Structures.Search(t.Context(), account.Person(idOf(t, a, claire)), structure.Search{Any: "*hopital*"})
	require.NoError(t, err)
	require.Len(t, found.Structures, 1)
	return found.Structures[0].ID
}

// all returns what the first group of a pattern matches, everywhere on the open page.
func (v *visitor) all(pattern string) []string {
	v.t.Helper()
	var out []string
	for _, found := range regexp.MustCompile(pattern).FindAllStringSubmatch(v.last.Body, -1) {
		out = append(out, found[1])
	}
	require.NotEmpty(v.t, out, "%s in %s", pattern, v.last.Body)
	return out
}

const itemBox = `name="items" value="([^"]+)"`

// the dashboard counts what waits, several requests are
// decided at once with a result each, and nothing happens before the preview is
// confirmed.
func TestManagersDecideInBulk(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, claire)
	v.see("/manage", "DIALLO Amina", "LEFÈVRE Marc", "il y a 6 jours", "Hôpital de Terneuil sur Seine", "/access")
	v.see("/manage/requests", "2 demandes en attente", "DIALLO Amina", "MARCHAND Léo")
	items := v.all(itemBox)
	require.Equal(t, http.StatusUnprocessableEntity, v.send("/manage/requests", "act", "approve").Status)
	require.Contains(t, v.last.Body, `href="#items"`)
	both := []string{"items", items[0], "items", items[1]}
	require.Equal(t, http.StatusUnprocessableEntity, v.send("/manage/requests", append(both, "act", "reject")...).Status, "a refusal needs a reason")
	v.send("/manage/requests", append(both, "act", "reject", "reason", "Pas cette année")...)
	require.Contains(t, v.last.Body, "Refuser 2 demandes")
	require.Contains(t, v.last.Body, "Pas cette année")
	v.send("/manage/requests", append(both, "act", "approve")...)
	require.Contains(t, v.last.Body, "Valider 2 demandes")
	require.Contains(t, v.last.Body, "Demande validée → amina.diallo@terneuil.example")
	require.Contains(t, v.last.Body, "Factures reçues")
	require.Len(t, mustPending(t, a), 2, "a preview changes nothing")

	before := v.mails()
	v.send("/manage/requests", append(both, "items", "x\x00", "act", "approve", "step", "confirm")...)
	require.Equal(t, "/manage/requests", v.last.Path)
	require.Contains(t, v.last.Body, "2 faits sur 3")
	require.Contains(t, v.last.Body, "Amina DIALLO (Hôpital de Terneuil sur Seine)")
	require.Contains(t, v.last.Body, "Aucune demande n’attend")
	require.Empty(t, mustPending(t, a))
	require.NotContains(t, v.see("/manage/requests").Body, "faits sur", "told once")
	require.NotEmpty(t, v.mail("leo.marchand@terneuil.example"), before)
}

// of several requests that are approved together, one whose last day is over
// stays as it is, and the manager reads why.
func TestARequestWhoseLastDayIsOverIsNotApprovedInBulk(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	m := mustPending(t, a)[0].Membership
	by := account.Person(m.Account)
	_, err := a.h.Structures.Withdraw(t.Context(), by, m.ID)
	require.NoError(t, err)
	_, err = a.h.Structures.Request(t.Context(), by, structure.Request{
		Structure: m.Structure, Whole: true, Comment: "pour la journée", Until: authz.DateOf(time.Now().Add(24 * time.Hour)),
	})
	require.NoError(t, err)
	clock.pass(72 * time.Hour)
	v := signedIn(t, a, claire)
	v.see("/manage/requests")
	items := v.all(itemBox)
	v.send("/manage/requests", "items", items[0], "items", items[1], "act", "approve", "step", "confirm")
	require.Contains(t, v.last.Body, "1 fait sur 2")
	require.Contains(t, strings.ReplaceAll(v.last.Body, "\u00a0", " "), "Dernier jour : Ce jour est passé.")
	require.Len(t, mustPending(t, a), 1)
}

func mustPending(t *testing.T, a *app) []structure.Case {
	t.Helper()
	out, err := a.h.Structures.Pending(t.Context(), account.Person(idOf(t, a, claire)))
	require.NoError(t, err)
	return out
}

// R-253, RC-10: of two managers who decide on one request at once, one wins and the
// other is shown the decision that was made.
func TestTheLoserSeesTheDecision(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	first, second := signedIn(t, a, claire), signedIn(t, a, claire)
	first.see("/manage/requests")
	second.see("/manage/requests")
	items := first.all(itemBox)
	first.send("/manage/requests", "items", items[0], "act", "approve", "step", "confirm")
	require.Contains(t, first.last.Body, "1 fait sur 1")
	second.send("/manage/requests", "items", items[0], "items", items[1], "act", "reject", "reason", "Non", "step", "confirm")
	require.Contains(t, second.last.Body, "1 fait sur 2")
	require.Contains(t, second.last.Body, "Quelqu’un d’autre a déjà décidé : Validé")

	first.see(linesPath)
	batch := first.find(`href="(/manage/subscriptions/[^"]+)"`)
	first.see(batch)
	second.see(batch)
	lines := first.all(itemBox)
	form := []string{"act", "reject", "reason", "Non", "step", "confirm"}
	for _, id := range lines {
		form = append(form, "items", id)
	}
	first.send(batch, form...)
	require.Contains(t, first.last.Body, "est traitée")
	second.send(batch, form...)
	require.Equal(t, linesPath, second.last.Path)
	require.Contains(t, second.last.Body, "Quelqu’un d’autre a déjà décidé : Refusé")
}

// lines are ticked one by one, with a word to the person, or
// several people's at once.
func TestManagersDecideOnLines(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, claire)
	v.see(linesPath, "Lignes de 2 demandes", "Page 1 sur 1, 2 demandes", "LEFÈVRE Marc", "BENALI Nadia")
	var batch string
	for _, path := range v.all(`href="(/manage/subscriptions/[^"]+)"`) {
		if strings.Contains(v.see(path).Body, "marc.lefevre@") && strings.Contains(v.last.Body, "Je valide les factures") {
			batch = path
		}
	}
	v.see(batch, "Factures à valider", "Factures de travaux", "checked")
	form := []string{"act", "approve"}
	for _, id := range v.all(itemBox) {
		form = append(form, "items", id)
	}
	require.Equal(t, http.StatusUnprocessableEntity, v.send(batch, form...).Status, "nothing ticked")
	ticks := v.all(`name="lines" value="([^"]+)"`)
	form = append(form, "lines", ticks[0], "comment", "Bienvenue")
	v.send(batch, form...)
	require.Equal(t, http.StatusOK, v.last.Status, v.last.Body)
	for _, text := range []string{"Accordé", "Refusé", "Bienvenue", "marc.lefevre@terneuil.example"} {
		require.Contains(t, v.last.Body, text)
	}
	v.send(batch, append(form, "step", "confirm")...)
	require.Contains(t, v.last.Body, "Marc LEFÈVRE est traitée")
	rest := v.all(itemBox)
	form = []string{"act", "approve"}
	for _, id := range rest {
		form = append(form, "items", id)
	}
	v.send(linesPath, form...)
	require.Contains(t, v.last.Body, "Possible")
	v.send(linesPath, append(form, "step", "confirm")...)
	require.Equal(t, linesPath, v.last.Path)
	require.Contains(t, v.last.Body, "Résultat pour chaque ligne")
	require.Contains(t, v.last.Body, "Aucune demande d’abonnement")
}

// R-236..R-238, R-251, R-324: members are found, changed, suspended and removed, each
// change shown before it is made.
func TestManagersChangeMembers(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	at := membersPath(hospitalOf(t, a))
	marc := idOf(t, a, "marc.lefevre@terneuil.example")
	v := signedIn(t, a, claire)
	v.see(at, "BENALI Nadia", "LEFÈVRE Marc", "Désactivé", "Expiré", "À venir", "Page 1 sur 1, 8 lignes")
	require.NotContains(t, v.see(at+"?role=secondary_manager").Body, "LEFÈVRE Marc")
	v.see(at+"?status=disabled", "LA TOUR DU PIN")
	require.NotContains(t, v.last.Body, "LEFÈVRE Marc")
	v.see(at+"?family=lef*", "LEFÈVRE Marc")
	v.see(at+"?family=zzz", "Personne ne correspond")
	v.see(at+"?status=nonsense", "LEFÈVRE Marc", "summary")

	one := at + "/" + string(marc)
	v.see(one, "Marc LEFÈVRE", "Modifier le rattachement")
	v.send(one, "scope", "services", "role", "member")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#services"`)
	form := []string{"scope", "whole", "role", "secondary_manager", "until", "31/03/2099"}
	v.send(one, form...)
	for _, text := range []string{"Utilisateur simple → Gestionnaire secondaire", "Rattachement modifié → marc.lefevre@", "31/03/2099"} {
		require.Contains(t, v.last.Body, text)
	}
	v.send(one, append(form, "step", "confirm")...)
	require.Equal(t, one, v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, "est modifié")

	for _, act := range []string{"disable", "enable", "remove"} {
		v.send(at, "people", string(marc), "people", string(idOf(t, a, claire)), "act", act)
		require.Contains(t, v.last.Body, "Impossible", "the principal manager is out of reach")
		v.send(at, "people", string(marc), "people", string(idOf(t, a, claire)), "act", act, "step", "confirm")
		require.Contains(t, v.last.Body, "1 fait sur 2", act)
	}
	require.NotContains(t, v.see(at).Body, string(marc))
	history := "/structures/" + string(hospitalOf(t, a)) + "/history"
	v.see(history, "Avant et après", "Utilisateur simple → Gestionnaire secondaire", ">Toute la structure</td>", ">Tout le périmètre</td>")
	require.Contains(t, v.see(history+"?what=structure").Body, ">CARD Cardiologie</td>", "the service that was added")
	require.NotContains(t, v.see(history+"?what=structure").Body, "Avant et après")
	file := v.send(history, "what", "membership")
	require.Equal(t, "text/csv; charset=utf-8", file.Header.Get("Content-Type"))
	require.Contains(t, file.Body, "Marc LEFÈVRE")
	require.Contains(t, file.Body, ";Assistance DEMO-2;Toute la structure;;")
	v.see(history, "Export")
	v.see(at)
	file = v.send(at+"?status=disabled", "act", "csv")
	require.Contains(t, file.Body, "jean-christophe.")
	require.NotContains(t, file.Body, "nadia.benali")
}

// A request that nobody has decided yet shows what it asks for, not everything.
func TestPendingMembersShowWhatTheyAskFor(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := signedIn(t, a, claire)
	of := membersPath(hospitalOf(t, a)) + "/"
	v.see(of+string(idOf(t, a, "leo.marchand@terneuil.example")), "<dd>CARD Cardiologie, URGE Urgences</dd>")
	v.see(of+string(idOf(t, a, "amina.diallo@terneuil.example")), "<dd>Toute la structure</dd>")
}

// somebody is found by strong criteria alone, and
// attached once what that changes was shown.
func TestManagersAttachPeople(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id := hospitalOf(t, a)
	at := "/structures/" + string(id) + "/attach"
	jules := string(idOf(t, a, "jules.martin@terneuil.example"))
	v := signedIn(t, a, claire)
	v.see(at, "Rechercher")
	for _, weak := range [][]string{{"family", "Martin"}, {"family", "Mar*", "given", "Jules"}, {}} {
		require.Equal(t, http.StatusUnprocessableEntity, v.send(at, append(weak, "step", "search")...).Status)
		require.NotContains(t, v.last.Body, "jules.martin")
	}
	v.send(at, "family", "Personne", "given", "Jules", "step", "search")
	require.Contains(t, v.last.Body, "Personne ne correspond")
	v.send(at, "login", "marc.lefevre@terneuil.example", "step", "search")
	require.Contains(t, v.last.Body, "Déjà rattaché")
	v.send(at, "family", "MARTIN", "given", "jules", "step", "search")
	require.Contains(t, v.last.Body, jules)
	form := []string{"family", "MARTIN", "given", "jules", "role", "member", "scope", "whole"}
	require.Equal(t, http.StatusUnprocessableEntity, v.send(at, append(form, "comment", "Renfort", "step", "preview")...).Status, "nobody chosen")
	form = append(form, "who", jules)
	require.Equal(t, http.StatusUnprocessableEntity, v.send(at, append(form, "step", "preview")...).Status, "no comment")
	form = append(form, "comment", "Renfort")
	v.send(at, append(form, "step", "preview")...)
	for _, text := range []string{"Jules MARTIN", "Toute la structure", "Renfort", "Rattachement à une structure → jules.martin@"} {
		require.Contains(t, v.last.Body, text)
	}
	v.send(at, append(form, "step", "confirm")...)
	require.Equal(t, membersPath(id), v.last.Path, v.last.Body)
	require.Contains(t, v.last.Body, "Jules MARTIN est rattach")
	v.see("/structures/" + string(id) + "/history")
	require.NotContains(t, v.last.Body, "jules.martin", "what was searched for is not kept")
	v.see("/structures/"+string(id)+"/history?what=structure", "Recherche d’utilisateurs")
}

// the principal manager lends powers and takes them back.
func TestPowersAreLent(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id := hospitalOf(t, a)
	at := "/structures/" + string(id) + "/delegation"
	v := signedIn(t, a, claire)
	v.see(at, "BENALI", "Agir sur la structure")
	v.send(at, "structure", "user", "users", "principal")
	require.Contains(t, v.last.Body, "Comme un utilisateur simple → Comme le gestionnaire principal")
	require.Contains(t, v.last.Body, "nadia.benali@terneuil.example")
	nadia := signedIn(t, a, "nadia.benali@terneuil.example")
	require.Equal(t, http.StatusForbidden, nadia.do(http.MethodGet, membersPath(id), nil).Status)
	v.send(at, "structure", "user", "users", "principal", "step", "confirm")
	require.Contains(t, v.last.Body, `id="users-principal" name="users" value="principal" aria-describedby="users-hint" checked`)
	nadia.see(membersPath(id), "LEFÈVRE Marc")
	require.Equal(t, http.StatusForbidden, nadia.do(http.MethodGet, at, nil).Status, "what is lent cannot be lent on")
}

// The matrix shows who may do what, and why.
func TestAccessMatrix(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	at := accessPath(hospitalOf(t, a))
	v := signedIn(t, a, claire)
	v.see(at, "LEFÈVRE Marc", "Factures à valider", "consulter, demandé", "à venir", "modifier, acquis")
	v.see(at+"?service="+v.all(`<option value="([0-9a-f-]{36})"`)[0], "FONTAINE Claire")
	marc := idOf(t, a, "marc.lefevre@terneuil.example")
	v.see(at+"/"+string(marc)+"?space=invoices.received", "oui", "Urgences")
	v.see(at+"/"+string(marc)+"?space=works_invoices", "non", "Ce qui le rendrait possible")
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, at+"/"+string(marc)+"?space=nonsense", nil).Status)
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, at+"/"+string(idOf(t, a, julie))+"?space=works_invoices", nil).Status)
}

// Rights are copied from one member to another, after the plan was shown.
func TestRightsAreCopied(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id := hospitalOf(t, a)
	marc, nadia := string(idOf(t, a, "marc.lefevre@terneuil.example")), string(idOf(t, a, "nadia.benali@terneuil.example"))
	v := signedIn(t, a, claire)
	form := []string{"act", "approve", "step", "confirm"}
	v.see(linesPath)
	for _, id := range v.all(itemBox) {
		form = append(form, "items", id)
	}
	v.send(linesPath, form...)
	at := "/structures/" + string(id) + "/copy"
	v.see(at, "LEFÈVRE Marc")
	require.Equal(t, http.StatusUnprocessableEntity, v.send(at, "from", marc, "to", "").Status)
	v.send(at, "from", nadia, "to", marc)
	require.Equal(t, http.StatusOK, v.last.Status, v.last.Body)
	require.Contains(t, v.last.Body, "Possible")
	v.send(at, "from", nadia, "to", marc, "seen", "x", "step", "confirm")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, "another plan than was shown")
	v.send(at, "from", nadia, "to", marc)
	v.send(at, "from", nadia, "to", marc, "seen", v.find(`name="seen" value="([^"]+)"`), "step", "confirm")
	require.Contains(t, v.last.Body, "copié")
}

// FL-01, WP-01: these pages are for managers, foreign ones see nothing of them, and no
// form without our token does anything.
func TestManagersPagesAreClosed(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id := hospitalOf(t, a)
	marc := idOf(t, a, "marc.lefevre@terneuil.example")
	boss := signedIn(t, a, claire)
	boss.see(linesPath)
	batch := boss.find(`href="(/manage/subscriptions/[^"]+)"`)
	paths := []string{
		membersPath(id), membersPath(id) + "/" + string(marc), accessPath(id), accessPath(id) + "/" + string(marc) + "?space=works_invoices",
		"/structures/" + string(id) + "/attach", "/structures/" + string(id) + "/copy", "/structures/" + string(id) + "/delegation", "/structures/" + string(id) + "/history",
	}
	stranger, member := signedIn(t, a, pauline), signedIn(t, a, "marc.lefevre@terneuil.example")
	for _, path := range paths {
		require.Equal(t, http.StatusNotFound, stranger.do(http.MethodGet, path, nil).Status, path)
		require.Equal(t, http.StatusForbidden, member.do(http.MethodGet, path, nil).Status, path)
		require.Equal(t, http.StatusOK, boss.do(http.MethodGet, path, nil).Status, path)
	}
	for _, path := range append(paths, batch, linesPath, "/manage/requests") {
		status := boss.do(http.MethodPost, path, url.Values{"act": {"approve"}, "step": {"confirm"}}).Status
		require.Contains(t, []int{http.StatusForbidden, http.StatusMethodNotAllowed}, status, path)
	}
	for _, v := range []*visitor{stranger, member} {
		require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, batch, nil).Status)
		v.see("/")
		require.Equal(t, http.StatusNotFound, v.send(batch, "items", "x", "act", "approve", "step", "confirm").Status)
		v.see("/")
		for _, path := range []string{"/delegation", "/copy", "/history", "/members"} {
			v.see("/")
			require.Contains(t, []int{http.StatusNotFound, http.StatusForbidden}, v.send("/structures/"+string(id)+path, "people", string(marc), "act", "remove", "step", "confirm").Status)
		}
	}
}

// The way back from a page names every page above it, however it was reached.
func TestPagesOfAStructureTellTheWayBack(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := idOfCCAS(t, a)
	_, request := ccas(t, a)
	at := sheetPath(id)
	v := signedIn(t, a, pauline)
	for path, above := range map[string][]string{
		at + "/services":      {"/", structuresPath, at},
		at + "/services/new":  {"/", structuresPath, at, at + "/services"},
		at + "/technical":     {"/", "/manage"},
		at + "/technical/new": {"/", "/manage", at + "/technical"},
		at + "/attach":        {"/", "/manage", at + "/members"},
		at + "/people/new":    {"/", "/manage", at + "/members"},
		requestPath(request):  {"/", "/manage", requestsPath},
	} {
		v.see(path)
		var found []string
		for _, m := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(v.find(`class="crumbs"[^>]*>(.+)</nav>`), -1) {
			found = append(found, m[1])
		}
		require.Equal(t, above, found, path)
	}
}
