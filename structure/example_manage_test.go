package structure_test

import (
	"context"
	"fmt"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// member makes somebody a member of the whole workshop.
func (w *workshop) member(login string) (account.Actor, structure.Membership) {
	by := w.join(login)
	return by, habilis.Must(w.Structures.Attach(context.Background(), w.boss, structure.NewMember{
		Structure: w.place.ID, Account: by.ID, Whole: true, Comment: "joins the team",
	}))
}

func ExampleService_Attach() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.join("zoe@workshop.example")
	m, err := w.Structures.Attach(ctx, w.boss, structure.NewMember{
		Structure: w.place.ID, Account: zoe.ID, Role: structure.RoleSecondaryManager, Whole: true, Comment: "my deputy",
	})
	fmt.Println(m.Status, m.Role, err)
	// Output: approved secondary_manager <nil>
}

func ExampleService_ChangeMembership() {
	ctx, w := context.Background(), newWorkshop()
	_, m := w.member("zoe@workshop.example")
	m, err := w.Structures.ChangeMembership(ctx, w.boss, m.ID, structure.Change{Role: structure.RoleSecondaryManager})
	fmt.Println(m.Role, m.Granted.Whole, err)
	// Output: secondary_manager true <nil>
}

// Each item has a result; what cannot be done changes nothing for the others.
func ExampleService_ApproveMany() {
	ctx, w := context.Background(), newWorkshop()
	m, _ := w.ask(w.join("zoe@workshop.example"))
	out, err := w.Structures.ApproveMany(ctx, w.boss, []structure.MembershipID{m.ID, m.ID}, structure.Approval{})
	for _, o := range out {
		fmt.Printf("%s %q\n", o.Membership.Status, habilis.CodeOf(o.Err))
	}
	fmt.Println(err)
	// Output:
	// approved ""
	// approved "already_decided"
	// <nil>
}

func ExampleService_RejectMany() {
	ctx, w := context.Background(), newWorkshop()
	m, _ := w.ask(w.join("zoe@workshop.example"))
	out, err := w.Structures.RejectMany(ctx, w.boss, []structure.MembershipID{m.ID}, structure.Refusal{Reason: "The team is complete."})
	fmt.Println(out[0].Membership.Status, err)
	// Output: rejected <nil>
}

func ExampleService_DisableMembers() {
	ctx, w := context.Background(), newWorkshop()
	_, m := w.member("zoe@workshop.example")
	out, err := w.Structures.DisableMembers(ctx, w.boss, m.ID)
	fmt.Println(out[0].Membership.Status, err)
	// Output: disabled <nil>
}

func ExampleService_EnableMembers() {
	ctx, w := context.Background(), newWorkshop()
	_, m := w.member("zoe@workshop.example")
	habilis.Must(w.Structures.DisableMembers(ctx, w.boss, m.ID))
	out, err := w.Structures.EnableMembers(ctx, w.boss, m.ID)
	fmt.Println(out[0].Membership.Status, err)
	// Output: approved <nil>
}

func ExampleService_RemoveMembers() {
	ctx, w := context.Background(), newWorkshop()
	_, m := w.member("zoe@workshop.example")
	out, err := w.Structures.RemoveMembers(ctx, w.boss, m.ID)
	fmt.Println(out[0].Membership.Status, err)
	// Output: removed <nil>
}

// A principal manager names a successor first.
func ExampleService_Leave() {
	ctx, w := context.Background(), newWorkshop()
	zoe, _ := w.member("zoe@workshop.example")
	for _, who := range []account.Actor{zoe, w.boss} {
		out, err := w.Structures.Leave(ctx, who, structure.Departure{Structure: w.place.ID})
		fmt.Println(out[0].Membership.Status, habilis.CodeOf(out[0].Err), err)
	}
	// Output:
	// removed  <nil>
	// approved successor_required <nil>
}

func ExampleService_Withdraw() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.join("zoe@workshop.example")
	m, _ := w.ask(zoe)
	m, err := w.Structures.Withdraw(ctx, zoe, m.ID)
	fmt.Println(m.Status, err)
	// Output: cancelled <nil>
}

func ExampleService_RequestMany() {
	ctx, w := context.Background(), newWorkshop()
	r := structure.Request{Structure: w.place.ID, Whole: true, Comment: "I keep the books."}
	out, err := w.Structures.RequestMany(ctx, w.join("zoe@workshop.example"), r, r)
	fmt.Println(out[0].Membership.Status, habilis.CodeOf(out[1].Err), err)
	// Output: pending request_pending <nil>
}

func ExampleService_PrepareRequest() {
	ctx, w := context.Background(), newWorkshop()
	p, err := w.Structures.PrepareRequest(ctx, w.join("zoe@workshop.example"), w.place.ID)
	fmt.Println(p.Structure.LegalName, p.CommentRequired, len(p.Warnings), err)
	// Output: Workshop true 0 <nil>
}

func ExampleService_SetDelegation() {
	ctx, w := context.Background(), newWorkshop()
	place, err := w.Structures.SetDelegation(ctx, w.boss, w.place.ID, authz.Delegation{Users: true})
	fmt.Println(place.Delegated.Users, place.Delegated.Structure, err)
	// Output: true false <nil>
}

func ExampleService_Members() {
	ctx, w := context.Background(), newWorkshop()
	w.member("zoe@workshop.example")
	p, err := w.Structures.Members(ctx, w.boss, w.place.ID, structure.MemberFilter{Role: structure.RoleMember}, structure.PageRequest{Size: 5})
	for _, m := range p.Items {
		fmt.Println(m.Person.SortName, m.Person.ContactEmail, m.Status)
	}
	fmt.Println(p.Number, p.Last(), p.Total, err)
	// Output:
	// BON Julie zoe@workshop.example approved
	// 1 1 1 <nil>
}

func ExampleService_MembershipsOf() {
	ctx, w := context.Background(), newWorkshop()
	zoe, _ := w.member("zoe@workshop.example")
	cases, err := w.Structures.MembershipsOf(ctx, w.boss, w.place.ID, zoe.ID)
	fmt.Println(len(cases), cases[0].Structure.LegalName, err)
	// Output: 1 Workshop <nil>
}

// habilis.Run does it every minute.
func ExampleService_CatchUp() {
	n, err := newWorkshop().Structures.CatchUp(context.Background())
	fmt.Println(n, err)
	// Output: 0 <nil>
}
