package structure

import "time"

// SubscriptionPolicy holds what a deployment decides about subscriptions.
type SubscriptionPolicy struct {
	// OrganisationByPrincipal lets only the principal manager grant and decide about the
	// space that gives powers of a manager. Defaults to false: managers who hold it
	// themselves may, too.
	OrganisationByPrincipal bool

	// RemindEvery is how long an applicant waits between two reminders of one request.
	// Defaults to 24 hours.
	RemindEvery time.Duration

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
	return nil
}
