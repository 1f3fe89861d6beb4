package account_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
)

// newcomer returns a deployment with one active account, whose owner has just proven a
// factor, and the mails that it sends.
func newcomer(ctx context.Context, login string) (*habilis.Habilis, *notify.Inbox, account.Actor) {
	inbox, now := notify.NewInbox(), time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: inbox, Now: func() time.Time { return now }, Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true},
	}))
	habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: login, GivenName: "Julie", FamilyName: "Bon", Language: "en", AcceptConditions: true,
	}))
	habilis.Must(h.Drain(ctx))
	a := habilis.Must(h.Accounts.Activate(ctx, inbox.Token(login), "Correct-Horse-7-Battery"))
	by := account.Person(a.ID)
	by.ProvenAt = now // a host gets the actor, and this with it, from Resume
	return h, inbox, by
}

func ExampleService_RequestLoginChange() {
	ctx := context.Background()
	h, inbox, julie := newcomer(ctx, "julie@example.org")

	change := habilis.Must(h.Accounts.RequestLoginChange(ctx, julie, "Julie.Bon@Example.com"))
	habilis.Must(h.Drain(ctx))
	confirm, _ := inbox.Last(change.Address)
	warning, _ := inbox.Last("julie@example.org")
	fmt.Println(change.Address, change.ExpiresAt.Sub(change.RequestedAt))
	fmt.Println(confirm.Subject)
	fmt.Println(warning.Subject)

	_, err := h.Accounts.RequestLoginChange(ctx, julie, "julie@example.net")
	fmt.Println(errors.Is(err, account.ErrLoginChangePending))
	// Output:
	// julie.bon@example.com 24h0m0s
	// Confirm your new login address
	// A change of your login address was requested
	// true
}

func ExampleService_PendingLoginChange() {
	ctx := context.Background()
	h, _, julie := newcomer(ctx, "julie@example.org")
	habilis.Must(h.Accounts.RequestLoginChange(ctx, julie, "julie.bon@example.com"))

	change := habilis.Must(h.Accounts.PendingLoginChange(ctx, julie))
	fmt.Println(change.Address, "until", change.ExpiresAt)
	// Output: julie.bon@example.com until 2026-11-23 11:00:00 +0000 UTC
}

func ExampleService_ConfirmLoginChange() {
	ctx := context.Background()
	h, inbox, julie := newcomer(ctx, "julie@example.org")
	habilis.Must(h.Accounts.RequestLoginChange(ctx, julie, "julie.bon@example.com"))
	habilis.Must(h.Drain(ctx))

	a := habilis.Must(h.Accounts.ConfirmLoginChange(ctx, inbox.Token("julie.bon@example.com")))
	fmt.Println(a.Login)
	fmt.Println(a.ContactEmail)
	// Output:
	// julie.bon@example.com
	// julie@example.org
}

func ExampleService_CancelLoginChange() {
	ctx := context.Background()
	h, inbox, julie := newcomer(ctx, "julie@example.org")
	habilis.Must(h.Accounts.RequestLoginChange(ctx, julie, "julie.bon@example.com"))
	habilis.Must(h.Drain(ctx))

	err := h.Accounts.CancelLoginChange(ctx, julie)
	fmt.Println(err)
	_, err = h.Accounts.ConfirmLoginChange(ctx, inbox.Token("julie.bon@example.com"))
	fmt.Println(errors.Is(err, account.ErrLinkExpired))
	// Output:
	// <nil>
	// true
}

func ExampleService_CancelLoginChangeByLink() {
	ctx := context.Background()
	h, inbox, julie := newcomer(ctx, "julie@example.org")
	habilis.Must(h.Accounts.RequestLoginChange(ctx, julie, "mallory@example.com"))
	habilis.Must(h.Drain(ctx))

	// The warning went to the present address.
	fmt.Println(h.Accounts.CancelLoginChangeByLink(ctx, inbox.Token("julie@example.org")))
	_, err := h.Accounts.PendingLoginChange(ctx, julie)
	fmt.Println(habilis.CodeOf(err))
	// Output:
	// <nil>
	// not_found
}

func ExampleService_UndoLoginChange() {
	ctx := context.Background()
	h, inbox, julie := newcomer(ctx, "julie@example.org")
	habilis.Must(h.Accounts.RequestLoginChange(ctx, julie, "mallory@example.com"))
	habilis.Must(h.Drain(ctx))
	habilis.Must(h.Accounts.ConfirmLoginChange(ctx, inbox.Token("mallory@example.com")))
	habilis.Must(h.Drain(ctx))

	// The former address was told, with the way back.
	a := habilis.Must(h.Accounts.UndoLoginChange(ctx, inbox.Token("julie@example.org")))
	fmt.Println(a.Login, a.Credentials.Expired)
	// Output: julie@example.org true
}

func ExampleService_InspectLink() {
	ctx := context.Background()
	h, inbox, julie := newcomer(ctx, "julie@example.org")
	habilis.Must(h.Accounts.RequestLoginChange(ctx, julie, "julie.bon@example.com"))
	habilis.Must(h.Drain(ctx))
	token := inbox.Token("julie.bon@example.com")

	// A GET of the page shows what the button will do; only the POST follows the link.
	link := habilis.Must(h.Accounts.InspectLink(ctx, token))
	fmt.Println(link.Purpose, link.Address)
	_, err := h.Accounts.ConfirmLoginChange(ctx, token)
	fmt.Println(err)
	// Output:
	// login_change julie.bon@example.com
	// <nil>
}
