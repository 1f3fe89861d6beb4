package smtp_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/smtptest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/notify/smtp"
)

// sessions counts the sessions that begin, without those that begin again after STARTTLS.
func sessions(s *smtptest.Server) func() int {
	var mu sync.Mutex
	n := 0
	s.SetHook(func(at smtptest.Stage, _ smtptest.Mail) error {
		mu.Lock()
		defer mu.Unlock()
		if at == smtptest.StageConnect {
			n++
		}
		return nil
	})
	return func() int {
		mu.Lock()
		defer mu.Unlock()
		return n
	}
}

func TestConnectionsAreReused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ per, mails, connections int }{
		"OneAfterTheOther": {0, 5, 1},
		"AtTheBound":       {5, 5, 1},
		"BeyondTheBound":   {5, 6, 2},
		"OneEach":          {1, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := smtptest.StartWith(t, smtptest.Config{TLS: smtptest.TLSImplicit})
			begun := sessions(s)
			o := trusting(s)
			o.TLS, o.PerConnection, o.Idle = smtp.ImplicitTLS, c.per, time.Minute
			m := newMailer(t, s.Addr, o)
			for range c.mails {
				require.NoError(t, m.Send(t.Context(), email))
			}
			require.NoError(t, m.Close())
			require.Len(t, s.Mails(), c.mails)
			require.Equal(t, c.connections, begun())
		})
	}
}

// A server that ends an idle connection, with or without a word, costs nothing but
// another connection.
func TestConnectionThatEndedIsReplaced(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]string{"WithoutAWord": "", "WithAWord": "421 4.4.2 idle for too long\r\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.Close() })
			connections := make(chan int, 9)
			go func() {
				for n := 1; ; n++ {
					c, err := l.Accept()
					if err != nil {
						return
					}
					connections <- n
					_, _ = fmt.Fprint(c, "220 hi\r\n")
					r := bufio.NewReader(c)
					for inData := false; ; {
						line, err := r.ReadString('\n')
						if err != nil {
							break
						}
						switch {
						case inData && line != ".\r\n":
							continue
						case inData:
							inData = false
							_, _ = fmt.Fprint(c, "250 taken\r\n"+last)
							_ = c.Close()
							continue
						case strings.HasPrefix(line, "DATA"):
							inData = true
							_, _ = fmt.Fprint(c, "354 go\r\n")
							continue
						}
						_, _ = fmt.Fprint(c, "250 ok\r\n")
					}
					_ = c.Close()
				}
			}()
			m := newMailer(t, l.Addr().String(), &smtp.Options{TLS: smtp.Loopback, Idle: time.Minute})
			for range 3 {
				require.NoError(t, m.Send(t.Context(), email))
			}
			require.Len(t, connections, 3)
		})
	}
}

// A server that takes so many mails in a session, and refuses the next one for now without
// hanging up, gets it in another session. What it refuses in a new one, it refuses.
func TestSessionThatHadEnoughIsReplaced(t *testing.T) {
	t.Parallel()
	for _, pipelining := range []bool{false, true} {
		for per, want := range map[int]int{2: 5, 0: 0} {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.Close() })
			var connections, taken atomic.Int32
			serve := func(c net.Conn) {
				defer func() { _ = c.Close() }()
				connections.Add(1)
				_, _ = fmt.Fprint(c, "220 hi\r\n")
				r := bufio.NewReader(c)
				here, inData, refused := 0, false, false
				for {
					line, err := r.ReadString('\n')
					answer := "250 ok\r\n"
					switch {
					case err != nil:
						return
					case inData && line != ".\r\n":
						continue
					case inData:
						inData = false
						here++
						taken.Add(1)
					case strings.HasPrefix(line, "EHLO") && pipelining:
						answer = "250-hi\r\n250 PIPELINING\r\n"
					case strings.HasPrefix(line, "MAIL"):
						if refused = here >= per; refused {
							answer = "452 4.5.3 enough\r\n"
						}
					case refused && (strings.HasPrefix(line, "RCPT") || strings.HasPrefix(line, "DATA")):
						answer = "503 5.5.1 no sender\r\n"
					case strings.HasPrefix(line, "DATA"):
						inData, answer = true, "354 go\r\n"
					}
					_, _ = fmt.Fprint(c, answer)
				}
			}
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					go serve(c)
				}
			}()
			m := newMailer(t, l.Addr().String(), &smtp.Options{TLS: smtp.Loopback, Idle: time.Minute})
			for range 5 {
				if err := m.Send(t.Context(), email); want > 0 {
					require.NoError(t, err)
				} else {
					refused(t, err, "sender: 452 4.5.3")
				}
			}
			require.NoError(t, m.Close())
			require.EqualValues(t, want, taken.Load())
			require.LessOrEqual(t, connections.Load(), int32(6))
			if per > 0 {
				require.EqualValues(t, 3, connections.Load())
			}
		}
	}
}

