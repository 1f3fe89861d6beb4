package smtp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/smtptest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/notify/smtp"
)

const from = "no-reply@portail.example"

var at = time.Date(2026, 11, 22, 14, 5, 0, 0, time.FixedZone("", 3600))

var email = notify.Email{
	ID: "01900000-0000-7000-8000-000000000001", Template: notify.MailSignInCode, To: "julie@example.org", Language: "fr",
	Subject: "Rattachement validé\u00a0: Clinique de l’Étang",
	Text:    "Bonjour Julie,\n\nVotre code\u00a0: 048151\n\n.une ligne qui commence par un point\nhttps://portail.example/x?a=b&c=" + strings.Repeat("d", 120) + "\n",
	HTML:    "<!DOCTYPE html>\n<html lang=\"fr\"><body><p>Votre code\u00a0: 048151</p></body></html>\n",
}

func trusting(s *smtptest.Server) *smtp.Options {
	return &smtp.Options{
		TLSConfig: &tls.Config{RootCAs: s.Roots(), MinVersion: tls.VersionTLS12},
		Timeout:   20 * time.Second, Now: func() time.Time { return at },
	}
}

func newMailer(t *testing.T, addr string, o *smtp.Options) *smtp.Mailer {
	t.Helper()
	m, err := smtp.New(addr, from, o)
	require.NoError(t, err)
	return m
}

// refused checks that err says no more than it may, and what it says.
func refused(t *testing.T, err error, says string) {
	t.Helper()
	require.EqualError(t, err, "smtp: "+says)
	require.NotErrorIs(t, err, notify.ErrUndeliverable)
	var r notify.Reasoner
	require.ErrorAs(t, err, &r)
	require.Equal(t, says, r.Reason())
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server smtptest.Config
		tls    smtp.TLS
		secure bool
	}{
		"ByDefaultWithSTARTTLS": {smtptest.Config{}, "", true},
		"ImplicitTLS":           {smtptest.Config{TLS: smtptest.TLSImplicit}, smtp.ImplicitTLS, true},
		"InTheClearOnLoopback":  {smtptest.Config{TLS: smtptest.TLSNone}, smtp.Loopback, false},
		"InTheClearByChoice":    {smtptest.Config{TLS: smtptest.TLSNone}, smtp.Cleartext, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.StartWith(t, c.server)
			o := trusting(s)
			o.TLS = c.tls
			require.NoError(t, newMailer(t, s.Addr, o).Send(t.Context(), email))

			mails := s.Mails()
			require.Len(t, mails, 1)
			got := mails[0]
			require.NoError(t, got.Err)
			require.Equal(t, c.secure, got.TLS)
			require.Equal(t, "localhost", got.Hello)
			require.Equal(t, from, got.From)
			require.Equal(t, []string{"julie@example.org"}, got.To, "one recipient (ML-02)")
			require.Equal(t, email.Subject, got.Subject)
			require.Equal(t, strings.TrimSpace(email.Text), strings.TrimSpace(got.Text))
			require.Equal(t, strings.TrimSpace(email.HTML), strings.TrimSpace(got.HTML))
		})
	}
}

func TestHeaders_ML19(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t)
	o := trusting(s)
	o.FromName, o.Hello = "Portail « Établissements »", "app.portail.example"
	require.NoError(t, newMailer(t, s.Addr, o).Send(t.Context(), email))
	got := s.Mails()[0]
	require.Equal(t, "app.portail.example", got.Hello)
	h := got.Header
	sender, err := h.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, "Portail « Établissements »", sender[0].Name)
	require.Equal(t, from, sender[0].Address)
	require.Equal(t, "<julie@example.org>", h.Get("To"))
	require.Equal(t, "<01900000-0000-7000-8000-000000000001@portail.example>", h.Get("Message-Id"))
	require.Equal(t, "Sun, 22 Nov 2026 14:05:00 +0100", h.Get("Date"))
	require.Equal(t, "auto-generated", h.Get("Auto-Submitted"))
	require.Equal(t, "All", h.Get("X-Auto-Response-Suppress"))
	require.Equal(t, "fr", h.Get("Content-Language"))
	require.True(t, strings.HasPrefix(h.Get("Content-Type"), "multipart/alternative"), h.Get("Content-Type"))
	require.Less(t, strings.Index(string(got.Data), "text/plain"), strings.Index(string(got.Data), "text/html"), "the best comes last")
	for _, absent := range []string{"Cc", "Bcc", "User-Agent", "X-Mailer", "Reply-To", "Precedence"} {
		require.Empty(t, h.Get(absent))
	}
	for line := range strings.SplitSeq(string(got.Data), "\r\n") {
		require.LessOrEqual(t, len(line), 998)
	}
}

