package account_test

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage/memory"
)

// How a host learns whether a page should warn of a password that is soon due.
func ExampleService_PasswordDue() {
	policy := account.Guide2024()
	policy.Password.MaxAge = 365 * 24 * time.Hour
	h, _ := habilis.New(memory.New(), &habilis.Options{Accounts: &policy})

	set := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	a := account.Account{Credentials: account.Credentials{ChangedAt: set}}
	fmt.Println(h.Accounts.PasswordDue(a, set.AddDate(0, 11, 0)))
	fmt.Println(h.Accounts.PasswordDue(a, set.AddDate(0, 0, 365)))
	// Output:
	// false
	// true
}

// How an import finds the passwords that their owners must replace.
func ExampleService_Outgrown() {
	h, _ := habilis.New(memory.New(), nil)
	a := account.Account{Login: "julie@terneuil.example", GivenName: "Julie", FamilyName: "Bon"}
	fmt.Println(h.Accounts.Outgrown(context.Background(), a, "Julie-Terneuil-2019"))
	fmt.Println(h.Accounts.Outgrown(context.Background(), a, "Correct-Horse-7-Battery"))
	// Output:
	// true
	// false
}
