package account

import (
	"context"
	"io"
	"strconv"

	"github.com/habilis-go/habilis/internal/fault"
)

// Edit is [Service.EditAttachment] for any owner.
func (e *AttachmentEngine) Edit(ctx context.Context, by Actor, h Holder, id AttachmentID, in AttachmentEdit) (Attachment, error) {
	if err := e.ready(); err != nil {
		return Attachment{}, err
	}
	in = in.normalised()
	if fields := e.policy.bad(in); len(fields) > 0 {
		return Attachment{}, fault.Invalid("account.EditAttachment", fields...)
	}
	var out Attachment
	now := e.clock()
	err := h.Update(ctx, func(tx Tx, o Owner) error {
		a, err := ownListed(ctx, tx, o, id)
		if err != nil {
			return err
		}
		if a.Designation != in.Designation || a.Type != in.Type {
			a.Designation, a.Type = in.Designation, in.Type
			if err := putAttachment(ctx, tx, e.journal, by, "attachment.changed", &a, now); err != nil {
				return err
			}
		}
		out = a.shown()
		return nil
	})
	return out, err
}

// List is [Service.Attachments] for any owner.
func (e *AttachmentEngine) List(ctx context.Context, h Holder, l AttachmentList) (AttachmentPage, error) {
	if err := e.ready(); err != nil {
		return AttachmentPage{}, err
	}
	limit := min(l.Limit, 100)
	if limit <= 0 {
		limit = 20
	}
	var out AttachmentPage
	err := h.View(ctx, func(tx Tx, o Owner) error {
		out = AttachmentPage{}
		found, err := tx.Attachments(ctx, AttachmentQuery{
			Owner: o, Statuses: []AttachmentStatus{AttachmentStored, AttachmentQuarantined},
			AfterAt: l.After.At, AfterID: l.After.ID, Limit: limit + 2, // the photo may be among them
		})
		for _, a := range found {
			switch {
			case !a.listed():
			case len(out.Attachments) < limit:
				out.Attachments = append(out.Attachments, a.shown())
			default:
				last := out.Attachments[limit-1]
				out.Next = &AttachmentCursor{At: last.CreatedAt, ID: last.ID}
			}
		}
		return err
	})
	return out, err
}

// Open is [Service.OpenAttachment] for any owner.
func (e *AttachmentEngine) Open(ctx context.Context, h Holder, id AttachmentID) (Attachment, io.ReadCloser, error) {
	if err := e.ready(); err != nil {
		return Attachment{}, nil, err
	}
	var a Attachment
	err := h.View(ctx, func(tx Tx, o Owner) (err error) {
		a, err = owned(ctx, tx, o, id)
		return err
	})
	if err == nil && a.Status == AttachmentQuarantined {
		err = ErrNotScanned
	}
	if err != nil {
		return Attachment{}, nil, err
	}
	content, err := e.contents.Open(ctx, a.Key)
	if err != nil {
		return Attachment{}, nil, err
	}
	return a.shown(), content, nil
}

// Delete is [Service.DeleteAttachment] for any owner.
func (e *AttachmentEngine) Delete(ctx context.Context, by Actor, h Holder, id AttachmentID) error {
	if err := e.ready(); err != nil {
		return err
	}
	if err := e.free(ctx, h, id); err != nil {
		return err
	}
	var gone Attachment
	now := e.clock()
	err := h.Update(ctx, func(tx Tx, o Owner) error {
		a, err := ownListed(ctx, tx, o, id)
		if err != nil {
			return err
		}
		gone = a
		return retire(ctx, tx, e.journal, by, "attachment.removed", &a, now)
	})
	if err != nil {
		return err
	}
	e.dispose(ctx, gone)
	return nil
}

// free asks the host whether it needs a file that is to be deleted.
func (e *AttachmentEngine) free(ctx context.Context, h Holder, id AttachmentID) error {
	if e.inUse == nil {
		return nil
	}
	var a Attachment
	err := h.View(ctx, func(tx Tx, o Owner) (err error) {
		a, err = ownListed(ctx, tx, o, id)
		return err
	})
	if err != nil {
		return err
	}
	switch used, err := e.inUse(ctx, a.shown()); {
	case err != nil:
		return err
	case used:
		return ErrAttachmentInUse
	default:
		return nil
	}
}

// dispose deletes the content and the row of something that is removed. It is removed
// for its owner already, so that a failure is left to the sweep.
func (e *AttachmentEngine) dispose(ctx context.Context, gone Attachment) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	_ = e.discard(ctx, gone)
}

// DeleteEach is [Service.DeleteAttachments] for any owner.
func (e *AttachmentEngine) DeleteEach(ctx context.Context, by Actor, h Holder, ids []AttachmentID) ([]AttachmentOutcome, error) {
	ids, err := e.several("account.DeleteAttachments", ids)
	if err != nil {
		return nil, err
	}
	if err := h.View(ctx, func(Tx, Owner) error { return nil }); err != nil {
		return nil, err // the same for each
	}
	out := make([]AttachmentOutcome, 0, len(ids))
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		out = append(out, AttachmentOutcome{ID: id, Err: e.Delete(ctx, by, h, id)})
	}
	return out, nil
}

// MaxChosen is how many attachments one call may name.
const MaxChosen = 1000

// several checks a choice of attachments and drops what is named twice.
func (e *AttachmentEngine) several(op string, ids []AttachmentID) ([]AttachmentID, error) {
	if err := e.ready(); err != nil {
		return nil, err
	}
	switch {
	case len(ids) == 0:
		return nil, fault.Invalid(op, fault.Field{Path: "ids", Code: "required"})
	case len(ids) > MaxChosen:
		return nil, fault.Invalid(op, fault.Field{Path: "ids", Code: "too_many", Param: strconv.Itoa(MaxChosen)})
	}
	seen, out := map[AttachmentID]bool{}, make([]AttachmentID, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out, nil
}
