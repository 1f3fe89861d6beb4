package structure_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// The record in its sections, as a member sees it.
func ExampleService_Record() {
	ctx, w := context.Background(), newWorkshop()
	r, err := w.Structures.Record(ctx, w.boss, w.place.ID)
	fmt.Println(r.General.LegalName, len(r.Services), r.Members, r.Modifiable, err)
	// Output: Workshop 0 1 true <nil>
}

func ExampleService_UpdateGeneral() {
	ctx, w := context.Background(), newWorkshop()
	st, err := w.Structures.UpdateGeneral(ctx, w.boss, w.place.ID, structure.General{LegalName: "Workshop", Label: "The Shed", Postcode: "75001", Town: "Paris"})
	fmt.Println(st.DisplayName(), err)
	_, err = w.Structures.UpdateGeneral(ctx, w.boss, w.place.ID, structure.General{})
	fmt.Println(habilis.FieldsOf(err))
	// Output:
	// The Shed <nil>
	// [{legalName required }]
}

func ExampleService_UpdateAddress() {
	ctx, w := context.Background(), newWorkshop()
	st, err := w.Structures.UpdateAddress(ctx, w.boss, w.place.ID, account.PostalAddress{Street: "Dorpsstraat 1", Postcode: "1234ab", Town: "Delft", Country: "nl"})
	fmt.Println(st.Sheet.Address, st.Town, err)
	// Output: {Dorpsstraat 1  1234 AB Delft NL} Delft <nil>
}

func ExampleService_AddBankAccount() {
	ctx, w := context.Background(), newWorkshop()
	b, err := w.Structures.AddBankAccount(ctx, w.boss, w.place.ID, structure.NewBankAccount{Label: "Current", IBAN: "FR76 3000 6000 0112 3456 7890 189"})
	fmt.Println(b.Label, b.IBAN, err)
	_, err = w.Structures.AddBankAccount(ctx, w.boss, w.place.ID, structure.NewBankAccount{IBAN: "FR76 3000 6000 0112 3456 7890 188"})
	fmt.Println(habilis.FieldsOf(err))
	// Output:
	// Current FR7630006000011234567890189 <nil>
	// [{iban iban }]
}

func ExampleService_BankAccounts() {
	ctx, w := context.Background(), newWorkshop()
	habilis.Must(w.Structures.AddBankAccount(ctx, w.boss, w.place.ID, structure.NewBankAccount{Label: "Current", IBAN: "BE68539007547034"}))
	all, err := w.Structures.BankAccounts(ctx, w.boss, w.place.ID)
	fmt.Println(len(all), all[0].Label, err)
	// Output: 1 Current <nil>
}

func ExampleService_RemoveBankAccount() {
	ctx, w := context.Background(), newWorkshop()
	b := habilis.Must(w.Structures.AddBankAccount(ctx, w.boss, w.place.ID, structure.NewBankAccount{IBAN: "BE68539007547034"}))
	fmt.Println(w.Structures.RemoveBankAccount(ctx, w.boss, w.place.ID, b.ID))
	fmt.Println(habilis.CodeOf(w.Structures.RemoveBankAccount(ctx, w.boss, w.place.ID, b.ID)))
	// Output:
	// <nil>
	// not_found
}

func ExampleService_SignMandate() {
	ctx, w := context.Background(), newWorkshop()
	m, err := w.Structures.SignMandate(ctx, w.boss, w.place.ID, structure.NewMandate{
		Signatory: "Pauline Martin", SignedOn: authz.Date{Year: 2026, Month: 1, Day: 15}, Version: "3",
	})
	fmt.Println(m.Signatory, m.Version, err)
	// Output: Pauline Martin 3 <nil>
}

func ExampleService_Mandate() {
	ctx, w := context.Background(), newWorkshop()
	m, err := w.Structures.Mandate(ctx, w.boss, w.place.ID)
	fmt.Println(m.IsZero(), err)
	// Output: true <nil>
}

// Nobody has a right in an inactive structure.
func ExampleService_DeactivateStructure() {
	ctx, w := context.Background(), newWorkshop()
	st, err := w.Structures.DeactivateStructure(ctx, w.boss, w.place.ID)
	fmt.Println(st.Status, err)
	_, err = w.Structures.Record(ctx, w.boss, w.place.ID)
	fmt.Println(habilis.CodeOf(err))
	// Output:
	// inactive <nil>
	// permission_denied
}

