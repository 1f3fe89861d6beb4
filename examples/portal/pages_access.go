package main

import (
	"net/url"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// accessData is who may do what in a structure: people down, spaces across.
type accessData struct {
	Structure structure.Structure
	Units     []structure.Unit
	Service   structure.ServiceID // "" for any
	Spaces    []authz.Space
	Rows      []accessRow
	Totals    []int // people who hold something, by space
	Pager     pager
}

// accessRow is one member.
type accessRow struct {
	Member structure.MemberLine
	Cells  []accessCell
	Held   int // spaces in which the member holds something
}

// accessCell is what one member may do in one space.
type accessCell struct {
	Space  authz.Space
	Levels []mark
}

// mark is a level of access: held now, scheduled, or asked for.
type mark struct {
	Level authz.Level
	State string // "held", "scheduled" or "pending"
}

func accessPath(id structure.ID) string {
	return "/structures/" + url.PathEscape(string(id)) + "/access"
}

// access shows the matrix of a structure to those who manage its members.
func (p *portal) access(c *call) error {
	id, q := structure.ID(c.r.PathValue("id")), c.r.URL.Query()
	members, err := p.h.Structures.Members(c.ctx(), c.actor(), id, structure.MemberFilter{
		Statuses: []structure.MembershipStatus{structure.StatusApproved, structure.StatusDisabled},
	}, structure.PageRequest{Number: pageNumber(q)})
	if err != nil {
		return err
	}
	d := accessData{}
	if d.Structure, err = p.h.Structures.Structure(c.ctx(), c.actor(), id); err != nil {
		return err
	}
	if d.Units, err = p.h.Structures.Services(c.ctx(), c.actor(), id); err != nil {
		return err
	}
	filter := url.Values{}
	if i := slices.IndexFunc(d.Units, func(u structure.Unit) bool { return string(u.ID) == q.Get("service") }); i >= 0 {
		d.Service = d.Units[i].ID
		filter.Set("service", string(d.Service))
	}
	for _, spec := range p.policy.Spaces {
		if !spec.Always && slices.Contains(d.Structure.Spaces, spec.Code) {
			d.Spaces = append(d.Spaces, spec.Code)
		}
	}
	pending, err := p.h.Structures.PendingSubscriptions(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	d.Totals = make([]int, len(d.Spaces))
	for _, m := range members.Items {
		row, err := p.accessRow(c, d, m, pending)
		if err != nil {
			return err
		}
		for i, cell := range row.Cells {
			if slices.ContainsFunc(cell.Levels, func(m mark) bool { return m.State == "held" }) {
				d.Totals[i]++
				row.Held++
			}
		}
		d.Rows = append(d.Rows, row)
	}
	v := c.view("access.of", "Structure", d.Structure.DisplayName()).under(
		"/manage", p.texts.text(c.lang, "manage.title"), membersPath(id), p.texts.text(c.lang, "members.title"),
	)
	d.Pager = leaf(v, filter, members)
	v.Form.Values, v.Data = filter, d
	return c.show("access", v)
}

// accessRow asks what one member may do now, what will begin and what waits.
func (p *portal) accessRow(c *call, d accessData, m structure.MemberLine, pending []structure.PendingLines) (accessRow, error) {
	held, err := p.h.Authz.Statement(c.ctx(), m.Person.ID, d.Structure.ID, time.Time{})
	if err != nil {
		return accessRow{}, err
	}
	var later []authz.Entitlement
	if m.Status == structure.StatusScheduled {
		if later, err = p.h.Authz.Statement(c.ctx(), m.Person.ID, d.Structure.ID, m.Membership.Validity.From); err != nil {
			return accessRow{}, err
		}
	}
	asked := map[structure.Line]bool{}
	for _, g := range pending {
		if g.Applicant.ID == m.Person.ID && g.Structure.ID == d.Structure.ID {
			for _, l := range g.Lines {
				asked[l.Line()] = true
			}
		}
	}
	row := accessRow{Member: m}
	for _, space := range d.Spaces {
		cell := accessCell{Space: space}
		for _, level := range []authz.Level{authz.Read, authz.Write} {
			switch {
			case d.holds(held, space, level):
				cell.Levels = append(cell.Levels, mark{level, "held"})
			case d.holds(later, space, level):
				cell.Levels = append(cell.Levels, mark{level, "scheduled"})
			case d.asks(asked, space, level):
				cell.Levels = append(cell.Levels, mark{level, "pending"})
			}
		}
		row.Cells = append(row.Cells, cell)
	}
	return row, nil
}

func (d accessData) holds(rights []authz.Entitlement, space authz.Space, level authz.Level) bool {
	return slices.ContainsFunc(rights, func(e authz.Entitlement) bool {
		return e.Space == space && e.Level == level && (d.Service == "" || e.Service == "" || e.Service == d.Service)
	})
}

func (d accessData) asks(asked map[structure.Line]bool, space authz.Space, level authz.Level) bool {
	for l := range asked {
		if l.Space == space && l.Level == level && (d.Service == "" || l.Service == "" || l.Service == d.Service) {
			return true
		}
	}
	return false
}

// Marked describes a mark for those who do not see it.
func (v *page) Marked(m mark) string { return v.LevelName(m.Level) + ", " + v.T("access."+m.State) }

// Letter is a mark for those who see it.
func (v *page) Letter(m mark) string {
	if m.Level == authz.Write {
		return v.T("access.w")
	}
	return v.T("access.r")
}

// accessWhyData is why a member may, or may not, do something.
type accessWhyData struct {
	Structure structure.Structure
	Person    structure.Person
	Space     authz.Space
	Unit      string
	Answers   []accessAnswer
}

// accessAnswer is the decision about one level.
type accessAnswer struct {
	Level authz.Level
	authz.Decision
}

// accessWhy shows the chain of conditions behind one cell, to those who manage the
// structure's members.
func (p *portal) accessWhy(c *call) error {
	id, who, q := structure.ID(c.r.PathValue("id")), account.ID(c.r.PathValue("who")), c.r.URL.Query()
	cases, err := p.h.Structures.MembershipsOf(c.ctx(), c.actor(), id, who)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(cases, func(one structure.Case) bool { return one.Structure.ID == id })
	spec, known := p.policy.Spec(authz.Space(q.Get("space")))
	if i < 0 || !known {
		return errNoPage
	}
	d := accessWhyData{Structure: cases[i].Structure, Person: cases[i].Applicant, Space: spec.Code}
	m, service := cases[i].Membership, structure.ServiceID("")
	if len(m.Granted.Services) > 0 {
		service = m.Granted.Services[0]
	}
	for _, u := range cases[i].Units {
		if string(u.ID) == q.Get("service") {
			service = u.ID
		}
	}
	for _, level := range []authz.Level{authz.Read, authz.Write} {
		decision, err := p.h.Authz.Check(c.ctx(), authz.Request{Account: who, Structure: id, Service: service, Space: spec.Code, Level: level})
		if err != nil {
			return err
		}
		d.Answers = append(d.Answers, accessAnswer{level, decision})
	}
	v := c.view("access.why", "Name", d.Person.DisplayName, "Space", spec.Label(c.tag())).under(
		"/manage", p.texts.text(c.lang, "manage.title"), accessPath(id), p.texts.text(c.lang, "access.of", "Structure", d.Structure.DisplayName()),
	)
	d.Unit = v.UnitNamed(cases[i].Units, service)
	v.Data = d
	return c.show("accesswhy", v)
}
