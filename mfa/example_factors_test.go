package mfa_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

// signedIn returns the actor of a session whose proof is fresh.
func (d *desk) signedIn() account.Actor {
	ctx := context.Background()
	c := d.begin()
	if err := d.SignIns.ProveMailCode(ctx, c.Handle, d.code()); err != nil {
		panic(err)
	}
	return habilis.Must(d.Accounts.Resume(ctx, habilis.Must(d.SignIns.Finish(ctx, c.Handle))))
}

// shown is the code that an application shows.
func (d *desk) shown(e mfa.Enrolment) string {
	return habilis.Must(totp.GenerateCode(strings.ReplaceAll(e.Secret, " ", ""), d.now))
}

// withApplication adds an application to the account, and waits for its next code.
func (d *desk) withApplication() (account.Actor, mfa.Enrolment) {
	ctx, by := context.Background(), d.signedIn()
	e := habilis.Must(d.SignIns.BeginAuthenticator(ctx, by))
	habilis.Must(d.SignIns.ConfirmAuthenticator(ctx, by, e.ID, d.shown(e), "Phone"))
	habilis.Must(d.Drain(ctx)) // the notice of it
	d.now = d.now.Add(time.Minute)
	return by, e
}

// The owner scans the QR code, or types the text, and then a first code.
func ExampleService_BeginAuthenticator() {
	ctx, d := context.Background(), newDesk()
	by := d.signedIn()
	e := habilis.Must(d.SignIns.BeginAuthenticator(ctx, by))
	picture := habilis.Must(e.SVG("QR code of the authenticator application"))
	fmt.Println(len(picture) > 0, len(e.Secret), strings.HasPrefix(e.URI, "otpauth://totp/habilis:"))
	added := habilis.Must(d.SignIns.ConfirmAuthenticator(ctx, by, e.ID, d.shown(e), "Phone"))
	fmt.Println(added.Kind, added.Label)
	fmt.Println(d.begin().Factor)
	// Output:
	// true 39 true
	// authenticator Phone
	// authenticator
}

// A wrong first code adds nothing, and a few of them end the enrolment.
func ExampleService_ConfirmAuthenticator() {
	ctx, d := context.Background(), newDesk()
	by := d.signedIn()
	e := habilis.Must(d.SignIns.BeginAuthenticator(ctx, by))
	_, err := d.SignIns.ConfirmAuthenticator(ctx, by, e.ID, "not a code", "")
	fmt.Println(habilis.CodeOf(err), len(habilis.Must(d.SignIns.ListFactors(ctx, by))))
	// Output: wrong_code 2
}

func ExampleService_ReplaceAuthenticator() {
	ctx, d := context.Background(), newDesk()
	by, _ := d.withApplication()
	_, err := d.SignIns.BeginAuthenticator(ctx, by)
	fmt.Println(habilis.CodeOf(err))
	e := habilis.Must(d.SignIns.ReplaceAuthenticator(ctx, by))
	habilis.Must(d.SignIns.ConfirmAuthenticator(ctx, by, e.ID, d.shown(e), "New phone"))
	for _, f := range habilis.Must(d.SignIns.ListFactors(ctx, by))[2:] {
		fmt.Println(f.Kind, f.Label)
	}
	// Output:
	// authenticator_enrolled
	// authenticator New phone
}

func ExampleService_ProveAuthenticator() {
	ctx, d := context.Background(), newDesk()
	_, e := d.withApplication()
	c := d.begin()
	fmt.Println(c.Factor, c.CodeDigits)
	fmt.Println(d.SignIns.ProveAuthenticator(ctx, c.Handle, d.shown(e)))
	fmt.Println(habilis.Must(d.SignIns.Finish(ctx, c.Handle)).Factors)
	again := d.begin()
	fmt.Println(habilis.CodeOf(d.SignIns.ProveAuthenticator(ctx, again.Handle, d.shown(e))))
	// Output:
	// authenticator 6
	// <nil>
	// [password authenticator]
	// wrong_code
}

