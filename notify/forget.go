package notify

import (
	"context"

	"github.com/habilis-go/habilis/internal/ids"
)

// Forget blanks every mail that the outbox still holds for an account, in the unit of
// work that erases it: none of them leaves any more, and no row tells an address. What
// was sent has forgotten it already.
func Forget(ctx context.Context, tx Tx, account ids.AccountID) error {
	return unsent(ctx, tx, MessageQuery{Account: account}, func(m *Message) bool {
		if m.To == "" && m.Sealed == nil {
			return false
		}
		*m = m.bury("the account was erased")
		m.To, m.Sealed = "", nil
		return true
	})
}

// unsent goes through all that q selects of what waits or was given up, and stores those
// that change reports to have changed.
func unsent(ctx context.Context, tx Tx, q MessageQuery, change func(*Message) bool) error {
	for _, status := range []MessageStatus{MessageQueued, MessageDead} {
		page := q
		page.Status, page.Limit = status, 1000
		for seen := page.Limit; seen == page.Limit; {
			found, err := tx.Messages(ctx, page)
			if err != nil {
				return err
			}
			for _, m := range found {
				page.AfterAt, page.AfterID = m.CreatedAt, m.ID
				if !change(&m) {
					continue
				}
				if err := tx.PutMessage(ctx, m); err != nil {
					return err
				}
			}
			seen = len(found)
		}
	}
	return nil
}
