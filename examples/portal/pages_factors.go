package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

const (
	factorsPath     = "/account/factors"
	applicationPath = factorsPath + "/application"
	codesPath       = factorsPath + "/codes"
)

// What the session of a browser holds for the pages of this file.
const (
	keyApplication   = "application"    // an application that is being added, as JSON
	keyRecoveryCodes = "recovery-codes" // codes that are to be shown once, as JSON
)

func (p *portal) factorRoutes() map[string]route {
	return map[string]route{
		factorsPath:                  {get: p.showFactors, in: true},
		applicationPath:              {get: p.showApplication, post: p.addApplication, in: true, enrols: true},
		applicationPath + "/confirm": {post: p.confirmApplication, in: true, enrols: true},
		codesPath:                    {get: p.showCodes, post: p.makeCodes, in: true},
		factorsPath + "/{id}":        {get: p.showFactor, post: p.renameFactor, in: true},
		factorsPath + "/{id}/remove": {post: p.removeFactor, in: true},
	}
}

// factorRow is one line of the list of factors.
type factorRow struct {
	mfa.Enrolled
	Kind string // in words
	Page string // where it is managed
}

// factorsData is the list of what an account proves itself with.
type factorsData struct {
	Rows        []factorRow
	Application bool // there is one
	Codes       bool // there are some
}

// showFactors lists password, mailbox, application, keys and recovery codes.
func (p *portal) showFactors(c *call) error {
	all, err := p.h.SignIns.ListFactors(c.ctx(), c.actor())
	if err != nil {
		return err
	}
	v := c.view("factors.title").underAccount()
	var d factorsData
	for _, e := range all {
		row := factorRow{Enrolled: e, Kind: v.T("factor." + string(e.Kind))}
		switch e.Kind {
		case account.FactorPassword:
			row.Page = "/account/password"
		case account.FactorMailCode:
			row.Page = "/account/login-address"
		case account.FactorSecurityKey:
			row.Page = keysPath + "/" + string(e.ID)
		default:
			row.Page = factorsPath + "/" + string(e.ID)
		}
		d.Application = d.Application || e.Kind == account.FactorAuthenticator
		d.Codes = d.Codes || e.Kind == account.FactorRecoveryCode
		d.Rows = append(d.Rows, row)
	}
	v.Data = d
	return c.show("factors", v)
}

// stow puts a value into the session as JSON.
func (c *call) stow(key string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("keeping what the next page shows: %w", err)
	}
	c.put(key, string(raw))
	return nil
}

// addApplication begins an enrolment, or one that replaces the application that there is.
// What the page needs waits in the session, so that showing it changes nothing.
func (p *portal) addApplication(c *call) error {
	begun, err := p.h.SignIns.ReplaceAuthenticator(c.ctx(), c.actor())
	switch {
	case errors.Is(err, account.ErrProofRequired):
		return c.toProof(factorsPath)
	case err != nil:
		return err
	}
	if err := c.stow(keyApplication, begun); err != nil {
		return err
	}
	return c.redirect(applicationPath)
}

// applicationData is what an application is added with.
type applicationData struct {
	mfa.Enrolment
	QR template.HTML
}

func (c *call) application() (begun mfa.Enrolment, ok bool) {
	err := json.Unmarshal([]byte(c.get(keyApplication)), &begun)
	return begun, err == nil && c.p.now().Before(begun.ExpiresAt)
}

func (c *call) viewApplication(begun mfa.Enrolment) (*page, error) {
	v := c.view("factors.application").underAccount()
	v.Here = applicationPath
	v.Crumbs = append(v.Crumbs, crumb{factorsPath, v.T("factors.title")})
	v.Form.Values = url.Values{"label": {c.r.PostFormValue("label")}}
	v.Form.called("label", "deviceLabel")
	v.Form.called("code", "applicationCode")
	picture, err := begun.SVG(v.T("factors.qr"))
	sized := strings.Replace(string(picture), "<svg ", `<svg width="264" height="264" `, 1)
	v.Data = applicationData{begun, template.HTML(sized)} //nolint:gosec // drawn by the library, its title escaped
	return v, err
}

func (p *portal) showApplication(c *call) error {
	begun, ok := c.application()
	if !ok {
		return c.redirect(factorsPath)
	}
	v, err := c.viewApplication(begun)
	if err != nil {
		return err
	}
	return c.show("application", v)
}

