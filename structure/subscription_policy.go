package structure

import (
	"slices"
	"time"
)

// SubscriptionPolicy holds what a deployment decides about subscriptions.
type SubscriptionPolicy struct {
	// OrganisationByPrincipal lets only the principal manager grant and decide about the
	// space that gives powers of a manager. Defaults to false: managers who hold it
	// themselves may, too.
	OrganisationByPrincipal bool

	// RemindEvery is how long an applicant waits between two reminders of one request.
	// Defaults to 24 hours.
	RemindEvery time.Duration

	// RemindAfter tells how long after a request for spaces those who may decide are
	// reminded of it, in rising order, each at least an hour, at most MaxReminders. Lines
	// that came with the opening of a space are nobody's request: nothing recalls them.
	// Defaults to 7 days; nil reminds nobody.
	RemindAfter []time.Duration

	// ExpireAfter is how long a request for spaces waits for a decision before it ends by
	// itself, longer than every RemindAfter. Defaults to 0: it waits for ever.
	ExpireAfter time.Duration

	// SpaceMembers is how many members a structure may have for a space to be opened or
	// closed there, since each of them is written in the same unit of work. Defaults to
	// 20 000.
	SpaceMembers int
}

// Limits of one call.
const (
	maxLines     = 100  // lines of one request, decision, grant or form
	maxBulkLines = 1000 // subscriptions of one operation on several
)

// subscriptions2024 is the part of [Guide2024] about subscriptions.
func subscriptions2024() SubscriptionPolicy {
	return SubscriptionPolicy{RemindAfter: []time.Duration{7 * day}}.withDefaults()
}

func (p SubscriptionPolicy) withDefaults() SubscriptionPolicy {
	if p.RemindEvery == 0 {
		p.RemindEvery = 24 * time.Hour
	}
	if p.SpaceMembers == 0 {
		p.SpaceMembers = 20_000
	}
	return p
}

func (p SubscriptionPolicy) check() error {
	if p.RemindEvery < 0 || p.SpaceMembers < 0 {
		return ErrBadPolicy.With("the limits of subscriptions are positive")
	}
	return MembershipPolicy{RemindAfter: p.RemindAfter, ExpireAfter: p.ExpireAfter}.check()
}

// due returns when the clock next has something to do about s, zero for never.
func (p SubscriptionPolicy) due(s Subscription) time.Time {
	if !s.Undecided() || s.Origin != OriginRequest {
		return time.Time{}
	}
	next := p.expiry(s)
	for _, d := range slices.Backward(p.RemindAfter) {
		if at := s.RequestedAt.Add(d); at.After(s.RemindedAt) {
			next = at
		}
	}
	return next
}

// expiry returns when a request ends by itself, zero for never.
func (p SubscriptionPolicy) expiry(s Subscription) time.Time {
	if !s.Undecided() || s.Origin != OriginRequest || p.ExpireAfter == 0 {
		return time.Time{}
	}
	return s.RequestedAt.Add(p.ExpireAfter)
}
