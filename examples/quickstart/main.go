package main

import (
	"context"
	"fmt"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

func main() {
	ctx, inbox := context.Background(), notify.NewInbox() // keeps mails in memory; smtp.New sends them
	h := habilis.Must(habilis.New(memory.New(), &habilis.Options{Mailer: inbox}))
	join := func(login, given, family string) account.Actor { // register, open the mail, activate
		form := account.Registration{Login: login, GivenName: given, FamilyName: family, AcceptConditions: true}
		habilis.Must(h.Accounts.Register(ctx, account.Anonymous(), form))
		habilis.Must(h.Drain(ctx))
		return account.Person(habilis.Must(h.Accounts.Activate(ctx, inbox.Token(login), "Correct-Horse-7")).ID)
	}
	boss, clerk := join("pauline@atelier.example", "Pauline", "Dufour"), join("julie@atelier.example", "Julie", "Bon")
	place := habilis.Must(h.Structures.Create(ctx, boss, structure.Creation{
		Identifier: structure.SIRET("55203253400646"), LegalName: "Atelier Dufour", Type: structure.Private,
	}))
	urba := habilis.Must(h.Structures.AddService(ctx, boss, place.ID, structure.ServiceSpec{Code: "URBA", Name: "Urbanisme"}))
	asked := habilis.Must(h.Structures.Request(ctx, clerk, structure.Request{
		Structure: place.ID, Services: []structure.ServiceID{urba.ID}, Comment: "planning files",
	}))
	question := authz.Request{Account: clerk.ID, Structure: place.ID, Service: urba.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Write}
	fmt.Println(habilis.Must(h.Authz.Check(ctx, question)))
	fmt.Println(habilis.Must(h.Preview(ctx, func(h *habilis.Habilis) error { // what approving would change; nothing happens yet
		_, err := h.Structures.Approve(ctx, boss, asked.ID, structure.Approval{})
		return err
	})))
	habilis.Must(h.Structures.Approve(ctx, boss, asked.ID, structure.Approval{}))
	fmt.Println(habilis.Must(h.Authz.Check(ctx, question)))
}
