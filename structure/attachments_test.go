package structure_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

var statutes = account.NewAttachment{Designation: "Statuts", Type: "other", FileName: "statuts.txt"}

func attach(t *testing.T, w *worldtest.World, c worldtest.Company, by account.Actor) (account.Attachment, error) {
	t.Helper()
	return w.Structures.AddAttachment(t.Context(), by, c.ID, statutes, strings.NewReader("Article 1"))
}

// managers change what a structure keeps, members read it, and for
// everybody else there is nothing.
func TestAttachmentsOfAStructure(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c, member, _ := decided(t, w)
		ctx, stranger := t.Context(), w.Join(t, "stranger@terneuil.example")
		a, err := attach(t, w, c, c.Manager)
		require.NoError(t, err)
		require.Equal(t, account.Owner{Structure: c.ID}, a.Owner)
		require.Equal(t, c.Manager.ID, a.CreatedBy)
		one := []account.AttachmentID{a.ID}

		page, err := w.Structures.Attachments(ctx, member, c.ID, account.AttachmentList{})
		require.NoError(t, err)
		require.Equal(t, []account.Attachment{a}, page.Attachments)
		_, r, err := w.Structures.OpenAttachment(ctx, member, c.ID, a.ID)
		require.NoError(t, err)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, "Article 1", string(text))
		var archive bytes.Buffer
		require.NoError(t, w.Structures.ZipAttachments(ctx, member, c.ID, one, &archive))

		edit := account.AttachmentEdit{Designation: "Statuts signés", Type: "contract"}
		for by, want := range map[account.Actor]error{member: structure.ErrDenied, stranger: structure.ErrNotFound, account.Anonymous(): account.ErrActor} {
			w.Unchanged(t, func() {
				_, err := attach(t, w, c, by)
				require.ErrorIs(t, err, want)
				_, err = w.Structures.EditAttachment(ctx, by, c.ID, a.ID, edit)
				require.ErrorIs(t, err, want)
				require.ErrorIs(t, w.Structures.DeleteAttachment(ctx, by, c.ID, a.ID), want)
				out, err := w.Structures.DeleteAttachments(ctx, by, c.ID, one)
				if by == member {
					require.NoError(t, err)
					err = out[0].Err
				}
				require.ErrorIs(t, err, want)
			})
		}
		for by, want := range map[account.Actor]error{stranger: structure.ErrNotFound, account.Anonymous(): account.ErrActor} {
			_, err = w.Structures.Attachments(ctx, by, c.ID, account.AttachmentList{})
			require.ErrorIs(t, err, want)
			_, _, err = w.Structures.OpenAttachment(ctx, by, c.ID, a.ID)
			require.ErrorIs(t, err, want)
			archive.Reset()
			require.ErrorIs(t, w.Structures.ZipAttachments(ctx, by, c.ID, one, &archive), want)
			require.Zero(t, archive.Len())
		}
		a, err = w.Structures.EditAttachment(ctx, c.Manager, c.ID, a.ID, edit)
		require.NoError(t, err)
		require.Equal(t, "Statuts signés", a.Designation)
		history, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Limit: 2})
		require.NoError(t, err)
		require.Equal(t, "attachment.changed", string(history[0].Kind))
		require.Equal(t, c.Manager.ID, history[0].Actor.ID)
		w.Proven(t)

		require.NoError(t, w.Structures.DeleteAttachment(ctx, c.Manager, c.ID, a.ID))
		require.Empty(t, w.Contents.Keys())
		w.Proven(t)
	})
}

// TI-10, R-422: what a person keeps stays personal in every structure, and the files of
// one structure cannot be reached by way of another one, nor by way of an account.
func TestAttachmentsStayWithTheirOwner(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c, member, _ := decided(t, w)
	other := w.Company(t, worldtest.SIRETCity, "manager@city.example")
	own, err := w.Accounts.AddAttachment(ctx, member, statutes, strings.NewReader("private"))
	require.NoError(t, err)
	theirs, err := attach(t, w, c, c.Manager)
	require.NoError(t, err)

	page, err := w.Structures.Attachments(ctx, c.Manager, c.ID, account.AttachmentList{})
	require.NoError(t, err)
	require.Equal(t, []account.Attachment{theirs}, page.Attachments)
	for _, try := range []struct {
		by account.Actor
		in structure.ID
		id account.AttachmentID
	}{{c.Manager, c.ID, own.ID}, {other.Manager, other.ID, own.ID}, {other.Manager, other.ID, theirs.ID}} {
		w.Unchanged(t, func() {
			_, _, err := w.Structures.OpenAttachment(ctx, try.by, try.in, try.id)
			require.ErrorIs(t, err, structure.ErrNotFound)
			_, err = w.Structures.EditAttachment(ctx, try.by, try.in, try.id, account.AttachmentEdit{Designation: "a", Type: "other"})
			require.ErrorIs(t, err, structure.ErrNotFound)
			require.ErrorIs(t, w.Structures.DeleteAttachment(ctx, try.by, try.in, try.id), structure.ErrNotFound)
			require.ErrorIs(t, w.Structures.ZipAttachments(ctx, try.by, try.in, []account.AttachmentID{try.id}, io.Discard), structure.ErrNotFound)
			_, _, err = w.Accounts.OpenAttachment(ctx, try.by, try.id)
			require.ErrorIs(t, err, structure.ErrNotFound)
		})
	}
}

