package structure_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// workshop is a deployment with one structure and its principal manager.
type workshop struct {
	*habilis.Habilis
	store storage.Store
	inbox *notify.Inbox
	boss  account.Actor
	place structure.Structure
}

func newWorkshop() *workshop {
	w := &workshop{store: memory.New(), inbox: notify.NewInbox()}
	w.Habilis = habilis.Must(habilis.New(w.store, &habilis.Options{
		Mailer:  w.inbox,
		Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, // quick; a host leaves it out
	}))
	w.boss = w.join("pauline@workshop.example")
	w.place = habilis.Must(w.Structures.Create(context.Background(), w.boss, structure.Creation{
		Identifier: structure.SIRET("55203253400646"), LegalName: "Workshop", Type: structure.Private,
	}))
	return w
}

func (w *workshop) join(login string) account.Actor {
	ctx := context.Background()
	habilis.Must(w.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: login, GivenName: "Julie", FamilyName: "Bon", Language: "en", AcceptConditions: true,
	}))
	habilis.Must(w.Drain(ctx))
	return account.Person(habilis.Must(w.Accounts.Activate(ctx, w.inbox.Token(login), "Correct-Horse-7")).ID)
}

// Before anything happens, the owner reads what it means.
func ExampleService_PrepareDeactivation() {
	w := newWorkshop()
	shown, err := w.Structures.PrepareDeactivation(context.Background(), w.boss)
	fmt.Println(len(shown.Principal), shown.Principal[0].LegalName, shown.Principal[0].Identifier.Value, err)
	// Output: 1 Workshop 55203253400646 <nil>
}

// A principal manager names who comes after; then all of it happens, or nothing.
func ExampleService_Deactivate() {
	ctx, w := context.Background(), newWorkshop()
	hubert := w.join("hubert@workshop.example")
	shown := habilis.Must(w.Structures.PrepareDeactivation(ctx, w.boss))
	leave := structure.Deactivation{Confirmed: true, Token: shown.Token}
	now, err := w.Structures.Deactivate(ctx, w.boss, leave)
	fmt.Println(errors.Is(err, structure.ErrSuccessorRequired), now.Principal[0].LegalName)

	leave.SuccessorForAll = structure.Successor{Login: "hubert@workshop.example"}
	_, err = w.Structures.Deactivate(ctx, w.boss, leave)
	fmt.Println(err)
	mine := habilis.Must(w.Structures.Mine(ctx, hubert))
	fmt.Println(mine[0].Structure.LegalName, mine[0].Membership.Role)
	// Output:
	// true Workshop
	// <nil>
	// Workshop principal_manager
}

// A manager opens an account for somebody and learns nothing about the address.
func ExampleService_CreatePerson() {
	ctx, w := context.Background(), newWorkshop()
	sent, err := w.Structures.CreatePerson(ctx, w.boss, w.place.ID, account.Registration{
		Login: "zoe@workshop.example", GivenName: "Zoé", FamilyName: "Roux", Language: "en",
	})
	fmt.Println(sent.To, err)
	habilis.Must(w.Drain(ctx))
	a, err := w.Accounts.ActivateAccepting(ctx, w.inbox.Token("zoe@workshop.example"), "Correct-Horse-7")
	fmt.Println(a.DisplayName(), err)
	// Output:
	// zoe@workshop.example <nil>
	// Zoé ROUX <nil>
}

// Each person named has a result of its own.
func ExampleService_ResendActivation() {
	ctx, w := context.Background(), newWorkshop()
	results, err := w.Structures.ResendActivation(ctx, w.boss, w.place.ID, w.boss.ID, w.join("zoe@workshop.example").ID)
	for _, r := range results {
		fmt.Println(habilis.CodeOf(r.Err))
	}
	fmt.Println(err)
	// Output:
	// account_not_pending
	// not_found
	// <nil>
}
