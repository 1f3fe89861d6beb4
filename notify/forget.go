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
		q := MessageQuery{Account: account, Status: status, Limit: 1000}
		for seen := q.Limit; seen == q.Limit; {
			held, err := tx.Messages(ctx, q)
			if err != nil {
				return err
			}
			for _, m := range held {
				q.AfterAt, q.AfterID = m.CreatedAt, m.ID
				if m.To == "" && m.Sealed == nil {
					continue
				}
				m = m.bury("the account was erased")
				m.To, m.Sealed = "", nil
				if err := tx.PutMessage(ctx, m); err != nil {
					return err
				}
			}
			seen = len(held)
		}
	}
	return nil
}
