package main

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// deactivateData is what closing the account would mean.
type deactivateData struct {
	structure.Consequences
	Successors []successor // who takes over what, once named
	Mails      []habilis.PlannedMail
}

// successor is who takes over one structure.
type successor struct {
	Structure structure.Structure
	Login     string
}

// heirField names the field of one structure's successor.
func heirField(id structure.ID) string { return "successor-" + string(id) }

// Heir describes the field of one structure's successor.
func (v *page) Heir(st structure.Structure) input {
	name := heirField(st.ID)
	in := input{Name: name, Type: "email", Label: st.DisplayName(), Autocomplete: "off", Value: v.Form.Value(name), Problems: v.Form.Of(name)}
	in.Hint = v.T("deactivate.heir", "Identifier", st.Identifier.Value)
	in.DescribedBy = name + "-hint"
	if len(in.Problems) > 0 {
		in.DescribedBy += " " + name + "-error"
	}
	return in
}

// HeirOfAll describes the field of one successor for all structures, where that is one
// of two ways.
func (v *page) HeirOfAll() input {
	in := v.Input("successorForAll", "email", "off", "optional")
	in.Optional = ""
	return in
}

func (p *portal) deactivating(c *call, means structure.Consequences) *page {
	v := c.view("deactivate.title").under()
	v.Form.Names = map[string]string{"successors": v.T("label.successorForAll")}
	for _, st := range means.Principal {
		v.Form.Names[heirField(st.ID)] = st.DisplayName()
	}
	v.Form.Values = url.Values{"way": {"all"}}
	v.Data = deactivateData{Consequences: means}
	return v
}

func (p *portal) showDeactivate(c *call) error {
	means, err := p.h.Structures.PrepareDeactivation(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	return c.show("deactivate", p.deactivating(c, means))
}

// deactivate takes the form three times over: to show who would take over and be told,
// to change it, and to close the account.
func (p *portal) deactivate(c *call) error {
	f := c.r.PostForm
	d := p.farewell(f)
	var means structure.Consequences
	var plan habilis.Plan
	var err error
	switch f.Get("step") {
	case "change":
		means, err = p.h.Structures.PrepareDeactivation(c.ctx(), c.actor())
	case "confirm":
		means, err = p.h.Structures.Deactivate(c.ctx(), c.actor(), d)
	default:
		plan, err = p.h.Preview(c.ctx(), func(dry *habilis.Habilis) (err error) {
			means, err = dry.Structures.Deactivate(c.ctx(), c.actor(), d)
			return err
		})
	}
	if err != nil {
		return p.notDeactivated(c, err)
	}
	v := p.deactivating(c, means)
	v.Form.Values = f
	switch f.Get("step") {
	case "change":
		return c.show("deactivate", v)
	case "confirm":
		return p.goodbye(c, means)
	}
	v.Title = p.texts.text(c.lang, "deactivate.check")
	v.Data = deactivateData{Consequences: means, Successors: named(means, d), Mails: plan.Mails}
	return c.show("deactivatepreview", v)
}

// farewell reads the form.
func (p *portal) farewell(f url.Values) structure.Deactivation {
	d := structure.Deactivation{Confirmed: f.Get("confirmed") == "yes", Token: f.Get("seen")}
	if f.Get("way") != "each" {
		d.SuccessorForAll.Login = strings.TrimSpace(f.Get("successorForAll"))
		return d
	}
	d.Successors = map[structure.ID]structure.Successor{}
	for name, values := range f {
		id, isHeir := strings.CutPrefix(name, "successor-")
		if login := strings.TrimSpace(values[0]); isHeir && login != "" {
			d.Successors[structure.ID(id)] = structure.Successor{Login: login}
		}
	}
	return d
}

// named tells who takes over what.
func named(means structure.Consequences, d structure.Deactivation) []successor {
	var out []successor
	for _, st := range means.Principal {
		who := d.SuccessorForAll.Login
		if one, ok := d.Successors[st.ID]; ok {
			who = one.Login
		}
		out = append(out, successor{st, who})
	}
	return out
}

// notDeactivated shows the form again, with the consequences as they are now.
func (p *portal) notDeactivated(c *call, err error) error {
	means, failed := p.h.Structures.PrepareDeactivation(c.ctx(), c.actor())
	if failed != nil {
		return failed
	}
	v := p.deactivating(c, means)
	v.Form.Values = c.r.PostForm
	var own typedError
	for _, f := range habilis.FieldsOf(err) {
		if id, ok := strings.CutPrefix(f.Path, "successors["); ok {
			f.Path = heirField(structure.ID(strings.TrimSuffix(id, "]")))
		}
		own = append(own, f)
	}
	if own != nil {
		err = own
	}
	where := map[habilis.Code]string{"consequences_changed": "", "successor_required": "successorForAll", "externally_managed": ""}
	if !c.refused(v, err, where) {
		return err
	}
	return c.render(http.StatusUnprocessableEntity, "deactivate", v)
}

// goodbye ends the session of this browser; the others ended with the account.
func (p *portal) goodbye(c *call, means structure.Consequences) error {
	if err := c.leave(); err != nil {
		return err
	}
	c.put(keyClosedUntil, means.Until.Format(time.RFC3339))
	return c.redirect("/account/deactivated")
}

// deactivated says until when one can come back, to the browser that left.
func (p *portal) deactivated(c *call) error {
	until, err := time.Parse(time.RFC3339, c.get(keyClosedUntil))
	if err != nil || c.me != nil {
		return c.redirect("/")
	}
	v := c.view("deactivated.title")
	v.Data = until
	return c.show("deactivated", v)
}

// Blocks reports whether an external directory keeps the accounts of structures that
// the person is principal manager of.
func (d deactivateData) Blocks() bool { return len(d.Blocked()) > 0 }
