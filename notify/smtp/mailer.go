// Package smtp delivers the mails of habilis to a mail server.
//
//	mailer, err := smtp.New("mail.example.org:587", "no-reply@example.org", &smtp.Options{
//		Username: "portal", Password: password,
//	})
//
// It demands TLS unless told otherwise, builds the envelope from the one canonical
// address of the mail and nothing else, and marks every mail as sent by a machine.
// Errors tell the stage and the reply code, never what the server said, since
// servers quote mails and mails hold links and codes.
package smtp

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// TLS says how a connection is protected.
type TLS string

// Ways of protecting a connection.
const (
	StartTLS    TLS = "starttls"  // begins in the clear and changes over; a server that does not offer it is refused
	ImplicitTLS TLS = "implicit"  // from the first byte, usually on port 465
	Loopback    TLS = "loopback"  // in the clear, and only to this machine
	Cleartext   TLS = "cleartext" // in the clear to anywhere: anybody on the way reads links and codes
)

// Options are the optional parts of a [Mailer]; nil means all defaults.
type Options struct {
	FromName string // Display name of the sender. Defaults to none.

	Username string // Account at the mail server. Defaults to none: no authentication.
	Password string // Its password. Defaults to none.

	TLS       TLS         // How the connection is protected. Defaults to StartTLS.
	TLSConfig *tls.Config // Trusted roots and the like. Defaults to the system's roots, TLS 1.2 and later, and the host of addr.

	// PerConnection is how many mails go over one connection before it is closed; with 1
	// every mail has its own. Defaults to 100.
	PerConnection int
	Idle          time.Duration // How long a connection is kept open for the next mail. Defaults to 5 seconds.

	Timeout time.Duration    // Bound of one Send, from dialling to the server's word. Defaults to 30 seconds.
	Hello   string           // What the client calls itself. Defaults to "localhost".
	Now     func() time.Time // The clock of the Date header. Defaults to time.Now.
}

// Mailer sends mails, one after the other over one connection as long as there are some;
// mails that are sent at once have a connection each. It is safe for concurrent use.
type Mailer struct {
	addr string
	host string
	from string
	opts Options

	mu   sync.Mutex
	idle []*session // ready for the next mail, the last one used last
}

var _ notify.Stager = (*Mailer)(nil)

const op = "smtp.New"

// New returns a Mailer that hands mails to the server at addr, "host:port", from one
// sender address. It connects only when it sends. The error is an ErrInvalid that
// names every bad field.
func New(addr, from string, opts *Options) (*Mailer, error) {
	m := &Mailer{addr: addr}
	if opts != nil {
		m.opts = *opts
	}
	o := &m.opts
	var bad []fault.Field
	refuse := func(path, code string) { bad = append(bad, fault.Field{Path: path, Code: code}) }

	host, port, err := net.SplitHostPort(addr)
	if err != nil || host == "" || port == "" {
		refuse("addr", "host_port")
	}
	m.host = host
	if m.from, err = address.Parse(from); err != nil {
		refuse("from", "email")
	}
	if o.TLS == "" {
		o.TLS = StartTLS
	}
	switch {
	case !slices.Contains([]TLS{StartTLS, ImplicitTLS, Loopback, Cleartext}, o.TLS):
		refuse("tls", "oneof")
	case o.TLS == Loopback && !isLoopback(host):
		refuse("addr", "loopback")
	}
	if o.Username != "" && o.TLS == Cleartext {
		refuse("username", "needs_tls")
	}
	if (o.Username == "") != (o.Password == "") {
		refuse("password", "required_with")
	}
	if o.Timeout < 0 {
		refuse("timeout", "min")
	}
	if o.PerConnection < 0 {
		refuse("perConnection", "min")
	}
	if o.Idle < 0 {
		refuse("idle", "min")
	}
	if !utf8.ValidString(o.FromName) || strings.ContainsFunc(o.FromName, unicode.IsControl) {
		refuse("fromName", "one_line")
	}
	if strings.ContainsFunc(o.Hello, func(r rune) bool { return r <= ' ' || r > '~' }) {
		refuse("hello", "host")
	}
	if bad != nil {
		return nil, fault.Invalid(op, bad...)
	}

	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.PerConnection == 0 {
		o.PerConnection = 100
	}
	if o.Idle == 0 {
		o.Idle = 5 * time.Second
	}
	if o.Hello == "" {
		o.Hello = "localhost"
	}
	if o.Now == nil {
		o.Now = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if o.TLSConfig == nil {
		o.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	o.TLSConfig = o.TLSConfig.Clone() // the caller keeps the one it gave
	o.TLSConfig.MinVersion = max(o.TLSConfig.MinVersion, tls.VersionTLS12)
	if o.TLSConfig.ServerName == "" {
		o.TLSConfig.ServerName = host
	}
	return m, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send hands a mail to the server and returns nil once the server has taken it. The
// error matches notify.ErrUndeliverable if the server refuses the recipient or the
// mail for good, or the address is not in canonical form; if it is the recipient, it
// matches notify.ErrNoSuchMailbox too. Whatever concerns the
// connection, authentication or the sender is mended by operators, so such an error
// asks for another try.
func (m *Mailer) Send(ctx context.Context, e notify.Email) error {
	staged, err := m.Stage(ctx, e)
	if err != nil {
		return err
	}
	return staged.Commit()
}

// Stage does all of Send up to the last word, by which the server takes the mail. The
// errors are those of Send. Options.Timeout bounds both together, and ctx must live
// until the mail is committed or abandoned.
func (m *Mailer) Stage(ctx context.Context, e notify.Email) (notify.Staged, error) {
	if canonical, err := address.Parse(e.To); err != nil || canonical != e.To {
		return nil, &sendError{stage: stageRecipient, why: "not a canonical address", permanent: true}
	}
	message, err := m.message(e)
	if err != nil {
		return nil, &sendError{stage: stageMessage, why: "not a valid mail", permanent: true}
	}
	ctx, cancel := context.WithTimeout(ctx, m.opts.Timeout)
	d := &delivery{mailer: m, cancel: cancel}
	for {
		reused := false
		if d.session, reused, err = m.session(ctx); err != nil {
			cancel()
			return nil, err
		}
		err = d.session.deliver(m.from, e.To, message)
		switch {
		case err == nil:
			return d, nil
		case reused && d.session.gone(err):
			// It had ended, or had enough: nobody has seen the mail yet.
			d.session.abort()
			continue
		}
		d.end(err)
		return nil, err
	}
}
