package smtp_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail"

	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/pgtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/notify/smtp"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/storage/postgres"
	"github.com/habilis-go/habilis/storage/sqlite"
)

// sink is a mail server that says yes and keeps nothing, so that what is measured is
// the client.
func sink(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go swallow(c)
		}
	}()
	return l.Addr().String()
}

func swallow(c net.Conn) {
	defer func() { _ = c.Close() }()
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	answer := func(s string) {
		_, _ = w.WriteString(s)
		if r.Buffered() == 0 { // as RFC 2920 has it
			_ = w.Flush()
		}
	}
	answer("220 sink\r\n")
	for inData := false; ; {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		switch {
		case inData && !bytes.Equal(line, []byte(".\r\n")):
		case inData:
			inData = false
			answer("250 taken\r\n")
		case bytes.HasPrefix(line, []byte("DATA")):
			inData = true
			answer("354 go\r\n")
		case bytes.HasPrefix(line, []byte("EHLO")):
			answer("250-sink\r\n250 PIPELINING\r\n") // as about every server does
		case bytes.HasPrefix(line, []byte("QUIT")):
			answer("221 bye\r\n")
			return
		default:
			answer("250 ok\r\n")
		}
	}
}

// mailsToSend is how many mails one measurement sends: HABILIS_ROWS, or 200.
func mailsToSend(b *testing.B) int {
	b.Helper()
	if said := os.Getenv("HABILIS_ROWS"); said != "" {
		n, err := strconv.Atoi(said)
		require.NoError(b, err)
		return n
	}
	return 200
}

// BenchmarkDispatch sends what waits in the outbox through dispatcher and mailer, and
// beside it the same texts, rendered before, in two bare loops of go-mail: one that dials
// for every mail (DialAndSend), and one over a single connection. The shares are how fast
// the dispatcher is as a part of each. They take turns, a tenth of the mails each, so that
// what else the machine does hits all of them; a turn before the first is not counted, after
// which PostgreSQL has the statistics that it has in a deployment: of an outbox in which
// nothing waits.
func BenchmarkDispatch(b *testing.B) {
	var analyse func()
	file := func(opts *sqlite.Options) func(b *testing.B) storage.Store {
		return func(b *testing.B) storage.Store {
			b.Helper()
			s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "outbox.db"), opts)
			require.NoError(b, err)
			b.Cleanup(func() { _ = s.Close() })
			return s
		}
	}
	for name, open := range map[string]func(b *testing.B) storage.Store{
		"memory":         func(*testing.B) storage.Store { return memory.New() },
		"sqlite":         file(nil),
		"sqlite-relaxed": file(&sqlite.Options{Relaxed: true}),
		"postgres": func(b *testing.B) storage.Store {
			b.Helper()
			p, err := pgxpool.New(b.Context(), pgtest.Durable(b)+" pool_max_conns=8")
			require.NoError(b, err)
			b.Cleanup(p.Close)
			analyse = func() {
				_, err := p.Exec(b.Context(), "ANALYZE")
				require.NoError(b, err)
			}
			s, err := postgres.New(b.Context(), p, nil)
			require.NoError(b, err)
			return s
		},
	} {
		b.Run(name, func(b *testing.B) {
			analyse = func() {}
			mails, addr := mailsToSend(b), sink(b)
			store := storage.Notices(open(b))
			keys := crashKeys(b)
			journal := notify.NewJournal(keys, ids.NewMaker(nil))
			mailer, err := smtp.New(addr, from, &smtp.Options{TLS: smtp.Loopback})
			require.NoError(b, err)
			d, err := notify.NewDispatcher(store, mailer, keys, nil)
			require.NoError(b, err)
			var ours, dialling, bare, oursCPU, diallingCPU, bareCPU time.Duration
			fill(b, store, journal, -1, 100)
			_, err = d.Drain(b.Context())
			require.NoError(b, err)
			analyse()
			for b.Loop() {
				for turn := range 10 {
					fill(b, store, journal, turn, mails/10)
					start, used := time.Now(), cpu(b)
					s, err := d.Drain(b.Context())
					ours += time.Since(start)
					oursCPU += cpu(b) - used
					require.NoError(b, err)
					require.Equal(b, mails/10, s.Sent)
					used = cpu(b)
					dialling += bareLoop(b, addr, mails/10, true)
					diallingCPU += cpu(b) - used
					used = cpu(b)
					bare += bareLoop(b, addr, mails/10, false)
					bareCPU += cpu(b) - used
				}
			}
			b.ReportMetric(float64(mails*b.N)/ours.Seconds(), "mails/s")
			b.ReportMetric(float64(mails*b.N)/bare.Seconds(), "bare-mails/s")
			b.ReportMetric(float64(dialling)/float64(ours), "share-of-dialling-loop")
			b.ReportMetric(float64(bare)/float64(ours), "share-of-one-connection")
			b.ReportMetric(float64(diallingCPU)/float64(oursCPU), "cpu-share-of-dialling-loop")
			b.ReportMetric(float64(bareCPU)/float64(oursCPU), "cpu-share-of-one-connection")
		})
	}
}

