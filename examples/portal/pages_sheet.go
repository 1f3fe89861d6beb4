package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

func sheetPath(id structure.ID) string { return structuresPath + "/" + url.PathEscape(string(id)) }

// sheetData is what somebody may see of a structure.
type sheetData struct {
	Structure structure.Structure
	Record    *structure.Record // nil for whoever is no member
	Files     []account.Attachment
	Path      string
	Principal bool // the reader is its principal manager
	Member    bool // the reader is attached, or asks to be
	Edit      bool // the reader may change the sections

	Open                       []choice // spaces by their names
	History, People, Technical bool
}

// sheet loads what somebody may see of a structure: whoever is no member sees what is
// published, and a structure that does not exist is not found.
func (p *portal) sheet(c *call) (*page, sheetData, error) {
	id := structure.ID(c.r.PathValue("id"))
	st, err := p.h.Structures.Structure(c.ctx(), c.actor(), id)
	if err != nil {
		return nil, sheetData{}, err
	}
	d := sheetData{Structure: st, Path: sheetPath(id)}
	mine, err := p.h.Structures.Mine(c.ctx(), c.actor())
	if err != nil {
		return nil, d, err
	}
	for _, m := range mine {
		if m.Structure.ID == id && (m.Membership.Status == structure.StatusApproved || m.Membership.Undecided()) {
			d.Member = true
			d.Principal = m.Membership.Role == structure.RolePrincipalManager && m.Membership.Status == structure.StatusApproved
		}
	}
	switch record, err := p.h.Structures.Record(c.ctx(), c.actor(), id); {
	case err == nil:
		d.Record, d.Structure, d.Edit = &record, record.General, record.Modifiable
	case !hidden(err):
		return nil, d, err
	}
	v := c.view("sheet.title", "Structure", st.DisplayName()).under(structuresPath, p.texts.text(c.lang, "structures.title"))
	return v, d, nil
}

// part begins a page about one section of a structure.
func (p *portal) part(c *call, title string) (*page, sheetData, error) {
	v, d, err := p.sheet(c)
	if err != nil {
		return nil, d, err
	}
	v.Crumbs = append(v.Crumbs, crumb{d.Path, v.Title})
	v.Title = p.texts.text(c.lang, title, "Structure", d.Structure.DisplayName())
	return v, d, nil
}

// modifying is part for those who may change the structure: whoever is no member learns
// as little as from a structure that does not exist.
func (p *portal) modifying(c *call, title string) (*page, sheetData, error) {
	v, d, err := p.part(c, title)
	switch {
	case err != nil:
		return nil, d, err
	case d.Record == nil:
		return nil, d, structure.ErrNotFound
	case !d.Edit:
		return nil, d, structure.ErrDenied
	}
	return v, d, nil
}

// ruling is part for acts of the principal manager, on an inactive structure too.
func (p *portal) ruling(c *call, title string) (*page, sheetData, error) {
	v, d, err := p.part(c, title)
	switch {
	case err != nil:
		return nil, d, err
	case d.Record == nil && !d.Principal:
		return nil, d, structure.ErrNotFound
	case !d.Principal:
		return nil, d, structure.ErrDenied
	}
	return v, d, nil
}

func (p *portal) showSheet(c *call) error {
	v, d, err := p.sheet(c)
	if err != nil {
		return err
	}
	if d.Record != nil {
		if err := p.completeSheet(c, &d); err != nil {
			return err
		}
	}
	v.Data = d
	return c.show("sheet", v)
}

// completeSheet adds to the sheet what members see beside the record.
func (p *portal) completeSheet(c *call, d *sheetData) error {
	id := d.Structure.ID
	for _, code := range d.Record.Spaces {
		d.Open = append(d.Open, choice{string(code), p.spaceLabel(c, code)})
	}
	files, err := p.h.Structures.Attachments(c.ctx(), c.actor(), id, account.AttachmentList{Limit: 100})
	if err != nil && !hidden(err) {
		return err
	}
	d.Files = files.Attachments
	for act, allowed := range map[authz.Action]*bool{
		authz.ActionReadHistory: &d.History, authz.ActionManageMembers: &d.People, authz.ActionManageTechnical: &d.Technical,
	} {
		if *allowed, err = p.may(c.ctx(), c, id, act); err != nil {
			return err
		}
	}
	return nil
}

