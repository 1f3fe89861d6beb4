package notify

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
)

// Reasoner is what an error of a [Mailer] may implement to have the outbox show why
// a send failed. Reason is a few words, such as a reply code; it MUST NOT hold what
// the server said, addresses, or anything of the mail. Other errors are shown as
// their class only.
type Reasoner interface {
	error
	Reason() string
}

const maxReasonShown = 100

// errPanicked stands for a panic in the host's Mailer.
var errPanicked = errors.New("the mailer panicked")

// errNotTried is what becomes of a mail for which there was no time left.
var errNotTried = errors.New("not tried")

// stageError is an error of the dispatcher's own, before anything was sent.
type stageError struct {
	stage string
	err   error
}

func (e stageError) Error() string { return e.stage + ": " + e.err.Error() }
func (e stageError) Unwrap() error { return e.err }

// reason says in a few words why a send failed. It never repeats the text of an
// error, since a Mailer's may quote the mail, and the mail holds links and codes.
func reason(err error) string {
	var named Reasoner
	var own stageError
	var slow interface{ Timeout() bool }
	switch {
	case errors.As(err, &own):
		return own.stage + " failed: " + string(fault.CodeOf(own.err))
	case errors.Is(err, errPanicked):
		return errPanicked.Error()
	case errors.As(err, &named):
		return clip(oneLine(named.Reason()), maxReasonShown)
	case errors.Is(err, ErrUndeliverable):
		return "undeliverable"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "timeout"
	default:
		return "the mailer failed: " + string(fault.CodeOf(err))
	}
}

// pause is how long to wait after so many failed tries: doubling, and up to half
// shorter by chance, so that what failed together is not tried together.
func (d *Dispatcher) pause(attempts int) time.Duration {
	p := d.opts.Backoff
	for range attempts - 1 {
		if p >= d.opts.MaxBackoff {
			break
		}
		p *= 2
	}
	p = min(p, d.opts.MaxBackoff)
	return p - time.Duration(d.opts.Jitter()*float64(p)/2)
}

func expired(m Message, now time.Time) bool { return !m.ExpiresAt.IsZero() && !now.Before(m.ExpiresAt) }

// expire returns m as a message that is no longer worth sending; it forgets what it
// said, since its link or code is dead.
func (m Message) expire() Message {
	m = m.bury("expired")
	m.Sealed, m.To = nil, ""
	return m
}

// bury returns m as a dead message. It keeps what it says, so that an operator who
// has mended the cause can retry it.
func (m Message) bury(why string) Message {
	m.Status, m.LeasedUntil, m.LastError = MessageDead, time.Time{}, why
	return m
}
