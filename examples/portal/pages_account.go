package main

import (
	"net/http"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
)

func (p *portal) showRegister(c *call) error {
	v := c.view("register.title")
	v.Form.Values = map[string][]string{"language": {c.lang}}
	return c.show("register", v)
}

// register opens an account. Whether the address has one already is answered by
// mail only, so the next page is always the same.
func (p *portal) register(c *call) error {
	f := c.r.PostForm
	sent, err := p.h.Accounts.Register(c.ctx(), account.Anonymous(), account.Registration{
		Login: f.Get("login"), GivenName: f.Get("givenName"), FamilyName: f.Get("familyName"),
		Language: f.Get("language"), AcceptConditions: f.Get("acceptConditions") == "yes",
	})
	v := c.view("register.title")
	v.Form.Values = f
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "register", v)
	case err != nil:
		return err
	}
	c.put(keySentTo, sent.To)
	c.put(keySentUntil, sent.Until.Format(time.RFC3339))
	return c.redirect("/register/sent")
}

// registered says where the link went and how long it lives, as far as this browser
// asked for one.
func (p *portal) registered(c *call) error {
	until, err := time.Parse(time.RFC3339, c.get(keySentUntil))
	if err != nil {
		return c.redirect("/register")
	}
	v := c.view("registered.title")
	v.Data = account.Sent{To: c.get(keySentTo), Until: until}
	return c.show("registered", v)
}

// showActivate opens the page that a mail leads to. It uses nothing: mail scanners
// open links, too. The secret moves from the address into the session at once, so
// that it stays neither in the browser's history nor on the screen.
func (p *portal) showActivate(c *call) error {
	if token := c.r.URL.Query().Get("token"); token != "" {
		c.put(keyActivation, token)
		return c.redirect("/activate")
	}
	consent, err := p.consentDue(c)
	if err != nil {
		return c.deadLink(err, "/activate/resend")
	}
	v := c.view("activate.title")
	v.Data = activateData{p.rules(""), consent}
	return c.show("activate", v)
}

// activateData is what an activation needs.
type activateData struct {
	Rules   []account.Rule
	Consent bool // somebody else filled in the form: the conditions are yet to be accepted
}

// consentDue reports whether the owner of the activation link that was opened has yet to
// accept the conditions of use.
func (p *portal) consentDue(c *call) (bool, error) {
	info, err := c.inspected(keyActivation, account.PurposeActivation)
	return info.Consent, err
}

func (p *portal) activate(c *call) error {
	consent, err := p.consentDue(c)
	if err != nil {
		return c.deadLink(err, "/activate/resend")
	}
	password := c.r.PostFormValue("password")
	_, err = p.h.Accounts.ActivateWith(c.ctx(), c.get(keyActivation), account.NewPassword{
		Password: password, Confirmation: c.r.PostFormValue("confirmation"), AcceptConditions: c.r.PostFormValue("acceptConditions") == "yes",
	})
	v := c.view("activate.title")
	v.Form.Values = c.r.PostForm
	v.Data = activateData{p.rules(password), consent}
	switch {
	case c.refused(v, err, nil):
		return c.render(http.StatusUnprocessableEntity, "activate", v)
	case err != nil:
		return c.deadLink(err, "/activate/resend")
	}
	c.forget(keyActivation)
	return c.done("/sign-in", "activate.done")
}

// rules is the checklist beside the password field; an empty password meets none of
// them yet.
func (p *portal) rules(password string) []account.Rule {
	return p.checklist(password, account.Account{})
}

// checklist is rules for the password of an account.
func (p *portal) checklist(password string, a account.Account) []account.Rule {
	var shown []account.Rule
	for _, r := range p.passwords.Checklist(password, a) {
		if r.Code == "password_characters" || r.Code == "password_max" {
			continue // nobody needs to be told before it happens
		}
		r.Met = r.Met && password != ""
		shown = append(shown, r)
	}
	return shown
}

// unmet names the rules that a password breaks, for when it is not tried at all.

// Rule is a line of the checklist in words.
func (v *page) Rule(r account.Rule) string {
	return v.portal.h.LocalizeField(habilis.FieldError{Code: r.Code, Param: r.Param}, tagOf(v.Lang))
}
