package smtptest_test

import (
	"crypto/tls"
	"net/smtp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/smtptest"
)

const message = "From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?q?Acc=C3=A8s?=\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
	"Content-Transfer-Encoding: quoted-printable\r\n\r\nVotre code=C2=A0: 123456\r\n"

func TestServerKeepsAndDecodes(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t)
	c, err := smtp.Dial(s.Addr)
	require.NoError(t, err)
	require.NoError(t, c.StartTLS(&tls.Config{RootCAs: s.Roots(), ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}))
	require.NoError(t, c.Mail("a@example.org"))
	require.NoError(t, c.Rcpt("b@example.org"))
	w, err := c.Data()
	require.NoError(t, err)
	_, err = w.Write([]byte(message))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, c.Quit())

	mails := s.Await(1)
	require.Len(t, mails, 1)
	m, ok := s.Last("b@example.org")
	require.True(t, ok)
	require.NoError(t, m.Err)
	require.True(t, m.TLS)
	require.Equal(t, "a@example.org", m.From)
	require.Equal(t, []string{"b@example.org"}, m.To)
	require.Equal(t, "Accès", m.Subject)
	require.Equal(t, "Votre code\u00a0: 123456\n", m.Text)
}

func TestHookRefusesAndDrops(t *testing.T) {
	t.Parallel()
	s := smtptest.StartWith(t, smtptest.Config{TLS: smtptest.TLSNone})
	send := func() error {
		return smtp.SendMail(s.Addr, nil, "a@example.org", []string{"b@example.org"}, []byte(message))
	}
	s.SetHook(func(at smtptest.Stage, m smtptest.Mail) error {
		if at == smtptest.StageTo {
			return smtptest.Refuse(550, [3]int{5, 1, 1}, "no such user "+m.To[0])
		}
		return nil
	})
	require.ErrorContains(t, send(), "5.1.1 no such user b@example.org")
	require.Empty(t, s.Mails())

	s.SetHook(func(at smtptest.Stage, _ smtptest.Mail) error {
		if at == smtptest.StageKept {
			return smtptest.ErrDrop
		}
		return nil
	})
	require.Error(t, send())
	require.Len(t, s.Mails(), 1, "kept, though the client was not told")

	s.SetHook(nil)
	require.NoError(t, send())
	require.Len(t, s.Mails(), 2)
}
