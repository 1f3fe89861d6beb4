package account_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// stage is a deployment of the examples: its services, what it mailed, and a clock.
type stage struct {
	*habilis.Habilis
	inbox *notify.Inbox
	store account.Store // for what takes part in a unit of work
	now   time.Time
}

func newStage() *stage {
	s := &stage{inbox: notify.NewInbox(), now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	store := memory.New()
	s.store = storage.Accounts(store)
	s.Habilis = habilis.Must(habilis.New(store, &habilis.Options{
		Mailer: s.inbox, Now: func() time.Time { return s.now }, SupportDesk: "help@portal.example",
		Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, // quick; a host leaves it out
	}))
	return s
}

// token drains the outbox and returns the secret of the newest link to an address.
func (s *stage) token(login string) string {
	habilis.Must(s.Drain(context.Background()))
	return s.inbox.Token(login)
}

func (s *stage) register(login string) {
	habilis.Must(s.Accounts.Register(context.Background(), account.Anonymous(), account.Registration{
		Login: login, GivenName: "Julie", FamilyName: "Bon", Language: "en", AcceptConditions: true,
	}))
}

func (s *stage) join(login string) account.Actor {
	s.register(login)
	return account.Person(habilis.Must(s.Accounts.Activate(context.Background(), s.token(login), "Correct-Horse-7")).ID)
}

func (s *stage) leave(by account.Actor) {
	shown := habilis.Must(s.Structures.PrepareDeactivation(context.Background(), by))
	habilis.Must(s.Structures.Deactivate(context.Background(), by, structure.Deactivation{Confirmed: true, Token: shown.Token}))
	habilis.Must(s.Drain(context.Background()))
}

// A person fills in the form for somebody else, who accepts the conditions alone.
func ExampleService_RegisterFor() {
	ctx, s := context.Background(), newStage()
	sent, err := s.Accounts.RegisterFor(ctx, account.Anonymous(), account.Registration{
		Login: "hubert@workshop.example", GivenName: "Hubert", FamilyName: "Petit", Language: "en",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(sent.To, sent.Until.Format(time.TimeOnly))
	token := s.token(sent.To)
	_, err = s.Accounts.Activate(ctx, token, "Correct-Horse-7")
	fmt.Println(habilis.FieldsOf(err))
	a, err := s.Accounts.ActivateAccepting(ctx, token, "Correct-Horse-7")
	fmt.Println(a.DisplayName(), a.Status, err)
	// Output:
	// hubert@workshop.example 13:00:00
	// [{acceptConditions required }]
	// Hubert PETIT active <nil>
}

func ExampleService_ActivateAccepting() {
	ctx, s := context.Background(), newStage()
	habilis.Must(s.Accounts.RegisterFor(ctx, account.Anonymous(), account.Registration{
		Login: "hubert@workshop.example", GivenName: "Hubert", FamilyName: "Petit",
	}))
	a, err := s.Accounts.ActivateAccepting(ctx, s.token("hubert@workshop.example"), "Correct-Horse-7")
	fmt.Println(a.ConditionsAcceptedAt.Equal(s.now), err)
	// Output: true <nil>
}

func ExampleService_ResendActivation() {
	ctx, s := context.Background(), newStage()
	s.register("julie@workshop.example")
	s.now = s.now.Add(2 * time.Hour) // the first link is dead
	for _, login := range []string{"julie@workshop.example", "nobody@workshop.example"} {
		sent, err := s.Accounts.ResendActivation(ctx, account.Anonymous(), login)
		fmt.Println(sent.To, err)
	}
	a, err := s.Accounts.Activate(ctx, s.token("julie@workshop.example"), "Correct-Horse-7")
	fmt.Println(a.Status, err)
	// Output:
	// julie@workshop.example <nil>
	// nobody@workshop.example <nil>
	// active <nil>
}

// Whoever left asks for a link and chooses another password.
func ExampleService_RequestReactivation() {
	ctx, s := context.Background(), newStage()
	s.leave(s.join("julie@workshop.example"))
	s.now = s.now.Add(59 * 24 * time.Hour)
	sent, err := s.Accounts.RequestReactivation(ctx, account.Anonymous(), "julie@workshop.example")
	if err != nil {
		log.Fatal(err)
	}
	a, err := s.Accounts.CompleteReactivation(ctx, s.token(sent.To), account.NewPassword{
		Password: "Another-Horse-8", Confirmation: "Another-Horse-8",
	})
	fmt.Println(a.Status, err)
	// Output: active <nil>
}

func ExampleService_CompleteReactivation() {
	ctx, s := context.Background(), newStage()
	s.leave(s.join("julie@workshop.example"))
	habilis.Must(s.Accounts.RequestReactivation(ctx, account.Anonymous(), "julie@workshop.example"))
	token := s.token("julie@workshop.example")
	_, err := s.Accounts.CompleteReactivation(ctx, token, account.NewPassword{Password: "Correct-Horse-7", Confirmation: "Correct-Horse-7"})
	fmt.Println(habilis.FieldsOf(err))
	_, err = s.Accounts.CompleteReactivation(ctx, token, account.NewPassword{Password: "Another-Horse-8", Confirmation: "Another-Horse-8"})
	fmt.Println(err)
	// Output:
	// [{password password_current }]
	// <nil>
}

// After the window, only support helps, and gives a reason.
func ExampleService_SupportReactivate() {
	ctx, s := context.Background(), newStage()
	julie := s.join("julie@workshop.example")
	s.leave(julie)
	s.now = s.now.Add(61 * 24 * time.Hour)
	sent, err := s.Accounts.SupportReactivate(ctx, account.Support("S-42"), julie.ID, "ticket 4711")
	fmt.Println(sent.To, err)
	habilis.Must(s.Drain(ctx))
	mail, _ := s.inbox.Last("julie@workshop.example")
	fmt.Println(mail.Subject)
	// Output:
	// julie@workshop.example <nil>
	// Reactivate your account
}

func ExampleService_AskSupport() {
	ctx, s := context.Background(), newStage()
	err := s.Accounts.AskSupport(ctx, account.Anonymous(), account.SupportRequest{
		Login: "julie@workshop.example", Text: "I left a year ago and would like to come back.",
	})
	fmt.Println(err)
	habilis.Must(s.Drain(ctx))
	mail, _ := s.inbox.Last("help@portal.example")
	fmt.Println(mail.To)
	// Output:
	// <nil>
	// help@portal.example
}

// habilis.Run does this every minute; a host with jobs of its own calls it.
func ExampleService_CatchUp() {
	ctx, s := context.Background(), newStage()
	s.leave(s.join("julie@workshop.example"))
	s.now = s.now.Add(53 * 24 * time.Hour)
	n, err := s.Accounts.CatchUp(ctx)
	fmt.Println(n, err)
	habilis.Must(s.Drain(ctx))
	mail, _ := s.inbox.Last("julie@workshop.example")
	fmt.Println(mail.Subject)
	// Output:
	// 1 <nil>
	// Your deactivated account: the time to come back ends soon
}
