package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// several structures are asked for in one form, each with a result of its
// own; a request is recalled and taken back.
func TestSeveralStructuresAreAskedForTogether(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	first, services := idOfCCAS(t, a)
	second := found(t, a, mairieSIRET, "Mairie de Terneuil", pauline)
	v := signedIn(t, a, hubert)
	require.Equal(t, "/structures", v.see("/account/memberships/several").Path)
	at := "/account/memberships/several?" + url.Values{"structures": {string(first), string(second), string(first)}}.Encode()
	v.see(at, "CCAS Terneuil", "Mairie de Terneuil", "Urbanisme")
	form := append(repeat("structures", string(first), string(second)), "comment", "Bonjour", "services", string(services["VOIE"]), "whole", string(second))
	v.send("/account/memberships/several", "step", "preview", "structures", string(first), "structures", string(second))
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	for _, field := range []string{"#comment", "#structures"} {
		require.Contains(t, v.last.Body, field)
	}
	v.twice("/account/memberships/several", []string{"Refusé", "Mairie de Terneuil", "Toute la structure", "aucun droit avant la décision"}, form...)
	require.Equal(t, "/account/memberships", v.last.Path)
	require.Contains(t, v.last.Body, "1 demande envoyée sur 2")
	require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, "/account/memberships/several?structures=x", nil).Status)

	v.see("/account/memberships", "Retirer la demande pour Mairie")
	withdraw, remind := v.find(`href="(/account/memberships/withdraw/[^"]+)"`), v.find(`href="(/account/memberships/remind/[^"]+)"`)
	require.Equal(t, "/account/memberships", v.see(remind, "Trop de").Path, "too soon")
	clock.pass(25 * time.Hour)
	v = signedIn(t, a, hubert)
	v.see(remind, pauline)
	v.send(remind, "step", "confirm")
	require.Contains(t, v.last.Body, "ont reçu un rappel")
	for _, path := range []string{withdraw, remind} {
		require.Equal(t, http.StatusNotFound, signedIn(t, a, julie).do(http.MethodGet, path, nil).Status)
		require.Equal(t, http.StatusNotFound, signedIn(t, a, pauline).do(http.MethodGet, path, nil).Status, "not even a manager")
	}
	v.see(withdraw, "Retirer la demande pour Mairie", pauline)
	v.send(withdraw, "step", "confirm")
	require.Contains(t, v.last.Body, "est retirée")
	require.Equal(t, "/account/memberships", v.see(withdraw).Path, "decided already")
}

// R-240..R-243: leaving lists each row with its box, warns, and leaves what is not
// ticked alone.
func TestStructuresAreLeft(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, services := idOfCCAS(t, a)
	by := account.Person(idOf(t, a, pauline))
	m, err := a.h.Structures.Request(t.Context(), account.Person(idOf(t, a, hubert)), structure.Request{Structure: id, Services: []structure.ServiceID{services["URBA"]}, Comment: "x"})
	require.NoError(t, err)
	_, err = a.h.Structures.Approve(t.Context(), by, m.ID, structure.Approval{})
	require.NoError(t, err)
	v := signedIn(t, a, hubert)
	const at = "/account/memberships/leave"
	box := func(code string) string { return string(id) + "." + string(services[code]) }
	v.see(at+"?structure="+string(id), box("VOIE"), box("URBA"), "26570134200148")
	require.Equal(t, 2, strings.Count(v.last.Body, " checked"))
	v.send(at, "step", "preview")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	v.send(at, append([]string{"step", "preview"}, repeat("leave", box("VOIE"), box("URBA"), "x", string(id))...)...)
	for _, text := range []string{"Vous ne pourrez plus consulter les demandes émises", "26570134200148", "CCAS Terneuil", "Validé", "Droits perdus", pauline} {
		require.Contains(t, v.last.Body, text)
	}
	v.send(at, "step", "confirm", "leave", box("VOIE"))
	require.Contains(t, v.last.Body, "Services quittés")
	mine, err := a.h.Structures.Mine(t.Context(), account.Person(idOf(t, a, hubert)))
	require.NoError(t, err)
	i := slices.IndexFunc(mine, func(c structure.Case) bool { return c.Structure.ID == id })
	require.Equal(t, structure.Services(services["URBA"]), mine[i].Membership.Granted)
	v.see(at)
	v.send(at, "step", "confirm", "leave", box("URBA"))
	require.Contains(t, v.last.Body, "Structure quittée")

	boss := signedIn(t, a, pauline)
	boss.see(at, "désignez d’abord qui vous succède")
	require.NotContains(t, boss.last.Body, `value="`+string(id)+`"`)
	boss.send(at, "step", "confirm", "leave", string(id))
	require.Equal(t, http.StatusUnprocessableEntity, boss.last.Status)
}

