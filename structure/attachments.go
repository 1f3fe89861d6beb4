package structure

import (
	"context"
	"io"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

// holder opens units of work on the attachments of a structure: its members read them,
// whoever may modify it changes them.
type holder struct {
	s   *Service
	by  account.Actor
	id  ID
	now time.Time
}

// View implements account.Holder.
func (h holder) View(ctx context.Context, fn func(account.Tx, account.Owner) error) error {
	return h.s.store.View(ctx, func(tx Tx) error {
		st, err := h.s.authorise(ctx, tx, h.by, h.id, authz.ActionViewStructure, h.now)
		if err != nil {
			return err
		}
		return fn(tx, account.Owner{Structure: st.ID})
	})
}

// Update implements account.Holder.
func (h holder) Update(ctx context.Context, fn func(account.Tx, account.Owner) error) error {
	return h.s.store.Update(ctx, func(tx Tx) error {
		st, err := h.s.authorise(ctx, tx, h.by, h.id, authz.ActionModifyStructure, h.now)
		if err != nil {
			return err
		}
		if err := fn(tx, account.Owner{Structure: st.ID}); err != nil {
			return err
		}
		return tx.PutStructure(ctx, st) // the aggregate: two changes at once collide
	})
}

func (s *Service) holder(by account.Actor, id ID) account.Holder { return holder{s, by, id, s.clock()} }

// AddAttachment keeps a file for a structure, by whoever may modify it. It is
// account.Service.AddAttachment in everything else, quota included. Errors beside
// those: [ErrNotFound] for whoever is no member; [ErrDenied].
func (s *Service) AddAttachment(ctx context.Context, by account.Actor, id ID, a account.NewAttachment, content io.Reader) (account.Attachment, error) {
	return s.attachments.Add(ctx, by, s.holder(by, id), a, content)
}

// EditAttachment changes designation and type of one of a structure's attachments, by
// whoever may modify the structure. Errors: those of account.Service.EditAttachment;
// [ErrNotFound]; [ErrDenied].
func (s *Service) EditAttachment(ctx context.Context, by account.Actor, id ID, file account.AttachmentID, e account.AttachmentEdit) (account.Attachment, error) {
	return s.attachments.Edit(ctx, by, s.holder(by, id), file, e)
}

// Attachments lists a structure's attachments for its members, oldest first. Errors:
// [ErrNotFound]; account.ErrNotActive; account.ErrNoContents.
func (s *Service) Attachments(ctx context.Context, by account.Actor, id ID, l account.AttachmentList) (account.AttachmentPage, error) {
	return s.attachments.List(ctx, s.holder(by, id), l)
}

// OpenAttachment returns one of a structure's attachments with its content for a
// member, who closes it. Errors: those of account.Service.OpenAttachment; [ErrNotFound]
// for whoever is no member, and for files of others.
func (s *Service) OpenAttachment(ctx context.Context, by account.Actor, id ID, file account.AttachmentID) (account.Attachment, io.ReadCloser, error) {
	return s.attachments.Open(ctx, s.holder(by, id), file)
}

// DeleteAttachment deletes one of a structure's attachments, by whoever may modify the
// structure. Errors: those of account.Service.DeleteAttachment; [ErrNotFound];
// [ErrDenied].
func (s *Service) DeleteAttachment(ctx context.Context, by account.Actor, id ID, file account.AttachmentID) error {
	return s.attachments.Delete(ctx, by, s.holder(by, id), file)
}

// DeleteAttachments deletes several of a structure's attachments and says of each what
// became of it. Errors of the whole: those of account.Service.DeleteAttachments;
// [ErrNotFound].
func (s *Service) DeleteAttachments(ctx context.Context, by account.Actor, id ID, files []account.AttachmentID) ([]account.AttachmentOutcome, error) {
	return s.attachments.DeleteEach(ctx, by, s.holder(by, id), files)
}

// ZipAttachments writes several of a structure's attachments to w as one ZIP archive,
// for a member. Errors: those of account.Service.ZipAttachments; [ErrNotFound].
func (s *Service) ZipAttachments(ctx context.Context, by account.Actor, id ID, files []account.AttachmentID, w io.Writer) error {
	return s.attachments.Zip(ctx, s.holder(by, id), files, w)
}
