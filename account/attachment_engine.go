package account

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// AttachmentEngine is what the attachments of every kind of owner have in common. Get
// it from [Service.AttachmentEngine] and give it to structure.Options. It decides about
// files; who may do what is up to the [Holder] that each call gets. It is immutable and
// safe for concurrent use.
type AttachmentEngine struct {
	store    Store
	journal  *notify.Journal
	ids      ids.Maker
	now      func() time.Time
	policy   AttachmentPolicy
	contents Contents
	scanner  Scanner
	inUse    func(ctx context.Context, a Attachment) (bool, error)
}

// Holder opens units of work on behalf of an owner of attachments. Both methods check
// that the actor may do what is asked and pass the owner on; Update also puts the
// owner's row, so that two changes of one owner's attachments collide (RC-14).
type Holder interface {
	View(ctx context.Context, fn func(Tx, Owner) error) error
	Update(ctx context.Context, fn func(Tx, Owner) error) error
}

// AttachmentList selects a page of an owner's attachments, oldest first.
type AttachmentList struct {
	After AttachmentCursor // continue after this; the zero cursor begins
	Limit int              // at most this many, 100 at most. Defaults to 20.
}

// AttachmentCursor is a position in a list of attachments.
type AttachmentCursor struct {
	At time.Time
	ID AttachmentID
}

// AttachmentPage is one page of a list.
type AttachmentPage struct {
	Attachments []Attachment      // without the photo
	Next        *AttachmentCursor // where the next page begins; nil on the last
}

// AttachmentOutcome is what became of one of several attachments.
type AttachmentOutcome struct {
	ID  AttachmentID
	Err error // nil if it was done
}

// AttachmentEngine returns the service's engine; a nil service has one that keeps
// nothing.
func (s *Service) AttachmentEngine() *AttachmentEngine {
	if s == nil {
		return nil
	}
	return s.attachments
}

// ready returns [ErrNoContents] if there is nowhere to keep contents.
func (e *AttachmentEngine) ready() error {
	if e == nil || e.contents == nil {
		return ErrNoContents
	}
	return nil
}

func (e *AttachmentEngine) clock() time.Time { return e.now().UTC().Truncate(time.Microsecond) }

// Add is [Service.AddAttachment] for any owner.
func (e *AttachmentEngine) Add(ctx context.Context, by Actor, h Holder, in NewAttachment, content io.Reader) (Attachment, error) {
	const op = "account.AddAttachment"
	if err := e.ready(); err != nil {
		return Attachment{}, err
	}
	told := AttachmentEdit{Designation: in.Designation, Type: in.Type}.normalised()
	limit := e.policy.longest(in.AtMost)
	up, fields, err := begin(content, limit, e.policy.MediaTypes)
	if err != nil {
		return Attachment{}, err
	}
	if fields = append(e.policy.bad(told), fields...); len(fields) > 0 {
		return Attachment{}, fault.Invalid(op, fields...)
	}
	row, err := e.fresh(by, told, up.media)
	if err != nil {
		return Attachment{}, err
	}
	row.FileName = CleanFileName(in.FileName)
	if row, err = e.intend(ctx, h, row, in.AtMost); err != nil {
		return Attachment{}, err
	}
	row, err = e.receive(ctx, row, up, op, limit)
	if err == nil {
		row, err = e.settle(ctx, by, h, row)
	}
	if err != nil {
		e.abandon(ctx, row)
		return Attachment{}, err
	}
	return row.shown(), nil
}

// fresh makes the row of a file that is about to come.
func (e *AttachmentEngine) fresh(by Actor, told AttachmentEdit, media string) (Attachment, error) {
	now := e.clock()
	id, err := e.ids.New(now)
	if err != nil {
		return Attachment{}, err
	}
	key, err := e.ids.Bytes(32)
	if err != nil {
		return Attachment{}, err
	}
	return Attachment{
		ID: AttachmentID(id), Status: AttachmentUploading, Type: told.Type, Designation: told.Designation, MediaType: media,
		Key: "attachments/" + hex.EncodeToString(key), CreatedAt: now, CreatedBy: by.ID, StatusSince: now,
	}, nil
}

