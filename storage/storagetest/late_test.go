package storagetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/storage/storagetest"
	"github.com/habilis-go/habilis/structure"
)

// TestLateRefusalsPass is another control: a store may keep what a write breaks for
// the next read, or for Update, and passes.
func TestLateRefusalsPass(t *testing.T) {
	t.Parallel()
	open := func() *saboteur {
		return &saboteur{inner: memory.New(), tx: func(tx storage.Tx) storage.Tx { return late{tx} }}
	}
	storagetest.Run(t, storagetest.Harness{New: func(*testing.T) storage.Store { return open() }})
	if err := storage.Check(t.Context(), open()); err != nil {
		t.Errorf("Check passes a store that refuses late, got: %v", err)
	}
}

// late does not tell at once that a write was refused. The memory store knows that
// the unit is lost, and tells by the next read or in the end.
type late struct{ storage.Tx }

func (late) hush(err error) error {
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrExists) {
		return nil
	}
	return err
}

func (x late) Nest(ctx context.Context, fn func(storage.Tx) error) error {
	n, ok := x.Tx.(storage.Nester)
	if !ok {
		return errors.New("the unit only reads")
	}
	return n.Nest(ctx, func(tx storage.Tx) error { return fn(late{tx}) })
}

func (x late) PutAccount(ctx context.Context, a account.Account) error {
	return x.hush(x.Tx.PutAccount(ctx, a))
}

func (x late) PutLink(ctx context.Context, l account.Link) error { return x.hush(x.Tx.PutLink(ctx, l)) }

func (x late) PutThrottle(ctx context.Context, c account.Throttle) error {
	return x.hush(x.Tx.PutThrottle(ctx, c))
}

func (x late) PutSignIn(ctx context.Context, s mfa.SignIn) error {
	return x.hush(x.Tx.PutSignIn(ctx, s))
}

func (x late) DeleteSignIn(ctx context.Context, s mfa.SignIn) error {
	return x.hush(x.Tx.DeleteSignIn(ctx, s))
}

func (x late) PutFactor(ctx context.Context, f mfa.Factor) error {
	return x.hush(x.Tx.PutFactor(ctx, f))
}

func (x late) DeleteFactor(ctx context.Context, f mfa.Factor) error {
	return x.hush(x.Tx.DeleteFactor(ctx, f))
}

func (x late) PutStructure(ctx context.Context, s structure.Structure) error {
	return x.hush(x.Tx.PutStructure(ctx, s))
}

func (x late) PutUnit(ctx context.Context, u structure.Unit) error {
	return x.hush(x.Tx.PutUnit(ctx, u))
}

func (x late) PutMembership(ctx context.Context, m structure.Membership) error {
	return x.hush(x.Tx.PutMembership(ctx, m))
}

func (x late) PutSubscription(ctx context.Context, s structure.Subscription) error {
	return x.hush(x.Tx.PutSubscription(ctx, s))
}

func (x late) AppendEvent(ctx context.Context, e notify.Event) error {
	return x.hush(x.Tx.AppendEvent(ctx, e))
}

func (x late) Enqueue(ctx context.Context, m notify.Message) error {
	return x.hush(x.Tx.Enqueue(ctx, m))
}

func (x late) DeleteMessage(ctx context.Context, m notify.Message) error {
	return x.hush(x.Tx.DeleteMessage(ctx, m))
}

func (x late) PutNotice(ctx context.Context, n notify.Notice) error {
	return x.hush(x.Tx.PutNotice(ctx, n))
}

func (x late) PutRun(ctx context.Context, r notify.Run) error { return x.hush(x.Tx.PutRun(ctx, r)) }

func (x late) PutMessage(ctx context.Context, m notify.Message) error {
	return x.hush(x.Tx.PutMessage(ctx, m))
}
