package structure_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// person registers somebody with names and an address.
func person(t testing.TB, w *worldtest.World, login, given, family string, a account.PostalAddress) account.Actor {
	t.Helper()
	by := w.Join(t, login)
	patch := account.Patch{GivenName: &given, FamilyName: &family}
	if a != (account.PostalAddress{}) {
		patch.Address = &a
	}
	_, _, err := w.Accounts.PatchProfile(t.Context(), by, patch)
	require.NoError(t, err)
	return by
}

// R-339..R-344, R-357, DS-14: strangers are found by their login or by both names in full, and
// nothing is told of them but what picks the right one.
func TestFindPeople(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		lyon := account.PostalAddress{Street: "12 rue du Puits", Postcode: "69001", Town: "Lyon", Country: "FR"}
		elea := person(t, w, "elea@terneuil.example", "Éléa", "Dupré", lyon)
		enrol(t, w, c, elea, c.Urba)
		person(t, w, "twin@terneuil.example", "Elea", "Dupre", account.PostalAddress{Town: "Liège", Country: "BE"})
		gone := person(t, w, "gone@terneuil.example", "Elea", "Dupre", lyon)
		w.Leave(t, gone)
		_, err := w.Accounts.Register(ctx, account.Anonymous(), account.Registration{
			Login: "new@terneuil.example", GivenName: "Elea", FamilyName: "Dupre", AcceptConditions: true,
		})
		require.NoError(t, err)

		find := func(in structure.PersonSearch) []string {
			in.Structure = c.ID
			found, err := w.Structures.FindPeople(ctx, c.Manager, in)
			require.NoError(t, err)
			require.False(t, found.More)
			var logins []string
			for _, p := range found.People {
				logins = append(logins, fmt.Sprint(p.Login, " ", p.Status, " ", p.Attached))
			}
			return logins
		}
		attached, twin, fresh := "elea@terneuil.example active true", "twin@terneuil.example active false", "new@terneuil.example pending_activation false"
		require.ElementsMatch(t, []string{attached, twin, fresh}, find(structure.PersonSearch{Family: "DUPRE", Given: "élea"}), "R-343: whoever left is not shown")
		require.Equal(t, []string{attached}, find(structure.PersonSearch{Login: "Elea@Terneuil.example"}), "R-340")
		require.Equal(t, []string{attached}, find(structure.PersonSearch{Login: "elea@terneuil.example", Family: "dupré", Postcode: "690"}), "R-341")
		require.Empty(t, find(structure.PersonSearch{Login: "elea@terneuil.example", Given: "Julie"}), "R-341: ANDed")
		require.Empty(t, find(structure.PersonSearch{Login: "nobody@terneuil.example"}))
		require.Equal(t, []string{attached}, find(structure.PersonSearch{Family: "Dupré", Given: "Éléa", Town: "l"}), "R-342: in France by default")
		require.Equal(t, []string{twin}, find(structure.PersonSearch{Family: "Dupré", Given: "Éléa", Town: "l", Country: "BE"}))
		require.Equal(t, []string{attached}, find(structure.PersonSearch{Family: "Dupré", Given: "Éléa", Street: "12 RUE"}))

		e := lastEvent(t, w, notify.StructureChain(c.ID))
		require.Equal(t, notify.Kind("people.searched"), e.Kind, "R-357: it is in the history")
		require.JSONEq(t, `{"found":1}`, string(e.State), "without what for")
		require.Equal(t, c.Manager.ID, e.Actor.ID)
		w.Proven(t)

		stranger := w.Join(t, "stranger@terneuil.example")
		w.Unchanged(t, func() {
			for name, in := range map[string]structure.PersonSearch{
				"nothing": {}, "a name": {Family: "Dupre"}, "a given name": {Given: "Elea"}, "stars": {Family: "Dup*", Given: "*"},
				"a place": {Postcode: "69001", Town: "Lyon", Street: "12 rue du Puits", Country: "FR"}, "a star in one": {Family: "Dupre", Given: "E*"},
			} {
				in.Structure = c.ID
				_, err := w.Structures.FindPeople(ctx, c.Manager, in)
				require.ErrorIs(t, err, structure.ErrWeakCriteria, name)
			}
			_, err := w.Structures.FindPeople(ctx, c.Manager, structure.PersonSearch{Structure: c.ID, Login: "elea*"})
			require.Equal(t, map[string]string{"login": "address "}, codes(err), "no part of an address finds it")
			strong := structure.PersonSearch{Structure: c.ID, Login: "twin@terneuil.example"}
			_, err = w.Structures.FindPeople(ctx, elea, strong)
			require.ErrorIs(t, err, structure.ErrDenied)
			_, err = w.Structures.FindPeople(ctx, stranger, strong)
			require.ErrorIs(t, err, structure.ErrNotFound)
		})
	})
}

