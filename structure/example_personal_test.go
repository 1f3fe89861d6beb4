package structure_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// People take away what is kept about them; a host sends it as a file.
func ExampleService_ExportPersonalData() {
	ctx, w := context.Background(), newWorkshop()
	data, err := w.Structures.ExportPersonalData(ctx, w.boss, w.boss.ID)
	fmt.Println(data.Account.Login, data.Memberships[0].Structure, err)
	file := habilis.Must(json.Marshal(data))
	fmt.Println(json.Valid(file))
	// Output:
	// pauline@workshop.example Workshop <nil>
	// true
}

// Before anything is erased, the data-protection officer reads what would be.
func ExampleService_PlanErasure() {
	ctx, w := context.Background(), newWorkshop()
	officer := account.Support("DPO-1")
	plan, err := w.Structures.PlanErasure(ctx, officer, w.boss.ID)
	fmt.Println(plan.Possible(), plan.Principal[0].LegalName, err) // somebody else must manage it first
	zoe := w.join("zoe@workshop.example")
	w.ask(zoe)
	plan, err = w.Structures.PlanErasure(ctx, officer, zoe.ID)
	fmt.Println(plan.Possible(), plan.Memberships, err)
	// Output:
	// false Workshop <nil>
	// true 1 <nil>
}

func ExampleService_Erase() {
	ctx, w := context.Background(), newWorkshop()
	officer, zoe := account.Support("DPO-1"), w.join("zoe@workshop.example")
	plan := habilis.Must(w.Structures.PlanErasure(ctx, officer, zoe.ID))
	_, err := w.Structures.Erase(ctx, officer, zoe.ID, plan.Token)
	fmt.Println(err)
	fmt.Println(habilis.Must(w.Verify(ctx)).OK()) // the history is whole all the same
	_, err = w.Structures.PlanErasure(ctx, officer, zoe.ID)
	fmt.Println(habilis.CodeOf(err))
	// Output:
	// <nil>
	// true
	// not_found
}

// program opens a technical account of the workshop. Its manager has just proven a
// factor; a host has that from account.Service.Resume.
func (w *workshop) program() *account.Handover {
	w.boss.ProvenAt = time.Now()
	return habilis.Must(w.Structures.CreateTechnical(context.Background(), w.boss, w.place.ID, structure.TechnicalSpec{
		Login: "tech_1_55203253400646@cpro.example", Name: "Accounting software", ContactEmail: "it@workshop.example",
	}))
}

// The credentials leave in one file, once.
func ExampleService_CreateTechnical() {
	ctx, w := context.Background(), newWorkshop()
	_, err := w.Structures.CreateTechnical(ctx, w.boss, w.place.ID, structure.TechnicalSpec{
		Login: "tech_1_55203253400646@cpro.example", Name: "Accounting software",
	})
	fmt.Println(habilis.CodeOf(err)) // the host asks for a factor, mfa.Service.StepUp
	w.boss.ProvenAt = time.Now()
	handover, err := w.Structures.CreateTechnical(ctx, w.boss, w.place.ID, structure.TechnicalSpec{
		Login: "tech_1_55203253400646@cpro.example", Name: "Accounting software",
	})
	fmt.Println(handover.Login, handover.FileName(account.CSV), err)
	// Output:
	// proof_required
	// tech_1_55203253400646@cpro.example secret-tech_1_55203253400646.csv <nil>
}

func ExampleService_ResetTechnical() {
	ctx, w := context.Background(), newWorkshop()
	program := w.program().Account
	_, err := w.Structures.ResetTechnical(ctx, w.boss, w.place.ID, program, structure.TechnicalReset{})
	fmt.Println(habilis.FieldsOf(err)) // the page tells that the former secret stops working, and asks
	handover, err := w.Structures.ResetTechnical(ctx, w.boss, w.place.ID, program, structure.TechnicalReset{Confirmed: true})
	fmt.Println(handover.Account == program, err)
	// Output:
	// [{confirmed required }]
	// true <nil>
}

func ExampleService_CloseTechnical() {
	ctx, w := context.Background(), newWorkshop()
	program := w.program().Account
	fmt.Println(w.Structures.CloseTechnical(ctx, w.boss, w.place.ID, program))
	for _, t := range habilis.Must(w.Structures.Technicals(ctx, w.boss, w.place.ID)) {
		fmt.Println(t.Name, t.Status)
	}
	// Output:
	// <nil>
	// Accounting software deactivated
}

func ExampleService_Technicals() {
	ctx, w := context.Background(), newWorkshop()
	w.program()
	all, err := w.Structures.Technicals(ctx, w.boss, w.place.ID)
	for _, t := range all {
		fmt.Println(t.Name, t.ContactEmail, t.ExpiresAt.Sub(t.ChangedAt), t.LastUsedAt.IsZero())
	}
	fmt.Println(err)
	// Output:
	// Accounting software it@workshop.example 10176h0m0s true
	// <nil>
}

// A host that erases accounts by itself ends what they hold in the same unit of work; the
// facade does so through account.Options.Erasing.
func ExampleService_Forget() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.join("zoe@workshop.example")
	w.ask(zoe)
	err := w.store.Update(ctx, func(tx storage.Tx) error {
		gone, err := tx.Account(ctx, zoe.ID)
		if err != nil {
			return err
		}
		return w.Structures.Forget(ctx, tx, account.Support("DPO-1"), gone, time.Now())
	})
	mine := habilis.Must(w.Structures.Mine(ctx, zoe))
	fmt.Printf("%s %q %v\n", mine[0].Membership.Status, mine[0].Membership.Comment.Text, err)
	// Output: cancelled "" <nil>
}
