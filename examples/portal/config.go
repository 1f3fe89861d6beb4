package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/notify/smtp"
)

// inMemory is the name of a database that dies with the process.
const inMemory = ":memory:"

// config is what the flags say, and what tests choose beside them.
type config struct {
	Addr string // where to listen
	DB   string // SQLite file, or inMemory
	Base string // public address of the pages, for links in mails; "" for the listening address
	SMTP string // host:port of a mail server; "" for none
	From string // sender of the mails
	Desk string // address of the support desk; "" for none
	Demo bool   // fill a new database

	Passkeys bool // passkeys sign in alone, where there are keys

	Asking bool // whoever is named principal manager is asked to accept first

	Officer string // login address of the data-protection officer; "" for none

	Operator string // login address of whoever runs the portal; "" for none

	Log     *slog.Logger
	Mailer  notify.Mailer   // used instead of SMTP
	Hashing account.Hashing // cost of password hashes
	Sources mfa.Sources     // budgets of sources at sign-in
	Now     func() time.Time
	Keys    func(*mfa.KeyPolicy) // changes what security keys must do

	StrongFrom func(context.Context, account.ID) (time.Time, error) // see habilis.Options
}

func readFlags(args []string, usage io.Writer) (config, error) {
	var c config
	flags := flag.NewFlagSet("portal", flag.ContinueOnError)
	flags.SetOutput(usage)
	flags.StringVar(&c.Addr, "addr", "127.0.0.1:8080", "`address` to listen on")
	flags.StringVar(&c.DB, "db", defaultDB(), "SQLite `file`, or :memory:")
	flags.BoolVar(&c.Demo, "demo", true, "fill a new database with the demonstration town, if only this machine reaches it")
	flags.StringVar(&c.Base, "base", "", "public `URL` of the pages, for links in mails (default http://ADDRESS)")
	flags.StringVar(&c.SMTP, "smtp", "", "`host:port` of a mail server; SMTP_USERNAME and SMTP_PASSWORD are read from the environment (default none: mails stay in the development mailbox)")
	flags.StringVar(&c.From, "mail-from", "habilis <no-reply@portal.example>", "sender of the mails")
	flags.StringVar(&c.Desk, "support", "", "`address` that requests of people who cannot sign in go to (default none with -smtp, else a fictional one)")
	flags.BoolVar(&c.Passkeys, "passkeys", false, "let passkeys sign in without address and password, where browsers offer keys")
	flags.BoolVar(&c.Asking, "ask-successors", false, "ask whoever is named principal manager to accept first")
	flags.StringVar(&c.Officer, "officer", "", "login `address` of the data-protection officer, who plans and confirms erasures (default none, in the demonstration town a fictional one)")
	flags.StringVar(&c.Operator, "operator", "", "login `address` of whoever runs the portal and appoints principal managers (default none, in the demonstration town a fictional one)")
	if err := flags.Parse(args); err != nil {
		return config{}, err
	}
	if flags.NArg() > 0 {
		return config{}, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return c, nil
}

// defaultDB is a file in the person's data folder.
func defaultDB() string {
	dir := os.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(dir) {
		dir = ""
	}
	switch home, err := os.UserHomeDir(); {
	case dir != "":
	case runtime.GOOS == "windows" || runtime.GOOS == "darwin":
		if dir, err = os.UserConfigDir(); err != nil {
			return "portal.db"
		}
	case err != nil:
		return "portal.db"
	default:
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "habilis", "portal.db")
}

// prepare makes the folder of the database and reports whether the file is yet to
// be made.
func prepare(db string) (fresh bool, err error) {
	if db == inMemory {
		return true, nil
	}
	if err := os.MkdirAll(filepath.Dir(db), 0o700); err != nil {
		return false, fmt.Errorf("making the data folder: %w", err)
	}
	_, err = os.Stat(db)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	return false, err
}

// loadKeys reads the key ring from a file beside the database, or makes it. The key
// is not in the database, so that a copy of the database alone opens nothing.
func loadKeys(db string) (*account.Keys, error) {
	key := make([]byte, account.KeySize)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("reading random bytes: %w", err)
	}
	if db == inMemory {
		return account.NewKeys(key)
	}
	path := db + ".key"
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		if key, err = os.ReadFile(path); err != nil {
			return nil, fmt.Errorf("reading the key file: %w", err)
		}
	case err != nil:
		return nil, fmt.Errorf("making the key file: %w", err)
	default:
		_, err = file.Write(key)
		if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
			return nil, fmt.Errorf("writing the key file: %w", err)
		}
	}
	keys, err := account.NewKeys(key)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return keys, nil
}

// mailer makes what hands mails on, nil if nobody is to get them. A server on this
// machine is spoken to in the clear; any other must offer TLS.
func (c config) mailer() (notify.Mailer, error) {
	if c.Mailer != nil || c.SMTP == "" {
		return c.Mailer, nil
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("-mail-from: %w", err)
	}
	opts := smtp.Options{FromName: from.Name, Username: os.Getenv("SMTP_USERNAME"), Password: os.Getenv("SMTP_PASSWORD")}
	if host, _, err := net.SplitHostPort(c.SMTP); err == nil && loopbackName(host) {
		opts.TLS = smtp.Loopback
	}
	m, err := smtp.New(c.SMTP, from.Address, &opts)
	if err != nil {
		return nil, fmt.Errorf("-smtp: %w", err)
	}
	return m, nil
}

// fictionalDesk gets what people ask of support while mails stay in the mailbox.
const fictionalDesk = "support@portal.example"

func (c config) supportDesk() string {
	if c.Desk == "" && c.SMTP == "" {
		return fictionalDesk
	}
	return c.Desk
}

// loopback reports whether only this machine can reach the address.
func loopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// loopbackName reports whether a host name or address is this machine's own.
func loopbackName(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
