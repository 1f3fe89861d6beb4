package structure_test

import (
	"context"
	"fmt"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// manager is a deployment in memory with the manager of a private structure.
func manager() (*habilis.Habilis, account.Actor) {
	ctx, inbox := context.Background(), notify.NewInbox()
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: inbox, Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true},
	}))
	habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: boss, GivenName: "Pauline", FamilyName: "Martin", AcceptConditions: true,
	}))
	habilis.Must(h.Drain(ctx))
	a := habilis.Must(h.Accounts.Activate(ctx, inbox.Token(boss), "Correct-Horse-7-Battery"))
	habilis.Must(h.Structures.Create(ctx, account.Person(a.ID), structure.Creation{
		Identifier: structure.SIRET("55203253400646"), LegalName: "Atelier Dufour", Type: structure.Private,
	}))
	return h, account.Person(a.ID)
}

func ExampleService_Overview() {
	h, pauline := manager()
	o, err := h.Structures.Overview(context.Background(), pauline)
	fmt.Println(o.Personal.DisplayName, err)
	for _, c := range o.Memberships {
		fmt.Println(c.Structure.LegalName, c.Membership.Role)
	}
	fmt.Println(o.Spaces)
	// Output:
	// Pauline MARTIN <nil>
	// Atelier Dufour principal_manager
	// [home manager.activities organisation invoices.issued tickets.issued my_account]
}

func ExampleService_VisibleSpaces() {
	h, pauline := manager()
	spaces, err := h.Structures.VisibleSpaces(context.Background(), pauline)
	fmt.Println(spaces, err)
	// Output: [home manager.activities organisation invoices.issued tickets.issued my_account] <nil>
}
