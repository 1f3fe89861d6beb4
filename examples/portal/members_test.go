package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// invited opens an account for somebody in a structure, which waits for its activation.
func invited(t *testing.T, a *app, id structure.ID, login, given, family string) account.ID {
	t.Helper()
	ctx := t.Context()
	_, err := a.h.Structures.CreatePerson(ctx, account.Person(idOf(t, a, pauline)), id, account.Registration{
		Login: login, GivenName: given, FamilyName: family, Language: "fr",
	})
	require.NoError(t, err)
	who := idOf(t, a, login)
	require.NoError(t, a.store.Update(ctx, func(tx storage.Tx) error { // it may already carry memberships
		return tx.PutMembership(ctx, structure.Membership{
			ID: structure.MembershipID(who), Account: who, Structure: id, Status: structure.StatusApproved, Role: structure.RoleMember,
			Granted: structure.Whole(), RequestedAt: time.Now().UTC().Truncate(time.Microsecond), CreatedAt: time.Now().UTC().Truncate(time.Microsecond),
		})
	}))
	return who
}

// the mail is sent again to those who are ticked, and each has a result of
// its own: sent, too soon, not waiting any more, unknown here.
func TestActivationMailsAreSentAgain(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	id, _ := ccas(t, a)
	at := membersPath(id)
	nora, jules := invited(t, a, id, "nora@terneuil.example", "Nora", "Neuf"), invited(t, a, id, "jules@terneuil.example", "Jules", "Martin")
	clock.pass(2 * time.Minute) // the first mail is no longer too young
	boss := signedIn(t, a, pauline)
	boss.see("/", at)
	boss.see(at, "NEUF Nora", "MARTIN Jules", "DUFOUR Hubert", "Activation attendue", string(nora), string(jules))
	boss.send(at)
	require.Equal(t, http.StatusUnprocessableEntity, boss.last.Status)
	require.Contains(t, boss.last.Body, `href="#people"`)

	before := boss.mails()
	boss.send(at, "people", string(nora), "people", string(idOf(t, a, hubert)), "people", string(idOf(t, a, julie)), "people", "x\x00")
	require.Equal(t, at, boss.last.Path, boss.last.Body)
	for _, text := range []string{
		"1 courriel envoyé sur 4", "Courriel envoyé à nora@terneuil.example", "pas en attente d’activation", "Personne inconnue ici",
	} {
		require.Contains(t, boss.last.Body, text)
	}
	require.NotContains(t, boss.see(at).Body, "Courriel envoyé à", "told once")
	link := boss.link("nora@terneuil.example", "/activate", before)
	boss.send(at, "people", string(nora), "people", string(jules))
	require.Contains(t, boss.last.Body, "Trop de tentatives")
	require.Contains(t, boss.last.Body, "Courriel envoyé à jules@terneuil.example")
	require.NotContains(t, boss.last.Body, "token=")

	// The link that was sent last is the one that works.
	v := visit(t, a)
	v.see(link)
	v.send("/activate", "password", goodPassword, "confirmation", goodPassword, "acceptConditions", "yes")
	require.Equal(t, "/sign-in", v.last.Path, v.last.Body)
	boss.send(at, "people", string(nora))
	require.Contains(t, boss.last.Body, "pas en attente d’activation")
}

// Members are shown page by page; what is ticked on one is sent from there.
func TestMembersComeInPages(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	id, _ := ccas(t, a)
	boss := account.Person(idOf(t, a, pauline))
	for i := range structure.DefaultPageSize - 2 { // three are there already
		invited(t, a, id, "p"+strings.Repeat("x", i)+"@terneuil.example", "P", "X"+strings.Repeat("x", i))
	}
	last := idOf(t, a, "p"+strings.Repeat("x", structure.DefaultPageSize-3)+"@terneuil.example")
	all, err := a.h.Structures.Members(t.Context(), boss, id, structure.MemberFilter{}, structure.PageRequest{})
	require.NoError(t, err)
	require.Equal(t, structure.DefaultPageSize+1, all.Total)
	clock.pass(2 * time.Minute)
	v := signedIn(t, a, pauline)
	v.see(membersPath(id))
	require.NotContains(t, v.last.Body, string(last))
	next := strings.ReplaceAll(v.find(`href="(\?[^"]+)" rel="next"`), "&amp;", "&")
	v.see(membersPath(id)+next, string(last))
	require.NotContains(t, v.last.Body, `rel="next"`)
	v.send(membersPath(id)+next, "people", string(last))
	require.Equal(t, membersPath(id)+next, v.last.Path)
	require.Contains(t, v.last.Body, "1 courriel envoyé sur 1")
}

