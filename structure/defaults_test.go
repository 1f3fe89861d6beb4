package structure_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// what comes with a role goes with the membership, in that
// structure alone; what every account has needs no structure and stays.
func TestDefaultsGoWithTheMembership(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, c := t.Context(), company(t, w)
		other := w.Company(t, worldtest.SIRETCity, "other@city.example")
		julie, held := hire(t, w, c, clerk)
		_, err := w.Structures.Attach(ctx, other.Manager, newMember(other, julie, other.Urba))
		require.NoError(t, err)
		onUrba := write(authz.SpaceInvoicesIssued)
		onUrba.Service = other.Urba.ID
		rights := func() []bool {
			return []bool{
				allowed(t, w, julie.ID, c.ID, write(authz.SpaceInvoicesIssued)), allowed(t, w, julie.ID, c.ID, write(authz.SpaceTicketsIssued)),
				allowed(t, w, julie.ID, other.ID, onUrba),
				allowed(t, w, julie.ID, "", read(authz.SpaceHome)), allowed(t, w, julie.ID, "", write(authz.SpaceMyAccount)),
			}
		}
		require.Equal(t, []bool{true, true, true, true, true}, rights())
		require.NoError(t, one(t)(w.Structures.RemoveMembers(ctx, c.Manager, held.ID)).Err)
		require.Equal(t, []bool{false, false, true, true, true}, rights())
		_, err = w.Structures.Leave(ctx, julie, structure.Departure{Structure: other.ID})
		require.NoError(t, err)
		require.Equal(t, []bool{false, false, false, true, true}, rights())
		w.Leave(t, julie)
		require.Equal(t, []bool{false, false, false, false, false}, rights(), "a closed account has nothing")
		w.Proven(t)
	})
}

// a line without a service is one for all that the membership covers:
// of the whole structure every service, those that come later too; of some services these.
func TestALineForAllServices(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, c := t.Context(), company(t, w)
	openSpace(t, w, c, works)
	whole, _ := hire(t, w, c, clerk)
	some, _ := hire(t, w, c, "some@terneuil.example", c.Urba)
	for _, by := range []account.Actor{whole, some} {
		lines, err := w.Structures.RequestSubscriptions(ctx, by, wish(c, read(works)))
		require.NoError(t, err)
		require.Equal(t, structure.ServiceID(""), lines[0].Service, "no service stands for all of them")
		_, err = w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{Requested: lineIDs(lines)})
		require.NoError(t, err)
	}
	later, err := w.Structures.AddService(ctx, c.Manager, c.ID, structure.ServiceSpec{Code: "NEW", Name: "Nouveau"})
	require.NoError(t, err)
	for unit, want := range map[structure.ServiceID][2]bool{
		c.Urba.ID: {true, true}, c.Voie.ID: {true, false}, later.ID: {true, false}, "": {true, false},
	} {
		l := read(works)
		l.Service = unit
		require.Equal(t, want, [2]bool{allowed(t, w, whole.ID, c.ID, l), allowed(t, w, some.ID, c.ID, l)}, unit)
	}
	w.Proven(t)
}

// a page of requests for spaces holds every line of an applicant in a
// structure and none of what the same people ask for elsewhere, which has a page of its own
// or is nothing to the manager.
func TestPagesOfRequestsKeepApart(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, first := t.Context(), company(t, w)
		st, err := w.Structures.Create(ctx, first.Manager, structure.Creation{
			Identifier: structure.SIRET(worldtest.SIRETCity), LegalName: "Atelier Dufour Nord", Type: structure.Private,
		})
		require.NoError(t, err)
		second := worldtest.Company{Structure: st, Manager: first.Manager}
		foreign := w.Company(t, worldtest.SIRETWelfare, "other@city.example")
		places := map[string]worldtest.Company{"first": first, "second": second, "foreign": foreign}
		for _, c := range places {
			openSpace(t, w, c, works)
		}
		people := map[account.ID]string{}
		for i := range 2 {
			by := w.Join(t, fmt.Sprintf("%d@terneuil.example", i))
			people[by.ID] = fmt.Sprint(i)
			for _, c := range places {
				enrol(t, w, c, by)
			}
		}
		asks := func(name, at string, lines ...structure.Line) {
			for id, n := range people {
				if n == name {
					_, err := w.Structures.RequestSubscriptions(ctx, account.Person(id), wish(places[at], lines...))
					require.NoError(t, err)
				}
			}
			w.Clock.Move(time.Minute)
		}
		asks("0", "first", read(works))
		asks("1", "second", write(works), read(works))
		asks("1", "foreign", read(works))
		asks("0", "second", read(works))
		asks("1", "first", write(works))
		asks("0", "first", write(works))

		pages := [][]string{{"0 first 2", "1 second 2"}, {"0 second 1", "1 first 1"}}
		for n, want := range pages {
			d, err := w.Structures.PendingActions(ctx, first.Manager, structure.PendingQuery{Subscriptions: structure.PageRequest{Number: n + 1, Size: 2}})
			require.NoError(t, err)
			require.Equal(t, 4, d.Subscriptions.Total)
			var got []string
			for _, g := range d.Subscriptions.Items {
				for at, c := range places {
					if c.ID == g.Structure.ID {
						got = append(got, fmt.Sprintf("%s %s %d", people[g.Applicant.ID], at, len(g.Lines)))
					}
				}
				require.Len(t, g.Units, map[structure.ID]int{first.ID: 3}[g.Structure.ID])
			}
			require.Equal(t, want, got)
		}
	})
}
