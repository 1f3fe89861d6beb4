package structure_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// opening a space lists every member, at the
// lowest level; closing ends every line and tells who held it, and opening it again
// brings nothing back.
func TestOpenAndCloseASpace(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie, _ := hire(t, w, c, clerk)
		zoe, _ := hire(t, w, c, "zoe@terneuil.example", c.Urba)
		w.Join(t, "max@terneuil.example")
		mails := len(w.Mails(t))
		st, err := w.Structures.OpenSpace(ctx, c.Manager, c.ID, works)
		require.NoError(t, err)
		require.Contains(t, st.Spaces, works)
		require.Len(t, w.Mails(t), mails, "nobody is mailed before a decision")
		groups, err := w.Structures.PendingSubscriptions(ctx, c.Manager)
		require.NoError(t, err)
		require.Len(t, groups, 2, "R-189: each member, the principal manager excepted")
		var all []structure.SubscriptionID
		for _, g := range groups {
			require.Len(t, g.Lines, 1)
			require.Equal(t, read(works), g.Lines[0].Line(), "nobody asked for more")
			require.Equal(t, structure.OriginSpaceOpened, g.Lines[0].Origin)
			all = append(all, g.Lines[0].ID)
		}
		require.False(t, allowed(t, w, julie.ID, c.ID, read(works)))
		w.Unchanged(t, func() {
			_, err := w.Structures.OpenSpace(ctx, c.Manager, c.ID, works)
			require.NoError(t, err, "open already")
		})
		_, err = w.Structures.ApproveManySubscriptions(ctx, c.Manager, all...)
		require.NoError(t, err)
		require.True(t, allowed(t, w, julie.ID, c.ID, read(works)))
		require.True(t, allowed(t, w, zoe.ID, c.ID, structure.Line{Service: c.Urba.ID, Space: works, Level: authz.Read}))

		st, err = w.Structures.CloseSpace(ctx, c.Manager, c.ID, works)
		require.NoError(t, err)
		require.NotContains(t, st.Spaces, works)
		require.False(t, allowed(t, w, julie.ID, c.ID, read(works)), "R-190")
		require.Equal(t, "Factures de travaux", w.Last(t, clerk, notify.MailSpaceClosed).Values["Spaces"])
		require.Equal(t, 1, w.Count(t, "zoe@terneuil.example", notify.MailSpaceClosed))
		require.Zero(t, w.Count(t, boss, notify.MailSpaceClosed), "who closed it knows")
		openSpace(t, w, c, works)
		require.False(t, allowed(t, w, julie.ID, c.ID, read(works)), "invariant (8)")
		_, err = w.Structures.CloseSpace(ctx, c.Manager, c.ID, authz.SpaceInvoicesIssued)
		require.NoError(t, err, "R-187: a default space closes, too")
		require.False(t, allowed(t, w, julie.ID, c.ID, write(authz.SpaceInvoicesIssued)))
		require.Equal(t, 2, w.Count(t, clerk, notify.MailSpaceClosed), "who held it by role is told")
		w.Proven(t)
	})
}

// PE-01: who may not open a space, and which spaces are not
// opened or closed.
func TestWhoOpensSpaces(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	julie, _ := hire(t, w, c, clerk)
	outsider := w.Join(t, "max@terneuil.example")
	for _, change := range []func(account.Actor, authz.Space) error{
		func(by account.Actor, space authz.Space) error {
			_, err := w.Structures.OpenSpace(ctx, by, c.ID, space)
			return err
		},
		func(by account.Actor, space authz.Space) error {
			_, err := w.Structures.CloseSpace(ctx, by, c.ID, space)
			return err
		},
	} {
		w.Unchanged(t, func() {
			require.ErrorIs(t, change(julie, works), structure.ErrDenied, "R-191")
			require.ErrorIs(t, change(outsider, works), structure.ErrNotFound)
			require.ErrorIs(t, change(c.Manager, authz.SpaceMyAccount), structure.ErrSpaceFixed)
			require.ErrorIs(t, change(c.Manager, authz.SpaceManagerActivities), structure.ErrSpaceFixed)
			require.Equal(t, map[string]string{"space": "space "}, codes(change(c.Manager, "nothing")))
		})
	}
}

// A space that the catalogue has for public structures only does not open on a private
// one; so many members share a unit and not one more.
func TestLimitsOfSpaces(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	catalogue := authz.Guide2024()
	for i := range catalogue.Spaces {
		if catalogue.Spaces[i].Code == authz.SpaceInvoicesToValidate {
			catalogue.Spaces[i].Types = []authz.StructureType{authz.Public}
			catalogue.Spaces[i].Levels = []authz.Level{authz.Read}
		}
		if catalogue.Spaces[i].Code == works {
			catalogue.Spaces[i].Levels = []authz.Level{authz.Read}
		}
	}
	p := structure.Guide2024()
	p.Subscriptions.SpaceMembers = 2
	w.Configure(t, &account.Options{}, &structure.Options{Policy: &p, Authz: &catalogue})
	c := company(t, w)
	julie, _ := hire(t, w, c, clerk)
	_, err := w.Structures.OpenSpace(t.Context(), c.Manager, c.ID, authz.SpaceInvoicesToValidate)
	require.Equal(t, map[string]string{"space": "space "}, codes(err))
	openSpace(t, w, c, works)
	_, err = w.Structures.RequestSubscriptions(t.Context(), julie, wish(c, write(works)))
	require.Equal(t, map[string]string{"lines[0]": "level "}, codes(err), "R-285")
	hire(t, w, c, "zoe@terneuil.example")
	_, err = w.Structures.CloseSpace(t.Context(), c.Manager, c.ID, works)
	require.ErrorIs(t, err, structure.ErrTooManyMembers)
}

// lend has the principal manager lend powers, as the setting does.
func lend(t testing.TB, w *worldtest.World, c worldtest.Company, d authz.Delegation) {
	t.Helper()
	require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error {
		st, err := tx.Structure(t.Context(), c.ID)
		if err != nil {
			return err
		}
		st.Delegated = d
		if err := tx.PutStructure(t.Context(), st); err != nil {
			return err
		}
		return w.Journal().Record(t.Context(), tx, notify.Fact{
			At: w.Clock.Now(), Actor: c.Manager, Kind: "structure.delegated",
			Object: notify.Object{Type: structure.ObjectStructure, ID: string(c.ID)}, Structure: c.ID, State: structure.StateOf(st),
		})
	}))
}
