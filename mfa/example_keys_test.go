package mfa_test

import (
	"context"
	"fmt"
	"time"

	"github.com/descope/virtualwebauthn"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
)

// keyDesk is a deployment with security keys, Julie who is signed in, and her key, which
// stands for what a browser does with the options of a page.
type keyDesk struct {
	*habilis.Habilis
	julie   account.Actor
	browser *stick
}

func newKeyDesk() keyDesk {
	ctx := context.Background()
	policy := mfa.Guide2024()
	policy.Keys.Domain = "acces.example"
	policy.Keys.Name = "Accès"
	policy.Keys.Origins = []string{"https://www.acces.example"}
	policy.Keys.Passwordless = true
	at, inbox := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), notify.NewInbox()
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: inbox, SignIns: &policy, Now: func() time.Time { return at },
		Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, // quick; a host leaves it out
	}))
	habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: login, GivenName: "Julie", FamilyName: "Bon", Language: "en", AcceptConditions: true,
	}))
	habilis.Must(h.Drain(ctx))
	julie := account.Person(habilis.Must(h.Accounts.Activate(ctx, inbox.Token(login), "Correct-Horse-7-Battery")).ID)
	julie.ProvenAt = at
	d := keyDesk{h, julie, newStick()}
	d.browser.Options.UserHandle = []byte(julie.ID)
	return d
}

// create is navigator.credentials.create.
func (d keyDesk) create(options []byte) []byte {
	parsed := habilis.Must(virtualwebauthn.ParseAttestationOptions(string(options)))
	return []byte(virtualwebauthn.CreateAttestationResponse(d.browser.site, d.browser.Authenticator, d.browser.key, *parsed))
}

// get is navigator.credentials.get.
func (d keyDesk) get(options []byte) []byte {
	parsed := habilis.Must(virtualwebauthn.ParseAssertionOptions(string(options)))
	return []byte(virtualwebauthn.CreateAssertionResponse(d.browser.site, d.browser.Authenticator, d.browser.key, *parsed))
}

// add registers the key.
func (d keyDesk) add() mfa.Enrolled {
	begun := habilis.Must(d.SignIns.BeginKey(context.Background(), d.julie))
	return habilis.Must(d.SignIns.FinishKey(context.Background(), d.julie, mfa.KeyAnswer{Enrolment: begun.ID, Response: d.create(begun.Options)}))
}

func ExampleService_BeginKey() {
	d, ctx := newKeyDesk(), context.Background()
	begun, err := d.SignIns.BeginKey(ctx, d.julie)
	fmt.Println(err)
	fmt.Println(begun.ExpiresAt.Format(time.TimeOnly), len(begun.Options) > 0)
	// Output:
	// <nil>
	// 12:10:00 true
}

func ExampleService_FinishKey() {
	d, ctx := newKeyDesk(), context.Background()
	begun := habilis.Must(d.SignIns.BeginKey(ctx, d.julie))
	answer := mfa.KeyAnswer{Enrolment: begun.ID, Response: d.create(begun.Options), Label: "the blue one"}
	key, err := d.SignIns.FinishKey(ctx, d.julie, answer)
	fmt.Println(key.Label, err)
	_, err = d.SignIns.FinishKey(ctx, d.julie, answer)
	fmt.Println(err)
	// Output:
	// the blue one <nil>
	// enrolment_over: the enrolment is over; begin again
}

func ExampleService_ProveKey() {
	d, ctx := newKeyDesk(), context.Background()
	d.add()
	c := habilis.Must(d.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: "Correct-Horse-7-Battery"}))
	fmt.Println(c.Factor)
	options := habilis.Must(d.SignIns.BeginKeySignIn(ctx, c.Handle))
	fmt.Println(d.SignIns.ProveKey(ctx, c.Handle, d.get(options)))
	session, err := d.SignIns.Finish(ctx, c.Handle)
	fmt.Println(session.Factors, err)
	// Output:
	// security_key
	// <nil>
	// [password security_key] <nil>
}

func ExampleService_BeginKeySignIn() {
	d, ctx := newKeyDesk(), context.Background()
	c := habilis.Must(d.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: "Correct-Horse-7-Battery"}))
	_, err := d.SignIns.BeginKeySignIn(ctx, c.Handle)
	fmt.Println(c.Factor, err)
	// Output: mail_code factor_not_asked: the sign-in asks for another factor
}

func ExampleService_BeginPasskey() {
	d := newKeyDesk()
	c, err := d.SignIns.BeginPasskey(context.Background())
	fmt.Println(c.ExpiresAt.Format(time.TimeOnly), err)
	// Output: 12:15:00 <nil>
}

func ExampleService_ProvePasskey() {
	d, ctx := newKeyDesk(), context.Background()
	d.add()
	begun := habilis.Must(d.SignIns.BeginPasskey(ctx))
	c, err := d.SignIns.ProvePasskey(ctx, mfa.PasskeyAnswer{Token: begun.Token, Response: d.get(begun.Options), Source: "192.0.2.7"})
	fmt.Println(err)
	session := habilis.Must(d.SignIns.Finish(ctx, c.Handle))
	fmt.Println(session.Account == d.julie.ID, session.Factors)
	// Output:
	// <nil>
	// true [security_key]
}
