package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/habilis-go/habilis/notify"
)

// stage is where in a session something went wrong.
type stage string

const (
	stageConnect   stage = "connect"
	stageTLS       stage = "tls"
	stageAuth      stage = "auth"
	stageSender    stage = "sender"
	stageRecipient stage = "recipient"
	stageMessage   stage = "message"
)

// sendError says why a mail was not taken, without a word of the server's.
type sendError struct {
	stage     stage
	why       string // "550 5.1.1", "timeout"
	permanent bool
	mailbox   bool  // there is no such mailbox
	code      int   // of the reply, 0 if there was none
	lost      bool  // the connection was
	cause     error // never what the server said
}

var _ notify.Reasoner = (*sendError)(nil)

// Error names stage and reason.
func (e *sendError) Error() string { return "smtp: " + e.Reason() }

// Reason is what the outbox shows.
func (e *sendError) Reason() string { return string(e.stage) + ": " + e.why }

// Unwrap gives errors.Is the cause on our side of the connection, if there is one.
func (e *sendError) Unwrap() error { return e.cause }

// Is reports permanent refusals as undeliverable, and those of the address as no mailbox.
func (e *sendError) Is(target error) bool {
	return e.permanent && errors.Is(notify.ErrUndeliverable, target) || //nolint:staticcheck // it asks whether target is that sentinel
		e.mailbox && errors.Is(notify.ErrNoSuchMailbox, target) //nolint:staticcheck // the same
}

var enhancedForm = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}\b`)

// failed turns an error of a session into one that can be shown and stored.
func failed(ctx context.Context, at stage, err error) error {
	e := &sendError{stage: at}
	var reply *textproto.Error
	var malformed textproto.ProtocolError
	var unknown *net.DNSError
	switch {
	case ctx.Err() != nil:
		// The connection was closed under the session; why it failed is the context.
		e.cause = ctx.Err()
		if e.why = "canceled"; errors.Is(e.cause, context.DeadlineExceeded) {
			e.why = "timeout"
		}
	case errors.As(err, &reply):
		e.code = reply.Code
		e.why = fmt.Sprintf("%03d", reply.Code)
		enhanced := enhancedForm.FindString(reply.Msg)
		if enhanced != "" {
			e.why += " " + enhanced
		}
		e.permanent = permanent(at, reply.Code)
		e.mailbox = e.permanent && at == stageRecipient && addressRefused(enhanced)
	case errors.As(err, &malformed):
		e.why = "malformed reply"
	case errors.Is(err, errTooMuch):
		e.why, e.cause = errTooMuch.Error(), errTooMuch
	case errors.Is(err, errNoSTARTTLS), errors.Is(err, errNoMechanism):
		e.why, e.cause = err.Error(), err
	case untrusted(err):
		e.why, e.cause = "certificate refused", err
	case errors.As(err, &unknown):
		e.why, e.cause = "no such host", err
	case errors.Is(err, syscall.ECONNREFUSED):
		e.why, e.cause = "connection refused", err
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		e.why, e.lost = "connection lost", true
	default:
		e.why = "failed" // and what it says may be the server's words
	}
	return e
}

func untrusted(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &name) || errors.As(err, &invalid)
}

// permanent tells a refusal of this recipient or this mail, which stays, from one of
// the sender, the session or the moment, which an operator or time mends. 530 to 538
// are about authentication whenever they come.
func permanent(at stage, code int) bool {
	refusals := []int{521, 550, 551, 552, 553, 554, 556}
	switch at {
	case stageRecipient:
		return code == 501 || slices.Contains(refusals, code)
	case stageMessage:
		return slices.Contains(refusals, code)
	default:
		return false
	}
}

// addressRefused tells a refusal of the address, or of nothing in particular, from one
// for reasons of policy, size or the network (RFC 3463).
func addressRefused(enhanced string) bool {
	return enhanced == "" || strings.HasPrefix(enhanced, "5.1.") || enhanced == "5.2.0" || enhanced == "5.2.1"
}
