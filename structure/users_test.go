package structure_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// staffed is a manager of two structures, another structure, and who is where: Aragon in
// all three, Breton in the first, Char in the second, Desnos in the other.
type staffed struct {
	worldtest.Company
	second structure.Structure
	other  worldtest.Company
	who    map[string]account.Actor
}

func staff(t *testing.T, w *worldtest.World) staffed {
	t.Helper()
	ctx := t.Context()
	s := staffed{Company: company(t, w), other: w.Company(t, worldtest.SIRETWelfare, "other@city.example"), who: map[string]account.Actor{}}
	var err error
	s.second, err = w.Structures.Create(ctx, s.Manager, structure.Creation{
		Identifier: structure.SIRET(worldtest.SIRETCity), LegalName: "Atelier Nord", Type: structure.Private,
	})
	require.NoError(t, err)
	second := worldtest.Company{Structure: s.second, Manager: s.Manager}
	for family, at := range map[string][]worldtest.Company{
		"Aragon": {s.Company, second, s.other}, "Breton": {s.Company}, "Char": {second}, "Desnos": {s.other},
	} {
		by := person(t, w, strings.ToLower(family)+"@terneuil.example", "Jean", family, account.PostalAddress{})
		s.who[family] = by
		for _, c := range at {
			if c.ID == s.ID {
				enrol(t, w, c, by, c.Urba)
			} else {
				enrol(t, w, c, by)
			}
		}
	}
	return s
}

// R-346..R-348, R-351, R-352: the people of a manager's structures, each once and by name, with the
// structures that the manager manages and no others.
func TestUsers(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		s := staff(t, w)
		search := func(in structure.UserSearch, r structure.PageRequest) (got []string, p structure.Page[structure.User]) {
			p, err := w.Structures.Users(ctx, s.Manager, in, r)
			require.NoError(t, err)
			for _, u := range p.Items {
				line := u.Person.SortName
				for _, st := range u.Structures {
					line += " / " + st.LegalName
				}
				got = append(got, line)
			}
			return got, p
		}
		aragon, breton := "ARAGON Jean / Atelier Dufour 5520 / Atelier Nord", "BRETON Jean / Atelier Dufour 5520"
		got, p := search(structure.UserSearch{}, structure.PageRequest{})
		require.Equal(t, []string{aragon, "BON Julie / Atelier Dufour 5520 / Atelier Nord", breton, "CHAR Jean / Atelier Nord"}, got)
		require.Equal(t, 4, p.Total)
		require.Equal(t, "aragon@terneuil.example", p.Items[0].Login)
		require.False(t, p.Items[0].CreatedAt.IsZero(), "R-351")
		_, single := p.Items[0].OnlyStructure()
		require.False(t, single)
		only, single := p.Items[2].OnlyStructure()
		require.True(t, single)
		require.Equal(t, s.ID, only.ID)
		require.False(t, p.Items[2].Waits())

		for what, row := range map[string]struct {
			in   structure.UserSearch
			want []string
		}{
			"name":      {structure.UserSearch{Family: "BRE"}, []string{breton}},
			"given":     {structure.UserSearch{Given: "jean", Login: "*@terneuil.example", Status: account.StatusActive}, []string{aragon, breton, "CHAR Jean / Atelier Nord"}},
			"login":     {structure.UserSearch{Login: "aragon@"}, []string{aragon}},
			"status":    {structure.UserSearch{Status: account.StatusPendingActivation}, nil},
			"structure": {structure.UserSearch{Family: "*", Structure: s.second.ID, Given: "Jean"}, []string{aragon, "CHAR Jean / Atelier Nord"}},
			"service":   {structure.UserSearch{Structure: s.ID, Service: s.Voie.ID}, []string{"BON Julie / Atelier Dufour 5520 / Atelier Nord"}},
			"elsewhere": {structure.UserSearch{Family: "Desnos"}, nil},
		} {
			got, _ := search(row.in, structure.PageRequest{})
			require.Equal(t, row.want, got, what)
		}
		got, p = search(structure.UserSearch{}, structure.PageRequest{Number: 2, Size: 3})
		require.Equal(t, []string{"CHAR Jean / Atelier Nord"}, got)
		require.Equal(t, 4, p.Total)

		var all []string
		for u, err := range w.Structures.AllUsers(ctx, s.Manager, structure.UserSearch{}) {
			require.NoError(t, err)
			if all = append(all, u.Person.SortName); len(all) == 3 {
				break
			}
		}
		require.Equal(t, []string{"ARAGON Jean", "BON Julie", "BRETON Jean"}, all)
	})
}

