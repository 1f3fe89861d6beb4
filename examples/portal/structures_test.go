package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// mairieSIRET is free in the demonstration town.
const mairieSIRET = "21750001600019"

// idOfCCAS is the structure of the demonstration town, with its services by code.
func idOfCCAS(t *testing.T, a *app) (structure.ID, map[string]structure.ServiceID) {
	t.Helper()
	by := account.Person(idOf(t, a, pauline))
	found, err := a.h.Structures.Search(t.Context(), by, structure.Search{Any: "CCAS"})
	require.NoError(t, err)
	units, err := a.h.Structures.Services(t.Context(), by, found.Structures[0].ID)
	require.NoError(t, err)
	codes := map[string]structure.ServiceID{}
	for _, u := range units {
		codes[u.Code] = u.ID
	}
	return found.Structures[0].ID, codes
}

// twice sends a form to be checked, expects texts on the preview, and confirms it.
func (v *visitor) twice(path string, texts []string, pairs ...string) answer {
	v.t.Helper()
	shown := v.send(path, append([]string{"step", "preview"}, pairs...)...)
	require.Equal(v.t, http.StatusOK, shown.Status, shown.Body)
	for _, text := range texts {
		require.Contains(v.t, shown.Body, text)
	}
	done := v.send(path, append([]string{"step", "confirm"}, pairs...)...)
	require.Equal(v.t, http.StatusOK, done.Status, done.Body)
	return done
}

// R-147..R-150, R-152, R-153: one field or several, a star, too broad, the total, and
// the result as a file.
func TestStructuresAreFound(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := idOfCCAS(t, a)
	v := signedIn(t, a, julie)
	v.see("/structures", "Recherche par critères")
	require.NotContains(t, v.last.Body, "trouvée")
	v.see("/structures?any=*terneuil*", "CCAS Terneuil", "structures trouvées", sheetPath(id))
	v.see("/structures?identifier=26570134200148&town=terneuil", "Une structure trouvée", "<details open>")
	v.see("/structures?structureName=nowhere", "Aucune structure ne correspond", "/structures/new")
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, "/structures?any=*", nil).Status)
	require.Contains(t, v.last.Body, `href="#any"`)
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, "/structures?structureName="+strings.Repeat("x", 256), nil).Status)
	require.Contains(t, v.last.Body, `href="#structureName"`)

	v.see("/structures?any=ccas")
	file := v.send("/structures/csv", "any", "ccas")
	require.Contains(t, file.Header.Get("Content-Disposition"), "attachment; filename=structures.csv")
	require.Contains(t, file.Body, "26570134200148;CCAS Terneuil")
	v.see("/structures?any=ccas")
	v.send("/structures/csv", "any", "*")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Equal(t, "/structures", v.see("/structures/csv").Path, "a link downloads nothing")
}

// Pages of a result have their number, and lead on and back.
func TestStructuresComeInPages(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	by := account.Person(idOf(t, a, julie))
	for i := range structure.DefaultPageSize + 1 {
		_, err := a.h.Structures.Create(t.Context(), by, structure.Creation{
			Identifier: structure.Identifier{Scheme: structure.SchemeOther, Value: "N" + string(rune('A'+i))}, LegalName: "Atelier " + string(rune('A'+i)), Type: structure.Private,
		})
		require.NoError(t, err)
	}
	v := signedIn(t, a, julie)
	v.see("/structures?any=atelier", "21 structures trouvées", "Page 1 sur 2", "Atelier A", `rel="next"`)
	require.NotContains(t, v.last.Body, "Atelier U")
	v.see("/structures"+strings.ReplaceAll(v.find(`href="(\?[^"]+)" rel="next"`), "&amp;", "&"), "Page 2 sur 2", "Atelier U", `rel="prev"`)
	require.NotContains(t, v.last.Body, `rel="next"`)
	v.see("/structures?any=atelier&page=x", "Page 1 sur 2")
}

