package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// technicalData is a structure and accounts of its programs.
type technicalData struct {
	Structure structure.Structure
	List      []structure.Technical
	One       structure.Technical     // the one that the page is about
	Spec      structure.TechnicalSpec // the one that would be made
	FileName  string
}

func technicalPath(id structure.ID) string {
	return "/structures/" + url.PathEscape(string(id)) + "/technical"
}

// programs loads the accounts of a structure's programs, for those who may see them.
func (p *portal) programs(c *call) (technicalData, error) {
	id := structure.ID(c.r.PathValue("id"))
	var d technicalData
	var err error
	if d.List, err = p.h.Structures.Technicals(c.ctx(), c.actor(), id); err != nil {
		return d, err
	}
	if d.Structure, err = p.h.Structures.Structure(c.ctx(), c.actor(), id); err != nil {
		return d, err
	}
	if who := c.r.PathValue("who"); who != "" {
		i := slices.IndexFunc(d.List, func(t structure.Technical) bool { return string(t.ID) == who && t.Status == account.StatusActive })
		if i < 0 {
			return d, errNoPage
		}
		d.One = d.List[i]
	}
	return d, nil
}

func (p *portal) technicals(c *call) error {
	d, err := p.programs(c)
	if err != nil {
		return err
	}
	v := c.view("technical.of", "Structure", d.Structure.DisplayName()).under("/manage", p.texts.text(c.lang, "manage.title"))
	v.Data = d
	return c.show("technicals", v)
}

// beneath begins a page about the programs of a structure.
func (c *call) beneath(d technicalData, title string, pairs ...any) *page {
	v := c.view(title, pairs...)
	v.under("/manage", v.T("manage.title"), technicalPath(d.Structure.ID), v.T("technical.of", "Structure", d.Structure.DisplayName()))
	v.Form.Values = url.Values{"format": {string(account.CSV)}}
	v.Form.Names = map[string]string{"login": v.T("technical.login")}
	v.Data = d
	return v
}

// proven asks for a fresh proof before anything is typed, rather than after.
func (p *portal) proven(c *call) error {
	return p.h.Accounts.RequireProof(c.actor(), p.now())
}

func (p *portal) showNewTechnical(c *call) error {
	d, err := p.programs(c)
	if err != nil {
		return err
	}
	if err := p.proven(c); err != nil {
		return err
	}
	v := c.beneath(d, "technical.new")
	if raw := p.sessions.PopString(c.ctx(), keyTechnical); raw != "" {
		var typed url.Values
		if err := json.Unmarshal([]byte(raw), &typed); err == nil && typed.Get("structure") == string(d.Structure.ID) {
			v.Form.Values = typed
		}
	}
	return c.show("newtechnical", v)
}

