// Package smtptest runs a real SMTP server on a loopback port for tests. It keeps
// what it accepts and can be told to refuse, drop or hang.
package smtptest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// TLSMode says how the server speaks TLS.
type TLSMode string

// TLS modes.
const (
	TLSNone     TLSMode = "none"     // STARTTLS is not offered
	TLSStart    TLSMode = "starttls" // offered, not demanded
	TLSImplicit TLSMode = "implicit" // from the first byte
)

// Stage is a moment of a session at which a [Hook] runs.
type Stage string

// Stages, in their order.
const (
	StageConnect Stage = "connect" // a session begins, or begins again after STARTTLS
	StageFrom    Stage = "from"    // MAIL FROM was read
	StageTo      Stage = "to"      // RCPT TO was read; Mail.To ends with it
	StageData    Stage = "data"    // the whole mail was read, and is not kept yet
	StageKept    Stage = "kept"    // the mail is kept; the client was not told so yet
)

// ErrDrop makes the server close the connection without a word.
var ErrDrop = errors.New("drop the connection")

// Hook decides what the server does at a stage: nil goes on, [ErrDrop] hangs up,
// [Refuse] makes a reply. It may block. It is called from several goroutines.
type Hook func(at Stage, m Mail) error

// Refuse returns an error that the server answers with, "550 5.1.1 text".
func Refuse(code int, enhanced [3]int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
}

// Config changes what [StartWith] starts.
type Config struct {
	TLS      TLSMode // Defaults to TLSStart.
	Username string  // Demanded with Password if set. Defaults to none.
	Password string
}

// Server is a running SMTP server.
type Server struct {
	Addr string // "127.0.0.1:port"

	tb     testing.TB
	config Config
	roots  *x509.CertPool

	mu      sync.Mutex
	hook    Hook
	mails   []Mail
	arrived chan struct{} // closed and replaced whenever a mail is kept
}

// Start runs a server that offers STARTTLS and accepts everything until the test
// ends.
func Start(tb testing.TB) *Server {
	tb.Helper()
	return StartWith(tb, Config{})
}

// StartWith is [Start] for a server that differs from the usual one.
func StartWith(tb testing.TB, config Config) *Server {
	tb.Helper()
	if config.TLS == "" {
		config.TLS = TLSStart
	}
	certificate, roots, err := newCertificate()
	if err != nil {
		tb.Fatalf("making a certificate: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listening: %v", err)
	}
	s := &Server{
		Addr: listener.Addr().String(), tb: tb, config: config, roots: roots, arrived: make(chan struct{}),
	}
	settings := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server := smtp.NewServer(smtp.BackendFunc(s.session))
	server.Domain = "mail.example"
	server.AllowInsecureAuth = true
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	server.ErrorLog = log.New(io.Discard, "", 0)
	switch config.TLS {
	case TLSStart:
		server.TLSConfig = settings
	case TLSImplicit:
		listener = tls.NewListener(listener, settings)
	case TLSNone:
	default:
		tb.Fatalf("no such TLS mode: %q", config.TLS)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	tb.Cleanup(func() {
		_ = server.Close()
		_ = listener.Close() // the server may not have begun to serve, and not know it yet
		<-done
	})
	return s
}

// Roots returns the pool that vouches for the server's certificate, which is made
// for 127.0.0.1, localhost and mail.example.
func (s *Server) Roots() *x509.CertPool { return s.roots }

// SetHook installs the hook that later sessions ask; nil removes it.
func (s *Server) SetHook(h Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = h
}

// Mails returns the accepted mails, oldest first.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Last returns the newest mail to an address, and whether there is one.
func (s *Server) Last(to string) (Mail, bool) {
	mails := s.Mails()
	for i := len(mails) - 1; i >= 0; i-- {
		for _, t := range mails[i].To {
			if t == to {
				return mails[i], true
			}
		}
	}
	return Mail{}, false
}

// Await returns the accepted mails once there are n of them. It fails the test if
// that takes longer than 20 seconds.
func (s *Server) Await(n int) []Mail {
	s.tb.Helper()
	limit := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		mails, arrived := append([]Mail(nil), s.mails...), s.arrived
		s.mu.Unlock()
		if len(mails) >= n {
			return mails
		}
		select {
		case <-arrived:
		case <-limit:
			s.tb.Fatalf("%d mails arrived where %d were due", len(mails), n)
		}
	}
}

func (s *Server) ask(at Stage, m Mail) error {
	s.mu.Lock()
	hook := s.hook
	s.mu.Unlock()
	if hook == nil {
		return nil
	}
	return hook(at, m)
}

func (s *Server) keep(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, m)
	close(s.arrived)
	s.arrived = make(chan struct{})
}

func (s *Server) session(c *smtp.Conn) (smtp.Session, error) {
	v := &session{server: s, conn: c}
	return v, v.ask(StageConnect)
}

// session is one SMTP session; the server calls it from one goroutine.
type session struct {
	server *Server
	conn   *smtp.Conn
	signed bool
	mail   Mail
}

func (v *session) ask(at Stage) error {
	err := v.server.ask(at, v.mail)
	if errors.Is(err, ErrDrop) {
		_ = v.conn.Conn().Close()
	}
	return err
}

// AuthMechanisms lists what is offered.
func (v *session) AuthMechanisms() []string {
	if v.server.config.Username == "" {
		return nil
	}
	return []string{sasl.Plain}
}

// Auth checks the one user that there is.
func (v *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != v.server.config.Username || password != v.server.config.Password {
			return smtp.ErrAuthFailed
		}
		v.signed = true
		return nil
	}), nil
}

// Mail begins a mail.
func (v *session) Mail(from string, _ *smtp.MailOptions) error {
	if v.server.config.Username != "" && !v.signed {
		return smtp.ErrAuthRequired
	}
	_, secure := v.conn.TLSConnectionState()
	v.mail = Mail{From: from, TLS: secure, Hello: v.conn.Hostname()}
	return v.ask(StageFrom)
}

// Rcpt adds a recipient.
func (v *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	v.mail.To = append(v.mail.To, to)
	return v.ask(StageTo)
}

// Data reads the mail and keeps it.
func (v *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("reading the mail: %w", err)
	}
	v.mail.Data = data
	v.mail.parse()
	if err := v.ask(StageData); err != nil {
		return err
	}
	v.server.keep(v.mail)
	return v.ask(StageKept)
}

// Reset forgets the mail that was begun.
func (v *session) Reset() { v.mail = Mail{} }

// Logout ends the session.
func (v *session) Logout() error { return nil }
