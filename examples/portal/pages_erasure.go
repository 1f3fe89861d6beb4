package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

const erasurePath = "/operator/erasure"

// officer reports whether whoever is signed in is the data-protection officer: the
// person who proved to hold the address that the operator gave at start.
func (c *call) officer() bool {
	return c.me != nil && c.p.officer != "" && c.me.Login == c.p.officer
}

// Officer reports whether the menu leads to what only the officer may do.
func (v *page) Officer() bool { return v.officer }

// staff is the officer as the history names them. To everybody else the page does not
// exist.
func (c *call) staff() (account.Actor, error) {
	if !c.officer() {
		return account.Actor{}, errNoPage
	}
	return account.Support(string(c.me.ID)), c.p.proven(c)
}

func (c *call) viewErasure() *page {
	v := c.view("erasure.title").under()
	v.Form.called("login", "erased")
	return v
}

func (p *portal) showErasure(c *call) error {
	if _, err := c.staff(); err != nil {
		return err
	}
	return c.show("erasure", c.viewErasure())
}

// erasure takes the form twice: to show what erasing an account would do, and to do it.
func (p *portal) erasure(c *call) error {
	by, err := c.staff()
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v := c.viewErasure()
	v.Form.Values = f
	if f.Get("step") == "change" {
		return c.show("erasure", v)
	}
	id, err := p.h.Accounts.IDByLogin(c.ctx(), by, f.Get("login"))
	var plan structure.Erasure
	if err == nil {
		plan, err = p.h.Structures.PlanErasure(c.ctx(), by, id)
	}
	switch {
	case errors.Is(err, structure.ErrNotFound):
		v.Form.add("login", v.T("erasure.nobody"))
		return c.render(http.StatusUnprocessableEntity, "erasure", v)
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "erasure", v)
	case err != nil:
		return err
	}
	v.Title = v.T("erasure.plan", "Name", plan.Person.DisplayName)
	v.Crumbs = append(v.Crumbs, crumb{erasurePath, v.T("erasure.title")})
	v.Data = plan
	if f.Get("step") != "confirm" {
		return c.show("erasureplan", v)
	}
	return p.erase(c, v, by, plan)
}

// erase does what was read. What has changed since is shown again.
func (p *portal) erase(c *call, v *page, by account.Actor, plan structure.Erasure) error {
	f, err := c.r.PostForm, error(nil)
	if f.Get("confirmed") == "yes" {
		plan, err = p.h.Structures.Erase(c.ctx(), by, plan.Account, f.Get("seen"))
	} else {
		err = typedError{{Path: "confirmed", Code: "confirmation"}}
	}
	where := map[habilis.Code]string{"consequences_changed": "", "legal_hold": "", "successor_required": ""}
	switch {
	case c.refused(v, err, where):
		if plan.Account != "" {
			v.Data = plan
		}
		v.Form.Values = url.Values{"login": f["login"]}
		return c.render(http.StatusUnprocessableEntity, "erasureplan", v)
	case err != nil:
		return err
	}
	return c.done(erasurePath, "erasure.done", "Login", f.Get("login"))
}

// oneOf is the problem of a choice that is none of those offered.
func oneOf(field string) habilis.FieldError { return habilis.FieldError{Path: field, Code: "oneof"} }

// PersonStatus is the state of an account as icon, word and colour.
func (v *page) PersonStatus(s account.Status) badge {
	switch s {
	case account.StatusActive:
		return badge{"approved", "yes", v.T("person.active")}
	case account.StatusPendingActivation:
		return badge{"scheduled", "later", v.T("members.waits")}
	case account.StatusDeactivated:
		return badge{"disabled", "off", v.T("person.deactivated")}
	default:
		return badge{"disabled", "off", v.T("person.other")}
	}
}