// FL-01, WP-01: members are for those who manage them, and no other site sends a mail.
func TestMembersAreForManagers(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, _ := ccas(t, a)
	at := membersPath(id)
	nora := invited(t, a, id, "nora@terneuil.example", "Nora", "Neuf")
	require.Equal(t, "/sign-in", visit(t, a).see(at).Path)
	for who, status := range map[string]int{julie: http.StatusNotFound, hubert: http.StatusForbidden} {
		v := signedIn(t, a, who)
		v.see("/")
		require.NotContains(t, v.last.Body, at)
		require.Equal(t, status, v.do(http.MethodGet, at, nil).Status)
		v.see("/")
		require.Equal(t, status, v.send(at, "people", string(nora)).Status)
	}
	boss := signedIn(t, a, pauline)
	require.Equal(t, http.StatusNotFound, boss.do(http.MethodGet, membersPath("x"), nil).Status)
	boss.see("/")
	require.Equal(t, http.StatusForbidden, boss.do(http.MethodPost, at, url.Values{"people": {string(nora)}}).Status)
	boss.see("/")
	boss.header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, http.StatusForbidden, boss.send(at, "people", string(nora)).Status)
}

// successors are chosen among the members, one for all or one
// each, and nobody who was not on the list slips in by it.
func TestSuccessorsAreChosenAmongMembers(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	second := found(t, a, "21750001600019", "Mairie de Terneuil", pauline)
	first, _ := ccas(t, a)
	v := signedIn(t, a, pauline)
	v.see("/account/deactivate", "DUFOUR Hubert ("+hubert+")", "Choisir parmi les membres")
	require.NotContains(t, v.last.Body, chosenField(second), "nobody to choose from there")
	form := []string{"seen", v.find(seenField.String()), "confirmed", "yes"}
	try := func(more ...string) answer {
		return v.send("/account/deactivate", append(append([]string{}, form...), more...)...)
	}
	heir, stranger := string(idOf(t, a, hubert)), string(idOf(t, a, julie))
	for _, wrong := range [][]string{
		{"way", "all", chosenForAll, stranger},
		{"way", "all", chosenForAll, "x\x00"},
		{"way", "all", chosenForAll, heir, typedForAll, julie},
		{"way", "each", chosenField(first), heir, chosenField(second), heir},
		{"way", "each", chosenField(first), stranger, heirField(second), julie},
		{"way", "each", heirField(second), julie},
	} {
		require.Equal(t, http.StatusUnprocessableEntity, try(append(wrong, "step", "confirm")...).Status, wrong)
		require.Contains(t, v.last.Body, `class="error"`, wrong)
	}
	require.Contains(t, v.last.Body, `href="#`+chosenField(first)+`"`)

	try("way", "all", chosenForAll, heir)
	require.Equal(t, http.StatusOK, v.last.Status)
	require.Contains(t, v.last.Body, "Hubert DUFOUR")
	v.send("/account/deactivate", append(form, "way", "all", chosenForAll, heir, "step", "change")...)
	require.Contains(t, v.last.Body, `value="`+heir+`" selected`)
	try("way", "each", chosenField(first), heir, heirField(second), julie)
	require.Contains(t, v.last.Body, "Nouveau gestionnaire principal → "+julie)
	try("way", "each", chosenField(first), heir, heirField(second), julie, "step", "confirm")
	require.Equal(t, "/account/deactivated", v.last.Path, v.last.Body)
	for id, who := range map[structure.ID]string{first: hubert, second: julie} {
		_, err := a.h.Structures.Technicals(t.Context(), account.Person(idOf(t, a, who)), id)
		require.NoError(t, err, "only the principal manager may")
	}
}
