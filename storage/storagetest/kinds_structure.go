package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func newStructure(n int) structure.Structure {
	return structure.Structure{
		ID: structureID(n), Identifier: structure.Identifier{Scheme: structure.SchemeSIRET, Value: fmt.Sprintf("%014d", n)},
		LegalName: fmt.Sprintf("Établissement %03d", n), Label: "Mairie", Type: structure.Public,
		Status: structure.StatusActive, Postcode: "38000", Town: "Grenoble",
		Spaces: []authz.Space{authz.SpaceHome, authz.SpaceMyAccount}, Delegated: authz.Delegation{Structure: true, Users: true},
		Sheet: structure.Sheet{
			Address: account.PostalAddress{Street: "2, quai", Complement: "Étage 3", Postcode: "97501", Town: "Langlade", Country: "FR"},
			Accounts: []structure.BankAccount{
				{ID: uuid(n), Label: "Régie", IBAN: "FR7630006000011234567890189", BIC: "AGRIFRPP"},
				{ID: uuid(n + 1), IBAN: "DE89370400440532013000"},
			},
			Mandate: structure.Mandate{
				Signatory: "Léa Bon", SignedAt: minute(6), Version: "2024-1", Document: account.AttachmentID(uuid(7)), By: accountID(8),
			},
		},
		Nomination: structure.Nomination{Account: accountID(3), By: accountID(4), At: minute(7), ExpiresAt: minute(8)},
		Directory:  structure.DirectoryExternal, Salt: "sel",
		CreatedAt: minute(1),
	}
}

func structureKind() kind[structure.Structure] {
	return kind[structure.Structure]{
		make: newStructure,
		bare: func(n int) structure.Structure {
			s := newStructure(n)
			return structure.Structure{ID: s.ID, Identifier: s.Identifier, Type: s.Type, Status: s.Status}
		},
		get: func(ctx context.Context, tx storage.Tx, s structure.Structure) (structure.Structure, error) {
			return tx.Structure(ctx, s.ID)
		},
		insert: func(ctx context.Context, tx storage.Tx, s structure.Structure) error { return tx.PutStructure(ctx, s) },
		put:    func(ctx context.Context, tx storage.Tx, s structure.Structure) error { return tx.PutStructure(ctx, s) },
		list: func(ctx context.Context, tx storage.Tx, _ structure.Structure) ([]structure.Structure, error) {
			return tx.Structures(ctx, structure.Query{})
		},
		version: func(s *structure.Structure) *int64 { return &s.Version },
		change:  func(s *structure.Structure, n int) { s.Label = fmt.Sprint("Mairie ", n) },
		texts: func(s *structure.Structure) []*string {
			address, mandate := &s.Sheet.Address, &s.Sheet.Mandate
			texts := []*string{
				&s.LegalName, &s.Label, &s.Postcode, &s.Town, &s.Salt,
				&address.Street, &address.Complement, &address.Town, &mandate.Signatory, &mandate.Version,
			}
			for i := range s.Sheet.Accounts {
				texts = append(texts, &s.Sheet.Accounts[i].Label)
			}
			return texts
		},
		times: func(s *structure.Structure) []*time.Time {
			return []*time.Time{&s.CreatedAt, &s.Sheet.Mandate.SignedAt, &s.Nomination.At, &s.Nomination.ExpiresAt}
		},
		scrawl: func(s *structure.Structure) {
			blot(s.Spaces, "scrawl")
			blot(s.Sheet.Accounts, structure.BankAccount{ID: "scrawl"})
		},
	}
}

func newUnit(n int) structure.Unit {
	return structure.Unit{
		ID: serviceID(n), Structure: structureID(1), Code: fmt.Sprintf("CODE%d", n), Name: "Urbanisme", Active: true,
		Validity: validity(1), CreatedAt: minute(3),
	}
}

func unitKind() kind[structure.Unit] {
	return kind[structure.Unit]{
		make: newUnit,
		bare: func(n int) structure.Unit {
			u := newUnit(n)
			return structure.Unit{ID: u.ID, Structure: u.Structure, Code: u.Code}
		},
		get: func(ctx context.Context, tx storage.Tx, u structure.Unit) (structure.Unit, error) {
			return tx.Unit(ctx, u.ID)
		},
		insert:  func(ctx context.Context, tx storage.Tx, u structure.Unit) error { return tx.PutUnit(ctx, u) },
		put:     func(ctx context.Context, tx storage.Tx, u structure.Unit) error { return tx.PutUnit(ctx, u) },
		version: func(u *structure.Unit) *int64 { return &u.Version },
		change:  func(u *structure.Unit, n int) { u.Name = fmt.Sprint("Urbanisme ", n) },
		texts:   func(u *structure.Unit) []*string { return []*string{&u.Name} },
		times: func(u *structure.Unit) []*time.Time {
			return []*time.Time{&u.Validity.From, &u.Validity.Until, &u.CreatedAt}
		},
	}
}

