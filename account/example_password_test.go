package account_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
)

const (
	exampleLogin    = "julie@terneuil.example"
	examplePassword = "Correct-Horse-7-Battery"
)

var codeForm = regexp.MustCompile(`\b[0-9]{6}\b`)

// joinedExample returns a deployment in which one person activated her account.
func joinedExample(ctx context.Context, opts habilis.Options) (*habilis.Habilis, *notify.Inbox, account.Account) {
	inbox := notify.NewInbox()
	opts.Mailer = inbox
	opts.Hashing = account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true} // quick; a host leaves it out
	h := habilis.Must(habilis.New(memory.New(), &opts))
	habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: exampleLogin, GivenName: "Julie", FamilyName: "Bon", AcceptConditions: true,
	}))
	habilis.Must(h.Drain(ctx))
	return h, inbox, habilis.Must(h.Accounts.ActivateWith(ctx, inbox.Token(exampleLogin), account.NewPassword{
		Password: examplePassword, Confirmation: examplePassword, Question: "Ville de naissance ?", Answer: "Terneuil",
	}))
}

// provenExample signs in up to the last step.
func provenExample(ctx context.Context, h *habilis.Habilis, inbox *notify.Inbox, password string) string {
	habilis.Must(h.Drain(ctx)) // what waited before, so that the code is the last mail
	c := habilis.Must(h.SignIns.Begin(ctx, mfa.Credentials{Login: exampleLogin, Password: password}))
	habilis.Must(h.Drain(ctx))
	mail, _ := inbox.Last(exampleLogin)
	if err := h.SignIns.ProveMailCode(ctx, c.Handle, codeForm.FindString(mail.Text)); err != nil {
		fmt.Println(err)
	}
	return c.Handle
}

func ExampleService_ChangePassword() {
	ctx := context.Background()
	h, inbox, julie := joinedExample(ctx, habilis.Options{})
	held := habilis.Must(h.SignIns.Finish(ctx, provenExample(ctx, h, inbox, examplePassword)))

	a, err := h.Accounts.ChangePassword(ctx, account.Person(julie.ID), account.PasswordChange{
		Current: examplePassword, New: "Another-Horse-8-Battery", Confirmation: "Another-Horse-8-Battery",
	})
	fmt.Println(err)
	_, err = h.Accounts.Resume(ctx, held)
	fmt.Println(err)
	_, err = h.Accounts.Resume(ctx, held.Renewed(a)) // store it under a fresh cookie
	fmt.Println(err)
	// Output:
	// <nil>
	// session_ended: the session has ended; sign in again
	// <nil>
}

func ExampleService_ResetPassword() {
	ctx := context.Background()
	h, inbox, _ := joinedExample(ctx, habilis.Options{})
	sent := habilis.Must(h.Accounts.ForgotPassword(ctx, account.Anonymous(), exampleLogin))
	fmt.Println("a mail went to", sent.To, "if it has an account")
	habilis.Must(h.Drain(ctx))
	a, err := h.Accounts.ResetPassword(ctx, inbox.Token(exampleLogin), account.NewPassword{
		Password: "Another-Horse-8-Battery", Confirmation: "Another-Horse-8-Battery",
	})
	fmt.Println(a.ResetByMail(), err)
	// Output:
	// a mail went to julie@terneuil.example if it has an account
	// true <nil>
}

func ExampleService_ForgotPassword() {
	ctx := context.Background()
	h, _, _ := joinedExample(ctx, habilis.Options{})
	for _, login := range []string{exampleLogin, "nobody@terneuil.example"} {
		_, err := h.Accounts.ForgotPassword(ctx, account.Anonymous(), login)
		fmt.Println(err) // whoever asks learns nothing
	}
	// Output:
	// <nil>
	// <nil>
}

func ExampleService_ReplaceExpired() {
	ctx := context.Background()
	h, inbox, julie := joinedExample(ctx, habilis.Options{})
	fmt.Println(h.Accounts.RequirePasswordChange(ctx, account.Support("A-17"), julie.ID, account.ReasonPolicy))

	handle := provenExample(ctx, h, inbox, examplePassword)
	_, err := h.SignIns.Finish(ctx, handle)
	if errors.Is(err, account.ErrPasswordExpired) {
		renewal := habilis.Must(h.SignIns.Renew(ctx, handle)) // show the form for a new password
		_, err = h.Accounts.ReplaceExpired(ctx, renewal.Token, account.NewPassword{
			Password: "Another-Horse-8-Battery", Confirmation: "Another-Horse-8-Battery",
		})
	}
	fmt.Println(err)
	_, err = h.SignIns.Finish(ctx, provenExample(ctx, h, inbox, "Another-Horse-8-Battery"))
	fmt.Println(err)
	// Output:
	// <nil>
	// <nil>
	// <nil>
}

func ExampleService_RequirePasswordChange() {
	ctx := context.Background()
	h, inbox, julie := joinedExample(ctx, habilis.Options{})
	held := habilis.Must(h.SignIns.Finish(ctx, provenExample(ctx, h, inbox, examplePassword)))
	fmt.Println(h.Accounts.RequirePasswordChange(ctx, account.System(), julie.ID, account.ReasonCompromised))
	_, err := h.Accounts.Resume(ctx, held)
	fmt.Println(err)
	// Output:
	// <nil>
	// session_ended: the session has ended; sign in again
}

func ExampleService_ResetQuestion() {
	ctx := context.Background()
	policy := account.Guide2024()
	policy.Credentials.Question = account.Question2019()
	h, inbox, _ := joinedExample(ctx, habilis.Options{Accounts: &policy})
	habilis.Must(h.Accounts.ForgotPassword(ctx, account.Anonymous(), exampleLogin))
	habilis.Must(h.Drain(ctx))
	fmt.Println(h.Accounts.ResetQuestion(ctx, inbox.Token(exampleLogin)))
	_, err := h.Accounts.ResetPassword(ctx, inbox.Token(exampleLogin), account.NewPassword{
		Password: "Another-Horse-8-Battery", Confirmation: "Another-Horse-8-Battery", Answer: "terneuil",
	})
	fmt.Println(err)
	// Output:
	// Ville de naissance ? <nil>
	// <nil>
}

func ExampleService_ActivateWith() {
	ctx := context.Background()
	_, _, julie := joinedExample(ctx, habilis.Options{})
	fmt.Println(julie.DisplayName(), julie.Status)
	// Output: Julie BON active
}

func ExampleSession_Renewed() {
	held := account.Session{Account: "019ab000-0000-7000-8000-000000000001", Stamp: "before"}
	fmt.Println(held.Renewed(account.Account{ID: held.Account, Stamp: "after"}).Stamp)
	// Output: after
}