func (p *portal) confirmApplication(c *call) error {
	begun, ok := c.application()
	if !ok {
		c.notice(false, p.h.Localize(mfa.ErrEnrolmentOver, c.tag()))
		return c.redirect(factorsPath)
	}
	added, err := p.h.SignIns.ConfirmAuthenticator(c.ctx(), c.actor(), begun.ID, c.r.PostFormValue("code"), c.r.PostFormValue("label"))
	v, drawn := c.viewApplication(begun)
	if drawn != nil {
		return drawn
	}
	switch {
	case c.refused(v, err, map[habilis.Code]string{"wrong_code": "code"}):
		return c.render(http.StatusUnprocessableEntity, "application", v)
	case errors.Is(err, mfa.ErrEnrolmentOver):
		c.forget(keyApplication)
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect(factorsPath)
	case err != nil:
		return err
	}
	c.forget(keyApplication)
	return c.done(factorsPath, "factors.added", "Label", added.Label)
}

// makeCodes makes recovery codes, for the next page to show once.
func (p *portal) makeCodes(c *call) error {
	codes, err := p.h.SignIns.NewRecoveryCodes(c.ctx(), c.actor())
	switch {
	case errors.Is(err, account.ErrProofRequired):
		return c.toProof(factorsPath)
	case err != nil:
		return err
	}
	if err := c.stow(keyRecoveryCodes, codes); err != nil {
		return err
	}
	return c.redirect(codesPath)
}

func (p *portal) showCodes(c *call) error {
	var codes []string
	if json.Unmarshal([]byte(c.p.sessions.PopString(c.ctx(), keyRecoveryCodes)), &codes) != nil {
		return c.redirect(factorsPath)
	}
	v := c.view("factors.codes").underAccount()
	v.Crumbs = append(v.Crumbs, crumb{factorsPath, v.T("factors.title")})
	v.Data = codes
	return c.show("codes", v)
}

// ownFactor returns the factor that the address names.
func (c *call) ownFactor() (mfa.Enrolled, error) {
	all, err := c.p.h.SignIns.ListFactors(c.ctx(), c.actor())
	if err != nil {
		return mfa.Enrolled{}, err
	}
	i := slices.IndexFunc(all, func(e mfa.Enrolled) bool { return e.ID != "" && string(e.ID) == c.r.PathValue("id") })
	if i < 0 {
		return mfa.Enrolled{}, errNoPage
	}
	return all[i], nil
}

func (c *call) viewFactor(e mfa.Enrolled) *page {
	v := c.view("factors.one", "Label", e.Label).underAccount()
	v.Crumbs = append(v.Crumbs, crumb{factorsPath, v.T("factors.title")})
	v.Form.Values = url.Values{"label": {e.Label}}
	v.Form.called("label", "deviceLabel")
	v.Data = e
	return v
}

func (p *portal) showFactor(c *call) error {
	e, err := c.ownFactor()
	if err != nil {
		return err
	}
	return c.show("factor", c.viewFactor(e))
}

func (p *portal) renameFactor(c *call) error {
	e, err := c.ownFactor()
	if err != nil {
		return err
	}
	_, err = p.h.SignIns.RenameFactor(c.ctx(), c.actor(), e.ID, c.r.PostFormValue("label"))
	v := c.viewFactor(e)
	v.Form.Values = c.r.PostForm
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "factor", v)
	case err != nil:
		return err
	}
	return c.done(factorsPath, "factors.renamed")
}

func (p *portal) removeFactor(c *call) error {
	e, err := c.ownFactor()
	if err != nil {
		return err
	}
	if err := p.h.SignIns.RemoveFactor(c.ctx(), c.actor(), e.ID); errors.Is(err, account.ErrProofRequired) {
		return c.toProof(factorsPath + "/" + string(e.ID))
	} else if err != nil {
		return err
	}
	return c.done(factorsPath, "factors.removed", "Label", e.Label)
}

// tryCode tries what was typed into the second step: a code by mail, of an application,
// or one that was written down.
func (c *call) tryCode(handle string) error {
	challenge, err := c.p.h.SignIns.Challenge(c.ctx(), handle)
	if err != nil {
		return err
	}
	switch challenge.Factor {
	case account.FactorAuthenticator:
		return c.p.h.SignIns.ProveAuthenticator(c.ctx(), handle, c.r.PostFormValue("code"))
	case account.FactorRecoveryCode:
		return c.p.h.SignIns.ProveRecoveryCode(c.ctx(), handle, c.r.PostFormValue("recovery"))
	default:
		return c.p.h.SignIns.ProveMailCode(c.ctx(), handle, c.r.PostFormValue("code"))
	}
}

// asking names the field of a step by what is asked for.
func (v *page) asking(s codeStep) *page {
	v.Data = s
	if s.Factor == account.FactorAuthenticator {
		v.Form.called("code", "applicationCode")
	}
	return v
}

// Field is where the code of a step is typed.
func (s codeStep) Field() string {
	if s.Factor == account.FactorRecoveryCode {
		return "recovery"
	}
	return "code"
}
