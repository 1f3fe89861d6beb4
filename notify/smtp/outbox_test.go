package smtp_test

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/smtptest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// TestOutboxOverSMTP_ML10 sends through dispatcher, mailer and a real server that
// hangs up after it took the first try of every mail.
func TestOutboxOverSMTP_ML10(t *testing.T) {
	t.Parallel()
	const owed = 12
	key := sha256.Sum256([]byte("outbox over SMTP"))
	keys, err := account.NewKeys(key[:])
	require.NoError(t, err)
	store := storage.Notices(memory.New())
	journal := notify.NewJournal(keys, ids.NewMaker(nil))
	now := at.UTC()
	require.NoError(t, store.Update(t.Context(), func(tx notify.Tx) error {
		for i := range owed {
			to := fmt.Sprintf("m%d@example.org", i)
			if err := journal.Enqueue(t.Context(), tx, now, notify.Mail{
				Key: to, Template: notify.MailSignInCode, To: to, Language: "fr",
				Values: notify.Values{"Name": "Julie BON", "Code": fmt.Sprintf("04815%d", i), "Until": now.Add(time.Hour).Format(time.RFC3339)},
			}); err != nil {
				return err
			}
		}
		return nil
	}))

	s := smtptest.Start(t)
	var mu sync.Mutex
	dropped := map[string]bool{}
	s.SetHook(func(at smtptest.Stage, m smtptest.Mail) error {
		mu.Lock()
		defer mu.Unlock()
		if at == smtptest.StageKept && !dropped[m.To[0]] {
			dropped[m.To[0]] = true
			return smtptest.ErrDrop
		}
		return nil
	})
	d, err := notify.NewDispatcher(store, newMailer(t, s.Addr, trusting(s)), keys,
		&notify.DispatcherOptions{Now: func() time.Time { return now }})
	require.NoError(t, err)
	first, err := d.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, notify.Stats{Retried: owed}, first)
	found, err := d.Outbox(t.Context(), notify.MessageQuery{})
	require.NoError(t, err)
	require.Equal(t, "message: connection lost", found[0].LastError)

	now = now.Add(30 * time.Second)
	second, err := d.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, notify.Stats{Sent: owed}, second)

	copies := map[string]int{}
	for _, m := range s.Mails() {
		require.NoError(t, m.Err)
		require.Len(t, m.To, 1)
		copies[m.Header.Get("Message-Id")]++
	}
	require.Len(t, copies, owed, "none lost")
	for id, n := range copies {
		require.Equal(t, 2, n, "one duplicate of %s, under the same Message-ID", id)
	}
}
