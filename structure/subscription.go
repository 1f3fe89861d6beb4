package structure

import (
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/page"
)

// SubscriptionID names a subscription. Values are UUIDs of version 7.
type SubscriptionID string

// SubscriptionStatus is the stored state of a subscription. Scheduled and suspended
// are not stored: they follow from dates, the membership and the account.
type SubscriptionStatus string

// Subscription statuses.
const (
	SubscriptionPending   SubscriptionStatus = "pending"
	SubscriptionApproved  SubscriptionStatus = "approved"
	SubscriptionRejected  SubscriptionStatus = "rejected"
	SubscriptionRemoved   SubscriptionStatus = "removed"
	SubscriptionCancelled SubscriptionStatus = "cancelled"
)

// SubscriptionOrigin says how a subscription came about.
type SubscriptionOrigin string

// Subscription origins.
const (
	OriginRequest     SubscriptionOrigin = "request"      // the person asked
	OriginManager     SubscriptionOrigin = "manager"      // a manager granted it
	OriginSpaceOpened SubscriptionOrigin = "space_opened" // the space was opened on the structure
	OriginSelfService SubscriptionOrigin = "self_service" // the person took it, the space is open to all (C-22)
)

// Subscription is one line: the right of one account in one structure to one space at
// one level, for one service or for all that the membership covers. There is
// one row for each such line, whatever became of it.
type Subscription struct {
	ID        SubscriptionID
	Account   account.ID
	Structure ID
	Service   ServiceID // "" for all that the membership covers
	Space     authz.Space
	Level     authz.Level
	Status    SubscriptionStatus
	Origin    SubscriptionOrigin
	Batch     string         // lines asked for together share it; a UUID of version 7
	Validity  authz.Validity // when it gives rights
	Comment   Note           // of whoever asked or granted
	Reason    Note           // of whoever decided

	RemindedAt time.Time // when the approvers were last reminded; zero if never
	DueAt      time.Time // when the clock has something to do about it; zero: never

	RequestedAt time.Time  // when it was last asked for or granted
	DecidedAt   time.Time  // when it was last decided; zero before
	DecidedBy   account.ID // who decided
	CreatedAt   time.Time
	Version     int64
}

// SubscriptionQuery selects subscriptions. Conditions are ANDed; a zero condition
// selects all. The order is RequestedAt, then ID: oldest first.
type SubscriptionQuery struct {
	IDs        []SubscriptionID // any of these; nil selects every one
	Account    account.ID
	Structures []ID // any of these; nil selects every structure
	Statuses   []SubscriptionStatus
	Space      authz.Space
	Batch      string
	DueAt      time.Time // if set: only those whose DueAt is set and not after it

	// AfterAt and AfterID continue a listing after that position.
	AfterAt time.Time
	AfterID SubscriptionID

	Skip  int // leave out the first so many; for the pages of a screen
	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q SubscriptionQuery) Capped() int { return page.Limit(q.Limit) }

// Counting says what to count: for each query that is given, how many it selects, its
// position, Skip and Limit aside. A nil query counts nothing.
type Counting struct {
	Structures    *Query
	Memberships   *MembershipQuery
	Subscriptions *SubscriptionQuery
}

// Counts is the answer to a [Counting].
type Counts struct {
	Structures, Memberships, Subscriptions int
}
