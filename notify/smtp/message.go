package smtp

import (
	"bytes"
	"errors"
	"mime"
	"mime/quotedprintable"
	"regexp"
	"strings"
	"time"

	"github.com/habilis-go/habilis/notify"
)

var (
	idForm       = regexp.MustCompile(`^[0-9A-Za-z-]{1,64}$`)
	languageForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[0-9A-Za-z]{1,8})*$`)
	errID        = errors.New("identifier of the mail is not usable")
)

// buffer returns room to write a mail in.
func (m *Mailer) buffer() *bytes.Buffer {
	if b, ok := m.buffers.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

// giveBack wipes a buffer, for mails hold links and codes, and keeps it for another mail.
func (m *Mailer) giveBack(b *bytes.Buffer) {
	clear(b.Bytes())
	b.Reset()
	m.buffers.Put(b)
}

// message writes the mail as it goes over the line, up to the last word. It is ASCII, in
// lines of at most 78 characters if no word of a header is longer. Everything that ends up
// in a header is checked here or encoded, so that no value can begin another header (ML-01).
func (m *Mailer) message(e notify.Email) (*bytes.Buffer, error) {
	if !idForm.MatchString(string(e.ID)) {
		return nil, errID
	}
	b := m.buffer()
	header(b, "Date", m.opts.Now().Format(time.RFC1123Z))
	// The same for every try, so that a duplicate can be recognised.
	_, domain, _ := strings.Cut(m.from, "@")
	header(b, "Message-ID", "<"+string(e.ID)+"@"+domain+">")
	header(b, "MIME-Version", "1.0")
	header(b, "Subject", mime.QEncoding.Encode("UTF-8", oneLine.Replace(e.Subject)))
	header(b, "From", m.sender)
	header(b, "To", "<"+e.To+">")
	// A machine wrote this: no holiday notice, no bounce of a bounce (RFC 3834).
	header(b, "Auto-Submitted", "auto-generated")
	header(b, "X-Auto-Response-Suppress", "All")
	if languageForm.MatchString(e.Language) {
		header(b, "Content-Language", e.Language)
	}
	if e.HTML == "" {
		err := part(b, "text/plain", e.Text)
		b.WriteString("\r\n") // so that the last word begins a line
		return b, err
	}
	// Quoted-printable never has an equals sign before an underscore, so that no text can
	// hold the boundary.
	boundary := "=_" + string(e.ID)
	header(b, "Content-Type", "multipart/alternative; boundary=\""+boundary+"\"")
	for _, p := range [...]struct{ kind, text string }{{"text/plain", e.Text}, {"text/html", e.HTML}} {
		b.WriteString("\r\n--" + boundary + "\r\n")
		if err := part(b, p.kind, p.text); err != nil {
			return nil, err
		}
	}
	b.WriteString("\r\n--" + boundary + "--\r\n")
	return b, nil
}

// lineLength is how long a line may be before it is folded, the name of a header included.
const lineLength = 76

// header writes a header, folded where its value has spaces (RFC 5322, 2.2.3).
func header(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	b.WriteByte(':')
	length, before := len(name)+1, name
	for word := range strings.SplitSeq(value, " ") {
		// Never beside a second space, which readers would lose.
		if before != "" && word != "" && length+1+len(word) > lineLength {
			b.WriteString("\r\n")
			length = 0
		}
		b.WriteByte(' ')
		b.WriteString(word)
		length += 1 + len(word)
		before = word
	}
	b.WriteString("\r\n")
}

// part writes a text with the headers that it needs.
func part(b *bytes.Buffer, kind, text string) error {
	header(b, "Content-Type", kind+"; charset=UTF-8")
	header(b, "Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(stuffer{b})
	if _, err := w.Write([]byte(text)); err != nil {
		return err
	}
	return w.Close()
}

// stuffer doubles the dots that begin a line, since one alone is the last word (RFC 5321,
// 4.5.2). Whoever writes to it ends a line and begins the next in one call or in two.
type stuffer struct{ b *bytes.Buffer }

// Write implements io.Writer.
func (s stuffer) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		if rest[0] == '.' && bytes.HasSuffix(s.b.Bytes(), []byte("\r\n")) {
			s.b.WriteByte('.')
		}
		end := bytes.Index(rest, []byte("\n.")) + 1
		if end == 0 {
			end = len(rest)
		}
		s.b.Write(rest[:end])
		rest = rest[end:]
	}
	return len(p), nil
}

var oneLine = strings.NewReplacer("\r", " ", "\n", " ", "\x00", "")
