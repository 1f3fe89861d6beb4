package main

import (
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// attachData is whom a manager found, to attach one of them.
type attachData struct {
	Structure structure.Structure
	Units     []structure.Unit
	Path      string
	Searched  bool
	Found     structure.FoundPeople
}

// attaching loads the page for those who manage the members of a structure.
func (p *portal) attaching(c *call) (*page, attachData, error) {
	id := structure.ID(c.r.PathValue("id"))
	if _, err := p.h.Structures.Members(c.ctx(), c.actor(), id, structure.MemberFilter{}, structure.PageRequest{Size: 1}); err != nil { // it only says who may
		return nil, attachData{}, err
	}
	d := attachData{Path: "/structures/" + url.PathEscape(string(id)) + "/attach"}
	var err error
	if d.Structure, err = p.h.Structures.Structure(c.ctx(), c.actor(), id); err != nil {
		return nil, attachData{}, err
	}
	if d.Units, err = p.h.Structures.Services(c.ctx(), c.actor(), id); err != nil {
		return nil, attachData{}, err
	}
	v := c.view("attach.title", "Structure", d.Structure.DisplayName()).under(
		"/manage", p.texts.text(c.lang, "manage.title"), membersPath(id), p.texts.text(c.lang, "members.title"),
	)
	v.Form.called("services", "scope")
	v.Form.called("login", "loginAddress")
	v.Data = d
	return v, d, nil
}

func (p *portal) showAttach(c *call) error {
	v, _, err := p.attaching(c)
	if err != nil {
		return err
	}
	return c.show("attach", v)
}

// attach looks for people, shows what attaching one of them would change, and does it
// . A search is recorded, so it takes a form.
func (p *portal) attach(c *call) error {
	v, d, err := p.attaching(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	switch f.Get("step") {
	case "preview", "confirm":
		return p.attachOne(c, v, d)
	case "change":
	default:
		f.Set("scope", "services")
	}
	return p.found(c, v, d, http.StatusOK)
}

// found shows whom the criteria of the form find.
func (p *portal) found(c *call, v *page, d attachData, status int) error {
	f := c.r.PostForm
	found, err := p.h.Structures.FindPeople(c.ctx(), c.actor(), structure.PersonSearch{
		Structure: d.Structure.ID, Login: f.Get("login"), Family: f.Get("family"), Given: f.Get("given"),
	})
	switch {
	case c.refused(v, err, map[habilis.Code]string{"weak_criteria": "login", "throttled": "login"}):
		status = statusOfForm(err)
	case err != nil:
		return err
	default:
		d.Searched, d.Found = true, found
	}
	v.Data = d
	return c.render(status, "attach", v)
}

func (p *portal) attachOne(c *call, v *page, d attachData) error {
	f := c.r.PostForm
	terms, bad := request(d.Structure.ID, f)
	if f.Get("who") == "" {
		v.Form.add("who", v.T("attach.nobody"))
		c.refused(v, bad.and(nil), nil)
		return p.found(c, v, d, http.StatusUnprocessableEntity)
	}
	var one structure.Case
	plan, done, err := p.rehearse(c, func(s *structure.Service) error {
		m, err := s.Attach(c.ctx(), c.actor(), structure.NewMember{
			Structure: d.Structure.ID, Account: account.ID(f.Get("who")), Role: structure.Role(f.Get("role")),
			Whole: terms.Whole, Services: terms.Services, Comment: terms.Comment, From: terms.From, Until: terms.Until,
		})
		if err != nil {
			return renamed(err, map[string]string{"account": "who"})
		}
		cases, err := s.MembershipsOf(c.ctx(), c.actor(), d.Structure.ID, m.Account)
		for _, found := range cases {
			if found.Membership.ID == m.ID {
				one = found
			}
		}
		return err
	}, bad...)
	switch {
	case c.refused(v, err, map[habilis.Code]string{
		"empty_scope": "services", "already_member": "who", "membership_disabled": "who", "applicant_gone": "who",
		"applicant_not_active": "who", "own_membership": "who",
	}):
		return p.found(c, v, d, http.StatusUnprocessableEntity)
	case err != nil:
		return err
	case done:
		return c.done(membersPath(d.Structure.ID), "attach.done", "Name", one.Applicant.DisplayName)
	}
	scope := one.Names(one.Membership.Granted)
	if scope == "" {
		scope = v.T("scope.whole")
	}
	v.Crumbs = append(v.Crumbs, crumb{d.Path, v.Title})
	v.Title = v.T("attach.preview", "Name", one.Applicant.DisplayName)
	return p.preview(c, v, plan, planned{Path: d.Path, Back: membersPath(d.Structure.ID), Confirm: v.T("attach.confirm"), Facts: []fact{
		{v.T("col.contact"), one.Applicant.ContactEmail},
		{v.T("col.role"), v.T("role." + string(one.Membership.Role))},
		{v.T("col.scope"), scope},
		{v.T("col.dates"), v.Span(one.Membership.Validity)},
		{v.T("label.comment"), terms.Comment},
	}})
}