// a search shows twenty at most, and says that there are more.
func TestFindPeopleIsCapped(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	homonym := func(n int) {
		require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error {
			a := w.Account(t, c.Manager.ID)
			a.ID, a.Login, a.Version = account.ID(fmt.Sprintf("0195aaaa-0000-7000-8000-%012d", n)), fmt.Sprintf("%d@a.example", n), 0
			a.GivenName, a.FamilyName = "Marie", "Martin"
			return tx.PutAccount(t.Context(), a)
		}))
	}
	in := structure.PersonSearch{Structure: c.ID, Family: "Martin", Given: "Marie"}
	for n := range structure.MaxFound {
		homonym(n)
	}
	found, err := w.Structures.FindPeople(t.Context(), c.Manager, in)
	require.NoError(t, err)
	require.Len(t, found.People, structure.MaxFound)
	require.False(t, found.More)
	homonym(structure.MaxFound)
	found, err = w.Structures.FindPeople(t.Context(), c.Manager, in)
	require.NoError(t, err)
	require.Len(t, found.People, structure.MaxFound)
	require.True(t, found.More)
}

// searches that reach strangers are counted for each person, whichever they are
// and wherever they are made, and the hour ends to the instant.
func TestSearchesForStrangersAreCounted(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	p := structure.Guide2024()
	require.Equal(t, 100, p.Searches.StrangersPerHour)
	p.Searches.StrangersPerHour = 4
	w.Configure(t, &account.Options{}, &structure.Options{Policy: &p})
	ctx, c := t.Context(), company(t, w)
	other := places(t, w, c.Manager, "Boulangerie")[0]
	w.Join(t, clerk)
	people := func(at structure.ID) error {
		_, err := w.Structures.FindPeople(ctx, c.Manager, structure.PersonSearch{Structure: at, Login: clerk})
		return err
	}
	successor := func(at structure.ID) error {
		_, err := w.Structures.FindSuccessor(ctx, c.Manager, at, structure.SuccessorSearch{Login: clerk})
		return err
	}
	for _, search := range []func(structure.ID) error{people, successor} {
		require.NoError(t, search(c.ID))
		require.NoError(t, search(other.ID))
	}
	w.Unchanged(t, func() {
		w.Clock.Move(time.Hour - time.Microsecond)
		require.ErrorIs(t, people(c.ID), account.ErrThrottled)
		require.ErrorIs(t, successor(other.ID), account.ErrThrottled)
		_, err := w.Structures.FindSuccessor(ctx, c.Manager, c.ID, structure.SuccessorSearch{Family: "bon"})
		require.NoError(t, err, "members are no strangers")
	})
	next := w.Company(t, luhnSIRET(1), "next@terneuil.example")
	_, err := w.Structures.FindPeople(ctx, next.Manager, structure.PersonSearch{Structure: next.ID, Login: clerk})
	require.NoError(t, err, "each person has a count of their own")
	w.Clock.Move(time.Microsecond)
	require.NoError(t, people(c.ID))
	w.Proven(t)

	p.Searches.StrangersPerHour = -1
	_, err = structure.New(storage.Structures(w.Store), w.Keys, &structure.Options{Policy: &p})
	require.ErrorIs(t, err, structure.ErrBadPolicy)
}

// the result of a search for people as CSV, which is recorded beside it.
func TestExportPeople(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	enrol(t, w, c, person(t, w, "elea@terneuil.example", "Éléa", "Dupré", account.PostalAddress{}), c.Urba)
	var out bytes.Buffer
	in := structure.PersonSearch{Structure: c.ID, Family: "Dupré", Given: "Éléa"}
	n, err := w.Structures.ExportPeople(ctx, c.Manager, in, structure.CSV{}, &out)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, "Nom;Prénom;Identifiant de connexion;Statut du compte;Rattaché\r\nDupré;Éléa;elea@terneuil.example;Actif;Oui\r\n", out.String())
	lines, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, []notify.Kind{"export.made", "people.searched"}, []notify.Kind{lines[0].Kind, lines[1].Kind})
	require.JSONEq(t, `{"list":"people","rows":1}`, string(lines[0].Event.State))
	_, err = w.Structures.ExportPeople(ctx, c.Manager, structure.PersonSearch{Structure: c.ID}, structure.CSV{}, &out)
	require.ErrorIs(t, err, structure.ErrWeakCriteria)
	_, err = w.Structures.ExportPeople(ctx, c.Manager, in, structure.CSV{Separator: "|"}, &out)
	require.Equal(t, map[string]string{"separator": "oneof; , "}, codes(err))
	w.Proven(t)
}
