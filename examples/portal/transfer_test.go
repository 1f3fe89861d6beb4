package main

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// roleOf is what somebody is in a structure.
func roleOf(t *testing.T, a *app, login string, id structure.ID) structure.Role {
	t.Helper()
	mine, err := a.h.Structures.Mine(t.Context(), account.Person(idOf(t, a, login)))
	require.NoError(t, err)
	for _, m := range mine {
		if m.Structure.ID == id && m.Membership.Status == structure.StatusApproved {
			return m.Membership.Role
		}
	}
	return ""
}

// structures
// are ticked, then successors named, one for all or one each; nothing happens before the
// last step, and whoever hands over stays as a simple user.
func TestPrincipalRoleIsHandedOver(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	second := found(t, a, "21750001600019", "Mairie de Terneuil", pauline)
	first, _ := ccas(t, a)
	v := signedIn(t, a, pauline)
	v.see("/manage", transferPath)
	v.see(transferPath, "Mairie de Terneuil", "CCAS Terneuil", "/account/deactivate")
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, transferPath+"?step=next", nil).Status)
	both := transferPath + "?" + url.Values{"structures": {string(first), string(second)}}.Encode()
	v.see(both, "DUFOUR Hubert ("+hubert+")")
	form := []string{"seen", v.find(seenField.String()), "structures", string(first), "structures", string(second)}
	try := func(more ...string) answer {
		return v.send(transferPath, append(append([]string{}, form...), more...)...)
	}
	for _, wrong := range [][]string{
		{"way", "all"},
		{"way", "all", typedForAll, pauline},
		{"way", "all", chosenForAll, string(idOf(t, a, julie))},
		{"way", "each", chosenField(first), string(idOf(t, a, hubert))},
		{"way", "each"},
	} {
		require.Equal(t, http.StatusUnprocessableEntity, try(append(wrong, "step", "confirm")...).Status, wrong)
		require.Contains(t, v.last.Body, `class="error"`, wrong)
	}
	for _, at := range []string{chosenField(first), heirField(second)} {
		require.Contains(t, v.last.Body, `href="#`+at+`"`, "nobody was named for any")
	}
	each := []string{"way", "each", chosenField(first), string(idOf(t, a, hubert)), heirField(second), julie}
	try(each...)
	require.Equal(t, http.StatusOK, v.last.Status, v.last.Body)
	for _, text := range []string{"Hubert DUFOUR (" + hubert + ")", julie, "Droits perdus", "Droits gagnés", "utilisateur simple"} {
		require.Contains(t, v.last.Body, text)
	}
	require.Equal(t, structure.RolePrincipalManager, roleOf(t, a, pauline, first), "nothing is done yet")
	require.Contains(t, try(append(each, "step", "change")...).Body, `value="`+julie+`"`)
	before := v.mails()
	try(append(each, "step", "confirm")...)
	require.Equal(t, membershipsPath, v.last.Path, v.last.Body)
	for id, who := range map[structure.ID]string{first: hubert, second: julie} {
		require.Equal(t, structure.RolePrincipalManager, roleOf(t, a, who, id))
		require.Equal(t, structure.RoleMember, roleOf(t, a, pauline, id))
		v.arrived(before, func(m notify.Email) string {
			if m.To != who {
				return ""
			}
			return m.Subject
		})
	}
	require.Equal(t, http.StatusForbidden, try(append(each, "step", "confirm")...).Status, "once")
	v.see(transferPath, "gestionnaire principal d’aucune structure")
}

// members are found by name or postal address, nobody else by the same form.
func TestSuccessorsAreSearched(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id := hospitalOf(t, a)
	v := signedIn(t, a, claire)
	at := transferPath + "?structures=" + url.QueryEscape(string(id))
	v.see(at, "BENALI Nadia", "LEFÈVRE Marc")
	v.see(at+"&family=lefevre", "LEFÈVRE Marc", `value="lefevre"`, "Un membre correspond")
	require.NotContains(t, v.last.Body, "BENALI Nadia")
	require.NotContains(t, v.see(at+"&family=dufour").Body, "<select")
	require.Equal(t, http.StatusUnprocessableEntity, v.do(http.MethodGet, at+"&family=*", nil).Status)
	for _, who := range []string{julie, hubert} {
		require.Equal(t, http.StatusNotFound, signedIn(t, a, who).do(http.MethodGet, at, nil).Status)
	}
	require.Equal(t, http.StatusForbidden, signedIn(t, a, "nadia.benali@terneuil.example").do(http.MethodGet, at, nil).Status, "a secondary manager")
}

// where successors are asked, the role stays until one accepts; the nomination is
// declined or taken back from its page, which nobody else sees.
func TestSuccessorsAreAsked(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *config) { c.Asking = true })
	id, _ := ccas(t, a)
	boss, heir := signedIn(t, a, pauline), signedIn(t, a, hubert)
	at := "/account/nominations/" + string(id)
	asks := func() int {
		t.Helper()
		before := boss.mails()
		boss.see(transferPath + "?structures=" + string(id))
		boss.send(transferPath, "seen", boss.find(seenField.String()), "structures", string(id), "way", "all", typedForAll, hubert, "step", "confirm")
		require.Equal(t, transferPath, boss.last.Path)
		require.Contains(t, boss.last.Body, "Hubert DUFOUR peut répondre")
		require.Equal(t, structure.RolePrincipalManager, roleOf(t, a, pauline, id))
		return before
	}
	before := asks()
	require.Equal(t, heir.base+at, heir.arrived(before, func(m notify.Email) string {
		if m.To != hubert {
			return ""
		}
		return linkInMail.FindString(m.Text)
	}))
	heir.see(at, "Pauline DUFOUR vous demande")
	heir.see(at+"/decline", "garde le rôle", pauline)
	heir.send(at+"/decline", "step", "confirm")
	require.Contains(t, heir.last.Body, "Vous avez refusé")
	require.Contains(t, heir.see(at).Body, "Aucune désignation")

	asks()
	boss.see(at, "Vous avez demandé à Hubert DUFOUR")
	boss.see(at + "/withdraw")
	boss.send(at+"/withdraw", "step", "confirm")
	require.Equal(t, transferPath, boss.last.Path)
	require.Equal(t, http.StatusNotFound, heir.do(http.MethodGet, at+"/accept", nil).Status)

	asks()
	stranger := signedIn(t, a, julie)
	require.Contains(t, stranger.see(at).Body, "Aucune désignation")
	require.Equal(t, http.StatusNotFound, stranger.do(http.MethodGet, at+"/accept", nil).Status)
	require.Equal(t, http.StatusNotFound, boss.do(http.MethodGet, at+"/accept", nil).Status, "not for oneself")
	heir.see(at+"/accept", "Droits gagnés", "Droits perdus")
	require.Equal(t, structure.RolePrincipalManager, roleOf(t, a, pauline, id), "looking changes nothing")
	heir.send(at+"/accept", "step", "confirm")
	require.Equal(t, "/manage", heir.last.Path)
	require.Equal(t, structure.RolePrincipalManager, roleOf(t, a, hubert, id))
	require.Equal(t, structure.RoleMember, roleOf(t, a, pauline, id))

	heir.see("/account/deactivate")
	heir.send("/account/deactivate", "seen", heir.find(seenField.String()), "confirmed", "yes", "way", "all", typedForAll, julie)
	require.Equal(t, http.StatusUnprocessableEntity, heir.last.Status)
	require.Contains(t, heir.last.Body, "vos successeurs doivent accepter")
}
