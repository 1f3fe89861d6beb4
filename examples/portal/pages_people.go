package main

import (
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// opening loads what the page shows, for those who may open accounts for others.
func (p *portal) opening(c *call) (*page, structure.ID, error) {
	id := structure.ID(c.r.PathValue("id"))
	if _, err := p.h.Structures.ResendActivation(c.ctx(), c.actor(), id); err != nil { // nobody: it only says who may
		return nil, id, err
	}
	st, err := p.h.Structures.Structure(c.ctx(), c.actor(), id)
	if err != nil {
		return nil, id, err
	}
	v := c.view("people.new", "Structure", st.DisplayName()).under(
		"/manage", p.texts.text(c.lang, "manage.title"), membersPath(id), p.texts.text(c.lang, "members.title"),
	)
	v.Form.Values = url.Values{"language": {c.lang}}
	v.Data = st
	return v, id, nil
}

func (p *portal) showNewPerson(c *call) error {
	v, _, err := p.opening(c)
	if err != nil {
		return err
	}
	return c.show("newperson", v)
}

// newPerson opens an account for somebody else. Whether the address has one already is
// answered to nobody but its owner.
func (p *portal) newPerson(c *call) error {
	v, id, err := p.opening(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v.Form.Values = f
	sent, err := p.h.Structures.CreatePerson(c.ctx(), c.actor(), id, account.Registration{
		Login: f.Get("login"), ContactEmail: f.Get("contactEmail"), GivenName: f.Get("givenName"), FamilyName: f.Get("familyName"),
		Language: f.Get("language"),
	})
	switch {
	case c.refused(v, err, map[habilis.Code]string{"throttled": "", "structure_inactive": "", "externally_managed": ""}):
		return c.render(http.StatusUnprocessableEntity, "newperson", v)
	case err != nil:
		return err
	}
	return c.done("/structures/"+url.PathEscape(string(id))+"/people/new", "people.done", "To", sent.To, "Until", v.Moment(sent.Until))
}
