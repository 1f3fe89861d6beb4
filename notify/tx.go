package notify

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/page"
)

// Tx is what this package needs inside one unit of work. See storage.Store for
// the obligations that every method shares.
type Tx interface {
	// AppendEvent adds an event to its chain. It MUST refuse with ErrConflict, not
	// ErrExists, if the chain holds that sequence number already: another unit was
	// faster and this one is to run again.
	AppendEvent(ctx context.Context, e Event) error

	// LastEvent returns the newest event of a chain, or ErrNotFound.
	LastEvent(ctx context.Context, c Chain) (Event, error)

	// Events lists the events that q selects, in the order that q states.
	Events(ctx context.Context, q EventQuery) ([]Event, error)

	// Enqueue adds a message to the outbox. If the outbox holds a message with the
	// same Key, it does nothing and returns nil: whoever enqueues twice mails once.
	Enqueue(ctx context.Context, m Message) error

	// PutMessage replaces a message if its stored version is m.Version, else it
	// returns ErrConflict. The stored version is one higher afterwards. Key is what it
	// was: adapters MAY leave it unwritten.
	PutMessage(ctx context.Context, m Message) error

	// Message returns one message, or ErrNotFound.
	Message(ctx context.Context, id MessageID) (Message, error)

	// Messages lists the messages that q selects, in the order that q states.
	Messages(ctx context.Context, q MessageQuery) ([]Message, error)

	// CountMessages counts the messages that q selects, whatever its order, limit and
	// beginning.
	CountMessages(ctx context.Context, q MessageQuery) (int, error)

	// DeleteMessage removes a message if its stored version is m.Version, else it
	// returns ErrConflict. Its Key is free afterwards.
	DeleteMessage(ctx context.Context, m Message) error

	// PutNotice inserts (Version 0) or replaces a notice. A second one with the same Key
	// is refused with ErrExists.
	PutNotice(ctx context.Context, n Notice) error

	// Notices lists the notices that q selects, in the order that q states.
	Notices(ctx context.Context, q NoticeQuery) ([]Notice, error)

	// Tallies counts the notices that q selects, for each sort of them, by structure,
	// service, space, category and kind. Nothing bounds how many sorts there are.
	Tallies(ctx context.Context, q TallyQuery) ([]Tally, error)

	// DropNotices removes up to limit notices whose At is before an instant, the oldest
	// first, and returns how many it removed.
	DropNotices(ctx context.Context, before time.Time, limit int) (int, error)

	// Run returns how far the digests of a rhythm have come, or ErrNotFound.
	Run(ctx context.Context, r Rhythm) (Run, error)

	// PutRun inserts (Version 0) or replaces that.
	PutRun(ctx context.Context, r Run) error
}

// EventQuery selects events. Conditions are ANDed; a zero condition selects all.
type EventQuery struct {
	Chain     Chain
	Account   ids.AccountID
	Structure ids.StructureID
	Kinds     []Kind // any of these

	From  time.Time // only those recorded then or later
	Until time.Time // only those recorded before it

	// After continues a listing: only events that follow this (chain, sequence) in
	// the order (chain, sequence). Newest makes the order (At, chain, sequence), all
	// descending, and Before continues that; After does not apply then, nor Before
	// otherwise.
	AfterChain     Chain
	AfterSequence  int64
	Newest         bool
	BeforeAt       time.Time
	BeforeChain    Chain
	BeforeSequence int64

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q EventQuery) Capped() int { return page.Limit(q.Limit) }

// MessageQuery selects messages of the outbox. Conditions are ANDed; a zero condition
// selects all.
type MessageQuery struct {
	Account  ids.AccountID // whom it is addressed to
	Status   MessageStatus
	Template Template
	Before   time.Time // only those with a CreatedAt before it
	Sealed   bool      // only those that still keep what they say

	DueAt  time.Time // only those with NotBefore and LeasedUntil not after it
	Urgent bool      // only urgent ones

	// InTurn selects the messages that are queued, not urgent, and the first in their
	// order of all such messages with the same To.
	InTurn bool

	// The order is that of (CreatedAt, ID), both ascending, or both descending with
	// Newest. With an AfterID, the listing continues after that place in its order.
	Newest  bool
	AfterAt time.Time
	AfterID MessageID

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q MessageQuery) Capped() int { return page.Limit(q.Limit) }

// Store runs units of work over [Tx]. storage.Notices makes one from a
// storage.Store; its Update retries ErrConflict.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
}
