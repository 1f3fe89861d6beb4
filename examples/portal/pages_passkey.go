package main

import (
	"errors"
	"time"

	"github.com/habilis-go/habilis/mfa"
)

const passkeyPath = "/sign-in/passkey"

// keyPasskey is where the session of a browser holds the token of a sign-in by a passkey.
const keyPasskey = "passkey"

// passkeyStep is where a passkey is asked for, whoever comes.
type passkeyStep struct {
	Options   string // for the browser
	ExpiresAt time.Time
}

func (p *portal) passkeyRoutes() map[string]route {
	return map[string]route{passkeyPath: {get: p.showPasskey, post: p.passkey}}
}

// showPasskey asks for a passkey in place of address and password. Each showing asks anew.
func (p *portal) showPasskey(c *call) error {
	if c.me != nil {
		return c.redirect("/")
	}
	begun, err := p.h.SignIns.BeginPasskey(c.ctx())
	if errors.Is(err, mfa.ErrNotOffered) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	c.put(keyPasskey, begun.Token)
	v := c.view("passkey.title")
	v.Data = passkeyStep{string(begun.Options), begun.ExpiresAt}
	c.scripted()
	return c.show("passkey", v)
}

// passkey takes the answer. Why one is refused is not told: whether the key is known is
// nobody else's business.
func (p *portal) passkey(c *call) error {
	challenge, err := p.h.SignIns.ProvePasskey(c.ctx(), mfa.PasskeyAnswer{
		Token: p.sessions.PopString(c.ctx(), keyPasskey), Response: []byte(c.r.PostFormValue("response")), Source: p.source(c.r),
	})
	switch {
	case errors.Is(err, mfa.ErrNotOffered):
		return errNoPage
	case errors.Is(err, mfa.ErrKeyRefused):
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect(passkeyPath)
	case err != nil:
		return err
	}
	if err := c.renew(); err != nil {
		return err
	}
	return c.finishSignIn(challenge.Handle)
}
