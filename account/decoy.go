package account

import (
	"context"
	"errors"
	"strconv"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// decoys is how many rows stand in for the accounts that are not there. They are
// never removed and never become more (DS-11).
const decoys = 256

// Decoy draws the name of a row that nobody owns. An operation that must not tell
// whether an account exists reads and writes it where it would read and write that of
// the account, so that both take the same number of statements and commits (EN-02,
// EN-04). It is drawn and not derived from what was typed: nothing of that is stored,
// and nothing can be kept away from anybody by wearing a row out.
func Decoy(maker ids.Maker) (ID, error) {
	b, err := maker.Bytes(1)
	if err != nil {
		return "", err
	}
	return ID("decoy-" + strconv.Itoa(int(b[0])%decoys)), nil
}

// TouchDecoy reads and writes a decoy, as counting a try reads and writes a counter.
func TouchDecoy(ctx context.Context, tx Tx, decoy ID) error {
	c, err := Counter(ctx, tx, decoy, FactorPassword)
	if err != nil {
		return err
	}
	return tx.PutThrottle(ctx, c)
}

// RefuseDecoy does as [Refuse] does, for an account that is not there.
func RefuseDecoy(ctx context.Context, tx Tx, decoy ID) error {
	if _, err := tx.Account(ctx, decoy); err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	if _, err := tx.LastEvent(ctx, chainOf(decoy)); err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	return TouchDecoy(ctx, tx, decoy)
}