// ML-01: whatever the host calls itself is the name of the sender, quotes and all, and
// nothing of it is anything else.
func TestSenderNames_ML01(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t)
	for _, name := range []string{
		"", "Portail", `Portail "Habilis"`, `L'« "Étang" »`, `"`, `\`, `a\"b`, "Habilis, le portail", "x <eve@example.org>", "eve@example.org",
		"Zoé (essai)", "a;b:c", "=?utf-8?q?x?=", "日本", strings.Repeat("Établissement public ", 20) + "x",
	} {
		o := trusting(s)
		o.FromName = name
		require.NoError(t, newMailer(t, s.Addr, o).Send(t.Context(), email), name)
		mails := s.Mails()
		sender, err := mails[len(mails)-1].Header.AddressList("From")
		require.NoError(t, err, name)
		require.Len(t, sender, 1)
		require.Equal(t, name, sender[0].Name)
		require.Equal(t, from, sender[0].Address)
	}
	for _, name := range []string{"a\r\nBcc: b", "a\nb", "\x00", "\xff", "a\x7f"} {
		_, err := smtp.New(s.Addr, from, &smtp.Options{FromName: name})
		require.Equal(t, []fault.Field{{Path: "fromName", Code: "one_line"}}, fault.FieldsOf(err), "%q", name)
	}
}

func TestTextOnly(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t)
	e := email
	e.HTML, e.Language = "", ""
	require.NoError(t, newMailer(t, s.Addr, trusting(s)).Send(t.Context(), e))
	got := s.Mails()[0]
	require.True(t, strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain"))
	require.Contains(t, got.Text, "048151")
	require.Empty(t, got.Header.Get("Content-Language"))
}

func TestNoValueBeginsAHeader_ML01(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t)
	m := newMailer(t, s.Addr, trusting(s))
	for _, hostile := range []string{
		"x\r\nBcc: victim@example.org", "x\nBcc: victim@example.org\n\nbody", "x\r\n Bcc: y", "x\x00y",
		"é\r\nBcc: victim@example.org", strings.Repeat("é\r\nBcc: v@example.org ", 100),
	} {
		e := email
		e.Subject, e.Language = hostile, hostile
		require.NoError(t, m.Send(t.Context(), e))
		mails := s.Mails()
		got := mails[len(mails)-1]
		require.NoError(t, got.Err)
		require.Equal(t, []string{"julie@example.org"}, got.To)
		require.NotContains(t, got.Subject, "\n")
		require.Empty(t, got.Header.Get("Bcc"))
		require.Empty(t, got.Header.Get("Content-Language"))
		require.Len(t, got.Header, 9, "%v", got.Header)
	}
	e := email
	e.ID = "x>\r\nBcc: victim@example.org"
	require.ErrorIs(t, m.Send(t.Context(), e), notify.ErrUndeliverable)
}

