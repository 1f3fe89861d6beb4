package main

import (
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// shownOnDashboard is how many requests of each kind the dashboard shows.
const shownOnDashboard = 5

// dashboardData is what waits for a manager, and what there is to manage.
type dashboardData struct {
	structure.Dashboard
	Managed   []managedRow
	Principal bool // the person can hand over one of them
}

// managedRow is a structure of the manager's, and what may be done there.
type managedRow struct {
	structure.Managed
	Members, History, Delegate bool
}

// dashboard shows what waits, the oldest first.
func (p *portal) dashboard(c *call) error {
	var d dashboardData
	var err error
	few := structure.PageRequest{Size: shownOnDashboard}
	if d.Dashboard, err = p.h.Structures.PendingActions(c.ctx(), c.actor(), structure.PendingQuery{Memberships: few, Subscriptions: few}); err != nil {
		return err
	}
	managed, err := p.h.Structures.Managed(c.ctx(), c.actor(), structure.PageRequest{Size: structure.MaxPageSize})
	if err != nil {
		return err
	}
	for _, m := range managed.Items {
		row := managedRow{Managed: m}
		d.Principal = d.Principal || m.Role == structure.RolePrincipalManager
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
