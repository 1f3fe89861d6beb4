package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// Errors of the pages themselves.
var (
	errNoPage = structure.ErrNotFound
	errForged = errors.New("the form does not come from our page")
	errMethod = errors.New("the address does not take this method")
	errForm   = errors.New("the form cannot be read")
	errBroken = errors.New("a page broke down")
)

// call is one request, and whose it is.
type call struct {
	p    *portal
	w    http.ResponseWriter
	r    *http.Request
	lang string
	me   *account.Account // nil: nobody signed in
	held account.Session  // of me

	enrols bool // the session is good for adding an application or a key alone
	shows  bool // the address shows a page as well, not only takes forms
	late   bool // the page shows what was typed into one that was open for too long
}

func (c *call) ctx() context.Context { return c.r.Context() }

// tag is the language in the form that the library takes.
func (c *call) tag() language.Tag { return tagOf(c.lang) }

func tagOf(lang string) language.Tag { return language.Make(lang) }

// actor is who acts: the person whose session it is.
func (c *call) actor() account.Actor {
	if c.me == nil {
		return account.Anonymous()
	}
	by := account.Person(c.me.ID)
	by.ProvenAt = c.held.At
	return by
}

// stranger is a call of whoever it may be, before that is known.
func (p *portal) stranger(w http.ResponseWriter, r *http.Request) *call {
	c := &call{p: p, w: w, r: r, lang: preferred(r.Header.Get("Accept-Language"))}
	c.speak()
	return c
}

// speak settles the language: what was chosen, else the account's, else the browser's.
func (c *call) speak() {
	if c.me != nil {
		c.lang = c.me.Language
	}
	if chosen := c.get(keyLanguage); chosen != "" {
		c.lang = chosen
	}
}

// page makes a handler of a route.
func (p *portal) page(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := p.stranger(w, r)                //nolint:contextcheck // a call carries its request, and the context with it
		if err := c.answer(rt); err != nil { //nolint:contextcheck // as above
			p.fail(c, err) //nolint:contextcheck // as above
		}
	})
}

func (c *call) answer(rt route) error {
	if err := c.identify(rt); err != nil {
		return err
	}
	c.speak()
	c.shows = rt.get != nil
	act, err := c.choose(rt)
	stranger := rt.in && c.me == nil && !c.enrols
	switch {
	case errors.Is(err, errForged) && stranger: // the token went with the session
		return c.toSignIn()
	case errors.Is(err, errForged) && rt.open && c.me == nil && c.r.URL.RawQuery == "":
		return c.again(rt)
	case err != nil:
		return err
	case rt.in && c.enrols && !rt.enrols:
		return c.redirect(enrolPath)
	case stranger:
		return c.toSignIn()
	}
	return act(c)
}

// choose picks what the method asks for. A form is taken only if it is one of ours.
func (c *call) choose(rt route) (func(*call) error, error) {
	switch m := c.r.Method; {
	case (m == http.MethodGet || m == http.MethodHead) && rt.get != nil:
		return rt.get, nil
	case m == http.MethodPost && rt.stream:
		return rt.post, nil // it reads the form itself, the token first
	case m == http.MethodPost && rt.post != nil:
		if err := c.r.ParseForm(); err != nil {
			return nil, errors.Join(errForm, err)
		}
		if !wellFormed(c.r.PostForm) {
			return nil, errForm
		}
		if !c.genuine() {
			return nil, errForged
		}
		return rt.post, nil
	}
	if rt.get != nil {
		c.w.Header().Add("Allow", "GET, HEAD")
	}
	if rt.post != nil {
		c.w.Header().Add("Allow", "POST")
	}
	return nil, errMethod
}