func TestOnlyCanonicalAddresses_ML02_ML03(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t)
	m := newMailer(t, s.Addr, trusting(s))
	for _, to := range []string{
		"", "julie", `"e@attacker.example"@victim.example`, "a@x.example,b@y.example", "a@x.example>", "<a@x.example> SIZE=1",
		"a@x.example (comment)", "group: a@x.example;", "a b@x.example", "a@x.example\r\nRCPT TO:<b@y.example>", "a@b@x.example",
		"a\uff20x.example", "a@ｘ.example", "é@x.example", "A@x.example", "a@X.example", "a@[127.0.0.1]", "a@x.example\x00", "@y:a@x.example",
		"a@" + strings.Repeat("x", 300) + ".example",
	} {
		e := email
		e.To = to
		err := m.Send(t.Context(), e)
		require.ErrorIs(t, err, notify.ErrUndeliverable, "%q", to)
		require.EqualError(t, err, "smtp: recipient: not a canonical address")
	}
	require.Empty(t, s.Mails())
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]smtptest.Config{
		"OverTLS":    {Username: "portal", Password: "correct horse"},
		"OnLoopback": {Username: "portal", Password: "correct horse", TLS: smtptest.TLSNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.StartWith(t, config)
			o := trusting(s)
			if config.TLS == smtptest.TLSNone {
				o.TLS = smtp.Loopback
			}
			o.Username, o.Password = "portal", "correct horse"
			require.NoError(t, newMailer(t, s.Addr, o).Send(t.Context(), email))
			require.Len(t, s.Mails(), 1)

			o.Password = "wrong horse"
			err := newMailer(t, s.Addr, o).Send(t.Context(), email)
			refused(t, err, "auth: 535 5.7.8")
			require.NotContains(t, err.Error(), "horse")

			o.Username, o.Password = "", ""
			refused(t, newMailer(t, s.Addr, o).Send(t.Context(), email), "sender: 502 5.7.0")
			require.Len(t, s.Mails(), 1)
		})
	}
	t.Run("ServerOffersNone", func(t *testing.T) {
		t.Parallel()
		s := smtptest.Start(t)
		o := trusting(s)
		o.Username, o.Password = "portal", "correct horse"
		refused(t, newMailer(t, s.Addr, o).Send(t.Context(), email), "auth: no mechanism in common")
	})
}

// ML-14: what a server answers says whether the mail is tried again or given up.
func TestReplies(t *testing.T) {
	t.Parallel()
	quote := "rejected: " + email.To + " Votre code : 048151"
	for _, c := range []struct {
		at       smtptest.Stage
		code     int
		enhanced [3]int
		says     string
		forGood  bool
	}{
		{smtptest.StageFrom, 451, [3]int{4, 3, 0}, "sender: 451 4.3.0", false},
		{smtptest.StageFrom, 550, [3]int{5, 7, 1}, "sender: 550 5.7.1", false},
		{smtptest.StageTo, 450, [3]int{4, 2, 1}, "recipient: 450 4.2.1", false},
		{smtptest.StageTo, 421, [3]int{4, 7, 0}, "recipient: 421 4.7.0", false},
		{smtptest.StageTo, 530, [3]int{5, 7, 0}, "recipient: 530 5.7.0", false},
		{smtptest.StageTo, 550, [3]int{5, 1, 1}, "recipient: 550 5.1.1", true},
		{smtptest.StageTo, 501, [3]int{5, 1, 3}, "recipient: 501 5.1.3", true},
		{smtptest.StageTo, 556, [3]int{5, 1, 10}, "recipient: 556 5.1.10", true},
		{smtptest.StageData, 452, [3]int{4, 2, 2}, "message: 452 4.2.2", false},
		{smtptest.StageData, 554, [3]int{5, 6, 0}, "message: 554 5.6.0", true},
		{smtptest.StageData, 503, [3]int{5, 5, 1}, "message: 503 5.5.1", false},
	} {
		t.Run(fmt.Sprintf("%s %d", c.at, c.code), func(t *testing.T) {
			t.Parallel()
			s := smtptest.Start(t)
			s.SetHook(func(at smtptest.Stage, _ smtptest.Mail) error {
				if at == c.at {
					return smtptest.Refuse(c.code, c.enhanced, quote)
				}
				return nil
			})
			err := newMailer(t, s.Addr, trusting(s)).Send(t.Context(), email)
			require.EqualError(t, err, "smtp: "+c.says)
			require.Equal(t, c.forGood, errors.Is(err, notify.ErrUndeliverable))
			for e := err; e != nil; e = errors.Unwrap(e) {
				require.NotContains(t, fmt.Sprintf("%v %+v", e, e), "048151", "no error repeats the server")
			}
			require.Empty(t, s.Mails())
		})
	}
}

