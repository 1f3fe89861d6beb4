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
	return unsent(ctx, tx, MessageQuery{Account: account, Sealed: true}, func(m *Message) bool {
		if m.To != from || !m.Template.Notice() || now.Before(m.LeasedUntil) {
			return false
		}
		m.To = to
		return true
	})
}
