package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
)

// Tx is what this package needs inside one unit of work. See storage.Store for
// the obligations that every method shares.
type Tx interface {
	account.Tx

	// Structure returns one structure, or ErrNotFound.
	Structure(ctx context.Context, id ID) (Structure, error)

	// StructureByIdentifier returns the structure with this identifier, scheme and
	// value compared byte by byte, or ErrNotFound.
	StructureByIdentifier(ctx context.Context, id Identifier) (Structure, error)

	// PutStructure inserts (Version 0) or replaces a structure. A second structure
	// with the same Identifier is refused with ErrExists.
	PutStructure(ctx context.Context, s Structure) error

	// Structures lists the structures that q selects, in the order that q states.
	Structures(ctx context.Context, q Query) ([]Structure, error)

	// Unit returns one service, or ErrNotFound.
	Unit(ctx context.Context, id ServiceID) (Unit, error)

	// Units lists the services of a structure by Code, then ID.
	Units(ctx context.Context, id ID) ([]Unit, error)

	// Venues lists some structures by ID, each once, with their services as Units lists
	// them. One that is not there is left out.
	Venues(ctx context.Context, ids []ID) ([]Venue, error)

	// PutUnit inserts (Version 0) or replaces a service. A second service with the
	// same Code in its structure is refused with ErrExists.
	PutUnit(ctx context.Context, u Unit) error

	// Membership returns one membership, or ErrNotFound.
	Membership(ctx context.Context, id MembershipID) (Membership, error)

	// Standing returns the card of an account, a structure, and the membership of the one
	// in the other, with the end of the structure's chain. What does not exist is zero and no
	// error. The end of the chain MUST NOT be newer than the rest: a unit that records
	// after it collides with everything that was recorded in the structure since.
	Standing(ctx context.Context, a account.ID, s ID) (Standing, error)

	// Deciding returns a membership, the card of the account that it belongs to, and the
	// Standing of another account in its structure. A membership that does not exist is
	// ErrNotFound; what else does not exist is zero and no error.
	Deciding(ctx context.Context, a account.ID, id MembershipID) (Deciding, error)

	// PutMembership inserts (Version 0) or replaces a membership. Refused with
	// ErrExists: a second membership of one account in one structure, and a second
	// approved principal manager in one structure.
	PutMembership(ctx context.Context, m Membership) error

	// Memberships lists the memberships that q selects, in the order that q states.
	Memberships(ctx context.Context, q MembershipQuery) ([]Membership, error)

	// Members lists what Memberships lists, each with the account that it belongs to.
	// An account that does not exist is zero.
	Members(ctx context.Context, q MembershipQuery) ([]Member, error)

	// Followers lists the people that q selects by ID, with what they hold.
	Followers(ctx context.Context, q FollowerQuery) ([]Follower, error)

	// PutSubscription inserts (Version 0) or replaces a subscription. A second line of
	// one account in one structure for the same service, space and level is refused with
	// ErrExists.
	PutSubscription(ctx context.Context, s Subscription) error

	// Subscriptions lists the subscriptions that q selects, in the order that q states.
	Subscriptions(ctx context.Context, q SubscriptionQuery) ([]Subscription, error)

	// Count counts what c asks for.
	Count(ctx context.Context, c Counting) (Counts, error)
}

// Store runs units of work over [Tx]. storage.Structures makes one from a
// storage.Store; its Update retries ErrConflict.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
}
