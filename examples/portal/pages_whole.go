package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// identifierData is a structure with the kinds of identifiers it may have.
type identifierData struct {
	sheetData
	Schemes  []structure.SchemeSpec
	Existing *structure.Structure // has the identifier already
}

func (p *portal) reidentifying(c *call) (*page, identifierData, error) {
	v, d, err := p.ruling(c, "reidentify.title")
	if err != nil {
		return nil, identifierData{}, err
	}
	v.Form.Values = url.Values{"scheme": {string(d.Structure.Identifier.Scheme)}}
	return v, identifierData{sheetData: d, Schemes: structure.Schemes()}, nil
}

func (p *portal) showIdentifier(c *call) error {
	v, d, err := p.reidentifying(c)
	if err != nil {
		return err
	}
	v.Data = d
	return c.show("reidentify", v)
}

// identifier puts another identifier in the place of the structure's own, with a list of
// what stays and what has to be made anew.
func (p *portal) identifier(c *call) error {
	v, d, err := p.reidentifying(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values, v.Data = f, d
	to := structure.Identifier{Scheme: structure.Scheme(f.Get("scheme")), Value: f.Get("identifier")}.Canonical()
	var out structure.IdentifierChange
	ch := change{
		Path: d.Path + "/identifier", Back: d.Path, Title: v.T("reidentify.preview"), Submit: v.T("reidentify.submit"), Danger: true,
		form: "reidentify", where: map[habilis.Code]string{"structure_inactive": ""},
		do: func(h *habilis.Habilis) (err error) {
			out, err = h.Structures.ChangeIdentifier(c.ctx(), c.actor(), d.Structure.ID, to)
			return err
		},
		done: func() error { return c.done(d.Path, "reidentify.done", "Identifier", identified(to)) },
	}
	ch.seen = func(ch *change) {
		ch.Facts = []fact{{v.T("reidentify.former"), identified(out.Former)}, {v.T("reidentify.new"), identified(out.Structure.Identifier)}}
		for _, part := range out.Carried {
			ch.Notes = append(ch.Notes, v.T("reidentify.stays", "Part", part.Label(c.tag())))
		}
		for _, part := range out.Dropped {
			ch.Notes = append(ch.Notes, v.T("reidentify.goes", "Part", part.Label(c.tag())))
		}
		if out.Closed > 0 {
			ch.Notes = append(ch.Notes, v.T("reidentify.closed", "Count", out.Closed))
		}
	}
	err = c.change(v, ch)
	if errors.Is(err, structure.ErrStructureExists) {
		v.Form.add("identifier", p.h.Localize(err, c.tag()))
		d.Existing = &out.Structure
		v.Data = d
		return c.render(http.StatusUnprocessableEntity, "reidentify", v)
	}
	return err
}

// turnOff shows what making the structure inactive takes away, and does it.
func (p *portal) turnOff(c *call) error {
	v, d, err := p.ruling(c, "turn.off")
	if err != nil {
		return err
	}
	return c.change(v, change{
		Path: d.Path + "/deactivate", Back: d.Path, Title: v.Title, Submit: v.T("turn.offsubmit"), Danger: true,
		Facts: []fact{{v.T("col.identifier"), identified(d.Structure.Identifier)}},
		Notes: []string{v.T("turn.norights"), v.T("turn.kept"), v.T("turn.back")},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.DeactivateStructure(c.ctx(), c.actor(), d.Structure.ID)
			return err
		},
		done: func() error { return c.done(d.Path, "turn.isoff", "Structure", d.Structure.DisplayName()) },
	})
}

// turnOn makes an inactive structure active again.
func (p *portal) turnOn(c *call) error {
	v, d, err := p.ruling(c, "turn.on")
	if err != nil {
		return err
	}
	return c.change(v, change{
		Path: d.Path + "/activate", Back: d.Path, Title: v.Title, Submit: v.T("turn.onsubmit"),
		Facts: []fact{{v.T("col.identifier"), identified(d.Structure.Identifier)}},
		Notes: []string{v.T("turn.again")},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.ActivateStructure(c.ctx(), c.actor(), d.Structure.ID)
			return err
		},
		done: func() error { return c.done(d.Path, "turn.ison", "Structure", d.Structure.DisplayName()) },
	})
}
