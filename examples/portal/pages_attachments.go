package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
)

const attachmentsPath = "/account/attachments"

// attachmentsData is one page of attachments, and what they take.
type attachmentsData struct {
	shelf
	Rows          []account.Attachment
	Files         int
	Used          int64
	Before, After string    // addresses of the pages beside this one, "" for none
	Outcomes      []outcome // what became of those that were chosen last
}

// fileData is some attachments of a shelf, or what is to be one.
type fileData struct {
	shelf
	account.Attachment
	Several []account.Attachment
}

// outcome is what became of one of several things.
type outcome struct {
	Name, Text string
	Good       bool
}

// all loads every attachment of a shelf; the policy bounds their number.
func (s shelf) all() ([]account.Attachment, error) {
	var all []account.Attachment
	for l := (account.AttachmentList{Limit: 100}); ; {
		found, err := s.list(l)
		if err != nil {
			return nil, err
		}
		all = append(all, found.Attachments...)
		if found.Next == nil {
			return all, nil
		}
		l.After = *found.Next
	}
}

// one loads the attachment that the address names.
func (s shelf) one(c *call) (account.Attachment, error) {
	all, err := s.all()
	for _, a := range all {
		if string(a.ID) == c.r.PathValue("file") {
			return a, err
		}
	}
	if err == nil {
		err = errNoPage
	}
	return account.Attachment{}, err
}

func (p *portal) listing(c *call, s shelf) (*page, error) {
	all, err := s.all()
	if err != nil {
		return nil, err
	}
	d := attachmentsData{shelf: s, Files: len(all)}
	for _, a := range all {
		d.Used += a.Size
	}
	at := pageNumber(c.r.URL.Query())
	if (at-1)*perPage >= len(all) {
		at = 1
	}
	if at > 1 {
		d.Before = "?page=" + strconv.Itoa(at-1)
	}
	if at*perPage < len(all) {
		d.After = "?page=" + strconv.Itoa(at+1)
	}
	d.Rows = all[(at-1)*perPage : min(at*perPage, len(all))]
	v := c.view("attachments.title").under(s.above...)
	v.Title, v.Data = s.Title, d
	return v, nil
}

func (p *portal) showAttachments(c *call, s shelf) error {
	v, err := p.listing(c, s)
	if err != nil {
		return err
	}
	if raw := p.sessions.PopString(c.ctx(), keyOutcome); raw != "" {
		d, _ := v.Data.(attachmentsData)
		if err := json.Unmarshal([]byte(raw), &d.Outcomes); err != nil {
			return err
		}
		v.Data = d
	}
	return c.show("attachments", v)
}

// toAttachments answers a reload of what was posted.
func (p *portal) toAttachments(c *call, s shelf) error { return c.redirect(s.Path) }

func (p *portal) uploading(c *call, s shelf) *page {
	v := c.view("upload.title").under(s.beneath()...)
	v.Data = fileData{shelf: s}
	return v
}

func (p *portal) showUpload(c *call, s shelf) error { return c.show("upload", p.uploading(c, s)) }

// upload hands a file on while it comes in. What is wrong with it shows in the form,
// with the rest of what was typed; the file has to be chosen again.
func (p *portal) upload(c *call, s shelf) error {
	if err := c.patient(); err != nil {
		return err
	}
	up, err := c.readUpload()
	if err != nil {
		return err
	}
	added, err := s.add(account.NewAttachment{
		Designation: up.values.Get("designation"), Type: up.values.Get("type"), FileName: up.name,
		AtMost: max(c.r.ContentLength, 0),
	}, up.content)
	v := p.uploading(c, s)
	v.Form.Values = up.values
	switch {
	case c.refused(v, err, map[habilis.Code]string{
		"quota_reached": "content", "file_flagged": "content", "file_not_scanned": "content", "upload_over": "content",
	}):
		v.chosen(up, err)
		if _, err := io.Copy(io.Discard, c.r.Body); err != nil { // browsers listen only once they have spoken
			return unreadable(err)
		}
		return c.render(http.StatusUnprocessableEntity, "upload", v)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return unreadable(err)
	case err != nil:
		return err
	}
	return c.done(s.Path, "upload.done", "Name", added.Designation, "Size", v.Size(added.Size))
}

func (p *portal) editing(c *call, s shelf) (*page, error) {
	a, err := s.one(c)
	if err != nil {
		return nil, err
	}
	v := c.view("attachment.title", "Name", a.Designation).under(s.beneath()...)
	v.Form.Values = url.Values{"designation": {a.Designation}, "type": {a.Type}}
	v.Data = fileData{shelf: s, Attachment: a}
	return v, nil
}

func (p *portal) showAttachment(c *call, s shelf) error {
	v, err := p.editing(c, s)
	if err != nil {
		return err
	}
	return c.show("attachment", v)
}

func (p *portal) editAttachment(c *call, s shelf) error {
	v, err := p.editing(c, s)
	if err != nil {
		return err
	}
	v.Form.Values = c.r.PostForm
	changed, err := s.edit(account.AttachmentID(c.r.PathValue("file")), account.AttachmentEdit{
		Designation: c.r.PostFormValue("designation"), Type: c.r.PostFormValue("type"),
	})
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "attachment", v)
	case err != nil:
		return err
	}
	return c.done(s.Path, "attachment.changed", "Name", changed.Designation)
}

// Types lists what an attachment can be said to be.
func (v *page) Types() []choice {
	out := []choice{{"", v.T("attachment.choose")}}
	for _, t := range v.portal.attachments.Types {
		out = append(out, choice{t.Code, t.Label(tagOf(v.Lang))})
	}
	return out
}

// TypeName is what an attachment is said to be, in words.
func (v *page) TypeName(code string) string {
	if t, ok := v.portal.attachments.Type(code); ok {
		return t.Label(tagOf(v.Lang))
	}
	return code
}

// Format is what a content was found to be, for short.
func (v *page) Format(a account.Attachment) string {
	return strings.ToUpper(strings.TrimPrefix(path.Ext(a.DownloadName()), "."))
}

// Waits reports whether a file waits for the virus scanner.
func (v *page) Waits(a account.Attachment) bool { return a.Status == account.AttachmentQuarantined }

// Limits is what attachments may be.
func (v *page) Limits() account.AttachmentPolicy { return v.portal.attachments }

// Size renders a number of bytes. A megabyte is a million of them.
func (v *page) Size(n int64) string {
	number := func(unit float64) string {
		text := strconv.FormatFloat(float64(n)/unit, 'f', 1, 64)
		text = strings.TrimSuffix(text, ".0")
		if v.Lang == "fr" {
			text = strings.Replace(text, ".", ",", 1)
		}
		return text
	}
	switch {
	case n < 1000:
		return v.T("size.bytes", "Count", int(n))
	case n < 999_950:
		return v.T("size.kilo", "Number", number(1e3))
	default:
		return v.T("size.mega", "Number", number(1e6))
	}
}
