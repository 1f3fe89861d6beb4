package main

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed texts.fr.json texts.en.json
var textFiles embed.FS

// languages are those of the pages; the first is for readers of none of them.
func languages() []string { return []string{"fr", "en"} }

// texts are the words of the pages. What the library says, errors, reasons, labels
// of the history, comes from the library.
type texts struct {
	in map[string]*i18n.Localizer
}

func loadTexts() (*texts, error) {
	bundle := i18n.NewBundle(language.French)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	t := &texts{in: map[string]*i18n.Localizer{}}
	for _, lang := range languages() {
		if _, err := bundle.LoadMessageFileFS(textFiles, "texts."+lang+".json"); err != nil {
			return nil, fmt.Errorf("texts: %w", err)
		}
		t.in[lang] = i18n.NewLocalizer(bundle, lang)
	}
	return t, nil
}

// text renders a message; pairs are the names and values that it mentions, "Count"
// among them if it has a plural. A message that is missing shows its name.
func (t *texts) text(lang, id string, pairs ...any) string {
	text, ok := t.lookup(lang, id, pairs...)
	if !ok {
		return "[" + id + "]"
	}
	return text
}

func (t *texts) lookup(lang, id string, pairs ...any) (string, bool) {
	data := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			data[name] = pairs[i+1]
		}
	}
	text, err := t.in[lang].Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: data, PluralCount: data["Count"]})
	return text, err == nil
}

// preferred picks the language of the pages that an Accept-Language header asks for.
func preferred(header string) string {
	tags := []language.Tag{language.French, language.English}
	wanted, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(wanted) == 0 {
		return languages()[0]
	}
	_, i, _ := language.NewMatcher(tags).Match(wanted...)
	return languages()[i]
}
