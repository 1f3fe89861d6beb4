package main

import (
	"net/http"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// deactivateData is what closing the account would mean.
type deactivateData struct {
	structure.Consequences
	Successors []successor // who takes over what, once named
	effects
}

// Estate is what the person is principal manager of.
func (d deactivateData) Estate() estate { return estate{d.Principal, d.Candidates} }

func (p *portal) deactivating(c *call, means structure.Consequences) *page {
	v := c.view("deactivate.title").under()
	d := deactivateData{Consequences: means}
	v.heirsOf(d.Estate())
	v.Data = d
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
	means, err := p.h.Structures.PrepareDeactivation(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	v := p.deactivating(c, means)
	v.Form.Values = f
	if f.Get("step") == "change" {
		return c.show("deactivate", v)
	}
	d := structure.Deactivation{Confirmed: f.Get("confirmed") == "yes", Token: f.Get("seen")}
	left := estate{means.Principal, means.Candidates}
	if d.SuccessorForAll, d.Successors = p.heirs(c, v, left); len(v.Form.Problems) > 0 {
		return c.render(http.StatusUnprocessableEntity, "deactivate", v)
	}
	var plan habilis.Plan
	var until structure.Consequences
	if f.Get("step") == "confirm" {
		until, err = p.h.Structures.Deactivate(c.ctx(), c.actor(), d)
	} else {
		plan, err = p.h.Preview(c.ctx(), func(dry *habilis.Habilis) error {
			_, err := dry.Structures.Deactivate(c.ctx(), c.actor(), d)
			return err
		})
	}
	switch {
	case err != nil:
		return p.notDeactivated(c, err)
	case f.Get("step") == "confirm":
		return p.goodbye(c, until)
	}
	v.Title = p.texts.text(c.lang, "deactivate.check")
	v.Data = deactivateData{Consequences: means, Successors: named(left, d.SuccessorForAll, d.Successors), effects: c.effects(plan)}
	return c.show("deactivatepreview", v)
}

// notDeactivated shows the form again, with the consequences as they are now.
func (p *portal) notDeactivated(c *call, err error) error {
	means, failed := p.h.Structures.PrepareDeactivation(c.ctx(), c.actor())
	if failed != nil {
		return failed
	}
	v := p.deactivating(c, means)
	v.Form.Values = c.r.PostForm
	left := estate{means.Principal, means.Candidates}
	where := map[habilis.Code]string{
		"consequences_changed": "", "successor_required": heirProblem(typedForAll, c.r.PostForm, left), "externally_managed": "", "acceptance_required": "",
	}
	if !c.refused(v, aboutHeirs(err, c.r.PostForm, left), where) {
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
