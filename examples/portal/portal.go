package main

import (
	"context"
	"embed"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// portal is the pages. It is immutable once it serves.
type portal struct {
	h         *habilis.Habilis
	base      *url.URL
	sessions  *scs.SessionManager
	texts     *texts
	templates map[string]*template.Template
	style     string // version of the style sheet, so that browsers may keep it
	keys      bool   // browsers may be asked for security keys
	passkeys  bool   // and these sign in alone
	script    string // version of the script that speaks with security keys
	policy    authz.Policy
	passwords account.PasswordPolicy
	accounts  account.Policy
	countries map[string][]choice
	zone      *time.Location
	now       func() time.Time
	log       *slog.Logger

	mailbox     *mailbox // nil: no development mailbox
	mailboxHost string   // the only name, beside that of base, under which it is shown
	demo        bool     // the sign-in page may name the demonstration accounts

	attachments account.AttachmentPolicy
	freshProof  time.Duration // how long a proof counts as fresh for secrets of programs
	support     bool          // there is a support desk
	operator    string        // login address of whoever runs the portal; "" for none
	officer     string        // login address of the data-protection officer; "" for none
}

func newPortal(h *habilis.Habilis, base *url.URL, log *slog.Logger) (*portal, error) {
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return nil, err
	}
	p := &portal{
		h: h, base: base, sessions: newSessions(base.Scheme == "https"),
		policy: authz.Guide2024(), passwords: account.Guide2024().Password, accounts: account.Guide2024(), zone: zone, now: time.Now, log: log,
	}
	p.attachments, p.freshProof = account.Guide2024().Attachments, account.Guide2024().FreshProof
	if p.texts, err = loadTexts(); err != nil {
		return nil, err
	}
	if p.countries, err = countries(); err != nil {
		return nil, err
	}
	if p.templates, err = parsedPages(); err != nil {
		return nil, err
	}
	if p.script, err = fingerprint("static/keys.js"); err != nil {
		return nil, err
	}
	p.style, err = fingerprint("static/portal.css")
	return p, err
}

// handler returns the pages behind all that protects them.
func (p *portal) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /static/", p.static())
	for _, routes := range p.allRoutes() {
		for path, r := range routes {
			mux.Handle(path, p.page(r))
		}
	}
	mux.Handle("/", p.page(route{get: func(*call) error { return errNoPage }}))
	return p.protect(mux)
}

// allRoutes lists the addresses of all pages.
func (p *portal) allRoutes() []map[string]route {
	return []map[string]route{p.routes(), p.lifeRoutes(), p.fileRoutes(), p.keyRoutes(), p.passkeyRoutes(), p.enrolRoutes(), p.factorRoutes(), p.peopleRoutes(), p.manageRoutes(), p.structureRoutes(), p.memberRoutes(), p.operatorRoutes()}
}

// route is what one address answers: showing never changes anything, acting does.
type route struct {
	get  func(*call) error
	post func(*call) error
	in   bool // only for people who are signed in

	enrols bool // also for those who must add an application or a key first
	open   bool // for whoever comes: a form that comes too late leads to a page again

	stream bool // post reads the body itself, the token first
}

func (p *portal) routes() map[string]route {
	return map[string]route{
		"/{$}": {get: p.home, in: true},

		"/register":            {get: p.showRegister, post: p.register, open: true},
		"/register/sent":       {get: p.registered},
		"/activate":            {get: p.showActivate, post: p.activate},
		"/sign-in":             {get: p.showSignIn, post: p.signIn, open: true},
		"/sign-in/second-step": {get: p.showSecondStep, post: p.secondStep},
		"/sign-in/resend":      {post: p.resend},
		"/sign-out":            {post: p.signOut, open: true},
		"/sign-out/everywhere": {get: p.showSignOutEverywhere, post: p.signOutEverywhere, in: true},
		"/language":            {post: p.language, open: true},
		"/dev/mailbox":         {get: p.showMailbox},
		"/dev/mailbox/{mail}":  {get: p.showLetter},
		"/account/memberships": {get: p.memberships, in: true},
		"/why":                 {get: p.why, in: true},

		activityPath:                    {get: p.activity, in: true},
		newsPath:                        {get: p.news, in: true},
		noticesPath:                     {get: p.showNotices, post: p.notices, in: true},
		"/account":                      {get: p.showAccount, in: true},
		"/account/profile":              {get: p.showProfile, post: p.profile, in: true},
		"/account/profile/{field}":      {get: p.showField, post: p.field, in: true},
		"/account/preferences":          {get: p.showPreferences, post: p.preferences, in: true},
		"/account/login-address":        {get: p.showLoginAddress, post: p.loginAddress, in: true},
		"/account/login-address/cancel": {post: p.cancelLoginChange, in: true},
		"/account/password":             {get: p.showPassword, post: p.changePassword, in: true},
		"/login-address/confirm":        {get: p.showLoginConfirm, post: p.loginConfirm},
		"/login-address/cancel":         {get: p.showLoginCancel, post: p.loginCancel},
		"/login-address/undo":           {get: p.showLoginUndo, post: p.loginUndo},
		"/password/forgotten":           {get: p.showForgotten, post: p.forgotten, open: true},
		"/password/forgotten/sent":      {get: p.forgottenSent},
		"/password/new":                 {get: p.showNewPassword, post: p.newPassword},
		"/password/expired":             {get: p.showExpired, post: p.replaceExpired},
		"/prove":                        {get: p.showProve, post: p.prove, in: true, enrols: true},
		"/prove/code":                   {get: p.showProveCode, post: p.proveCode, in: true, enrols: true},
		"/prove/resend":                 {post: p.resendProof, in: true, enrols: true},

		"/account/memberships/ask":      {get: p.search, in: true},
		"/account/memberships/ask/{id}": {get: p.showAsk, post: p.ask, in: true},
	}
}

// spaceLabel is what people call a space.
func (p *portal) spaceLabel(c *call, code authz.Space) string {
	if spec, ok := p.policy.Spec(code); ok {
		return spec.Label(c.tag())
	}
	return string(code)
}

// manages reports whether the person may decide requests anywhere.
func (p *portal) manages(ctx context.Context, c *call) (bool, error) {
	mine, err := p.h.Structures.Mine(ctx, c.actor())
	if err != nil {
		return false, err
	}
	for _, m := range mine {
		d, err := p.h.Authz.Check(ctx, authz.Request{
			Account: c.me.ID, Structure: m.Structure.ID, Action: authz.ActionDecideMemberships,
		})
		if err != nil || d.Allowed {
			return d.Allowed, err
		}
	}
	return false, nil
}
