package account

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/notify"
)

// ObjectAttachment is what attachments are called in the history.
const ObjectAttachment = "attachment"

// AttachmentState is what the history keeps of an attachment after a change: no name
// in clear. A row that is still uploading has no event yet, and after the removal the
// row may be gone.
type AttachmentState struct {
	Status      AttachmentStatus `json:"status"`
	Type        string           `json:"type"`
	MediaType   string           `json:"media_type"`
	Size        int64            `json:"size"`
	CreatedAt   time.Time        `json:"created_at"`
	CreatedBy   ID               `json:"created_by,omitempty"`
	StatusSince time.Time        `json:"status_since"`

	// Named is a digest of the names and of the content's own digest. Its salt is the
	// random key of the row, so it means nothing once the row is gone. "" when removed.
	Named string `json:"named,omitempty"`
}

// AttachmentStateOf returns what the history says of a.
func AttachmentStateOf(a Attachment) AttachmentState {
	s := AttachmentState{
		Status: a.Status, Type: a.Type, MediaType: a.MediaType, Size: a.Size,
		CreatedAt: a.CreatedAt, CreatedBy: a.CreatedBy, StatusSince: a.StatusSince,
	}
	if a.Status != AttachmentRemoved {
		s.Named = notify.Digest(a.Key, a.Designation, a.FileName, a.SHA256)
	}
	return s
}

// putAttachment stores an attachment and records what happened to it.
func putAttachment(ctx context.Context, tx Tx, j *notify.Journal, by Actor, kind notify.Kind, a *Attachment, now time.Time) error {
	if err := tx.PutAttachment(ctx, *a); err != nil {
		return err
	}
	a.Version++
	return j.Record(ctx, tx, notify.Fact{
		At: now, Actor: by, Kind: kind, Object: notify.Object{Type: ObjectAttachment, ID: string(a.ID)},
		Account: a.Owner.Account, Structure: a.Owner.Structure, State: AttachmentStateOf(*a),
	})
}

// RemoveAttachments removes everything of an owner in the unit of work that closes or
// erases it, the photo and what is on its way included. The contents go with the next
// [Service.SweepAttachments].
func RemoveAttachments(ctx context.Context, tx Tx, j *notify.Journal, by Actor, o Owner, now time.Time) error {
	return eachAttachment(ctx, tx, AttachmentQuery{Owner: o}, func(a Attachment) error {
		if a.Status == AttachmentRemoved {
			return nil
		}
		return retire(ctx, tx, j, by, "attachment.removed", &a, now)
	})
}

// retire marks an attachment as removed. What never was stored has no history.
func retire(ctx context.Context, tx Tx, j *notify.Journal, by Actor, kind notify.Kind, a *Attachment, now time.Time) error {
	told := a.Status != AttachmentUploading
	a.Status, a.StatusSince = AttachmentRemoved, now
	if told {
		return putAttachment(ctx, tx, j, by, kind, a, now)
	}
	if err := tx.PutAttachment(ctx, *a); err != nil {
		return err
	}
	a.Version++
	return nil
}

// eachAttachment calls fn with everything that q selects, a page at a time.
func eachAttachment(ctx context.Context, tx Tx, q AttachmentQuery, fn func(Attachment) error) error {
	for q.Limit = 1000; ; {
		page, err := tx.Attachments(ctx, q)
		if err != nil {
			return err
		}
		for _, a := range page {
			q.AfterAt, q.AfterID = a.CreatedAt, a.ID
			if err := fn(a); err != nil {
				return err
			}
		}
		if len(page) < q.Limit {
			return nil
		}
	}
}