// nobody searches where they manage nothing.
func TestUsersAreThoseOfManagers(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	s := staff(t, w)
	_, err := w.Structures.Users(ctx, s.who["Aragon"], structure.UserSearch{}, structure.PageRequest{})
	require.ErrorIs(t, err, structure.ErrDenied)
	_, err = w.Structures.Users(ctx, s.Manager, structure.UserSearch{Structure: s.other.ID}, structure.PageRequest{})
	require.ErrorIs(t, err, structure.ErrNotFound)
	_, err = w.Structures.Users(ctx, s.Manager, structure.UserSearch{Service: s.Urba.ID, Status: "royal"}, structure.PageRequest{Size: 101})
	require.Equal(t, map[string]string{"structure": "required ", "status": "oneofpending_activation active deactivated ", "size": "max100 "}, codes(err))
	for _, err := range w.Structures.AllUsers(ctx, account.Anonymous(), structure.UserSearch{}) {
		require.ErrorIs(t, err, account.ErrActor)
	}
	for _, err := range w.Structures.AllUsers(ctx, s.Manager, structure.UserSearch{Country: "France"}) {
		require.Equal(t, map[string]string{"country": "country "}, codes(err))
	}
}

// the ticked lines of a search, in the order of the screen and no
// others; nobody ticked is an error, and so is what the screen would not show.
func TestExportUsers(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		s := staff(t, w)
		var out bytes.Buffer
		ticked := []account.ID{s.who["Breton"].ID, s.who["Desnos"].ID, s.who["Aragon"].ID}
		n, err := w.Structures.ExportUsers(ctx, s.Manager, structure.UserExport{Ticked: ticked}, structure.CSV{}, &out)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		require.Equal(t, "Utilisateur;Identifiant de connexion;Date de création;Structures;Statut du compte\r\n"+
			"ARAGON Jean;aragon@terneuil.example;22/11/2026 12:00;\"Atelier Dufour 5520, Atelier Nord\";Actif\r\n"+
			"BRETON Jean;breton@terneuil.example;22/11/2026 12:00;Atelier Dufour 5520;Actif\r\n", out.String())
		e := lastEvent(t, w, notify.AccountChain(s.Manager.ID))
		require.JSONEq(t, `{"list":"users","rows":2}`, string(e.State))
		out.Reset()
		n, err = w.Structures.ExportUsers(ctx, s.Manager, structure.UserExport{All: true, Search: structure.UserSearch{Structure: s.second.ID}}, structure.CSV{Language: english}, &out)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		require.Contains(t, out.String(), "User;Login;Created on;Structures;Account status\r\nARAGON Jean;aragon@terneuil.example;22/11/2026 12:00;"+
			"\"Atelier Dufour 5520, Atelier Nord\";", "R-352: with every structure of theirs that the manager manages")
		require.NotContains(t, out.String(), "BRETON", "of the one structure alone")
		require.JSONEq(t, `{"list":"users","rows":3}`, string(lastEvent(t, w, notify.StructureChain(s.second.ID)).State))
		w.Proven(t)
		w.Unchanged(t, func() {
			_, err := w.Structures.ExportUsers(ctx, s.Manager, structure.UserExport{}, structure.CSV{}, &out)
			require.Equal(t, map[string]string{"ticked": "required "}, codes(err))
			_, err = w.Structures.ExportUsers(ctx, s.who["Aragon"], structure.UserExport{All: true}, structure.CSV{}, &out)
			require.ErrorIs(t, err, structure.ErrDenied)
			_, err = w.Structures.ExportUsers(ctx, s.Manager, structure.UserExport{All: true, Search: structure.UserSearch{Structure: s.other.ID}}, structure.CSV{}, &out)
			require.ErrorIs(t, err, structure.ErrNotFound)
		})
	})
}

