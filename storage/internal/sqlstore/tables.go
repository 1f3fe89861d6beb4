package sqlstore

import (
	"fmt"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// tables holds every statement of a store, written once for its dialect.
type tables struct {
	accounts      *table[account.Account]
	cards         *table[account.Card] // the table of accounts, for reading
	links         *table[account.Link]
	throttles     *table[account.Throttle]
	attachments   *table[account.Attachment]
	signIns       *table[mfa.SignIn]
	factors       *table[mfa.Factor]
	structures    *table[structure.Structure]
	units         *table[structure.Unit]
	memberships   *table[structure.Membership]
	subscriptions *table[structure.Subscription]
	events        *table[notify.Event]
	messages      *table[notify.Message]
	notices       *table[notify.Notice]
	runs          *table[notify.Run]

	accountByLogin        string
	keepActive            string
	keepActiveStrict      string
	linkByDigest          string
	signInsExpired        string
	factorsOf             string
	factorsExpired        string
	factorByCredential    string
	structureByIdentifier string
	unitsOf               string
	membershipOf          string
	lastEvent, head       string
	enqueue               string
	putMessage            string
	putMessageStrict      string
	dropNotices           string

	// What is around a membership, by its id: its structure and the end of that one's
	// chain; itself and the membership of another account in that structure; its
	// account and another.
	structureAround, headAround, membershipsAround, accountsAround string

	// Who is heard in a structure: its principal manager, the account of that one and
	// another, and the lines that give powers of a manager, in no order.
	principal, accountsHearing, organisers string
}

func newTables(d *Dialect) *tables {
	t := &tables{
		accounts:      accountTable().prepare(d),
		cards:         cardTable().prepare(d),
		links:         linkTable().prepare(d),
		throttles:     throttleTable().prepare(d),
		attachments:   attachmentTable().prepare(d),
		signIns:       signInTable().prepare(d),
		factors:       factorTable().prepare(d),
		structures:    structureTable().prepare(d),
		units:         unitTable().prepare(d),
		memberships:   membershipTable().prepare(d),
		subscriptions: subscriptionTable().prepare(d),
		events:        eventTable().prepare(d),
		messages:      messageTable().prepare(d),
		notices:       noticeTable().prepare(d),
		runs:          runTable().prepare(d),
	}
	t.accountByLogin = t.accounts.by(d, "login")
	t.keepActive = d.rebind("SELECT 1 FROM habilis_accounts WHERE id = ? AND status = 'active'" + d.Share)
	t.keepActiveStrict = "SELECT 1 / count(*) FROM (" + t.keepActive + ") AS kept"
	t.linkByDigest = t.links.by(d, "digest")
	t.signInsExpired = d.rebind(t.signIns.selectAll + " WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ?")
	t.factorsOf = d.rebind(t.factors.selectAll + " WHERE account_id = ? ORDER BY id")
	t.factorsExpired = d.rebind(t.factors.selectAll + " WHERE expires_at <= ? ORDER BY expires_at, id LIMIT ?")
	t.factorByCredential = d.rebind(t.factors.selectAll + " WHERE credential = ? AND credential <> ''")
	t.structureByIdentifier = t.structures.by(d, "identifier_scheme", "identifier_value")
	t.unitsOf = d.rebind(t.units.selectAll + " WHERE structure_id = ? ORDER BY code, id")
	t.membershipOf = t.memberships.by(d, "account_id", "structure_id")
	t.lastEvent = d.rebind(t.events.selectAll + " WHERE chain = ? ORDER BY sequence DESC LIMIT 1")
	head := "SELECT sequence, recorded_at, hash FROM habilis_events WHERE chain = %s ORDER BY sequence DESC LIMIT 1"
	t.head = d.rebind(fmt.Sprintf(head, "?"))

	account := "(SELECT account_id FROM habilis_memberships WHERE id = ?)"
	around := "(SELECT structure_id FROM habilis_memberships WHERE id = ?)"
	t.structureAround = d.rebind(t.structures.selectAll + " WHERE id = " + around)
	t.headAround = d.rebind(fmt.Sprintf(head, "? || "+around))
	t.membershipsAround = d.rebind(t.memberships.selectAll + " WHERE id = ? UNION ALL " +
		t.memberships.selectAll + " WHERE account_id = ? AND structure_id = " + around)
	t.accountsAround = d.rebind(t.cards.selectAll + " WHERE id IN (?, " + account + ")")

	principal := " WHERE structure_id = ? AND role = 'principal_manager' AND status = 'approved'"
	t.principal = d.rebind(t.memberships.selectAll + principal)
	t.accountsHearing = d.rebind(t.cards.selectAll + " WHERE id IN (?, (SELECT account_id FROM habilis_memberships" + principal + "))")
	t.organisers = d.rebind(t.subscriptions.selectAll + " WHERE structure_id = ? AND space = 'organisation' AND status = 'approved'")

	t.dropNotices = d.rebind("DELETE FROM habilis_notices WHERE id IN (SELECT id FROM habilis_notices WHERE at < ? ORDER BY at, id LIMIT ?)")
	t.enqueue = t.messages.insert + " ON CONFLICT (idempotency_key) DO NOTHING"
	t.putMessage = putMessage(d, t.messages)
	t.putMessageStrict = strictly(t.putMessage)
	return t
}
