package main

import (
	"errors"
	"io"
	"net/http"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
)

const photoPath = "/account/photo"

func (p *portal) viewPhoto(c *call) *page {
	v := c.view("photo.title").underAccount()
	v.Form.called("content", "photo")
	v.Data = c.me.Profile.Photo
	return v
}

func (p *portal) showPhoto(c *call) error { return c.show("photo", p.viewPhoto(c)) }

// photo takes the place of the one before. It is handed on while it comes in.
func (p *portal) photo(c *call) error {
	if err := c.patient(); err != nil {
		return err
	}
	up, err := c.readUpload()
	if err != nil {
		return err
	}
	_, err = p.h.Accounts.SetPhoto(c.ctx(), c.actor(), up.content)
	v := p.viewPhoto(c)
	switch {
	case c.refused(v, err, map[habilis.Code]string{"file_flagged": "content", "file_not_scanned": "content", "upload_over": "content"}):
		v.chosen(up, err)
		if _, err := io.Copy(io.Discard, c.r.Body); err != nil { // browsers listen only once they have spoken
			return unreadable(err)
		}
		return c.render(http.StatusUnprocessableEntity, "photo", v)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return unreadable(err)
	case err != nil:
		return err
	}
	return c.done(photoPath, "photo.done")
}

func (p *portal) removePhoto(c *call) error {
	if err := p.h.Accounts.RemovePhoto(c.ctx(), c.actor()); err != nil {
		return err
	}
	return c.done(photoPath, "photo.removed")
}

// photoContent hands out the photo of whoever is signed in, and nobody else's. It goes
// out as a file: pages show it all the same, and an address that somebody is lured to
// opens nothing.
func (p *portal) photoContent(c *call) error {
	if c.me.Profile.Photo == "" {
		return errNoPage
	}
	a, content, err := p.h.Accounts.OpenAttachment(c.ctx(), c.actor(), c.me.Profile.Photo)
	switch {
	case errors.Is(err, account.ErrNotScanned):
		return errNoPage
	case err != nil:
		return err
	}
	defer content.Close() //nolint:errcheck // it was only read
	f := &fileAnswer{c: c, name: a.DownloadName(), media: a.MediaType, size: a.Size}
	_, err = io.Copy(f, content)
	return f.broken(err)
}

// portrait is the photo as the pages show it.
type portrait struct {
	ID  account.AttachmentID // so that browsers show no former one
	Alt string
}

// Portrait describes the photo of whoever is signed in.
func (v *page) Portrait(id account.AttachmentID) portrait {
	return portrait{id, v.T("photo.of", "Name", v.Me.DisplayName())}
}
