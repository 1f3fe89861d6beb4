package structure_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

var (
	french, english = language.French, language.English
	today           = authz.Date{Year: 2026, Month: 11, Day: 22}
)

// places creates structures that support opens for one principal manager.
func places(t *testing.T, w *worldtest.World, by account.Actor, names ...string) (out []structure.Structure) {
	t.Helper()
	for _, name := range names {
		kind := structure.Private
		if strings.HasPrefix(name, "CCAS") {
			kind = structure.Public
		}
		st, err := w.Structures.Create(t.Context(), desk, structure.Creation{
			Identifier: structure.Identifier{Scheme: structure.SchemeOther, Value: "no " + name}, LegalName: name, Type: kind, Principal: by.ID,
		})
		require.NoError(t, err)
		out = append(out, st)
	}
	return out
}

// the same search by page: numbers, total, the exact
// identifier on top of the first page whatever its scheme, and types by name.
func TestSearchPage(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, by := t.Context(), w.Join(t, clerk)
		var all []string
		for i := range 5 {
			all = append(all, fmt.Sprintf("Atelier %d", i))
		}
		made := places(t, w, by, append(all, "CCAS Terneuil", "No Atelier")...)
		for page, want := range map[int][]string{1: all[:2], 2: all[2:4], 3: all[4:], 9: all[4:]} {
			got, err := w.Structures.SearchPage(ctx, by, structure.Search{Any: "atelier"}, structure.PageRequest{Number: page, Size: 2})
			require.NoError(t, err)
			require.Equal(t, want, names(got.Items), page)
			require.Equal(t, [3]int{min(page, 3), 2, 5}, [3]int{got.Number, got.Size, got.Total})
			require.Equal(t, 3, got.Last())
		}
		got, err := w.Structures.SearchPage(ctx, by, structure.Search{Any: "no atelier 3"}, structure.PageRequest{})
		require.NoError(t, err)
		require.Equal(t, []string{"Atelier 3"}, names(got.Items), "an identifier of any scheme")
		require.Equal(t, 1, got.Total)
		got, err = w.Structures.SearchPage(ctx, by, structure.Search{Any: "no  atelier *"}, structure.PageRequest{Size: 2})
		require.NoError(t, err)
		require.Zero(t, got.Total)
		_, err = w.Structures.ChangeIdentifier(ctx, desk, made[3].ID, structure.Identifier{Scheme: structure.SchemeOther, Value: "atelier"})
		require.NoError(t, err)
		first, err := w.Structures.SearchPage(ctx, by, structure.Search{Any: "Atelier"}, structure.PageRequest{Size: 2})
		require.NoError(t, err)
		require.Equal(t, []string{"Atelier 3", "Atelier 0", "Atelier 1"}, names(first.Items))
		second, err := w.Structures.SearchPage(ctx, by, structure.Search{Any: "Atelier"}, structure.PageRequest{Number: 2, Size: 2})
		require.NoError(t, err)
		require.Equal(t, []string{"Atelier 2"}, names(second.Items), "never twice")
		for _, word := range []string{"publique", "PUBLIC"} {
			found, err := w.Structures.Search(ctx, by, structure.Search{Any: word})
			require.NoError(t, err)
			require.Equal(t, []string{"CCAS Terneuil"}, names(found.Structures), "R-148")
		}
		found, err := w.Structures.Search(ctx, by, structure.Search{Any: "*e*", Type: structure.Private, Status: structure.StatusInactive})
		require.NoError(t, err)
		require.Empty(t, found.Structures)
		_, err = w.Structures.SearchPage(ctx, by, structure.Search{Any: "*", Status: structure.StatusActive}, structure.PageRequest{})
		require.ErrorIs(t, err, structure.ErrCriteriaTooBroad, "R-150")
		_, err = w.Structures.SearchPage(ctx, by, structure.Search{Type: "royal"}, structure.PageRequest{Number: -1, Size: 101})
		require.Equal(t, map[string]string{"type": "oneofpublic private ", "number": "min0 ", "size": "max100 "}, codes(err))
		_, err = w.Structures.SearchPage(ctx, desk, structure.Search{Any: "a"}, structure.PageRequest{})
		require.ErrorIs(t, err, account.ErrActor)
	})
}