// whoever creates a structure looks for its identifier first; one that
// is there is shown, and the preview creates nothing.
func TestStructureIsCreatedOnce(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := idOfCCAS(t, a)
	v := signedIn(t, a, julie)
	v.see("/structures/new", "existe déjà", "SIRET")
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, "/structures/new?scheme=SIRET&identifier=1234", nil).Status)
	require.Contains(t, v.last.Body, "Cet identifiant ne convient pas pour le type «\u00a0SIRET\u00a0», qui demande ceci\u00a0: 14 chiffres.")
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, "/structures/new?scheme=SIRET&identifier=+", nil).Status)
	require.Contains(t, v.last.Body, "Ce champ est obligatoire")
	v.see("/structures/new?scheme=SIRET&identifier=265+701+342+00148", "porte déjà cet identifiant", sheetPath(id))
	v.see("/structures/new?scheme=SIRET&identifier="+mairieSIRET, "Dites ce qu’elle est")
	form := []string{"scheme", "SIRET", "identifier", mairieSIRET, "legalName", "Mairie de Terneuil", "type", "private", "town", "Terneuil", "postcode", "57000"}
	v.send("/structures/new", "step", "preview", "scheme", "SIRET", "identifier", mairieSIRET, "type", "private")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#legalName"`)
	v.send("/structures/new", "step", "preview", "scheme", "SIRET", "identifier", "26570134200149", "legalName", "Mairie", "type", "private")
	require.Contains(t, v.last.Body, `href="#identifier"`)
	require.Contains(t, v.last.Body, `<input id="identifier" name="identifier" type="text" value="26570134200149"`, "what is wrong can be corrected")
	v.send("/structures/new", append([]string{"step", "preview"}, form...)...)
	require.Contains(t, v.last.Body, "Droits gagnés")
	v.see("/structures/new?scheme=SIRET&identifier="+mairieSIRET, "Dites ce qu’elle est")
	v.twice("/structures/new", []string{"Julie BON", "gestionnaire principal"}, form...)
	require.Contains(t, v.last.Body, "est créée")
	v.see(v.last.Path, "Adresse du siège", "Comptes bancaires")
	v.send("/language", "lang", "fr", "here", "/")
	v.see("/structures/new?scheme=SIRET&identifier=" + strings.Repeat("9", 14))
	v.see("/structures/new?scheme=OTHER&identifier=x")
	v.send("/structures/new", append([]string{"step", "confirm"}, form...)...)
	require.Contains(t, v.last.Body, "porte déjà cet identifiant", "somebody was faster")
}

