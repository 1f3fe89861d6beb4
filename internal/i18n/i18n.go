// Package i18n renders the library's own texts, errors, reasons and labels, in
// French and English. Hosts that want other words lay their own catalogue over
// it with [Overlay]. Mail bodies are not here: they are templates of notify.
package i18n

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages.fr.json messages.en.json
var files embed.FS

// Data are the values that a message mentions.
type Data map[string]string

// Catalogue is a set of messages in several languages. It is immutable and safe
// for concurrent use.
type Catalogue struct{ bundle *i18n.Bundle }

var builtin = sync.OnceValues(func() (*Catalogue, error) { return Overlay(nil) })

// Overlay returns the built-in catalogue with the messages of host laid over it:
// files named messages.LANG.json at its root, each an object from message id to
// text. A nil host gives the built-in catalogue.
func Overlay(host fs.FS) (*Catalogue, error) {
	b := i18n.NewBundle(language.English)
	b.RegisterUnmarshalFunc("json", json.Unmarshal)
	for _, src := range []fs.FS{files, host} {
		if src == nil {
			continue
		}
		names, err := fs.Glob(src, "messages.*.json")
		if err != nil {
			return nil, fmt.Errorf("listing catalogues: %w", err)
		}
		for _, name := range names {
			if _, err := b.LoadMessageFileFS(src, name); err != nil {
				return nil, fmt.Errorf("reading catalogue %s: %w", name, err)
			}
		}
	}
	return &Catalogue{bundle: b}, nil
}

// Text renders a message in the best language that the catalogue has, or the id
// itself if there is no such message.
func (c *Catalogue) Text(lang language.Tag, id string, data Data) string {
	text, err := i18n.NewLocalizer(c.bundle, lang.String()).Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: data})
	if text == "" && err != nil {
		return id
	}
	return text
}

// Has reports whether the catalogue holds the message at all.
func (c *Catalogue) Has(id string) bool { return c.Text(language.English, id, nil) != id }

// Builtin returns the library's own catalogue.
func Builtin() (*Catalogue, error) { return builtin() }

// Text renders a message of the built-in catalogue.
func Text(lang language.Tag, id string, data Data) string {
	c, err := builtin()
	if err != nil {
		return id // unreachable while the catalogue's own test passes
	}
	return c.Text(lang, id, data)
}

// Day writes the civil date of an instant in its zone: 22/11/2026 in French, else
// 22 November 2026.
func Day(lang language.Tag, at time.Time) string {
	if base, _ := lang.Base(); base.String() == "fr" {
		return at.Format("02/01/2006")
	}
	return at.Format("2 January 2006")
}