// what somebody manages, inactive ones included, with the
// services of each; what somebody merely belongs to is not there.
func TestManaged(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c, member, _ := decided(t, w)
		ctx := t.Context()
		one := places(t, w, c.Manager, "Zinguerie", "Abattoir")
		_, err := w.Structures.AddService(ctx, c.Manager, one[0].ID, structure.ServiceSpec{Code: "FP", Name: "Service des factures publiques"})
		require.NoError(t, err)
		_, err = w.Structures.DeactivateStructure(ctx, c.Manager, one[1].ID)
		require.NoError(t, err)
		p, err := w.Structures.Managed(ctx, c.Manager, structure.PageRequest{Size: 2})
		require.NoError(t, err)
		require.Equal(t, [2]int{3, 2}, [2]int{p.Total, p.Next()})
		require.Equal(t, "Abattoir", p.Items[0].Structure.LegalName)
		require.Equal(t, structure.StatusInactive, p.Items[0].Structure.Status)
		require.False(t, p.Items[0].Modifiable)
		require.Len(t, p.Items[1].Services, 3)
		_, only := p.Items[1].OnlyService()
		require.False(t, only)
		p, err = w.Structures.Managed(ctx, c.Manager, structure.PageRequest{Number: 2, Size: 2})
		require.NoError(t, err)
		require.Equal(t, structure.RolePrincipalManager, p.Items[0].Role)
		require.True(t, p.Items[0].Modifiable)
		u, only := p.Items[0].OnlyService()
		require.True(t, only)
		require.Equal(t, "Service des factures publiques", u.Name)
		p, err = w.Structures.Managed(ctx, member, structure.PageRequest{})
		require.NoError(t, err)
		require.Empty(t, p.Items)
		_, err = w.Structures.Managed(ctx, member, structure.PageRequest{Size: -1})
		require.Equal(t, map[string]string{"size": "min0 "}, codes(err))
	})
}

// active structures that nobody can manage are found by support alone.
func TestOrphanStructures(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		made := places(t, w, w.Join(t, clerk), "Abattoir", "Boulangerie", "Couture")
		orphan(t, w, made[0].ID)
		orphan(t, w, made[1].ID)
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
			st, err := tx.Structure(ctx, made[1].ID) // without a principal, but inactive
			if err != nil {
				return err
			}
			st.Status = structure.StatusInactive
			if err := tx.PutStructure(ctx, st); err != nil {
				return err
			}
			a, err := tx.Account(ctx, c.Manager.ID)
			a.Status = account.StatusDeactivated
			return errors.Join(err, tx.PutAccount(ctx, a))
		}))
		got := map[string]account.ID{}
		for o, err := range w.Structures.OrphanStructures(ctx, desk) {
			require.NoError(t, err)
			got[o.Structure.LegalName] = o.Principal
		}
		require.Equal(t, map[string]account.ID{"Abattoir": "", c.LegalName: c.Manager.ID}, got)
		n := 0
		for _, err := range w.Structures.OrphanStructures(ctx, c.Manager) {
			require.ErrorIs(t, err, account.ErrActor)
			n++
		}
		for _, err := range w.Structures.OrphanStructures(ctx, desk) {
			require.NoError(t, err)
			n++
			break // and the walk ends
		}
		require.Equal(t, 2, n)
	})
}

