package structure_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// ask has somebody ask for a service of the workshop.
func (w *workshop) ask(by account.Actor) (structure.Membership, structure.Unit) {
	ctx := context.Background()
	unit := habilis.Must(w.Structures.AddService(ctx, w.boss, w.place.ID, structure.ServiceSpec{Code: "URBA", Name: "Planning"}))
	return habilis.Must(w.Structures.Request(ctx, by, structure.Request{
		Structure: w.place.ID, Services: []structure.ServiceID{unit.ID}, Comment: "planning files",
	})), unit
}

// Whoever creates a private structure manages it; its identifier is taken from then on.
func ExampleService_Create() {
	ctx, w := context.Background(), newWorkshop()
	place, err := w.Structures.Create(ctx, w.join("zoe@workshop.example"), structure.Creation{
		Identifier: structure.SIRET("552 032 534 00646"), LegalName: "Another", Type: structure.Private,
	})
	fmt.Println(errors.Is(err, structure.ErrStructureExists), place.LegalName)
	// Output: true Workshop
}

func ExampleService_AddService() {
	ctx, w := context.Background(), newWorkshop()
	unit, err := w.Structures.AddService(ctx, w.boss, w.place.ID, structure.ServiceSpec{
		Code: "URBA", Name: "Planning", From: authz.Date{Year: 2026, Month: time.December, Day: 1},
	})
	fmt.Println(unit.Code, unit.Active, err)
	_, err = w.Structures.AddService(ctx, w.boss, w.place.ID, structure.ServiceSpec{Code: "URBA", Name: "Again"})
	fmt.Println(habilis.CodeOf(err))
	// Output:
	// URBA true <nil>
	// service_exists
}

// A "*" stands for anything, and whatever is left out does not matter.
func ExampleService_Search() {
	ctx, w := context.Background(), newWorkshop()
	found, err := w.Structures.Search(ctx, w.join("zoe@workshop.example"), structure.Search{Name: "*SHOP"})
	for _, st := range found.Structures {
		fmt.Println(st.LegalName, st.Identifier.Value)
	}
	fmt.Println(found.Next == nil, err)
	// Output:
	// Workshop 55203253400646
	// true <nil>
}

func ExampleService_Structure() {
	ctx, w := context.Background(), newWorkshop()
	place, err := w.Structures.Structure(ctx, w.join("zoe@workshop.example"), w.place.ID)
	fmt.Println(place.LegalName, place.Type, err)
	// Output: Workshop private <nil>
}

func ExampleService_Services() {
	ctx, w := context.Background(), newWorkshop()
	habilis.Must(w.Structures.AddService(ctx, w.boss, w.place.ID, structure.ServiceSpec{Code: "URBA", Name: "Planning"}))
	units, err := w.Structures.Services(ctx, w.join("zoe@workshop.example"), w.place.ID)
	fmt.Println(len(units), units[0].Code, err)
	// Output: 1 URBA <nil>
}

func ExampleService_Request() {
	ctx, w := context.Background(), newWorkshop()
	m, err := w.Structures.Request(ctx, w.join("zoe@workshop.example"), structure.Request{
		Structure: w.place.ID, Whole: true, Comment: "I keep the books.",
	})
	fmt.Println(m.Status, m.Asked.Whole, m.Granted.IsZero(), err)
	habilis.Must(w.Drain(ctx))
	mail, _ := w.inbox.Last("pauline@workshop.example")
	fmt.Println(mail.Subject)
	// Output:
	// pending true true <nil>
	// Request to join Workshop
}

func ExampleService_Mine() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.join("zoe@workshop.example")
	w.ask(zoe)
	cases, err := w.Structures.Mine(ctx, zoe)
	for _, c := range cases {
		fmt.Println(c.Structure.LegalName, c.Membership.Status, c.Names(c.Membership.Asked))
	}
	fmt.Println(err)
	// Output:
	// Workshop pending URBA Planning
	// <nil>
}

func ExampleService_Pending() {
	ctx, w := context.Background(), newWorkshop()
	w.ask(w.join("zoe@workshop.example"))
	cases, err := w.Structures.Pending(ctx, w.boss)
	for _, c := range cases {
		fmt.Println(c.Applicant.DisplayName, c.Membership.Comment.Text, c.Decidable)
	}
	fmt.Println(err)
	// Output:
	// Julie BON planning files true
	// <nil>
}

