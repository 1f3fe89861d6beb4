package main

import (
	"io"
	"net/http"
	"slices"

	"github.com/habilis-go/habilis/notify"
)

// letter is a mail as the development mailbox shows it.
type letter struct {
	notify.Email
	Pieces []piece
}

// mailboxFor reports whether the development mailbox is there for this request. It
// holds sign-in codes: it exists only on a loopback address, and only under that
// name, so that no page of another site that points its own name at us can read it.
func (p *portal) mailboxFor(r *http.Request) bool {
	return p.mailbox != nil && (r.Host == p.mailboxHost || r.Host == p.base.Host)
}

func (p *portal) showMailbox(c *call) error {
	if !p.mailboxFor(c.r) {
		return errNoPage
	}
	var letters []letter
	for _, m := range slices.Backward(p.mailbox.All()) {
		letters = append(letters, letter{m, pieces(m.Text, p.base.String())})
	}
	v := c.view("mailbox.title")
	v.Data = letters
	return c.show("mailbox", v)
}

// letterPolicy lets a mail show its own styles and links, and nothing else.
const letterPolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'; sandbox"

// showLetter shows a mail the way a mail program does, apart from our own pages.
func (p *portal) showLetter(c *call) error {
	if !p.mailboxFor(c.r) {
		return errNoPage
	}
	for _, m := range p.mailbox.All() {
		if string(m.ID) == c.r.PathValue("mail") && m.HTML != "" {
			h := c.w.Header()
			h.Set("Content-Type", "text/html; charset=utf-8")
			h.Set("Content-Language", m.Language)
			h.Set("Content-Security-Policy", letterPolicy)
			_, err := io.WriteString(c.w, m.HTML)
			return err
		}
	}
	return errNoPage
}
