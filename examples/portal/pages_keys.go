package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

const keysPath = "/account/keys"

// keyPolicy lets pages that browsers ask keys on have keys: those of a domain, over HTTPS,
// or of this machine under its name.
func (c config) keyPolicy(base *url.URL) *mfa.Policy {
	p := mfa.Guide2024()
	host := base.Hostname()
	if host == "localhost" || base.Scheme == "https" && net.ParseIP(host) == nil {
		p.Keys.Domain, p.Keys.Name, p.Keys.Origins = host, "habilis", []string{base.Scheme + "://" + base.Host}
		p.Keys.Passwordless = c.Passkeys
	}
	if c.Keys != nil {
		c.Keys(&p.Keys)
	}
	return &p
}

// scripted lets the page load our one script, which speaks with security keys.
func (c *call) scripted() {
	c.w.Header().Set("Content-Security-Policy", contentPolicy+"; script-src 'self'")
}

// keyStep is where a key is asked for.
type keyStep struct {
	mfa.Challenge
	Path    string // where the answer goes
	Options string // for the browser
	Ways    string // where another way is chosen
	Leave   string // page to go back to, "" for the sign-in that is given up
}

// Others lists the other ways that can be chosen.
func (s keyStep) Others() []mfa.Way { return others(s.Challenge) }

// Others is the same beside a code.
func (s codeStep) Others() []mfa.Way { return others(s.Challenge) }

// Closed lists the ways that cannot be chosen now, for a reason that may be told.
func (s keyStep) Closed() []mfa.Way { return closed(s.Challenge) }

// Closed is the same beside a code.
func (s codeStep) Closed() []mfa.Way { return closed(s.Challenge) }

func closed(c mfa.Challenge) []mfa.Way {
	return slices.DeleteFunc(c.Alternatives(), func(w mfa.Way) bool {
		return w.Refused == "" || w.Refused == mfa.RefusedNotEnrolled
	})
}

func others(c mfa.Challenge) []mfa.Way {
	return slices.DeleteFunc(c.Alternatives(), func(w mfa.Way) bool {
		return w.Refused != ""
	})
}

// signInWay goes on with another factor.
func (p *portal) signInWay(c *call) error {
	return c.chooseWay(c.get(keyHalf), "/sign-in/second-step", c.beginAgain)
}

func (p *portal) proveWay(c *call) error {
	return c.chooseWay(c.get(keyProof), "/prove/code", c.proveAgain)
}

func (c *call) chooseWay(handle, path string, over func(error) error) error {
	_, err := c.p.h.SignIns.Switch(c.ctx(), handle, account.Factor(c.r.PostFormValue("way")))
	if errors.Is(err, mfa.ErrWayRefused) || errors.Is(err, mfa.ErrTooSoon) {
		c.notice(false, c.p.h.Localize(err, c.tag()))
		return c.redirect(path)
	}
	if err != nil {
		return over(err)
	}
	return c.redirect(path)
}

// askKey shows the page that asks for a key of a sign-in or of a proof. Each showing asks
// anew.
func (c *call) askKey(v *page, step keyStep) error {
	options, err := c.p.h.SignIns.BeginKeySignIn(c.ctx(), step.Handle)
	if err != nil {
		return err
	}
	step.Options = string(options)
	v.Data = step
	c.scripted()
	return c.show("secondkey", v)
}

func (p *portal) keyRoutes() map[string]route {
	return map[string]route{
		"/sign-in/key":            {post: p.signInKey},
		"/sign-in/way":            {post: p.signInWay},
		"/prove/way":              {post: p.proveWay, in: true, enrols: true},
		"/prove/key":              {post: p.proveKey, in: true, enrols: true},
		keysPath:                  {get: p.showKeys, in: true},
		keysPath + "/new":         {get: p.showNewKey, post: p.newKey, in: true, enrols: true},
		keysPath + "/add":         {post: p.addKey, in: true, enrols: true},
		keysPath + "/{id}":        {get: p.showKey, post: p.renameKey, in: true},
		keysPath + "/{id}/remove": {post: p.removeKey, in: true},
	}
}

// signInKey takes the answer of a key at a sign-in.
func (p *portal) signInKey(c *call) error {
	handle := c.get(keyHalf)
	if err := p.h.SignIns.ProveKey(c.ctx(), handle, []byte(c.r.PostFormValue("response"))); err != nil {
		return c.keyAgain(err, handle, "/sign-in/second-step", c.beginAgain)
	}
	return c.finishSignIn(handle)
}

// proveKey takes the answer of a key that proves whoever is signed in once more.
func (p *portal) proveKey(c *call) error {
	handle := c.get(keyProof)
	if err := p.h.SignIns.ProveKey(c.ctx(), handle, []byte(c.r.PostFormValue("response"))); err != nil {
		return c.keyAgain(err, handle, "/prove/code", c.proveAgain)
	}
	return c.finishProof(handle)
}

// keyAgain leads back to the page that asks for a key if there is another try, and where
// over leads if there is none.
func (c *call) keyAgain(err error, handle, path string, over func(error) error) error {
	if !errors.Is(err, mfa.ErrKeyRefused) && !errors.Is(err, mfa.ErrNotAsked) {
		return over(err)
	}
	if _, gone := c.p.h.SignIns.Challenge(c.ctx(), handle); gone != nil {
		return over(gone)
	}
	c.notice(false, c.p.h.Localize(err, c.tag()))
	return c.redirect(path)
}

// keysData is the list of keys.
type keysData struct {
	Keys []mfa.Enrolled
	Off  bool // this address has no keys
}

