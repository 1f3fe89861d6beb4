package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// membersData is one page of a structure's members.
type membersData struct {
	Structure structure.Structure
	Page      structure.Page[structure.MemberLine]
	Self      string    // address of this page
	Waiting   int       // of these, how many have yet to activate their account
	Outcomes  []outcome // what became of what was done last
	Filter    url.Values
	Units     []structure.Unit
	Pager     pager
	Powers    powers
}

func membersPath(id structure.ID) string {
	return "/structures/" + url.PathEscape(string(id)) + "/members"
}

// belonging loads one page of a structure's members, for those who manage them.
func (p *portal) belonging(c *call) (*page, membersData, error) {
	id := structure.ID(c.r.PathValue("id"))
	q := c.r.URL.Query()
	d := membersData{Filter: filtered(q, memberFilters()...)}
	v := c.view("members.title")
	v.Form.Values = d.Filter
	var err error
	d.Page, err = p.h.Structures.Members(c.ctx(), c.actor(), id, memberFilter(d.Filter), leafing(q))
	if err != nil && c.refused(v, renamed(err, map[string]string{"statuses": "status"}), nil) {
		d.Filter = url.Values{}
		d.Page, err = p.h.Structures.Members(c.ctx(), c.actor(), id, structure.MemberFilter{}, structure.PageRequest{})
	}
	if err != nil {
		return nil, d, err
	}
	d.Pager, d.Self = leaf(v, d.Filter, d.Page), self(membersPath(id), d.Filter, d.Page.Number)
	if d.Structure, err = p.h.Structures.Structure(c.ctx(), c.actor(), id); err != nil {
		return nil, d, err
	}
	if d.Units, err = p.h.Structures.Services(c.ctx(), c.actor(), id); err != nil {
		return nil, d, err
	}
	if d.Powers, err = p.powers(c, id); err != nil {
		return nil, d, err
	}
	for _, m := range d.Page.Items {
		if m.Waits() {
			d.Waiting++
		}
	}
	v.Title = v.T("members.of", "Structure", d.Structure.DisplayName())
	v.under("/manage", v.T("manage.title"))
	v.Data = d
	return v, d, nil
}

func (p *portal) showMembers(c *call) error {
	v, d, err := p.belonging(c)
	if err != nil {
		return err
	}
	if d.Outcomes, err = c.kept(); err != nil {
		return err
	}
	v.Data = d
	return c.show("members", v)
}

// toMembers does what the button says with those who are ticked: their activation mails
// are sent again at once, whatever changes rights is shown first.
func (p *portal) toMembers(c *call) error {
	v, d, err := p.belonging(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	var people []account.ID
	for _, id := range f["people"] {
		people = append(people, account.ID(id))
	}
	switch {
	case f.Get("step") == "change":
		return c.show("members", v)
	case f.Get("act") == "csv":
		return p.list(c, v.T("members.file"), func(format structure.CSV, w io.Writer) (int, error) {
			return p.h.Structures.ExportMembers(c.ctx(), c.actor(), d.Structure.ID, memberFilter(d.Filter), format, w)
		})
	case len(people) == 0:
		v.Form.add("people", v.T("members.none"))
		return c.render(http.StatusUnprocessableEntity, "members", v)
	case f.Get("act") == "" || f.Get("act") == "resend":
		return p.resendActivations(c, v, d, people)
	}
	return p.actOnMembers(c, v, d)
}

// resendActivations sends the activation mails of those who are ticked again, and tells
// of each what became of it.
func (p *portal) resendActivations(c *call, v *page, d membersData, people []account.ID) error {
	results, err := p.h.Structures.ResendActivation(c.ctx(), c.actor(), d.Structure.ID, people...)
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "members", v)
	case errors.Is(err, structure.ErrExternallyManaged):
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect(membersPath(d.Structure.ID))
	case err != nil:
		return err
	}
	rows, good := make([]outcome, 0, len(results)), 0
	for _, r := range results {
		row := outcome{Name: d.name(r.Account), Good: r.Err == nil}
		if row.Name == "" {
			row.Name = v.T("members.unknown")
		}
		if row.Good {
			good++
			row.Text = v.T("members.sent", "To", r.Sent.To, "Until", v.Moment(r.Sent.Until))
		} else {
			row.Text = p.h.Localize(r.Err, c.tag())
		}
		rows = append(rows, row)
	}
	if err := c.keep(rows); err != nil {
		return err
	}
	c.notice(good == len(rows), v.T("members.done", "Count", good, "All", len(rows)))
	return c.redirect(d.Self)
}

// name is what somebody on the page is called, "" for anybody else.
func (d membersData) name(who account.ID) string {
	for _, m := range d.Page.Items {
		if m.Person.ID == who {
			return m.Person.DisplayName
		}
	}
	return ""
}

// MemberStatus is what somebody is in a structure as icon, word and colour: that the
// account waits for its activation comes first.
func (v *page) MemberStatus(m structure.MemberLine) badge {
	if m.Waits() {
		return badge{"scheduled", "later", v.T("members.waits")}
	}
	return v.Status(string(m.Status))
}

// Since is the day on which the account began to work, or came back.
func (v *page) Since(m structure.MemberLine) string {
	if m.ReactivatedAt.IsZero() {
		return v.Day(m.ActivatedAt)
	}
	return v.Day(m.ReactivatedAt)
}
