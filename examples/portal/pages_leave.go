package main

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// held is one row of what somebody can leave: a service of a structure, or the whole of
// it.
type held struct {
	Value      string // of its box: the structure, with the service behind a point
	Case       structure.Case
	Unit       structure.Unit // the zero Unit for the whole structure
	Departable bool           // not for the principal manager, who names a successor
}

// leaveData is what can be left, or what was ticked of it.
type leaveData struct {
	Rows  []held
	Plan  changeData
	Count int // of those that are ticked
}

// holdings lists what the person holds, a row for each service.
func (p *portal) holdings(c *call) ([]held, error) {
	mine, err := p.h.Structures.Mine(c.ctx(), c.actor())
	if err != nil {
		return nil, err
	}
	var out []held
	for _, m := range mine {
		if m.Membership.Status != structure.StatusApproved {
			continue
		}
		row := held{Value: string(m.Structure.ID), Case: m, Departable: m.Membership.Role != structure.RolePrincipalManager}
		if m.Membership.Granted.Whole {
			out = append(out, row)
			continue
		}
		for _, u := range m.Units {
			if slices.Contains(m.Membership.Granted.Services, u.ID) {
				row.Value, row.Unit = string(m.Structure.ID)+"."+string(u.ID), u
				out = append(out, row)
			}
		}
	}
	return out, nil
}

func (p *portal) leaving(c *call) (*page, leaveData, error) {
	rows, err := p.holdings(c)
	if err != nil {
		return nil, leaveData{}, err
	}
	v := c.view("leave.title").under(membershipsPath, p.texts.text(c.lang, "memberships.title"))
	d := leaveData{Rows: rows}
	v.Data = d
	return v, d, nil
}

func (p *portal) showLeave(c *call) error {
	v, d, err := p.leaving(c)
	if err != nil {
		return err
	}
	v.Form.Values = url.Values{}
	for _, row := range d.Rows {
		if row.Departable && string(row.Case.Structure.ID) == c.r.URL.Query().Get("structure") {
			v.Form.Values.Add("leave", row.Value)
		}
	}
	return c.show("leave", v)
}

// departures turns ticked rows into what is left of each structure, in the order of the
// rows. Whoever ticks every service leaves the structure.
func departures(rows []held, ticked []string) ([]structure.Departure, []held) {
	var out []structure.Departure
	var chosen []held
	for _, row := range rows {
		if !row.Departable || !slices.Contains(ticked, row.Value) {
			continue
		}
		chosen = append(chosen, row)
		i := slices.IndexFunc(out, func(d structure.Departure) bool { return d.Structure == row.Case.Structure.ID })
		if i < 0 {
			out, i = append(out, structure.Departure{Structure: row.Case.Structure.ID}), len(out)
		}
		if row.Unit.ID != "" {
			out[i].Services = append(out[i].Services, row.Unit.ID)
		}
	}
	return out, chosen
}

// leaveStructures shows what leaving would take away, each row with its box, and leaves
// what is still ticked.
func (p *portal) leaveStructures(c *call) error {
	v, d, err := p.leaving(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	ds, chosen := departures(d.Rows, f["leave"])
	switch step := f.Get("step"); {
	case step == "change":
		return c.show("leave", v)
	case len(ds) == 0:
		v.Form.add("leave", v.T("leave.none"))
		return c.render(http.StatusUnprocessableEntity, "leave", v)
	case step == "confirm":
		return p.leaveNow(c, v, d.Rows, ds)
	}
	var rows []outcome
	plan, err := p.h.Preview(c.ctx(), func(dry *habilis.Habilis) error {
		results, err := dry.Structures.Leave(c.ctx(), c.actor(), ds...)
		rows = c.leftRows(v, d.Rows, results)
		return err
	})
	if err != nil {
		return err
	}
	refused := slices.DeleteFunc(rows, func(r outcome) bool { return r.Good })
	v.Title = v.T("leave.preview")
	v.Data = leaveData{Rows: chosen, Count: len(chosen), Plan: changeData{
		change: change{Rows: refused}, effects: c.effects(plan),
	}}
	return c.show("leavepreview", v)
}

func (p *portal) leaveNow(c *call, v *page, all []held, ds []structure.Departure) error {
	results, err := p.h.Structures.Leave(c.ctx(), c.actor(), ds...)
	if err != nil {
		return err
	}
	rows := c.leftRows(v, all, results)
	c.notice(goodOf(rows) == len(rows), v.T("leave.done", "Count", goodOf(rows), "All", len(rows)))
	if err := c.keep(rows); err != nil {
		return err
	}
	return c.redirect(membershipsPath)
}

// leftRows tells what became of each departure.
func (c *call) leftRows(v *page, all []held, results []structure.Outcome) []outcome {
	rows := make([]outcome, 0, len(results))
	for _, r := range results {
		row := outcome{Good: r.Err == nil}
		for _, h := range all {
			if h.Case.Structure.ID == r.Structure {
				row.Name = h.Case.Structure.DisplayName()
			}
		}
		switch {
		case r.Err != nil:
			row.Text = c.p.h.Localize(r.Err, c.tag())
		case r.Membership.Status == structure.StatusApproved:
			row.Text = v.T("leave.services")
		default:
			row.Text = v.T("leave.left")
		}
		rows = append(rows, row)
	}
	return rows
}