func TestDropsAreTemporary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   smtptest.Stage
		says string
		kept int
	}{
		{smtptest.StageFrom, "sender: connection lost", 0},
		{smtptest.StageTo, "recipient: connection lost", 0},
		{smtptest.StageData, "message: connection lost", 0},
		{smtptest.StageKept, "message: connection lost", 1},
	} {
		t.Run(string(c.at), func(t *testing.T) {
			t.Parallel()
			s := smtptest.Start(t)
			s.SetHook(func(at smtptest.Stage, _ smtptest.Mail) error {
				if at == c.at {
					return smtptest.ErrDrop
				}
				return nil
			})
			refused(t, newMailer(t, s.Addr, trusting(s)).Send(t.Context(), email), c.says)
			require.Len(t, s.Mails(), c.kept)
		})
	}
}

func TestSTARTTLSStrippedIsRefused_ML14(t *testing.T) {
	t.Parallel()
	s := smtptest.StartWith(t, smtptest.Config{TLS: smtptest.TLSNone, Username: "portal", Password: "p"})
	o := trusting(s)
	o.Username, o.Password = "portal", "p"
	refused(t, newMailer(t, s.Addr, o).Send(t.Context(), email), "tls: STARTTLS is not offered")
	require.Empty(t, s.Mails())
}

func TestBadCertificateIsRefused_ML14(t *testing.T) {
	t.Parallel()
	for mode, ours := range map[smtptest.TLSMode]smtp.TLS{smtptest.TLSStart: smtp.StartTLS, smtptest.TLSImplicit: smtp.ImplicitTLS} {
		t.Run("Untrusted "+string(mode), func(t *testing.T) {
			t.Parallel()
			s := smtptest.StartWith(t, smtptest.Config{TLS: mode})
			err := newMailer(t, s.Addr, &smtp.Options{TLS: ours}).Send(t.Context(), email)
			refused(t, err, "tls: certificate refused")
			var unknown x509.UnknownAuthorityError
			require.ErrorAs(t, err, &unknown, "operators see why")
		})
		t.Run("OfAnotherHost "+string(mode), func(t *testing.T) {
			t.Parallel()
			s := smtptest.StartWith(t, smtptest.Config{TLS: mode})
			o := trusting(s)
			o.TLS, o.TLSConfig.ServerName = ours, "other.example"
			refused(t, newMailer(t, s.Addr, o).Send(t.Context(), email), "tls: certificate refused")
			require.Empty(t, s.Mails())
		})
	}
}

