package notify_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// office is a deployment in memory with the manager of a structure, and a clock.
type office struct {
	*habilis.Habilis
	now     time.Time
	inbox   *notify.Inbox
	pauline account.Actor
	place   structure.ID
}

func newOffice() *office {
	ctx := context.Background()
	o := &office{now: time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC), inbox: notify.NewInbox()}
	o.Habilis = habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: o.inbox, Now: func() time.Time { return o.now }, Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true},
	}))
	habilis.Must(o.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: "pauline@atelier.example", GivenName: "Pauline", FamilyName: "Dufour", Language: "en", AcceptConditions: true,
	}))
	habilis.Must(o.Drain(ctx))
	o.pauline = account.Person(habilis.Must(o.Accounts.Activate(ctx, o.inbox.Token("pauline@atelier.example"), "Correct-Horse-7-Battery")).ID)
	o.place = habilis.Must(o.Structures.Create(ctx, o.pauline, structure.Creation{
		Identifier: structure.SIRET("55203253400646"), LegalName: "Atelier Dufour", Type: structure.Private,
	})).ID
	return o
}

func ExamplePublisher_Publish() {
	ctx, o := context.Background(), newOffice()
	_, _, err := o.Accounts.UpdateNotices(ctx, o.pauline, notify.Preferences{
		On: true, Daily: true, Categories: []notify.Category{notify.CategoryInvoicing},
	})
	fmt.Println(err)

	// The host publishes in the transaction that rejects the invoice; h.On joins it.
	_, err = o.Notices.Publish(ctx, notify.Notice{
		Key: "invoice/42/rejected", Category: notify.CategoryInvoicing, Kind: "invoice.rejected",
		Structure: o.place, Space: authz.SpaceInvoicesIssued, Subject: "Invoice 42", Path: "/invoices/42",
	})
	fmt.Println(err)

	// The next morning. Habilis.Run does both of these.
	o.now = o.now.Add(24 * time.Hour)
	fmt.Println(o.Notices.CatchUp(ctx))
	habilis.Must(o.Drain(ctx))
	mail, _ := o.inbox.Last("pauline@atelier.example")
	fmt.Println(mail.Subject)
	fmt.Println(strings.Split(mail.Text, "\n\n")[2])
	// Output:
	// <nil>
	// <nil>
	// 1 <nil>
	// Activity of your structures on 20 November 2026
	// “Atelier Dufour”
	// - Invoices rejected, to be acknowledged on the portal (Invoicing): 1
}

func ExamplePublisher_Feed() {
	ctx, o := context.Background(), newOffice()
	habilis.Must(o.Notices.Publish(ctx, notify.Notice{
		Category: notify.CategoryInvoicing, Kind: "invoice.paid", Structure: o.place, Space: authz.SpaceInvoicesIssued, Subject: "Invoice 41",
	}))
	feed, more, err := o.Notices.Feed(ctx, o.pauline, notify.FeedQuery{Limit: 20})
	for _, n := range feed {
		fmt.Println(n.StructureName, "/", n.CategoryLabel, "/", n.KindLabel, "/", n.Subject)
	}
	fmt.Println(more, err)
	// Output:
	// Atelier Dufour / Invoicing / Invoices put into payment / Invoice 41
	// false <nil>
}

func ExamplePublisher_Settings() {
	ctx, o := context.Background(), newOffice()
	habilis.Must(o.Notices.Settings(ctx, o.pauline))
	_, changed, _ := o.Accounts.UpdateNotices(ctx, o.pauline, notify.Preferences{
		On: true, Weekly: true, Categories: []notify.Category{notify.CategoryCommitments},
	})
	s, err := o.Notices.Settings(ctx, o.pauline)
	for _, c := range s.Categories {
		fmt.Println(c.Label, c.On)
	}
	fmt.Println(s.Preferences.Weekly, changed, err)
	// Output:
	// Certificates of transferability false
	// Commitments true
	// Invoicing false
	// true [notices] <nil>
}

func ExampleNoticePolicy_Closed() {
	paris, _ := time.LoadLocation("Europe/Paris")
	w := notify.NoticesGuide2024().Closed(notify.Daily, time.Date(2026, 10, 26, 12, 0, 0, 0, paris), paris)
	fmt.Println(w.From.In(paris), w.Until.Sub(w.From)) // a day on which clocks go back
	// Output: 2026-10-25 00:00:00 +0200 CEST 25h0m0s
}
