package structure

import (
	"slices"
	"time"
)

// SupplierRule says what becomes of a request by which a supplier would join a public
// body: to send it invoices nobody has to be a member of it (R-219, C-13).
type SupplierRule string

// Supplier rules.
const (
	SupplierWarned  SupplierRule = "warn"  // the request goes through, its result warns
	SupplierDenied  SupplierRule = "deny"  // it is refused with ErrSupplierJoinsBuyer
	SupplierAllowed SupplierRule = "allow" // nothing is said
)

// MembershipPolicy holds what a deployment decides about memberships. It is data. In
// the zero policy nothing happens by the clock.
type MembershipPolicy struct {
	// CommentOptional lets people ask to join, and managers attach somebody, without
	// saying why (C-11). Defaults to false.
	CommentOptional bool

	// SupplierJoinsBuyer says what happens to whoever belongs to a private structure and
	// asks to join a public one. Defaults to SupplierWarned, which "" also means.
	SupplierJoinsBuyer SupplierRule

	// ActiveOnly refuses to approve or attach people whose account waits for its
	// activation. Otherwise their rights begin when they activate it. Defaults to false
	//
	ActiveOnly bool

	// RemindAfter tells how long after a request those who may decide are reminded of
	// it, in rising order, each at least an hour, at most MaxReminders. Defaults to 7
	// days; nil reminds nobody.
	RemindAfter []time.Duration

	// ExpireAfter is how long a request waits for a decision before it ends by itself,
	// longer than every RemindAfter. Defaults to 0: it waits for ever.
	ExpireAfter time.Duration

	// NoticeBefore is how long before the end of a membership its holder and the
	// managers are told, at least an hour. Defaults to 30 days; 0 tells nobody.
	NoticeBefore time.Duration

	// ShowAllStructures lets a manager see every structure that a member belongs to.
	// Defaults to false: those that the manager manages.
	ShowAllStructures bool
}

// MaxReminders bounds how often one request is recalled.
const MaxReminders = 10

const day = 24 * time.Hour

// memberships2024 is the part of [Guide2024] about memberships.
func memberships2024() MembershipPolicy {
	return MembershipPolicy{SupplierJoinsBuyer: SupplierWarned, RemindAfter: []time.Duration{7 * day}, NoticeBefore: 30 * day}
}

func (p MembershipPolicy) check() error {
	switch p.SupplierJoinsBuyer {
	case "", SupplierWarned, SupplierDenied, SupplierAllowed:
	default:
		return ErrBadPolicy.With("a supplier's request is warned of, denied or allowed")
	}
	last := time.Duration(0)
	for _, d := range p.RemindAfter {
		if d < time.Hour || d <= last {
			return ErrBadPolicy.With("reminders come in rising order, the first after an hour at least")
		}
		last = d
	}
	switch {
	case len(p.RemindAfter) > MaxReminders:
		return ErrBadPolicy.With("there are too many reminders of one request")
	case p.ExpireAfter < 0, p.ExpireAfter > 0 && p.ExpireAfter <= last:
		return ErrBadPolicy.With("a request ends after its last reminder")
	case p.NoticeBefore != 0 && p.NoticeBefore < time.Hour:
		return ErrBadPolicy.With("the end of a membership is told an hour before at least")
	default:
		return nil
	}
}

// due returns when the clock next has something to do about m, zero for never. What it
// did is known by RemindedAt; what a decision came too late for is left out, since
// whoever decided knew the dates.
func (p MembershipPolicy) due(m Membership) time.Time {
	var next time.Time
	consider := func(at, done time.Time) {
		if at.After(done) && at.After(m.RemindedAt) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	if m.Undecided() {
		for _, d := range p.RemindAfter {
			consider(m.RequestedAt.Add(d), m.RequestedAt)
		}
		if at := p.expiry(m); !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at // whoever recalled it after that does not keep it
		}
	}
	if at := p.notice(m); !at.IsZero() {
		consider(at, m.DecidedAt)
	}
	return next
}

// reminder returns the stage of the reminder that is owed for a request at an instant:
// the last one that has come.
func (p MembershipPolicy) reminder(m Membership, now time.Time) (time.Duration, bool) {
	if !m.Undecided() {
		return 0, false
	}
	for _, d := range slices.Backward(p.RemindAfter) {
		if at := m.RequestedAt.Add(d); !at.After(now) {
			return d, at.After(m.RemindedAt)
		}
	}
	return 0, false
}

// expiry returns when a request ends by itself, zero for never.
func (p MembershipPolicy) expiry(m Membership) time.Time {
	if !m.Undecided() || p.ExpireAfter == 0 {
		return time.Time{}
	}
	return m.RequestedAt.Add(p.ExpireAfter)
}

// ending reports whether a notice of the end of m is owed at an instant.
func (p MembershipPolicy) ending(m Membership, now time.Time) bool {
	at := p.notice(m)
	return !at.IsZero() && !now.Before(at) && now.Before(m.Validity.Until) && at.After(m.RemindedAt) && at.After(m.DecidedAt)
}

// notice returns when the end of a membership is told of, zero for never.
func (p MembershipPolicy) notice(m Membership) time.Time {
	if m.Status != StatusApproved || m.Validity.Until.IsZero() || p.NoticeBefore == 0 {
		return time.Time{}
	}
	return m.Validity.Until.Add(-p.NoticeBefore)
}