// newTechnical takes the form three times over: to show what would happen, to change
// it, and to make the account, which is answered with the one file of its credentials.
func (p *portal) newTechnical(c *call) error {
	d, err := p.programs(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v := c.beneath(d, "technical.new")
	v.Form.Values = f
	if f.Get("step") == "change" {
		return c.show("newtechnical", v)
	}
	d.Spec = structure.TechnicalSpec{Login: f.Get("login"), Name: f.Get("name"), ContactEmail: f.Get("contactEmail")}
	format, err := fileFormat(f)
	var handover *account.Handover
	if err == nil {
		if f.Get("step") == "confirm" {
			handover, err = p.h.Structures.CreateTechnical(c.ctx(), c.actor(), d.Structure.ID, d.Spec)
		} else {
			_, err = p.h.Preview(c.ctx(), func(dry *habilis.Habilis) (err error) {
				handover, err = dry.Structures.CreateTechnical(c.ctx(), c.actor(), d.Structure.ID, d.Spec)
				return err
			})
		}
	}
	switch {
	case errors.Is(err, account.ErrProofRequired):
		return c.proofFirst(d.Structure.ID, f, err)
	case err != nil && f.Get("step") == "confirm" && d.lists(d.Spec.Login):
		return c.onceOnly(d.Structure.ID)
	case c.refused(v, err, map[habilis.Code]string{"technical_limit": "", "structure_inactive": ""}):
		return c.render(http.StatusUnprocessableEntity, "newtechnical", v)
	case err != nil:
		return err
	case f.Get("step") == "confirm":
		return c.handOut(handover, format, v.T("technical.created", handed(handover, format)...))
	}
	d.Spec.Login, d.FileName = handover.Login, handover.FileName(format)
	v.Title = v.T("technical.check")
	v.Data = d
	return c.show("newtechnicalpreview", v)
}

// lists reports whether a login is one of the structure's own programs: its form was
// sent a second time.
func (d technicalData) lists(login string) bool {
	return slices.ContainsFunc(d.List, func(t structure.Technical) bool {
		return strings.EqualFold(t.Login, strings.TrimSpace(login)) && t.Status == account.StatusActive
	})
}

// proofFirst keeps what was typed while the person proves a factor.
func (c *call) proofFirst(id structure.ID, f url.Values, err error) error {
	kept := url.Values{"structure": {string(id)}}
	for _, name := range []string{"login", "name", "contactEmail", "format"} {
		kept.Set(name, f.Get(name))
	}
	raw, failed := json.Marshal(kept)
	if failed != nil {
		return failed
	}
	c.put(keyTechnical, string(raw))
	return err
}

// onceOnly answers a form that did its work already.
func (c *call) onceOnly(id structure.ID) error {
	c.notice(false, c.p.h.Localize(account.ErrHandedOver, c.tag()))
	return c.redirect(technicalPath(id))
}

// handOut answers with the file of the credentials. The page stays where it is; the
// next one tells that they left.
func (c *call) handOut(handover *account.Handover, format account.FileFormat, told string) error {
	media := "text/csv; charset=utf-8"
	if format == account.JSON {
		media = "application/json"
	}
	f := &fileAnswer{c: c, name: handover.FileName(format), media: media}
	c.notice(true, told)
	return f.broken(handover.Export(f, format))
}

// handed is what there is to tell about credentials that leave.
func handed(h *account.Handover, format account.FileFormat) []any {
	return []any{"Login", h.Login, "File", h.FileName(format)}
}

func fileFormat(f url.Values) (account.FileFormat, error) {
	switch format := account.FileFormat(f.Get("format")); format {
	case account.CSV, account.JSON:
		return format, nil
	default:
		return "", typedError{{Path: "format", Code: "oneof"}}
	}
}

func (p *portal) showResetTechnical(c *call) error {
	d, err := p.programs(c)
	if err != nil {
		return err
	}
	if err := p.proven(c); err != nil {
		return err
	}
	return c.show("resettechnical", c.beneath(d, "technical.reset", "Login", d.One.Login))
}

// resetTechnical makes new credentials and answers with their file. The form names the
// credentials that it replaces, so that sending it twice replaces them once.
func (p *portal) resetTechnical(c *call) error {
	d, err := p.programs(c)
	if err != nil {
		return err
	}
	f := c.r.PostForm
	v := c.beneath(d, "technical.reset", "Login", d.One.Login)
	v.Form.Values = f
	if f.Get("replaces") != d.Replaces() {
		return c.onceOnly(d.Structure.ID)
	}
	format, err := fileFormat(f)
	var handover *account.Handover
	if err == nil {
		handover, err = p.h.Structures.ResetTechnical(c.ctx(), c.actor(), d.Structure.ID, d.One.ID, structure.TechnicalReset{
			Confirmed: f.Get("confirmed") == "yes",
		})
	}
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "resettechnical", v)
	case err != nil:
		return err
	}
	return c.handOut(handover, format, v.T("technical.resetdone", handed(handover, format)...))
}

// Replaces names the present credentials.
func (d technicalData) Replaces() string { return strconv.FormatInt(d.One.ChangedAt.UnixMicro(), 36) }

func (p *portal) showCloseTechnical(c *call) error {
	d, err := p.programs(c)
	if err != nil {
		return err
	}
	return c.show("closetechnical", c.beneath(d, "technical.close", "Login", d.One.Login))
}

func (p *portal) closeTechnical(c *call) error {
	d, err := p.programs(c)
	if err != nil {
		return err
	}
	if err := p.h.Structures.CloseTechnical(c.ctx(), c.actor(), d.Structure.ID, d.One.ID); err != nil {
		return err
	}
	return c.done(technicalPath(d.Structure.ID), "technical.closed", "Login", d.One.Login)
}

// Program is the state of a program's account as icon, word and colour.
func (v *page) Program(t structure.Technical) badge {
	now := v.portal.now()
	switch {
	case t.Status != account.StatusActive:
		return badge{"disabled", "off", v.T("technical.isclosed")}
	case !now.Before(t.ExpiresAt):
		return badge{"rejected", "no", v.T("technical.isexpired")}
	case t.ExpiresAt.Sub(now) < 60*24*time.Hour:
		return badge{"pending", "wait", v.T("technical.isending")}
	default:
		return badge{"approved", "yes", v.T("technical.isactive")}
	}
}

// Alive reports whether a program's account can still be reset or closed.
func (v *page) Alive(t structure.Technical) bool { return t.Status == account.StatusActive }
