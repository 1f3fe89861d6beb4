package main

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis"
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// demoPassword is everybody's in the demonstration town.
const demoPassword = "Terneuil-2026-demo" //nolint:gosec // it protects a fictional town, and is printed at start

// resident is somebody of the demonstration town.
type resident struct{ GivenName, FamilyName, Login string }

func residents() []resident {
	return []resident{
		{"Pauline", "Dufour", "pauline.dufour@terneuil.example"}, // manages the CCAS
		{"Hubert", "Dufour", "hubert.dufour@terneuil.example"},   // is a member of one service
		{"Julie", "Bon", "julie.bon@terneuil.example"},           // belongs nowhere yet
		{"Odile", "Garnier", fictionalOfficer},                   // is data-protection officer
		{"Gaëlle", "Petit", fictionalOperator},                   // runs the portal
		{"Claire", "Fontaine", claire},                           // manages the hospital
	}
}

// fictionalOfficer is the data-protection officer of the demonstration town.
const fictionalOfficer = "odile.garnier@terneuil.example"

// fictionalOperator runs the portal of the demonstration town.
const fictionalOperator = "gaelle.petit@terneuil.example"

// town fills a database through the services, the way people and the operator would.
type town struct {
	h      *habilis.Habilis
	inbox  *notify.Inbox
	people map[string]account.Account // by given name
	behind time.Duration              // how far its clock is behind
}

// seed makes the demonstration town. Its mails stay here: they would only confuse in
// the mailbox, and their addresses are nobody's.
func seed(ctx context.Context, store storage.Store, keys *account.Keys, hashing account.Hashing) error {
	inbox := notify.NewInbox()
	t := &town{inbox: inbox, people: map[string]account.Account{}}
	h, err := habilis.New(store, &habilis.Options{
		Mailer: inbox, Keys: keys, Hashing: hashing, Now: func() time.Time { return time.Now().Add(-t.behind) },
	})
	if err != nil {
		return err
	}
	t.h = h
	if err := t.hospital(ctx); err != nil {
		return fmt.Errorf("hospital: %w", err)
	}
	for _, r := range residents() {
		if _, settled := t.people[r.GivenName]; settled {
			continue
		}
		if err := t.settle(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", r.GivenName, err)
		}
	}
	if err := t.found(ctx); err != nil {
		return err
	}
	_, err = h.Drain(ctx)
	return err
}

// settle opens an account and follows the link of its activation mail.
func (t *town) settle(ctx context.Context, r resident) error {
	_, err := t.h.Accounts.Register(ctx, account.Anonymous(), account.Registration{
		Login: r.Login, GivenName: r.GivenName, FamilyName: r.FamilyName, Language: "fr", AcceptConditions: true,
	})
	if err != nil {
		return err
	}
	if _, err := t.h.Drain(ctx); err != nil {
		return err
	}
	t.people[r.GivenName], err = t.h.Accounts.Activate(ctx, t.inbox.Token(r.Login), demoPassword)
	return err
}

// found opens the CCAS with its services, and lets Hubert join one of them.
func (t *town) found(ctx context.Context) error {
	pauline, hubert := account.Person(t.people["Pauline"].ID), account.Person(t.people["Hubert"].ID)
	ccas, err := t.h.Structures.Create(ctx, account.Support("DEMO-1"), structure.Creation{
		Identifier: structure.SIRET("26570134200148"), LegalName: "CCAS Terneuil", Type: structure.Public,
		Postcode: "57000", Town: "Terneuil", Principal: pauline.ID,
	})
	if err != nil {
		return fmt.Errorf("CCAS: %w", err)
	}
	services := map[string]structure.ServiceID{}
	for _, s := range []structure.ServiceSpec{
		{Code: "URBA", Name: "Urbanisme"}, {Code: "VOIE", Name: "Voirie"}, {Code: "ACHA", Name: "Achats"},
	} {
		u, err := t.h.Structures.AddService(ctx, pauline, ccas.ID, s)
		if err != nil {
			return fmt.Errorf("service %s: %w", s.Code, err)
		}
		services[s.Code] = u.ID
	}
	m, err := t.h.Structures.Request(ctx, hubert, structure.Request{
		Structure: ccas.ID, Services: []structure.ServiceID{services["VOIE"]}, Comment: "Je suis les marchés de voirie.",
	})
	if err != nil {
		return fmt.Errorf("asking for Hubert: %w", err)
	}
	if _, err := t.h.Structures.Approve(ctx, pauline, m.ID, structure.Approval{}); err != nil {
		return fmt.Errorf("approving Hubert: %w", err)
	}
	return nil
}
