package structure_test

import (
	"context"
	"fmt"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// A principal manager reads what is handed over and to whom it can be.
func ExampleService_PrepareTransfer() {
	ctx, w := context.Background(), newWorkshop()
	shown, err := w.Structures.PrepareTransfer(ctx, w.boss, w.place.ID)
	fmt.Println(shown.Structures[0].LegalName, len(shown.Candidates[w.place.ID]), shown.Accept, err)
	// Output: Workshop 0 false <nil>
}

// Handing over is confirmed, and the former principal manager stays as a simple user.
func ExampleService_TransferPrincipal() {
	ctx, w := context.Background(), newWorkshop()
	hubert := w.join("hubert@workshop.example")
	shown := habilis.Must(w.Structures.PrepareTransfer(ctx, w.boss, w.place.ID))
	_, err := w.Structures.TransferPrincipal(ctx, w.boss, structure.Transfer{
		Structures: []structure.ID{w.place.ID}, Token: shown.Token,
		SuccessorForAll: structure.Successor{Login: "hubert@workshop.example"},
	})
	fmt.Println(err)
	for _, by := range []account.Actor{hubert, w.boss} {
		fmt.Println(habilis.Must(w.Structures.Mine(ctx, by))[0].Membership.Role)
	}
	// Output:
	// <nil>
	// principal_manager
	// member
}

// Somebody who is no member is found by the login address.
func ExampleService_FindSuccessor() {
	ctx, w := context.Background(), newWorkshop()
	w.join("hubert@workshop.example")
	found, err := w.Structures.FindSuccessor(ctx, w.boss, w.place.ID, structure.SuccessorSearch{Login: "hubert@workshop.example"})
	fmt.Println(found[0].DisplayName, err)
	// Output: Julie BON <nil>
}

// nominated is a workshop whose policy asks successors, and one who is asked.
func nominated() (*workshop, account.Actor) {
	ctx, w := context.Background(), newWorkshop()
	policy := structure.Guide2024()
	policy.Principals.Accept = true
	w.Habilis = habilis.Must(habilis.New(memory.New(), &habilis.Options{
		Mailer: w.inbox, Structure: &policy,
		Hashing: account.Hashing{MemoryKiB: 8, Passes: 1, TestOnly: true}, // quick; a host leaves it out
	}))
	w.boss = w.join("paula@workshop.example")
	w.place = habilis.Must(w.Structures.Create(ctx, w.boss, structure.Creation{
		Identifier: structure.SIRET("55203253400646"), LegalName: "Workshop", Type: structure.Private,
	}))
	hubert := w.join("hubert@workshop.example")
	shown := habilis.Must(w.Structures.PrepareTransfer(ctx, w.boss, w.place.ID))
	habilis.Must(w.Structures.TransferPrincipal(ctx, w.boss, structure.Transfer{
		Structures: []structure.ID{w.place.ID}, Token: shown.Token, SuccessorForAll: structure.Successor{Account: hubert.ID},
	}))
	return w, hubert
}

// The page on which a successor answers shows who asks.
func ExampleService_Nomination() {
	w, hubert := nominated()
	n, err := w.Structures.Nomination(context.Background(), hubert, w.place.ID)
	fmt.Println(n.By.DisplayName, n.Structure.LegalName, n.ExpiresAt.Sub(n.At), err)
	// Output: Julie BON Workshop 336h0m0s <nil>
}

// Where the policy asks successors, the role changes hands when they accept.
func ExampleService_AcceptNomination() {
	ctx := context.Background()
	w, hubert := nominated()
	st, err := w.Structures.AcceptNomination(ctx, hubert, w.place.ID)
	fmt.Println(st.LegalName, habilis.Must(w.Structures.Mine(ctx, hubert))[0].Membership.Role, err)
	// Output: Workshop principal_manager <nil>
}

// A successor may say no; nothing changes then.
func ExampleService_DeclineNomination() {
	w, hubert := nominated()
	fmt.Println(w.Structures.DeclineNomination(context.Background(), hubert, w.place.ID))
	fmt.Println(w.Structures.DeclineNomination(context.Background(), hubert, w.place.ID))
	// Output:
	// <nil>
	// not_found: no such object
}

// A principal manager takes back what nobody has accepted yet.
func ExampleService_WithdrawNomination() {
	w, _ := nominated()
	fmt.Println(w.Structures.WithdrawNomination(context.Background(), w.boss, w.place.ID))
	// Output: <nil>
}

// Support appoints on a documented request; without one, an orphan alone.
func ExampleService_AppointPrincipal() {
	ctx, w := context.Background(), newWorkshop()
	w.join("hubert@workshop.example")
	a := structure.Appointment{
		Structure: w.place.ID, Successor: structure.Successor{Login: "hubert@workshop.example"}, Reason: "the owner died",
	}
	fmt.Println(habilis.CodeOf(w.Structures.AppointPrincipal(ctx, account.Support("S-17"), a)))
	a.Documented = true
	fmt.Println(w.Structures.AppointPrincipal(ctx, account.Support("S-17"), a))
	// Output:
	// not_orphan
	// <nil>
}
