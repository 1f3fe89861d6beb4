package notify_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"testing/fstest"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
)

func ExampleDispatcher_Drain() {
	ctx := context.Background()
	now := time.Date(2026, 11, 22, 13, 5, 0, 0, time.UTC)
	store := storage.Notices(memory.New())
	keys, err := account.NewKeys(key(1))
	if err != nil {
		log.Fatal(err)
	}

	// A service enqueues in the unit that makes the change.
	journal := notify.NewJournal(keys, ids.NewMaker(nil))
	err = store.Update(ctx, func(tx notify.Tx) error {
		return journal.Enqueue(ctx, tx, now, notify.Mail{
			Key: "locked/julie", Template: notify.MailAccountLocked, To: "julie@example.org", Language: "en",
			Values: notify.Values{"Name": "Julie BON", "Until": now.Add(time.Hour).Format(time.RFC3339)},
		})
	})
	if err != nil {
		log.Fatal(err)
	}

	// The dispatcher sends it, now or in Run.
	inbox := notify.NewInbox()
	d, err := notify.NewDispatcher(store, inbox, keys, &notify.DispatcherOptions{Now: func() time.Time { return now }})
	if err != nil {
		log.Fatal(err)
	}
	stats, err := d.Drain(ctx)
	if err != nil {
		log.Fatal(err)
	}
	mail, _ := inbox.Last("julie@example.org")
	fmt.Println(stats.Sent, mail.Subject)
	fmt.Println(strings.Contains(mail.Text, "until 22 November 2026 at 15:05 (Paris time)"))
	// Output:
	// 1 Sign-in suspended after several failures
	// true
}

func ExampleNewTemplates() {
	own := fstest.MapFS{"sign_in_code.fr.tmpl": {Data: []byte(`{{define "subject"}}Portail : votre code{{end}}`)}}
	templates, err := notify.NewTemplates(own, time.UTC)
	if err != nil {
		log.Fatal(err)
	}
	r, err := templates.Render(notify.MailSignInCode, "fr", notify.Values{
		"Name": "Julie BON", "Code": "048151", "Until": "2026-11-22T13:05:00Z",
	})
	fmt.Println(r.Subject, err)
	// Output: Portail : votre code <nil>
}

// What an operator does once the mail server is mended.
func ExampleDispatcher_RetryAll() {
	ctx := context.Background()
	store := storage.Notices(memory.New())
	keys, err := account.NewKeys(key(1))
	if err != nil {
		log.Fatal(err)
	}
	journal := notify.NewJournal(keys, ids.NewMaker(nil))
	err = store.Update(ctx, func(tx notify.Tx) error {
		return journal.Enqueue(ctx, tx, time.Now(), notify.Mail{
			Key: "signed out/julie", Template: notify.MailSignedOutEverywhere, To: "julie@example.org", Language: "en",
			Values: notify.Values{"Name": "Julie BON", "At": "2026-11-22T13:05:00Z"},
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	refusing := mailerFunc(func(context.Context, notify.Email) error { return notify.ErrUndeliverable })
	d, err := notify.NewDispatcher(store, refusing, keys, nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = d.Drain(ctx)
	counts, _ := d.Counts(ctx)
	fmt.Println(counts.Queued, counts.Dead, err)
	dead, _ := d.Outbox(ctx, notify.MessageQuery{Status: notify.MessageDead, Newest: true, Limit: 50})
	fmt.Println(dead[0].Template, dead[0].LastError)
	n, err := d.RetryAll(ctx, "")
	fmt.Println(n, err)
	forgotten, err := d.Tidy(ctx) // Run does it
	fmt.Println(forgotten, err)
	// Output:
	// 0 1 <nil>
	// signed_out undeliverable
	// 1 <nil>
	// 0 <nil>
}