// R-155 and the rule that what is nobody's business is not found: whoever is no member
// sees what is published, a member no section for managers, and nobody else's pages.
func TestSheetShowsWhatOneMaySee(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, services := idOfCCAS(t, a)
	at, by := sheetPath(id), account.Person(idOf(t, a, pauline))
	b, err := a.h.Structures.AddBankAccount(t.Context(), by, id, structure.NewBankAccount{Label: "Trésorerie", IBAN: "FR7630001007941234567890185"})
	require.NoError(t, err)
	unit := at + "/services/" + string(services["VOIE"])
	for _, path := range []string{
		at, at + "/general", at + "/address", at + "/bank", at + "/bank/" + b.ID + "/remove", at + "/mandate", at + "/identifier",
		at + "/deactivate", at + "/activate", at + "/services/new", unit, at + "/spaces/invoices.to_validate/open", "/account/memberships/leave",
		"/account/memberships", "/account/subscriptions", "/account/entitlements",
	} {
		require.Equal(t, "/sign-in", visit(t, a).see(path).Path, path)
	}
	stranger, member, boss := signedIn(t, a, julie), signedIn(t, a, hubert), signedIn(t, a, pauline)
	for _, v := range []*visitor{stranger, member} {
		v.see(at, "CCAS Terneuil", "26570134200148")
		for _, hidden := range []string{"FR76", "Mandat de facturation", "/deactivate\"", "/general", "/history"} {
			require.NotContains(t, v.last.Body[strings.Index(v.last.Body, "<main"):], hidden)
		}
	}
	require.Contains(t, member.last.Body, "Utilisateurs rattachés")
	require.NotContains(t, stranger.last.Body, "Utilisateurs rattachés")
	require.Contains(t, stranger.last.Body, "/account/memberships/ask/"+string(id))
	for _, path := range []string{"/general", "/address", "/bank", "/bank/" + b.ID + "/remove", "/mandate", "/identifier", "/deactivate", "/activate", "/services/new", "/services/" + string(services["VOIE"]), "/spaces/invoices.issued/close"} {
		require.Equal(t, http.StatusNotFound, stranger.do(http.MethodGet, at+path, nil).Status, path)
		require.Equal(t, http.StatusForbidden, member.do(http.MethodGet, at+path, nil).Status, path)
		require.Equal(t, http.StatusNotFound, boss.do(http.MethodGet, sheetPath("x")+path, nil).Status, path)
		stranger.see("/")
		member.see("/")
		require.Equal(t, http.StatusNotFound, stranger.send(at+path, "step", "confirm").Status, path)
		require.Equal(t, http.StatusForbidden, member.send(at+path, "step", "confirm").Status, path)
	}
	require.Equal(t, http.StatusNotFound, stranger.do(http.MethodGet, at+"/spaces", nil).Status)
	for _, path := range []string{"/bank/x/remove", "/services/x", "/spaces/x/open", "/attachments/x", "/attachments/x/content", "/attachments/x/delete"} {
		require.Equal(t, http.StatusNotFound, boss.do(http.MethodGet, at+path, nil).Status, path)
	}
	boss.see(at, "FR76 3000 1007 9412 3456 7890 185", "Trésorerie")
	boss.see("/")
	boss.header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, boss.send(at+"/deactivate", "step", "confirm").Status)
}

// each section is changed after a preview that changes nothing.
func TestSheetIsChanged(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := idOfCCAS(t, a)
	at := sheetPath(id)
	v := signedIn(t, a, pauline)
	v.see(at)
	order := v.last.Body
	for _, section := range []string{`id="general"`, `id="headoffice"`, `id="bank"`, `id="mandate"`, `id="files"`, `id="units"`, `id="open"`, `id="attached"`, `id="parameters"`} {
		require.Contains(t, order, section, "in this order")
		order = order[strings.Index(order, section):]
	}
	v.see(at+"/general", "CCAS Terneuil")
	v.twice(at+"/general", []string{"CCAS Terneuil → Centre communal", "Aucun courriel"}, "legalName", "Centre communal", "postcode", "57000", "town", "Terneuil")
	require.Contains(t, v.last.Body, "Centre communal")
	v.see(at + "/general")
	v.send(at+"/general", "step", "preview", "legalName", "")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)

	v.see(at + "/address")
	v.twice(at+"/address", []string{"1 place du Marché"}, "address.street", "1 place du Marché", "address.postcode", "57000", "address.town", "Terneuil", "address.country", "FR")
	require.Contains(t, v.last.Body, "1 place du Marché")
	v.see(at + "/address")
	v.send(at+"/address", "step", "preview", "address.street", "1 place du Marché", "address.postcode", "x", "address.town", "Terneuil", "address.country", "FR")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#address.postcode"`)

	v.see(at + "/bank")
	v.send(at+"/bank", "step", "preview", "iban", "FR7630001007941234567890186", "bic", "x")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, `href="#iban"`)
	require.Contains(t, v.last.Body, `href="#bic"`)
	v.twice(at+"/bank", []string{"FR76 3000 1007 9412 3456 7890 185"}, "label", "Trésorerie", "iban", "fr76 3000 1007 9412 3456 7890 185")
	remove := v.find(`href="(/structures/[^"]+/remove)"`)
	v.see(remove, "Retirer ce compte bancaire")
	require.Contains(t, v.see(at).Body, remove, "seeing the preview removes nothing")
	v.see(remove)
	v.send(remove, "step", "confirm")
	require.Contains(t, v.last.Body, "Aucun compte bancaire")

	v.see(at + "/mandate")
	v.send(at+"/mandate", "step", "preview", "signatory", "P. Dufour", "signedOn", "31/12/2999", "version", "2024")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	v.twice(at+"/mandate", []string{"P. Dufour"}, "signatory", "P. Dufour", "signedOn", "15/01/2024", "version", "2024")
	require.Contains(t, v.last.Body, "15/01/2024")
}

