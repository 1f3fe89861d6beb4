package notify

import (
	"time"

	"github.com/habilis-go/habilis/internal/ids"
)

// MessageID names a message. Values are UUIDs of version 7; the Message-ID header
// of the mail is made from it, so that a duplicate can be recognised.
type MessageID string

// MessageStatus is the state of a message in the outbox.
type MessageStatus string

// Message statuses.
const (
	MessageQueued MessageStatus = "queued" // owed
	MessageSent   MessageStatus = "sent"   // the mail server took it
	MessageDead   MessageStatus = "dead"   // given up, or refused for good; an operator may retry it
)

// Message is a mail that is owed. What it says is sealed until it is sent or no longer
// worth sending, and wiped then. A dead message keeps it for a while, so that an operator
// may retry it. The row itself is removed some time after it is over.
type Message struct {
	ID          MessageID
	Key         string        // idempotency key: at most one message per key, ever
	Template    Template      // which mail
	To          string        // canonical address; the envelope is built from nothing else; "" once sent or erased
	Account     ids.AccountID // whom it is addressed to, "" if the address has no account
	Language    string        // base language, "fr" or "en"
	Urgent      bool          // goes before notices, and in no order with others to the same address
	Sealed      []byte        // the values the template mentions, sealed with the key ring; nil once wiped
	Status      MessageStatus
	Attempts    int       // how often sending was tried
	NotBefore   time.Time // not to be sent before; moved by backoff
	ExpiresAt   time.Time // not worth sending from then on, since its link or code is dead; zero: never
	LeasedUntil time.Time // a dispatcher works on it until then; zero: nobody does
	LastError   string    // why the last try failed, free of secrets
	CreatedAt   time.Time
	SentAt      time.Time // zero until sent
	Version     int64
}