// general changes the general information of a structure.
func (p *portal) showGeneral(c *call) error {
	v, d, err := p.modifying(c, "general.title")
	if err != nil {
		return err
	}
	st := d.Structure
	v.Form.Values = url.Values{"legalName": {st.LegalName}, "label": {st.Label}, "postcode": {st.Postcode}, "town": {st.Town}}
	v.Data = d
	return c.show("general", v)
}

func (p *portal) general(c *call) error {
	v, d, err := p.modifying(c, "general.title")
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values, v.Data = f, d
	in := structure.General{LegalName: f.Get("legalName"), Label: f.Get("label"), Postcode: f.Get("postcode"), Town: f.Get("town")}
	return c.change(v, change{
		Path: d.Path + "/general", Back: d.Path, Title: v.T("change.check", "Structure", d.Structure.DisplayName()), Submit: v.T("form.save"), form: "general",
		Facts: c.differing(v,
			edited{"label.legalName", d.Structure.LegalName, in.LegalName}, edited{"label.label", d.Structure.Label, in.Label},
			edited{"label.postcode", d.Structure.Postcode, in.Postcode}, edited{"label.town", d.Structure.Town, in.Town},
		),
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.UpdateGeneral(c.ctx(), c.actor(), d.Structure.ID, in)
			return err
		},
		done: func() error { return c.done(d.Path, "change.saved") },
	})
}

func (p *portal) showAddress(c *call) error {
	v, d, err := p.modifying(c, "headoffice.title")
	if err != nil {
		return err
	}
	a := d.Record.Address
	if a.IsZero() {
		a.Postcode, a.Town, a.Country = d.Structure.Postcode, d.Structure.Town, p.accounts.Profile.Country
	}
	v.Form.Values = url.Values{
		"address.street": {a.Street}, "address.complement": {a.Complement}, "address.postcode": {a.Postcode},
		"address.town": {a.Town}, "address.country": {a.Country},
	}
	v.Data = d
	return c.show("headoffice", v)
}

// address changes the address of the head office, by which the structure is found too.
func (p *portal) address(c *call) error {
	v, d, err := p.modifying(c, "headoffice.title")
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values, v.Data = f, d
	was, in := d.Record.Address, postal(f)
	return c.change(v, change{
		Path: d.Path + "/address", Back: d.Path, Title: v.T("change.check", "Structure", d.Structure.DisplayName()), Submit: v.T("form.save"), form: "headoffice",
		Facts: c.differing(v,
			edited{"label.address.street", was.Street, in.Street}, edited{"label.address.complement", was.Complement, in.Complement},
			edited{"label.address.postcode", was.Postcode, in.Postcode}, edited{"label.address.town", was.Town, in.Town},
			edited{"label.address.country", v.Country(was.Country), v.Country(in.Country)},
		),
		Notes: []string{v.T("headoffice.found")},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.UpdateAddress(c.ctx(), c.actor(), d.Structure.ID, in)
			return err
		},
		done: func() error { return c.done(d.Path, "change.saved") },
	})
}

// edited is a field with what it held and what it is to hold.
type edited struct{ label, was, is string }

// differing lists what changes, with both sides.
func (c *call) differing(v *page, fields ...edited) []fact {
	var out []fact
	for _, f := range fields {
		is := strings.TrimSpace(f.is)
		if f.was == is {
			continue
		}
		name := c.p.texts.text(c.lang, f.label)
		switch {
		case f.was == "":
			out = append(out, fact{name, is})
		case is == "":
			out = append(out, fact{name, v.T("change.cleared", "Was", f.was)})
		default:
			out = append(out, fact{name, v.T("change.became", "Was", f.was, "Is", is)})
		}
	}
	if len(out) == 0 {
		out = append(out, fact{v.T("change.what"), v.T("change.nothing")})
	}
	return out
}

// SpaceNames lists spaces in words, sorted.
func (d sheetData) SpaceNames() []string {
	out := make([]string, 0, len(d.Open))
	for _, s := range d.Open {
		out = append(out, s.Text)
	}
	slices.Sort(out)
	return out
}