// EX-07: the whole result as CSV, and the history of whoever
// took it says which list and how many rows.
func TestExportSearch(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, by := t.Context(), w.Join(t, clerk)
		places(t, w, by, "=cmd()", "Atelier; Nord", "CCAS Terneuil")
		var out bytes.Buffer
		n, err := w.Structures.ExportSearch(ctx, by, structure.Search{Any: "*e*", Identifier: "*"}, structure.CSV{}, &out)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		r := csv.NewReader(&out)
		r.Comma = ';'
		rows, err := r.ReadAll()
		require.NoError(t, err)
		require.Equal(t, []string{"Type d’identifiant", "Identifiant", "Raison sociale", "Libellé", "Type", "Statut", "Code postal", "Ville", "Date de création"}, rows[0])
		require.Equal(t, []string{"Autre", "NO ATELIER; NORD", "Atelier; Nord", "", "Privée", "Active", "", "", "22/11/2026 12:00"}, rows[1])
		n, err = w.Structures.ExportSearch(ctx, by, structure.Search{Name: "=*"}, structure.CSV{Separator: structure.Comma, Language: english, Dates: structure.DatesISO}, &out)
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.Contains(t, out.String(), `Other,NO =CMD(),"'=cmd()",,Private,Active,,,2026-11-22T12:00:00+01:00`)

		e := lastEvent(t, w, notify.AccountChain(by.ID))
		require.Equal(t, notify.Kind("export.made"), e.Kind)
		require.JSONEq(t, `{"list":"structures","rows":1}`, string(e.State))
		w.Proven(t)
		w.Unchanged(t, func() {
			_, err := w.Structures.ExportSearch(ctx, by, structure.Search{Any: "*"}, structure.CSV{}, &out)
			require.ErrorIs(t, err, structure.ErrCriteriaTooBroad)
			_, err = w.Structures.ExportSearch(ctx, by, structure.Search{Type: "royal"}, structure.CSV{Separator: "|", Dates: "us"}, &out)
			require.Equal(t, map[string]string{"type": "oneofpublic private ", "separator": "oneof; , ", "dates": "oneoffr iso "}, codes(err))
			_, err = w.Structures.ExportSearch(ctx, account.Anonymous(), structure.Search{Any: "a"}, structure.CSV{}, &out)
			require.ErrorIs(t, err, account.ErrActor)
		})
	})
}

func lastEvent(t *testing.T, w *worldtest.World, c notify.Chain) (e notify.Event) {
	t.Helper()
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) (err error) {
		e, err = tx.LastEvent(t.Context(), c)
		return err
	}))
	return e
}

// brokenPipe is a reader who hangs up.
type brokenPipe struct{ hangUp context.CancelFunc }

func (b brokenPipe) Write([]byte) (int, error) {
	b.hangUp()
	return 0, errors.New("gone")
}

// whoever hangs up in the middle of an export is in the history all the same.
func TestExportThatBreaksOffIsRecorded(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	by := w.Join(t, clerk)
	places(t, w, by, "Atelier")
	ctx, hangUp := context.WithCancel(t.Context())
	_, err := w.Structures.ExportSearch(ctx, by, structure.Search{Any: "a"}, structure.CSV{}, brokenPipe{hangUp})
	require.ErrorContains(t, err, "gone")
	require.Equal(t, notify.Kind("export.made"), lastEvent(t, w, notify.AccountChain(by.ID)).Kind)
}

// R-429, EX-05: the history as CSV, for those who may read it, with a line of its own
// afterwards.
func TestExportHistory(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c, member, _ := decided(t, w)
	ctx := t.Context()
	var out bytes.Buffer
	n, err := w.Structures.ExportHistory(ctx, c.Manager, c.ID, structure.HistoryQuery{Kinds: []notify.Kind{"membership.approved", "membership.requested"}}, structure.CSV{}, &out)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.True(t, strings.HasPrefix(out.String(), "Date;Personne concernée;Identifiant;Structure;Action;Code de l’action;Auteur;Services;Espace;Niveau\r\n"+
		"22/11/2026 14:00;Julie BON;"+c.Identifier.Value+";"+c.DisplayName()+";Validée;membership.approved;Julie BON;URBA"), out.String())
	lines, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Limit: 1})
	require.NoError(t, err)
	require.Contains(t, out.String(), ";membership.approved;Julie BON;Toute la structure;;\r\n")
	require.Equal(t, "Liste exportée", lines[0].Label(french))
	out.Reset()
	_, err = w.Structures.ExportHistory(ctx, member, c.ID, structure.HistoryQuery{}, structure.CSV{}, &out)
	require.ErrorIs(t, err, structure.ErrDenied)
	_, err = w.Structures.ExportHistory(ctx, w.Join(t, "stranger@terneuil.example"), c.ID, structure.HistoryQuery{}, structure.CSV{}, &out)
	require.ErrorIs(t, err, structure.ErrNotFound)
	require.Zero(t, out.Len())
	w.Proven(t)
}

