package main

import (
	"net/url"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

const orphansPath = "/operator/orphans"

// operator reports whether whoever is signed in runs the portal: the person who proved to
// hold the address that was given at start.
func (c *call) operator() bool {
	return c.me != nil && c.p.operator != "" && c.me.Login == c.p.operator
}

// Operator reports whether the menu leads to what only the operator may do.
func (v *page) Operator() bool { return v.operator }

// desk is the operator as the history names them, who proved it lately. To everybody else
// the pages do not exist.
func (c *call) desk() (account.Actor, error) {
	if !c.operator() {
		return account.Actor{}, errNoPage
	}
	return account.Support(string(c.me.ID)), c.p.proven(c)
}

// maxOrphans is how many structures the page of orphans lists.
const maxOrphans = 100

// orphansData is the structures that nobody can manage.
type orphansData struct {
	Structures []structure.Structure
	More       bool // there are others
}

// showOrphans lists the structures that nobody can manage.
func (p *portal) showOrphans(c *call) error {
	by, err := c.desk()
	if err != nil {
		return err
	}
	var d orphansData
	for o, err := range p.h.Structures.OrphanStructures(c.ctx(), by) {
		if err != nil {
			return err
		}
		if d.More = len(d.Structures) == maxOrphans; d.More {
			break
		}
		d.Structures = append(d.Structures, o.Structure)
	}
	v := c.view("orphans.title").under()
	v.Data = d
	return c.show("orphans", v)
}

func (p *portal) appointing(c *call) (*page, structure.Structure, account.Actor, error) {
	by, err := c.desk()
	if err != nil {
		return nil, structure.Structure{}, by, err
	}
	st, err := p.h.Structures.Structure(c.ctx(), c.actor(), structure.ID(c.r.PathValue("id")))
	if err != nil {
		return nil, st, by, err
	}
	v := c.view("appoint.title", "Structure", st.DisplayName()).under(orphansPath, p.texts.text(c.lang, "orphans.title"))
	v.Form.called("login", "successorForAll")
	v.Form.called("reason", "appointReason")
	v.Data = st
	return v, st, by, nil
}

func (p *portal) showAppoint(c *call) error {
	v, _, _, err := p.appointing(c)
	if err != nil {
		return err
	}
	return c.show("appoint", v)
}

// appoint gives a structure another principal manager, once what that means was shown.
func (p *portal) appoint(c *call) error {
	v, st, by, err := p.appointing(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	in := structure.Appointment{
		Structure: st.ID, Successor: structure.Successor{Login: f.Get("login")}, Reason: f.Get("reason"), Documented: f.Get("documented") == "yes",
	}
	document := v.T("appoint.orphan")
	if in.Documented {
		document = v.T("appoint.documented")
	}
	return c.change(v, change{
		Path: "/operator/structures/" + url.PathEscape(string(st.ID)) + "/principal", Back: orphansPath, Title: v.T("appoint.check"),
		Submit: v.T("appoint.submit"), Danger: true, form: "appoint",
		Facts: []fact{
			{v.T("col.structure"), st.DisplayName()},
			{v.T("label.successorForAll"), in.Successor.Login},
			{v.T("label.appointReason"), in.Reason},
			{v.T("appoint.ground"), document},
		},
		Notes: []string{v.T("appoint.before")},
		where: map[habilis.Code]string{"not_orphan": "documented"},
		do: func(h *habilis.Habilis) error {
			return renamed(h.Structures.AppointPrincipal(c.ctx(), by, in), map[string]string{"successor": "login"})
		},
		done: func() error { return c.done(orphansPath, "appoint.done", "Structure", st.DisplayName()) },
	})
}

// operatorRoutes are the pages of whoever runs the portal.
func (p *portal) operatorRoutes() map[string]route {
	return map[string]route{
		outboxPath:                            {get: p.showOutbox, post: p.retryMails, in: true},
		orphansPath:                           {get: p.showOrphans, in: true},
		"/operator/structures/{id}/principal": {get: p.showAppoint, post: p.appoint, in: true},
	}
}
