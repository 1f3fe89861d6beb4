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
	Effects []effect
	Mails   []habilis.PlannedMail
	None    bool // nothing of it is possible
}

// fact is a line of what a change is about.
type fact struct{ Name, Text string }

// effect is what one person would gain and lose in one structure.
type effect struct {
	Who, Where   string
	Gained, Lost []group
}

// rehearse does what a form asks for if that was confirmed, else it tells what it would
// do.
func (p *portal) rehearse(c *call, do func(*structure.Service) error) (plan habilis.Plan, done bool, err error) {
	if c.r.PostForm.Get("step") == "confirm" {
		return habilis.Plan{}, true, do(p.h.Structures)
	}
	plan, err = p.h.Preview(c.ctx(), func(dry *habilis.Habilis) error { return do(dry.Structures) })
	return plan, false, err
}

// preview shows a change that is yet to be confirmed.
func (p *portal) preview(c *call, v *page, plan habilis.Plan, d planned) error {
	d.Effects, d.Mails = p.effects(c, plan), plan.Mails
	d.None = len(d.Rows) > 0 && !slices.ContainsFunc(d.Rows, func(o outcome) bool { return o.Good })
	v.Data = d
	return c.show("planned", v)
}

// effects groups the changes of rights by whom they are about.
func (p *portal) effects(c *call, plan habilis.Plan) []effect {
	var out []effect
	of := func(ch habilis.Change) *effect {
		i := slices.IndexFunc(out, func(e effect) bool { return e.Who == ch.AccountName && e.Where == ch.StructureName })
		if i < 0 {
			out, i = append(out, effect{Who: ch.AccountName, Where: ch.StructureName}), len(out)
		}
		return &out[i]
	}
	for _, g := range plan.Gained {
		e := of(g)
		e.Gained = grouped(e.Gained, g.ServiceName, p.spaceLabel(c, g.Space), g.Level)
	}
	for _, l := range plan.Lost {
		e := of(l)
		e.Lost = grouped(e.Lost, l.ServiceName, p.spaceLabel(c, l.Space), l.Level)
	}
	return out
}

// keep holds what became of several things for the page that comes next.
func (c *call) keep(rows []outcome) error {
	raw, err := json.Marshal(rows)
	if err != nil {
		return fmt.Errorf("keeping the outcome: %w", err)
	}
	c.put(keyResent, string(raw))
	return nil
}

// kept returns what became of several things, once.
func (c *call) kept() ([]outcome, error) {
	raw := c.p.sessions.PopString(c.ctx(), keyResent)
	if raw == "" {
		return nil, nil
	}
	var rows []outcome
	return rows, json.Unmarshal([]byte(raw), &rows)
}

// tellEach says how many of several things were done, and keeps what became of each.
func (c *call) tellEach(path string, rows []outcome) error {
	good := 0
	for _, r := range rows {
		if r.Good {
			good++
		}
	}
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
	switch {
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
