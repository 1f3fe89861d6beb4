package main

import (
	"io"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// shelf is the attachments of a person or of a structure, and what the reader can do
// with them.
type shelf struct {
	Path  string // of the list
	Title string
	Of    structure.ID // "" for the person's own
	Edit  bool         // the reader may add, change and delete
	above []string     // pages that lead to the list, as pairs of path and text

	list       func(account.AttachmentList) (account.AttachmentPage, error)
	add        func(account.NewAttachment, io.Reader) (account.Attachment, error)
	edit       func(account.AttachmentID, account.AttachmentEdit) (account.Attachment, error)
	open       func(account.AttachmentID) (account.Attachment, io.ReadCloser, error)
	remove     func(account.AttachmentID) error
	removeEach func([]account.AttachmentID) ([]account.AttachmentOutcome, error)
	zip        func([]account.AttachmentID, io.Writer) error
}

// beneath are the pages that lead to what is below the list.
func (s shelf) beneath() []string { return append(append([]string{}, s.above...), s.Path, s.Title) }

// own answers with the person's own attachments.
func (p *portal) own(do func(*call, shelf) error) func(*call) error {
	return func(c *call) error {
		ctx, by, h := c.ctx(), c.actor(), p.h.Accounts
		return do(c, shelf{
			Path: attachmentsPath, Title: p.texts.text(c.lang, "attachments.title"), Edit: true,
			list: func(l account.AttachmentList) (account.AttachmentPage, error) { return h.Attachments(ctx, by, l) },
			add: func(a account.NewAttachment, content io.Reader) (account.Attachment, error) {
				return h.AddAttachment(ctx, by, a, content)
			},
			edit: func(id account.AttachmentID, e account.AttachmentEdit) (account.Attachment, error) {
				return h.EditAttachment(ctx, by, id, e)
			},
			open: func(id account.AttachmentID) (account.Attachment, io.ReadCloser, error) {
				return h.OpenAttachment(ctx, by, id)
			},
			remove: func(id account.AttachmentID) error { return h.DeleteAttachment(ctx, by, id) },
			removeEach: func(ids []account.AttachmentID) ([]account.AttachmentOutcome, error) {
				return h.DeleteAttachments(ctx, by, ids)
			},
			zip: func(ids []account.AttachmentID, w io.Writer) error { return h.ZipAttachments(ctx, by, ids, w) },
		})
	}
}

// shared answers with the attachments of a structure, to its members. To anybody
// else it is as if there were none.
func (p *portal) shared(do func(*call, shelf) error) func(*call) error {
	return func(c *call) error {
		v, d, err := p.sheet(c)
		switch {
		case err != nil:
			return err
		case d.Record == nil:
			return structure.ErrNotFound
		}
		ctx, by, h, id := c.ctx(), c.actor(), p.h.Structures, d.Structure.ID
		s := shelf{
			Path: d.Path + "/attachments", Title: p.texts.text(c.lang, "shelf.title", "Structure", d.Structure.DisplayName()), Of: id, Edit: d.Edit,
			above: []string{structuresPath, p.texts.text(c.lang, "structures.title"), d.Path, v.Title},

			list: func(l account.AttachmentList) (account.AttachmentPage, error) { return h.Attachments(ctx, by, id, l) },
			add: func(a account.NewAttachment, content io.Reader) (account.Attachment, error) {
				return h.AddAttachment(ctx, by, id, a, content)
			},
			edit: func(file account.AttachmentID, e account.AttachmentEdit) (account.Attachment, error) {
				return h.EditAttachment(ctx, by, id, file, e)
			},
			open: func(file account.AttachmentID) (account.Attachment, io.ReadCloser, error) {
				return h.OpenAttachment(ctx, by, id, file)
			},
			remove: func(file account.AttachmentID) error { return h.DeleteAttachment(ctx, by, id, file) },
			removeEach: func(files []account.AttachmentID) ([]account.AttachmentOutcome, error) {
				return h.DeleteAttachments(ctx, by, id, files)
			},
			zip: func(files []account.AttachmentID, w io.Writer) error { return h.ZipAttachments(ctx, by, id, files, w) },
		}
		return do(c, s)
	}
}

// filed is shared for those who may change the structure.
func (p *portal) filed(do func(*call, shelf) error) func(*call) error {
	return p.shared(func(c *call, s shelf) error {
		if !s.Edit {
			return structure.ErrDenied
		}
		return do(c, s)
	})
}

// fileRoutes are the pages about the attachments of a person and of structures.
func (p *portal) fileRoutes() map[string]route {
	const ours = "/structures/{id}/attachments"
	return map[string]route{
		attachmentsPath:                     {get: p.own(p.showAttachments), in: true},
		attachmentsPath + "/new":            {get: p.own(p.showUpload), post: p.own(p.upload), in: true, stream: true},
		attachmentsPath + "/several":        {get: p.own(p.toAttachments), post: p.own(p.several), in: true},
		attachmentsPath + "/{file}":         {get: p.own(p.showAttachment), post: p.own(p.editAttachment), in: true},
		attachmentsPath + "/{file}/content": {get: p.own(p.download), in: true},
		attachmentsPath + "/{file}/delete":  {get: p.own(p.showDeleteAttachment), post: p.own(p.deleteAttachment), in: true},

		ours:                     {get: p.shared(p.showAttachments), in: true},
		ours + "/new":            {get: p.filed(p.showUpload), post: p.filed(p.upload), in: true, stream: true},
		ours + "/several":        {get: p.shared(p.toAttachments), post: p.shared(p.several), in: true},
		ours + "/{file}":         {get: p.filed(p.showAttachment), post: p.filed(p.editAttachment), in: true},
		ours + "/{file}/content": {get: p.shared(p.download), in: true},
		ours + "/{file}/delete":  {get: p.filed(p.showDeleteAttachment), post: p.filed(p.deleteAttachment), in: true},
	}
}
