package structure

import (
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/page"
	"github.com/habilis-go/habilis/notify"
)

// Follower is somebody who may be told what happens in structures, with everything that
// the person holds anywhere: what the digests are decided on.
type Follower struct {
	// Account is an active person's. Only ID, Kind, Status, ContactEmail, GivenName,
	// FamilyName, Language and Notices are set.
	Account account.Account

	// Memberships are those that are approved, by Structure. Only Account, Structure,
	// Status, Role, Granted and Validity are set.
	Memberships []Membership

	// Subscriptions are those that are approved, by Structure, Service, Space and Level.
	// Only Account, Structure, Service, Space, Level, Status and Validity are set.
	Subscriptions []Subscription
}

// Venue is a structure in which something happens, with what decides whom it concerns.
type Venue struct {
	Structure Structure // only ID, LegalName, Label, Type, Status and Spaces are set
	Units     []Unit    // its services, by Code, then ID
}

// FollowerQuery selects active people. Conditions are ANDed; a zero condition selects
// all.
type FollowerQuery struct {
	Account   account.ID
	Structure ID         // only those with an approved membership there, and only what they hold there
	After     account.ID // only those with an ID after this one

	// Rhythms selects those whose Notices are on and ask for any of these; none selects
	// all.
	Rhythms []notify.Rhythm

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q FollowerQuery) Capped() int { return page.Limit(q.Limit) }
