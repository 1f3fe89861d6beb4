package main

import (
	"errors"
	"net/http"
	"time"

	"github.com/habilis-go/habilis/account"
)

// linkSent remembers where a link went, as far as whoever asked may know.
func (c *call) linkSent(sent account.Sent) {
	c.put(keySentTo, sent.To)
	c.put(keySentUntil, sent.Until.Format(time.RFC3339))
}

// showReactivate asks for the address of a deactivated account. A link in a mail leads
// here as well: its secret moves from the address into the session at once, and opening
// it uses nothing.
func (p *portal) showReactivate(c *call) error {
	if token := c.r.URL.Query().Get("token"); token != "" {
		c.put(keyReactivation, token)
		return c.redirect("/reactivate/password")
	}
	return c.show("reactivate", c.view("reactivate.title"))
}

// reactivate mails a link. The answer is the same for every address.
func (p *portal) reactivate(c *call) error {
	sent, err := p.h.Accounts.RequestReactivation(c.ctx(), account.Anonymous(), c.r.PostFormValue("login"))
	v := c.view("reactivate.title")
	v.Form.Values = c.r.PostForm
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "reactivate", v)
	case err != nil:
		return err
	}
	c.linkSent(sent)
	return c.redirect("/reactivate/sent")
}

// reactivateSent says where the link went, as far as this browser asked for one.
func (p *portal) reactivateSent(c *call) error {
	until, err := time.Parse(time.RFC3339, c.get(keySentUntil))
	if err != nil {
		return c.redirect("/reactivate")
	}
	v := c.view("reactivate.sent")
	v.Data = account.Sent{To: c.get(keySentTo), Until: until}
	return c.show("reactivatesent", v)
}

func (p *portal) showComeBack(c *call) error {
	if _, err := c.inspected(keyReactivation, account.PurposeReactivation); err != nil {
		return c.deadLink(err, "/reactivate")
	}
	v := c.view("comeback.title")
	v.Data = p.rules("")
	return c.show("comeback", v)
}

// comeBack opens the account again with a new password.
func (p *portal) comeBack(c *call) error {
	password := c.r.PostFormValue("password")
	err := c.follow(func() error {
		_, err := p.h.Accounts.CompleteReactivation(c.ctx(), c.get(keyReactivation), account.NewPassword{
			Password: password, Confirmation: c.r.PostFormValue("confirmation"),
		})
		return err
	})
	v := c.view("comeback.title")
	v.Data = p.rules(password)
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "comeback", v)
	case err != nil:
		return c.deadLink(err, "/reactivate")
	}
	c.forget(keyReactivation)
	c.forget(keyClosedUntil)
	return c.done("/sign-in", "comeback.done")
}

// deadLink leads to where another link can be asked for, or to the sign-in if the link
// did its work.
func (c *call) deadLink(err error, instead string) error {
	switch {
	case errors.Is(err, account.ErrLinkUsed):
		instead = "/sign-in"
	case !errors.Is(err, account.ErrLinkExpired):
		return err
	}
	c.notice(false, c.p.h.Localize(err, c.tag()))
	return c.redirect(instead)
}

func (p *portal) showResendActivation(c *call) error {
	return c.show("resend", c.view("resend.title"))
}

// resendActivation mails another activation link. The answer is the same for every
// address.
func (p *portal) resendActivation(c *call) error {
	sent, err := p.h.Accounts.ResendActivation(c.ctx(), account.Anonymous(), c.r.PostFormValue("login"))
	v := c.view("resend.title")
	v.Form.Values = c.r.PostForm
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "resend", v)
	case err != nil:
		return err
	}
	return c.done("/activate/resend", "resend.done", "To", sent.To)
}

func (p *portal) showSupport(c *call) error {
	if !p.support {
		return errNoPage
	}
	return c.show("support", c.view("support.title"))
}

// askSupport passes on what somebody asks who cannot sign in.
func (p *portal) askSupport(c *call) error {
	err := p.h.Accounts.AskSupport(c.ctx(), account.Anonymous(), account.SupportRequest{
		Login: c.r.PostFormValue("login"), Text: c.r.PostFormValue("text"),
	})
	v := c.view("support.title")
	v.Form.Values = c.r.PostForm
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "support", v)
	case err != nil:
		return err
	}
	return c.done("/support", "support.done")
}
