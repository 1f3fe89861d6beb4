package main

import (
	"net/url"

	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// delegationData is what secondary managers of a structure may do.
type delegationData struct {
	Structure structure.Structure
	Path      string
	People    []structure.MemberLine // who is secondary manager
}

// delegating loads the page for the principal manager.
func (p *portal) delegating(c *call) (*page, delegationData, error) {
	id := structure.ID(c.r.PathValue("id"))
	record, err := p.h.Structures.Record(c.ctx(), c.actor(), id)
	if err != nil {
		return nil, delegationData{}, err
	}
	switch may, err := p.may(c.ctx(), c, id, authz.ActionDelegate); {
	case err != nil:
		return nil, delegationData{}, err
	case !may:
		return nil, delegationData{}, structure.ErrDenied
	}
	d := delegationData{Structure: record.General, Path: "/structures/" + url.PathEscape(string(id)) + "/delegation"}
	members, err := p.h.Structures.Members(c.ctx(), c.actor(), id, structure.MemberFilter{Role: structure.RoleSecondaryManager}, structure.PageRequest{Size: perPage})
	if err != nil {
		return nil, delegationData{}, err
	}
	d.People = members.Items
	v := c.view("delegation.title", "Structure", d.Structure.DisplayName()).under("/manage", p.texts.text(c.lang, "manage.title"))
	v.Form.Values = url.Values{"structure": {power(d.Structure.Delegated.Structure)}, "users": {power(d.Structure.Delegated.Users)}}
	v.Data = d
	return v, d, nil
}

// power names a setting in the form: the same as the principal, or as a simple user.
func power(lent bool) string {
	if lent {
		return "principal"
	}
	return "user"
}

func (p *portal) showDelegation(c *call) error {
	v, _, err := p.delegating(c)
	if err != nil {
		return err
	}
	return c.show("delegation", v)
}

// delegate says what secondary managers may do, once what that means was shown.
func (p *portal) delegate(c *call) error {
	v, d, err := p.delegating(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	if f.Get("step") == "change" {
		return c.show("delegation", v)
	}
	want := authz.Delegation{Structure: f.Get("structure") == "principal", Users: f.Get("users") == "principal"}
	plan, done, err := p.rehearse(c, func(s *structure.Service) error {
		_, err := s.SetDelegation(c.ctx(), c.actor(), d.Structure.ID, want)
		return err
	})
	switch {
	case err != nil:
		return err
	case done:
		return c.done(d.Path, "delegation.done")
	}
	was := d.Structure.Delegated
	facts := []fact{
		{v.T("delegation.structure"), v.power(was.Structure) + " → " + v.power(want.Structure)},
		{v.T("delegation.users"), v.power(was.Users) + " → " + v.power(want.Users)},
	}
	v.Crumbs = append(v.Crumbs, crumb{d.Path, v.Title})
	v.Title = v.T("delegation.preview")
	return p.preview(c, v, plan, planned{Path: d.Path, Back: d.Path, Confirm: v.T("form.save"), Facts: facts})
}

func (v *page) power(lent bool) string {
	if lent {
		return v.T("delegation.principal")
	}
	return v.T("delegation.user")
}
