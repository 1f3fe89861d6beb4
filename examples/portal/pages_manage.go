package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// requestData is a request, and what a decision would change.
type requestData struct {
	Case     structure.Case
	Role     structure.Role
	Scope    string // services in words, "" for the whole structure
	Validity authz.Validity
	Gained   []group
	Lost     []group
	Mails    []habilis.PlannedMail
	Rejected bool // the refusal's form is what was sent
	History  bool
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
		"/manage/requests", c.p.texts.text(c.lang, "requests.title"),
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
	return c.redirect("/manage/requests/" + url.PathEscape(c.r.PathValue("id")))
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
	approval, err := p.approval(f)
	var plan habilis.Plan
	if err == nil {
		if f.Get("step") == "confirm" {
			_, err = p.h.Structures.Approve(c.ctx(), c.actor(), d.Case.Membership.ID, approval)
		} else {
			plan, err = p.h.Preview(c.ctx(), func(dry *habilis.Habilis) error {
				_, err := dry.Structures.Approve(c.ctx(), c.actor(), d.Case.Membership.ID, approval)
				return err
			})
		}
	}
	switch {
	case c.refused(v, err, map[habilis.Code]string{"empty_scope": "services"}):
		return c.render(http.StatusUnprocessableEntity, "request", v)
	case errors.Is(err, structure.ErrAlreadyDecided):
		return c.tooLate(d, err)
	case err != nil:
		return err
	case f.Get("step") == "confirm":
		return c.done("/manage/requests", "request.approved", "Name", d.Case.Applicant.DisplayName)
	}
	d.Role, d.Scope, d.Validity = approval.Role, d.Case.Names(*approval.Scope), *approval.Validity
	for _, g := range plan.Gained {
		d.Gained = grouped(d.Gained, g.ServiceName, p.spaceLabel(c, g.Space), g.Level)
	}
	for _, l := range plan.Lost {
		d.Lost = grouped(d.Lost, l.ServiceName, p.spaceLabel(c, l.Space), l.Level)
	}
	d.Mails = plan.Mails
	v.Title = c.p.texts.text(c.lang, "request.preview", "Name", d.Case.Applicant.DisplayName)
	v.Data = d
	return c.show("requestpreview", v)
}

// approval reads the form.
func (p *portal) approval(f url.Values) (structure.Approval, error) {
	var bad typedError
	from, until := typedDate(f, "from", &bad), typedDate(f, "until", &bad)
	if bad != nil {
		return structure.Approval{}, bad
	}
	scope, validity := structure.Whole(), authz.Between(from, until, p.zone)
	if f.Get("scope") != "whole" {
		scope = structure.Services(serviceIDs(f)...)
	}
	return structure.Approval{Role: structure.Role(f.Get("role")), Scope: &scope, Validity: &validity}, nil
}

func (p *portal) reject(c *call) error {
	v, d, err := p.deciding(c)
	if err != nil {
		return err
	}
	d.Rejected = true
	v.Form.Values, v.Data = p.proposal(d.Case), d
	v.Form.Values.Set("reason", c.r.PostFormValue("reason"))
	_, err = p.h.Structures.Reject(c.ctx(), c.actor(), d.Case.Membership.ID, structure.Refusal{Reason: c.r.PostFormValue("reason")})
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "request", v)
	case errors.Is(err, structure.ErrAlreadyDecided):
		return c.tooLate(d, err)
	case err != nil:
		return err
	}
	return c.done("/manage/requests", "request.rejected", "Name", d.Case.Applicant.DisplayName)
}

// tooLate shows the request as somebody else decided it.
func (c *call) tooLate(d requestData, err error) error {
	c.notice(false, c.p.h.Localize(err, c.tag()))
	return c.redirect("/manage/requests/" + url.PathEscape(string(d.Case.Membership.ID)))
}
