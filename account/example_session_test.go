package account_test

import (
	"context"
	"fmt"
	"log"
	"regexp"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
)

// Whoever fills in the form reads the same, whether or not the address has an account.
func ExampleService_Register() {
	ctx, s := context.Background(), newStage()
	_, err := s.Accounts.Register(ctx, account.Anonymous(), account.Registration{Login: "julie", GivenName: "Julie"})
	for _, f := range habilis.FieldsOf(err) {
		fmt.Println(f.Path, f.Code)
	}
	sent, err := s.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: "Julie@workshop.example", GivenName: "Julie", FamilyName: "Bon", Language: "en", AcceptConditions: true,
	})
	fmt.Println(sent.To, sent.Until.Format(time.TimeOnly), err)
	// Output:
	// login address
	// familyName required
	// acceptConditions required
	// julie@workshop.example 13:00:00 <nil>
}

// The link of the mail leads to a page of the host, which asks for a password.
func ExampleService_Activate() {
	ctx, s := context.Background(), newStage()
	s.register("julie@workshop.example")
	token := s.token("julie@workshop.example") // of the link
	_, err := s.Accounts.Activate(ctx, token, "Qx-Zr-7")
	for _, f := range habilis.FieldsOf(err) {
		fmt.Println(f.Path, f.Code, f.Param)
	}
	a, err := s.Accounts.Activate(ctx, token, "Correct-Horse-7")
	fmt.Println(a.DisplayName(), a.Status, err)
	_, err = s.Accounts.Activate(ctx, token, "Correct-Horse-7")
	fmt.Println(err)
	// Output:
	// password password_min 12
	// Julie BON active <nil>
	// link_used: the link was used already
}

var code = regexp.MustCompile(`\b[0-9]{6}\b`)

// session signs a person in; the host keeps what comes of it in its own session.
func (s *stage) session(login string) account.Session {
	ctx := context.Background()
	s.join(login)
	challenge := habilis.Must(s.SignIns.Begin(ctx, mfa.Credentials{Login: login, Password: "Correct-Horse-7"}))
	habilis.Must(s.Drain(ctx))
	mail, _ := s.inbox.Last(login)
	if err := s.SignIns.ProveMailCode(ctx, challenge.Handle, code.FindString(mail.Text)); err != nil {
		log.Fatal(err)
	}
	return habilis.Must(s.SignIns.Finish(ctx, challenge.Handle))
}

// On every request, the host turns the session that it keeps into the actor.
func ExampleService_Resume() {
	ctx, s := context.Background(), newStage()
	held := s.session("julie@workshop.example")
	by, err := s.Accounts.Resume(ctx, held)
	fmt.Println(by.ID == held.Account, by.ProvenAt.Equal(s.now), err)
	_, err = s.Accounts.Resume(ctx, account.Session{Account: held.Account, Stamp: "an older one"})
	fmt.Println(err)
	// Output:
	// true true <nil>
	// session_ended: the session has ended; sign in again
}

func ExampleService_Current() {
	ctx, s := context.Background(), newStage()
	a, err := s.Accounts.Current(ctx, s.session("julie@workshop.example"))
	fmt.Println("Signed in as", a.DisplayName(), err)
	// Output: Signed in as Julie BON <nil>
}

func ExampleService_SignOutEverywhere() {
	ctx, s := context.Background(), newStage()
	held := s.session("julie@workshop.example")
	by := habilis.Must(s.Accounts.Resume(ctx, held))
	fmt.Println(s.Accounts.SignOutEverywhere(ctx, by))
	_, err := s.Accounts.Resume(ctx, held)
	fmt.Println(err)
	// Output:
	// <nil>
	// session_ended: the session has ended; sign in again
}
