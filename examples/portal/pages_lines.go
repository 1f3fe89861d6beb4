package main

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/structure"
)

const linesPath = "/manage/subscriptions"

// linesData is what is asked of spaces and waits for a manager.
type linesData struct {
	structure.Queue[structure.PendingLines]
	queue
	Outcomes []outcome
}

func (p *portal) awaitingLines(c *call) (*page, linesData, error) {
	v := c.view("lines.title").under("/manage", c.p.texts.text(c.lang, "manage.title"))
	found, filter, err := p.pending(c, v)
	if err != nil {
		return nil, linesData{}, err
	}
	d := linesData{Queue: found.Subscriptions}
	d.queue = queue{Filter: filter, Self: self(linesPath, filter, d.Number), Pager: leaf(v, filter, d.Page)}
	d.Pager.requests = true
	d.Places, err = p.places(c)
	v.Data = d
	return v, d, err
}

func (p *portal) showLines(c *call) error {
	v, d, err := p.awaitingLines(c)
	if err != nil {
		return err
	}
	if d.Outcomes, err = c.kept(); err != nil {
		return err
	}
	v.Data = d
	return c.show("lines", v)
}

// decideLines approves or refuses the lines that are ticked, of any people and
// structures, once what would come of it was shown.
func (p *portal) decideLines(c *call) error {
	v, d, err := p.awaitingLines(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	ids, refuse := lineIDs(f["items"]), f.Get("act") == "reject"
	switch {
	case f.Get("step") == "change":
		return c.show("lines", v)
	case f.Get("act") == "csv":
		return p.list(c, v.T("lines.file"), func(format structure.CSV, w io.Writer) (int, error) {
			return p.h.Structures.ExportSubscriptions(c.ctx(), c.actor(), structure.SubscriptionExport{
				Structure: structure.ID(d.Filter.Get("structure")), Statuses: []structure.SubscriptionStatus{structure.SubscriptionPending},
			}, format, w)
		})
	case len(ids) == 0:
		v.Form.add("items", v.T("bulk.none"))
		return c.render(http.StatusUnprocessableEntity, "lines", v)
	}
	var out []structure.SubscriptionOutcome
	plan, done, err := p.rehearse(c, func(s *structure.Service) (err error) {
		if refuse {
			out, err = s.RejectManySubscriptions(c.ctx(), c.actor(), ids, structure.Refusal{Reason: f.Get("reason")})
		} else {
			out, err = s.ApproveManySubscriptions(c.ctx(), c.actor(), ids...)
		}
		return err
	})
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "lines", v)
	case err != nil:
		return err
	}
	rows := make([]outcome, 0, len(out))
	for _, o := range out {
		rows = append(rows, p.lineBecame(c, v, d.Items, o))
	}
	if done {
		return c.tellEach(d.Self, rows)
	}
	return p.preview(c, v.deciding(refuse, d.Self, len(ids)), plan, v.ruling(refuse, d.Self, rows, v.T("lines.line")))
}

func lineIDs(in []string) []structure.SubscriptionID {
	var out []structure.SubscriptionID
	for _, id := range in {
		out = append(out, structure.SubscriptionID(id))
	}
	return out
}

// lineBecame tells what became of one line.
func (p *portal) lineBecame(c *call, v *page, groups []structure.PendingLines, o structure.SubscriptionOutcome) outcome {
	row := outcome{Name: v.T("lines.unknown"), Good: o.Err == nil}
	if o.Subscription.ID != "" {
		row.Name = v.Profile(o.Subscription)
	}
	for _, g := range groups {
		if i := slices.IndexFunc(g.Lines, func(l structure.Subscription) bool { return l.ID == o.ID }); i >= 0 {
			row.Name = g.Applicant.DisplayName + v.T("form.colon") + " " + v.Profile(g.Lines[i])
			if code := unitCode(g.Units, g.Lines[i].Service); code != "" {
				row.Name += ", " + v.T("scope.service", "Code", code)
			}
		}
	}
	switch {
	case errors.Is(o.Err, structure.ErrAlreadyDecided) && o.Subscription.ID != "":
		row.Text = v.T("bulk.faster", "Status", v.T("status."+string(o.Subscription.Status)), "Moment", v.Moment(o.Subscription.DecidedAt))
	case o.Err != nil:
		row.Text = p.h.Localize(o.Err, c.tag())
	}
	return row
}

// Profile names the right that a line is about.
func (v *page) Profile(s structure.Subscription) string {
	return v.portal.h.Structures.ProfileName(s.Space, s.Level, tagOf(v.Lang))
}

// UnitNamed names the service of a line, "" for all that the membership covers.
func (v *page) UnitNamed(units []structure.Unit, id structure.ServiceID) string {
	for _, u := range units {
		if u.ID == id {
			return strings.TrimSpace(u.Code + " " + u.Name)
		}
	}
	return ""
}
