package structure

import (
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/page"
	"github.com/habilis-go/habilis/notify"
)

// Follower is somebody who may be told what happens in structures, with everything that
// the person holds anywhere: what the digests are decided on.
type Follower struct {
	Account               account.ID // an active person's
	ContactEmail          string
	GivenName, FamilyName string // "" unless FollowerQuery.Named asks for them
	Language              string
	Notices               notify.Preferences

	Memberships   []HeldMembership   // those that are approved, by Structure
	Subscriptions []HeldSubscription // those that are approved, by Structure, Service, Space and Level
}

// HeldMembership is what of an approved [Membership] says what its owner may know.
// Millions are read in a row, so there is no more of it.
type HeldMembership struct {
	Structure ID
	Role      Role
	Granted   Scope
	Validity  authz.Validity
}

// HeldSubscription is what of an approved [Subscription] says what its owner may know.
type HeldSubscription struct {
	Structure ID
	Service   ServiceID
	Space     authz.Space
	Level     authz.Level
	Validity  authz.Validity
}

// Venue is a structure in which something happens, with what decides whom it concerns.
type Venue struct {
	Structure        ID
	LegalName, Label string
	Type             Type
	Status           Status
	Spaces           []authz.Space // open on it
	Units            []Unit        // its services, by Code, then ID
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

	// Named asks for GivenName and FamilyName. Defaults to false.
	Named bool

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q FollowerQuery) Capped() int { return page.Limit(q.Limit) }
