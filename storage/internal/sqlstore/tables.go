package sqlstore

import (
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// tables holds every statement of a store, written once for its dialect.
type tables struct {
	accounts    *table[account.Account]
	links       *table[account.Link]
	throttles   *table[account.Throttle]
	attachments *table[account.Attachment]
	signIns     *table[mfa.SignIn]
	structures  *table[structure.Structure]
	units       *table[structure.Unit]
	memberships *table[structure.Membership]
	events      *table[notify.Event]
	messages    *table[notify.Message]

	accountByLogin        string
	linkByDigest          string
	signInsExpired        string
	structureByIdentifier string
	unitsOf               string
	standings             *table[structure.Standing]
	standing              string
	lastEvent             string
	enqueue               string
}

func newTables(d *Dialect) *tables {
	t := &tables{
		accounts:    accountTable().prepare(d),
		links:       linkTable().prepare(d),
		throttles:   throttleTable().prepare(d),
		attachments: attachmentTable().prepare(d),
		signIns:     signInTable().prepare(d),
		structures:  structureTable().prepare(d),
		units:       unitTable().prepare(d),
		memberships: membershipTable().prepare(d),
		events:      eventTable().prepare(d),
		messages:    messageTable().prepare(d),
	}
	t.accountByLogin = t.accounts.by(d, "login")
	t.linkByDigest = t.links.by(d, "digest")
	t.signInsExpired = d.rebind(t.signIns.selectAll + " WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ?")
	t.structureByIdentifier = t.structures.by(d, "identifier_scheme", "identifier_value")
	t.unitsOf = d.rebind(t.units.selectAll + " WHERE structure_id = ? ORDER BY code, id")
	t.standings, t.standing = standingTable(t), d.rebind(standingQuery(t))
	t.lastEvent = d.rebind(t.events.selectAll + " WHERE chain = ? ORDER BY sequence DESC LIMIT 1")
	t.enqueue = t.messages.insert + " ON CONFLICT (idempotency_key) DO NOTHING"
	return t
}