// scripted runs a peer that is no mail server, for one connection.
func scripted(t *testing.T, talk func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		talk(c)
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

func TestHangingServerIsLeft_ML14(t *testing.T) {
	t.Parallel()
	hang := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	for name, talk := range map[string]func(net.Conn){
		"BeforeGreeting": hang,
		"AfterGreeting":  func(c net.Conn) { _, _ = fmt.Fprint(c, "220 hi\r\n"); hang(c) },
		"DuringHandshake": func(c net.Conn) {
			_, _ = fmt.Fprint(c, "220 hi\r\n")
			r := bufio.NewReader(c)
			_, _ = r.ReadString('\n')
			_, _ = fmt.Fprint(c, "250-hi\r\n250 STARTTLS\r\n")
			_, _ = r.ReadString('\n')
			_, _ = fmt.Fprint(c, "220 go\r\n")
			hang(c)
		},
		"EndlessDrip": func(c net.Conn) {
			for {
				if _, err := fmt.Fprint(c, "2"); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMailer(t, scripted(t, talk), &smtp.Options{Timeout: 150 * time.Millisecond})
			before := time.Now()
			err := m.Send(t.Context(), email)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.ErrorContains(t, err, "timeout")
			require.Less(t, time.Since(before), 10*time.Second)
		})
		t.Run(name+"AndTheCallerGivesUp", func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			err := newMailer(t, scripted(t, talk), nil).Send(ctx, email)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestRepliesAreBounded_ML14(t *testing.T) {
	t.Parallel()
	for name, talk := range map[string]func(net.Conn){
		"OneLine":   func(c net.Conn) { _, _ = fmt.Fprint(c, "220 "+strings.Repeat("x", 1<<20)+"\r\n") },
		"ManyLines": func(c net.Conn) { _, _ = fmt.Fprint(c, strings.Repeat("220-hello\r\n", 1<<20)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refused(t, newMailer(t, scripted(t, talk), nil).Send(t.Context(), email), "connect: the server said too much")
		})
	}
	t.Run("Malformed", func(t *testing.T) {
		t.Parallel()
		addr := scripted(t, func(c net.Conn) { _, _ = fmt.Fprint(c, "HTTP/1.1 400 048151\r\n") })
		refused(t, newMailer(t, addr, nil).Send(t.Context(), email), "connect: malformed reply")
	})
	t.Run("WordsBeforeTLSAreForgotten", func(t *testing.T) {
		t.Parallel()
		addr := scripted(t, func(c net.Conn) {
			_, _ = fmt.Fprint(c, "220 hi\r\n")
			r := bufio.NewReader(c)
			_, _ = r.ReadString('\n')
			_, _ = fmt.Fprint(c, "250-hi\r\n250 STARTTLS\r\n")
			_, _ = r.ReadString('\n')
			// Whoever sits on the line answers what is to be asked under TLS.
			_, _ = fmt.Fprint(c, "220 go\r\n250-hi\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")
			_, _ = io.Copy(io.Discard, c)
		})
		require.Error(t, newMailer(t, addr, &smtp.Options{Timeout: 200 * time.Millisecond}).Send(t.Context(), email))
	})
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	refused(t, newMailer(t, addr, nil).Send(t.Context(), email), "connect: connection refused")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, newMailer(t, addr, nil).Send(ctx, email), context.Canceled)
}

func TestNewChecksItsOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		addr, from string
		opts       *smtp.Options
		bad        string
	}{
		"NoPort":            {"mail.example", from, nil, "addr"},
		"NoHost":            {":25", from, nil, "addr"},
		"SenderWithName":    {"mail.example:25", "P <a@b.example>", nil, "from"},
		"UnknownTLS":        {"mail.example:25", from, &smtp.Options{TLS: "maybe"}, "tls"},
		"ClearToElsewhere":  {"mail.example:25", from, &smtp.Options{TLS: smtp.Loopback}, "addr"},
		"PasswordInClear":   {"mail.example:25", from, &smtp.Options{TLS: smtp.Cleartext, Username: "u", Password: "p"}, "username"},
		"UserWithoutSecret": {"mail.example:25", from, &smtp.Options{Username: "u"}, "password"},
		"NegativeTimeout":   {"mail.example:25", from, &smtp.Options{Timeout: -1}, "timeout"},
		"NameOfTwoLines":    {"mail.example:25", from, &smtp.Options{FromName: "a\r\nBcc: b"}, "fromName"},
		"HelloOfTwoLines":   {"mail.example:25", from, &smtp.Options{Hello: "a\r\nb"}, "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := smtp.New(c.addr, c.from, c.opts)
			require.ErrorIs(t, err, fault.ErrInvalid)
			require.Len(t, fault.FieldsOf(err), 1)
			require.Equal(t, c.bad, fault.FieldsOf(err)[0].Path)
		})
	}
	for _, addr := range []string{"localhost:25", "127.0.0.1:25", "[::1]:25"} {
		_, err := smtp.New(addr, from, &smtp.Options{TLS: smtp.Loopback})
		require.NoError(t, err)
	}
}
