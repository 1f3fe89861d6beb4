package main

import (
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

const enrolPath = "/enrol"

func (p *portal) enrolRoutes() map[string]route {
	return map[string]route{enrolPath: {get: p.showEnrol, in: true, enrols: true}}
}

// enrolling takes a session that is good for adding an application or a key alone: routes
// that are not for that see nobody in it, and the others no more than whose it is.
func (c *call) enrolling(held account.Session, rt route) error {
	by, err := c.p.h.SignIns.Enrolling(c.ctx(), held)
	if err != nil {
		return err
	}
	if c.enrols = true; rt.enrols {
		c.me, c.held = &account.Account{ID: by.ID, Language: c.lang}, held
	}
	return nil
}

// showEnrol says that an application or a key is due, and leads to adding one; once there
// is one, to proving it.
func (p *portal) showEnrol(c *call) error {
	if !c.enrols {
		return c.redirect("/")
	}
	all, err := p.h.SignIns.ListFactors(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(e mfa.Enrolled) bool {
		return e.Kind == account.FactorAuthenticator || e.Kind == account.FactorSecurityKey && p.keys
	}) {
		return c.toProof("/")
	}
	v := c.view("enrol.title")
	v.Data = p.keys
	return c.show("enrol", v)
}
