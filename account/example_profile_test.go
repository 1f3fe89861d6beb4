package account_test

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
)

// signedIn is a deployment in memory with one active account.
func signedIn() (*habilis.Habilis, account.Actor) {
	ctx, inbox := context.Background(), notify.NewInbox()
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: inbox, Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true},
		Now: func() time.Time { return time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC) },
	}))
	habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: "julie@terneuil.example", GivenName: "Julie", FamilyName: "Bon", AcceptConditions: true,
	}))
	habilis.Must(h.Drain(ctx))
	a := habilis.Must(h.Accounts.Activate(ctx, inbox.Token("julie@terneuil.example"), "Correct-Horse-7-Battery"))
	return h, account.Person(a.ID)
}

func ExampleService_UpdateProfile() {
	h, julie := signedIn()
	a, changed, err := h.Accounts.UpdateProfile(context.Background(), julie, account.ProfileUpdate{
		GivenName: "Julie", FamilyName: "Bon-Pierre", ContactEmail: "julie@terneuil.example",
		Phone:   "01 49 96 10 12",
		Address: account.PostalAddress{Postcode: "75001", Town: "Paris"},
	})
	fmt.Println(a.DisplayName(), a.Profile.Phone, err)
	fmt.Println(changed)

	_, changed, err = h.Accounts.UpdateProfile(context.Background(), julie, account.ProfileUpdate{GivenName: "Julie", ContactEmail: "julie"})
	fmt.Println(changed.Any(), habilis.FieldsOf(err))
	// Output:
	// Julie BON-PIERRE +33149961012 <nil>
	// [familyName phone address.postcode address.town address.country]
	// false [{familyName required } {contactEmail address }]
}

func ExampleService_PatchProfile() {
	h, julie := signedIn()
	_, changed, err := h.Accounts.PatchProfile(context.Background(), julie, account.Patch{
		Biography: new("Juriste"), Phone: new("12"),
	})
	fmt.Println("saved:", changed, "to correct:", habilis.FieldsOf(err))
	// Output: saved: [biography] to correct: [{phone phone }]
}

func ExampleService_UpdatePreferences() {
	h, julie := signedIn()
	a, changed, err := h.Accounts.UpdatePreferences(context.Background(), julie, account.Preferences{
		Language: "en", Survey: account.Answer{Yes: true, Conditions: "1"},
	})
	fmt.Println(changed, a.Profile.Survey.At.Format(time.DateOnly), err)
	// Output: [language survey] 2026-11-22 <nil>
}

func ExampleService_UpdateNotices() {
	h, julie := signedIn()
	a, changed, err := h.Accounts.UpdateNotices(context.Background(), julie, notify.Preferences{
		On: true, Daily: true, Categories: []notify.Category{notify.CategoryInvoicing},
	})
	fmt.Println(changed, a.Notices.Daily, err)
	// Output: [notices] true <nil>
}

func ExampleService_MayBeSurveyed() {
	h, julie := signedIn()
	a, _, err := h.Accounts.PatchProfile(context.Background(), julie, account.Patch{Survey: &account.Answer{}})
	fmt.Println(h.Accounts.MayBeSurveyed(a), err)
	// Output: false <nil>
}

func ExampleService_Overview() {
	h, julie := signedIn()
	o, err := h.Accounts.Overview(context.Background(), julie)
	fmt.Println(o.SortName, o.Login, len(o.Attachments), err)
	// Output: BON Julie julie@terneuil.example 0 <nil>
}

func ExampleService_MarkUndeliverable() {
	ctx := context.Background()
	h, julie := signedIn()
	err := h.Accounts.MarkUndeliverable(ctx, account.System(), "julie@terneuil.example")
	o := habilis.Must(h.Accounts.Overview(ctx, julie))
	fmt.Println(o.UndeliverableSince.IsZero(), err)
	// Output: false <nil>
}

func ExampleService_MarkDeliverable() {
	h, _ := signedIn()
	err := h.Accounts.MarkDeliverable(context.Background(), account.Support("A-17"), "julie@terneuil.example")
	fmt.Println(err)
	// Output: <nil>
}

func ExampleFormatPhone() {
	number, err := account.ParsePhone("01.49.96.10.12", "FR")
	fmt.Println(number, err)
	fmt.Println(account.FormatPhone(number, "FR"), "|", account.FormatPhone(number, "BE"))
	// Output:
	// +33149961012 <nil>
	// 01 49 96 10 12 | +33 1 49 96 10 12
}