// intend commits the row before its content comes, with the bytes that it may take, so
// that whatever crashes later leaves something for the sweep to find.
func (e *AttachmentEngine) intend(ctx context.Context, h Holder, row Attachment, atMost int64) (Attachment, error) {
	var out Attachment
	err := h.Update(ctx, func(tx Tx, o Owner) error {
		used, err := used(ctx, tx, o, "")
		if err != nil {
			return err
		}
		put := row
		put.Owner = o
		if put.Size, err = e.policy.reserve(used, atMost); err != nil {
			return err
		}
		if err := tx.PutAttachment(ctx, put); err != nil {
			return err
		}
		put.Version++
		out = put
		return nil
	})
	return out, err
}

// settle makes a row whose content is there part of its owner's list.
func (e *AttachmentEngine) settle(ctx context.Context, by Actor, h Holder, row Attachment) (Attachment, error) {
	out, now := row, e.clock()
	err := h.Update(ctx, func(tx Tx, o Owner) error {
		used, err := used(ctx, tx, o, row.ID)
		if err != nil {
			return err
		}
		if err := e.policy.fits(used.plus(row)); err != nil {
			return err
		}
		put := row
		if err := e.arrive(ctx, tx, by, &put, now); err != nil {
			return err
		}
		out = put
		return nil
	})
	return out, err
}

// arrive records that the content of a row is there, unless the sweep took the upload
// for dead meanwhile.
func (e *AttachmentEngine) arrive(ctx context.Context, tx Tx, by Actor, row *Attachment, now time.Time) error {
	at, err := attachment(ctx, tx, row.ID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return ErrUploadOver
	case err != nil:
		return err
	case at.Status != AttachmentUploading:
		return ErrUploadOver
	}
	kind := notify.Kind("attachment.added")
	if row.Status == AttachmentQuarantined {
		kind = "attachment.quarantined"
	}
	row.Version, row.StatusSince = at.Version, now
	return putAttachment(ctx, tx, e.journal, by, kind, row, now)
}

// used adds up what an owner has, except one.
func used(ctx context.Context, tx Tx, o Owner, except AttachmentID) (usage, error) {
	var u usage
	err := eachAttachment(ctx, tx, AttachmentQuery{Owner: o}, func(a Attachment) error {
		if a.ID != except {
			u = u.plus(a)
		}
		return nil
	})
	return u, err
}

// attachment returns one attachment, or ErrNotFound.
func attachment(ctx context.Context, tx Tx, id AttachmentID) (Attachment, error) {
	if !ids.Valid(id) {
		return Attachment{}, fault.ErrNotFound
	}
	found, err := tx.Attachments(ctx, AttachmentQuery{ID: id, Limit: 1})
	if err == nil && len(found) == 0 {
		err = fault.ErrNotFound
	}
	if err != nil {
		return Attachment{}, err
	}
	return found[0], nil
}

// owned returns one attachment of an owner, or ErrNotFound: whose it is otherwise is
// nobody's business (R-422, TI-11).
func owned(ctx context.Context, tx Tx, o Owner, id AttachmentID) (Attachment, error) {
	a, err := attachment(ctx, tx, id)
	switch {
	case err != nil:
		return Attachment{}, err
	case a.Owner != o || a.Status != AttachmentStored && a.Status != AttachmentQuarantined:
		return Attachment{}, fault.ErrNotFound
	default:
		return a, nil
	}
}

// ownListed is owned for what is in the owner's list.
func ownListed(ctx context.Context, tx Tx, o Owner, id AttachmentID) (Attachment, error) {
	a, err := owned(ctx, tx, o, id)
	if err == nil && !a.listed() {
		err = fault.ErrNotFound
	}
	if err != nil {
		return Attachment{}, err
	}
	return a, nil
}
