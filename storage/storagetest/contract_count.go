package storagetest

import (
	"fmt"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

func countCases() []testCase {
	return []testCase{
		{"WhatListsGive", countsOfLists},
		{"PositionAside", countsFromTheStart},
		{"AnyOfNone", countsOfNone},
	}
}

func count(b *bench, c structure.Counting) structure.Counts {
	b.Helper()
	return list(b, func(tx storage.Tx) (structure.Counts, error) { return tx.Count(b.ctx, c) })
}

// counted stores nine of each kind that can be counted, in three structures.
func counted(b *bench) {
	b.Helper()
	b.update(func(tx storage.Tx) error {
		for n := range 9 {
			s, m, l, a := newStructure(n), newMembership(n), newSubscription(n), newAccount(n)
			m.Structure, l.Structure = structureID(n%3), structureID(n%3)
			if n%2 == 0 {
				s.Type, s.LegalName, s.Status = structure.Private, "Menuiserie", structure.StatusInactive
				m.Asked, m.Role = structure.Scope{}, structure.RoleSecondaryManager
				l.Status, l.Batch, a.FamilyName = structure.SubscriptionPending, "", "Éluard"
			}
			if err := everyOne(tx.PutStructure(b.ctx, s), tx.PutMembership(b.ctx, m), tx.PutSubscription(b.ctx, l)); err != nil {
				return err
			}
			if n == 8 {
				continue // a member whose account is not there
			}
			if err := tx.PutAccount(b.ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func everyOne(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func countsOfLists(b *bench) {
	counted(b)
	some := []structure.ID{structureID(0), structureID(2), structureID(77)}
	for _, q := range []structure.Query{
		{},
		{Any: "*menuiserie*"},
		{Name: "menu*"},
		{IDs: some},
		{Type: structure.Private},
		{Status: structure.StatusInactive},
		{Town: "paris"},
		{Any: "*e*", IDs: some, Type: structure.Private},
	} {
		b.equal(fmt.Sprintf("Count counts what Structures lists (%+v)", q),
			count(b, structure.Counting{Structures: &q}), structure.Counts{Structures: len(search(b, q))})
	}
	for _, q := range []structure.MembershipQuery{
		{},
		{Account: accountID(1)},
		{Structures: some},
		{Statuses: []structure.MembershipStatus{structure.StatusApproved}},
		{Undecided: true},
		{Role: structure.RoleSecondaryManager},
		{Service: serviceID(1)},
		{DueAt: minute(8)},
		{DueAt: minute(7)},
		{Person: account.Criteria{Family: "eluard"}},
		{Structures: some, ByName: true, Undecided: true},
		{Structures: some, Except: accountID(1), Once: true},
	} {
		b.equal(fmt.Sprintf("Count counts what Memberships lists (%+v)", q),
			count(b, structure.Counting{Memberships: &q}), structure.Counts{Memberships: len(members(b, q))})
	}
	for _, q := range []structure.SubscriptionQuery{
		{},
		{IDs: lineIDs(1, 4, 99)},
		{Account: accountID(1)},
		{Structures: some},
		{Space: authz.SpaceHome},
		{Batch: uuid(3)},
		{Statuses: []structure.SubscriptionStatus{structure.SubscriptionPending}},
		{DueAt: minute(8)},
		{DueAt: minute(7)},
		{Structures: some, Statuses: []structure.SubscriptionStatus{structure.SubscriptionPending}},
		{Structures: some, Except: accountID(1), Once: true},
	} {
		b.equal(fmt.Sprintf("Count counts what Subscriptions lists (%+v)", q),
			count(b, structure.Counting{Subscriptions: &q}), structure.Counts{Subscriptions: len(lines(b, q))})
	}
	b.equal("a Counting that asks for nothing counts nothing", count(b, structure.Counting{}), structure.Counts{})
	b.equal("Count answers several questions at once", count(b, structure.Counting{
		Structures: &structure.Query{Type: structure.Private}, Memberships: &structure.MembershipQuery{},
		Subscriptions: &structure.SubscriptionQuery{Account: accountID(1)},
	}), structure.Counts{Structures: 5, Memberships: 9, Subscriptions: 1})
	b.update(func(tx storage.Tx) error {
		err := everyOne(tx.PutStructure(b.ctx, newStructure(20)), tx.PutMembership(b.ctx, newMembership(20)), tx.PutSubscription(b.ctx, newSubscription(20)))
		if err != nil {
			return err
		}
		n, err := tx.Count(b.ctx, structure.Counting{
			Structures: &structure.Query{}, Memberships: &structure.MembershipQuery{}, Subscriptions: &structure.SubscriptionQuery{},
		})
		b.equal("Count sees the unit's own writes", n, structure.Counts{Structures: 10, Memberships: 10, Subscriptions: 10})
		return err
	})
}

func countsFromTheStart(b *bench) {
	counted(b)
	b.equal("Count knows neither position, Skip nor Limit", count(b, structure.Counting{
		Structures:    &structure.Query{AfterName: "z", AfterID: structureID(99), Skip: 3, Limit: 2},
		Memberships:   &structure.MembershipQuery{AfterAt: minute(4), AfterID: membershipID(4), Skip: 3, Limit: 2},
		Subscriptions: &structure.SubscriptionQuery{AfterAt: minute(4), AfterID: subscriptionID(4), Skip: 3, Limit: 2},
	}), structure.Counts{Structures: 9, Memberships: 9, Subscriptions: 9})
	q := structure.MembershipQuery{AfterAt: minute(4), AfterID: membershipID(4), Skip: 3, Limit: 2}
	count(b, structure.Counting{Memberships: &q})
	b.equal("Count leaves the query as it was", len(members(b, q)), 1)
	b.update(func(tx storage.Tx) error {
		for n := range 1101 {
			m := newMembership(100 + n)
			m.Structure = structureID(9)
			if err := tx.PutMembership(b.ctx, m); err != nil {
				return err
			}
		}
		return nil
	})
	b.equal("Count goes beyond what one list can hold", count(b, structure.Counting{
		Memberships: &structure.MembershipQuery{Structures: []structure.ID{structureID(9)}},
	}), structure.Counts{Memberships: 1101})
}

func countsOfNone(b *bench) {
	counted(b)
	b.equal("conditions that are empty and not nil count nothing", count(b, structure.Counting{
		Structures: &structure.Query{IDs: []structure.ID{}}, Memberships: &structure.MembershipQuery{Structures: []structure.ID{}},
		Subscriptions: &structure.SubscriptionQuery{Structures: []structure.ID{}},
	}), structure.Counts{})
	b.equal("a question that counts nothing leaves the others", count(b, structure.Counting{
		Structures: &structure.Query{}, Memberships: &structure.MembershipQuery{Structures: []structure.ID{}},
		Subscriptions: &structure.SubscriptionQuery{IDs: []structure.SubscriptionID{}},
	}), structure.Counts{Structures: 9})
}