// cpu is how much processor time the process has used, which what else the machine does
// does not change.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var benchValues = notify.Values{
	"Name": "Julie BON", "Structure": "Clinique de l’Étang", "Scope": "Accueil, Pédiatrie", "Role": "member", "Refused": "", "Removed": "",
	"Link": "https://portail.example/account/memberships",
}

// fill puts n mails into the outbox, to addresses that had none: how many notices one
// address gets within an hour is bounded.
func fill(b *testing.B, store notify.Store, journal *notify.Journal, turn, n int) {
	b.Helper()
	now := time.Now().UTC()
	require.NoError(b, store.Update(b.Context(), func(tx notify.Tx) error {
		for i := range n {
			if err := journal.Enqueue(b.Context(), tx, now, notify.Mail{
				Key: fmt.Sprint(now.UnixNano(), turn, i), Template: notify.MailMembershipApproved,
				To:       fmt.Sprintf("m%d.%d@example.org", i, now.UnixNano()),
				Language: "fr", Values: benchValues,
			}); err != nil {
				return err
			}
		}
		return nil
	}))
}

// bareLoop sends mails with go-mail alone and returns how long that took.
func bareLoop(b *testing.B, addr string, n int, dials bool) time.Duration {
	b.Helper()
	templates, err := notify.NewTemplates(nil, nil)
	require.NoError(b, err)
	r, err := templates.Render(notify.MailMembershipApproved, "fr", benchValues)
	require.NoError(b, err)
	host, port, err := net.SplitHostPort(addr)
	require.NoError(b, err)
	p, err := strconv.Atoi(port)
	require.NoError(b, err)
	start := time.Now()
	c, err := mail.NewClient(host, mail.WithPort(p), mail.WithTLSPolicy(mail.NoTLS), mail.WithoutNoop())
	require.NoError(b, err)
	send := func(m *mail.Msg) error { return c.DialAndSendWithContext(b.Context(), m) }
	if !dials {
		require.NoError(b, c.DialWithContext(b.Context()))
		send = func(m *mail.Msg) error { return c.Send(m) }
	}
	for i := range n {
		m := mail.NewMsg()
		require.NoError(b, m.From(from))
		require.NoError(b, m.To(fmt.Sprintf("m%d@example.org", i)))
		m.Subject(r.Subject)
		m.SetMessageID()
		m.SetDate()
		m.SetBodyString(mail.TypeTextPlain, r.Text)
		m.AddAlternativeString(mail.TypeTextHTML, r.HTML)
		require.NoError(b, send(m))
	}
	spent := time.Since(start)
	if !dials {
		require.NoError(b, c.Close())
	}
	return spent
}
