package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
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

	// farewell bounds what is said once it is known what becomes of a mail.
	farewell = 2 * time.Second
)

// session is one connection, ready for a mail.
type session struct {
	ctx    context.Context //nolint:containedctx // of the mail that it is used for, nil between two
	raw    net.Conn
	conn   *bounded // around raw
	unhook func() bool
	client *smtp.Client
	body   io.WriteCloser // of the mail that it is used for, once there is one; its end says the last word
	mails  int            // taken or refused so far
	expiry *time.Timer    // closes it once it was idle for too long
}

// open connects and makes the connection ready for a mail. It is closed when ctx ends,
// whatever it waits for.
func (m *Mailer) open(ctx context.Context) (*session, error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", m.addr)
	if err != nil {
		return nil, failed(ctx, stageConnect, err)
	}
	s := &session{raw: raw, conn: &bounded{Conn: raw}}
	s.bind(ctx)
	if at, err := s.prepare(m); err != nil {
		s.abort()
		return nil, failed(ctx, at, err)
	}
	return s, nil
}

// bind makes the session one of a mail: it is closed when ctx ends.
func (s *session) bind(ctx context.Context) {
	s.ctx, s.conn.left = ctx, maxReplies
	s.unhook = context.AfterFunc(ctx, func() { _ = s.raw.Close() })
}

// prepare greets, changes over to TLS and authenticates.
func (s *session) prepare(m *Mailer) (at stage, err error) {
	var conn net.Conn = s.conn
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

// deliver hands over one mail up to the last word. The envelope has one recipient (ML-02).
// A server that takes commands in a row gets them in a row (RFC 2920): each way there and
// back that is saved is a good part of a mail.
func (s *session) deliver(from, to string, message *mail.Msg) error {
	commands := [...]struct {
		at   stage
		line string
		want int // code of the reply, or how it begins
	}{
		{stageSender, "MAIL FROM:<" + from + ">\r\n", 250},
		{stageRecipient, "RCPT TO:<" + to + ">\r\n", 25},
		{stageMessage, "DATA\r\n", 354},
	}
	inRow, _ := s.client.Extension("PIPELINING")
	out := s.client.Text.W // an error of a write stays, and Flush returns it
	if inRow {
		for _, c := range commands {
			_, _ = out.WriteString(c.line)
		}
	}
	var refused error
	for _, c := range commands {
		if !inRow {
			_, _ = out.WriteString(c.line)
		}
		err := out.Flush()
		if err == nil {
			_, _, err = s.client.Text.ReadResponse(c.want)
		}
		switch {
		case err != nil:
			err = failed(s.ctx, c.at, err)
			if refused == nil {
				refused = err
			}
			if !inRow || !answered(err) {
				return refused
			}
		case refused != nil && c.at == stageMessage:
			s.abort() // it waits for a mail all the same, and must not take what comes for one
		}
	}
	if refused != nil {
		return refused
	}
	s.body = s.client.Text.DotWriter()
	if _, err := message.WriteTo(s.body); err != nil {
		// Without the closing dot the server must not take the torso for the mail.
		s.abort()
		return failed(s.ctx, stageMessage, err)
	}
	return nil
}

// answered reports whether there was a reply, however bad.
func answered(err error) bool {
	var e *sendError
	return errors.As(err, &e) && e.code != 0
}

// finish says the last word, by which the server takes the mail.
func (s *session) finish() error {
	err := s.body.Close()
	if err == nil {
		_, _, err = s.client.Text.ReadResponse(250)
	}
	if err != nil {
		return failed(s.ctx, stageMessage, err)
	}
	return nil
}

// gone reports whether a session that was idle takes no further mail: the first command
// met no server, or one that says good-bye, or one that wants no more for now, as servers
// do that bound the mails of a session.
func (s *session) gone(err error) bool {
	var e *sendError
	return errors.As(err, &e) && e.stage == stageSender && (e.lost || e.code/100 == 4) && s.ctx.Err() == nil
}

// ready reports whether a session can take another mail after this outcome of the last.
func (s *session) ready(err error) bool {
	if s.ctx.Err() != nil {
		return false
	}
	if err == nil {
		return true
	}
	var e *sendError
	if !errors.As(err, &e) || e.code == 0 || e.code == closing {
		return false
	}
	_ = s.conn.SetDeadline(time.Now().Add(farewell)) //nolint:forbidigo // deadlines of connections are in real time
	if s.client.Reset() != nil {
		return false
	}
	return s.conn.SetDeadline(time.Time{}) == nil
}

// closing is the reply of a server that ends the session.
const closing = 421

// close says good-bye and hangs up. The mail is taken or refused by now, so how that
// goes is of no interest.
func (s *session) close() {
	_ = s.conn.SetDeadline(time.Now().Add(farewell)) //nolint:forbidigo // deadlines of connections are in real time
	_ = s.client.Quit()
	s.abort()
}

func (s *session) abort() {
	s.unhook()
	_ = s.raw.Close()
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
