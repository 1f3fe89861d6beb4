package account

import (
	"context"
	"io"
)

// own opens units on behalf of a person who deals with files of their own. Nobody else
// ever sees them, whatever structures they share (TI-10).
type own struct {
	store Store
	by    Actor
}

// View implements [Holder].
func (o own) View(ctx context.Context, fn func(Tx, Owner) error) error {
	return o.store.View(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, o.by)
		if err != nil {
			return err
		}
		return fn(tx, Owner{Account: a.ID})
	})
}

// Update implements [Holder].
func (o own) Update(ctx context.Context, fn func(Tx, Owner) error) error {
	return o.store.Update(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, o.by)
		if err != nil {
			return err
		}
		if err := fn(tx, Owner{Account: a.ID}); err != nil {
			return err
		}
		return tx.PutAccount(ctx, a) // the aggregate: two changes at once collide
	})
}

func (s *Service) own(by Actor) Holder { return own{s.store, by} }

// AddAttachment keeps a file for the actor. The content is read once, as
// a stream, to its end; it is not closed. What it is, is found in its first bytes; what
// the client says does not count. If the policy says so, a file that the scanner could
// not judge comes back with [AttachmentQuarantined].
//
// The row is committed before the content comes and completed after it, so a file is
// in the list as a whole or not at all.
//
// Errors: ErrInvalid naming every bad field, "content" for one that is empty, of a
// media type that is not allowed, or longer than the policy's MaxBytes; [ErrQuota];
// [ErrFlagged]; [ErrNotScanned]; [ErrUploadOver]; [ErrNoContents]; [ErrNotActive];
// the reader's and the context's own.
func (s *Service) AddAttachment(ctx context.Context, by Actor, a NewAttachment, content io.Reader) (Attachment, error) {
	return s.attachments.Add(ctx, by, s.own(by), a, content)
}

// EditAttachment changes designation and type of one of the actor's attachments
// . Errors: ErrInvalid naming every bad field; ErrNotFound; [ErrNotActive];
// [ErrNoContents].
func (s *Service) EditAttachment(ctx context.Context, by Actor, id AttachmentID, e AttachmentEdit) (Attachment, error) {
	return s.attachments.Edit(ctx, by, s.own(by), id, e)
}

// Attachments lists the actor's attachments, oldest first, what is in quarantine
// included. Errors: [ErrNotActive]; [ErrNoContents].
func (s *Service) Attachments(ctx context.Context, by Actor, l AttachmentList) (AttachmentPage, error) {
	return s.attachments.List(ctx, s.own(by), l)
}

// OpenAttachment returns one of the actor's attachments, the photo included, with its
// content, which the caller closes. Hand it out under
// [Attachment.DownloadName], as a download and never inline. Errors: ErrNotFound for
// whatever is not the actor's; [ErrNotScanned] for what is in quarantine;
// [ErrNotActive]; [ErrNoContents].
func (s *Service) OpenAttachment(ctx context.Context, by Actor, id AttachmentID) (Attachment, io.ReadCloser, error) {
	return s.attachments.Open(ctx, s.own(by), id)
}

// DeleteAttachment deletes one of the actor's attachments. Once it returns nil
// the attachment is gone for everybody and its room is free; should the deletion of
// the content itself fail, [Service.SweepAttachments] repeats it. Errors: ErrNotFound;
// [ErrAttachmentInUse]; [ErrNotActive]; [ErrNoContents].
func (s *Service) DeleteAttachment(ctx context.Context, by Actor, id AttachmentID) error {
	return s.attachments.Delete(ctx, by, s.own(by), id)
}

// DeleteAttachments deletes several of the actor's attachments and says of each what
// became of it. One that fails does not stop the others. Errors of the whole:
// ErrInvalid for an empty choice or more than [MaxChosen]; [ErrNotActive];
// [ErrNoContents]; the context's.
func (s *Service) DeleteAttachments(ctx context.Context, by Actor, ids []AttachmentID) ([]AttachmentOutcome, error) {
	return s.attachments.DeleteEach(ctx, by, s.own(by), ids)
}

// ZipAttachments writes several of the actor's attachments to w as one ZIP archive, as
// a stream and in constant memory. Each entry is called after the designation,
// with a name that is unique and harmless wherever it is unpacked (FI-02).
//
// Before the first byte: ErrNotFound if one of them is not the actor's, [ErrNotScanned]
// if one is in quarantine, ErrInvalid for an empty choice or more than [MaxChosen],
// [ErrNotActive], [ErrNoContents]. Any error after that leaves an archive without its
// end, which no program takes for complete.
func (s *Service) ZipAttachments(ctx context.Context, by Actor, ids []AttachmentID, w io.Writer) error {
	return s.attachments.Zip(ctx, s.own(by), ids, w)
}
