package structure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// whoever is no member finds what belongs to everybody; each membership
// that takes effect adds the spaces that it opens, and they go with it.
func TestVisibleSpacesFollowTheMemberships(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		spaces := func(by account.Actor) []authz.Space {
			s, err := w.Structures.VisibleSpaces(ctx, by)
			require.NoError(t, err)
			return s
		}
		everybody := []authz.Space{authz.SpaceHome, authz.SpaceMyAccount}
		require.Equal(t, everybody, spaces(julie))
		m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		require.Equal(t, everybody, spaces(julie), "a request gives nothing")
		validity := authz.Validity{From: w.Clock.Now(), Until: w.Clock.Now().Add(time.Hour)}
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Validity: &validity})
		require.NoError(t, err)
		w.Unchanged(t, func() {
			require.Equal(t, []authz.Space{authz.SpaceHome, authz.SpaceInvoicesIssued, authz.SpaceTicketsIssued, authz.SpaceMyAccount}, spaces(julie))
			require.Contains(t, spaces(c.Manager), authz.SpaceManagerActivities)
		})
		w.Clock.Move(time.Hour - time.Microsecond)
		require.Len(t, spaces(julie), 4, "to the last moment")
		w.Clock.Move(time.Microsecond)
		require.Equal(t, everybody, spaces(julie), "over is over")
	})
}

// personal information, memberships, spaces, attachments, in one read and
// without a trace.
func TestOverviewShowsTheAccountAndWhatItHolds(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
		require.NoError(t, err)
		w.Clock.Move(time.Hour)
		other := w.Company(t, worldtest.SIRETCity, "hubert@terneuil.example")
		_, err = w.Structures.Request(ctx, julie, ask(other))
		require.NoError(t, err)
		file := account.Attachment{
			ID: "019ab000-0000-7000-8000-000000000001", Owner: account.Owner{Account: julie.ID}, Status: account.AttachmentStored,
			MediaType: "image/png", Size: 1, Key: "k", CreatedAt: worldtest.Start, StatusSince: worldtest.Start,
		}
		hidden := file
		hidden.ID, hidden.Key, hidden.Status = "019ab000-0000-7000-8000-000000000002", "l", account.AttachmentQuarantined
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
			if err := tx.PutAttachment(ctx, hidden); err != nil {
				return err
			}
			return tx.PutAttachment(ctx, file)
		}))
		var o structure.Overview
		w.Unchanged(t, func() { o, err = w.Structures.Overview(ctx, julie) })
		require.NoError(t, err)
		own, err := w.Accounts.Overview(ctx, julie)
		require.NoError(t, err)
		require.Equal(t, own.Personal, o.Personal)
		mine, err := w.Structures.Mine(ctx, julie)
		require.NoError(t, err)
		require.Equal(t, mine, o.Memberships)
		require.Len(t, o.Memberships, 2)
		rights, err := w.Authz.Statement(ctx, julie.ID, c.ID, w.Clock.Now())
		require.NoError(t, err)
		require.Equal(t, rights, o.Rights, "the pending one gives none")
		spaces, err := w.Structures.VisibleSpaces(ctx, julie)
		require.NoError(t, err)
		require.Equal(t, spaces, o.Spaces)
		require.Len(t, o.Attachments, 1)
		require.Equal(t, file.ID, o.Attachments[0].ID, "what waits for the scanner is not shown")
		for _, by := range []account.Actor{account.Anonymous(), account.Support("A-1"), account.System()} {
			_, err = w.Structures.Overview(ctx, by)
			require.ErrorIs(t, err, account.ErrActor)
			_, err = w.Structures.VisibleSpaces(ctx, by)
			require.ErrorIs(t, err, account.ErrActor)
		}
	})
}

// a manager sees how to reach whoever asks to join, and the history says it to
// nobody.
func TestManagersSeeHowToReachAnApplicant(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		address := account.PostalAddress{Street: "1 place de la Mairie", Postcode: "97500", Town: "Terneuil sur Seine"}
		_, _, err := w.Accounts.PatchProfile(ctx, julie, account.Patch{Phone: new("01 49 96 10 12"), Address: &address})
		require.NoError(t, err)
		m, err := w.Structures.Request(ctx, julie, ask(c, c.Urba))
		require.NoError(t, err)
		got, err := w.Structures.Case(ctx, c.Manager, m.ID)
		require.NoError(t, err)
		address.Country = "FR"
		require.Equal(t, structure.Person{
			ID: julie.ID, DisplayName: "Julie BON", SortName: "BON Julie", ContactEmail: clerk,
			Phone: "+33149961012", Address: address, Status: account.StatusActive,
		}, got.Applicant)
		entries, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{})
		require.NoError(t, err)
		require.NotEmpty(t, entries)
		for _, e := range entries {
			require.Empty(t, e.Applicant.Phone+e.Actor.Phone+e.Applicant.Address.Street)
		}
	})
}
