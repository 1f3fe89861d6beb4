package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

const (
	pauline = "pauline.dufour@terneuil.example"
	hubert  = "hubert.dufour@terneuil.example"
	julie   = "julie.bon@terneuil.example"
)

func TestJourney(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	jean := visit(t, a)
	jean.join("jean@terneuil.example", "Jean", "Pierre", "fr")
	jean.enter("jean@terneuil.example", goodPassword)
	require.Equal(t, "/", jean.last.Path)
	jean.see("/account/memberships", "Vous n’êtes rattaché à aucune structure")
	jean.see("/account/memberships/ask?any=*terneuil*", "CCAS Terneuil", "26570134200148")
	ask := jean.find(`href="(/account/memberships/ask/[0-9a-f-]{36})"`)
	jean.see(ask, "Urbanisme", "Voirie", "Achats")
	urba := jean.find(`value="([0-9a-f-]{36})"><label [^>]*><strong>URBA`)
	voie := jean.find(`value="([0-9a-f-]{36})"><label [^>]*><strong>VOIE`)

	page := jean.send(ask, "scope", "services", "step", "preview")
	require.Equal(t, http.StatusUnprocessableEntity, page.Status)
	require.Contains(t, page.Body, `href="#comment"`)
	jean.send(ask, "scope", "services", "services", urba, "comment", "Je travaille à l’urbanisme.", "step", "preview")
	require.Contains(t, jean.last.Body, "Un gestionnaire de la structure sera prévenu")
	require.Contains(t, jean.last.Body, "URBA Urbanisme")
	jean.send(ask, "scope", "services", "services", urba, "comment", "Je travaille à l’urbanisme.", "until", "31/03/2099", "step", "confirm")
	require.Equal(t, "/account/memberships", jean.last.Path)
	require.Contains(t, jean.last.Body, "En cours de validation")
	require.Contains(t, jean.last.Body, "31/03/2099 inclus")

	boss := visit(t, a)
	boss.enter(pauline, demoPassword)
	require.Contains(t, boss.last.Body, "Une demande à traiter")
	boss.see("/manage/requests", "PIERRE Jean", "Je travaille à l’urbanisme.")
	request := boss.find(`href="(/manage/requests/[0-9a-f-]{36})"`)
	boss.see(request, "jean@terneuil.example", "CCAS Terneuil")
	require.Regexp(t, urba+`" checked>`, boss.last.Body, "what is asked for is ticked")
	require.NotRegexp(t, voie+`" checked>`, boss.last.Body)
	boss.send(request+"/approve", "scope", "services", "services", urba, "role", "member", "until", "31/03/2099", "step", "preview")
	require.Contains(t, boss.last.Body, "Factures émises")
	require.Contains(t, boss.last.Body, "Demande validée → jean@terneuil.example")
	boss.see("/manage/requests", "PIERRE Jean") // the preview did nothing
	boss.send(request+"/approve", "scope", "services", "services", urba, "role", "member", "until", "31/03/2099", "step", "confirm")
	require.Equal(t, "/manage/requests", boss.last.Path)
	require.Contains(t, boss.last.Body, "est validée")
	boss.see(request, "Décidé le")
	history := boss.find(`href="(/structures/[0-9a-f-]{36}/history)"`)
	boss.see(history, "Validée", "Demandée", "Jean PIERRE", "Pauline DUFOUR", "Assistance DEMO-1")

	jean.see("/account/memberships", "Validé", "URBA Urbanisme")
	jean.see("/", "Factures émises", "consulter et modifier")
	of := ask[len("/account/memberships/ask/"):]
	jean.see("/why?structure="+of+"&service="+urba+"&space=invoices.issued&level=write", "Oui, vous le pouvez")
	jean.see("/why?structure="+of+"&service="+voie+"&space=invoices.issued&level=write", "Non, pas pour le moment", "Ce qui le rendrait possible")
	decided(t, a, "jean@terneuil.example", structure.ID(of), urba, voie)
}

// decided checks with the library what the pages showed.
func decided(t *testing.T, a *app, login string, id structure.ID, yes, no string) {
	t.Helper()
	who := memberCalled(t, a, id, login)
	d, err := a.h.Authz.Check(t.Context(), authz.Request{
		Account: who, Structure: id, Service: structure.ServiceID(yes), Space: authz.SpaceInvoicesIssued, Level: authz.Write,
	})
	require.NoError(t, err)
	require.True(t, d.Allowed, "%+v", d)
	d, err = a.h.Authz.Check(t.Context(), authz.Request{
		Account: who, Structure: id, Service: structure.ServiceID(no), Space: authz.SpaceInvoicesIssued, Level: authz.Write,
	})
	require.NoError(t, err)
	require.False(t, d.Allowed)
	require.Equal(t, authz.ReasonServiceNotHeld, d.Missing()[0].Reason)
	report, err := a.h.Verify(t.Context())
	require.NoError(t, err)
	require.True(t, report.OK(), report.Violations)
}