func newMembership(n int) structure.Membership {
	return structure.Membership{
		ID: membershipID(n), Account: accountID(n), Structure: structureID(1),
		Status: structure.StatusApproved, Role: structure.RoleMember,
		Granted: structure.Scope{Services: []structure.ServiceID{serviceID(1), serviceID(2)}},
		Asked:   structure.Scope{Services: []structure.ServiceID{serviceID(3)}}, Validity: validity(1),
		Comment: structure.Note{Text: "s'il vous plaît", Salt: "sel"}, Reason: structure.Note{Text: "non", Salt: "poivre"},
		Via: structureID(6), RemindedAt: minute(7), DueAt: minute(8),
		RequestedAt: minute(n), DecidedAt: minute(4), DecidedBy: accountID(9), CreatedAt: minute(5),
	}
}

func membershipKind() kind[structure.Membership] {
	return kind[structure.Membership]{
		make: newMembership,
		bare: func(n int) structure.Membership {
			return structure.Membership{
				ID: membershipID(n), Account: accountID(n), Structure: structureID(1),
				Status: structure.StatusPending, Role: structure.RoleMember,
			}
		},
		get: func(ctx context.Context, tx storage.Tx, m structure.Membership) (structure.Membership, error) {
			return tx.Membership(ctx, m.ID)
		},
		insert: func(ctx context.Context, tx storage.Tx, m structure.Membership) error {
			return tx.PutMembership(ctx, m)
		},
		put: func(ctx context.Context, tx storage.Tx, m structure.Membership) error {
			return tx.PutMembership(ctx, m)
		},
		list: func(ctx context.Context, tx storage.Tx, _ structure.Membership) ([]structure.Membership, error) {
			return tx.Memberships(ctx, structure.MembershipQuery{})
		},
		version: func(m *structure.Membership) *int64 { return &m.Version },
		change:  func(m *structure.Membership, n int) { m.Comment.Text = fmt.Sprint("encore ", n) },
		texts: func(m *structure.Membership) []*string {
			return []*string{&m.Comment.Text, &m.Comment.Salt, &m.Reason.Text, &m.Reason.Salt}
		},
		times: func(m *structure.Membership) []*time.Time {
			return []*time.Time{&m.Validity.From, &m.Validity.Until, &m.RemindedAt, &m.DueAt, &m.RequestedAt, &m.DecidedAt, &m.CreatedAt}
		},
		scrawl: func(m *structure.Membership) {
			blot(m.Granted.Services, serviceID(99))
			blot(m.Asked.Services, serviceID(99))
		},
	}
}

func newSubscription(n int) structure.Subscription {
	return structure.Subscription{
		ID: subscriptionID(n), Account: accountID(n), Structure: structureID(1), Service: serviceID(2),
		Space: authz.SpaceHome, Level: authz.Write, Status: structure.SubscriptionApproved, Origin: structure.OriginManager,
		Batch: uuid(3), Validity: validity(1),
		Comment: structure.Note{Text: "pour les marchés", Salt: "sel"}, Reason: structure.Note{Text: "oui", Salt: "poivre"},
		RemindedAt: minute(7), DueAt: minute(8),
		RequestedAt: minute(n), DecidedAt: minute(4), DecidedBy: accountID(9), CreatedAt: minute(5),
	}
}

func subscriptionKind() kind[structure.Subscription] {
	return kind[structure.Subscription]{
		make: newSubscription,
		bare: func(n int) structure.Subscription {
			return structure.Subscription{
				ID: subscriptionID(n), Account: accountID(n), Structure: structureID(1),
				Space: authz.SpaceHome, Level: authz.Write, Status: structure.SubscriptionPending,
			}
		},
		get: func(ctx context.Context, tx storage.Tx, s structure.Subscription) (structure.Subscription, error) {
			found, err := tx.Subscriptions(ctx, structure.SubscriptionQuery{IDs: []structure.SubscriptionID{s.ID}})
			if err == nil && len(found) == 0 {
				return s, storage.ErrNotFound
			}
			return append(found, s)[0], err
		},
		insert: func(ctx context.Context, tx storage.Tx, s structure.Subscription) error {
			return tx.PutSubscription(ctx, s)
		},
		put: func(ctx context.Context, tx storage.Tx, s structure.Subscription) error {
			return tx.PutSubscription(ctx, s)
		},
		list: func(ctx context.Context, tx storage.Tx, _ structure.Subscription) ([]structure.Subscription, error) {
			return tx.Subscriptions(ctx, structure.SubscriptionQuery{})
		},
		version: func(s *structure.Subscription) *int64 { return &s.Version },
		change:  func(s *structure.Subscription, n int) { s.Comment.Text = fmt.Sprint("encore ", n) },
		texts: func(s *structure.Subscription) []*string {
			return []*string{&s.Comment.Text, &s.Comment.Salt, &s.Reason.Text, &s.Reason.Salt}
		},
		times: func(s *structure.Subscription) []*time.Time {
			return []*time.Time{
				&s.Validity.From, &s.Validity.Until, &s.RemindedAt, &s.DueAt, &s.RequestedAt, &s.DecidedAt, &s.CreatedAt,
			}
		},
	}
}
