package mfa_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
)

func ExampleService_StepUp() {
	const password = "Correct-Horse-7-Battery"
	ctx := context.Background()
	inbox, at := notify.NewInbox(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: inbox, Now: func() time.Time { return at },
		Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, // quick; a host leaves it out
	}))
	habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: login, GivenName: "Julie", FamilyName: "Bon", AcceptConditions: true,
	}))
	habilis.Must(h.Drain(ctx))
	habilis.Must(h.Accounts.Activate(ctx, inbox.Token(login), password))
	finish := func(c mfa.Challenge) account.Session {
		habilis.Must(h.Drain(ctx))
		mail, _ := inbox.Last(login)
		fmt.Println(h.SignIns.ProveMailCode(ctx, c.Handle, sixDigits.FindString(mail.Text)))
		return habilis.Must(h.SignIns.Finish(ctx, c.Handle))
	}
	session := finish(habilis.Must(h.SignIns.Begin(ctx, mfa.Credentials{
		Login: login, Password: password, Source: mfa.SourceOf(netip.MustParseAddr("192.0.2.7")),
	})))

	at = at.Add(time.Hour)
	fmt.Println(session.Fresh(at, 15*time.Minute))
	session = finish(habilis.Must(h.SignIns.StepUp(ctx, session, password)))
	fmt.Println(session.Fresh(at, 15*time.Minute))
	// Output:
	// <nil>
	// false
	// <nil>
	// true
}

func ExampleNewMemorySources() {
	sources, err := mfa.NewMemorySources(mfa.SourcePolicy{Failures: 2})
	fmt.Println(err)
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for range 3 {
		allowed, settle := sources.Take(context.Background(), "192.0.2.7", now)
		settle(true) // it failed
		fmt.Println(allowed)
	}
	// Output:
	// <nil>
	// true
	// true
	// false
}

func ExampleSourceOf() {
	fmt.Println(mfa.SourceOf(netip.MustParseAddr("192.0.2.7")))
	fmt.Println(mfa.SourceOf(netip.MustParseAddr("2001:db8:1:2::7")))
	// Output:
	// 192.0.2.7
	// 2001:db8:1:2::/64
}

func ExampleService_Renew() {
	ctx := context.Background()
	h := habilis.Must(habilis.New(memory.New(), nil))
	_, err := h.SignIns.Renew(ctx, "a handle that Begin never gave")
	fmt.Println(err)
	// Output: sign_in_over: the sign-in is over; begin again
}
