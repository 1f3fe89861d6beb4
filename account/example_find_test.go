package account_test

import (
	"context"
	"fmt"

	"github.com/habilis-go/habilis/account"
)

// Staff who act on somebody's request find the account by its login address.
func ExampleService_IDByLogin() {
	ctx, s := context.Background(), newStage()
	julie := s.join("julie@workshop.example")
	id, err := s.Accounts.IDByLogin(ctx, account.Support("A-1"), "julie@workshop.example")
	fmt.Println(id == julie.ID, err)
	// Output: true <nil>
}
