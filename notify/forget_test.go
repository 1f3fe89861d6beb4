package notify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

const julie = "julie@terneuil.example"

// full is one notice more than a query lists at most.
const full = 1001

// fill puts notices into the outbox, half of them given up.
func fill(t *testing.T, w *worldtest.World, to string, who account.ID) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
		for i := range 2 * full {
			if err := w.Journal().Enqueue(ctx, tx, w.Clock.Now().Add(time.Duration(i)*time.Microsecond), notify.Mail{
				Key: fmt.Sprint("notice ", i), Template: notify.MailMembershipRemoved, To: to, Account: who, Language: "fr",
				Values: notify.Values{"Name": "Julie BON", "Structure": "Atelier"},
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
		i := 0
		return each(t, tx, notify.MessageQuery{Account: who, Template: notify.MailMembershipRemoved}, func(m notify.Message) error {
			if i++; i%2 == 0 {
				return nil
			}
			m.Status, m.LastError = notify.MessageDead, "undeliverable"
			return tx.PutMessage(ctx, m)
		})
	}))
}

// each calls fn with every message that q selects.
func each(t *testing.T, tx storage.Tx, q notify.MessageQuery, fn func(notify.Message) error) error {
	t.Helper()
	for q.Limit = 1000; ; {
		page, err := tx.Messages(t.Context(), q)
		if err != nil {
			return err
		}
		for _, m := range page {
			q.AfterAt, q.AfterID = m.CreatedAt, m.ID
			if err := fn(m); err != nil {
				return err
			}
		}
		if len(page) < q.Limit {
			return nil
		}
	}
}

// addressed counts what the outbox keeps of the notices for somebody, by status and
// address.
func addressed(t *testing.T, w *worldtest.World, who account.ID) map[string]int {
	t.Helper()
	seen := map[string]int{}
	require.NoError(t, w.Store.View(t.Context(), func(tx storage.Tx) error {
		return each(t, tx, notify.MessageQuery{Account: who, Template: notify.MailMembershipRemoved}, func(m notify.Message) error {
			if m.To != "" || m.Sealed != nil {
				seen[string(m.Status)+" "+m.To]++
			}
			return nil
		})
	}))
	return seen
}

// LC-11, R-430: of somebody who is erased the outbox keeps no address and no text,
// however many mails there are.
func TestForgetLeavesNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		who := w.Join(t, julie).ID
		fill(t, w, julie, who)
		require.Equal(t, map[string]int{"queued " + julie: full, "dead " + julie: full}, addressed(t, w, who))
		require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error { return notify.Forget(t.Context(), tx, who) }))
		require.Empty(t, addressed(t, w, who))
	})
}

// a new contact address gets every notice that still goes out, one that an operator
// retries included.
func TestRedirectLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		who, bureau := w.Join(t, julie), "bureau@terneuil.example"
		fill(t, w, julie, who.ID)
		_, _, err := w.Accounts.PatchProfile(t.Context(), who, account.Patch{ContactEmail: &bureau})
		require.NoError(t, err)
		require.Equal(t, map[string]int{"queued " + bureau: full, "dead " + bureau: full}, addressed(t, w, who.ID))
	})
}