func ExampleService_ActivateStructure() {
	ctx, w := context.Background(), newWorkshop()
	habilis.Must(w.Structures.DeactivateStructure(ctx, account.Support("S-17"), w.place.ID))
	st, err := w.Structures.ActivateStructure(ctx, w.boss, w.place.ID)
	fmt.Println(st.Status, err)
	// Output: active <nil>
}

func ExampleService_SetDirectory() {
	ctx, w := context.Background(), newWorkshop()
	st, err := w.Structures.SetDirectory(ctx, account.Support("S-17"), w.place.ID, structure.DirectoryExternal)
	fmt.Println(st.External(), err)
	_, err = w.Structures.CreatePerson(ctx, w.boss, w.place.ID, account.Registration{})
	fmt.Println(errors.Is(err, structure.ErrExternallyManaged))
	// Output:
	// true <nil>
	// true
}

// An establishment moves: what is the same, and what has to be made anew.
func ExampleService_ChangeIdentifier() {
	ctx, w := context.Background(), newWorkshop()
	c, err := w.Structures.ChangeIdentifier(ctx, w.boss, w.place.ID, structure.SIRET("217 500 016 00019"))
	fmt.Println(c.Structure.Identifier.Value, err)
	for _, part := range c.Dropped {
		fmt.Println(part.Label(language.English))
	}
	// Output:
	// 21750001600019 <nil>
	// Billing mandate
	// Technical users
}

func ExampleService_UpdateService() {
	ctx, w := context.Background(), newWorkshop()
	u := habilis.Must(w.Structures.AddService(ctx, w.boss, w.place.ID, structure.ServiceSpec{Code: "URBA", Name: "Planning"}))
	u, err := w.Structures.UpdateService(ctx, w.boss, u.ID, structure.ServiceChange{Name: "Town planning", Active: false})
	fmt.Println(u.Code, u.Name, u.Active, err)
	// Output: URBA Town planning false <nil>
}

func ExampleService_FindServices() {
	ctx, w := context.Background(), newWorkshop()
	habilis.Must(w.Structures.AddService(ctx, w.boss, w.place.ID, structure.ServiceSpec{Code: "ETUD", Name: "Études"}))
	found, err := w.Structures.FindServices(ctx, w.join("zoe@workshop.example"), w.place.ID, "tude")
	fmt.Println(found[0].Code, err)
	// Output: ETUD <nil>
}

func ExampleService_SearchPage() {
	ctx, w := context.Background(), newWorkshop()
	p, err := w.Structures.SearchPage(ctx, w.boss, structure.Search{Any: "work"}, structure.PageRequest{Number: 1, Size: 10})
	fmt.Println(p.Items[0].LegalName, p.Total, p.Next(), err)
	// Output: Workshop 1 0 <nil>
}

func ExampleService_SearchAll() {
	ctx, w := context.Background(), newWorkshop()
	for st, err := range w.Structures.SearchAll(ctx, w.boss, structure.Search{Any: "work"}) {
		fmt.Println(st.LegalName, err)
	}
	// Output: Workshop <nil>
}

func ExampleService_Managed() {
	ctx, w := context.Background(), newWorkshop()
	p, err := w.Structures.Managed(ctx, w.boss, structure.PageRequest{})
	for _, m := range p.Items {
		fmt.Println(m.Structure.LegalName, m.Role, m.Structure.Status)
	}
	fmt.Println(p.Total, err)
	// Output:
	// Workshop principal_manager active
	// 1 <nil>
}

func ExampleService_OrphanStructures() {
	ctx, w := context.Background(), newWorkshop()
	for o, err := range w.Structures.OrphanStructures(ctx, account.Support("S-17")) {
		fmt.Println(o.Structure.LegalName, err) // none here
	}
	// Output:
}

func ExampleService_ExportSearch() {
	ctx, w := context.Background(), newWorkshop()
	var file strings.Builder
	n, err := w.Structures.ExportSearch(ctx, w.boss, structure.Search{Name: "work"}, structure.CSV{Separator: structure.Comma, Language: language.English}, &file)
	heading, _, _ := strings.Cut(file.String(), "\r\n")
	fmt.Println(heading)
	fmt.Println(n, err)
	// Output:
	// Type of identifier,Identifier,Legal name,Label,Type,Status,Postcode,Town,Created on
	// 1 <nil>
}

func ExampleService_ExportHistory() {
	ctx, w := context.Background(), newWorkshop()
	n, err := w.Structures.ExportHistory(ctx, w.boss, w.place.ID, structure.HistoryQuery{}, structure.CSV{}, io.Discard)
	fmt.Println(n, err)
	// Output: 2 <nil>
}