// the history tells which right a subscription is about, on the screen and as
// a file.
func TestHistoryOfSubscriptions(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	openSpace(t, w, c, works)
	julie, _ := hire(t, w, c, clerk, c.Urba)
	line := structure.Line{Service: c.Urba.ID, Space: works, Level: authz.Write}
	_, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, line))
	require.NoError(t, err)
	kinds := []notify.Kind{"subscription.requested", "service.added"}
	entries, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Kinds: kinds})
	require.NoError(t, err)
	require.Equal(t, line, entries[0].Right)
	require.Equal(t, "URBA Urbanisme", entries[0].Scope)
	require.Zero(t, entries[1].Right, "a service is no right")
	require.Equal(t, "ACHA Achats", entries[1].Scope)
	var out bytes.Buffer
	_, err = w.Structures.ExportHistory(ctx, c.Manager, c.ID, structure.HistoryQuery{Kinds: kinds}, structure.CSV{}, &out)
	require.NoError(t, err)
	rows := strings.Split(out.String(), "\r\n")
	require.Equal(t, "22/11/2026 12:00;Julie BON;"+c.Identifier.Value+";"+c.DisplayName()+";Demandée (abonnement);subscription.requested;Julie BON;URBA Urbanisme;Factures de travaux;Modification", rows[1])
	require.True(t, strings.HasSuffix(rows[2], ";;"), rows[2])
}

// A search that goes on and on is read to its end or left in the middle.
func TestSearchAll(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, by := t.Context(), w.Join(t, clerk)
	places(t, w, by, "Abattoir", "Atelier", "Boulangerie")
	var got []string
	for st, err := range w.Structures.SearchAll(ctx, by, structure.Search{Any: "*a*", Limit: 1}) {
		require.NoError(t, err)
		require.Empty(t, st.Salt)
		got = append(got, st.LegalName)
		if len(got) == 2 {
			break
		}
	}
	require.Equal(t, []string{"Abattoir", "Atelier"}, got)
	for _, err := range w.Structures.SearchAll(ctx, by, structure.Search{}) {
		require.ErrorIs(t, err, structure.ErrCriteriaTooBroad)
	}
}

// what the screen finds by an identifier as people type
// it, the walk and the export find too, once.
func TestEverythingThatASearchFindsByItsIdentifier(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		v := c.Identifier.Value
		for _, typed := range []string{v, v[:3] + " " + v[3:6] + " " + v[6:9] + " " + v[9:]} {
			in := structure.Search{Any: typed}
			shown, err := w.Structures.SearchPage(ctx, c.Manager, in, structure.PageRequest{})
			require.NoError(t, err)
			require.Equal(t, 1, shown.Total)
			var got []structure.ID
			for st, err := range w.Structures.SearchAll(ctx, c.Manager, in) {
				require.NoError(t, err)
				require.Empty(t, st.Salt)
				got = append(got, st.ID)
			}
			require.Equal(t, []structure.ID{c.ID}, got)
			var out bytes.Buffer
			n, err := w.Structures.ExportSearch(ctx, c.Manager, in, structure.CSV{}, &out)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.Equal(t, 1, strings.Count(out.String(), v))
			for _, err := range w.Structures.SearchAll(ctx, c.Manager, in) {
				require.NoError(t, err)
				break // the reader has enough
			}
		}
	})
}
