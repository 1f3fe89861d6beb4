package main

import (
	"errors"
	"net/url"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// loginData is what the page about the login address shows.
type loginData struct {
	Pending *account.LoginChange // nil: none under way
	Fixed   bool                 // it cannot be changed here
	Fresh   bool                 // proven a short while ago, so that the form is of use
	Life    time.Duration        // of the link that confirms
}

// Waiting is the status of a change that nobody confirmed yet.
func (v *page) Waiting() badge { return badge{"pending", "wait", v.T("login.waiting")} }

// pendingLoginChange returns the change under way, nil for none.
func (c *call) pendingLoginChange() (*account.LoginChange, error) {
	change, err := c.p.h.Accounts.PendingLoginChange(c.ctx(), c.actor())
	switch {
	case errors.Is(err, structure.ErrNotFound):
		return nil, nil //nolint:nilnil // none is an answer
	case err != nil:
		return nil, err
	default:
		return &change, nil
	}
}

func (p *portal) viewLoginAddress(c *call) (*page, error) {
	pending, err := c.pendingLoginChange()
	if err != nil {
		return nil, err
	}
	v := c.view("login.title").underAccount()
	v.Form.called("address", "newAddress")
	v.Data = loginData{
		Pending: pending, Fixed: c.me.External || !p.accounts.LoginChange.Allowed,
		Fresh: c.held.Fresh(p.now(), p.accounts.FreshProof), Life: p.accounts.LoginChange.Lifetime,
	}
	return v, nil
}

func (p *portal) showLoginAddress(c *call) error {
	v, err := p.viewLoginAddress(c)
	if err != nil {
		return err
	}
	v.Form.Values = url.Values{"address": {c.get(keyDraft)}}
	return c.show("loginaddress", v)
}

// loginAddress takes the form three times over, as ask does. Which mails would leave is
// not shown: it would tell whether somebody else has the address (EN-06).
func (p *portal) loginAddress(c *call) error {
	v, err := p.viewLoginAddress(c)
	if err != nil {
		return err
	}
	v.Form.Values = c.r.PostForm
	address, step := c.r.PostFormValue("address"), c.r.PostFormValue("step")
	var change account.LoginChange
	switch step {
	case "change":
		return c.show("loginaddress", v)
	case "confirm":
		change, err = p.h.Accounts.RequestLoginChange(c.ctx(), c.actor(), address)
	default:
		_, err = p.h.Preview(c.ctx(), func(dry *habilis.Habilis) (err error) {
			change, err = dry.Accounts.RequestLoginChange(c.ctx(), c.actor(), address)
			return err
		})
	}
	switch {
	case errors.Is(err, account.ErrProofRequired):
		c.put(keyDraft, address)
		return c.toProof("/account/login-address")
	case c.refused(v, err, map[habilis.Code]string{"login_change_pending": "", "throttled": "", "login_change_not_allowed": ""}):
		return c.render(statusOfForm(err), "loginaddress", v)
	case err != nil:
		return err
	case step == "confirm":
		c.forget(keyDraft)
		return c.done("/account/login-address", "login.requested", "Address", change.Address)
	}
	v.Title = v.T("login.preview")
	d, _ := v.Data.(loginData)
	d.Pending = &change
	v.Data = d
	return c.show("loginpreview", v)
}

func (p *portal) cancelLoginChange(c *call) error {
	err := p.h.Accounts.CancelLoginChange(c.ctx(), c.actor())
	switch {
	case errors.Is(err, structure.ErrNotFound): // it ended while the page was open
		c.notice(false, c.p.texts.text(c.lang, "login.none"))
		return c.redirect("/account/login-address")
	case err != nil:
		return err
	}
	return c.done("/account/login-address", "login.cancelled")
}

// linkData is a page that a mail leads to: it says what the button will do.
type linkData struct {
	account.LinkInfo
	Path string
	Does []string // what will happen
	Act  string
}

func (p *portal) showLoginConfirm(c *call) error {
	info, done, err := c.opened("/login-address/confirm", keyConfirm, account.PurposeLoginChange)
	if done || err != nil {
		return err
	}
	v := c.view("confirm.title")
	v.Data = linkData{info, "/login-address/confirm", []string{
		v.T("confirm.then", "Address", info.Address),
		v.T("confirm.sessions"),
		v.T("confirm.undo"),
	}, v.T("confirm.submit")}
	return c.show("link", v)
}

func (p *portal) loginConfirm(c *call) error {
	var a account.Account
	err := c.follow(func() (err error) {
		a, err = p.h.Accounts.ConfirmLoginChange(c.ctx(), c.get(keyConfirm))
		return err
	})
	if err != nil {
		return c.linkOver(err, keyConfirm, "/account/login-address")
	}
	c.forget(keyConfirm)
	return c.outOf(a.ID, "confirm.done", "Address", a.Login)
}

func (p *portal) showLoginCancel(c *call) error {
	info, done, err := c.opened("/login-address/cancel", keyCancel, account.PurposeLoginChangeCancel)
	if done || err != nil {
		return err
	}
	v := c.view("cancel.title")
	v.Data = linkData{info, "/login-address/cancel", []string{
		v.T("cancel.then", "Address", info.Address),
		v.T("cancel.intruder"),
	}, v.T("cancel.submit")}
	return c.show("link", v)
}

func (p *portal) loginCancel(c *call) error {
	err := c.follow(func() error { return p.h.Accounts.CancelLoginChangeByLink(c.ctx(), c.get(keyCancel)) })
	if err != nil {
		return c.linkOver(err, keyCancel, "/account/login-address")
	}
	c.forget(keyCancel)
	if c.me != nil {
		return c.done("/account/login-address", "login.cancelled")
	}
	return c.done("/sign-in", "login.cancelled")
}

func (p *portal) showLoginUndo(c *call) error {
	info, done, err := c.opened("/login-address/undo", keyUndo, account.PurposeLoginChangeUndo)
	if done || err != nil {
		return err
	}
	v := c.view("undo.title")
	v.Data = linkData{info, "/login-address/undo", []string{
		v.T("undo.then", "Address", info.Address),
		v.T("undo.sessions"),
		v.T("undo.password"),
	}, v.T("undo.submit")}
	return c.show("link", v)
}

func (p *portal) loginUndo(c *call) error {
	var a account.Account
	err := c.follow(func() (err error) {
		a, err = p.h.Accounts.UndoLoginChange(c.ctx(), c.get(keyUndo))
		return err
	})
	if err != nil {
		return c.linkOver(err, keyUndo, "/account/login-address")
	}
	c.forget(keyUndo)
	return c.outOf(a.ID, "undo.done", "Address", a.Login)
}
