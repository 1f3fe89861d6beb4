package main

import (
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// shownOnDashboard is how many requests of each kind the dashboard shows.
const shownOnDashboard = 5

// dashboardData is what waits for a manager, and what there is to manage.
type dashboardData struct {
	Requests   int
	Oldest     time.Time // when the oldest request to join was made
	Cases      []structure.Case
	Lines      int // of requests for spaces
	OldestLine time.Time
	Groups     []structure.PendingLines
	Managed    []managedRow
}

// managedRow is a structure of the manager's, and what may be done there.
type managedRow struct {
	structure.Managed
	Members, History, Delegate bool
}

// dashboard shows what waits, the oldest first.
func (p *portal) dashboard(c *call) error {
	var d dashboardData
	cases, err := p.h.Structures.Pending(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	if d.Requests = len(cases); d.Requests > 0 {
		d.Oldest, d.Cases = cases[0].Membership.RequestedAt, cases[:min(len(cases), shownOnDashboard)]
	}
	groups, err := p.h.Structures.PendingSubscriptions(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	for _, g := range groups {
		d.Lines += len(g.Lines)
		if at := g.Lines[0].RequestedAt; d.OldestLine.IsZero() || at.Before(d.OldestLine) {
			d.OldestLine = at
		}
	}
	d.Groups = groups[:min(len(groups), shownOnDashboard)]
	managed, err := p.h.Structures.Managed(c.ctx(), c.actor(), structure.PageRequest{Size: structure.MaxPageSize})
	if err != nil && !errors.Is(err, account.ErrActor) {
		return err
	}
	for _, m := range managed.Items {
		row := managedRow{Managed: m}
		for act, allowed := range map[authz.Action]*bool{
			authz.ActionManageMembers: &row.Members, authz.ActionReadHistory: &row.History, authz.ActionDelegate: &row.Delegate,
		} {
			if *allowed, err = p.may(c.ctx(), c, m.Structure.ID, act); err != nil {
				return err
			}
		}
		d.Managed = append(d.Managed, row)
	}
	v := c.view("manage.title").under()
	v.Data = d
	return c.show("dashboard", v)
}
