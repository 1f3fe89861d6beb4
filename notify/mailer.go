package notify

import (
	"context"

	"github.com/habilis-go/habilis/internal/fault"
)

// ErrNoSuchMailbox is what a [Mailer] returns besides [ErrUndeliverable] when it is the
// address that the mail server refused for good: mails to it come back.
var ErrNoSuchMailbox = fault.New("no_such_mailbox", "the mail server knows no such mailbox")

// ErrUndeliverable is what a [Mailer] returns, wrapped or as it is, when the mail
// can never be delivered: trying again is of no use.
var ErrUndeliverable = fault.New("undeliverable", "the mail server refused the mail for good")

// Email is a rendered mail.
type Email struct {
	ID       MessageID // stable over retries; make the Message-ID header from it
	Template Template  // which mail it is, for hosts that route or count
	To       string    // one canonical address; the envelope MUST be built from it alone
	Language string    // base language of the text, for Content-Language
	Subject  string    // one line
	Text     string    // plain text; always present
	HTML     string    // the same in HTML; "" if the template has none
}

// Mailer delivers mails. Hosts implement it, or use notify/smtp.
//
// Send MUST return nil only once somebody else has taken responsibility for the
// mail, and MUST return when ctx ends. It returns an error that matches
// [ErrUndeliverable] if the mail can never be delivered, and any other error if
// it may succeed later. It is called from several goroutines at once. It may be
// called twice for one mail when a process died in between; the ID is the same
// then. It MUST NOT log the body: it holds links and codes.
type Mailer interface {
	Send(ctx context.Context, m Email) error
}

// Stager is a [Mailer] that can prepare a mail up to the last word, so that the time in
// which a crash would send it twice is as short as it can be, and the rest of the work on
// several mails overlaps. The [Dispatcher] uses it where the Mailer has it.
type Stager interface {
	Mailer

	// Stage does what Send does, except that nobody has taken responsibility when it
	// returns. Its errors are those of Send.
	Stage(ctx context.Context, m Email) (Staged, error)
}

// Staged is a mail before the last word. One of its methods is called, once, and before
// the ctx of Stage ends.
type Staged interface {
	// Commit says the last word. It returns nil once somebody else has taken
	// responsibility; its errors are those of Send.
	Commit() error

	// Abandon takes everything back: nobody gets the mail.
	Abandon()
}
