package main

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// orphaned closes an account behind the back of the structures that it manages, as an
// import of data from elsewhere may.
func orphaned(t *testing.T, a *app, login string) {
	t.Helper()
	id := idOf(t, a, login)
	require.NoError(t, a.store.Update(t.Context(), func(tx storage.Tx) error {
		owner, err := tx.Account(t.Context(), id)
		if err != nil {
			return err
		}
		owner.Status = account.StatusDeactivated
		return tx.PutAccount(t.Context(), owner)
	}))
}

// the operator sees the structures that nobody can manage, and appoints a
// principal manager, or elsewhere on a written request; to everybody else there are no
// such pages.
func TestOperatorAppointsPrincipals(t *testing.T) {
	t.Parallel()
	a := start(t, nil)
	id, second := hospitalOf(t, a), found(t, a, "21750001600019", "Mairie de Terneuil", pauline)
	v := signedIn(t, a, fictionalOperator)
	v.see("/", orphansPath)
	v.see(orphansPath, "Chaque structure active a un gestionnaire principal")
	orphaned(t, a, claire)
	v.see(orphansPath, "Hôpital de Terneuil sur Seine")
	require.NotContains(t, v.last.Body, "Mairie de Terneuil")
	at := func(id structure.ID) string { return "/operator/structures/" + string(id) + "/principal" }

	v.see(at(id), "Hôpital")
	require.Equal(t, http.StatusUnprocessableEntity, v.send(at(id), "login", "nobody@terneuil.example", "reason", "x").Status)
	require.Contains(t, v.last.Body, `href="#login"`)
	require.Equal(t, http.StatusUnprocessableEntity, v.send(at(id), "login", julie, "reason", " ").Status)
	require.Contains(t, v.last.Body, `href="#reason"`)
	form := []string{"login", julie, "reason", "Départ de la directrice"}
	v.twice(at(id), []string{"Droits gagnés", "Julie BON", "Départ de la directrice", julie}, form...)
	require.Equal(t, orphansPath, v.last.Path)
	require.Contains(t, v.last.Body, "Chaque structure active")
	require.Equal(t, structure.RolePrincipalManager, roleOf(t, a, julie, id))

	v.see(sheetPath(second), at(second))
	v.see(at(second))
	require.Equal(t, http.StatusUnprocessableEntity, v.send(at(second), form...).Status, "it has one")
	require.Contains(t, v.last.Body, `href="#documented"`)
	v.twice(at(second), []string{"Droits perdus", "Demande écrite"}, append(form, "documented", "yes")...)
	require.Equal(t, structure.RolePrincipalManager, roleOf(t, a, julie, second))
	require.Equal(t, structure.RoleMember, roleOf(t, a, pauline, second))

	for _, who := range []string{pauline, julie, fictionalOfficer} {
		w := signedIn(t, a, who)
		require.NotContains(t, w.see("/").Body, orphansPath)
		require.NotContains(t, w.see(sheetPath(second)).Body, at(second))
		for _, path := range []string{orphansPath, at(second)} {
			require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, path, nil).Status, path)
		}
		w.see("/")
		require.Equal(t, http.StatusNotFound, w.send(at(second), form...).Status)
	}
}

// An operator whose proof is old proves who it is again before such a page shows.
func TestOperatorProvesFirst(t *testing.T) {
	t.Parallel()
	clock := &ahead{}
	a := start(t, clock.config)
	v := signedIn(t, a, fictionalOperator)
	clock.pass(account.Guide2024().FreshProof + time.Second)
	require.Contains(t, v.see(orphansPath).Path, "/prove?")
}

// refuser is a mail server that refuses one address until it is told not to.
type refuser struct {
	*notify.Inbox
	address string
	mended  atomic.Bool
}

func (r *refuser) Send(ctx context.Context, m notify.Email) error {
	if m.To == r.address && !r.mended.Load() {
		return notify.ErrUndeliverable
	}
	return r.Inbox.Send(ctx, m)
}

// The operator sees what became of mails, never what they say, and sends those again that
// were given up, once the cause is mended.
func TestOperatorSendsMailsAgain(t *testing.T) {
	t.Parallel()
	server := &refuser{Inbox: notify.NewInbox(), address: julie}
	a := start(t, func(c *config) { c.Mailer = server })
	id, err := a.h.Structures.Search(t.Context(), account.Person(idOf(t, a, julie)), structure.Search{Any: "CCAS"})
	require.NoError(t, err)
	m, err := a.h.Structures.Request(t.Context(), account.Person(idOf(t, a, julie)), structure.Request{Structure: id.Structures[0].ID, Whole: true, Comment: "Bonjour"})
	require.NoError(t, err)
	_, err = a.h.Structures.Reject(t.Context(), account.Person(idOf(t, a, pauline)), m.ID, structure.Refusal{Reason: "Un motif que personne ne lit ici"})
	require.NoError(t, err)
	v := signedIn(t, a, fictionalOperator)
	require.Eventually(t, func() bool {
		return strings.Contains(v.see(outboxPath+"?status=dead").Body, julie)
	}, 20*time.Second, 50*time.Millisecond)
	v.see(outboxPath+"?status=dead", "Demande refusée", "Abandonné", "refusé définitivement par le serveur", "1 peut être renvoyé")
	item := v.all(itemBox)
	require.Len(t, item, 1)
	require.NotContains(t, v.last.Body, "Un motif")
	require.NotContains(t, v.see(outboxPath+"?status=sent").Body, julie)
	v.see(outboxPath+"?status=nonsense", "Envoyé", "effacé", julie)
	require.Equal(t, http.StatusUnprocessableEntity, v.send(outboxPath, "act", "ticked").Status)
	server.mended.Store(true)
	v.send(outboxPath, "act", "ticked", "items", item[0], "items", "x")
	require.Equal(t, outboxPath, v.last.Path)
	require.Contains(t, v.last.Body, "1 fait sur 2")
	v.mail(julie)
	v.see(outboxPath+"?status=dead", "Il n’y a pas de tel courriel")
	v.see(outboxPath)
	v.send(outboxPath, "act", "all")
	require.Contains(t, v.last.Body, "0 courriel")

	for _, who := range []string{pauline, fictionalOfficer} {
		w := signedIn(t, a, who)
		require.Equal(t, http.StatusNotFound, w.do(http.MethodGet, outboxPath, nil).Status)
		w.see("/")
		require.Equal(t, http.StatusNotFound, w.send(outboxPath, "act", "all").Status)
	}
}
