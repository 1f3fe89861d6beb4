package structure_test

import (
	"context"
	"fmt"
	"io"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

func ExampleService_Dashboard() {
	ctx, w := context.Background(), newWorkshop()
	w.ask(w.join("zoe@workshop.example"))
	d, err := w.Structures.Dashboard(ctx, w.boss)
	fmt.Println(d.Total(), d.Memberships.Items[0].Applicant.DisplayName, err)
	// Output: 1 Julie BON <nil>
}

// The second page of one structure is empty, so the last page is shown.
func ExampleService_PendingActions() {
	ctx, w := context.Background(), newWorkshop()
	w.ask(w.join("zoe@workshop.example"))
	d, err := w.Structures.PendingActions(ctx, w.boss, structure.PendingQuery{
		Structure: w.place.ID, Memberships: structure.PageRequest{Number: 2, Size: 5},
	})
	fmt.Println(d.Memberships.Number, len(d.Memberships.Items), err)
	// Output: 1 1 <nil>
}

func ExampleService_FindPeople() {
	ctx, w := context.Background(), newWorkshop()
	w.join("zoe@workshop.example")
	found, err := w.Structures.FindPeople(ctx, w.boss, structure.PersonSearch{Structure: w.place.ID, Login: "zoe@workshop.example"})
	fmt.Println(found.People[0].FamilyName, found.People[0].Attached, err)
	_, err = w.Structures.FindPeople(ctx, w.boss, structure.PersonSearch{Structure: w.place.ID, Family: "Bon"})
	fmt.Println(habilis.CodeOf(err))
	// Output:
	// Bon false <nil>
	// weak_criteria
}

func ExampleService_ExportPeople() {
	ctx, w := context.Background(), newWorkshop()
	w.join("zoe@workshop.example")
	in := structure.PersonSearch{Structure: w.place.ID, Login: "zoe@workshop.example"}
	fmt.Println(w.Structures.ExportPeople(ctx, w.boss, in, structure.CSV{}, io.Discard))
	// Output: 1 <nil>
}

func ExampleService_Users() {
	ctx, w := context.Background(), newWorkshop()
	w.member("zoe@workshop.example")
	page, err := w.Structures.Users(ctx, w.boss, structure.UserSearch{Login: "zoe@"}, structure.PageRequest{})
	fmt.Println(page.Total, page.Items[0].Person.SortName, err)
	// Output: 1 BON Julie <nil>
}

func ExampleService_AllUsers() {
	ctx, w := context.Background(), newWorkshop()
	w.member("zoe@workshop.example")
	for u, err := range w.Structures.AllUsers(ctx, w.boss, structure.UserSearch{Login: "zoe@"}) {
		fmt.Println(u.Login, err)
	}
	// Output: zoe@workshop.example <nil>
}

func ExampleService_ExportUsers() {
	ctx, w := context.Background(), newWorkshop()
	zoe, _ := w.member("zoe@workshop.example")
	fmt.Println(w.Structures.ExportUsers(ctx, w.boss, structure.UserExport{Ticked: []account.ID{zoe.ID}}, structure.CSV{}, io.Discard))
	// Output: 1 <nil>
}

func ExampleService_ExportMembers() {
	ctx, w := context.Background(), newWorkshop()
	w.member("zoe@workshop.example")
	fmt.Println(w.Structures.ExportMembers(ctx, w.boss, w.place.ID, structure.MemberFilter{}, structure.CSV{}, io.Discard))
	// Output: 2 <nil>
}

func ExampleService_ExportRequests() {
	ctx, w := context.Background(), newWorkshop()
	w.ask(w.join("zoe@workshop.example"))
	fmt.Println(w.Structures.ExportRequests(ctx, w.boss, "", structure.CSV{}, io.Discard))
	// Output: 1 <nil>
}

func ExampleService_ExportSubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	w.wants(w.hired("zoe@workshop.example"))
	fmt.Println(w.Structures.ExportSubscriptions(ctx, w.boss, structure.SubscriptionExport{}, structure.CSV{}, io.Discard))
	// Output: 2 <nil>
}
