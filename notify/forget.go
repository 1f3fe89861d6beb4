package notify

import (
	"context"

	"github.com/habilis-go/habilis/internal/ids"
)

// Forget blanks every mail that the outbox still holds for an account, in the unit of
// work that erases it: none of them leaves any more, and no row tells an address. What
// was sent has forgotten it already.
func Forget(ctx context.Context, tx Tx, account ids.AccountID) error {
	for _, status := range []MessageStatus{MessageQueued, MessageDead} {
		for {
			held, err := tx.Messages(ctx, MessageQuery{Account: account, Status: status, Limit: 1000})
			if err != nil {
				return err
			}
			blanked := 0
			for _, m := range held {
				if m.To == "" && m.Sealed == nil {
					continue
				}
				m = m.bury("the account was erased")
				m.To, m.Sealed = "", nil
				if err := tx.PutMessage(ctx, m); err != nil {
					return err
				}
				blanked++
			}
			if blanked == 0 {
				break
			}
		}
	}
	return nil
}
