package account

import (
	"context"
	"errors"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// What a later look of the scanner makes of a quarantine.
const (
	cleared notify.Kind = "attachment.cleared"
	flagged notify.Kind = "attachment.flagged"
)

// SweepAttachments finishes what crashed: it removes uploads that were never completed
// and what is left of removals, of all owners, older than twice the policy's
// UploadWindow, content first. Then it has the scanner look again at what is in
// quarantine. It returns how many rows it dealt with. Run it now and then; any number
// of processes may at once. Errors: [ErrNoContents]; whatever failed, joined, after
// everything was tried.
func (s *Service) SweepAttachments(ctx context.Context) (int, error) {
	return s.attachments.sweep(ctx)
}

func (e *AttachmentEngine) sweep(ctx context.Context) (int, error) {
	if err := e.ready(); err != nil {
		return 0, err
	}
	left := AttachmentQuery{
		Statuses: []AttachmentStatus{AttachmentUploading, AttachmentRemoved},
		Until:    e.clock().Add(-2 * e.policy.UploadWindow),
	}
	n, err := e.each(ctx, left, e.finish)
	if e.scanner == nil {
		return n, err
	}
	looked, again := e.each(ctx, AttachmentQuery{Statuses: []AttachmentStatus{AttachmentQuarantined}}, e.lookAgain)
	return n + looked, errors.Join(err, again)
}

// each calls fn, outside any unit of work, with everything that q selects, and counts
// for how many it did something.
func (e *AttachmentEngine) each(ctx context.Context, q AttachmentQuery, fn func(context.Context, Attachment) (bool, error)) (int, error) {
	var n int
	var failed error
	for q.Limit = 100; ; {
		var page []Attachment
		err := e.store.View(ctx, func(tx Tx) (err error) {
			page, err = tx.Attachments(ctx, q)
			return err
		})
		if err != nil {
			return n, errors.Join(failed, err)
		}
		for _, a := range page {
			q.AfterAt, q.AfterID = a.CreatedAt, a.ID
			did, err := fn(ctx, a)
			if did {
				n++
			}
			failed = errors.Join(failed, err)
		}
		if len(page) < q.Limit || ctx.Err() != nil {
			return n, failed
		}
	}
}

// finish removes one row that a crash left behind.
func (e *AttachmentEngine) finish(ctx context.Context, a Attachment) (bool, error) {
	if a.Status == AttachmentUploading {
		at, err := e.become(ctx, a, AttachmentRemoved)
		if err != nil || at.Status != AttachmentRemoved {
			return false, err
		}
	}
	err := e.discard(ctx, a)
	return err == nil, err
}

// lookAgain scans one content in quarantine.
func (e *AttachmentEngine) lookAgain(ctx context.Context, a Attachment) (bool, error) {
	verdict, err := e.scan(ctx, a)
	switch {
	case err != nil:
		return false, ErrNotScanned.Because(err)
	case verdict == VerdictClean:
		_, err = e.become(ctx, a, AttachmentStored)
		return err == nil, err
	case verdict == VerdictFlagged:
		if at, err := e.become(ctx, a, AttachmentRemoved); err != nil || at.Status != AttachmentRemoved {
			return false, err
		}
		err = e.discard(ctx, a)
		return err == nil, err
	default:
		return false, ErrNotScanned
	}
}

// become moves a row on by itself, unless it moved since it was read. It returns the
// row as it is then.
func (e *AttachmentEngine) become(ctx context.Context, was Attachment, s AttachmentStatus) (Attachment, error) {
	var out Attachment
	now := e.clock()
	err := e.store.Update(ctx, func(tx Tx) error {
		a, err := attachment(ctx, tx, was.ID)
		if err == nil && a.Status == was.Status {
			if s == AttachmentRemoved {
				err = retire(ctx, tx, e.journal, System(), flagged, &a, now)
			} else {
				a.Status, a.StatusSince = s, now
				err = putAttachment(ctx, tx, e.journal, System(), cleared, &a, now)
			}
		}
		out = a
		return err
	})
	if errors.Is(err, fault.ErrNotFound) {
		return Attachment{}, nil
	}
	return out, err
}
