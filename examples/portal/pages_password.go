package main

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
)

// passwordData is a form for a new password.
type passwordData struct {
	Path   string
	Login  string // whose password it is, for people and for what keeps their passwords
	Rules  []account.Rule
	Intro  string
	Submit string
	Own    bool // the present password is asked for
}

func (p *portal) viewPassword(c *call, typed string) *page {
	v := c.view("password.title").underAccount()
	v.Form.called("password", "newPassword")
	v.Data = passwordData{
		Path: "/account/password", Login: c.me.Login, Rules: p.checklist(typed, *c.me), Own: true,
		Intro: v.T("password.intro"), Submit: v.T("password.submit"),
	}
	return v
}

func (p *portal) showPassword(c *call) error { return c.show("password", p.viewPassword(c, "")) }

// changePassword replaces the password. Every session ends by that; the one of this
// browser goes on under another name.
func (p *portal) changePassword(c *call) error {
	typed := account.PasswordChange{
		Current: c.r.PostFormValue("current"), New: c.r.PostFormValue("password"), Confirmation: c.r.PostFormValue("confirmation"),
	}
	me, err := p.h.Accounts.ChangePassword(c.ctx(), c.actor(), typed)
	v := p.viewPassword(c, typed.New)
	switch {
	case c.refused(v, err, map[habilis.Code]string{"invalid_credentials": "current", "throttled": "", "busy": ""}):
		if errors.Is(err, account.ErrInvalidCredentials) {
			v.Form.Problems[0].Text = v.T("password.wrong")
		}
		return c.render(statusOfForm(err), "password", v)
	case err != nil:
		return err
	}
	if err := c.enter(c.held.Renewed(me)); err != nil {
		return err
	}
	return c.done("/account", "password.done")
}

func (p *portal) showForgotten(c *call) error {
	return c.show("forgotten", c.view("forgotten.title"))
}

// forgotten asks for a link to a new password. What comes of it is told by mail only:
// the next page is the same for every address.
func (p *portal) forgotten(c *call) error {
	sent, err := p.h.Accounts.ForgotPassword(c.ctx(), account.Anonymous(), c.r.PostFormValue("login"))
	v := c.view("forgotten.title")
	v.Form.Values = c.r.PostForm
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "forgotten", v)
	case err != nil:
		return err
	}
	c.put(keyForgotten, sent.Until.Format(time.RFC3339)+" "+sent.To)
	return c.redirect("/password/forgotten/sent")
}

func (p *portal) forgottenSent(c *call) error {
	sent, err := sentOf(c.get(keyForgotten))
	if err != nil {
		return c.redirect("/password/forgotten") // this browser asked for nothing
	}
	v := c.view("registered.title")
	v.Data = sent
	return c.show("forgottensent", v)
}

func sentOf(kept string) (account.Sent, error) {
	moment, to, _ := strings.Cut(kept, " ")
	until, err := time.Parse(time.RFC3339, moment)
	return account.Sent{To: to, Until: until}, err
}

// showNewPassword opens the page that the mail leads to. It uses nothing.
func (p *portal) showNewPassword(c *call) error {
	info, done, err := c.opened("/password/new", keyReset, account.PurposePasswordReset)
	if done || err != nil {
		return err
	}
	return c.show("password", p.viewNewPassword(c, info, ""))
}

func (p *portal) viewNewPassword(c *call, info account.LinkInfo, typed string) *page {
	v := c.view("newpassword.title")
	v.Form.called("password", "newPassword")
	v.Data = passwordData{
		Path: "/password/new", Login: info.Address, Rules: p.checklist(typed, account.Account{Login: info.Address}),
		Intro: v.T("newpassword.intro"), Submit: v.T("password.submit"),
	}
	return v
}

// newPassword sets the password of whoever holds the link. No session opens: signing
// in takes the second factor as ever (FL-10).
func (p *portal) newPassword(c *call) error {
	info, done, err := c.opened("/password/new", keyReset, account.PurposePasswordReset)
	if done || err != nil {
		return err
	}
	typed := typedPassword(c)
	a, err := p.h.Accounts.ResetPassword(c.ctx(), c.get(keyReset), typed)
	v := p.viewNewPassword(c, info, typed.Password)
	switch {
	case c.refused(v, err, map[habilis.Code]string{"busy": ""}):
		return c.render(statusOfForm(err), "password", v)
	case err != nil:
		return c.linkOver(err, keyReset, "/password/forgotten")
	}
	c.forget(keyReset)
	return c.outOf(a.ID, "newpassword.done")
}

func typedPassword(c *call) account.NewPassword {
	return account.NewPassword{Password: c.r.PostFormValue("password"), Confirmation: c.r.PostFormValue("confirmation")}
}

// toExpired leads somebody who proved everything, but whose password is due, to where
// another one is chosen. There is no session before that.
func (c *call) toExpired(handle string) error {
	renewal, err := c.p.h.SignIns.Renew(c.ctx(), handle)
	if err != nil {
		return c.beginAgain(err)
	}
	if err := c.leave(); err != nil {
		return err
	}
	c.put(keyRenewal, renewal.Token)
	return c.redirect("/password/expired")
}

func (p *portal) viewExpired(c *call, typed string) *page {
	v := c.view("expired.title")
	v.Form.called("password", "newPassword")
	v.Data = passwordData{
		Path: "/password/expired", Rules: p.checklist(typed, account.Account{}),
		Intro: v.T("expired.intro"), Submit: v.T("password.submit"),
	}
	return v
}

func (p *portal) showExpired(c *call) error {
	if c.get(keyRenewal) == "" {
		return c.redirect("/sign-in")
	}
	return c.show("password", p.viewExpired(c, ""))
}

func (p *portal) replaceExpired(c *call) error {
	typed := typedPassword(c)
	a, err := p.h.Accounts.ReplaceExpired(c.ctx(), c.get(keyRenewal), typed)
	v := p.viewExpired(c, typed.Password)
	switch {
	case c.refused(v, err, map[habilis.Code]string{"busy": ""}):
		return c.render(statusOfForm(err), "password", v)
	case err != nil:
		return c.linkOver(err, keyRenewal, "/sign-in")
	}
	c.forget(keyRenewal)
	return c.outOf(a.ID, "newpassword.done")
}
