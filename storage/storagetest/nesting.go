package storagetest

import (
	"context"
	"errors"

	"github.com/habilis-go/habilis/storage"
)

func joinedUnit(b *bench) {
	err := b.try(func(tx storage.Tx) error {
		joined := storage.Join(tx)
		if err := storage.Update(b.ctx, joined, func(tx storage.Tx) error { return everything(b.ctx, tx, 1) }); err != nil {
			b.Errorf("a unit of a joined store: %v", err)
			return err
		}
		err := joined.View(b.ctx, func(tx storage.Tx) error {
			there, err := present(b.ctx, tx, 1)
			if err == nil && len(there) != 13 {
				b.Errorf("a joined View sees what the unit wrote: of thirteen objects it sees %v", there)
			}
			return err
		})
		if err != nil {
			return err
		}
		return errRollback
	})
	b.wantErr("Update returns fn's error", err, errRollback)
	b.nothingLeft("what a joined store wrote is undone when the owner of the transaction rolls back", 1)

	b.update(func(tx storage.Tx) error {
		joined := storage.Join(tx)
		return errors.Join(
			storage.Update(b.ctx, joined, func(tx storage.Tx) error { return everything(b.ctx, tx, 1) }),
			storage.Update(b.ctx, joined, func(tx storage.Tx) error { return everything(b.ctx, tx, 2) }),
		)
	})
	if n := len(read(b).Accounts); n != 2 {
		b.Errorf("what two parts of a joined store wrote is committed with the unit: got %d accounts, want 2", n)
	}
}

// nests reports whether the store's transactions can nest, and skips the case if not.
func nests(b *bench) {
	b.Helper()
	able := false
	b.update(func(tx storage.Tx) error {
		_, able = tx.(storage.Nester)
		return nil
	})
	if !able {
		b.Skip("the Tx is no storage.Nester")
	}
}

func nestedParts(b *bench) {
	nests(b)
	boom := errors.New("boom")
	b.update(func(tx storage.Tx) error { return everything(b.ctx, tx, 9) })
	b.update(func(tx storage.Tx) error {
		if err := everything(b.ctx, tx, 1); err != nil {
			return err
		}
		joined := storage.Join(tx)
		err := joined.Update(b.ctx, func(tx storage.Tx) error {
			return errors.Join(rename(b.ctx, tx, 1), everythingSent(b.ctx, tx, 2), boom)
		})
		b.wantErr("a nested part returns fn's error", err, boom)
		for what, c := range map[string]struct {
			write func(storage.Tx) error
			want  error
		}{
			"ErrConflict": {func(tx storage.Tx) error { return tx.PutUnit(b.ctx, newUnit(9)) }, storage.ErrConflict},
			"ErrExists": {func(tx storage.Tx) error {
				a := newAccount(10)
				a.Login = newAccount(9).Login
				return tx.PutAccount(b.ctx, a)
			}, storage.ErrExists},
		} {
			err = joined.Update(b.ctx, func(tx storage.Tx) error {
				if err := everything(b.ctx, tx, 3); err != nil {
					return err
				}
				return c.write(tx)
			})
			b.wantErr("a nested part in which a write is refused returns "+what, err, c.want)
		}
		for _, n := range []int{2, 3} {
			there, err := present(b.ctx, tx, n)
			if err != nil {
				return err
			}
			if len(there) > 0 {
				b.Errorf("a nested part that failed leaves nothing behind: the unit sees its %v", there)
			}
		}
		a, err := tx.Account(b.ctx, accountID(1))
		if err != nil {
			return err
		}
		b.equal("a nested part that failed undoes its changes, and the unit goes on", a.Version, int64(1))

		err = joined.Update(b.ctx, func(tx storage.Tx) error {
			if err := everything(b.ctx, tx, 4); err != nil {
				return err
			}
			inner := storage.Join(tx).Update(b.ctx, func(tx storage.Tx) error {
				return errors.Join(everythingSent(b.ctx, tx, 5), boom)
			})
			b.wantErr("a part of a part can fail alone", inner, boom)
			return nil
		})
		return err
	})
	for _, n := range []int{2, 3, 5} {
		b.nothingLeft("a nested part that failed leaves nothing behind after the commit", n)
	}
	if n := len(read(b).Accounts); n != 3 {
		b.Errorf("what the unit and its successful parts wrote is committed: got %d accounts, want 3", n)
	}
	_ = b.try(func(tx storage.Tx) error {
		if err := storage.Join(tx).Update(b.ctx, func(tx storage.Tx) error { return everything(b.ctx, tx, 6) }); err != nil {
			return err
		}
		return errRollback
	})
	b.nothingLeft("a nested part that succeeded is undone with its unit", 6)
}

func nestedPanic(b *bench) {
	nests(b)
	b.update(func(tx storage.Tx) error {
		func() {
			defer func() {
				if got := recover(); got != "surprise" {
					b.Errorf("a panic of a nested part goes on to the caller: got %v", got)
				}
			}()
			_ = storage.Join(tx).Update(b.ctx, func(tx storage.Tx) error {
				if err := everythingSent(b.ctx, tx, 1); err != nil {
					b.Errorf("writing one object of each kind: %v", err)
				}
				panic("surprise")
			})
		}()
		return everything(b.ctx, tx, 2)
	})
	b.nothingLeft("a nested part that panics leaves nothing behind, and the unit stays usable", 1)

	var kept storage.Tx
	b.update(func(tx storage.Tx) error {
		return tx.(storage.Nester).Nest(b.ctx, func(tx storage.Tx) error {
			kept = tx
			return nil
		})
	})
	if _, err := kept.Account(context.WithoutCancel(b.ctx), accountID(2)); err == nil || errors.Is(err, storage.ErrNotFound) {
		b.Errorf("the Tx of a nested part fails every call once the unit ended: got %v", err)
	}
}
