package sqltest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// BenchmarkPairs measures pairs of units as the library runs them: a person asks
// for a membership, a manager approves it. The structures are many, as in life, so
// pairs seldom meet.
func BenchmarkPairs(b *testing.B, s storage.Store) {
	b.Helper()
	ctx := b.Context()
	const structures = 100
	for i := range structures {
		require.NoError(b, s.Update(ctx, func(tx storage.Tx) error {
			name := fmt.Sprintf("%03d", i)
			return errors.Join(
				tx.PutStructure(ctx, structure.Structure{ID: structure.ID(name), Identifier: structure.SIRET(name), LegalName: name}),
				tx.PutAccount(ctx, account.Account{ID: account.ID(name), Login: name}))
		}))
	}
	var n, failed atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			i := n.Add(1)
			if err := pair(ctx, s, fmt.Sprintf("%010d", i), fmt.Sprintf("%03d", i%structures)); err != nil {
				failed.Add(1)
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "pairs/s")
}

func pair(ctx context.Context, s storage.Store, name, where string) error {
	now := time.Now()
	id, in := structure.MembershipID(name), structure.ID(where)
	err := storage.Update(ctx, s, func(tx storage.Tx) error {
		if _, err := tx.Account(ctx, account.ID(where)); err != nil {
			return err
		}
		if _, err := tx.Structure(ctx, in); err != nil {
			return err
		}
		if _, err := tx.MembershipOf(ctx, account.ID(name), in); !errors.Is(err, storage.ErrNotFound) {
			return errors.Join(errors.New("it is there already"), err)
		}
		m := structure.Membership{
			ID: id, Account: account.ID(name), Structure: in, Status: structure.StatusPending, Role: structure.RoleMember,
			Asked: structure.Scope{Whole: true}, RequestedAt: now, CreatedAt: now,
		}
		if err := tx.PutMembership(ctx, m); err != nil {
			return err
		}
		return record(ctx, tx, name+"-request", in, now)
	})
	if err != nil {
		return err
	}
	return storage.Update(ctx, s, func(tx storage.Tx) error {
		m, err := tx.Membership(ctx, id)
		if err != nil {
			return err
		}
		guard, err := tx.Structure(ctx, in)
		if err != nil {
			return err
		}
		if _, err := tx.MembershipOf(ctx, account.ID(name), in); err != nil {
			return err
		}
		m.Status, m.Granted, m.Asked, m.DecidedAt = structure.StatusApproved, m.Asked, structure.Scope{}, now
		if err := tx.PutMembership(ctx, m); err != nil {
			return err
		}
		if err := tx.PutStructure(ctx, guard); err != nil {
			return err
		}
		return record(ctx, tx, name+"-approve", in, now)
	})
}

func record(ctx context.Context, tx storage.Tx, name string, in structure.ID, now time.Time) error {
	chain := notify.StructureChain(in)
	last, err := tx.LastEvent(ctx, chain)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	e := notify.Event{
		ID: notify.EventID(name), Chain: chain, Sequence: last.Sequence + 1, At: now, Kind: "membership", Structure: in,
		State: make([]byte, 400), Previous: last.Hash,
	}
	e.Hash = e.Seal()
	if err := tx.AppendEvent(ctx, e); err != nil {
		return err
	}
	return tx.Enqueue(ctx, notify.Message{
		ID: notify.MessageID(name), Key: name, Sealed: make([]byte, 200), Status: notify.MessageQueued, NotBefore: now, CreatedAt: now,
	})
}
