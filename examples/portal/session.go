package main

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/habilis-go/habilis/account"
)

// What the session of a browser holds.
const (
	keySession    = "session"    // account.Session as JSON, once signed in
	keyHalf       = "half"       // handle of a sign-in that waits for its second factor
	keyActivation = "activation" // secret of the activation link that was opened
	keyConfirm    = "confirm"    // secrets of the links about the login address that were opened
	keyCancel     = "cancel"     //
	keyUndo       = "undo"       //
	keyReset      = "reset"      // secret of the link to a new password that was opened
	keyEnrolment  = "enrolment"  // registration of a security key that was begun, as JSON
	keyRenewal    = "renewal"    // right to replace an expired password
	keyProof      = "proof"      // handle of a proof that waits for its second factor
	keyProofFor   = "proof-for"  // page to show after it
	keyDraft      = "draft"      // login address that was typed before the proof
	keyForgotten  = "forgotten"  // address that a link to a new password was asked for
	keySentTo     = "sent-to"    // where the last activation link went
	keySentUntil  = "sent-until" // and when it dies
	keyAfter      = "after"      // page to show after signing in
	keyToken      = "token"      // what every form must send back
	keyLanguage   = "language"   // "fr" or "en", once chosen
	keyNotice     = "notice"     // message for the next page
	keyGood       = "good"       // whether it is good news
)

// newSessions keeps sessions in the process: they end with it. Over https the
// cookie's name makes browsers refuse one that a sibling domain planted.
func newSessions(secure bool) *scs.SessionManager {
	s := scs.New()
	s.Lifetime, s.IdleTimeout = 12*time.Hour, 30*time.Minute
	s.HashTokenInStore = true
	s.Cookie.Name = "habilis"
	s.Cookie.HttpOnly, s.Cookie.SameSite, s.Cookie.Path = true, http.SameSiteLaxMode, "/"
	s.Cookie.Persist = false
	if secure {
		s.Cookie.Name, s.Cookie.Secure = "__Host-habilis", true
	}
	return s
}

// enter makes the browser's session that of somebody who signed in. The token is a
// new one, so one that was planted before is worth nothing.
func (c *call) enter(held account.Session) error {
	raw, err := json.Marshal(held)
	if err != nil {
		return fmt.Errorf("keeping the session: %w", err)
	}
	if err := c.renew(); err != nil {
		return err
	}
	c.forget(keyHalf)
	c.put(keySession, string(raw))
	return nil
}

// renew gives the session another name, and its forms another token.
func (c *call) renew() error {
	c.forget(keyToken)
	return c.p.sessions.RenewToken(c.ctx())
}

// leave ends the browser's session; only the language is carried over.
func (c *call) leave() error {
	lang := c.get(keyLanguage)
	if err := c.p.sessions.Destroy(c.ctx()); err != nil {
		return err
	}
	if lang != "" {
		c.put(keyLanguage, lang)
	}
	return nil
}

// identify finds out whose request it is. The session is asked for on every request,
// so that signing out everywhere ends it at once.
func (c *call) identify(rt route) error {
	raw := c.get(keySession)
	if raw == "" {
		return nil
	}
	var held account.Session
	if err := json.Unmarshal([]byte(raw), &held); err != nil {
		return fmt.Errorf("reading the session: %w", err)
	}
	me, err := c.p.h.Accounts.Current(c.ctx(), held)
	if errors.Is(err, account.ErrEnrolmentRequired) {
		err = c.enrolling(held, rt)
	}
	switch {
	case c.enrols:
		return nil
	case errors.Is(err, account.ErrSessionEnded):
		if err := c.leave(); err != nil {
			return err
		}
		c.notice(false, c.p.h.Localize(err, c.tag()))
		return nil
	case err != nil:
		return err
	}
	c.me, c.held = &me, held
	return nil
}

// token returns what forms of this session carry.
func (c *call) token() string {
	token := c.get(keyToken)
	if token == "" {
		token = rand.Text()
		c.put(keyToken, token)
	}
	return token
}

func (c *call) genuine() bool { return c.issued(c.r.PostFormValue("token")) }

// issued reports whether a token is the one that our forms carry in this session.
func (c *call) issued(token string) bool {
	want := c.get(keyToken)
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(token)) == 1
}

// notice leaves a message for the page that comes next.
func (c *call) notice(good bool, text string) {
	c.put(keyNotice, text)
	c.p.sessions.Put(c.ctx(), keyGood, good)
}

func (c *call) get(key string) string { return c.p.sessions.GetString(c.ctx(), key) }

func (c *call) put(key, value string) { c.p.sessions.Put(c.ctx(), key, value) }

func (c *call) forget(key string) { c.p.sessions.Remove(c.ctx(), key) }

// local reports whether a path leads to a page of ours and nowhere else.
func local(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") && !strings.ContainsAny(path, "\\\r\n\t")
}
