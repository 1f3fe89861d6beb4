package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
)

// Keeper is an optional ability of a [Tx]: to have an account stay active without writing
// it, so that many units can at once. Without it they write the account and collide.
type Keeper interface {
	// KeepActive makes the unit conflict unless the account is active when the unit takes
	// effect: a unit that ends it and commits before makes this one conflict, and one that
	// has written it since this one kept it waits, and reads after that what this one wrote.
	KeepActive(ctx context.Context, id account.ID) error
}

// keepActive has an account stay active until this unit takes effect, which leaves
// something there that ends with the account. Who ends accounts claims them.
func keepActive(ctx context.Context, tx Tx, id account.ID) error {
	if k, able := tx.(Keeper); able {
		return k.KeepActive(ctx, id)
	}
	a, err := tx.Account(ctx, id)
	switch {
	case err != nil:
		return err
	case a.Status != account.StatusActive:
		return account.ErrNotActive
	default:
		return tx.PutAccount(ctx, a)
	}
}

// claim writes an account that this unit is to end, before it reads what hangs on it:
// whoever kept it active is through then, and whoever comes later collides.
func claim(ctx context.Context, tx Tx, a account.Account) (account.Account, error) {
	err := tx.PutAccount(ctx, a)
	a.Version++
	return a, err
}

// claimed is claim of an account that is still to be read.
func claimed(ctx context.Context, tx Tx, id account.ID) error {
	a, err := tx.Account(ctx, id)
	if err == nil {
		_, err = claim(ctx, tx, a)
	}
	return err
}
