package account

import (
	"slices"
	"time"
)

// Purge says what becomes of a deactivated account once its owner cannot come back
// alone any more.
type Purge string

// Purges.
const (
	PurgeNever       Purge = "never"         // it stays, and support may bring it back
	PurgeAtWindowEnd Purge = "at_window_end" // it is erased (LC-11)
)

// LifecyclePolicy holds what a deployment decides about how accounts begin and end.
// All durations are elapsed time: sixty days are sixty times 24 hours, whatever the
// clocks on the walls do meanwhile.
type LifecyclePolicy struct {
	// ActivationWindow is how long an account waits for its activation. Then it lapses:
	// what was told about it is erased and its address is free again (LC-22). It is at
	// least as long as an activation link lives.
	ActivationWindow time.Duration

	// ReactivationWindow is how long the owner of a deactivated account may ask for it
	// back alone.
	ReactivationWindow time.Duration

	// ReactivationLifetime is how long a reactivation link lives. A link that was asked
	// for in time works to its own end.
	ReactivationLifetime time.Duration

	// Reminders tell how long before the end of the reactivation window the owner is
	// reminded; nil for never.
	Reminders []time.Duration

	Purge Purge // what happens at the end of the reactivation window

	// InvitationsPerHour bounds how many accounts the managers of one structure create
	// for other people, InvitationsPerDay how many mails one address gets for that from
	// whomever (ML-07).
	InvitationsPerHour int
	InvitationsPerDay  int

	// SupportPerHour bounds how many requests of people who cannot sign in reach the
	// support desk.
	SupportPerHour int
}

const day = 24 * time.Hour

// lifecycle2024 is the part of [Guide2024] about beginning and end.
func lifecycle2024() LifecyclePolicy {
	return LifecyclePolicy{
		ActivationWindow:     30 * day,
		ReactivationWindow:   60 * day,
		ReactivationLifetime: time.Hour,
		Reminders:            []time.Duration{30 * day, 7 * day, day},
		Purge:                PurgeNever,
		InvitationsPerHour:   50,
		InvitationsPerDay:    3,
		SupportPerHour:       60,
	}
}

func (p LifecyclePolicy) check(activationLifetime time.Duration) error {
	switch {
	case p.ActivationWindow < activationLifetime:
		return ErrBadPolicy.With("an account must wait for its activation as long as the link lives")
	case p.ReactivationWindow <= 0 || p.ReactivationLifetime <= 0:
		return ErrBadPolicy.With("a deactivated account must be able to come back for some time")
	case p.Purge != PurgeNever && p.Purge != PurgeAtWindowEnd:
		return ErrBadPolicy.With("a deactivated account is kept or erased")
	case slices.ContainsFunc(p.Reminders, func(d time.Duration) bool { return d <= 0 || d >= p.ReactivationWindow }):
		return ErrBadPolicy.With("a reminder must fall into the reactivation window")
	case p.InvitationsPerHour < 1 || p.InvitationsPerDay < 1 || p.SupportPerHour < 1:
		return ErrBadPolicy.With("the budgets of mails allow nothing")
	default:
		return nil
	}
}

// lapse is when an account that waits for its activation lapses.
func (p LifecyclePolicy) lapse(a Account) time.Time { return a.StatusSince.Add(p.ActivationWindow) }

// end is when a deactivated account is purged: at the end of its window, or with the
// reactivation link that was asked for before. It is zero for never.
func (p LifecyclePolicy) end(a Account, link *Link, now time.Time) time.Time {
	if p.Purge != PurgeAtWindowEnd || a.ReactivableUntil.IsZero() {
		return time.Time{}
	}
	if link != nil && link.Usable(a.Login, now) == nil && link.ExpiresAt.After(a.ReactivableUntil) {
		return link.ExpiresAt
	}
	return a.ReactivableUntil
}

// over reports whether nothing may bring the account back any more, whether the clock
// work has seen to it or not. link is the reactivation link, if there is one.
func (p LifecyclePolicy) over(a Account, link *Link, now time.Time) bool {
	switch a.Status {
	case StatusPendingActivation:
		return !now.Before(p.lapse(a))
	case StatusDeactivated:
		end := p.end(a, link, now)
		return !end.IsZero() && !now.Before(end)
	case StatusActive, StatusAnonymized:
		return false
	default:
		return false
	}
}

// reminder returns which reminder is due at an instant, the latest one if several
// were missed, and whether there is one: those since the account was last due.
func (p LifecyclePolicy) reminder(a Account, now time.Time) (time.Duration, bool) {
	found, ok := time.Duration(0), false
	for _, d := range p.Reminders {
		at := a.ReactivableUntil.Add(-d)
		if !at.Before(a.DueAt) && !now.Before(at) && now.Before(a.ReactivableUntil) && (!ok || d < found) {
			found, ok = d, true
		}
	}
	return found, ok
}

// nextReminder returns when the next reminder after an instant is due, zero for none.
func (p LifecyclePolicy) nextReminder(a Account, now time.Time) time.Time {
	var next time.Time
	for _, d := range p.Reminders {
		if at := a.ReactivableUntil.Add(-d); at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}
