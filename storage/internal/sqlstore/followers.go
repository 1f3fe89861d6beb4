package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// What is read of a follower. Rows of accounts are wide, and millions are read in a row; what the
// conditions say is not read.
const (
	followerColumns   = "SELECT id, contact_email, given_name, family_name, language, notices FROM habilis_accounts"
	holdingColumns    = "SELECT account_id, structure_id, role, granted_whole, granted_services, valid_from, valid_until FROM habilis_memberships"
	subscribedColumns = "SELECT account_id, structure_id, service_id, space, level, valid_from, valid_until FROM habilis_subscriptions"
)

// followerFields returns the fields of a list of followers, most of whom want the same.
func followerFields() func(*account.Account) []any {
	known := map[string]notify.Preferences{}
	return func(a *account.Account) []any {
		return []any{
			(*string)(&a.ID), &a.ContactEmail, &a.GivenName, &a.FamilyName, &a.Language,
			&frequentNotices{document: noticesColumn(&a.Notices), known: known},
		}
	}
}

// frequentNotices reads each text once.
type frequentNotices struct {
	document[notify.Preferences]

	known map[string]notify.Preferences
}

// Scan reads the JSON.
func (c *frequentNotices) Scan(src any) error { return scanText(c, src) }

// ScanText implements TextField.
func (c *frequentNotices) ScanText(text []byte) error {
	p, ok := c.known[string(text)]
	if !ok {
		if err := c.document.ScanText(text); err != nil {
			return err
		}
		p = *c.value
		c.known[string(text)] = p
	}
	p.Categories = slices.Clone(p.Categories) // each has its own
	*c.value = p
	return nil
}

// rhythmsAsked selects the people whose preferences ask for any of some rhythms, by the
// text that these are kept as. No string in it holds a quotation mark without a backslash
// before it, so what stands here is a member and never part of a name.
func rhythmsAsked(rhythms []notify.Rhythm) string {
	var asked []string
	for _, r := range rhythms {
		switch r {
		case notify.AtOnce, notify.Daily, notify.Weekly:
			asked = append(asked, `notices LIKE '%"`+string(r)+`":true%'`)
		}
	}
	if asked == nil {
		return "1 = 0" // nobody asks for what there is not
	}
	return `notices LIKE '%"on":true%' AND (` + strings.Join(asked, " OR ") + ")"
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
	if len(q.Rhythms) > 0 {
		w.and(rhythmsAsked(q.Rhythms))
	}
	query, args := w.query(d, followerColumns, "id", q.Capped())
	var people []account.Account
	if err := tx.ask(ctx, ctx, all(&people, followerFields(), query, args...)); err != nil || len(people) == 0 {
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
		found[i].Memberships, memberships = split(memberships, string(a.ID), func(m *structure.Membership) string { return string(m.Account) })
		found[i].Subscriptions, subscriptions = split(subscriptions, string(a.ID), func(s *structure.Subscription) string { return string(s.Account) })
	}
	return found, nil
}

// split splits off what belongs to an identifier from a list in the order of identifiers.
func split[T any](all []T, id string, of func(*T) string) (own, rest []T) {
	for len(all) > 0 && of(&all[0]) < id {
		all = all[1:] // of something that is not asked for
	}
	n := 0
	for n < len(all) && of(&all[n]) == id {
		n++
	}
	if n == 0 {
		return nil, all
	}
	return all[:n:n], all[n:]
}

// venueColumns are what is read of a structure in which something happens.
const venueColumns = "SELECT id, legal_name, label, type, status, spaces FROM habilis_structures"

func venueFields(v *structure.Venue) []any {
	s := &v.Structure
	return []any{(*string)(&s.ID), &s.LegalName, &s.Label, (*string)(&s.Type), (*string)(&s.Status), words(&s.Spaces)}
}

// venuesAtOnce is how many structures one statement reads.
const venuesAtOnce = 512

// Venues implements storage.Tx.
func (tx *Tx) Venues(ctx context.Context, ids []structure.ID) ([]structure.Venue, error) {
	if len(ids) == 0 {
		return nil, tx.ready(ctx) // of none
	}
	d, t := tx.store.dialect, tx.store.tables.units
	wanted := slices.Clone(ids)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	found := make([]structure.Venue, 0, len(wanted))
	var units []structure.Unit
	var reads []Read
	for part := range slices.Chunk(wanted, venuesAtOnce) {
		var venues, offered where
		in(&venues, "id", part)
		in(&offered, "structure_id", part)
		reads = append(reads,
			all(&found, venueFields, d.rebind(venues.selection(venueColumns)+" ORDER BY id"), venues.args...),
			all(&units, t.fields, d.rebind(offered.selection(t.selectAll)+" ORDER BY structure_id, code, id"), offered.args...))
	}
	if err := tx.ask(ctx, ctx, reads...); err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Units, units = split(units, string(found[i].Structure.ID), func(u *structure.Unit) string { return string(u.Structure) })
	}
	return found, nil
}
