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

	// OriginDefault marks what comes with the role: it is shown with the
	// subscriptions and never stored.
	OriginDefault SubscriptionOrigin = "default"
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

// Undecided reports whether the line waits for a decision.
func (s Subscription) Undecided() bool { return s.Status == SubscriptionPending }

// Open reports whether the line gives a right or waits for one.
func (s Subscription) Open() bool {
	return s.Status == SubscriptionPending || s.Status == SubscriptionApproved
}

// asked starts a line anew: nothing of what it was before remains.
func (s Subscription) asked(origin SubscriptionOrigin, batch string, v authz.Validity, comment Note, now time.Time) Subscription {
	s.Status, s.Origin, s.Batch, s.Validity, s.Comment, s.Reason = SubscriptionPending, origin, batch, v, comment, Note{}
	s.RemindedAt, s.DueAt, s.RequestedAt, s.DecidedAt, s.DecidedBy = time.Time{}, time.Time{}, now, time.Time{}, ""
	return s
}

func (s Subscription) decided(status SubscriptionStatus, by account.ID, now time.Time) Subscription {
	s.Status, s.DueAt, s.DecidedAt, s.DecidedBy = status, time.Time{}, now, by
	return s
}

// Ask returns s as a request that waits for a decision, whatever became of an earlier
// one. Errors: [ErrSubscriptionPending], [ErrAlreadySubscribed].
func (s Subscription) Ask(origin SubscriptionOrigin, batch string, v authz.Validity, comment Note, now time.Time) (Subscription, error) {
	switch s.Status {
	case SubscriptionPending:
		return s, ErrSubscriptionPending
	case SubscriptionApproved:
		return s, ErrAlreadySubscribed
	default:
		return s.asked(origin, batch, v, comment, now), nil
	}
}

// Grant returns s as a right that nobody needs to decide about: a manager gives it
// or the space is open to all (C-22). It answers a request that waits. The
// error is [ErrAlreadySubscribed].
func (s Subscription) Grant(origin SubscriptionOrigin, batch string, v authz.Validity, comment Note, by account.ID, now time.Time) (Subscription, error) {
	if s.Status == SubscriptionApproved {
		return s, ErrAlreadySubscribed
	}
	return s.asked(origin, batch, v, comment, now).decided(SubscriptionApproved, by, now), nil
}

// Approve returns s as a right from the day that was asked for. by is the manager who
// decides, reason what that manager says. Errors: [ErrAlreadyDecided], [ErrOwnRequest].
func (s Subscription) Approve(reason Note, by account.ID, now time.Time) (Subscription, error) {
	if err := s.decidable(by); err != nil {
		return s, err
	}
	s.Reason = reason
	return s.decided(SubscriptionApproved, by, now), nil
}

// Reject returns s refused. Errors: [ErrAlreadyDecided], [ErrOwnRequest].
func (s Subscription) Reject(reason Note, by account.ID, now time.Time) (Subscription, error) {
	if err := s.decidable(by); err != nil {
		return s, err
	}
	s.Reason = reason
	return s.decided(SubscriptionRejected, by, now), nil
}

func (s Subscription) decidable(by account.ID) error {
	switch {
	case s.Status != SubscriptionPending:
		return ErrAlreadyDecided
	case by == s.Account:
		return ErrOwnRequest
	default:
		return nil
	}
}

// Withdraw returns s without the request; by is who withdraws. The error is
// [ErrAlreadyDecided].
func (s Subscription) Withdraw(by account.ID, now time.Time) (Subscription, error) {
	if s.Status != SubscriptionPending {
		return s, ErrAlreadyDecided
	}
	return s.decided(SubscriptionCancelled, by, now), nil
}

// Remove returns s without the right. The error is [ErrNotSubscribed] for a
// line that gives none.
func (s Subscription) Remove(by account.ID, now time.Time) (Subscription, error) {
	if s.Status != SubscriptionApproved {
		return s, ErrNotSubscribed
	}
	return s.decided(SubscriptionRemoved, by, now), nil
}

// Close returns s as it is once its space is closed on the structure: removed, waiting
// or not. The error is [ErrNotSubscribed] for a line that is neither held nor
// asked for.
func (s Subscription) Close(by account.ID, now time.Time) (Subscription, error) {
	if !s.Open() {
		return s, ErrNotSubscribed
	}
	return s.decided(SubscriptionRemoved, by, now), nil
}

// End returns s as it is once the membership that carried it has ended: a request is
// cancelled, a right removed. The error is [ErrNotSubscribed] for a line that
// has ended already.
func (s Subscription) End(by account.ID, now time.Time) (Subscription, error) {
	switch s.Status {
	case SubscriptionPending:
		return s.decided(SubscriptionCancelled, by, now), nil
	case SubscriptionApproved:
		return s.decided(SubscriptionRemoved, by, now), nil
	default:
		return s, ErrNotSubscribed
	}
}

// Forgotten returns the line of somebody who is erased: ended, without a word of
// anybody in it. It returns s if that is what it is already.
func (s Subscription) Forgotten(by account.ID, now time.Time) Subscription {
	if ended, err := s.End(by, now); err == nil {
		s = ended
	}
	s.Comment, s.Reason = Note{}, Note{}
	return s
}

// SubscriptionQuery selects subscriptions. Conditions are ANDed; a zero condition
// selects all. The order is RequestedAt, then ID: oldest first.
type SubscriptionQuery struct {
	IDs        []SubscriptionID // any of these; nil selects every one
	Account    account.ID
	Accounts   []account.ID // any of these; nil selects everybody's
	Structures []ID         // any of these; nil selects every structure
	Statuses   []SubscriptionStatus
	Space      authz.Space
	Batch      string
	DueAt      time.Time  // if set: only those whose DueAt is set and not after it
	Except     account.ID // only those of other accounts

	// Once selects of each account in each structure only the first of those that the
	// conditions select, by RequestedAt, then ID. A position is looked at after that.
	Once bool

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
