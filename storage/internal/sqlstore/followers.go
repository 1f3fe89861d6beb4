package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

// What is read of a follower. Rows of accounts are wide, and millions are read in a row; what the
// conditions say is not read.
const (
	followerColumns   = "SELECT id, contact_email, given_name, family_name, language, notices FROM habilis_accounts"
	holdingColumns    = "SELECT account_id, structure_id, role, granted_whole, granted_services, valid_from, valid_until FROM habilis_memberships"
	subscribedColumns = "SELECT account_id, structure_id, service_id, space, level, valid_from, valid_until FROM habilis_subscriptions"
)

func followerFields(a *account.Account) []any {
	return []any{
		(*string)(&a.ID), &a.ContactEmail, &a.GivenName, &a.FamilyName, &a.Language,
		noticesColumn(&a.Notices),
	}
}

func holdingFields(m *structure.Membership) []any {
	return []any{
		(*string)(&m.Account), (*string)(&m.Structure), (*string)(&m.Role),
		&m.Granted.Whole, words(&m.Granted.Services), never(&m.Validity.From), never(&m.Validity.Until),
	}
}

func subscribedFields(s *structure.Subscription) []any {
	return []any{
		(*string)(&s.Account), (*string)(&s.Structure), (*string)(&s.Service), (*string)(&s.Space), (*string)(&s.Level),
		never(&s.Validity.From), never(&s.Validity.Until),
	}
}

// Followers implements storage.Tx. What people hold is read for the whole span of
// identifiers from the first to the last one found: a walk along one index.
func (tx *Tx) Followers(ctx context.Context, q structure.FollowerQuery) ([]structure.Follower, error) {
	d := tx.store.dialect
	var w where
	w.and("status = 'active'")
	w.and("kind = 'person'")
	w.equal("id", string(q.Account))
	if q.After != "" {
		w.and("id > ?", string(q.After))
	}
	if q.Structure != "" {
		w.and("id IN (SELECT account_id FROM habilis_memberships WHERE structure_id = ? AND status = 'approved')", string(q.Structure))
	}
	query, args := w.query(d, followerColumns, "id", q.Capped())
	var people []account.Account
	if err := tx.ask(ctx, ctx, all(&people, followerFields, query, args...)); err != nil || len(people) == 0 {
		return nil, err
	}
	var held where
	held.and("account_id >= ?", string(people[0].ID))
	held.and("account_id <= ?", string(people[len(people)-1].ID))
	held.and("status = 'approved'")
	held.equal("structure_id", string(q.Structure))
	var memberships []structure.Membership
	var subscriptions []structure.Subscription
	err := tx.ask(ctx, ctx,
		all(&memberships, holdingFields, d.rebind(held.selection(holdingColumns)+" ORDER BY account_id, structure_id"), held.args...),
		all(&subscriptions, subscribedFields,
			d.rebind(held.selection(subscribedColumns)+" ORDER BY account_id, structure_id, service_id, space, level"), held.args...))
	if err != nil {
		return nil, err
	}
	found := make([]structure.Follower, len(people))
	for i := range memberships {
		memberships[i].Status = structure.StatusApproved
	}
	for i := range subscriptions {
		subscriptions[i].Status = structure.SubscriptionApproved
	}
	for i, a := range people {
		a.Kind, a.Status = account.KindPerson, account.StatusActive
		found[i].Account = a
		found[i].Memberships, memberships = ofAccount(memberships, a.ID, func(m structure.Membership) account.ID { return m.Account })
		found[i].Subscriptions, subscriptions = ofAccount(subscriptions, a.ID, func(s structure.Subscription) account.ID { return s.Account })
	}
	return found, nil
}

// ofAccount splits off what belongs to an account from a list in the order of accounts.
func ofAccount[T any](all []T, id account.ID, of func(T) account.ID) (own, rest []T) {
	for len(all) > 0 && strings.Compare(string(of(all[0])), string(id)) < 0 {
		all = all[1:] // of somebody who is not among the people
	}
	n := 0
	for n < len(all) && of(all[n]) == id {
		n++
	}
	return slices.Clip(all[:n]), all[n:]
}

// UnitsIn implements storage.Tx.
func (tx *Tx) UnitsIn(ctx context.Context, ids []structure.ID) ([]structure.Unit, error) {
	if len(ids) == 0 {
		return nil, tx.ready(ctx) // of none
	}
	t := tx.store.tables.units
	var w where
	in(&w, "structure_id", ids)
	return list(ctx, tx, t, tx.store.dialect.rebind(w.selection(t.selectAll)+" ORDER BY structure_id, code, id"), w.args...)
}