// Whoever lost the telephone takes another way.
func ExampleService_Switch() {
	ctx, d := context.Background(), newDesk()
	d.withApplication()
	c := d.begin()
	for _, w := range c.Alternatives() {
		fmt.Printf("%s %q %q\n", w.Factor, w.Hint, w.Refused)
	}
	c = habilis.Must(d.SignIns.Switch(ctx, c.Handle, account.FactorMailCode))
	fmt.Println(d.SignIns.ProveMailCode(ctx, c.Handle, d.code()))
	// Output:
	// security_key "" "not_enrolled"
	// mail_code "j•••@terneuil.example" ""
	// recovery_code "" "not_enrolled"
	// <nil>
}

// Codes to write down, each of which works once.
func ExampleService_NewRecoveryCodes() {
	ctx, d := context.Background(), newDesk()
	by := d.signedIn()
	codes := habilis.Must(d.SignIns.NewRecoveryCodes(ctx, by))
	fmt.Println(len(codes), len(codes[0]))
	c := d.begin()
	c = habilis.Must(d.SignIns.Switch(ctx, c.Handle, account.FactorRecoveryCode))
	fmt.Println(d.SignIns.ProveRecoveryCode(ctx, c.Handle, codes[0]))
	fmt.Println(habilis.Must(d.SignIns.ListFactors(ctx, by))[2].CodesLeft)
	// Output:
	// 10 19
	// <nil>
	// 9
}

func ExampleService_ProveRecoveryCode() {
	ctx, d := context.Background(), newDesk()
	habilis.Must(d.SignIns.NewRecoveryCodes(ctx, d.signedIn()))
	c := habilis.Must(d.SignIns.Switch(ctx, d.begin().Handle, account.FactorRecoveryCode))
	fmt.Println(habilis.CodeOf(d.SignIns.ProveRecoveryCode(ctx, c.Handle, "GUES SGUE SSGU ESSG")))
	// Output: wrong_code
}

// A deployment whose policy remembers devices sets the token as a cookie.
func ExampleService_TrustDevice() {
	ctx, d := context.Background(), newDesk()
	_, err := d.SignIns.TrustDevice(ctx, d.signedIn(), "Office")
	fmt.Println(habilis.CodeOf(err))
	// Output: factor_not_offered
}

func ExampleService_ListFactors() {
	ctx, d := context.Background(), newDesk()
	by, _ := d.withApplication()
	for _, f := range habilis.Must(d.SignIns.ListFactors(ctx, by)) {
		fmt.Println(f.Kind, f.Label, f.AddedAt.Format(time.DateOnly), f.LastUsedAt.IsZero())
	}
	// Output:
	// password  2026-11-22 true
	// mail_code julie@terneuil.example 2026-11-22 true
	// authenticator Phone 2026-11-22 true
}

func ExampleService_RenameFactor() {
	ctx, d := context.Background(), newDesk()
	by, e := d.withApplication()
	fmt.Println(habilis.Must(d.SignIns.RenameFactor(ctx, by, e.ID, "  Old   phone ")).Label)
	// Output: Old phone
}

func ExampleService_RemoveFactor() {
	ctx, d := context.Background(), newDesk()
	by, e := d.withApplication()
	fmt.Println(d.SignIns.RemoveFactor(ctx, by, e.ID))
	fmt.Println(d.begin().Factor)
	stale := by
	stale.ProvenAt = d.now.Add(-time.Hour)
	fmt.Println(habilis.CodeOf(d.SignIns.RemoveFactor(ctx, stale, e.ID)))
	// Output:
	// <nil>
	// mail_code
	// proof_required
}

// Support helps whoever lost everything but the mailbox, once it is sure who asks. What was
// lost may be signed in: that ends too.
func ExampleService_ResetFactors() {
	ctx, d := context.Background(), newDesk()
	by, _ := d.withApplication()
	fmt.Println(d.SignIns.ResetFactors(ctx, account.Support("S-17"), by.ID))
	// Output: 1 <nil>
}

// A host that asks for more than a code by mail gets sessions that add a factor, and
// nothing else takes them.
func ExampleService_Enrolling() {
	ctx, d := context.Background(), newDesk()
	held := account.Session{Account: d.signedIn().ID, Stamp: "of a session that ended", EnrolOnly: true}
	_, err := d.SignIns.Enrolling(ctx, held)
	fmt.Println(habilis.CodeOf(err))
	// Output: session_ended
}