// memberCalled finds an account through the history, as a manager's tools would.
func memberCalled(t *testing.T, a *app, id structure.ID, login string) account.ID {
	t.Helper()
	entries, err := a.h.Structures.History(t.Context(), account.Person(idOf(t, a, pauline)), id, structure.HistoryQuery{})
	require.NoError(t, err)
	for _, e := range entries {
		if e.Applicant.ContactEmail == login {
			return e.Applicant.ID
		}
	}
	t.Fatalf("nobody is called %s", login)
	return ""
}

func TestRefusalIsTold(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	asker, boss := visit(t, a), visit(t, a)
	asker.enter(julie, demoPassword)
	asker.see("/account/memberships/ask?any=26570134200148", "CCAS Terneuil")
	ask := asker.find(`href="(/account/memberships/ask/[0-9a-f-]{36})"`)
	asker.see(ask)
	asker.send(ask, "scope", "whole", "comment", "Bonjour", "step", "confirm")
	asker.send(ask, "scope", "whole", "comment", "Bonjour", "step", "confirm")
	require.Equal(t, http.StatusUnprocessableEntity, asker.last.Status)
	require.Contains(t, asker.last.Body, "déjà en cours de validation")

	boss.enter(pauline, demoPassword)
	boss.see("/manage/requests")
	request := boss.find(`href="(/manage/requests/[0-9a-f-]{36})"`)
	boss.see(request)
	boss.send(request+"/reject", "reason", "  ")
	require.Equal(t, http.StatusUnprocessableEntity, boss.last.Status)
	require.Contains(t, boss.last.Body, `href="#reason"`)
	boss.send(request+"/reject", "reason", "Pas dans notre équipe.", "step", "confirm")
	require.Equal(t, "/manage/requests", boss.last.Path)
	boss.send(request+"/approve", "scope", "whole", "role", "member", "step", "confirm")
	require.Equal(t, request, boss.last.Path)
	require.Contains(t, boss.last.Body, "a déjà été traitée")
	asker.see("/account/memberships", "Refusé", "Motif : Pas dans notre équipe.")
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	v := visit(t, a)
	v.see("/sign-in", `<html lang="fr">`, "<title>Se connecter – habilis</title>")
	v.header.Set("Accept-Language", "en-GB,en;q=0.9")
	v.see("/sign-in", `<html lang="en">`, "<title>Sign in – habilis</title>")
	v.enter(julie, demoPassword)
	v.see("/", `<html lang="fr">`) // the account's language
	v.send("/language", "lang", "en", "here", "/account/memberships")
	require.Equal(t, "/account/memberships", v.last.Path)
	require.Contains(t, v.last.Body, "My memberships")
	v.see("/", `<html lang="en">`)
	v.send("/language", "lang", "fr", "here", "//evil.example/")
	require.Equal(t, "/", v.last.Path)
}

func TestActivationListsEveryUnmetRule(t *testing.T) {
	t.Parallel()
	v := visit(t, start(t, nil))
	v.see("/register")
	v.send("/register", "login", "nobody")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	for _, field := range []string{"givenName", "familyName", "login", "acceptConditions"} {
		require.Contains(t, v.last.Body, `href="#`+field+`"`)
	}
	require.Contains(t, v.last.Body, `value="nobody"`, "what was typed is kept")
	v.send("/register", "login", "x@terneuil.example", "givenName", "Xavier", "familyName", "Roux", "acceptConditions", "yes", "language", "fr")
	link := linkInMail.FindString(v.mail("x@terneuil.example"))
	v.see(link[len(v.base):])
	v.send("/activate", "password", "abc", "confirmation", "abc")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, "Il y a 4 points à corriger")
	require.NotContains(t, v.last.Body, `value="abc"`, "passwords are not shown again")
	v.send("/activate", "password", goodPassword, "confirmation", "other")
	require.Contains(t, v.last.Body, `href="#confirmation"`)
	v.send("/activate", "password", goodPassword, "confirmation", goodPassword)
	require.Equal(t, "/sign-in", v.last.Path)
	v.see("/sign-in")
	require.Equal(t, "/activate/resend", v.see("/activate").Path, "without a link there is another to ask for")
}
