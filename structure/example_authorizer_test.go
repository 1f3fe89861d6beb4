package structure_test

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// invoicing is what the examples ask: whether somebody may write invoices of the workshop.
func (w *workshop) invoicing(by account.Actor) authz.Request {
	return authz.Request{Account: by.ID, Structure: w.place.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Write}
}

// A refusal says what is missing, and what would help.
func ExampleAuthorizer_Check() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.join("zoe@workshop.example")
	m := habilis.Must(w.Structures.Request(ctx, zoe, structure.Request{Structure: w.place.ID, Whole: true, Comment: "files"}))
	d, err := w.Authz.Check(ctx, w.invoicing(zoe))
	fmt.Println(d.Allowed, d.Missing()[0].Reason, err)
	habilis.Must(w.Structures.Approve(ctx, w.boss, m.ID, structure.Approval{}))
	d, err = w.Authz.Check(ctx, w.invoicing(zoe))
	fmt.Println(d.Allowed, len(d.Missing()), err)
	// Output:
	// false membership_pending <nil>
	// true 0 <nil>
}

// What somebody may do in a structure now; StatementIn reads the same inside a unit of
// work that is open already.
func ExampleAuthorizer_Statement() {
	ctx, w := context.Background(), newWorkshop()
	zoe, _ := w.member("zoe@workshop.example")
	rights, err := w.Authz.Statement(ctx, zoe.ID, w.place.ID, time.Time{})
	for _, r := range rights {
		fmt.Println(w.Structures.ProfileName(r.Space, r.Level, language.English))
	}
	fmt.Println(err)
	// Output:
	// Invoices issued read
	// Invoices issued write
	// Tickets issued read
	// Tickets issued write
	// <nil>
}

func ExampleAuthorizer_StatementIn() {
	ctx, w := context.Background(), newWorkshop()
	zoe, _ := w.member("zoe@workshop.example")
	err := w.store.View(ctx, func(tx storage.Tx) error {
		rights, err := w.Authz.StatementIn(ctx, tx, zoe.ID, w.place.ID, time.Now())
		fmt.Println(len(rights))
		return err
	})
	fmt.Println(err)
	// Output:
	// 4
	// <nil>
}

// What was known at an instant, and what followed from it then.
func ExampleAuthorizer_CheckAsOf() {
	ctx, w := context.Background(), newWorkshop()
	zoe, _ := w.member("zoe@workshop.example")
	d, err := w.Authz.CheckAsOf(ctx, w.invoicing(zoe), time.Now())
	fmt.Println(d.Allowed, err)
	d, err = w.Authz.CheckAsOf(ctx, w.invoicing(zoe), time.Now().Add(-time.Hour))
	fmt.Println(d.Allowed, err)
	// Output:
	// true <nil>
	// false <nil>
}

// The history folded up to an instant: the structure as it was then.
func ExampleAuthorizer_AsOf() {
	ctx, w := context.Background(), newWorkshop()
	w.member("zoe@workshop.example")
	then, err := w.Authz.AsOf(ctx, w.place.ID, time.Now())
	fmt.Println(then.Structure.Status, len(then.Memberships), err)
	then, err = w.Authz.AsOf(ctx, w.place.ID, time.Now().Add(-time.Hour))
	fmt.Println(then.Structure == nil, len(then.Memberships), err)
	// Output:
	// active 2 <nil>
	// true 0 <nil>
}
