package account_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage/memory"
)

// A host's API recognises a program by its login and secret, and asks authz what it may do.
func ExampleService_AuthenticateTechnical() {
	ctx := context.Background()
	h := habilis.Must(habilis.New(memory.New(), nil))
	_, err := h.Accounts.AuthenticateTechnical(ctx, "TECH_1_21750001600019@cpro.example", "habilis_guess")
	fmt.Println(habilis.CodeOf(err))
	// Output: invalid_credentials
}

// The credentials leave in one file, once.
func ExampleHandover_Export() {
	policy := account.TechnicalGuide2024()
	program := account.Account{ID: "019ab000-0000-7000-8000-000000000001", Login: "tech_1_a@cpro.example"}
	made := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	handover := account.NewHandover(program.WithSecret("digest", "stamp", policy, made), "only-an-example", policy)
	fmt.Println(handover)
	var file strings.Builder
	_ = handover.Export(&file, account.CSV)
	fmt.Println(strings.Split(file.String(), ";")[:3])
	fmt.Println(handover.Export(os.Stdout, account.CSV))
	// Output:
	// account.Handover of 019ab000-0000-7000-8000-000000000001
	// [login password expires_at]
	// handed_over: the credentials were exported already; reset them to get new ones
}
