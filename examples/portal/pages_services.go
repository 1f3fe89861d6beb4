package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// servicesData is the services of a structure, as many as fit what was typed.
type servicesData struct {
	sheetData
	Units []structure.Unit
	Query string
}

// showServices lists the services of a structure: all of them to members, those that
// are offered to everybody else.
func (p *portal) showServices(c *call) error {
	v, d, err := p.part(c, "services.title")
	if err != nil {
		return err
	}
	query := c.r.URL.Query().Get("text")
	v.Form.Values = url.Values{"text": {query}}
	v.Form.called("text", "serviceText")
	offered, err := p.h.Structures.FindServices(c.ctx(), c.actor(), d.Structure.ID, query)
	if c.refused(v, err, nil) {
		offered, err = nil, nil
	}
	if err != nil {
		return err
	}
	if d.Record != nil {
		pattern := structure.NewPattern(query)
		if prefix := pattern.Prefix(); prefix != pattern {
			pattern = "*" + prefix
		}
		offered = slices.DeleteFunc(slices.Clone(d.Record.Services), func(u structure.Unit) bool {
			return !pattern.Match(structure.Fold(u.Code)) && !pattern.Match(structure.Fold(u.Name))
		})
	}
	v.Data = servicesData{d, offered, query}
	return c.show("services", v)
}

// UnitStatus is the state of a service as icon, word and colour.
func (v *page) UnitStatus(u structure.Unit) badge {
	switch now := v.portal.now(); {
	case !u.Active:
		return badge{"disabled", "off", v.T("service.inactive")}
	case u.Validity.Before(now):
		return v.Status("scheduled")
	case u.Validity.After(now):
		return v.Status("expired")
	default:
		return badge{"approved", "yes", v.T("service.active")}
	}
}

// beneathServices begins a page with the form of a service.
func beneathServices(v *page, d sheetData) {
	v.Crumbs = append(v.Crumbs, crumb{d.Path + "/services", v.T("services.short")})
	v.Form.called("name", "serviceName")
}

func (p *portal) showNewService(c *call) error {
	v, d, err := p.modifying(c, "service.new")
	if err != nil {
		return err
	}
	beneathServices(v, d)
	v.Data = serviceData{sheetData: d}
	return c.show("service", v)
}

// serviceData is one service in its form, the zero Unit for a new one.
type serviceData struct {
	sheetData
	Unit structure.Unit
}

func (p *portal) newService(c *call) error {
	v, d, err := p.modifying(c, "service.new")
	if err != nil {
		return err
	}
	f := c.r.PostForm
	beneathServices(v, d)
	v.Form.Values, v.Data = f, serviceData{sheetData: d}
	var bad typedError
	in := structure.ServiceSpec{Code: f.Get("serviceCode"), Name: f.Get("name"), From: typedDate(f, "from", &bad), Until: typedDate(f, "until", &bad)}
	list := d.Path + "/services"
	return c.change(v, change{
		Path: list + "/new", Back: list, Title: v.T("service.newpreview"), Submit: v.T("service.submit"),
		form: "service", bad: bad, where: map[habilis.Code]string{"service_exists": "serviceCode"},
		Facts: []fact{
			v.titled(v.T("label.serviceCode"), strings.TrimSpace(in.Code)), v.titled(v.T("label.serviceName"), strings.TrimSpace(in.Name)),
			{v.T("col.dates"), v.Span(authz.Between(in.From, in.Until, p.zone))},
		},
		Notes: []string{v.T("service.offered")},
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.AddService(c.ctx(), c.actor(), d.Structure.ID, in)
			return renamed(err, map[string]string{"code": "serviceCode"})
		},
		done: func() error { return c.done(list, "service.added", "Code", strings.TrimSpace(in.Code)) },
	})
}

// changing begins the page of a service that is there, in this structure.
func (p *portal) changing(c *call) (*page, serviceData, error) {
	v, d, err := p.modifying(c, "service.title")
	if err != nil {
		return nil, serviceData{}, err
	}
	id := structure.ServiceID(c.r.PathValue("service"))
	i := slices.IndexFunc(d.Record.Services, func(u structure.Unit) bool { return u.ID == id })
	if i < 0 {
		return nil, serviceData{}, structure.ErrNotFound
	}
	u := d.Record.Services[i]
	v.Title = v.T("service.one", "Code", u.Code, "Name", u.Name)
	beneathServices(v, d)
	return v, serviceData{d, u}, nil
}

func (p *portal) showService(c *call) error {
	v, d, err := p.changing(c)
	if err != nil {
		return err
	}
	v.Form.Values = url.Values{
		"name": {d.Unit.Name}, "from": {typed(d.Unit.Validity.FirstDay(p.zone))}, "until": {typed(d.Unit.Validity.LastDay(p.zone))},
	}
	if d.Unit.Active {
		v.Form.Values.Set("active", "yes")
	}
	v.Data = d
	return c.show("service", v)
}

// service changes a service, or deactivates it; the rights on it follow at once.
func (p *portal) service(c *call) error {
	v, d, err := p.changing(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values, v.Data = f, d
	var bad typedError
	in := structure.ServiceChange{
		Name: f.Get("name"), From: typedDate(f, "from", &bad), Until: typedDate(f, "until", &bad), Active: f.Get("active") == "yes",
	}
	list := d.Path + "/services"
	state := func(active bool) string {
		if active {
			return v.T("service.active")
		}
		return v.T("service.inactive")
	}
	return c.change(v, change{
		Path: list + "/" + url.PathEscape(string(d.Unit.ID)), Back: list, Title: v.T("service.preview", "Code", d.Unit.Code), Submit: v.T("form.save"), form: "service", bad: bad,
		Danger: d.Unit.Active && !in.Active,
		Facts: c.differing(v, edited{"label.serviceName", d.Unit.Name, in.Name},
			edited{"col.dates", v.Span(d.Unit.Validity), v.Span(authz.Between(in.From, in.Until, p.zone))},
			edited{"col.status", state(d.Unit.Active), state(in.Active)}),
		do: func(h *habilis.Habilis) error {
			_, err := h.Structures.UpdateService(c.ctx(), c.actor(), d.Unit.ID, in)
			return err
		},
		done: func() error { return c.done(list, "change.saved") },
	})
}