// a day that no calendar holds hides nothing else that is wrong with its form, and a
// form with one is never carried out.
func TestDaysHideNoOtherProblem(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, services := idOfCCAS(t, a)
	_, request := ccas(t, a)
	at := sheetPath(id)
	boss, member := signedIn(t, a, pauline), signedIn(t, a, hubert)
	asking := "/account/subscriptions/ask/" + string(id)
	for _, try := range []struct {
		by       *visitor
		path     string
		problems string
		fields   []string
	}{
		{boss, at + "/mandate", "signatory version signedOn", []string{"signatory", "", "version", "", "signedOn", "x"}},
		{boss, at + "/services/new", "serviceCode name from", []string{"serviceCode", "", "name", "", "from", "x"}},
		{boss, at + "/services/new", "serviceCode until", []string{"serviceCode", "VOIE", "name", "Voirie", "until", "32/01/2027"}},
		{boss, at + "/services/" + string(services["VOIE"]), "name from until", []string{"name", "", "from", "x", "until", "y", "active", "yes"}},
		{boss, requestPath(request) + "/approve", "services from", []string{"scope", "services", "role", "member", "from", "x"}},
		{boss, at + "/attach", "who until", []string{"login", julie, "until", "x"}},
		{boss, membersPath(id) + "/" + string(idOf(t, a, hubert)), "services from", []string{"scope", "services", "role", "member", "from", "x"}},
		{member, asking, "rights from", []string{"scope", "whole", "from", "x"}},
		{member, asking, "rights services from", []string{"from", "x"}},
	} {
		for _, step := range []string{"preview", "confirm"} {
			try.by.see("/")
			try.by.send(try.path, append([]string{"step", step}, try.fields...)...)
			require.Equal(t, http.StatusUnprocessableEntity, try.by.last.Status, try.path)
			var found []string
			for _, m := range regexp.MustCompile(`<li><a href="#([^"]+)"`).FindAllStringSubmatch(try.by.last.Body, -1) {
				found = append(found, m[1])
			}
			require.ElementsMatch(t, strings.Fields(try.problems), found, try.path)
		}
	}
}

// services are found, added, changed and deactivated; the preview
// tells whose rights cease.
func TestServicesAreManaged(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, services := idOfCCAS(t, a)
	list := sheetPath(id) + "/services"
	v := signedIn(t, a, pauline)
	v.see(list, "3 services", "Urbanisme")
	v.see(list+"?text=VOÏ", "Un service", "Voirie")
	v.see(list+"?text=zzz", "Aucun service ne correspond")
	v.see(list + "/new")
	v.send(list+"/new", "step", "preview", "serviceCode", "", "name", "", "from", "x")
	for _, field := range []string{"#from", "#serviceCode", "#name"} {
		require.Contains(t, v.last.Body, field)
	}
	v.send(list+"/new", "step", "preview", "serviceCode", "", "name", "")
	require.Contains(t, v.last.Body, "#serviceCode")
	v.send(list+"/new", "step", "preview", "serviceCode", "VOIE", "name", "Double")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, "#serviceCode")
	v.twice(list+"/new", []string{"Espaces verts"}, "serviceCode", "VERT", "name", "Espaces verts")
	require.Contains(t, v.last.Body, "VERT")

	unit := list + "/" + string(services["VOIE"])
	v.see(unit, "Voirie")
	v.twice(unit, []string{"Droits perdus", "Hubert DUFOUR", "Actif → Inactif"}, "name", "Voirie")
	require.Contains(t, v.last.Body, "Inactif")
	rights, err := a.h.Authz.Statement(t.Context(), idOf(t, a, hubert), id, a.portal.now())
	require.NoError(t, err)
	require.Empty(t, rights)
	stranger := signedIn(t, a, julie)
	stranger.see(list, "Urbanisme")
	require.NotContains(t, stranger.last.Body, "Voirie", "it is not offered any more")
}