// spaces are asked for with level, service and date, recalled,
// and removed several at once.
func TestSpacesAreAskedForAndRemoved(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	id, services := idOfCCAS(t, a)
	_, err := a.h.Structures.OpenSpace(t.Context(), account.Person(idOf(t, a, pauline)), id, authz.SpaceWorksInvoices)
	require.NoError(t, err)
	v := signedIn(t, a, hubert)
	v.see("/account/subscriptions", "Factures de travaux", "En cours de validation", "Vient avec votre rôle")
	ask := "/account/subscriptions/ask/" + string(id)
	v.see(ask, "Factures de travaux", "Voirie")
	require.NotContains(t, v.last.Body, "Urbanisme", "only what the membership covers")
	voie := string(services["VOIE"])
	v.send(ask, "step", "preview", "scope", "services")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	for _, field := range []string{"#rights", "#services"} {
		require.Contains(t, v.last.Body, field)
	}
	v.send(ask, "step", "preview", "scope", "whole", "rights", "works_invoices:read", "from", "31/12/2998")
	day := v.find(`value="(\d\d/\d\d/\d{4})"`)
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	require.Contains(t, v.last.Body, "Factures de travaux consultation : ")
	v.twice(ask, []string{"Attendra la décision", "Factures de travaux modification (VOIE)", pauline}, "scope", "services", "services", voie,
		"rights", "works_invoices:read", "rights", "works_invoices:write", "from", day, "comment", "Marchés")
	require.Contains(t, v.last.Body, "est enregistrée")
	remind := v.find(`href="(/account/subscriptions/remind/[^"]+)"`)
	require.Equal(t, "/account/subscriptions", v.see(remind).Path, "too soon")
	clock.pass(25 * time.Hour)
	v = signedIn(t, a, hubert)
	v.see(remind, pauline)
	v.send(remind, "step", "confirm")
	require.Contains(t, v.last.Body, "ont reçu un rappel")
	require.Equal(t, http.StatusNotFound, signedIn(t, a, julie).do(http.MethodGet, remind, nil).Status)
	require.Equal(t, http.StatusNotFound, signedIn(t, a, julie).do(http.MethodGet, ask, nil).Status)

	v.see("/account/subscriptions")
	v.send("/account/subscriptions/remove", "step", "preview")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status)
	lines, err := a.h.Structures.MySubscriptions(t.Context(), account.Person(idOf(t, a, hubert)))
	require.NoError(t, err)
	var ids []string
	for _, l := range lines {
		if l.Subscription.ID != "" {
			ids = append(ids, string(l.Subscription.ID))
		}
	}
	require.Len(t, ids, 3)
	v.twice("/account/subscriptions/remove", []string{"Retirer ces 3 lignes", "Demande retirée"}, repeat("ticked", append(ids, "x")...)...)
	require.Contains(t, v.last.Body, "3 lignes retirées sur 3")
}

