package structure_test

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// hired lets a new member wait for the space that the workshop has just opened.
func (w *workshop) hired(login string) account.Actor {
	ctx, by := context.Background(), w.join(login)
	m := habilis.Must(w.Structures.Request(ctx, by, structure.Request{Structure: w.place.ID, Whole: true, Comment: "I keep the books."}))
	habilis.Must(w.Structures.Approve(ctx, w.boss, m.ID, structure.Approval{}))
	habilis.Must(w.Structures.OpenSpace(ctx, w.boss, w.place.ID, authz.SpaceWorksInvoices))
	return by
}

// wants has somebody ask to write in the space.
func (w *workshop) wants(by account.Actor) []structure.Subscription {
	return habilis.Must(w.Structures.RequestSubscriptions(context.Background(), by, structure.SubscriptionRequest{
		Structure: w.place.ID, Lines: []structure.Line{{Space: authz.SpaceWorksInvoices, Level: authz.Write}},
		From: authz.DateOf(time.Now().AddDate(0, 0, 1)),
	}))
}

// Every member gets a line that waits for a decision.
func ExampleService_OpenSpace() {
	ctx, w := context.Background(), newWorkshop()
	w.hired("zoe@workshop.example")
	groups, err := w.Structures.PendingSubscriptions(ctx, w.boss)
	for _, g := range groups {
		fmt.Println(g.Applicant.DisplayName, g.Lines[0].Space, g.Lines[0].Level, g.Lines[0].Origin)
	}
	fmt.Println(err)
	// Output:
	// Julie BON works_invoices read space_opened
	// <nil>
}

func ExampleService_CloseSpace() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	_, err := w.Structures.CloseSpace(ctx, w.boss, w.place.ID, authz.SpaceWorksInvoices)
	_, again := w.Structures.RequestSubscriptions(ctx, zoe, structure.SubscriptionRequest{
		Structure: w.place.ID, Lines: []structure.Line{{Space: authz.SpaceWorksInvoices, Level: authz.Read}},
		From: authz.DateOf(time.Now().AddDate(0, 0, 1)),
	})
	fmt.Println(err, habilis.CodeOf(again))
	// Output: <nil> space_not_open
}

func ExampleService_RequestSubscriptions() {
	_, w := context.Background(), newWorkshop()
	lines := w.wants(w.hired("zoe@workshop.example"))
	fmt.Println(lines[0].Space, lines[0].Level, lines[0].Status)
	// Output: works_invoices write pending
}

// What is ticked is the outcome: here, less than was asked for.
func ExampleService_ApproveSubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	lines := w.wants(w.hired("zoe@workshop.example"))
	decided, err := w.Structures.ApproveSubscriptions(ctx, w.boss, structure.Verdict{
		Requested: []structure.SubscriptionID{lines[0].ID},
		Ticked:    []structure.Line{{Space: authz.SpaceWorksInvoices, Level: authz.Read}},
	})
	for _, l := range decided {
		fmt.Println(l.Level, l.Status)
	}
	fmt.Println(err)
	// Output:
	// write rejected
	// read approved
	// <nil>
}

func ExampleService_RejectSubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	lines := w.wants(w.hired("zoe@workshop.example"))
	decided, err := w.Structures.RejectSubscriptions(ctx, w.boss, []structure.SubscriptionID{lines[0].ID}, structure.Refusal{Reason: "Not needed."})
	fmt.Println(decided[0].Status, err)
	// Output: rejected <nil>
}

func ExampleService_ApproveManySubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	lines := w.wants(w.hired("zoe@workshop.example"))
	out, err := w.Structures.ApproveManySubscriptions(ctx, w.boss, lines[0].ID, "no such line")
	fmt.Println(out[0].Subscription.Status, habilis.CodeOf(out[1].Err), err)
	// Output: approved not_found <nil>
}

func ExampleService_RejectManySubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	lines := w.wants(w.hired("zoe@workshop.example"))
	out, err := w.Structures.RejectManySubscriptions(ctx, w.boss, []structure.SubscriptionID{lines[0].ID}, structure.Refusal{Reason: "Not needed."})
	fmt.Println(out[0].Subscription.Status, err)
	// Output: rejected <nil>
}

func ExampleService_GrantSubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	lines, err := w.Structures.GrantSubscriptions(ctx, w.boss, structure.SubscriptionGrant{
		Structure: w.place.ID, Account: zoe.ID, Lines: []structure.Line{{Space: authz.SpaceWorksInvoices, Level: authz.Write}},
	})
	fmt.Println(lines[0].Status, lines[0].Origin, err)
	// Output: approved manager <nil>
}

func ExampleService_RemoveSubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	lines := habilis.Must(w.Structures.GrantSubscriptions(ctx, w.boss, structure.SubscriptionGrant{
		Structure: w.place.ID, Account: zoe.ID, Lines: []structure.Line{{Space: authz.SpaceWorksInvoices, Level: authz.Write}},
	}))
	out, err := w.Structures.RemoveSubscriptions(ctx, zoe, lines[0].ID)
	fmt.Println(out[0].Subscription.Status, out[0].Err, err)
	// Output: removed <nil> <nil>
}

