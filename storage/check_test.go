package storage_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

func TestCheckLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	s := memory.New()
	require.NoError(t, storage.Check(t.Context(), s))
	require.NoError(t, storage.Check(t.Context(), s), "a second time")
	require.NoError(t, s.View(t.Context(), func(tx storage.Tx) error {
		accounts, err := tx.Accounts(t.Context(), account.Query{Limit: 10})
		require.NoError(t, err)
		assert.Empty(t, accounts)
		events, err := tx.Events(t.Context(), notify.EventQuery{})
		require.NoError(t, err)
		assert.Empty(t, events)
		messages, err := tx.Messages(t.Context(), notify.MessageQuery{})
		assert.Empty(t, messages)
		return err
	}))
}

func TestCheckOfAStoreThatIsBound(t *testing.T) {
	t.Parallel()
	require.NoError(t, memory.New().Update(t.Context(), func(tx storage.Tx) error {
		require.ErrorContains(t, storage.Check(t.Context(), storage.Join(tx)), "bound to a transaction")
		return nil
	}))
}

func TestCheckPassesErrorsOn(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, storage.Check(ctx, memory.New()), context.Canceled)
}

// bent is a store whose units are bent by update or whose handles are by tx.
type bent struct {
	storage.Store
	update func(ctx context.Context, s storage.Store, fn func(storage.Tx) error) error
	tx     func(storage.Tx) storage.Tx
}

func (b bent) Update(ctx context.Context, fn func(storage.Tx) error) error {
	if b.update != nil {
		return b.update(ctx, b.Store, fn)
	}
	return b.Store.Update(ctx, func(tx storage.Tx) error { return fn(b.tx(tx)) })
}

type bentTx struct {
	storage.Tx
	putAccount func(storage.Tx, context.Context, account.Account) error
	byLogin    func(storage.Tx, context.Context, string) (account.Account, error)
	units      func([]structure.Unit)
	event      func(storage.Tx, context.Context, notify.Event) error
}

func (b bentTx) PutAccount(ctx context.Context, a account.Account) error {
	if b.putAccount != nil {
		return b.putAccount(b.Tx, ctx, a)
	}
	return b.Tx.PutAccount(ctx, a)
}

func (b bentTx) AccountByLogin(ctx context.Context, login string) (account.Account, error) {
	if b.byLogin != nil {
		return b.byLogin(b.Tx, ctx, login)
	}
	return b.Tx.AccountByLogin(ctx, login)
}

func (b bentTx) Units(ctx context.Context, id structure.ID) ([]structure.Unit, error) {
	units, err := b.Tx.Units(ctx, id)
	if b.units != nil {
		b.units(units)
	}
	return units, err
}

func (b bentTx) AppendEvent(ctx context.Context, e notify.Event) error {
	if b.event != nil {
		return b.event(b.Tx, ctx, e)
	}
	return b.Tx.AppendEvent(ctx, e)
}

// nestingTx runs parts without undoing them.
type nestingTx struct{ storage.Tx }

func (n nestingTx) Nest(_ context.Context, fn func(storage.Tx) error) error { return fn(n.Tx) }

func TestCheckNamesTheObligationThatIsBroken(t *testing.T) {
	t.Parallel()
	tx := func(b bentTx) bent {
		return bent{tx: func(tx storage.Tx) storage.Tx {
			b := b
			b.Tx = tx
			return b
		}}
	}
	for want, broken := range map[string]bent{
		"reads its own writes": tx(bentTx{putAccount: func(storage.Tx, context.Context, account.Account) error { return nil }}),
		"precision of a microsecond": tx(bentTx{putAccount: func(tx storage.Tx, ctx context.Context, a account.Account) error {
			a.CreatedAt = a.CreatedAt.Truncate(time.Second)
			return tx.PutAccount(ctx, a)
		}}),
		"object that changed answers ErrConflict": tx(bentTx{putAccount: func(tx storage.Tx, ctx context.Context, a account.Account) error {
			if now, err := tx.Account(ctx, a.ID); err == nil {
				a.Version = now.Version
			}
			return tx.PutAccount(ctx, a)
		}}),
		"same login is refused": tx(bentTx{putAccount: func(tx storage.Tx, ctx context.Context, a account.Account) error {
			if _, err := tx.AccountByLogin(ctx, a.Login); err == nil && a.Version == 0 {
				return nil
			}
			return tx.PutAccount(ctx, a)
		}}),
		"event whose number is taken": tx(bentTx{event: func(tx storage.Tx, ctx context.Context, e notify.Event) error {
			if _, err := tx.LastEvent(ctx, e.Chain); err == nil {
				return storage.ErrExists
			}
			return tx.AppendEvent(ctx, e)
		}}),
		"logins are compared byte by byte": tx(bentTx{byLogin: func(tx storage.Tx, ctx context.Context, login string) (account.Account, error) {
			return tx.AccountByLogin(ctx, strings.Replace(login, "check", "Check", 1))
		}}),
		"ordered byte by byte": tx(bentTx{units: func(units []structure.Unit) {
			if len(units) == 2 {
				units[0], units[1] = units[1], units[0]
			}
		}}),
		"nested part that fails": {tx: func(tx storage.Tx) storage.Tx { return nestingTx{tx} }},
		"returned nil from Update though fn returned an error": {update: func(ctx context.Context, s storage.Store, fn func(storage.Tx) error) error {
			_ = s.Update(ctx, fn)
			return nil
		}},
		"undone if it fails": {update: func(ctx context.Context, s storage.Store, fn func(storage.Tx) error) error {
			var failed error
			err := s.Update(ctx, func(tx storage.Tx) error {
				failed = fn(tx)
				return nil
			})
			return errors.Join(err, failed)
		}},
		"did not return fn's error": {update: func(ctx context.Context, s storage.Store, fn func(storage.Tx) error) error {
			_ = s.Update(ctx, fn)
			return errors.New("something went wrong")
		}},
		"from Update and did not run fn": {update: func(context.Context, storage.Store, func(storage.Tx) error) error { return nil }},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			broken.Store = memory.New()
			require.ErrorContains(t, storage.Check(t.Context(), broken), want)
		})
	}
}
