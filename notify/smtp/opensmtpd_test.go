package smtp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/smtptest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/notify/smtp"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

// ML-19: a mail server that was not written for tests takes our mails and delivers them as
// they were meant.
func TestOpenSMTPD(t *testing.T) {
	t.Parallel()
	s := smtptest.StartOpenSMTPD(t)
	mailer := newMailer(t, s.Addr, &smtp.Options{TLS: smtp.Loopback, FromName: "Portail « Essai »"})
	store, keys := storage.Notices(memory.New()), crashKeys(t)
	journal := notify.NewJournal(keys, ids.NewMaker(nil))
	const owed = 10
	now := time.Now().UTC()
	require.NoError(t, store.Update(t.Context(), func(tx notify.Tx) error {
		for n := range owed {
			if err := journal.Enqueue(t.Context(), tx, now, notify.Mail{
				Key: fmt.Sprint(n), Template: notify.MailMembershipApproved, To: fmt.Sprintf("m%d@example.org", n),
				Language: "fr", Values: benchValues,
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	d, err := notify.NewDispatcher(store, mailer, keys, nil)
	require.NoError(t, err)
	stats, err := d.Drain(t.Context())
	require.NoError(t, err)
	require.Equal(t, notify.Stats{Sent: owed}, stats)
	sent, err := d.Outbox(t.Context(), notify.MessageQuery{})
	require.NoError(t, err)
	wanted := map[string]bool{}
	for _, m := range sent {
		wanted["<"+string(m.ID)+"@portail.example>"] = true
	}
	err = mailer.Send(t.Context(), notify.Email{ID: "x", To: "nobody@", Subject: "x", Text: "x"})
	require.ErrorIs(t, err, notify.ErrUndeliverable)

	mails := s.Await(wanted)
	require.Len(t, mails, owed, "none twice")
	for _, m := range mails {
		require.NoError(t, m.Err)
		require.Equal(t, "Rattachement validé\u00a0: Clinique de l’Étang", m.Subject)
		require.True(t, strings.HasPrefix(m.Text, "Bonjour Julie BON,\n"), m.Text)
		require.Contains(t, m.Text, "\n\n"+benchValues["Link"]+"\n\n", "alone on its line (R-094)")
		require.Contains(t, m.HTML, `<html lang="fr">`)
		require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
		require.Equal(t, "<"+from+">", m.Header.Get("Return-Path"))
		require.NotEmpty(t, m.Header.Get("Received"))
	}
}
