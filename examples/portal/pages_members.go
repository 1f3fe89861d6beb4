package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// membersData is one page of a structure's members.
type membersData struct {
	Structure structure.Structure
	Page      structure.Page[structure.MemberLine]
	Self      string    // address of this page
	Waiting   int       // of these, how many have yet to activate their account
	Outcomes  []outcome // what became of the mails that were sent last
}

func membersPath(id structure.ID) string {
	return "/structures/" + url.PathEscape(string(id)) + "/members"
}

// belonging loads one page of a structure's members, for those who manage them.
func (p *portal) belonging(c *call) (*page, membersData, error) {
	id := structure.ID(c.r.PathValue("id"))
	number, err := strconv.Atoi(c.r.URL.Query().Get("page"))
	if err != nil {
		number = 1
	}
	d := membersData{Self: membersPath(id)}
	d.Page, err = p.h.Structures.Members(c.ctx(), c.actor(), id, structure.MemberFilter{}, structure.PageRequest{Number: max(number, 1), Size: perPage})
	if err != nil {
		return nil, d, err
	}
	if d.Page.Number > 1 {
		d.Self += "?page=" + strconv.Itoa(d.Page.Number)
	}
	if d.Structure, err = p.h.Structures.Structure(c.ctx(), c.actor(), id); err != nil {
		return nil, d, err
	}
	for _, m := range d.Page.Items {
		if m.Waits() {
			d.Waiting++
		}
	}
	v := c.view("members.of", "Structure", d.Structure.DisplayName()).under()
	v.Data = d
	return v, d, nil
}

func (p *portal) showMembers(c *call) error {
	v, d, err := p.belonging(c)
	if err != nil {
		return err
	}
	if raw := p.sessions.PopString(c.ctx(), keyResent); raw != "" {
		if err := json.Unmarshal([]byte(raw), &d.Outcomes); err != nil {
			return err
		}
		v.Data = d
	}
	return c.show("members", v)
}

// resendActivations sends the activation mails of those who are ticked again, and tells
// of each what became of it.
func (p *portal) resendActivations(c *call) error {
	v, d, err := p.belonging(c)
	if err != nil {
		return err
	}
	var people []account.ID
	for _, id := range c.r.PostForm["people"] {
		people = append(people, account.ID(id))
	}
	v.Form.Values = c.r.PostForm
	if len(people) == 0 {
		v.Form.add("people", v.T("members.none"))
		return c.render(http.StatusUnprocessableEntity, "members", v)
	}
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
	return c.resent(v, d, results)
}

// resent keeps what became of the mails for the page that comes next.
func (c *call) resent(v *page, d membersData, results []structure.Resent) error {
	names := map[account.ID]string{}
	for _, m := range d.Page.Items {
		names[m.Person.ID] = m.Person.DisplayName
	}
	rows, good := make([]outcome, 0, len(results)), 0
	for _, r := range results {
		row := outcome{Name: names[r.Account], Good: r.Err == nil}
		if row.Name == "" {
			row.Name = v.T("members.unknown")
		}
		if row.Good {
			good++
			row.Text = v.T("members.sent", "To", r.Sent.To, "Until", v.Moment(r.Sent.Until))
		} else {
			row.Text = c.p.h.Localize(r.Err, c.tag())
		}
		rows = append(rows, row)
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("keeping the outcome: %w", err)
	}
	c.put(keyResent, string(raw))
	c.notice(good == len(rows), v.T("members.done", "Count", good, "All", len(rows)))
	return c.redirect(d.Self)
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
