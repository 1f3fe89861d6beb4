package main

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis"
)

// fileTime is how long one file may take on its way, in or out.
const fileTime = 10 * time.Minute

// filePolicy lets nothing of a file run, should a browser ever show one.
const filePolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

// fileAnswer is a file as the answer to a request. Its headers leave with the first
// byte, so that an error before it is answered with a page.
type fileAnswer struct {
	c           *call
	name, media string
	size        int64 // 0: not known
	began       bool
}

// Write implements io.Writer.
func (f *fileAnswer) Write(b []byte) (int, error) {
	if !f.began {
		f.began = true
		h := f.c.w.Header()
		h.Set("Content-Type", f.media)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.name}))
		h.Set("Content-Security-Policy", filePolicy)
		if f.size > 0 {
			h.Set("Content-Length", strconv.FormatInt(f.size, 10))
		}
	}
	return f.c.w.Write(b)
}

// broken tells of an error while a file was written. Once a part of it has left, the
// connection ends, so that nobody takes that part for the whole.
func (f *fileAnswer) broken(err error) error {
	if err == nil || !f.began {
		return err
	}
	f.c.p.log.Warn("a file broke off", "id", requestOf(f.c.r), "error", err)
	panic(http.ErrAbortHandler)
}

// patient gives a request the time that a file takes.
func (c *call) patient() error {
	control, until := http.NewResponseController(c.w), time.Now().Add(fileTime)
	return errors.Join(control.SetReadDeadline(until), control.SetWriteDeadline(until.Add(time.Minute)))
}

// uploaded is a form with a file in it, of which the file is yet to be read.
type uploaded struct {
	values  url.Values
	name    string
	content io.Reader // nil: no file
}

// Bounds of what stands before a file in its form.
const (
	maxParts = 10
	maxField = maxBody / 4 // more than any field may hold, so that it gets the error of its own
)

// readUpload reads a form up to its file, which must come last and behind the token.
// Neither a file nor a form that is not ours is ever held in memory or on disk.
func (c *call) readUpload() (uploaded, error) {
	parts, err := c.r.MultipartReader()
	if err != nil {
		return uploaded{}, errors.Join(errForm, err)
	}
	up := uploaded{values: url.Values{}}
	for range maxParts {
		part, err := parts.NextPart()
		ours := c.issued(up.values.Get("token"))
		switch {
		case errors.Is(err, io.EOF) && ours:
			return up, nil
		case errors.Is(err, io.EOF):
			return up, errForged
		case err != nil:
			return up, unreadable(err)
		case !ours && part.FormName() != "token":
			return up, errForged
		}
		if part.FormName() == "content" {
			up.name, up.content = part.FileName(), part
			return up, nil
		}
		if err := up.field(part); err != nil {
			return up, err
		}
	}
	return up, errForm
}

func (u *uploaded) field(part *multipart.Part) error {
	value, err := io.ReadAll(io.LimitReader(part, maxField+1))
	switch {
	case err != nil:
		return unreadable(err)
	case len(value) > maxField || u.values.Has(part.FormName()):
		return errForm
	}
	u.values.Add(part.FormName(), string(value))
	return nil
}

// chosen says of a file that was chosen that it is empty, where the library finds none.
func (v *page) chosen(up uploaded, err error) {
	if up.name == "" || !slices.Contains(habilis.FieldsOf(err), habilis.FieldError{Path: "content", Code: "required"}) {
		return
	}
	for i := range v.Form.Problems {
		if v.Form.Problems[i].Field == "content" {
			v.Form.Problems[i].Text = v.T("upload.empty")
		}
	}
}

// unreadable is an error about a body: too long, or broken off.
func unreadable(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return errors.Join(errForm, err)
}