// toSignIn asks whoever is not, or only half, signed in to do so first. Of a form that
// comes too late nothing is done, which is said.
func (c *call) toSignIn() error {
	switch c.r.Method {
	case http.MethodGet:
		c.put(keyAfter, c.r.URL.RequestURI())
	case http.MethodPost:
		c.notice(false, c.p.texts.text(c.lang, "signin.late"))
		if c.shows {
			c.put(keyAfter, c.r.URL.Path)
		}
	}
	if c.get(keyHalf) != "" {
		return c.redirect("/sign-in/second-step")
	}
	return c.redirect("/sign-in")
}

// again shows a page that was open for longer than its session, with what was typed and a
// new token. Of the form nothing is done, which is said. The buttons of the header lead on:
// there is nobody to sign out, and the page that is there now speaks either language.
func (c *call) again(rt route) error {
	if rt.get == nil {
		c.notice(false, c.p.texts.text(c.lang, "form.over"))
		if here := c.r.PostForm.Get("here"); local(here) {
			return c.redirect(here)
		}
		return c.redirect("/sign-in")
	}
	c.late = true
	c.notice(false, c.p.texts.text(c.lang, "form.late"))
	return rt.get(c)
}

func (c *call) redirect(path string) error {
	http.Redirect(c.w, c.r, path, http.StatusSeeOther) //nolint:gosec // paths are ours, or went through local
	return nil
}

// done says that something worked, on the page where it shows.
func (c *call) done(path, text string, pairs ...any) error {
	c.notice(true, c.p.texts.text(c.lang, text, pairs...))
	return c.redirect(path)
}

// fail shows the page for an error. What went wrong on our side goes to the log; the
// person gets the number under which it is found there.
func (p *portal) fail(c *call, err error) {
	if errors.Is(err, account.ErrProofRequired) && c.me != nil {
		_ = c.toProof(c.r.URL.Path)
		return
	}
	if errors.Is(err, account.ErrNotActive) || errors.Is(err, account.ErrSessionEnded) {
		if left := c.leave(); left == nil {
			_ = c.redirect("/sign-in")
			return
		}
	}
	status := statusOf(err)
	if status == http.StatusServiceUnavailable {
		c.w.Header().Set("Retry-After", "10")
	}
	if status == http.StatusInternalServerError {
		p.log.Error("request failed", "id", requestOf(c.r), "error", err)
	}
	v := c.view("error.title." + strconv.Itoa(status))
	v.Data = failure{Text: c.explain(err, status), Request: requestOf(c.r)}
	if err := c.render(status, "error", v); err != nil {
		p.log.Error("error page failed", "id", requestOf(c.r), "error", err)
		http.Error(c.w, http.StatusText(status), status)
	}
}

// explain puts an error into words that are safe to show to anybody.
func (c *call) explain(err error, status int) string {
	text := func(id string) string { return c.p.texts.text(c.lang, id) }
	switch {
	case errors.Is(err, errForged):
		return text("error.forged")
	case errors.Is(err, errMethod):
		return text("error.method")
	case status == http.StatusRequestEntityTooLarge:
		return text("error.large")
	case errors.Is(err, errForm):
		return text("error.form")
	case status == http.StatusInternalServerError:
		return text("error.unknown")
	default:
		return c.p.h.Localize(err, c.tag())
	}
}

// failure is what the error page shows.
type failure struct{ Text, Request string }

func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errForged):
		return http.StatusForbidden
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed
	case errors.Is(err, errForm):
		return http.StatusBadRequest
	}
	switch habilis.CodeOf(err) {
	case habilis.CodeNotFound:
		return http.StatusNotFound
	case habilis.CodeDenied:
		return http.StatusForbidden
	case habilis.CodeInvalid:
		return http.StatusUnprocessableEntity
	case habilis.CodeTimeout, habilis.CodeCanceled, habilis.CodeOf(account.ErrBusy):
		return http.StatusServiceUnavailable
	case habilis.CodeOf(account.ErrThrottled):
		return http.StatusTooManyRequests
	case habilis.CodeInternal:
		return http.StatusInternalServerError
	default:
		return http.StatusConflict
	}
}