// After a refusal the session goes on, unless the server said good-bye.
func TestSessionOutlivesARefusal(t *testing.T) {
	t.Parallel()
	for code, connections := range map[int]int{550: 1, 450: 1, 421: 2} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			s := smtptest.StartWith(t, smtptest.Config{TLS: smtptest.TLSNone})
			var mu sync.Mutex
			begun, refused := 0, false
			s.SetHook(func(at smtptest.Stage, _ smtptest.Mail) error {
				mu.Lock()
				defer mu.Unlock()
				if at == smtptest.StageConnect {
					begun++
				}
				if at == smtptest.StageTo && !refused {
					refused = true
					return smtptest.Refuse(code, [3]int{code / 100, 1, 1}, "no")
				}
				return nil
			})
			m := newMailer(t, s.Addr, &smtp.Options{TLS: smtp.Loopback, Idle: time.Minute})
			err := m.Send(t.Context(), email)
			require.Error(t, err)
			if code == 550 {
				require.ErrorIs(t, err, notify.ErrNoSuchMailbox)
			} else {
				require.NotErrorIs(t, err, notify.ErrNoSuchMailbox)
			}
			require.NoError(t, m.Send(t.Context(), email))
			require.Len(t, s.Mails(), 1)
			require.Equal(t, connections, begun)
		})
	}
}

// an address that is refused is told from a mail that is.
func TestOnlyTheAddressIsNoMailbox(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at       smtptest.Stage
		code     int
		enhanced [3]int
		mailbox  bool
	}{
		{smtptest.StageTo, 550, [3]int{5, 1, 1}, true},
		{smtptest.StageTo, 550, [3]int{5, 2, 1}, true},
		{smtptest.StageTo, 550, [3]int{5, 7, 1}, false},
		{smtptest.StageTo, 552, [3]int{5, 2, 2}, false},
		{smtptest.StageData, 550, [3]int{5, 1, 1}, false},
		{smtptest.StageFrom, 550, [3]int{5, 1, 1}, false},
	} {
		s := smtptest.StartWith(t, smtptest.Config{TLS: smtptest.TLSNone})
		s.SetHook(func(at smtptest.Stage, _ smtptest.Mail) error {
			if at == c.at {
				return smtptest.Refuse(c.code, c.enhanced, "no")
			}
			return nil
		})
		err := newMailer(t, s.Addr, &smtp.Options{TLS: smtp.Loopback}).Send(t.Context(), email)
		if c.mailbox {
			require.ErrorIs(t, err, notify.ErrNoSuchMailbox, "%v", c)
		} else {
			require.NotErrorIs(t, err, notify.ErrNoSuchMailbox, "%v", c)
		}
	}
}

func TestIdleConnectionIsClosed(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	addr := scripted(t, func(c net.Conn) {
		_, _ = fmt.Fprint(c, "220 hi\r\n250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")
		_, _ = io.Copy(io.Discard, c)
		close(ended)
	})
	m := newMailer(t, addr, &smtp.Options{TLS: smtp.Loopback, Idle: time.Millisecond})
	require.NoError(t, m.Send(t.Context(), email))
	<-ended
}

// What is not committed is not taken.
func TestAbandonedMailIsNotTaken(t *testing.T) {
	t.Parallel()
	s := smtptest.Start(t)
	m := newMailer(t, s.Addr, trusting(s))
	staged, err := m.Stage(t.Context(), email)
	require.NoError(t, err)
	require.Empty(t, s.Mails())
	staged.Abandon()
	staged, err = m.Stage(t.Context(), email)
	require.NoError(t, err)
	require.NoError(t, staged.Commit())
	require.Len(t, s.Mails(), 1)
	require.NoError(t, m.Close())
}
