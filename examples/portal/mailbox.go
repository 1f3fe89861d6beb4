package main

import (
	"context"
	"regexp"
	"strings"

	"github.com/habilis-go/habilis/notify"
)

// mailbox keeps mails for the development page and hands them on if there is
// somebody to hand them to.
type mailbox struct {
	*notify.Inbox
	next notify.Mailer // nil: nobody
}

// Send implements [notify.Mailer]. A mail is kept only once it was taken, so that a
// second try does not show it twice.
func (m *mailbox) Send(ctx context.Context, e notify.Email) error {
	if m.next != nil {
		if err := m.next.Send(ctx, e); err != nil {
			return err
		}
	}
	return m.Inbox.Send(ctx, e)
}

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// piece is a run of the text of a mail: words, or a link to one of our pages.
type piece struct {
	Text string
	Href string // "" for words
}

// pieces cuts a text at the addresses of our own pages. Others stay words: whoever
// writes a comment must not be able to put a link before a developer's eyes.
func pieces(text, base string) []piece {
	var out []piece
	at := 0
	for _, span := range address.FindAllStringIndex(text, -1) {
		path, ours := strings.CutPrefix(text[span[0]:span[1]], base)
		if !ours || !strings.HasPrefix(path, "/") {
			continue
		}
		out = append(out, piece{Text: text[at:span[0]]}, piece{Text: text[span[0]:span[1]], Href: path})
		at = span[1]
	}
	return append(out, piece{Text: text[at:]})
}
