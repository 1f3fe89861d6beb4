package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

const dataPath = "/account/data"

func (p *portal) viewData(c *call) *page { return c.view("data.title").underAccount() }

func (p *portal) showData(c *call) error { return c.show("data", p.viewData(c)) }

// data hands out all that is kept about the person, as a file or as a page. It takes a
// fresh proof, since it is all in one place, and the history tells of it: so it is the
// answer to a button and never to a link.
func (p *portal) data(c *call) error {
	format := c.r.PostFormValue("format")
	if format != "json" && format != "page" {
		v := p.viewData(c)
		v.Form.add("format", p.h.LocalizeField(oneOf("format"), c.tag()))
		return c.render(http.StatusUnprocessableEntity, "data", v)
	}
	if err := p.proven(c); err != nil {
		return err
	}
	kept, err := p.h.Structures.ExportPersonalData(c.ctx(), c.actor(), c.me.ID)
	if err != nil {
		return err
	}
	if format == "page" {
		v := c.view("data.all").underAccount()
		v.Crumbs = append(v.Crumbs, crumb{dataPath, v.T("data.title")})
		v.Here = dataPath
		v.Data = kept
		return c.show("dataall", v)
	}
	raw, err := json.MarshalIndent(kept, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the personal data: %w", err)
	}
	f := &fileAnswer{c: c, name: p.texts.text(c.lang, "data.file") + ".json", media: "application/json", size: int64(len(raw))}
	_, err = bytes.NewReader(raw).WriteTo(f)
	return f.broken(err)
}

// Who tells by whom a line of the history is, without telling who.
func (v *page) Who(e structure.PersonalEvent) string {
	switch e.By {
	case "self":
		return v.T("data.self")
	case string(notify.ActorAnonymous):
		return v.T("data.anonymous")
	case string(notify.ActorPerson):
		return v.T("data.person")
	case string(notify.ActorSupport):
		return v.T("data.support")
	default:
		return v.T("history.itself")
	}
}
