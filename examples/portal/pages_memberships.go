package main

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// line is one row of "my memberships": what is held, or what is asked for, of one
// structure.
type line struct {
	Case   structure.Case
	Scope  string // services, "" for the whole structure
	None   bool   // nothing is held or asked for any more
	Status string
}

// membershipsData is "my memberships", with what became of several things done there.
type membershipsData struct {
	Lines []line
	Rows  []outcome

	Filtered bool // only those with one status
}

// Principal reports whether a row is held as principal manager, who names a successor
// before leaving.
func (l line) Principal() bool { return l.Case.Membership.Role == structure.RolePrincipalManager }

// Held reports whether the row is something that is held and can be left.
func (l line) Held() bool {
	return !l.None && l.Status != "pending" && l.Case.Membership.Status == structure.StatusApproved
}

func (p *portal) memberships(c *call) error {
	v := c.view("memberships.title").under()
	status := c.r.URL.Query().Get("status")
	var only []structure.MembershipStatus
	if slices.ContainsFunc(v.Statuses(), func(s choice) bool { return s.Value == status }) {
		only = []structure.MembershipStatus{structure.MembershipStatus(status)}
		v.Form.Values = url.Values{"status": {status}}
	}
	mine, err := p.h.Structures.Mine(c.ctx(), c.actor(), only...)
	if err != nil {
		return err
	}
	d := membershipsData{Lines: p.lines(mine), Filtered: only != nil}
	if d.Rows, err = c.kept(); err != nil {
		return err
	}
	v.Data = d
	return c.show("memberships", v)
}

// lines puts what is held apart from what is asked for.
func (p *portal) lines(mine []structure.Case) []line {
	var out []line
	for _, m := range mine {
		if !m.Membership.Granted.IsZero() {
			out = append(out, line{Case: m, Scope: m.Names(m.Membership.Granted), Status: p.shown(m.Membership)})
		}
		if m.Membership.Undecided() {
			out = append(out, line{Case: m, Scope: m.Names(m.Membership.Asked), Status: "pending"})
		}
		if m.Membership.Granted.IsZero() && !m.Membership.Undecided() {
			out = append(out, line{Case: m, None: true, Status: string(m.Membership.Status)})
		}
	}
	return out
}

// shown is the status of a membership as people understand it: what is approved may
// not have begun, or be over.
func (p *portal) shown(m structure.Membership) string {
	switch {
	case m.Status == structure.StatusApproved && m.Validity.Before(p.now()):
		return "scheduled"
	case m.Status == structure.StatusApproved && m.Validity.After(p.now()):
		return "expired"
	default:
		return string(m.Status)
	}
}

// searchData is what was looked for, and what was found.
type searchData struct {
	Query string
	Found structure.Found
	Done  bool
	More  string // address of the next page, "" on the last
}

func (p *portal) search(c *call) error {
	q := c.r.URL.Query()
	d := searchData{Query: q.Get("any"), Done: q.Has("any")}
	v := c.view("search.title").under("/account/memberships", c.p.texts.text(c.lang, "memberships.title"))
	v.Form.Values = q
	status := http.StatusOK
	if d.Done {
		var err error
		d.Found, err = p.h.Structures.Search(c.ctx(), c.actor(), structure.Search{
			Any: d.Query, After: structure.Cursor{Name: q.Get("name"), ID: structure.ID(q.Get("id"))},
		})
		switch {
		case c.refused(v, err, map[habilis.Code]string{"criteria_too_broad": "any"}):
			d.Done, status = false, http.StatusUnprocessableEntity
		case err != nil:
			return err
		}
	}
	if next := d.Found.Next; next != nil {
		d.More = "?" + url.Values{"any": {d.Query}, "name": {next.Name}, "id": {string(next.ID)}}.Encode()
	}
	v.Data = d
	return c.render(status, "search", v)
}

// askData is what can be asked of a structure, and what would come of it.
type askData struct {
	Structure structure.Structure
	Services  []structure.Unit
	Chosen    []structure.Unit
	Request   structure.Request
	Plan      habilis.Plan
}

// asking loads what the pages of a request show.
func (p *portal) asking(c *call) (*page, askData, error) {
	id := structure.ID(c.r.PathValue("id"))
	st, err := p.h.Structures.Structure(c.ctx(), c.actor(), id)
	if err != nil {
		return nil, askData{}, err
	}
	services, err := p.h.Structures.Services(c.ctx(), c.actor(), id)
	if err != nil {
		return nil, askData{}, err
	}
	v := c.view("ask.title", "Structure", st.DisplayName()).under(
		"/account/memberships", c.p.texts.text(c.lang, "memberships.title"),
		"/account/memberships/ask", c.p.texts.text(c.lang, "search.title"),
	)
	return v, askData{Structure: st, Services: services}, nil
}

func (p *portal) showAsk(c *call) error {
	v, d, err := p.asking(c)
	if err != nil {
		return err
	}
	v.Form.Values = url.Values{"scope": {"services"}}
	v.Data = d
	return c.show("ask", v)
}

// ask takes the form three times over: to show what would happen, to change it, and
// to do it.
func (p *portal) ask(c *call) error {
	v, d, err := p.asking(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values, v.Data = f, d
	if f.Get("step") == "change" {
		return c.show("ask", v)
	}
	var bad typedError
	d.Request, bad = request(d.Structure.ID, f)
	d.Plan, _, err = p.rehearse(c, func(s *structure.Service) error {
		_, err := s.Request(c.ctx(), c.actor(), d.Request)
		return err
	}, bad...)
	switch {
	case c.refused(v, err, map[habilis.Code]string{
		"empty_scope": "services", "request_pending": "", "already_member": "services", "membership_disabled": "",
	}):
		return c.render(http.StatusUnprocessableEntity, "ask", v)
	case err != nil:
		return err
	case f.Get("step") == "confirm":
		return c.done("/account/memberships", "ask.done", "Structure", d.Structure.DisplayName())
	}
	for _, u := range d.Services {
		if slices.Contains(d.Request.Services, u.ID) {
			d.Chosen = append(d.Chosen, u)
		}
	}
	v.Title = c.p.texts.text(c.lang, "ask.preview")
	v.Data = d
	return c.show("askpreview", v)
}

// request reads the form, and which of its fields cannot be read.
func request(id structure.ID, f url.Values) (structure.Request, typedError) {
	var bad typedError
	r := structure.Request{
		Structure: id, Whole: f.Get("scope") == "whole", Comment: f.Get("comment"),
		From: typedDate(f, "from", &bad), Until: typedDate(f, "until", &bad),
	}
	if !r.Whole {
		r.Services = serviceIDs(f)
	}
	return r, bad
}

func serviceIDs(f url.Values) []structure.ServiceID {
	var out []structure.ServiceID
	for _, id := range f["services"] {
		out = append(out, structure.ServiceID(id))
	}
	return out
}
