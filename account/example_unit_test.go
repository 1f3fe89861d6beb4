package account_test

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/storage/memory"
)

// What ends in In takes part in a unit of work that is open already: the account and
// whatever else the unit writes are there together or not at all. Who may is for the
// caller to know; structure.Service.CreatePerson is this for managers.
func ExampleService_InviteIn() {
	ctx, s := context.Background(), newStage()
	var sent account.Sent
	err := s.store.Update(ctx, func(tx account.Tx) (err error) {
		sent, err = s.Accounts.InviteIn(ctx, tx, account.Support("S-42"), account.Registration{
			Login: "zoe@workshop.example", GivenName: "Zoé", FamilyName: "Roux",
		}, s.now)
		return err
	})
	fmt.Println(sent.To, err)
	fmt.Println(s.token("zoe@workshop.example") != "")
	// Output:
	// zoe@workshop.example <nil>
	// true
}

// One invitation is taken from the hour's budget of a structure.
func ExampleService_SpendInvitationIn() {
	ctx, s := context.Background(), newStage()
	place := authz.StructureID("019ab000-0000-7000-8000-000000000001")
	var err error
	n := 0
	for ; err == nil; n++ {
		err = s.store.Update(ctx, func(tx account.Tx) error {
			return s.Accounts.SpendInvitationIn(ctx, tx, place, s.now)
		})
	}
	fmt.Println(n, habilis.CodeOf(err))
	// Output: 51 throttled
}

func ExampleService_ResendActivationIn() {
	ctx, s := context.Background(), newStage()
	julie := s.join("julie@workshop.example")
	err := s.store.Update(ctx, func(tx account.Tx) error {
		_, err := s.Accounts.ResendActivationIn(ctx, tx, account.Support("S-42"), julie.ID, s.now)
		return err
	})
	fmt.Println(habilis.CodeOf(err))
	// Output: account_not_pending
}

func ExampleService_DeactivationDeadline() {
	s := newStage()
	fmt.Println(s.Accounts.DeactivationDeadline(s.now).Format(time.DateTime))
	// Output: 2027-01-21 12:00:00
}

// A host without structures closes an account with it; where there are structures,
// structure.Service.Deactivate also hands over what the person manages.
func ExampleService_DeactivateIn() {
	ctx, s := context.Background(), newStage()
	julie := s.join("julie@workshop.example")
	var a account.Account
	err := s.store.Update(ctx, func(tx account.Tx) (err error) {
		if a, err = account.Acting(ctx, tx, julie); err != nil {
			return err
		}
		a, err = s.Accounts.DeactivateIn(ctx, tx, julie, a, s.now)
		return err
	})
	fmt.Println(a.Status, a.ReactivableUntil.Sub(s.now), err)
	// Output: deactivated 1440h0m0s <nil>
}

// A host without structures erases an account with it, after it asked Held; where there
// are structures, structure.Service.Erase also looks at what the person manages.
func ExampleService_EraseIn() {
	ctx, s := context.Background(), newStage()
	julie := s.join("julie@workshop.example")
	if habilis.Must(s.Accounts.Held(ctx, julie.ID)) {
		return
	}
	var a account.Account
	err := s.store.Update(ctx, func(tx account.Tx) (err error) {
		if a, err = tx.Account(ctx, julie.ID); err != nil {
			return err
		}
		a, err = s.Accounts.EraseIn(ctx, tx, account.Support("S-42"), a, s.now)
		return err
	})
	fmt.Println(a.Status, a.GivenName == "", err)
	// Output: anonymized true <nil>
}

func ExampleService_Held() {
	ctx := context.Background()
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{
		LegalHold: func(_ context.Context, id account.ID) (bool, error) {
			return id == "019ab000-0000-7000-8000-000000000001", nil // usually a question to the host's own tables
		},
	}))
	fmt.Println(h.Accounts.Held(ctx, "019ab000-0000-7000-8000-000000000001"))
	fmt.Println(h.Accounts.Held(ctx, "019ab000-0000-7000-8000-000000000002"))
	// Output:
	// true <nil>
	// false <nil>
}

// What is sensitive asks for a fresh proof: a host checks it before it shows the form, too.
func ExampleService_RequireProof() {
	s := newStage()
	julie := s.join("julie@workshop.example")
	fmt.Println(habilis.CodeOf(s.Accounts.RequireProof(julie, s.now)))
	julie.ProvenAt = s.now // a host gets the actor, and this with it, from Resume
	fmt.Println(s.Accounts.RequireProof(julie, s.now))
	// Output:
	// proof_required
	// <nil>
}

// How many programs a structure may have, and how long their secrets last.
func ExampleService_TechnicalPolicy() {
	p := newStage().Accounts.TechnicalPolicy()
	fmt.Println(p.PerStructure, p.Lifetime)
	// Output: 20 10176h0m0s
}
