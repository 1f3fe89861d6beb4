package notify

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/internal/ids"
)

// Redirect sends the notices for an account that wait at one address to another, in the
// unit of work that changes the contact address, and so those that were given up
// at that address, which an operator may retry. It leaves alone what a dispatcher works on
// at the moment; see [Publisher.Compose].
func Redirect(ctx context.Context, tx Tx, account ids.AccountID, from, to string, now time.Time) error {
	for _, status := range []MessageStatus{MessageQueued, MessageDead} {
		q := MessageQuery{Account: account, Status: status, Sealed: true, Limit: 1000}
		for seen := q.Limit; seen == q.Limit; {
			waiting, err := tx.Messages(ctx, q)
			if err != nil {
				return err
			}
			for _, m := range waiting {
				q.AfterAt, q.AfterID = m.CreatedAt, m.ID
				if m.To != from || !m.Template.Notice() || now.Before(m.LeasedUntil) {
					continue
				}
				m.To = to
				if err := tx.PutMessage(ctx, m); err != nil {
					return err
				}
			}
			seen = len(waiting)
		}
	}
	return nil
}