func (c *call) keys() ([]mfa.Enrolled, error) {
	all, err := c.p.h.SignIns.ListFactors(c.ctx(), c.actor())
	return slices.DeleteFunc(all, func(e mfa.Enrolled) bool { return e.Kind != account.FactorSecurityKey }), err
}

func (p *portal) showKeys(c *call) error {
	keys, err := c.keys()
	if err != nil {
		return err
	}
	v := c.view("keys.title").underAccount()
	v.Data = keysData{keys, !p.keys}
	return c.show("keys", v)
}

// newKey begins a registration. What the page needs waits in the session, so that
// showing it changes nothing.
func (p *portal) newKey(c *call) error {
	begun, err := p.h.SignIns.BeginKey(c.ctx(), c.actor())
	switch {
	case errors.Is(err, account.ErrProofRequired):
		return c.toProof(keysPath)
	case errors.Is(err, mfa.ErrKeyLimit), errors.Is(err, mfa.ErrNotOffered):
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect(keysPath)
	case err != nil:
		return err
	}
	raw, err := json.Marshal(begun)
	if err != nil {
		return fmt.Errorf("keeping a registration: %w", err)
	}
	c.put(keyEnrolment, string(raw))
	return c.redirect(keysPath + "/new")
}

func (c *call) enrolment() (begun mfa.KeyEnrolment, ok bool) {
	err := json.Unmarshal([]byte(c.get(keyEnrolment)), &begun)
	return begun, err == nil && c.p.now().Before(begun.ExpiresAt)
}

func (c *call) viewNewKey(begun mfa.KeyEnrolment) *page {
	v := c.view("keys.new").underAccount()
	v.Here = keysPath + "/new"
	v.Crumbs = append(v.Crumbs, crumb{keysPath, v.T("keys.title")})
	v.Form.Values = c.r.PostForm
	v.Form.called("label", "keyLabel")
	v.Data = string(begun.Options)
	c.scripted()
	return v
}

func (p *portal) showNewKey(c *call) error {
	begun, ok := c.enrolment()
	if !ok {
		return c.redirect(keysPath)
	}
	return c.show("newkey", c.viewNewKey(begun))
}

// addKey takes the answer of a key that is to be registered. It works once.
func (p *portal) addKey(c *call) error {
	begun, ok := c.enrolment()
	if !ok {
		c.notice(false, p.h.Localize(mfa.ErrEnrolmentOver, c.tag()))
		return c.redirect(keysPath)
	}
	key, err := p.h.SignIns.FinishKey(c.ctx(), c.actor(), mfa.KeyAnswer{
		Enrolment: begun.ID, Response: []byte(c.r.PostFormValue("response")), Label: c.r.PostFormValue("label"),
	})
	if errors.Is(err, account.ErrProofRequired) {
		return c.toProof(keysPath)
	}
	v := c.viewNewKey(begun)
	if c.refused(v, err, nil) {
		return c.render(http.StatusUnprocessableEntity, "newkey", v)
	}
	c.forget(keyEnrolment)
	switch {
	case errors.Is(err, mfa.ErrKeyRefused), errors.Is(err, mfa.ErrKeyRegistered), errors.Is(err, mfa.ErrEnrolmentOver), errors.Is(err, mfa.ErrKeyLimit):
		c.notice(false, p.h.Localize(err, c.tag()))
		return c.redirect(keysPath)
	case err != nil:
		return err
	}
	return c.done(keysPath, "keys.added", "Label", key.Label)
}

// ownKey returns the key that the address names.
func (c *call) ownKey() (mfa.Enrolled, error) {
	keys, err := c.keys()
	if err != nil {
		return mfa.Enrolled{}, err
	}
	i := slices.IndexFunc(keys, func(k mfa.Enrolled) bool { return string(k.ID) == c.r.PathValue("id") })
	if i < 0 {
		return mfa.Enrolled{}, errNoPage
	}
	return keys[i], nil
}

func (c *call) viewKey(k mfa.Enrolled) *page {
	v := c.view("keys.one", "Label", k.Label).underAccount()
	v.Crumbs = append(v.Crumbs, crumb{keysPath, v.T("keys.title")})
	v.Form.Values = url.Values{"label": {k.Label}}
	v.Form.called("label", "keyLabel")
	v.Data = k
	return v
}

func (p *portal) showKey(c *call) error {
	k, err := c.ownKey()
	if err != nil {
		return err
	}
	return c.show("key", c.viewKey(k))
}

func (p *portal) renameKey(c *call) error {
	k, err := c.ownKey()
	if err != nil {
		return err
	}
	_, err = p.h.SignIns.RenameFactor(c.ctx(), c.actor(), k.ID, c.r.PostFormValue("label"))
	v := c.viewKey(k)
	v.Form.Values = c.r.PostForm
	switch {
	case c.refused(v, err, map[habilis.Code]string{}):
		return c.render(http.StatusUnprocessableEntity, "key", v)
	case err != nil:
		return err
	}
	return c.done(keysPath, "keys.renamed")
}

func (p *portal) removeKey(c *call) error {
	k, err := c.ownKey()
	if err != nil {
		return err
	}
	if err := p.h.SignIns.RemoveFactor(c.ctx(), c.actor(), k.ID); errors.Is(err, account.ErrProofRequired) {
		return c.toProof(keysPath + "/" + string(k.ID))
	} else if err != nil {
		return err
	}
	return c.done(keysPath, "keys.removed", "Label", k.Label)
}
