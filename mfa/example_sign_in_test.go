package mfa_test

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
)

const examplePassword = "Correct-Horse-7-Battery"

// desk is a deployment of the examples with one active account, and a clock.
type desk struct {
	*habilis.Habilis
	inbox *notify.Inbox
	now   time.Time
}

func newDesk() *desk {
	ctx := context.Background()
	d := &desk{inbox: notify.NewInbox(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	d.Habilis = habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: d.inbox, Now: func() time.Time { return d.now },
		Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, // quick; a host leaves it out
	}))
	habilis.Must(d.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: login, GivenName: "Julie", FamilyName: "Bon", AcceptConditions: true,
	}))
	habilis.Must(d.Drain(ctx))
	habilis.Must(d.Accounts.Activate(ctx, d.inbox.Token(login), examplePassword))
	return d
}

func (d *desk) begin() mfa.Challenge {
	return habilis.Must(d.SignIns.Begin(context.Background(), mfa.Credentials{Login: login, Password: examplePassword}))
}

// code reads what a person would: the code in the newest mail.
func (d *desk) code() string {
	habilis.Must(d.Drain(context.Background()))
	mail, _ := d.inbox.Last(login)
	return sixDigits.FindString(mail.Text)
}

// Every failure is the same one, whatever is known of the address.
func ExampleService_Begin() {
	ctx, d := context.Background(), newDesk()
	for _, c := range []mfa.Credentials{
		{Login: login, Password: "guess"}, {Login: "nobody@terneuil.example", Password: "guess"},
	} {
		_, err := d.SignIns.Begin(ctx, c)
		fmt.Println(habilis.CodeOf(err))
	}
	challenge, err := d.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: examplePassword})
	fmt.Println(challenge.Factor, challenge.Hint, challenge.CodeDigits, err)
	// Output:
	// invalid_credentials
	// invalid_credentials
	// mail_code j•••@terneuil.example 6 <nil>
}

// The page that asks for the code is shown again from the handle alone.
func ExampleService_Challenge() {
	ctx, d := context.Background(), newDesk()
	begun := d.begin()
	shown, err := d.SignIns.Challenge(ctx, begun.Handle)
	fmt.Println(reflect.DeepEqual(shown, begun), err)
	d.now = begun.ExpiresAt
	_, err = d.SignIns.Challenge(ctx, begun.Handle)
	fmt.Println(habilis.CodeOf(err))
	// Output:
	// true <nil>
	// sign_in_over
}

func ExampleService_Resend() {
	ctx, d := context.Background(), newDesk()
	begun := d.begin()
	_, err := d.SignIns.Resend(ctx, begun.Handle)
	fmt.Println(habilis.CodeOf(err))
	d.now = begun.ResendAfter
	again, err := d.SignIns.Resend(ctx, begun.Handle)
	fmt.Println(again.Handle == begun.Handle, err)
	// Output:
	// too_soon
	// true <nil>
}

func ExampleService_ProveMailCode() {
	ctx, d := context.Background(), newDesk()
	handle := d.begin().Handle
	fmt.Println(habilis.CodeOf(d.SignIns.ProveMailCode(ctx, handle, "no code")))
	fmt.Println(d.SignIns.ProveMailCode(ctx, handle, d.code()))
	// Output:
	// wrong_code
	// <nil>
}

// The session goes into the host's own; every request turns it into an actor.
func ExampleService_Finish() {
	ctx, d := context.Background(), newDesk()
	handle := d.begin().Handle
	_, err := d.SignIns.Finish(ctx, handle)
	fmt.Println(habilis.CodeOf(err))
	fmt.Println(d.SignIns.ProveMailCode(ctx, handle, d.code()))
	session, err := d.SignIns.Finish(ctx, handle)
	fmt.Println(session.Factors, err)
	by, err := d.Accounts.Resume(ctx, session)
	fmt.Println(by.ID == session.Account, err)
	// Output:
	// second_factor_required
	// <nil>
	// [password mail_code] <nil>
	// true <nil>
}

// habilis.Run does this every minute; a host with jobs of its own calls it.
func ExampleService_PurgeExpired() {
	ctx, d := context.Background(), newDesk()
	d.now = d.begin().ExpiresAt
	fmt.Println(d.SignIns.PurgeExpired(ctx))
	// Output: 1 <nil>
}

// A page that a link leads to counts its tries for the source of the connection.
func ExampleService_FollowLink() {
	ctx, d := context.Background(), newDesk()
	source := mfa.SourceOf(netip.MustParseAddr("192.0.2.7"))
	show := func(token string) error {
		return d.SignIns.FollowLink(ctx, source, func() error {
			_, err := d.Accounts.InspectLink(ctx, token)
			return err
		})
	}
	for range 9 {
		_ = show("guess")
	}
	fmt.Println(habilis.CodeOf(show("guess")))
	habilis.Must(d.Accounts.ForgotPassword(ctx, account.Anonymous(), login))
	habilis.Must(d.Drain(ctx))
	link := d.inbox.Token(login)
	fmt.Println(habilis.CodeOf(show(link)))
	d.now = d.now.Add(time.Minute)
	fmt.Println(show(link))
	// Output:
	// link_expired
	// link_expired
	// <nil>
}
