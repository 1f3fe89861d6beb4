package notify

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/internal/ids"
)

// Redirect sends the notices that wait for an account at one address to another, in the
// unit of work that changes the contact address. It leaves alone what a
// dispatcher works on at the moment. It looks at the 1000 oldest mails that wait.
func Redirect(ctx context.Context, tx Tx, account ids.AccountID, from, to string, now time.Time) error {
	waiting, err := tx.Messages(ctx, MessageQuery{Account: account, Status: MessageQueued, Limit: 1000})
	if err != nil {
		return err
	}
	for _, m := range waiting {
		if m.To != from || !m.Template.Notice() || now.Before(m.LeasedUntil) {
			continue
		}
		m.To = to
		if err := tx.PutMessage(ctx, m); err != nil {
			return err
		}
	}
	return nil
}
