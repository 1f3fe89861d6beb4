package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
)

// download hands out one file, as a file and never as a page.
func (p *portal) download(c *call) error {
	a, content, err := p.h.Accounts.OpenAttachment(c.ctx(), c.actor(), account.AttachmentID(c.r.PathValue("file")))
	switch {
	case errors.Is(err, account.ErrNotScanned):
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect(attachmentsPath)
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

func (p *portal) removing(c *call) (*page, account.Attachment, error) {
	a, err := p.oneOfMine(c)
	if err != nil {
		return nil, a, err
	}
	v := c.view("attachment.delete", "Name", a.Designation).under(
		attachmentsPath, p.texts.text(c.lang, "attachments.title"), attachmentsPath+"/"+string(a.ID), a.Designation,
	)
	v.Data = []account.Attachment{a}
	return v, a, nil
}

func (p *portal) showDeleteAttachment(c *call) error {
	v, _, err := p.removing(c)
	if err != nil {
		return err
	}
	return c.show("attachmentdelete", v)
}

func (p *portal) deleteAttachment(c *call) error {
	v, a, err := p.removing(c)
	if err != nil {
		return err
	}
	err = p.h.Accounts.DeleteAttachment(c.ctx(), c.actor(), a.ID)
	switch {
	case c.refused(v, err, map[habilis.Code]string{"attachment_in_use": ""}):
		return c.render(http.StatusUnprocessableEntity, "attachmentdelete", v)
	case err != nil:
		return err
	}
	return c.done(attachmentsPath, "attachment.deleted", "Name", a.Designation)
}

// several deals with the attachments that were ticked: an archive of them, what
// deleting them would mean, and their deletion.
func (p *portal) several(c *call) error {
	var ids []account.AttachmentID
	for _, id := range c.r.PostForm["files"] {
		ids = append(ids, account.AttachmentID(id))
	}
	var err error
	switch step := c.r.PostFormValue("step"); {
	case len(ids) == 0:
		err = typedError{{Path: "files", Code: "required"}}
	case step == "zip":
		err = p.archive(c, ids)
	case step == "confirm":
		return p.deleteSeveral(c, ids)
	default:
		return p.deleteSeveralPreview(c, ids)
	}
	if err == nil {
		return nil
	}
	v, failed := p.listing(c)
	if failed != nil {
		return failed
	}
	v.Form.Values = c.r.PostForm
	if c.refused(v, err, map[habilis.Code]string{"not_found": "files", "file_not_scanned": "files"}) {
		return c.render(http.StatusUnprocessableEntity, "attachments", v)
	}
	return err
}

func (p *portal) archive(c *call, ids []account.AttachmentID) error {
	if err := c.patient(); err != nil {
		return err
	}
	f := &fileAnswer{c: c, name: p.texts.text(c.lang, "attachments.archive") + ".zip", media: "application/zip"}
	return f.broken(p.h.Accounts.ZipAttachments(c.ctx(), c.actor(), ids, f))
}

// chosen are those of the person's attachments that are named.
func (p *portal) chosen(c *call, ids []account.AttachmentID) ([]account.Attachment, error) {
	all, err := p.mine(c)
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

func (p *portal) deleteSeveralPreview(c *call, ids []account.AttachmentID) error {
	chosen, err := p.chosen(c, ids)
	switch {
	case err != nil:
		return err
	case len(chosen) == 0:
		return errNoPage
	}
	v := c.view("attachments.delete", "Count", len(chosen)).under(attachmentsPath, p.texts.text(c.lang, "attachments.title"))
	v.Form.Values = c.r.PostForm
	v.Data = chosen
	return c.show("attachmentdelete", v)
}

// deleteSeveral deletes each by itself and tells of each what became of it.
func (p *portal) deleteSeveral(c *call, ids []account.AttachmentID) error {
	chosen, err := p.chosen(c, ids)
	if err != nil {
		return err
	}
	names := map[account.AttachmentID]string{}
	for _, a := range chosen {
		names[a.ID] = a.Designation
	}
	results, err := p.h.Accounts.DeleteAttachments(c.ctx(), c.actor(), ids)
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
	return c.redirect(attachmentsPath)
}
