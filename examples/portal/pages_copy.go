package main

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// copyData is whose subscriptions can be copied to whom.
type copyData struct {
	Structure structure.Structure
	People    []structure.MemberLine
	Path      string
}

func (p *portal) copying(c *call) (*page, copyData, error) {
	id := structure.ID(c.r.PathValue("id"))
	members, err := p.h.Structures.Members(c.ctx(), c.actor(), id, structure.MemberFilter{
		Statuses: []structure.MembershipStatus{structure.StatusApproved},
	}, structure.PageRequest{Size: structure.MaxPageSize})
	if err != nil {
		return nil, copyData{}, err
	}
	switch may, err := p.may(c.ctx(), c, id, authz.ActionGrantSubscriptions); {
	case err != nil:
		return nil, copyData{}, err
	case !may:
		return nil, copyData{}, structure.ErrDenied
	}
	d := copyData{People: members.Items, Path: "/structures/" + url.PathEscape(string(id)) + "/copy"}
	d.People = slices.DeleteFunc(d.People, func(m structure.MemberLine) bool { return m.Person.Technical })
	if d.Structure, err = p.h.Structures.Structure(c.ctx(), c.actor(), id); err != nil {
		return nil, copyData{}, err
	}
	v := c.view("copy.title", "Structure", d.Structure.DisplayName()).under(
		"/manage", p.texts.text(c.lang, "manage.title"), membersPath(id), p.texts.text(c.lang, "members.title"),
	)
	v.Form.called("from", "copyfrom")
	v.Form.called("to", "copyto")
	v.Data = d
	return v, d, nil
}

func (p *portal) showCopy(c *call) error {
	v, _, err := p.copying(c)
	if err != nil {
		return err
	}
	return c.show("copy", v)
}

// copy gives the subscriptions of one member to another, once the plan was shown. If it
// changed meanwhile, the new plan is shown instead.
func (p *portal) copy(c *call) error {
	v, d, err := p.copying(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	if f.Get("step") == "change" {
		return c.show("copy", v)
	}
	pair := structure.EntitlementCopy{Structure: d.Structure.ID, From: account.ID(f.Get("from")), To: account.ID(f.Get("to"))}
	plan, err := p.h.Structures.PlanCopy(c.ctx(), c.actor(), pair)
	var dry habilis.Plan
	done := false
	if err == nil {
		token := plan.Token
		if f.Get("step") == "confirm" {
			token = f.Get("seen")
		}
		dry, done, err = p.rehearse(c, func(s *structure.Service) error {
			_, err := s.CopyEntitlements(c.ctx(), c.actor(), pair, token)
			return err
		})
	}
	switch {
	case c.refused(v, err, map[habilis.Code]string{"consequences_changed": "", "applicant_gone": "to", "membership_disabled": "to", "membership_ended": "to"}):
		return c.render(http.StatusUnprocessableEntity, "copy", v)
	case err != nil:
		return err
	case done:
		return c.done(d.Path, "copy.done", "Count", len(plan.Granted), "Name", d.name(pair.To))
	}
	if len(plan.Granted)+len(plan.Skipped) == 0 {
		v.Form.add("from", v.T("copy.nothing"))
		return c.render(http.StatusUnprocessableEntity, "copy", v)
	}
	f.Set("seen", plan.Token)
	v.Crumbs = append(v.Crumbs, crumb{d.Path, v.Title})
	v.Title = v.T("copy.preview", "From", d.name(pair.From), "To", d.name(pair.To))
	return p.preview(c, v, dry, planned{Path: d.Path, Back: d.Path, Confirm: v.T("copy.confirm"), Rows: p.copied(c, v, d, plan), Head: v.T("lines.line")})
}

// copied lists what is copied and what is not.
func (p *portal) copied(c *call, v *page, d copyData, plan structure.CopyPlan) []outcome {
	units, err := p.h.Structures.Services(c.ctx(), c.actor(), d.Structure.ID)
	if err != nil {
		units = nil // the codes are missing then, nothing else
	}
	name := func(l structure.Line) string {
		return strings.TrimSuffix(p.h.Structures.ProfileName(l.Space, l.Level, c.tag())+", "+v.UnitNamed(units, l.Service), ", ")
	}
	var out []outcome
	for _, l := range plan.Granted {
		out = append(out, outcome{Name: name(l), Good: true})
	}
	for l, why := range plan.Skipped {
		out = append(out, outcome{Name: name(l), Text: p.h.Localize(why, c.tag())})
	}
	slices.SortStableFunc(out, func(a, b outcome) int {
		if a.Good == b.Good {
			return cmp.Compare(a.Name, b.Name)
		}
		if a.Good {
			return -1
		}
		return 1
	})
	return out
}

func (d copyData) name(id account.ID) string {
	for _, m := range d.People {
		if m.Person.ID == id {
			return m.Person.DisplayName
		}
	}
	return ""
}

// among is the choice of one member.
type among struct {
	input
	People []structure.MemberLine
	Nobody string
}

// Among describes such a choice.
func (v *page) Among(name string, people []structure.MemberLine) among {
	a := among{input: v.Input(name, "", "", "required"), People: people, Nobody: v.T("copy.choose")}
	if a.DescribedBy = ""; len(a.Problems) > 0 {
		a.DescribedBy = name + "-error"
	}
	return a
}
