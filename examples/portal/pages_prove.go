package main

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

// toProof asks whoever is signed in to prove it again, and to come back to a page
// after that.
func (c *call) toProof(path string) error {
	return c.redirect("/prove?" + url.Values{"return": {path}}.Encode())
}

// back is the page to go to after a proof: one of ours, or the account.
func back(path string) string {
	if !local(path) {
		return "/account"
	}
	return path
}

func (p *portal) viewProve(c *call, to string) *page {
	v := c.view("prove.title").underAccount()
	v.Data = back(to)
	return v
}

func (p *portal) showProve(c *call) error {
	to := back(c.r.URL.Query().Get("return"))
	if !c.enrols && c.held.Fresh(p.now(), p.accounts.FreshProof) {
		return c.redirect(to)
	}
	return c.show("prove", p.viewProve(c, to))
}

// prove checks the password and mails a code.
func (p *portal) prove(c *call) error {
	to := back(c.r.PostFormValue("return"))
	challenge, err := p.h.SignIns.StepUp(c.ctx(), c.held, c.r.PostFormValue("password"))
	v := p.viewProve(c, to)
	switch {
	case c.refused(v, err, map[habilis.Code]string{"invalid_credentials": "password", "throttled": "", "busy": ""}):
		if errors.Is(err, account.ErrInvalidCredentials) {
			v.Form.Problems[0].Text = v.T("password.wrong")
		}
		return c.render(statusOfForm(err), "prove", v)
	case err != nil:
		return err
	}
	c.put(keyProof, challenge.Handle)
	c.put(keyProofFor, to)
	return c.redirect("/prove/code")
}

func (c *call) proofCode(challenge mfa.Challenge) *page {
	v := c.view("second.title").underAccount()
	return v.asking(codeStep{challenge, "/prove/code", "/prove/resend", "/prove/way", v.T("prove.submit"), back(c.get(keyProofFor))})
}

func (p *portal) showProveCode(c *call) error {
	challenge, err := p.h.SignIns.Challenge(c.ctx(), c.get(keyProof))
	if err != nil {
		return c.proveAgain(err)
	}
	if challenge.Factor == account.FactorSecurityKey {
		v := c.view("second.keytitle").underAccount()
		return c.askKey(v, keyStep{Challenge: challenge, Path: "/prove/key", Ways: "/prove/way", Leave: back(c.get(keyProofFor))})
	}
	return c.show("secondstep", c.proofCode(challenge))
}

// proveCode takes the code.
func (p *portal) proveCode(c *call) error {
	handle := c.get(keyProof)
	if err := c.tryCode(handle); err != nil {
		challenge, gone := p.h.SignIns.Challenge(c.ctx(), handle)
		v := c.proofCode(challenge)
		if gone == nil && c.refused(v, err, map[habilis.Code]string{"wrong_code": codeStep{Challenge: challenge}.Field()}) {
			return c.render(http.StatusUnprocessableEntity, "secondstep", v)
		}
		return c.proveAgain(err)
	}
	return c.finishProof(handle)
}

// finishProof lets the session go on with a fresh proof, under another name.
func (c *call) finishProof(handle string) error {
	held, err := c.p.h.SignIns.Finish(c.ctx(), handle)
	switch {
	case errors.Is(err, account.ErrPasswordExpired):
		return c.toExpired(handle)
	case err != nil:
		return c.proveAgain(err)
	case held.Account != c.me.ID:
		return account.ErrSessionEnded
	}
	to := back(c.get(keyProofFor))
	c.forget(keyProof)
	c.forget(keyProofFor)
	if err := c.enter(held); err != nil {
		return err
	}
	return c.done(to, "prove.done")
}

func (p *portal) resendProof(c *call) error {
	_, err := p.h.SignIns.Resend(c.ctx(), c.get(keyProof))
	switch {
	case errors.Is(err, mfa.ErrTooSoon):
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect("/prove/code")
	case err != nil:
		return c.proveAgain(err)
	}
	return c.done("/prove/code", "second.resent")
}

// proveAgain leads back to the password when the proof is over, and to the second step
// when another tab chose another factor since.
func (c *call) proveAgain(err error) error {
	switch {
	case errors.Is(err, mfa.ErrNotAsked):
		c.notice(false, c.p.h.Localize(err, c.tag()))
		return c.redirect("/prove/code")
	case !errors.Is(err, mfa.ErrSignInOver):
		return err
	}
	c.forget(keyProof)
	c.notice(false, c.p.h.Localize(err, c.tag()))
	return c.toProof(back(c.get(keyProofFor)))
}
