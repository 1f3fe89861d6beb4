package structure

import (
	"encoding/hex"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/habilis-go/habilis/notify"
)

// Note is free text of a person, kept apart from the history: events refer to it
// by digest only. Erasing it wipes both parts.
type Note struct {
	Text string // at most 255 characters
	Salt string // blinds the digest
}

func newNote(text string, salt []byte) Note { return Note{Text: text, Salt: hex.EncodeToString(salt)} }

// Digest is how the history refers to the note.
func (n Note) Digest() string { return notify.Digest(n.Salt, n.Text) }

// tidy brings typed text into the form that is checked and stored.
func tidy(s string) string { return strings.TrimSpace(norm.NFC.String(s)) }

// multiline is tidy for text of several lines, which browsers end with CR LF.
func multiline(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(tidy(s), "\r\n", "\n"), "\r", "\n")
}
