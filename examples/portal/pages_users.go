package main

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

const usersPath = "/manage/users"

// usersData is one page of the people in the structures that somebody manages.
type usersData struct {
	structure.Page[structure.User]
	queue
	Units    []structure.Unit // of the structure that the search is about
	Outcomes []outcome
	Nowhere  bool // the person may look for users in no structure
}

// userFilters are the names of what a search for users takes.
func userFilters() []string {
	return []string{"family", "given", "login", "town", "country", "status", "structure", "service", "size"}
}

func userSearch(q url.Values) structure.UserSearch {
	return structure.UserSearch{
		Family: q.Get("family"), Given: q.Get("given"), Login: q.Get("login"), Town: q.Get("town"), Country: q.Get("country"),
		Status: account.Status(q.Get("status")), Structure: structure.ID(q.Get("structure")), Service: structure.ServiceID(q.Get("service")),
	}
}

// looking loads one page of what a search for users finds. A service belongs to a
// structure: with another one, it is dropped.
func (p *portal) looking(c *call) (*page, usersData, error) {
	q := c.r.URL.Query()
	d := usersData{queue: queue{Filter: filtered(q, userFilters()...)}}
	v := c.view("users.title").under("/manage", p.texts.text(c.lang, "manage.title"))
	v.Form.called("login", "loginAddress")
	v.Form.called("country", "address.country")
	var err error
	if err := p.lookingIn(c, &d); err != nil {
		return nil, d, err
	}
	v.Form.Values = d.Filter
	d.Page, err = p.h.Structures.Users(c.ctx(), c.actor(), userSearch(d.Filter), leafing(q))
	switch {
	case c.refused(v, err, nil):
		err = nil
	case errors.Is(err, structure.ErrDenied) && len(d.Places) == 0:
		d.Nowhere, err = true, nil
	}
	if err != nil {
		return nil, d, err
	}
	d.Pager, d.Self = leaf(v, d.Filter, d.Page), self(usersPath, d.Filter, d.Number)
	v.Data = d
	return v, d, nil
}

// lookingIn loads the structures in which the person may look for users, and the services
// of the one that is asked for.
func (p *portal) lookingIn(c *call, d *usersData) error {
	managed, err := p.places(c)
	if err != nil {
		return err
	}
	for _, place := range managed {
		may, err := p.may(c.ctx(), c, structure.ID(place.Value), authz.ActionSearchUsers)
		if err != nil {
			return err
		}
		if may {
			d.Places = append(d.Places, place)
		}
	}
	id := d.Filter.Get("structure")
	if slices.ContainsFunc(d.Places, func(at choice) bool { return at.Value == id }) {
		if d.Units, err = p.h.Structures.Services(c.ctx(), c.actor(), structure.ID(id)); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(d.Units, func(u structure.Unit) bool { return string(u.ID) == d.Filter.Get("service") }) {
		d.Filter.Del("service")
	}
	return nil
}

// showUsers shows who is in the structures that somebody manages.
func (p *portal) showUsers(c *call) error {
	v, d, err := p.looking(c)
	if err != nil {
		return err
	}
	if len(v.Form.Problems) > 0 {
		return c.render(http.StatusUnprocessableEntity, "users", v)
	}
	if d.Outcomes, err = c.kept(); err != nil {
		return err
	}
	v.Data = d
	return c.show("users", v)
}

// useUsers hands out those who are ticked, or all whom the search finds, as a file, or
// sends activation mails again.
func (p *portal) useUsers(c *call) error {
	v, d, err := p.looking(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values["people"] = f["people"]
	var people []account.ID
	for _, id := range f["people"] {
		people = append(people, account.ID(id))
	}
	all := f.Get("act") == "csvall"
	switch {
	case len(people) == 0 && !all:
		v.Form.add("people", v.T("members.none"))
		return c.render(http.StatusUnprocessableEntity, "users", v)
	case all || f.Get("act") == "csv":
		return p.list(c, v.T("users.file"), func(format structure.CSV, w io.Writer) (int, error) {
			return p.h.Structures.ExportUsers(c.ctx(), c.actor(), structure.UserExport{Search: userSearch(d.Filter), Ticked: people, All: all}, format, w)
		})
	}
	return p.resendToUsers(c, v, d, people)
}

// resendToUsers sends activation mails again, in the name of a structure that each of the
// people belongs to, and tells of each what became of it.
func (p *portal) resendToUsers(c *call, v *page, d usersData, people []account.ID) error {
	var rows []outcome
	for _, u := range d.Items {
		if !slices.Contains(people, u.Person.ID) || len(u.Structures) == 0 {
			continue
		}
		row := outcome{Name: u.Person.DisplayName}
		results, err := p.h.Structures.ResendActivation(c.ctx(), c.actor(), u.Structures[0].ID, u.Person.ID)
		if err == nil {
			err = results[0].Err
		}
		if row.Good = err == nil; row.Good {
			row.Text = v.T("members.sent", "To", results[0].Sent.To, "Until", v.Moment(results[0].Sent.Until))
		} else if statusOf(err) == http.StatusInternalServerError {
			return err
		} else {
			row.Text = p.h.Localize(err, c.tag())
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return structure.ErrNotFound
	}
	if err := c.keep(rows); err != nil {
		return err
	}
	c.notice(goodOf(rows) == len(rows), v.T("members.done", "Count", goodOf(rows), "All", len(rows)))
	return c.redirect(d.Self)
}

// AccountStatus is what an account is, as icon, word and colour.
func (v *page) AccountStatus(s account.Status) badge {
	switch s {
	case account.StatusActive:
		return badge{"approved", "yes", v.T("users.active")}
	case account.StatusPendingActivation:
		return badge{"scheduled", "later", v.T("members.waits")}
	default:
		return badge{"disabled", "off", v.T("users.deactivated")}
	}
}

// AccountStatuses lists what accounts can be looked for by.
func (v *page) AccountStatuses() []choice {
	var out []choice
	for _, s := range []account.Status{account.StatusPendingActivation, account.StatusActive, account.StatusDeactivated} {
		out = append(out, choice{string(s), v.AccountStatus(s).Text})
	}
	return out
}
