package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

const (
	// maxReplies bounds what a server may say in one session, certificates included.
	// An honest one needs a few thousand bytes.
	maxReplies = 256 << 10

	// farewell bounds the last words of a session whose mail was taken.
	farewell = 2 * time.Second
)

// session is one connection, ready for one mail.
type session struct {
	ctx    context.Context //nolint:containedctx // a session lives for one call of Send
	conn   net.Conn
	unhook func() bool
	client *smtp.Client
}

// open connects and makes the connection ready for a mail. It is closed when ctx ends,
// whatever it waits for.
func (m *Mailer) open(ctx context.Context) (*session, error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", m.addr)
	if err != nil {
		return nil, failed(ctx, stageConnect, err)
	}
	s := &session{
		ctx: ctx, conn: &bounded{Conn: raw, left: maxReplies},
		unhook: context.AfterFunc(ctx, func() { _ = raw.Close() }),
	}
	if at, err := s.prepare(m); err != nil {
		s.abort()
		return nil, failed(ctx, at, err)
	}
	return s, nil
}

// prepare greets, changes over to TLS and authenticates.
func (s *session) prepare(m *Mailer) (at stage, err error) {
	conn := s.conn
	if m.opts.TLS == ImplicitTLS {
		secure := tls.Client(conn, m.opts.TLSConfig)
		if err := secure.HandshakeContext(s.ctx); err != nil {
			return stageTLS, err
		}
		conn = secure
	}
	if s.client, err = smtp.NewClient(conn, m.host); err != nil {
		return stageConnect, err
	}
	// Canonical addresses are ASCII, so the extension would only narrow the choice of
	// servers on the way.
	s.client.SkipSMTPUTF8(true)
	if err := s.client.Hello(m.opts.Hello); err != nil {
		return stageConnect, err
	}
	if m.opts.TLS == StartTLS {
		if offered, _ := s.client.Extension("STARTTLS"); !offered {
			return stageTLS, errNoSTARTTLS
		}
		if err := s.client.StartTLS(m.opts.TLSConfig); err != nil {
			return stageTLS, err
		}
	}
	if m.opts.Username != "" {
		return stageAuth, m.authenticate(s.client)
	}
	return "", nil
}

var (
	errNoSTARTTLS  = errors.New("STARTTLS is not offered")
	errNoMechanism = errors.New("no mechanism in common")
)

// authenticate proves who we are by the best mechanism in common. The two that show
// the password are refused by go-mail on a connection in the clear to elsewhere.
func (m *Mailer) authenticate(c *smtp.Client) error {
	_, offered := c.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	user, password := m.opts.Username, m.opts.Password
	switch {
	case slices.Contains(mechanisms, string(mail.SMTPAuthSCRAMSHA256)):
		return c.Auth(smtp.ScramSHA256Auth(user, password))
	case slices.Contains(mechanisms, string(mail.SMTPAuthPlain)):
		return c.Auth(smtp.PlainAuth("", user, password, m.host, false))
	case slices.Contains(mechanisms, string(mail.SMTPAuthLogin)):
		return c.Auth(smtp.LoginAuth(user, password, m.host, false))
	default:
		return errNoMechanism
	}
}

// deliver hands over one mail. The envelope has one recipient (ML-02).
func (s *session) deliver(from, to string, message *mail.Msg) error {
	if err := s.client.Mail("<" + from + ">"); err != nil {
		return failed(s.ctx, stageSender, err)
	}
	if err := s.client.Rcpt("<" + to + ">"); err != nil {
		return failed(s.ctx, stageRecipient, err)
	}
	w, err := s.client.Data()
	if err != nil {
		return failed(s.ctx, stageMessage, err)
	}
	if _, err := message.WriteTo(w); err != nil {
		// Without the closing dot the server must not take the torso for the mail.
		s.abort()
		return failed(s.ctx, stageMessage, err)
	}
	if err := w.Close(); err != nil {
		return failed(s.ctx, stageMessage, err)
	}
	return nil
}

// close says good-bye and hangs up. The mail is taken or refused by now, so how that
// goes is of no interest.
func (s *session) close() {
	_ = s.conn.SetDeadline(time.Now().Add(farewell)) //nolint:forbidigo // deadlines of connections are in real time
	_ = s.client.Quit()
	s.abort()
}

func (s *session) abort() {
	s.unhook()
	_ = s.conn.Close()
}

// bounded ends a connection whose peer says too much.
type bounded struct {
	net.Conn
	left int
}

var errTooMuch = errors.New("the server said too much")

// Read reads what the bound still allows.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooMuch
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
