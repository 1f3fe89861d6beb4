package account

import (
	"context"

	"github.com/habilis-go/habilis/notify"
)

// Tx is what this package needs inside one unit of work. See storage.Store for
// the obligations that every method shares.
type Tx interface {
	notify.Tx

	// Account returns one account, or ErrNotFound.
	Account(ctx context.Context, id ID) (Account, error)

	// AccountByLogin returns the account with this canonical login address,
	// compared byte by byte, or ErrNotFound.
	AccountByLogin(ctx context.Context, login string) (Account, error)

	// PutAccount inserts (Version 0) or replaces an account. A second account with
	// the same Login is refused with ErrExists.
	PutAccount(ctx context.Context, a Account) error

	// Accounts lists the accounts that q selects, by ID unless q states otherwise.
	Accounts(ctx context.Context, q Query) ([]Account, error)

	// Link returns the link of an account for a purpose, or ErrNotFound.
	Link(ctx context.Context, id ID, p Purpose) (Link, error)

	// LinkByDigest returns the link with this digest, or ErrNotFound.
	LinkByDigest(ctx context.Context, digest string) (Link, error)

	// PutLink inserts (Version 0) or replaces the link of an account for a purpose.
	PutLink(ctx context.Context, l Link) error

	// Throttle returns the counter of a factor of an account, or ErrNotFound.
	Throttle(ctx context.Context, id ID, f Factor) (Throttle, error)

	// PutThrottle inserts (Version 0) or replaces a counter.
	PutThrottle(ctx context.Context, t Throttle) error

	// Attachments lists the attachments that q selects, in the order that q states.
	Attachments(ctx context.Context, q AttachmentQuery) ([]Attachment, error)

	// PutAttachment inserts (Version 0) or replaces an attachment. A second one with
	// the same Key is refused with ErrExists.
	PutAttachment(ctx context.Context, a Attachment) error

	// DeleteAttachment removes an attachment if its stored version is a.Version, else
	// it returns ErrConflict; one that is not there is ErrConflict too.
	DeleteAttachment(ctx context.Context, a Attachment) error
}

// Store runs units of work over [Tx]. storage.Accounts makes one from a
// storage.Store; its Update retries ErrConflict.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
}