func ExampleService_WithdrawSubscription() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	line, err := w.Structures.WithdrawSubscription(ctx, zoe, w.wants(zoe)[0].ID)
	fmt.Println(line.Status, err)
	// Output: cancelled <nil>
}

// The list that waits beside what comes with the role.
func ExampleService_MySubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	mine, err := w.Structures.MySubscriptions(ctx, zoe)
	for _, c := range mine {
		fmt.Println(c.Subscription.Space, c.Subscription.Level, c.Effect)
	}
	fmt.Println(err)
	// Output:
	// invoices.issued read held
	// invoices.issued write held
	// tickets.issued read held
	// tickets.issued write held
	// works_invoices read pending
	// <nil>
}

func ExampleService_PendingSubscriptions() {
	ctx, w := context.Background(), newWorkshop()
	w.wants(w.hired("zoe@workshop.example"))
	groups, err := w.Structures.PendingSubscriptions(ctx, w.boss)
	fmt.Println(len(groups), len(groups[0].Lines), err)
	// Output: 1 2 <nil>
}

func ExampleService_Approvers() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	names, err := w.Structures.Approvers(ctx, zoe, structure.RequestRef{Subscription: w.wants(zoe)[0].ID})
	fmt.Println(len(names), err)
	// Output: 1 <nil>
}

// A reminder comes a day after the request at the soonest.
func ExampleService_Remind() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	err := w.Structures.Remind(ctx, zoe, structure.RequestRef{Subscription: w.wants(zoe)[0].ID})
	fmt.Println(habilis.CodeOf(err))
	// Output: throttled
}

func ExampleService_Entitlements() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	all, err := w.Structures.Entitlements(ctx, zoe)
	for _, e := range all {
		for _, r := range e.Rights {
			fmt.Println(e.Structure.DisplayName(), "|", w.Structures.ProfileName(r.Space, r.Level, language.French))
		}
	}
	fmt.Println(err)
	// Output:
	// Workshop | Factures émises consultation
	// Workshop | Factures émises modification
	// Workshop | Sollicitations émises consultation
	// Workshop | Sollicitations émises modification
	// <nil>
}

func ExampleService_ProfileName() {
	w := newWorkshop()
	fmt.Println(w.Structures.ProfileName(authz.SpaceInvoicesIssued, authz.Write, language.French))
	// Output: Factures émises modification
}

func ExampleService_ApplyEntitlementChanges() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	out, err := w.Structures.ApplyEntitlementChanges(ctx, zoe, structure.EntitlementScope{Structure: w.place.ID}, []structure.EntitlementChange{
		{To: structure.Profile{Space: authz.SpaceWorksInvoices, Level: authz.Write}},
	})
	fmt.Println(len(out.Granted), len(out.Requested), err)
	// Output: 0 1 <nil>
}

func ExampleService_RemoveAllEntitlements() {
	ctx, w := context.Background(), newWorkshop()
	zoe := w.hired("zoe@workshop.example")
	out, err := w.Structures.RemoveAllEntitlements(ctx, zoe, structure.EntitlementScope{Structure: w.place.ID})
	fmt.Println(len(out.Removed), err)
	// Output: 1 <nil>
}

func ExampleService_PlanCopy() {
	ctx, w := context.Background(), newWorkshop()
	zoe, kim := w.hired("zoe@workshop.example"), w.hired("kim@workshop.example")
	habilis.Must(w.Structures.GrantSubscriptions(ctx, w.boss, structure.SubscriptionGrant{
		Structure: w.place.ID, Account: zoe.ID, Lines: []structure.Line{{Space: authz.SpaceWorksInvoices, Level: authz.Write}},
	}))
	plan, err := w.Structures.PlanCopy(ctx, w.boss, structure.EntitlementCopy{Structure: w.place.ID, From: zoe.ID, To: kim.ID})
	fmt.Println(plan.Granted[0].Space, plan.Granted[0].Level, err)
	// Output: works_invoices write <nil>
}

func ExampleService_CopyEntitlements() {
	ctx, w := context.Background(), newWorkshop()
	zoe, kim := w.hired("zoe@workshop.example"), w.hired("kim@workshop.example")
	pair := structure.EntitlementCopy{Structure: w.place.ID, From: zoe.ID, To: kim.ID}
	plan := habilis.Must(w.Structures.PlanCopy(ctx, w.boss, pair))
	plan, err := w.Structures.CopyEntitlements(ctx, w.boss, pair, plan.Token)
	fmt.Println(len(plan.Granted), err)
	// Output: 0 <nil>
}

func ExampleService_MigrateSecondaryManagers() {
	ctx, w := context.Background(), newWorkshop()
	moved, err := w.Structures.MigrateSecondaryManagers(ctx, account.Actor{Kind: notify.ActorSupport}, w.place.ID)
	fmt.Println(len(moved), err)
	// Output: 0 <nil>
}
