package account

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
)

// SetPhoto keeps a photo for the actor's profile, in place of the one before,
// which is deleted unless it is a file of the actor's list.
// It has limits of its own and takes nothing of the quota; [Profile.Photo] refers to it
// and [Service.OpenAttachment] hands it out.
//
// Errors: ErrInvalid with the field "content" for one that is empty, no picture of the
// policy's media types, or longer than its MaxBytes; [ErrFlagged]; [ErrNotScanned];
// [ErrUploadOver]; [ErrNoContents]; [ErrNotActive].
func (s *Service) SetPhoto(ctx context.Context, by Actor, content io.Reader) (Attachment, error) {
	const op = "account.SetPhoto"
	e, limits := s.attachments, s.policy.Attachments.Photo
	if err := e.ready(); err != nil {
		return Attachment{}, err
	}
	up, fields, err := begin(content, limits.MaxBytes, limits.MediaTypes)
	if err != nil {
		return Attachment{}, err
	}
	if len(fields) > 0 {
		return Attachment{}, fault.Invalid(op, fields...)
	}
	row, err := e.fresh(by, AttachmentEdit{Type: AttachmentTypePhoto, Designation: AttachmentTypePhoto}, up.media)
	if err != nil {
		return Attachment{}, err
	}
	row.Size, row.FileName = limits.MaxBytes, row.DownloadName()
	if err := s.own(by).Update(ctx, func(tx Tx, o Owner) error {
		row.Owner = o
		return tx.PutAttachment(ctx, row)
	}); err != nil {
		return Attachment{}, err
	}
	row, err = e.receive(ctx, row, up, op, limits.MaxBytes)
	if err == nil {
		row, err = s.hang(ctx, by, row)
	}
	if err != nil {
		e.abandon(ctx, row)
		return Attachment{}, err
	}
	return row.shown(), nil
}

// hang makes a photo that has arrived the one of the profile.
func (s *Service) hang(ctx context.Context, by Actor, row Attachment) (Attachment, error) {
	var out, old Attachment
	now := s.clock()
	err := s.store.Update(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		put := row
		if err := s.attachments.arrive(ctx, tx, by, &put, now); err != nil {
			return err
		}
		out = put
		old, err = s.swapPhoto(ctx, tx, by, &a, put.ID)
		return err
	})
	if err == nil && old.ID != "" {
		s.attachments.dispose(ctx, old)
	}
	if err != nil {
		return row, err
	}
	return out, nil
}

// swapPhoto puts an account with another photo, "" for none, and removes the former
// one, which it returns.
func (s *Service) swapPhoto(ctx context.Context, tx Tx, by Actor, a *Account, photo AttachmentID) (Attachment, error) {
	now, former := s.clock(), a.Profile.Photo
	a.Profile.Photo = photo
	if err := s.put(ctx, tx, by, "account.photo_changed", a, now); err != nil {
		return Attachment{}, err
	}
	return s.dropPhoto(ctx, tx, by, a.ID, former, now)
}

// dropPhoto removes what was the photo of an account and is so no more, and returns it; a
// file of the owner's list stays there.
func (s *Service) dropPhoto(ctx context.Context, tx Tx, by Actor, id ID, former AttachmentID, now time.Time) (Attachment, error) {
	if former == "" {
		return Attachment{}, nil
	}
	old, err := owned(ctx, tx, Owner{Account: id}, former)
	if errors.Is(err, fault.ErrNotFound) || err == nil && old.Type != AttachmentTypePhoto {
		return Attachment{}, nil
	}
	if err != nil {
		return Attachment{}, err
	}
	gone := old
	return gone, retire(ctx, tx, s.journal, by, "attachment.removed", &old, now)
}

// RemovePhoto removes the photo of the actor's profile; if there is none, it does
// nothing. A file of the actor's list stays there. Errors: [ErrNotActive]; [ErrNoContents].
func (s *Service) RemovePhoto(ctx context.Context, by Actor) error {
	if err := s.attachments.ready(); err != nil {
		return err
	}
	var old Attachment
	err := s.store.Update(ctx, func(tx Tx) error {
		a, err := Acting(ctx, tx, by)
		if err != nil || a.Profile.Photo == "" {
			return err
		}
		old, err = s.swapPhoto(ctx, tx, by, &a, "")
		return err
	})
	if err == nil && old.ID != "" {
		s.attachments.dispose(ctx, old)
	}
	return err
}
