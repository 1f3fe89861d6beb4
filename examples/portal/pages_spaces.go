package main

import (
	"net/url"
	"slices"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// spacesData is the catalogue of spaces as a structure has it.
type spacesData struct {
	sheetData
	Spaces []spaceLine
	Manage bool // the reader may open and close them
}

// spaceLine is one space that fits the structure.
type spaceLine struct {
	Code, Name  string
	Open, Fixed bool
	Path        string
	Roles       []structure.Role // who holds it by role
}

func (p *portal) showSpaces(c *call) error {
	v, d, err := p.part(c, "spaces.title")
	switch {
	case err != nil:
		return err
	case d.Record == nil:
		return structure.ErrNotFound
	}
	out := spacesData{sheetData: d}
	if out.Manage, err = p.may(c.ctx(), c, d.Structure.ID, authz.ActionManageSpaces); err != nil {
		return err
	}
	for _, spec := range p.policy.Spaces {
		if !spec.Fits(d.Structure.Type) || spec.Always {
			continue
		}
		out.Spaces = append(out.Spaces, spaceLine{
			Code: string(spec.Code), Name: spec.Label(c.tag()), Fixed: spec.Fixed(),
			Open: spec.Fixed() || slices.Contains(d.Record.Spaces, spec.Code), Roles: spec.Defaults[d.Structure.Type],
			Path: d.Path + "/spaces/" + url.PathEscape(string(spec.Code)),
		})
	}
	v.Data = out
	return c.show("spaces", v)
}

// space begins the page of one space of the catalogue, for those who may manage them.
func (p *portal) space(c *call) (*page, sheetData, authz.Space, error) {
	v, d, err := p.part(c, "spaces.title")
	if err != nil {
		return nil, d, "", err
	}
	space := authz.Space(c.r.PathValue("space"))
	may, err := p.may(c.ctx(), c, d.Structure.ID, authz.ActionManageSpaces)
	switch {
	case err != nil:
		return nil, d, "", err
	case d.Record == nil:
		return nil, d, "", structure.ErrNotFound
	case !may:
		return nil, d, "", structure.ErrDenied
	}
	if _, listed := p.policy.Spec(space); !listed {
		return nil, d, "", structure.ErrNotFound
	}
	v.Crumbs = append(v.Crumbs, crumb{d.Path + "/spaces", v.T("spaces.short")})
	return v, d, space, nil
}

// openSpace shows what opening a space means, and opens it.
func (p *portal) openSpace(c *call) error {
	v, d, space, err := p.space(c)
	if err != nil {
		return err
	}
	list, label := d.Path+"/spaces", p.spaceLabel(c, space)
	return c.change(v, change{
		Path: list + "/" + url.PathEscape(string(space)) + "/open", Back: list, Title: v.T("space.open", "Space", label), Submit: v.T("space.opensubmit"),
		Facts: []fact{{v.T("col.structure"), d.Structure.DisplayName()}},
		Notes: []string{v.T("space.lines"), v.T("space.nomail")},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.OpenSpace(c.ctx(), c.actor(), d.Structure.ID, space)
			return err
		},
		done: func() error { return c.done(list, "space.opened", "Space", label) },
	})
}

// closeSpace shows what closing a space takes away, and closes it.
func (p *portal) closeSpace(c *call) error {
	v, d, space, err := p.space(c)
	if err != nil {
		return err
	}
	list, label := d.Path+"/spaces", p.spaceLabel(c, space)
	return c.change(v, change{
		Path: list + "/" + url.PathEscape(string(space)) + "/close", Back: list, Title: v.T("space.close", "Space", label), Submit: v.T("space.closesubmit"), Danger: true,
		Facts: []fact{{v.T("col.structure"), d.Structure.DisplayName()}},
		Notes: []string{v.T("space.ended"), v.T("space.notback")},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.CloseSpace(c.ctx(), c.actor(), d.Structure.ID, space)
			return err
		},
		done: func() error { return c.done(list, "space.closed", "Space", label) },
	})
}