// R-288..R-290, R-292..R-297, R-299: edits of the form are previewed and applied together, and all of it is
// removed at once.
func TestEntitlementsAreEditedTogether(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, services := idOfCCAS(t, a)
	by := account.Person(idOf(t, a, pauline))
	_, err := a.h.Structures.OpenSpace(t.Context(), by, id, authz.SpaceWorksInvoices)
	require.NoError(t, err)
	voie := string(services["VOIE"])
	_, err = a.h.Structures.GrantSubscriptions(t.Context(), by, structure.SubscriptionGrant{
		Account: idOf(t, a, hubert), Structure: id, From: authz.DateOf(a.portal.now().In(a.portal.zone)),
		Lines: []structure.Line{{Service: services["VOIE"], Space: authz.SpaceWorksInvoices, Level: authz.Write}},
	})
	require.NoError(t, err)
	v := signedIn(t, a, hubert)
	v.see("/account/entitlements", "CCAS Terneuil", "Factures de travaux modification")
	form := "/account/entitlements/" + string(id)
	v.see(form + "?service=" + voie)
	require.Equal(t, 1, strings.Count(v.last.Body, " checked"))
	v.send(form, "step", "preview", "service", voie, "rights", "works_invoices:write")
	require.Contains(t, v.last.Body, "Rien n’a changé")
	v.twice(form, []string{"Retiré aussitôt", "Acquis tout de suite"}, "service", voie, "rights", "works_invoices:read")
	require.Contains(t, v.last.Body, "Factures de travaux consultation")
	require.NotContains(t, v.last.Body, "Factures de travaux modification")
	v.see(form + "?service=" + voie)
	v.twice(form, []string{"Attendra la décision"}, "service", voie, "rights", "works_invoices:read", "rights", "works_invoices:write")
	v.see(form + "?service=" + voie)
	v.send(form, "step", "confirm", "service", voie, "before", "", "before", "invoices.to_validate:read", "rights", "works_invoices:read", "rights", "works_invoices:write")
	require.Equal(t, http.StatusUnprocessableEntity, v.last.Status, "what is not held any more cannot be given back, and nothing else happens")
	v.see(form+"/remove-all?service="+voie, "Retiré aussitôt", "vient avec votre rôle")
	v.send(form+"/remove-all", "step", "confirm", "service", voie)
	require.NotContains(t, v.last.Body, "VOIE Voirie</td><td role=\"cell\" data-label=\"Statut\"><span class=\"status pending\"")
	v.see(form + "?service=" + voie)
	require.Zero(t, strings.Count(v.last.Body, " checked"))
	for _, path := range []string{form, form + "/remove-all"} {
		require.Equal(t, http.StatusNotFound, signedIn(t, a, julie).do(http.MethodGet, path, nil).Status)
		require.Equal(t, http.StatusNotFound, v.do(http.MethodGet, path+"?service="+string(services["URBA"]), nil).Status)
	}
}

// One level in place of the other is one change; whatever else stands on its own.
func TestEdits(t *testing.T) {
	t.Parallel()
	read, write := structure.Profile{Space: "a", Level: "read"}, structure.Profile{Space: "a", Level: "write"}
	for name, row := range map[string]struct {
		before, now []string
		want        []structure.EntitlementChange
	}{
		"nothing": {[]string{"a:read"}, []string{"a:read"}, nil},
		"add":     {nil, []string{"a:read"}, []structure.EntitlementChange{{To: read}}},
		"remove":  {[]string{"a:read"}, nil, []structure.EntitlementChange{{From: read}}},
		"change":  {[]string{"a:read"}, []string{"a:write"}, []structure.EntitlementChange{{From: read, To: write}}},
		"more":    {[]string{"a:read"}, []string{"a:read", "a:write"}, []structure.EntitlementChange{{To: write}}},
		"other":   {[]string{"a:read"}, []string{"b:read"}, []structure.EntitlementChange{{From: read}, {To: structure.Profile{Space: "b", Level: "read"}}}},
	} {
		require.Equal(t, row.want, edits(row.before, row.now), name)
	}
}
