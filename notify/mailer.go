package notify

import (
	"context"

	"github.com/habilis-go/habilis/internal/fault"
)

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
