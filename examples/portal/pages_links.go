package main

import (
	"errors"
	"net/http"

	"github.com/habilis-go/habilis/account"
)

// opened tells what the link of a mail would do, and does none of it: mail scanners
// open links, too. A secret in the address moves into the session at once, so that it
// stays neither in the browser's history nor on the screen. done reports that an
// answer was given: the page without the secret, or that the link is over.
func (c *call) opened(path, key string, purpose account.Purpose) (info account.LinkInfo, done bool, err error) {
	if token := c.r.URL.Query().Get("token"); token != "" {
		c.put(key, token)
		return info, true, c.redirect(path)
	}
	info, err = c.inspected(key, purpose)
	if err != nil {
		return info, true, c.linkOver(err, key, againOf(purpose))
	}
	return info, false, nil
}

// follow runs what looks a link up, as a try of whoever is connected (BF-14).
func (c *call) follow(try func() error) error {
	return c.p.h.SignIns.FollowLink(c.ctx(), c.p.source(c.r), try)
}

// inspected tells what the link of a purpose would do.
func (c *call) inspected(key string, purpose account.Purpose) (info account.LinkInfo, err error) {
	err = c.follow(func() error {
		info, err = c.p.h.Accounts.InspectLink(c.ctx(), c.get(key))
		if err == nil && info.Purpose != purpose {
			err = account.ErrLinkExpired
		}
		return err
	})
	return info, err
}

// againOf is the page where another link of the kind can be asked for.
func againOf(purpose account.Purpose) string {
	if purpose == account.PurposePasswordReset {
		return "/password/forgotten"
	}
	return "/account/login-address"
}

// linkOver says that a link does nothing any more, and where to go on from there.
func (c *call) linkOver(err error, key, again string) error {
	if !errors.Is(err, account.ErrLinkExpired) && !errors.Is(err, account.ErrLinkUsed) {
		return err
	}
	c.forget(key)
	v := c.view("over.title")
	v.Data = over{Text: c.p.h.Localize(err, c.tag()), Again: again}
	return c.render(http.StatusGone, "linkover", v)
}

// over is what the page of a link that is over shows.
type over struct{ Text, Again string }

// outOf says something on the sign-in page after all sessions of an account ended,
// the one of this browser among them if it was one.
func (c *call) outOf(id account.ID, text string, pairs ...any) error {
	if c.me != nil && c.me.ID == id {
		if err := c.leave(); err != nil {
			return err
		}
	}
	c.forget(keyHalf)
	return c.done("/sign-in", text, pairs...)
}
