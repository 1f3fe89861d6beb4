package smtptest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// OpenSMTPD is a running mail server as Debian ships it. It delivers to anybody into one
// mailbox. It speaks no TLS: Debian 12 builds it with a library whose handshakes it cannot
// end. TLS is what [Server] is for.
type OpenSMTPD struct {
	Addr string // "127.0.0.1:port"

	tb  testing.TB
	box string
}

// patience bounds how long the server may take for anything.
const patience = 30 * time.Second

// StartOpenSMTPD runs the server until the test ends. The test is skipped where the server
// is not installed, or fails with CI=true, and it is skipped without root, which the
// server needs. One runs at a time, since it keeps its queue in one place.
func StartOpenSMTPD(tb testing.TB) *OpenSMTPD {
	tb.Helper()
	path, err := exec.LookPath("smtpd")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/smtpd")
	}
	switch missing := "needs OpenSMTPD: install the Debian package opensmtpd"; {
	case err != nil && os.Getenv("CI") == "true":
		tb.Fatal(missing)
	case err != nil:
		tb.Skip(missing)
	case os.Geteuid() != 0:
		tb.Skip("needs root, as OpenSMTPD does")
	}
	s := &OpenSMTPD{Addr: freeAddress(tb), tb: tb}
	folder := s.configure()
	var said bytes.Buffer
	cmd := exec.CommandContext(tb.Context(), path, "-d", "-f", filepath.Join(folder, "smtpd.conf"))
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		tb.Fatalf("starting OpenSMTPD: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	tb.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		<-ended
		if tb.Failed() {
			tb.Logf("OpenSMTPD said:\n%s", said.String())
		}
	})
	s.until("to listen", func() bool {
		select {
		case <-ended:
			tb.Fatalf("OpenSMTPD ended: %s", said.String())
		default:
		}
		c, err := net.Dial("tcp", s.Addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return s
}

// configure writes what the server needs into a folder that it can read.
func (s *OpenSMTPD) configure() (folder string) {
	s.tb.Helper()
	check := func(err error) {
		if err != nil {
			s.tb.Fatalf("preparing OpenSMTPD: %v", err)
		}
	}
	folder, err := os.MkdirTemp("", "opensmtpd") // the folders of tests are closed to others
	check(err)
	s.tb.Cleanup(func() { _ = os.RemoveAll(folder) })
	check(os.Chmod(folder, 0o755))
	s.box = filepath.Join(folder, "Maildir")
	check(os.Mkdir(s.box, 0o700))
	nobody, err := user.Lookup("nobody")
	check(err)
	uid, err := strconv.Atoi(nobody.Uid)
	check(err)
	gid, err := strconv.Atoi(nobody.Gid)
	check(err)
	check(os.Chown(s.box, uid, gid))

	host, port, err := net.SplitHostPort(s.Addr)
	check(err)
	check(os.WriteFile(filepath.Join(folder, "smtpd.conf"), fmt.Appendf(nil, `
table anybody { "@" = nobody }
listen on %s port %s
action "keep" maildir "%s" virtual <anybody>
match from any for any action "keep"
`, host, port, s.box), 0o600))
	return folder
}

// Await returns the mails of the mailbox with these Message-IDs once every one of them is
// there, by the names of their files. What an earlier run left in the queue is left out.
// It fails the test if that takes too long.
func (s *OpenSMTPD) Await(ids map[string]bool) []Mail {
	s.tb.Helper()
	var mails []Mail
	s.until(fmt.Sprintf("to deliver %d mails", len(ids)), func() bool {
		files, err := filepath.Glob(filepath.Join(s.box, "new", "*")) // sorted
		mails = nil
		seen := map[string]bool{}
		for _, f := range files {
			data, failed := os.ReadFile(f)
			err = errors.Join(err, failed)
			m := Mail{Data: data}
			m.parse()
			if id := m.Header.Get("Message-Id"); ids[id] {
				mails = append(mails, m)
				seen[id] = true
			}
		}
		if err != nil {
			s.tb.Fatalf("reading the mailbox: %v", err)
		}
		return len(seen) == len(ids)
	})
	return mails
}

// until waits for something that the server does.
func (s *OpenSMTPD) until(what string, done func() bool) {
	s.tb.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !done() {
		select {
		case <-tick.C:
		case <-limit:
			s.tb.Fatalf("OpenSMTPD took too long %s", what)
		}
	}
}

// freeAddress returns a loopback address that nobody listened on a moment ago.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("looking for a port: %v", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