// R-188..R-190: what opening and closing a space means is shown first.
func TestSpacesAreOpenedAndClosed(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := idOfCCAS(t, a)
	list := sheetPath(id) + "/spaces"
	v := signedIn(t, a, pauline)
	v.see(list, "Factures à valider", "Fermé")
	closing, opening := list+"/"+string(authz.SpaceInvoicesIssued)+"/close", list+"/"+string(authz.SpaceInvoicesToValidate)+"/open"
	v.see(opening, "reçoit une ligne en attente", "Aucun courriel")
	require.NotContains(t, v.see(list).Body, "invoices.to_validate/close")
	v.see(opening)
	v.send(opening, "step", "confirm")
	require.Contains(t, v.last.Body, "est ouvert")
	lines, err := a.h.Structures.PendingSubscriptions(t.Context(), account.Person(idOf(t, a, pauline)))
	require.NoError(t, err)
	require.NotEmpty(t, lines)
	v.see(closing, "Droits perdus", "Hubert DUFOUR", "Espace fermé → "+hubert, "ne rétablit pas")
	v.send(closing, "step", "confirm")
	require.Contains(t, v.last.Body, "est fermé")
	v.see(historyPath(id)+"?what=structure", "Espace fermé", `<p class="small">Factures émises</p>`, `<p class="small">Factures à valider</p>`)
	v.see(v.find(`href="(`+historyPath(id)+`/\d+)">Espace fermé`), "<dt>Espace</dt><dd>Factures émises</dd>")
	fixed := list + "/" + string(authz.SpaceManagerActivities) + "/close"
	require.Equal(t, list, v.see(fixed).Path, "what cannot be closed leads back")
	member := signedIn(t, a, hubert)
	member.see(list, "Factures à valider")
	require.NotContains(t, member.last.Body, "/close")
}

// another identifier with its list, and the structure off and on again.
func TestWholeStructureIsChanged(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := idOfCCAS(t, a)
	at := sheetPath(id)
	v := signedIn(t, a, pauline)
	v.see(at+"/identifier", "26570134200148")
	v.send(at+"/identifier", "step", "preview", "scheme", "SIRET", "identifier", "1")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	hospital, err := a.h.Structures.Search(t.Context(), account.Person(idOf(t, a, pauline)), structure.Search{Any: "*seine*"})
	require.NoError(t, err)
	st := hospital.Structures[0]
	v.send(at+"/identifier", "step", "preview", "scheme", "SIRET", "identifier", st.Identifier.Value)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, sheetPath(st.ID))
	v.twice(at+"/identifier", []string{"Conservé", "À refaire", "de nouveau libre"}, "scheme", "SIRET", "identifier", mairieSIRET)
	require.Contains(t, v.last.Body, mairieSIRET)

	v.see(at+"/deactivate", "Plus personne", "Droits perdus")
	require.Contains(t, v.see(at).Body, "/deactivate")
	v.see(at + "/deactivate")
	v.send(at+"/deactivate", "step", "confirm")
	require.Contains(t, v.last.Body, "est inactive")
	v.see(at, "Inactive", "/activate")
	v.see(at+"/activate", "Droits gagnés")
	v.send(at+"/activate", "step", "confirm")
	require.Contains(t, v.last.Body, "est de nouveau active")
}

// pairs of a form that repeats a field.
func repeat(name string, values ...string) []string {
	var out []string
	for _, v := range values {
		out = append(out, name, v)
	}
	return out
}
