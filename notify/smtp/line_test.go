package smtp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/internal/smtptest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/notify/smtp"
)

// talking runs a server that gives these answers, each after so many lines of the client,
// and returns what it read until the client hung up.
func talking(t *testing.T, answers ...any) (addr string, read <-chan string) {
	t.Helper()
	all := make(chan string, 1)
	return scripted(t, func(c net.Conn) {
		r := bufio.NewReader(c)
		var said strings.Builder
		for _, a := range answers {
			switch a := a.(type) {
			case string:
				_, _ = fmt.Fprint(c, a)
			case int:
				for range a {
					line, _ := r.ReadString('\n')
					said.WriteString(line)
				}
				if r.Buffered() > 0 {
					said.WriteString("(more)\r\n")
				}
			}
		}
		rest, _ := io.ReadAll(r)
		all <- said.String() + string(rest)
	}), all
}

const greeting, envelope = "220 hi\r\n", "MAIL FROM:<" + from + ">\r\nRCPT TO:<julie@example.org>\r\nDATA\r\n"

// A server that offers it gets sender, recipient and DATA before it answers one of them,
// and one that does not gets one at a time.
func TestCommandsInARowWhereOffered(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]any{
		"Offered": {greeting, 1, "250-hi\r\n250 PIPELINING\r\n", 3, "250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n221 bye\r\n"},
		"Not":     {greeting, 1, "250 hi\r\n", 1, "250 ok\r\n", 1, "250 ok\r\n", 1, "354 go\r\n250 taken\r\n221 bye\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, read := talking(t, answers...)
			m := newMailer(t, addr, &smtp.Options{TLS: smtp.Loopback})
			require.NoError(t, m.Send(t.Context(), email))
			require.NoError(t, m.Close())
			said := <-read
			require.True(t, strings.HasPrefix(said, "EHLO localhost\r\n"+envelope), said)
			require.Contains(t, said, "Message-ID: <"+string(email.ID)+"@")
		})
	}
}

// A server that refuses a command and takes a later one is told nothing of the mail.
func TestRefusedInARow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		replies, says, after string
		forGood              bool
	}{
		"Sender":            {"451 4.3.0 no\r\n503 no\r\n503 no\r\n", "sender: 451 4.3.0", "RSET\r\nQUIT\r\n", false},
		"Recipient":         {"250 ok\r\n550 5.1.1 no\r\n503 no\r\n", "recipient: 550 5.1.1", "RSET\r\nQUIT\r\n", true},
		"RecipientNotData":  {"250 ok\r\n550 5.1.1 no\r\n354 go\r\n", "recipient: 550 5.1.1", "", true},
		"SenderNotTheRest":  {"550 5.7.1 no\r\n250 ok\r\n354 go\r\n", "sender: 550 5.7.1", "", false},
		"Data":              {"250 ok\r\n250 ok\r\n452 4.3.1 full\r\n", "message: 452 4.3.1", "RSET\r\nQUIT\r\n", false},
		"Nonsense":          {"250 ok\r\nwhat\r\n354 go\r\n", "recipient: malformed reply", "QUIT\r\n", false},
		"RecipientGoodBye":  {"250 ok\r\n421 4.7.0 bye\r\n", "recipient: 421 4.7.0", "QUIT\r\n", false},
		"NothingAfterFirst": {"250 ok\r\n", "recipient: timeout", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := 20 * time.Second
			ends := any("250 ok\r\n221 bye\r\n") // to what the client says after it was refused
			switch name {
			case "NothingAfterFirst":
				timeout = 100 * time.Millisecond
				ends = ""
			case "RecipientGoodBye":
				ends = "503 no\r\n221 bye\r\n"
			case "Nonsense":
				ends = "221 bye\r\n"
			}
			addr, read := talking(t, greeting, 1, "250-hi\r\n250 PIPELINING\r\n", 3, c.replies, ends)
			m := newMailer(t, addr, &smtp.Options{TLS: smtp.Loopback, Timeout: timeout})
			err := m.Send(t.Context(), email)
			require.EqualError(t, err, "smtp: "+c.says)
			if c.forGood {
				require.ErrorIs(t, err, notify.ErrUndeliverable)
			} else {
				require.NotErrorIs(t, err, notify.ErrUndeliverable)
			}
			require.NoError(t, m.Close())
			require.Equal(t, "EHLO localhost\r\n"+envelope+c.after, <-read)
		})
	}
}

// ML-01: whatever a mail says arrives as it was, and begins no header, part or command.
func TestWhateverIsSaidArrives(t *testing.T) {
	t.Parallel()
	s := smtptest.StartWith(t, smtptest.Config{TLS: smtptest.TLSNone})
	o := trusting(s)
	o.TLS, o.PerConnection = smtp.Loopback, 1000
	m := newMailer(t, s.Addr, o)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	pieces := func(n int, special ...string) *rapid.Generator[string] {
		one := rapid.OneOf(rapid.StringMatching("[ -<@-~éÉ’\U0001F600]{1,4}"), rapid.SampledFrom(special))
		return rapid.Map(rapid.SliceOfN(one, 0, n), func(all []string) string { return strings.Join(all, "") })
	}
	text := pieces(40, ".", "\n.", ".\n", "\n", "\r\n.\r\n", "\t", " ", "=", "--=_"+string(email.ID), "From ", strings.Repeat("x", 100))
	subject := pieces(40, "  ", "Bcc: x", "-", strings.Repeat("x", 30))
	lines := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	rapid.Check(t, func(rt *rapid.T) {
		e := email
		e.Subject = strings.TrimSpace(subject.Draw(rt, "subject"))
		e.Text, e.HTML = text.Draw(rt, "text"), text.Draw(rt, "html")
		require.NoError(rt, m.Send(t.Context(), e))
		got, ok := s.Last(e.To)
		require.True(rt, ok)
		require.NoError(rt, got.Err)
		// A header is folded at spaces; mails of the library have one between two words.
		require.Equal(rt, strings.Fields(e.Subject), strings.Fields(got.Subject))
		require.Equal(rt, strings.TrimSpace(lines.Replace(e.Text)), strings.TrimSpace(lines.Replace(got.Text)))
		require.Equal(rt, strings.TrimSpace(lines.Replace(e.HTML)), strings.TrimSpace(lines.Replace(got.HTML)))
		for line := range strings.SplitSeq(strings.TrimSuffix(string(got.Data), "\r\n"), "\r\n") {
			require.LessOrEqual(rt, len(line), 998)
			require.NotContains(rt, line, "\n")
		}
	})
}

// A text alone that does not end its line is ended by the last word all the same.
func TestTextWithoutEndOfLine(t *testing.T) {
	t.Parallel()
	s := smtptest.StartWith(t, smtptest.Config{TLS: smtptest.TLSNone})
	m := newMailer(t, s.Addr, &smtp.Options{TLS: smtp.Loopback})
	for _, said := range []string{"one line", "", ".", "..\n.", "ends\n"} {
		e := email
		e.Text, e.HTML = said, ""
		require.NoError(t, m.Send(t.Context(), e))
		got, _ := s.Last(e.To)
		require.NoError(t, got.Err)
		require.Equal(t, strings.TrimSpace(said), strings.TrimSpace(strings.ReplaceAll(got.Text, "\r\n", "\n")))
	}
	require.NoError(t, m.Close())
}
