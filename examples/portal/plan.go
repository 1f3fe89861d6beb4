package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// planned is a change before it is made: what it is, and what would come of it.
type planned struct {
	Path    string // where the form goes
	Back    string // where giving up leads
	Confirm string // the word on the button
	Danger  bool   // the change takes something away
	Facts   []fact
	Rows    []outcome // what would become of each of several things
	Head    string    // what these are
	None    bool      // nothing of it is possible
	effects
}

// rehearse does what a form asks for if that was confirmed, else it tells what it would
// do. With fields that cannot be read it only tries, to find what else is wrong.
func (p *portal) rehearse(c *call, do func(*structure.Service) error, bad ...habilis.FieldError) (plan habilis.Plan, done bool, err error) {
	if c.r.PostForm.Get("step") == "confirm" && len(bad) == 0 {
		return habilis.Plan{}, true, do(p.h.Structures)
	}
	plan, err = p.h.Preview(c.ctx(), func(dry *habilis.Habilis) error { return do(dry.Structures) })
	return plan, false, typedError(bad).and(err)
}

// preview shows a change that is yet to be confirmed.
func (p *portal) preview(c *call, v *page, plan habilis.Plan, d planned) error {
	d.effects = c.effects(plan)
	d.None = len(d.Rows) > 0 && !slices.ContainsFunc(d.Rows, func(o outcome) bool { return o.Good })
	v.Data = d
	return c.show("planned", v)
}

// keyRows holds what became of each of several things, as JSON.
const keyRows = "rows"

// keep holds what became of several things for the page that comes next.
func (c *call) keep(rows []outcome) error {
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("keeping the outcome: %w", err)
	}
	c.put(keyRows, string(raw))
	return nil
}

// kept returns what became of several things, once.
func (c *call) kept() ([]outcome, error) {
	raw := c.p.sessions.PopString(c.ctx(), keyRows)
	if raw == "" {
		return nil, nil
	}
	var rows []outcome
	return rows, json.Unmarshal([]byte(raw), &rows)
}

// tellEach says how many of several things were done, and keeps what became of each.
func (c *call) tellEach(path string, rows []outcome) error {
	good := goodOf(rows)
	if err := c.keep(rows); err != nil {
		return err
	}
	c.notice(good == len(rows), c.p.texts.text(c.lang, "bulk.done", "Count", good, "All", len(rows)))
	return c.redirect(path)
}

// became tells what became, or would become, of one membership: where somebody else was
// faster, what that person decided.
func (c *call) became(v *page, name string, o structure.Outcome) outcome {
	row := outcome{Name: name, Good: o.Err == nil}
	fields := habilis.FieldsOf(o.Err)
	switch {
	case len(fields) > 0 && fields[0].Path == "until":
		row.Text = v.T("label.until") + v.T("form.colon") + " " + c.p.h.LocalizeField(fields[0], c.tag())
	case errors.Is(o.Err, structure.ErrAlreadyDecided) && o.Membership.ID != "":
		row.Text = v.T("bulk.faster", "Status", v.T("status."+string(o.Membership.Status)), "Moment", v.Moment(o.Membership.DecidedAt))
	case o.Err != nil:
		row.Text = c.p.h.Localize(o.Err, c.tag())
	}
	if row.Name == "" {
		row.Name = v.T("members.unknown")
	}
	return row
}
