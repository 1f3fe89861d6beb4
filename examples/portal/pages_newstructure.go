package main

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// newStructureData is a structure that is to be created, or the one that is there.
type newStructureData struct {
	Identifier structure.Identifier
	Existing   *structure.Structure
	Schemes    []structure.SchemeSpec
	Types      []structure.Type // that people may create themselves
}

// Asked reports whether the identifier was looked for, and is free.
func (d newStructureData) Asked() bool { return d.Identifier.Value != "" && d.Existing == nil }

func (p *portal) founding(c *call, q url.Values) (*page, newStructureData) {
	v := c.view("found.title").under(structuresPath, p.texts.text(c.lang, "structures.title"))
	d := newStructureData{Schemes: structure.Schemes(), Types: structure.Guide2024().SelfService}
	v.Form.Values = url.Values{"scheme": {string(structure.SchemeSIRET)}}
	if len(d.Types) > 0 {
		v.Form.Values.Set("type", string(d.Types[0]))
	}
	for name, values := range q {
		v.Form.Values[name] = values
	}
	v.Data = d
	return v, d
}

// showNewStructure asks for the identifier first: a structure that is there is shown
// and not created again.
func (p *portal) showNewStructure(c *call) error {
	q := c.r.URL.Query()
	v, d := p.founding(c, q)
	if !q.Has("identifier") {
		return c.show("newstructure", v)
	}
	id := structure.Identifier{Scheme: structure.Scheme(q.Get("scheme")), Value: q.Get("identifier")}.Canonical()
	if !id.Valid(structure.FormatOnly) {
		v.Form.add("identifier", v.misshapen(id))
		return c.render(http.StatusUnprocessableEntity, "newstructure", v)
	}
	found, err := p.h.Structures.SearchPage(c.ctx(), c.actor(), structure.Search{Identifier: id.Value}, structure.PageRequest{})
	if err != nil {
		return err
	}
	for _, st := range found.Items {
		if st.Identifier == id {
			return p.existing(c, v, st)
		}
	}
	d.Identifier = id
	v.Data = d
	return c.show("newstructure", v)
}

// misshapen tells what is expected of an identifier that cannot be one.
func (v *page) misshapen(id structure.Identifier) string {
	if id.Value == "" {
		return v.portal.h.LocalizeField(habilis.FieldError{Code: "required"}, tagOf(v.Lang))
	}
	for _, s := range structure.Schemes() {
		if s.Code == id.Scheme {
			first, size := utf8.DecodeRuneInString(v.SchemeHint(s))
			return v.T("found.shape", "Scheme", v.SchemeLabel(s), "Hint", string(unicode.ToLower(first))+v.SchemeHint(s)[size:])
		}
	}
	return v.T("found.identifier")
}

// existing shows the structure that has the identifier.
func (p *portal) existing(c *call, v *page, st structure.Structure) error {
	v.Data = newStructureData{Identifier: st.Identifier, Existing: &st, Schemes: structure.Schemes()}
	return c.show("newstructure", v)
}

func (p *portal) newStructure(c *call) error {
	f := c.r.PostForm
	v, d := p.founding(c, f)
	in := structure.Creation{
		Identifier: structure.Identifier{Scheme: structure.Scheme(f.Get("scheme")), Value: f.Get("identifier")}.Canonical(),
		LegalName:  f.Get("legalName"), Label: f.Get("label"), Type: structure.Type(f.Get("type")), Postcode: f.Get("postcode"), Town: f.Get("town"),
	}
	d.Identifier = in.Identifier
	v.Data = d
	var st structure.Structure
	err := c.change(v, change{
		Path: structuresPath + "/new", Back: structuresPath + "/new", Title: v.T("found.preview"), Submit: v.T("found.submit"),
		form: "newstructure", where: map[habilis.Code]string{"creation_not_allowed": "type"},
		Facts: []fact{
			v.titled(v.T("col.identifier"), identified(in.Identifier)), v.titled(v.T("label.legalName"), strings.TrimSpace(in.LegalName)),
			v.titled(v.T("label.label"), strings.TrimSpace(in.Label)), v.titled(v.T("col.town"), strings.TrimSpace(in.Postcode+" "+in.Town)),
		},
		Notes: []string{v.T("found.principal"), v.T("found.spaces")},
		do: func(h *habilis.Habilis) (err error) {
			st, err = h.Structures.Create(c.ctx(), c.actor(), in)
			return err
		},
		done: func() error { return c.done(sheetPath(st.ID), "found.done", "Structure", st.DisplayName()) },
	})
	if errors.Is(err, structure.ErrStructureExists) {
		return p.existing(c, v, st)
	}
	return err
}

// SchemeLabel is what people call a kind of identifier.
func (v *page) SchemeLabel(s structure.SchemeSpec) string { return s.Label(tagOf(v.Lang)) }

// SchemeHint tells what an identifier of that kind looks like.
func (v *page) SchemeHint(s structure.SchemeSpec) string { return s.Hint(tagOf(v.Lang)) }
