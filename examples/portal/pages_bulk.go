package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis/structure"
)

const requestsPath = "/manage/requests"

// queue is how a list of what waits is narrowed and leafed through.
type queue struct {
	Filter url.Values
	Self   string // address of this page
	Pager  pager
	Places []choice // structures that it can be narrowed to
}

// requestsData is what waits for a manager, and what became of what was decided last.
type requestsData struct {
	structure.Queue[structure.Case]
	queue
	Outcomes []outcome
}

// pending loads one page of what waits, of one structure if the address names one.
// Whoever manages nothing sees an empty list.
func (p *portal) pending(c *call, v *page) (structure.Dashboard, url.Values, error) {
	q := c.r.URL.Query()
	filter := filtered(q, "structure", "size")
	at := leafing(q)
	d, err := p.h.Structures.PendingActions(c.ctx(), c.actor(), structure.PendingQuery{
		Structure: structure.ID(q.Get("structure")), Memberships: at, Subscriptions: at,
	})
	if c.refused(v, err, nil) {
		filter = url.Values{}
		d, err = p.h.Structures.PendingActions(c.ctx(), c.actor(), structure.PendingQuery{})
	}
	if errors.Is(err, structure.ErrDenied) && !filter.Has("structure") {
		err = nil
	}
	v.Form.Values = filter
	return d, filter, err
}

// places lists the structures that somebody manages, by name.
func (p *portal) places(c *call) ([]choice, error) {
	var out []choice
	for number := 1; number > 0; {
		page, err := p.h.Structures.Managed(c.ctx(), c.actor(), structure.PageRequest{Number: number, Size: structure.MaxPageSize})
		if err != nil {
			return nil, err
		}
		for _, m := range page.Items {
			out = append(out, choice{string(m.Structure.ID), m.Structure.DisplayName()})
		}
		number = page.Next()
	}
	return out, nil
}

// awaiting loads the requests to join that the person may decide.
func (p *portal) awaiting(c *call) (*page, requestsData, error) {
	v := c.view("requests.title").under("/manage", c.p.texts.text(c.lang, "manage.title"))
	found, filter, err := p.pending(c, v)
	if err != nil {
		return nil, requestsData{}, err
	}
	d := requestsData{Queue: found.Memberships}
	d.queue = queue{Filter: filter, Self: self(requestsPath, filter, d.Number), Pager: leaf(v, filter, d.Page)}
	d.Places, err = p.places(c)
	v.Data = d
	return v, d, err
}

func (p *portal) requests(c *call) error {
	v, d, err := p.awaiting(c)
	if err != nil {
		return err
	}
	if d.Outcomes, err = c.kept(); err != nil {
		return err
	}
	v.Data = d
	return c.show("requests", v)
}

// decideMany approves or refuses the requests that are ticked, once what would come of
// it was shown.
func (p *portal) decideMany(c *call) error {
	v, d, err := p.awaiting(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	var ids []structure.MembershipID
	for _, id := range f["items"] {
		ids = append(ids, structure.MembershipID(id))
	}
	refuse := f.Get("act") == "reject"
	switch {
	case f.Get("step") == "change":
		return c.show("requests", v)
	case f.Get("act") == "csv":
		return p.list(c, v.T("requests.file"), func(format structure.CSV, w io.Writer) (int, error) {
			return p.h.Structures.ExportRequests(c.ctx(), c.actor(), structure.ID(d.Filter.Get("structure")), format, w)
		})
	case len(ids) == 0:
		v.Form.add("items", v.T("bulk.none"))
		return c.render(http.StatusUnprocessableEntity, "requests", v)
	}
	var out []structure.Outcome
	plan, done, err := p.rehearse(c, func(s *structure.Service) (err error) {
		if refuse {
			out, err = s.RejectMany(c.ctx(), c.actor(), ids, structure.Refusal{Reason: f.Get("reason")})
		} else {
			out, err = s.ApproveMany(c.ctx(), c.actor(), ids, structure.Approval{})
		}
		return err
	})
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "requests", v)
	case err != nil:
		return err
	}
	rows := make([]outcome, 0, len(out))
	for _, o := range out {
		rows = append(rows, c.became(v, p.applicant(c, d.Items, o.ID), o))
	}
	if done {
		return c.tellEach(d.Self, rows)
	}
	return p.preview(c, v.deciding(refuse, d.Self, len(ids)), plan, v.ruling(refuse, d.Self, rows, v.T("col.applicant")))
}

// deciding gives the page of a decision on several requests its heading.
func (v *page) deciding(refuse bool, path string, n int) *page {
	v.Crumbs = append(v.Crumbs, crumb{path, v.Title})
	if v.Title = v.T("bulk.approve", "Count", n); refuse {
		v.Title = v.T("bulk.reject", "Count", n)
	}
	return v
}

// ruling describes a decision on several requests.
func (v *page) ruling(refuse bool, path string, rows []outcome, head string) planned {
	d := planned{Path: path, Back: path, Confirm: v.T("bulk.toapprove"), Rows: rows, Head: head}
	if refuse {
		d.Confirm, d.Danger = v.T("bulk.toreject"), true
		d.Facts = []fact{{v.T("label.reason"), v.Form.Value("reason")}}
	}
	return d
}

// applicant names whose request it is, also where it no longer waits.
func (p *portal) applicant(c *call, pending []structure.Case, id structure.MembershipID) string {
	for _, one := range pending {
		if one.Membership.ID == id {
			return one.Applicant.DisplayName + " (" + one.Structure.DisplayName() + ")"
		}
	}
	one, err := p.h.Structures.Case(c.ctx(), c.actor(), id)
	if err != nil {
		return ""
	}
	return one.Applicant.DisplayName + " (" + one.Structure.DisplayName() + ")"
}
