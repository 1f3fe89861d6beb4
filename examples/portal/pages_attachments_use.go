package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// download hands out one file, as a file and never as a page.
func (p *portal) download(c *call, s shelf) error {
	a, content, err := s.open(account.AttachmentID(c.r.PathValue("file")))
	switch {
	case errors.Is(err, account.ErrNotScanned):
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect(s.Path)
	case err != nil:
		return err
	}
	defer content.Close() //nolint:errcheck // it was only read
	if err := c.patient(); err != nil {
		return err
	}
	f := &fileAnswer{c: c, name: a.DownloadName(), media: a.MediaType, size: a.Size}
	_, err = io.Copy(f, content)
	return f.broken(err)
}

func (p *portal) removing(c *call, s shelf) (*page, account.Attachment, error) {
	a, err := s.one(c)
	if err != nil {
		return nil, a, err
	}
	v := c.view("attachment.delete", "Name", a.Designation).under(append(s.beneath(), s.Path+"/"+string(a.ID), a.Designation)...)
	v.Data = fileData{shelf: s, Several: []account.Attachment{a}}
	return v, a, nil
}

func (p *portal) showDeleteAttachment(c *call, s shelf) error {
	v, _, err := p.removing(c, s)
	if err != nil {
		return err
	}
	return c.show("attachmentdelete", v)
}

func (p *portal) deleteAttachment(c *call, s shelf) error {
	v, a, err := p.removing(c, s)
	if err != nil {
		return err
	}
	err = s.remove(a.ID)
	switch {
	case c.refused(v, err, map[habilis.Code]string{"attachment_in_use": ""}):
		return c.render(http.StatusUnprocessableEntity, "attachmentdelete", v)
	case err != nil:
		return err
	}
	return c.done(s.Path, "attachment.deleted", "Name", a.Designation)
}

// several deals with the attachments that were ticked: an archive of them, what
// deleting them would mean, and their deletion.
func (p *portal) several(c *call, s shelf) error {
	var ids []account.AttachmentID
	for _, id := range c.r.PostForm["files"] {
		ids = append(ids, account.AttachmentID(id))
	}
	var err error
	switch step := c.r.PostFormValue("step"); {
	case len(ids) == 0:
		err = typedError{{Path: "files", Code: "required"}}
	case step == "zip":
		err = p.archive(c, s, ids)
	case !s.Edit:
		return structure.ErrDenied
	case step == "confirm":
		return p.deleteSeveral(c, s, ids)
	default:
		return p.deleteSeveralPreview(c, s, ids)
	}
	if err == nil {
		return nil
	}
	v, failed := p.listing(c, s)
	if failed != nil {
		return failed
	}
	v.Form.Values = c.r.PostForm
	if c.refused(v, err, map[habilis.Code]string{"not_found": "files", "file_not_scanned": "files"}) {
		return c.render(http.StatusUnprocessableEntity, "attachments", v)
	}
	return err
}

func (p *portal) archive(c *call, s shelf, ids []account.AttachmentID) error {
	if err := c.patient(); err != nil {
		return err
	}
	f := &fileAnswer{c: c, name: p.texts.text(c.lang, "attachments.archive") + ".zip", media: "application/zip"}
	return f.broken(s.zip(ids, f))
}

// chosen are those of a shelf's attachments that are named.
func (s shelf) chosen(ids []account.AttachmentID) ([]account.Attachment, error) {
	all, err := s.all()
	if err != nil {
		return nil, err
	}
	named := map[account.AttachmentID]bool{}
	for _, id := range ids {
		named[id] = true
	}
	var out []account.Attachment
	for _, a := range all {
		if named[a.ID] {
			out = append(out, a)
		}
	}
	return out, nil
}

func (p *portal) deleteSeveralPreview(c *call, s shelf, ids []account.AttachmentID) error {
	chosen, err := s.chosen(ids)
	switch {
	case err != nil:
		return err
	case len(chosen) == 0:
		return errNoPage
	}
	v := c.view("attachments.delete", "Count", len(chosen)).under(s.beneath()...)
	v.Form.Values = c.r.PostForm
	v.Data = fileData{shelf: s, Several: chosen}
	return c.show("attachmentdelete", v)
}

// deleteSeveral deletes each by itself and tells of each what became of it.
func (p *portal) deleteSeveral(c *call, s shelf, ids []account.AttachmentID) error {
	chosen, err := s.chosen(ids)
	if err != nil {
		return err
	}
	names := map[account.AttachmentID]string{}
	for _, a := range chosen {
		names[a.ID] = a.Designation
	}
	results, err := s.removeEach(ids)
	if err != nil {
		return err
	}
	rows := make([]outcome, 0, len(results))
	good := 0
	for _, r := range results {
		row := outcome{Name: names[r.ID], Text: p.texts.text(c.lang, "attachments.gone"), Good: r.Err == nil}
		if row.Name == "" {
			row.Name = p.texts.text(c.lang, "attachments.unknown")
		}
		if row.Good {
			good++
		} else {
			row.Text = p.h.Localize(r.Err, c.tag())
		}
		rows = append(rows, row)
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("keeping the outcome: %w", err)
	}
	c.put(keyOutcome, string(raw))
	c.notice(good == len(rows), p.texts.text(c.lang, "attachments.deleted", "Count", good, "All", len(rows)))
	return c.redirect(s.Path)
}