// The principal manager may lend the power to change what a structure keeps, like all
// others.
func TestSecondaryManagersChangeAttachmentsByDelegation(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	secondary := w.Join(t, clerk)
	m, err := w.Structures.Request(t.Context(), secondary, ask(c, c.Urba))
	require.NoError(t, err)
	_, err = w.Structures.Approve(t.Context(), c.Manager, m.ID, structure.Approval{Role: authz.RoleSecondaryManager, Scope: &structure.Scope{Whole: true}})
	require.NoError(t, err)
	_, err = attach(t, w, c, secondary)
	require.ErrorIs(t, err, structure.ErrDenied)
	require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error {
		st, err := tx.Structure(t.Context(), c.ID)
		require.NoError(t, err)
		st.Delegated.Structure = true
		return tx.PutStructure(t.Context(), st)
	}))
	_, err = attach(t, w, c, secondary)
	require.NoError(t, err)
}

// A service without an engine has no attachments.
func TestAttachmentsOfAStructureNeedAnEngine(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	bare, err := structure.New(storage.Structures(w.Store), w.Keys, &structure.Options{Now: w.Clock.Now})
	require.NoError(t, err)
	_, err = bare.AddAttachment(t.Context(), c.Manager, c.ID, statutes, strings.NewReader("x"))
	require.ErrorIs(t, err, account.ErrNoContents)
	_, err = bare.Attachments(t.Context(), c.Manager, c.ID, account.AttachmentList{})
	require.ErrorIs(t, err, account.ErrNoContents)
}

// LG-05: an attachment that was changed, invented, taken away or moved behind the
// history's back is found; one that is on its way is no news.
func TestVerifyFindsTamperedAttachments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tamper func(ctx context.Context, tx storage.Tx, a account.Attachment) error
		want   string
	}{
		"designation": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			a.Designation = "Autre chose"
			return tx.PutAttachment(ctx, a)
		}, "is not what the history says"},
		"content": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			a.SHA256 = strings.Repeat("0", 64)
			return tx.PutAttachment(ctx, a)
		}, "is not what the history says"},
		"quarantine": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			a.Status = account.AttachmentQuarantined
			return tx.PutAttachment(ctx, a)
		}, "is not what the history says"},
		"gone": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			return tx.DeleteAttachment(ctx, a)
		}, "is in the history and not in the tables"},
		"invented": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			a.ID, a.Key, a.Version = account.AttachmentID(a.Owner.Structure), "other", 0
			return tx.PutAttachment(ctx, a)
		}, "is in the tables and not in the history"},
		"owner without history": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			a.ID, a.Key, a.Version, a.Owner.Structure = "x", "other", 0, "y"
			return tx.PutAttachment(ctx, a)
		}, "is in the tables and not in the history"},
		"no owner": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			a.ID, a.Key, a.Version, a.Owner = "x", "other", 0, account.Owner{}
			return tx.PutAttachment(ctx, a)
		}, "has no single owner"},
		"uploading": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			a.ID, a.Key, a.Version, a.Status = "x", "other", 0, account.AttachmentUploading
			return tx.PutAttachment(ctx, a)
		}, ""},
		"upload that failed": {func(ctx context.Context, tx storage.Tx, a account.Attachment) error {
			a.ID, a.Key, a.Version, a.Status = "x", "other", 0, account.AttachmentRemoved
			return tx.PutAttachment(ctx, a)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := worldtest.New(t, memory.New())
			place := company(t, w)
			_, err := attach(t, w, place, place.Manager)
			require.NoError(t, err)
			w.Proven(t)
			require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error {
				found, err := tx.Attachments(t.Context(), account.AttachmentQuery{})
				require.NoError(t, err)
				return c.tamper(t.Context(), tx, found[0])
			}))
			r, err := structure.Verify(t.Context(), storage.Structures(w.Store))
			require.NoError(t, err)
			if c.want == "" {
				require.Empty(t, r.Violations)
				return
			}
			require.Len(t, r.Violations, 1)
			require.Contains(t, r.Violations[0], c.want)
		})
	}
}

// The sweep cleans up for structures as well, and what the past says of attachments can
// be asked for.
func TestPastKnowsAttachments(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	w.Clock.Move(time.Hour)
	a, err := attach(t, w, c, c.Manager)
	require.NoError(t, err)
	at := w.Clock.Now()
	w.Clock.Move(time.Hour)
	require.NoError(t, w.Structures.DeleteAttachment(t.Context(), c.Manager, c.ID, a.ID))
	for when, want := range map[time.Time]account.AttachmentStatus{
		at.Add(-time.Microsecond): "", at: account.AttachmentStored, w.Clock.Now(): account.AttachmentRemoved,
	} {
		p, err := w.Authz.AsOf(t.Context(), c.ID, when)
		require.NoError(t, err)
		require.Equal(t, want, p.Attachments[a.ID].Status)
	}
}
