package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// requestData is a request, and what leads on from it.
type requestData struct {
	Case    structure.Case
	History bool
}

func requestPath(id structure.MembershipID) string {
	return "/manage/requests/" + url.PathEscape(string(id))
}

// deciding loads what the pages of one request show.
func (p *portal) deciding(c *call) (*page, requestData, error) {
	one, err := p.h.Structures.Case(c.ctx(), c.actor(), structure.MembershipID(c.r.PathValue("id")))
	if err != nil {
		return nil, requestData{}, err
	}
	d := requestData{Case: one}
	if d.History, err = p.may(c.ctx(), c, one.Structure.ID, authz.ActionReadHistory); err != nil {
		return nil, requestData{}, err
	}
	v := c.view("request.title", "Name", one.Applicant.DisplayName).under(
		"/manage", c.p.texts.text(c.lang, "manage.title"), requestsPath, c.p.texts.text(c.lang, "requests.title"),
	)
	return v, d, nil
}

func (p *portal) showRequest(c *call) error {
	v, d, err := p.deciding(c)
	if err != nil {
		return err
	}
	v.Form.Values = p.proposal(d.Case)
	v.Data = d
	return c.show("request", v)
}

// toRequest answers a reload of what was posted.
func (p *portal) toRequest(c *call) error {
	return c.redirect(requestPath(structure.MembershipID(c.r.PathValue("id"))))
}

// proposal fills the form with what was asked for, beside what is held.
func (p *portal) proposal(one structure.Case) url.Values {
	m := one.Membership
	f := url.Values{
		"role":  {string(m.Role)},
		"scope": {"services"},
		"from":  {typed(m.Validity.FirstDay(p.zone))}, "until": {typed(m.Validity.LastDay(p.zone))},
	}
	if m.Granted.Union(m.Asked).Whole {
		f.Set("scope", "whole")
	}
	for _, row := range one.Rows() {
		if row.Ticked {
			f.Add("services", string(row.Unit.ID))
		}
	}
	return f
}

// approve shows what the approval would change, and does it once that is confirmed.
func (p *portal) approve(c *call) error {
	v, d, err := p.deciding(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values, v.Data = f, d
	if f.Get("step") == "change" {
		return c.show("request", v)
	}
	approval, bad := p.approval(f)
	plan, done, err := p.rehearse(c, func(s *structure.Service) error {
		_, err := s.Approve(c.ctx(), c.actor(), d.Case.Membership.ID, approval)
		return err
	}, bad...)
	switch {
	case c.refused(v, err, map[habilis.Code]string{"empty_scope": "services"}):
		return c.render(http.StatusUnprocessableEntity, "request", v)
	case errors.Is(err, structure.ErrAlreadyDecided):
		return c.tooLate(d, err)
	case err != nil:
		return err
	case done:
		return c.done(requestsPath, "request.approved", "Name", d.Case.Applicant.DisplayName)
	}
	scope := d.Case.Names(*approval.Scope)
	if scope == "" {
		scope = v.T("scope.whole")
	}
	return p.oneDecision(c, v, d, plan, v.T("request.preview", "Name", d.Case.Applicant.DisplayName), planned{
		Path: "/approve", Confirm: v.T("request.confirm"), Facts: []fact{
			{v.T("request.scope"), scope}, {v.T("label.role"), v.T("role." + string(approval.Role))}, {v.T("col.dates"), v.Span(*approval.Validity)},
		},
	})
}

// oneDecision shows what would come of a decision on one request.
func (p *portal) oneDecision(c *call, v *page, d requestData, plan habilis.Plan, title string, what planned) error {
	at := requestPath(d.Case.Membership.ID)
	v.Crumbs = append(v.Crumbs, crumb{at, v.Title})
	v.Title, what.Path, what.Back = title, at+what.Path, at
	what.Facts = append([]fact{{v.T("col.applicant"), d.Case.Applicant.DisplayName}, {v.T("col.structure"), d.Case.Structure.DisplayName()}}, what.Facts...)
	return p.preview(c, v, plan, what)
}

// approval reads the form, and which of its fields cannot be read.
func (p *portal) approval(f url.Values) (structure.Approval, typedError) {
	var bad typedError
	from, until := typedDate(f, "from", &bad), typedDate(f, "until", &bad)
	scope, validity := structure.Whole(), authz.Between(from, until, p.zone)
	if f.Get("scope") != "whole" {
		scope = structure.Services(serviceIDs(f)...)
	}
	return structure.Approval{Role: structure.Role(f.Get("role")), Scope: &scope, Validity: &validity}, bad
}

// reject shows what the refusal would change, and does it once that is confirmed.
func (p *portal) reject(c *call) error {
	v, d, err := p.deciding(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	back := func(status int) error {
		v.Form.Values, v.Data = p.proposal(d.Case), d
		v.Form.Values.Set("reason", f.Get("reason"))
		return c.render(status, "request", v)
	}
	v.Form.Values = f
	if f.Get("step") == "change" {
		return back(http.StatusOK)
	}
	plan, done, err := p.rehearse(c, func(s *structure.Service) error {
		_, err := s.Reject(c.ctx(), c.actor(), d.Case.Membership.ID, structure.Refusal{Reason: f.Get("reason")})
		return err
	})
	switch {
	case c.refused(v, err, nil):
		return back(http.StatusUnprocessableEntity)
	case errors.Is(err, structure.ErrAlreadyDecided):
		return c.tooLate(d, err)
	case err != nil:
		return err
	case done:
		return c.done(requestsPath, "request.rejected", "Name", d.Case.Applicant.DisplayName)
	}
	return p.oneDecision(c, v, d, plan, v.T("request.rejecting", "Name", d.Case.Applicant.DisplayName), planned{
		Path: "/reject", Confirm: v.T("request.reject"), Danger: true, Facts: []fact{{v.T("label.reason"), f.Get("reason")}},
	})
}

// tooLate shows the request as somebody else decided it.
func (c *call) tooLate(d requestData, err error) error {
	c.notice(false, c.p.h.Localize(err, c.tag()))
	return c.redirect(requestPath(d.Case.Membership.ID))
}
