package account

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Undeliverable returns the account once mails to its login address came back. The
// first time counts.
func (a Account) Undeliverable(now time.Time) Account {
	if a.UndeliverableSince.IsZero() {
		a.UndeliverableSince = now
	}
	return a
}

// Delivered returns the account once a mail to its login address has arrived for sure:
// its owner followed the link or typed the code that it held.
func (a Account) Delivered() Account {
	a.UndeliverableSince = time.Time{}
	return a
}

// MarkUndeliverable notes that a mail to a login address came back, so that its owner
// is warned at the next sign-in. Call it from what reads the bounces of the
// mail server. The mark goes by itself once a mail proves to have arrived. Marking
// twice does nothing.
//
// The actor is [Support] or [System]. Errors: [ErrActor]; ErrInvalid if this is no
// address; ErrNotFound if no account has it.
func (s *Service) MarkUndeliverable(ctx context.Context, by Actor, login string) error {
	return s.mark(ctx, by, "account.MarkUndeliverable", login, "account.undeliverable", Account.Undeliverable)
}

// MarkDeliverable takes the mark of [Service.MarkUndeliverable] back, for what bounced
// by mistake. Actor and errors are the same.
func (s *Service) MarkDeliverable(ctx context.Context, by Actor, login string) error {
	return s.mark(ctx, by, "account.MarkDeliverable", login, "account.deliverable",
		func(a Account, _ time.Time) Account { return a.Delivered() })
}

func (s *Service) mark(ctx context.Context, by Actor, op, login string, kind notify.Kind, rule func(Account, time.Time) Account) error {
	if by.Kind != notify.ActorSupport && by.Kind != notify.ActorSystem {
		return ErrActor
	}
	canonical, err := address.Parse(login)
	if err != nil {
		return fault.Invalid(op, fault.Field{Path: "login", Code: "address"})
	}
	now := s.clock()
	return s.store.Update(ctx, func(tx Tx) error {
		before, err := tx.AccountByLogin(ctx, canonical)
		if err != nil {
			return err
		}
		a := rule(before, now)
		if a.UndeliverableSince.Equal(before.UndeliverableSince) {
			return nil
		}
		return s.put(ctx, tx, by, kind, &a, now)
	})
}
