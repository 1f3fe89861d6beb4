package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// What is read of a follower. Rows of accounts are wide, and millions are read in a row; what the
// conditions say is not read, and names only where they are asked for.
const (
	followerColumns      = "SELECT id, contact_email, language, notices FROM habilis_accounts"
	namedFollowerColumns = "SELECT id, contact_email, language, notices, given_name, family_name FROM habilis_accounts"
	holdingColumns       = "SELECT account_id, structure_id, role, granted_whole, granted_services, valid_from, valid_until FROM habilis_memberships"
	subscribedColumns    = "SELECT account_id, structure_id, service_id, space, level, valid_from, valid_until FROM habilis_subscriptions"
)

// followerFields returns the fields of a list of followers, most of whom want the same.
func followerFields(named bool) func(*structure.Follower) []any {
	known := map[string]notify.Preferences{}
	return func(f *structure.Follower) []any {
		row := []any{
			(*string)(&f.Account), &f.ContactEmail, &f.Language,
			&frequentNotices{document: noticesColumn(&f.Notices), known: known},
		}
		if named {
			row = append(row, &f.GivenName, &f.FamilyName)
		}
		return row
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

func holdingFields(m *structure.HeldMembership) []any {
	return []any{
		(*string)(&m.Structure), (*string)(&m.Role),
		&m.Granted.Whole, words(&m.Granted.Services), never(&m.Validity.From), never(&m.Validity.Until),
	}
}

func subscribedFields(s *structure.HeldSubscription) []any {
	return []any{
		(*string)(&s.Structure), (*string)(&s.Service), (*string)(&s.Space), (*string)(&s.Level),
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
	columns := followerColumns
	if q.Named {
		columns = namedFollowerColumns
	}
	query, args := w.query(d, columns, "id", q.Capped())
	var people []structure.Follower
	if q.Account == "" {
		people = make([]structure.Follower, 0, q.Capped())
	}
	if err := tx.ask(ctx, ctx, all(&people, followerFields(q.Named), query, args...)); err != nil || len(people) == 0 {
		return nil, err
	}
	var own where
	own.and("account_id >= ?", string(people[0].Account))
	own.and("account_id <= ?", string(people[len(people)-1].Account))
	own.and("status = 'approved'")
	own.equal("structure_id", string(q.Structure))
	err := tx.ask(ctx, ctx,
		held(people, holdingFields, func(f *structure.Follower, m []structure.HeldMembership) { f.Memberships = m },
			d.rebind(own.selection(holdingColumns)+" ORDER BY account_id, structure_id"), own.args...),
		held(people, subscribedFields, func(f *structure.Follower, s []structure.HeldSubscription) { f.Subscriptions = s },
			d.rebind(own.selection(subscribedColumns)+" ORDER BY account_id, structure_id, service_id, space, level"), own.args...))
	if err != nil {
		return nil, err
	}
	return people, nil
}

// held reads rows about people in the order of people, the first column of which says
// whose a row is, and gives each of the people the own ones.
func held[T any](people []structure.Follower, fields func(*T) []any, give func(*structure.Follower, []T), query string, args ...any) Read {
	return Read{Query: query, Args: args, Take: func(rows Rows) error {
		var v T
		who := owner{people: people}
		row := append([]any{&who}, fields(&v)...)
		list, own := make([]T, 0, len(people)), 0 // those of the person before begin at own
		next := func() {
			if n := len(list); n > own {
				give(&people[who.last], list[own:n:n])
				own = n
			}
			who.last = who.at
		}
		for rows.Next() {
			if err := rows.Scan(row...); err != nil {
				return err
			}
			if who.at != who.last {
				next()
			}
			if who.known {
				list = append(list, v)
			}
		}
		next()
		return rows.Err()
	}}
}

// owner is a column that says whose a row is, of some people in the order of rows.
type owner struct {
	people   []structure.Follower
	at, last int  // whose this row is, and the one before
	known    bool // whether it is anybody's of them
}

// Scan finds the owner.
func (o *owner) Scan(src any) error { return scanText(o, src) }

// ScanText implements TextField.
func (o *owner) ScanText(text []byte) error {
	for o.at < len(o.people)-1 && string(o.people[o.at].Account) < string(text) {
		o.at++
	}
	o.known = string(o.people[o.at].Account) == string(text)
	return nil
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
	return []any{(*string)(&v.Structure), &v.LegalName, &v.Label, (*string)(&v.Type), (*string)(&v.Status), words(&v.Spaces)}
}

// venuesAtOnce is how many structures one statement reads, as a list of arguments.
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
	for part := range slices.Chunk(wanted, d.chunk(venuesAtOnce)) {
		var venues, offered where
		arrayed(&venues, d, "id", part)
		arrayed(&offered, d, "structure_id", part)
		reads = append(reads,
			all(&found, venueFields, d.rebind(venues.selection(venueColumns)+" ORDER BY id"), venues.args...),
			all(&units, t.fields, d.rebind(offered.selection(t.selectAll)+" ORDER BY structure_id, code, id"), offered.args...))
	}
	if err := tx.ask(ctx, ctx, reads...); err != nil {
		return nil, err
	}
	for i := range found {
		found[i].Units, units = split(units, string(found[i].Structure), func(u *structure.Unit) string { return string(u.Structure) })
	}
	return found, nil
}