// The page on which a manager decides, with one line for each service.
func ExampleService_Case() {
	ctx, w := context.Background(), newWorkshop()
	m, _ := w.ask(w.join("zoe@workshop.example"))
	c, err := w.Structures.Case(ctx, w.boss, m.ID)
	for _, row := range c.Rows() {
		fmt.Println(row.Unit.Code, row.Status, row.Ticked, err)
	}
	// Output: URBA pending true <nil>
}

func ExampleService_Approve() {
	ctx, w := context.Background(), newWorkshop()
	m, _ := w.ask(w.join("zoe@workshop.example"))
	ticked := structure.Whole() // more than was asked for
	m, err := w.Structures.Approve(ctx, w.boss, m.ID, structure.Approval{Role: structure.RoleMember, Scope: &ticked})
	fmt.Println(m.Status, m.Role, m.Granted.Whole, err)
	_, err = w.Structures.Approve(ctx, w.boss, m.ID, structure.Approval{})
	fmt.Println(errors.Is(err, structure.ErrAlreadyDecided))
	// Output:
	// approved member true <nil>
	// true
}

func ExampleService_Reject() {
	ctx, w := context.Background(), newWorkshop()
	m, _ := w.ask(w.join("zoe@workshop.example"))
	m, err := w.Structures.Reject(ctx, w.boss, m.ID, structure.Refusal{Reason: "The planning files moved to the region."})
	fmt.Println(m.Status, err)
	// Output: rejected <nil>
}

// habilis.Habilis has it as Authz.
func ExampleService_Authorizer() {
	ctx, w := context.Background(), newWorkshop()
	z := w.Structures.Authorizer()
	d, err := z.Check(ctx, authz.Request{
		Account: w.boss.ID, Structure: w.place.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Write,
	})
	fmt.Println(d.Allowed, err)
	// Output: true <nil>
}

// What happened to the person who is signed in, for a home page.
func ExampleService_Feed() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.join("zoe@workshop.example")
	m, _ := w.ask(zoe)
	habilis.Must(w.Structures.Approve(ctx, w.boss, m.ID, structure.Approval{}))
	items, err := w.Structures.Feed(ctx, zoe, structure.FeedQuery{Limit: 2})
	for _, f := range items {
		fmt.Println(f.Label(language.English), "|", f.Where, "|", f.Scope, "|", f.By)
	}
	fmt.Println(err)
	// Output:
	// Approved | Workshop | URBA Planning | person
	// Requested | Workshop | URBA Planning | self
	// <nil>
}

func ExampleService_History() {
	ctx, w := context.Background(), newWorkshop()
	m, _ := w.ask(w.join("zoe@workshop.example"))
	habilis.Must(w.Structures.Approve(ctx, w.boss, m.ID, structure.Approval{}))
	entries, err := w.Structures.History(ctx, w.boss, w.place.ID, structure.HistoryQuery{
		Kinds: []notify.Kind{"membership.requested", "membership.approved"}, Limit: 2,
	})
	for _, e := range entries {
		fmt.Println(e.Label(language.English), "|", e.Applicant.DisplayName, "|", e.Scope)
	}
	fmt.Println(err)
	// Output:
	// Approved | Julie BON | URBA Planning
	// Requested | Julie BON | URBA Planning
	// <nil>
}

// The magnifier of a line: the request as it was decided.
func ExampleService_HistoryEntry() {
	ctx, w := context.Background(), newWorkshop()
	m, _ := w.ask(w.join("zoe@workshop.example"))
	habilis.Must(w.Structures.Approve(ctx, w.boss, m.ID, structure.Approval{}))
	table := habilis.Must(w.Structures.History(ctx, w.boss, w.place.ID, structure.HistoryQuery{Kinds: structure.DecidedKinds(), Limit: 1}))
	d, err := w.Structures.HistoryEntry(ctx, w.boss, w.place.ID, table[0].Number())
	fmt.Println(d.Entry.GuideLabel(language.French), "|", d.Entry.Scope, "|", d.Comment, "|", err)
	// Output: VALIDÉE | URBA Planning | planning files | <nil>
}
