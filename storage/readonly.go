package storage

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// ErrReadOnly is what a write inside a View answers.
var ErrReadOnly = fault.New("read_only_unit", "this unit of work only reads")

// ReadOnly wraps tx so that every write is refused with [ErrReadOnly], for
// adapters whose database cannot do that itself.
func ReadOnly(tx Tx) Tx {
	if w, able := tx.(structure.Walker); able {
		return walkingReadOnly{readOnly{tx}, w}
	}
	return readOnly{tx}
}

type readOnly struct{ Tx }

// walkingReadOnly is readOnly with what its unit can do besides.
type walkingReadOnly struct {
	readOnly
	structure.Walker
}

func (readOnly) AppendEvent(context.Context, notify.Event) error { return ErrReadOnly }

func (readOnly) Enqueue(context.Context, notify.Message) error { return ErrReadOnly }

func (readOnly) PutMessage(context.Context, notify.Message) error { return ErrReadOnly }

func (readOnly) DeleteMessage(context.Context, notify.Message) error { return ErrReadOnly }

func (readOnly) PutAccount(context.Context, account.Account) error { return ErrReadOnly }

func (readOnly) PutLink(context.Context, account.Link) error { return ErrReadOnly }

func (readOnly) PutThrottle(context.Context, account.Throttle) error { return ErrReadOnly }

func (readOnly) PutAttachment(context.Context, account.Attachment) error { return ErrReadOnly }

func (readOnly) DeleteAttachment(context.Context, account.Attachment) error { return ErrReadOnly }

func (readOnly) PutSignIn(context.Context, mfa.SignIn) error { return ErrReadOnly }

func (readOnly) DeleteSignIn(context.Context, mfa.SignIn) error { return ErrReadOnly }

func (readOnly) PutFactor(context.Context, mfa.Factor) error { return ErrReadOnly }

func (readOnly) DeleteFactor(context.Context, mfa.Factor) error { return ErrReadOnly }

func (readOnly) PutStructure(context.Context, structure.Structure) error { return ErrReadOnly }

func (readOnly) PutUnit(context.Context, structure.Unit) error { return ErrReadOnly }

func (readOnly) PutMembership(context.Context, structure.Membership) error { return ErrReadOnly }

func (readOnly) PutSubscription(context.Context, structure.Subscription) error { return ErrReadOnly }

func (readOnly) PutNotice(context.Context, notify.Notice) error { return ErrReadOnly }

func (readOnly) DropNotices(context.Context, time.Time, int) (int, error) { return 0, ErrReadOnly }

func (readOnly) PutRun(context.Context, notify.Run) error { return ErrReadOnly }
