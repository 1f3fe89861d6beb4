package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/sqlite"
	"github.com/habilis-go/habilis/structure"
)

// poll is how often the outbox is looked at: a person waits for the mail.
const poll = 200 * time.Millisecond

// app is a portal with all that it stands on.
type app struct {
	h      *habilis.Habilis
	portal *portal
	store  *sqlite.Store
	addr   string
}

// errExposed refuses to show everybody's sign-in codes to the network.
var errExposed = errors.New("-smtp is needed unless -addr and -base are of this machine: the development mailbox shows sign-in codes to whoever reaches it")

// open opens the database, wires the library over it and makes the pages.
func open(ctx context.Context, c config, addr net.Addr) (_ *app, err error) {
	if c.Base == "" {
		c.Base = "http://" + addr.String()
	}
	base, err := url.Parse(c.Base)
	if err != nil {
		return nil, fmt.Errorf("-base: %w", err)
	}
	next, err := c.mailer()
	if err != nil {
		return nil, err
	}
	private := loopback(addr) && loopbackName(base.Hostname())
	if next == nil && !private {
		return nil, errExposed
	}
	fresh, err := prepare(c.DB)
	if err != nil {
		return nil, err
	}
	keys, err := loadKeys(c.DB)
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, c.DB, nil)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	a := &app{store: store, addr: addr.String()}
	defer func() {
		if err != nil {
			err = errors.Join(err, store.Close())
		}
	}()
	if fresh && c.Demo && private { // its password is known to everybody
		if err := seed(ctx, store, keys, c.Hashing); err != nil {
			if c.DB != inMemory {
				err = errors.Join(err, os.Remove(c.DB)) // half a town would look like a whole one next time
			}
			return nil, fmt.Errorf("filling the demonstration town: %w", err)
		}
	}
	box := &mailbox{Inbox: notify.NewInbox(), next: next}
	if a.h, err = habilis.New(store, c.options(base, keys, store, box)); err != nil {
		return nil, err
	}
	a.portal, err = newPortal(a.h, base, c.Log)
	if err != nil {
		return nil, err
	}
	keyed := c.keyPolicy(base).Keys
	a.portal.keys, a.portal.passkeys = keyed.Domain != "", keyed.Passwordless
	if c.Now != nil {
		a.portal.now = c.Now
	}
	if private {
		a.portal.mailbox, a.portal.mailboxHost, a.portal.demo = box, a.addr, c.Demo
	}
	if a.portal.officer = strings.ToLower(c.Officer); c.Officer == "" && a.portal.demo {
		a.portal.officer = fictionalOfficer
	}
	if a.portal.operator = strings.ToLower(c.Operator); c.Operator == "" && a.portal.demo {
		a.portal.operator = fictionalOperator
	}
	a.portal.support = c.supportDesk() != ""
	return a, nil
}

func (c config) options(base *url.URL, keys *account.Keys, store *sqlite.Store, mailer notify.Mailer) *habilis.Options {
	rules := structure.Guide2024()
	rules.Principals.Accept = c.Asking
	return &habilis.Options{
		Structure: &rules,
		Mailer:    mailer,
		Keys:      keys,
		Links:     notify.Links{Base: base.String(), ResetPassword: "/password/new", News: newsPath}, // other paths of our pages are the defaults
		Now:       c.Now,
		Sources:   c.Sources,
		Hashing:   c.Hashing,
		SignIns:   c.keyPolicy(base),

		StrongFrom: c.StrongFrom,

		Contents: store.Blobs(),

		SupportDesk: c.supportDesk(),

		Dispatch: &notify.DispatcherOptions{Poll: poll},
		OnError:  func(err error) { c.Log.Error("background work", "error", err) },
	}
}

// serve answers requests and delivers mails until ctx ends, then lets what is under
// way finish.
func (a *app) serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           a.portal.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	delivered, served := make(chan error, 1), make(chan error, 1)
	go func() { delivered <- a.h.Run(background) }()
	go func() { served <- server.Serve(l) }()

	var err error
	select {
	case <-ctx.Done():
	case err = <-served: // the listener broke
		served <- http.ErrServerClosed
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = errors.Join(err, server.Shutdown(finish))
	stop() // after the last request, so that its mails leave
	if closed := <-served; !errors.Is(closed, http.ErrServerClosed) {
		err = errors.Join(err, closed)
	}
	return errors.Join(err, <-delivered)
}

func (a *app) close() error { return a.store.Close() }
