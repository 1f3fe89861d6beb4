package structure_test

import (
	"context"
	"fmt"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/structure"
)

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
