package main

import (
	"errors"
	"net/http"
	"net/netip"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

func (p *portal) showSignIn(c *call) error {
	if c.me != nil {
		return c.redirect("/")
	}
	v := c.view("signin.title")
	v.Data = residents()
	return c.show("signin", v)
}

// signIn checks address and password. What comes of it is only half a sign-in: its
// handle opens no page but the next step.
func (p *portal) signIn(c *call) error {
	var missing typedError
	for _, name := range []string{"login", "password"} {
		if c.r.PostFormValue(name) == "" {
			missing = append(missing, habilis.FieldError{Path: name, Code: "required"})
		}
	}
	if missing != nil {
		v := c.view("signin.title")
		v.Form.Values, v.Data = c.r.PostForm, residents()
		c.refused(v, missing, nil)
		return c.render(http.StatusUnprocessableEntity, "signin", v)
	}
	challenge, err := p.h.SignIns.Begin(c.ctx(), mfa.Credentials{
		Login: c.r.PostFormValue("login"), Password: c.r.PostFormValue("password"), Source: p.source(c.r),
	})
	v := c.view("signin.title")
	v.Form.Values, v.Data = c.r.PostForm, residents()
	switch {
	case c.refused(v, err, map[habilis.Code]string{"invalid_credentials": "", "busy": ""}):
		return c.render(statusOfForm(err), "signin", v)
	case err != nil:
		return err
	}
	if err := c.renew(); err != nil {
		return err
	}
	c.put(keyHalf, challenge.Handle)
	return c.redirect("/sign-in/second-step")
}

func (p *portal) showSecondStep(c *call) error {
	challenge, err := p.h.SignIns.Challenge(c.ctx(), c.get(keyHalf))
	if err != nil {
		return c.beginAgain(err)
	}
	if challenge.Factor == account.FactorSecurityKey {
		return c.askKey(c.view("second.keytitle"), keyStep{Challenge: challenge, Path: "/sign-in/key", Ways: "/sign-in/way"})
	}
	return c.show("secondstep", c.signInCode(challenge))
}

// codeStep is where a code from a mail is typed.
type codeStep struct {
	mfa.Challenge
	Path, Resend string // where the code goes, and who asks for another one
	Ways         string // where another way is chosen
	Submit       string
	Leave        string // page to go back to, "" for the sign-in that is given up
}

func (c *call) signInCode(challenge mfa.Challenge) *page {
	v := c.view("second.title")
	return v.asking(codeStep{challenge, "/sign-in/second-step", "/sign-in/resend", "/sign-in/way", v.T("second.submit"), ""})
}

// source is whom failed sign-ins are counted against: the address of the connection.
// What headers say about it can be forged (BF-05). A proxy on this machine hides the
// sources; then nothing is counted, since it would count for everybody.
func (p *portal) source(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || from.Addr().IsLoopback() && !loopbackName(p.base.Hostname()) {
		return ""
	}
	return mfa.SourceOf(from.Addr())
}

func (p *portal) secondStep(c *call) error {
	handle := c.get(keyHalf)
	if err := c.tryCode(handle); err != nil {
		challenge, gone := p.h.SignIns.Challenge(c.ctx(), handle)
		v := c.signInCode(challenge)
		if gone == nil && c.refused(v, err, map[habilis.Code]string{"wrong_code": codeStep{Challenge: challenge}.Field()}) {
			return c.render(http.StatusUnprocessableEntity, "secondstep", v)
		}
		return c.beginAgain(err)
	}
	return c.finishSignIn(handle)
}

// finishSignIn makes a session of a sign-in whose factors are proven.
func (c *call) finishSignIn(handle string) error {
	held, err := c.p.h.SignIns.Finish(c.ctx(), handle)
	switch {
	case errors.Is(err, account.ErrPasswordExpired):
		return c.toExpired(handle)
	case err != nil:
		return c.beginAgain(err)
	}
	if err := c.enter(held); err != nil {
		return err
	}
	after := c.p.sessions.PopString(c.ctx(), keyAfter)
	if !local(after) {
		after = "/"
	}
	return c.redirect(after)
}

func (p *portal) resend(c *call) error {
	_, err := p.h.SignIns.Resend(c.ctx(), c.get(keyHalf))
	switch {
	case errors.Is(err, mfa.ErrTooSoon):
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect("/sign-in/second-step")
	case err != nil:
		return c.beginAgain(err)
	}
	return c.done("/sign-in/second-step", "second.resent")
}

// beginAgain leads back to the first step when the sign-in is over, and to the second one
// when another tab chose another factor since.
func (c *call) beginAgain(err error) error {
	switch {
	case errors.Is(err, mfa.ErrNotAsked):
		c.notice(false, c.p.h.Localize(err, c.tag()))
		return c.redirect("/sign-in/second-step")
	case !errors.Is(err, mfa.ErrSignInOver):
		return err
	}
	c.forget(keyHalf)
	c.notice(false, c.p.h.Localize(err, c.tag()))
	return c.redirect("/sign-in")
}

// signOut ends the session of this browser, be it a whole one or half of one.
func (p *portal) signOut(c *call) error {
	if err := c.leave(); err != nil {
		return err
	}
	return c.done("/sign-in", "signout.done")
}

func (p *portal) showSignOutEverywhere(c *call) error {
	return c.show("signouteverywhere", c.view("everywhere.title").under())
}

func (p *portal) signOutEverywhere(c *call) error {
	if err := p.h.Accounts.SignOutEverywhere(c.ctx(), account.Person(c.me.ID)); err != nil {
		return err
	}
	if err := c.leave(); err != nil {
		return err
	}
	return c.done("/sign-in", "everywhere.done")
}

// language remembers the language that was chosen.
func (p *portal) language(c *call) error {
	if lang := c.r.PostFormValue("lang"); lang == "fr" || lang == "en" {
		c.put(keyLanguage, lang)
	}
	here := c.r.PostFormValue("here")
	if !local(here) {
		here = "/"
	}
	return c.redirect(here)
}
