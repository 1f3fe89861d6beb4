package smtptest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Mail is a mail that the server read.
type Mail struct {
	From  string   // of the envelope
	To    []string // of the envelope
	Data  []byte   // as it came, dots unstuffed
	TLS   bool     // whether it came encrypted
	Hello string   // what the client called itself

	Header  mail.Header // of the mail, encoded words as they came
	Subject string      // decoded
	Text    string      // decoded text/plain part, lines ended by "\n"
	HTML    string      // decoded text/html part, lines ended by "\n"
	Err     error       // why Data could not be read as a mail
}

func (m *Mail) parse() {
	message, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		m.Err = fmt.Errorf("reading the header: %w", err)
		return
	}
	m.Header = message.Header
	if m.Subject, err = new(mime.WordDecoder).DecodeHeader(message.Header.Get("Subject")); err != nil {
		m.Err = fmt.Errorf("reading the subject: %w", err)
		return
	}
	m.Err = m.part(message.Header.Get("Content-Type"), message.Header.Get("Content-Transfer-Encoding"), message.Body)
}

// part reads one entity, and the entities inside it.
func (m *Mail) part(contentType, encoding string, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("media type %q: %w", contentType, err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			// The raw part: NextPart would hide the encoding that it undoes.
			p, err := parts.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return fmt.Errorf("reading parts: %w", err)
			}
			if err := m.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p); err != nil {
				return err
			}
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("reading a %s part: %w", kind, err)
	}
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch kind {
	case "text/plain":
		m.Text = text
	case "text/html":
		m.HTML = text
	}
	return nil
}
