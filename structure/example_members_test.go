package structure_test

import (
	"context"
	"fmt"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

// A manager sees who belongs to the structure, page by page.
func ExampleService_Members() {
	ctx, w := context.Background(), newWorkshop()
	w.ask(w.join("zoe@workshop.example"))
	page, err := w.Structures.Members(ctx, w.boss, w.place.ID, structure.MemberFilter{}, structure.PageRequest{Size: 50})
	for _, m := range page.Items {
		fmt.Println(m.Person.SortName, m.Person.ContactEmail, m.Membership.Role, m.Membership.Status)
	}
	fmt.Println(page.Total, err)
	// Output:
	// BON Julie pauline@workshop.example principal_manager approved
	// BON Julie zoe@workshop.example member pending
	// 2 <nil>
}

// Whoever leaves chooses a successor among the members.
func ExampleService_PrepareDeactivation_candidates() {
	ctx, w := context.Background(), newWorkshop()
	m, _ := w.ask(w.join("zoe@workshop.example"))
	habilis.Must(w.Structures.Approve(ctx, w.boss, m.ID, structure.Approval{}))
	shown := habilis.Must(w.Structures.PrepareDeactivation(ctx, w.boss))
	for _, p := range shown.Candidates[w.place.ID] {
		fmt.Println(p.DisplayName, p.ContactEmail)
	}
	// Output: Julie BON zoe@workshop.example
}
