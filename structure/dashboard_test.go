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

// ..R-315: what waits over all structures of a
// manager, counted and with its age, the manager's own requests aside; page by page and
// structure by structure.
func TestDashboard(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		second, err := w.Structures.Create(ctx, c.Manager, structure.Creation{
			Identifier: structure.SIRET(worldtest.SIRETCity), LegalName: "Atelier Dufour Nord", Type: structure.Private,
		})
		require.NoError(t, err)
		other := w.Company(t, worldtest.SIRETWelfare, "other@city.example")
		openSpace(t, w, c, works)

		d, err := w.Structures.Dashboard(ctx, c.Manager)
		require.NoError(t, err)
		require.ElementsMatch(t, []structure.ID{c.ID, second.ID}, d.Structures)
		require.Zero(t, d.Total())
		require.Zero(t, d.Memberships.Age(w.Clock.Now()))

		var asked []structure.MembershipID
		for i := range 3 {
			by := w.Join(t, fmt.Sprintf("%d@terneuil.example", i))
			w.Clock.Move(time.Hour)
			to := ask(c, c.Urba, c.Voie)
			if i == 2 {
				to = structure.Request{Structure: second.ID, Whole: true, Comment: "x"}
			}
			m, err := w.Structures.Request(ctx, by, to)
			require.NoError(t, err)
			asked = append(asked, m.ID)
		}
		_, err = w.Structures.Request(ctx, w.Join(t, "elsewhere@terneuil.example"), ask(other))
		require.NoError(t, err)
		first := w.Clock.Now()
		for i := range 2 {
			by, _ := hire(t, w, c, fmt.Sprintf("clerk%d@terneuil.example", i), c.Urba)
			_, err = w.Structures.RequestSubscriptions(ctx, by, wish(c, write(works), structure.Line{Service: c.Urba.ID, Space: works, Level: authz.Read}))
			require.NoError(t, err)
			w.Clock.Move(time.Hour)
		}

		d, err = w.Structures.Dashboard(ctx, c.Manager)
		require.NoError(t, err)
		require.Equal(t, 5, d.Total(), "R-312: three who ask to join, two who ask for spaces, each with two lines")
		require.Equal(t, 4*time.Hour, d.Memberships.Age(w.Clock.Now()))
		require.Equal(t, first, d.Subscriptions.Oldest)
		top := d.Memberships.Items[0]
		require.Equal(t, asked[0], top.Membership.ID, "oldest first")
		require.Equal(t, "Julie BON", top.Applicant.DisplayName, "R-314")
		require.Equal(t, worldtest.SIRETCompany, top.Structure.Identifier.Value)
		require.Equal(t, "URBA Urbanisme, VOIE Voirie", top.Names(top.Membership.Asked), "R-315: the services that are asked for")
		require.True(t, top.Decidable)
		group := d.Subscriptions.Items[0]
		require.Len(t, group.Lines, 2, "R-284: the list of an applicant in a structure")
		require.Equal(t, structure.ServiceID(""), group.Lines[0].Service, "R-273: all services")
		require.Equal(t, c.Urba.ID, group.Lines[1].Service, "R-273: or one")
		require.Equal(t, works, group.Lines[0].Space, "R-272")

		p, err := w.Structures.PendingActions(ctx, c.Manager, structure.PendingQuery{
			Memberships: structure.PageRequest{Number: 2, Size: 2}, Subscriptions: structure.PageRequest{Number: 2, Size: 1},
		})
		require.NoError(t, err)
		require.Len(t, p.Memberships.Items, 1)
		require.Equal(t, asked[2], p.Memberships.Items[0].Membership.ID)
		require.Equal(t, 3, p.Memberships.Total)
		require.Equal(t, d.Memberships.Oldest, p.Memberships.Oldest, "the oldest is that of all pages")
		require.Equal(t, d.Subscriptions.Items[1], p.Subscriptions.Items[0])
		require.Equal(t, first, p.Subscriptions.Oldest)

		p, err = w.Structures.PendingActions(ctx, c.Manager, structure.PendingQuery{Structure: second.ID})
		require.NoError(t, err)
		require.Equal(t, []int{1, 0, 2}, []int{p.Memberships.Total, p.Subscriptions.Total, len(p.Structures)})
		_, err = w.Structures.PendingActions(ctx, c.Manager, structure.PendingQuery{Structure: other.ID})
		require.ErrorIs(t, err, structure.ErrNotFound)
		_, err = w.Structures.PendingActions(ctx, c.Manager, structure.PendingQuery{Structure: "x", Memberships: structure.PageRequest{Size: 101}})
		require.Equal(t, map[string]string{"structure": "id ", "memberships.size": "max100 "}, codes(err))
	})
}

// the dashboard is for managers; nobody finds a request of their own there,
// and a secondary manager without powers finds nothing to decide.
func TestDashboardIsForManagers(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	openSpace(t, w, c, works)
	second := w.Join(t, "second@terneuil.example")
	n := newMember(c, second, c.Urba)
	n.Role = structure.RoleSecondaryManager
	_, err := w.Structures.Attach(ctx, c.Manager, n)
	require.NoError(t, err)
	simple, _ := hire(t, w, c, clerk, c.Urba)
	for _, by := range []account.Actor{simple, second} {
		_, err = w.Structures.Request(ctx, by, ask(c, c.Voie))
		require.NoError(t, err)
		_, err = w.Structures.RequestSubscriptions(ctx, by, wish(c, write(works)))
		require.NoError(t, err)
	}
	count := func(by account.Actor) [3]int {
		d, err := w.Structures.Dashboard(ctx, by)
		require.NoError(t, err)
		return [3]int{len(d.Structures), d.Memberships.Total, d.Subscriptions.Total}
	}
	require.Equal(t, [3]int{1, 2, 2}, count(c.Manager))
	require.Equal(t, [3]int{1, 0, 0}, count(second))
	_, err = w.Structures.SetDelegation(ctx, c.Manager, c.ID, authz.Delegation{Users: true})
	require.NoError(t, err)
	require.Equal(t, [3]int{1, 1, 1}, count(second), "those of others alone")
	_, err = w.Structures.Dashboard(ctx, simple)
	require.ErrorIs(t, err, structure.ErrDenied)
	_, err = w.Structures.PendingActions(ctx, simple, structure.PendingQuery{Structure: c.ID})
	require.ErrorIs(t, err, structure.ErrDenied)
	_, err = w.Structures.Dashboard(ctx, w.Join(t, "stranger@terneuil.example"))
	require.ErrorIs(t, err, structure.ErrDenied)
	_, err = w.Structures.Dashboard(ctx, account.Anonymous())
	require.ErrorIs(t, err, account.ErrActor)
}