// the table of members, the requests that wait and the
// subscriptions as CSV, each with the scope of its screen.
func TestExportsOfManagers(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		s := staff(t, w)
		stranger := w.Join(t, "stranger@terneuil.example")
		_, err := w.Structures.Request(ctx, stranger, ask(s.Company, s.Urba, s.Voie))
		require.NoError(t, err)
		_, err = w.Structures.Request(ctx, w.Join(t, "elsewhere@terneuil.example"), ask(s.other))
		require.NoError(t, err)
		openSpace(t, w, s.Company, works)

		var out bytes.Buffer
		written := func(n int, err error) string {
			t.Helper()
			require.NoError(t, err)
			text := out.String()
			require.Equal(t, n+1, bytes.Count(out.Bytes(), []byte("\r\n")))
			out.Reset()
			return text
		}
		require.Equal(t, "Utilisateur;Adresse de contact;Rôle;Statut;Date d’activation;Date de réactivation;Date de rattachement;Dernière connexion\r\n"+
			"BRETON Jean;breton@terneuil.example;Utilisateur simple;Validé;22/11/2026 12:00;;22/11/2026 12:00;\r\n",
			written(w.Structures.ExportMembers(ctx, s.Manager, s.ID, structure.MemberFilter{Family: "br*on"}, structure.CSV{}, &out)))
		require.JSONEq(t, `{"list":"members","rows":1}`, string(lastEvent(t, w, notify.StructureChain(s.ID)).State))
		require.Equal(t, "Personne concernée;Identifiant;Raison sociale;Services;Date de la demande;Date de début;Date de fin;Commentaire\r\n"+
			fmt.Sprintf("BON Julie;%s;Atelier Dufour 5520;\"URBA Urbanisme, VOIE Voirie\";22/11/2026 12:00;22/11/2026 00:00;;%s\r\n", worldtest.SIRETCompany, ask(s.Company).Comment),
			written(w.Structures.ExportRequests(ctx, s.Manager, "", structure.CSV{}, &out)))
		require.JSONEq(t, `{"list":"requests","rows":1}`, string(lastEvent(t, w, notify.AccountChain(s.Manager.ID)).State))
		text := written(w.Structures.ExportSubscriptions(ctx, s.Manager, structure.SubscriptionExport{}, structure.CSV{}, &out))
		require.Contains(t, text, "Utilisateur;Structure;Date de la demande;Service;Espace;Niveau;Statut;Date de début;Commentaire\r\n")
		require.Contains(t, text, "ARAGON Jean;Atelier Dufour 5520;22/11/2026 12:00;Toute la structure;")
		require.NotContains(t, text, "BON Julie")
		require.Equal(t, 1, lineCount(written(w.Structures.ExportSubscriptions(ctx, s.Manager, structure.SubscriptionExport{
			Structure: s.ID, Statuses: []structure.SubscriptionStatus{structure.SubscriptionApproved},
		}, structure.CSV{}, &out))))
		require.JSONEq(t, `{"list":"subscriptions","rows":0}`, string(lastEvent(t, w, notify.StructureChain(s.ID)).State))
		w.Proven(t)

		w.Unchanged(t, func() {
			for name, export := range map[string]func(account.Actor, structure.ID) (int, error){
				"members": func(by account.Actor, id structure.ID) (int, error) {
					return w.Structures.ExportMembers(ctx, by, id, structure.MemberFilter{}, structure.CSV{}, &out)
				},
				"requests": func(by account.Actor, id structure.ID) (int, error) {
					return w.Structures.ExportRequests(ctx, by, id, structure.CSV{}, &out)
				},
				"subscriptions": func(by account.Actor, id structure.ID) (int, error) {
					return w.Structures.ExportSubscriptions(ctx, by, structure.SubscriptionExport{Structure: id}, structure.CSV{}, &out)
				},
			} {
				_, err := export(s.who["Aragon"], s.ID)
				require.ErrorIs(t, err, structure.ErrDenied, name)
				_, err = export(s.Manager, s.other.ID)
				require.ErrorIs(t, err, structure.ErrNotFound, name)
			}
			_, err := w.Structures.ExportSubscriptions(ctx, s.Manager, structure.SubscriptionExport{Statuses: []structure.SubscriptionStatus{"x"}}, structure.CSV{Dates: "us"}, &out)
			require.Len(t, codes(err), 2)
			_, err = w.Structures.ExportRequests(ctx, s.Manager, "x", structure.CSV{}, &out)
			require.Equal(t, map[string]string{"structure": "id "}, codes(err))
			require.Zero(t, out.Len())
		})
	})
}

func lineCount(text string) int { return bytes.Count([]byte(text), []byte("\r\n")) }

// every column has a heading in both languages.
func TestDictionaries(t *testing.T) {
	t.Parallel()
	for _, specs := range [][]structure.ColumnSpec{
		structure.Dictionary(structure.MemberColumns()), structure.Dictionary(structure.PeopleColumns()), structure.Dictionary(structure.UserColumns()),
		structure.Dictionary(structure.RequestColumns()), structure.Dictionary(structure.SubscriptionColumns(authz.Guide2024())),
	} {
		require.NotEmpty(t, specs)
		for _, s := range specs {
			require.NotContains(t, s.French+s.English, "column.", s.Code)
			require.NotEmpty(t, s.French)
			require.NotEmpty(t, s.English)
		}
	}
}
