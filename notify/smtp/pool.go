package smtp

import (
	"context"
	"time"
)

// delivery is a mail that the server has read and not taken yet.
type delivery struct {
	mailer  *Mailer
	session *session
	cancel  context.CancelFunc
}

// Commit says the last word. Errors are those of [Mailer.Send].
func (d *delivery) Commit() error {
	err := d.session.finish()
	d.end(err)
	return err
}

// Abandon hangs up: without the last word the server must not take the mail.
func (d *delivery) Abandon() {
	d.session.abort()
	d.cancel()
}

// end closes the session, or keeps it for the next mail, after what became of this one.
func (d *delivery) end(err error) {
	if d.session.ready(err) {
		d.mailer.keep(d.session)
	} else {
		d.session.close()
	}
	d.cancel()
}

// session returns a connection that is ready for a mail, and whether it was open already.
func (m *Mailer) session(ctx context.Context) (s *session, reused bool, err error) {
	for {
		m.mu.Lock()
		if s = nil; len(m.idle) > 0 {
			s = m.idle[len(m.idle)-1]
			m.idle = m.idle[:len(m.idle)-1]
		}
		m.mu.Unlock()
		if s == nil {
			s, err = m.open(ctx)
			return s, false, err
		}
		if s.expiry.Stop() { // else it is being closed at this moment
			s.bind(ctx)
			return s, true, nil
		}
	}
}

// keep leaves a session open for a while.
func (m *Mailer) keep(s *session) {
	if s.mails++; s.mails >= m.opts.PerConnection || !s.unhook() {
		s.close()
		return
	}
	s.ctx = nil
	m.mu.Lock()
	defer m.mu.Unlock()
	s.expiry = time.AfterFunc(m.opts.Idle, func() {
		m.drop(s)
		s.close()
	})
	m.idle = append(m.idle, s)
}

// drop forgets an idle session.
func (m *Mailer) drop(s *session) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, o := range m.idle {
		if o == s {
			m.idle = append(m.idle[:i], m.idle[i+1:]...)
			return
		}
	}
}

// Close closes the connections that wait for the next mail, at once instead of after
// Options.Idle. The Mailer stays usable. It returns nil.
func (m *Mailer) Close() error {
	m.mu.Lock()
	idle := m.idle
	m.idle = nil
	m.mu.Unlock()
	for _, s := range idle {
		if s.expiry.Stop() {
			s.close()
		}
	}
	return nil
}
