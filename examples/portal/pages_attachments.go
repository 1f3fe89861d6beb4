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

const (
	attachmentsPath = "/account/attachments"
	uploadPath      = attachmentsPath + "/new"
)

// attachmentsData is one page of somebody's attachments, and what they take.
type attachmentsData struct {
	Rows          []account.Attachment
	Files         int
	Used          int64
	Before, After string    // addresses of the pages beside this one, "" for none
	Outcomes      []outcome // what became of those that were chosen last
}

// outcome is what became of one of several things.
type outcome struct {
	Name, Text string
	Good       bool
}

// mine loads all attachments of the person; the policy bounds their number.
func (p *portal) mine(c *call) ([]account.Attachment, error) {
	var all []account.Attachment
	for l := (account.AttachmentList{Limit: 100}); ; {
		found, err := p.h.Accounts.Attachments(c.ctx(), c.actor(), l)
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

// oneOfMine loads one attachment of the person.
func (p *portal) oneOfMine(c *call) (account.Attachment, error) {
	all, err := p.mine(c)
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

func (p *portal) listing(c *call) (*page, error) {
	all, err := p.mine(c)
	if err != nil {
		return nil, err
	}
	d := attachmentsData{Files: len(all)}
	for _, a := range all {
		d.Used += a.Size
	}
	at, err := strconv.Atoi(c.r.URL.Query().Get("page"))
	if err != nil || at < 1 || (at-1)*perPage >= len(all) {
		at = 1
	}
	if at > 1 {
		d.Before = "?page=" + strconv.Itoa(at-1)
	}
	if at*perPage < len(all) {
		d.After = "?page=" + strconv.Itoa(at+1)
	}
	d.Rows = all[(at-1)*perPage : min(at*perPage, len(all))]
	v := c.view("attachments.title").under()
	v.Data = d
	return v, nil
}

func (p *portal) showAttachments(c *call) error {
	v, err := p.listing(c)
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
func (p *portal) toAttachments(c *call) error { return c.redirect(attachmentsPath) }

func (p *portal) uploading(c *call) *page {
	v := c.view("upload.title").under(attachmentsPath, p.texts.text(c.lang, "attachments.title"))
	v.Data = p.attachments
	return v
}

func (p *portal) showUpload(c *call) error { return c.show("upload", p.uploading(c)) }

// upload hands a file on while it comes in. What is wrong with it shows in the form,
// with the rest of what was typed; the file has to be chosen again.
func (p *portal) upload(c *call) error {
	if err := c.patient(); err != nil {
		return err
	}
	up, err := c.readUpload()
	if err != nil {
		return err
	}
	added, err := p.h.Accounts.AddAttachment(c.ctx(), c.actor(), account.NewAttachment{
		Designation: up.values.Get("designation"), Type: up.values.Get("type"), FileName: up.name,
		AtMost: max(c.r.ContentLength, 0),
	}, up.content)
	v := p.uploading(c)
	v.Form.Values = up.values
	switch {
	case c.refused(v, err, map[habilis.Code]string{
		"quota_reached": "content", "file_flagged": "content", "file_not_scanned": "content", "upload_over": "content",
	}):
		if _, err := io.Copy(io.Discard, c.r.Body); err != nil { // browsers listen only once they have spoken
			return unreadable(err)
		}
		return c.render(http.StatusUnprocessableEntity, "upload", v)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return unreadable(err)
	case err != nil:
		return err
	}
	return c.done(attachmentsPath, "upload.done", "Name", added.Designation, "Size", v.Size(added.Size))
}

func (p *portal) editing(c *call) (*page, error) {
	a, err := p.oneOfMine(c)
	if err != nil {
		return nil, err
	}
	v := c.view("attachment.title", "Name", a.Designation).under(attachmentsPath, p.texts.text(c.lang, "attachments.title"))
	v.Form.Values = url.Values{"designation": {a.Designation}, "type": {a.Type}}
	v.Data = a
	return v, nil
}

func (p *portal) showAttachment(c *call) error {
	v, err := p.editing(c)
	if err != nil {
		return err
	}
	return c.show("attachment", v)
}

func (p *portal) editAttachment(c *call) error {
	v, err := p.editing(c)
	if err != nil {
		return err
	}
	v.Form.Values = c.r.PostForm
	changed, err := p.h.Accounts.EditAttachment(c.ctx(), c.actor(), account.AttachmentID(c.r.PathValue("file")), account.AttachmentEdit{
		Designation: c.r.PostFormValue("designation"), Type: c.r.PostFormValue("type"),
	})
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "attachment", v)
	case err != nil:
		return err
	}
	return c.done(attachmentsPath, "attachment.changed", "Name", changed.Designation)
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
