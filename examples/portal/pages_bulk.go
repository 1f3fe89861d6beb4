package main

import (
	"io"
	"net/http"

	"github.com/habilis-go/habilis/structure"
)

// requestsData is what waits for a manager, and what became of what was decided last.
type requestsData struct {
	Pending  []structure.Case
	Outcomes []outcome
}

// awaiting loads the requests to join that the person may decide.
func (p *portal) awaiting(c *call) (*page, requestsData, error) {
	pending, err := p.h.Structures.Pending(c.ctx(), c.actor())
	if err != nil {
		return nil, requestsData{}, err
	}
	d := requestsData{Pending: pending}
	v := c.view("requests.title").under("/manage", c.p.texts.text(c.lang, "manage.title"))
	v.Data = d
	return v, d, nil
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
			return p.h.Structures.ExportRequests(c.ctx(), c.actor(), "", format, w)
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
		rows = append(rows, c.became(v, p.applicant(c, d.Pending, o.ID), o))
	}
	if done {
		return c.tellEach("/manage/requests", rows)
	}
	return p.preview(c, v.deciding(refuse, "/manage/requests", len(ids)), plan, v.ruling(refuse, "/manage/requests", rows, v.T("col.applicant")))
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
