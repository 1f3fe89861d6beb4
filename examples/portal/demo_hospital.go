package main

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// claire is principal manager of the hospital of the demonstration town.
const claire = "claire.fontaine@terneuil.example"

// staff are the people of the hospital: nobody needs to sign in as them.
func staff() []resident {
	return []resident{
		{"Nadia", "Benali", "nadia.benali@terneuil.example"},
		{"Marc", "Lefèvre", "marc.lefevre@terneuil.example"},
		{"Sofia", "Costa", "sofia.costa@terneuil.example"},
		{"Jean-Christophe", "de La Tour du Pin Chambly", "jean-christophe.de-la-tour-du-pin-chambly@hopital.terneuil.example"},
		{"Paul", "Girard", "paul.girard@terneuil.example"},
		{"Amina", "Diallo", "amina.diallo@terneuil.example"},
		{"Léo", "Marchand", "leo.marchand@terneuil.example"},
		{"Jules", "Martin", "jules.martin@terneuil.example"}, // belongs nowhere
	}
}

// hospital opens the hospital some days ago, with members of every kind and with
// requests of several ages that wait for its manager.
func (t *town) hospital(ctx context.Context) error {
	t.back(16)
	for _, r := range append([]resident{{"Claire", "Fontaine", claire}}, staff()...) {
		if err := t.settle(ctx, r); err != nil {
			return fmt.Errorf("%s: %w", r.GivenName, err)
		}
	}
	boss := account.Person(t.people["Claire"].ID)
	st, err := t.h.Structures.Create(ctx, account.Support("DEMO-2"), structure.Creation{
		Identifier: structure.SIRET("26570135900019"), LegalName: "Hôpital de Terneuil sur Seine", Type: structure.Public,
		Postcode: "57000", Town: "Terneuil", Principal: boss.ID,
	})
	if err != nil {
		return err
	}
	wards := map[string]structure.ServiceID{}
	for _, s := range []structure.ServiceSpec{{Code: "ACHA", Name: "Achats"}, {Code: "CARD", Name: "Cardiologie"}, {Code: "URGE", Name: "Urgences"}} {
		u, err := t.h.Structures.AddService(ctx, boss, st.ID, s)
		if err != nil {
			return err
		}
		wards[s.Code] = u.ID
	}
	for _, space := range []authz.Space{authz.SpaceWorksInvoices, authz.SpaceInvoicesToValidate} {
		if _, err := t.h.Structures.OpenSpace(ctx, boss, st.ID, space); err != nil {
			return err
		}
	}
	if err := t.employ(ctx, st.ID, wards); err != nil {
		return err
	}
	if err := t.happen(ctx, st.ID, wards); err != nil {
		return err
	}
	return t.wait(ctx, st.ID, wards)
}

// employ attaches the members of the hospital.
func (t *town) employ(ctx context.Context, id structure.ID, wards map[string]structure.ServiceID) error {
	boss, today := account.Person(t.people["Claire"].ID), authz.DateOf(time.Now())
	held := map[string]structure.MembershipID{}
	for _, n := range []struct {
		who  string
		role structure.Role
		ward string // "" for all of it
		from authz.Date
		to   authz.Date
	}{
		{who: "Nadia", role: structure.RoleSecondaryManager},
		{who: "Marc", ward: "URGE"},
		{who: "Sofia", ward: "CARD", from: today.AddDays(20), to: today.AddDays(385)},
		{who: "Jean-Christophe", ward: "ACHA"},
		{who: "Paul", ward: "CARD", to: today.AddDays(-1)},
	} {
		in := structure.NewMember{
			Structure: id, Account: t.people[n.who].ID, Role: n.role, Whole: n.ward == "", From: n.from, Until: n.to,
			Comment: "Affectation du service du personnel.",
		}
		if n.ward != "" {
			in.Services = []structure.ServiceID{wards[n.ward]}
		}
		m, err := t.h.Structures.Attach(ctx, boss, in)
		if err != nil {
			return fmt.Errorf("attaching %s: %w", n.who, err)
		}
		held[n.who] = m.ID
	}
	_, err := t.h.Structures.DisableMembers(ctx, boss, held["Jean-Christophe"])
	return err
}

// happen lets a fortnight of business go by, as the host's own programs would tell of it.
func (t *town) happen(ctx context.Context, id structure.ID, wards map[string]structure.ServiceID) error {
	for _, n := range []struct {
		days          int
		ward, subject string
		kind          notify.NoticeKind
	}{
		{13, "ACHA", "Facture HSS-2041", "invoice.received"},
		{11, "ACHA", "Facture HSS-2041", "invoice.progressed"},
		{8, "CARD", "Facture HSS-2042", "invoice.received"},
		{5, "URGE", "Facture HSS-2043", "invoice.received"},
		{3, "ACHA", "Facture HSS-2041", "invoice.paid"},
		{1, "URGE", "Facture HSS-2043", "invoice.rejected"},
	} {
		t.back(n.days)
		if _, err := t.h.Notices.Publish(ctx, notify.Notice{
			Category: notify.CategoryInvoicing, Kind: n.kind, Structure: id, Service: wards[n.ward], Space: authz.SpaceInvoicesReceived, Subject: n.subject,
		}); err != nil {
			return fmt.Errorf("telling of %s: %w", n.subject, err)
		}
	}
	return nil
}

// wait lets requests of both kinds wait, each some days old.
func (t *town) wait(ctx context.Context, id structure.ID, wards map[string]structure.ServiceID) error {
	t.back(6)
	amina, leo, marc, nadia := t.people["Amina"].ID, t.people["Léo"].ID, t.people["Marc"].ID, t.people["Nadia"].ID
	if _, err := t.h.Structures.Request(ctx, account.Person(amina), structure.Request{
		Structure: id, Whole: true, Comment: "Je remplace la directrice adjointe et dois suivre toutes les factures de l’établissement.",
	}); err != nil {
		return fmt.Errorf("asking for Amina: %w", err)
	}
	t.back(4)
	if _, err := t.h.Structures.RequestSubscriptions(ctx, account.Person(marc), structure.SubscriptionRequest{
		Structure: id, From: authz.DateOf(time.Now().AddDate(0, 0, 1)), Comment: "Je valide les factures des urgences.",
		Lines: []structure.Line{
			{Service: wards["URGE"], Space: authz.SpaceInvoicesToValidate, Level: authz.Read},
			{Service: wards["URGE"], Space: authz.SpaceInvoicesToValidate, Level: authz.Write},
			{Service: wards["URGE"], Space: authz.SpaceWorksInvoices, Level: authz.Read},
		},
	}); err != nil {
		return fmt.Errorf("asking for Marc: %w", err)
	}
	t.back(1)
	if _, err := t.h.Structures.Request(ctx, account.Person(leo), structure.Request{
		Structure: id, Services: []structure.ServiceID{wards["CARD"], wards["URGE"]}, Comment: "Infirmier de nuit.",
	}); err != nil {
		return fmt.Errorf("asking for Léo: %w", err)
	}
	t.back(0)
	if _, err := t.h.Structures.RequestSubscriptions(ctx, account.Person(nadia), structure.SubscriptionRequest{
		Structure: id, From: authz.DateOf(time.Now().AddDate(0, 0, 1)), Lines: []structure.Line{{Space: authz.SpaceWorksInvoices, Level: authz.Write}},
	}); err != nil {
		return fmt.Errorf("asking for Nadia: %w", err)
	}
	return nil
}

// back sets the clock of the town some days back.
func (t *town) back(days int) { t.behind = time.Duration(days) * 24 * time.Hour }
