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

// on answers with a shelf that is looked up first.
func on(find func(*call) (shelf, error), do func(*call, shelf) error) func(*call) error {
	return func(c *call) error {
		s, err := find(c)
		if err != nil {
			return err
		}
		return do(c, s)
	}
}

// own answers with the person's own attachments.
func own(do func(*call, shelf) error) func(*call) error { return on((*call).ownShelf, do) }

// shared answers with the attachments of a structure, to its members. To anybody
// else it is as if there were none.
func shared(do func(*call, shelf) error) func(*call) error { return on((*call).shelfOf, do) }

// filed is shared for those who may change the structure.
func filed(do func(*call, shelf) error) func(*call) error {
	return shared(func(c *call, s shelf) error {
		if !s.Edit {
			return structure.ErrDenied
		}
		return do(c, s)
	})
}

func (c *call) ownShelf() (shelf, error) {
	ctx, by, h := c.ctx(), c.actor(), c.p.h.Accounts
	return shelf{
		Path: attachmentsPath, Title: c.p.texts.text(c.lang, "attachments.title"), Edit: true,
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
	}, nil
}

func (c *call) shelfOf() (shelf, error) {
	v, d, err := c.p.sheet(c)
	switch {
	case err != nil:
		return shelf{}, err
	case d.Record == nil:
		return shelf{}, structure.ErrNotFound
	}
	ctx, by, h, id := c.ctx(), c.actor(), c.p.h.Structures, d.Structure.ID
	return shelf{
		Path: d.Path + "/attachments", Title: c.p.texts.text(c.lang, "shelf.title", "Structure", d.Structure.DisplayName()), Of: id, Edit: d.Edit,
		above: []string{structuresPath, c.p.texts.text(c.lang, "structures.title"), d.Path, v.Title},
		list:  func(l account.AttachmentList) (account.AttachmentPage, error) { return h.Attachments(ctx, by, id, l) },
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
	}, nil
}

// fileRoutes are the pages about the attachments of a person and of structures.
func (p *portal) fileRoutes() map[string]route {
	const ours = "/structures/{id}/attachments"
	return map[string]route{
		attachmentsPath:                     {get: own(p.showAttachments), in: true},
		attachmentsPath + "/new":            {get: own(p.showUpload), post: own(p.upload), in: true, stream: true},
		attachmentsPath + "/several":        {get: own(p.toAttachments), post: own(p.several), in: true},
		attachmentsPath + "/{file}":         {get: own(p.showAttachment), post: own(p.editAttachment), in: true},
		attachmentsPath + "/{file}/content": {get: own(p.download), in: true},
		attachmentsPath + "/{file}/delete":  {get: own(p.showDeleteAttachment), post: own(p.deleteAttachment), in: true},

		ours:                     {get: shared(p.showAttachments), in: true},
		ours + "/new":            {get: filed(p.showUpload), post: filed(p.upload), in: true, stream: true},
		ours + "/several":        {get: shared(p.toAttachments), post: shared(p.several), in: true},
		ours + "/{file}":         {get: filed(p.showAttachment), post: filed(p.editAttachment), in: true},
		ours + "/{file}/content": {get: shared(p.download), in: true},
		ours + "/{file}/delete":  {get: filed(p.showDeleteAttachment), post: filed(p.deleteAttachment), in: true},
	}
}
