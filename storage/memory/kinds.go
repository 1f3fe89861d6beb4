package memory

import (
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// tables are one state of the whole store.
type tables struct {
	accounts      table[account.Account]
	links         table[account.Link]
	throttles     table[account.Throttle]
	attachments   table[account.Attachment]
	signIns       table[mfa.SignIn]
	factors       table[mfa.Factor]
	structures    table[searchable]
	units         table[structure.Unit]
	memberships   table[structure.Membership]
	subscriptions table[structure.Subscription]
	events        table[notify.Event]
	messages      table[notify.Message]
	notices       table[notify.Notice]
	runs          table[notify.Run]
}

func newTables() tables {
	return tables{
		accounts:      newTable(accounts()),
		links:         newTable(links()),
		throttles:     newTable(throttles()),
		attachments:   newTable(attachments()),
		signIns:       newTable(signIns()),
		factors:       newTable(factors()),
		structures:    newTable(structures()),
		units:         newTable(units()),
		memberships:   newTable(memberships()),
		subscriptions: newTable(subscriptions()),
		events:        newTable(events()),
		messages:      newTable(messages()),
		notices:       newTable(notices()),
		runs:          newTable(runs()),
	}
}

func (t tables) copy() tables {
	return tables{
		accounts:      t.accounts.copy(),
		links:         t.links.copy(),
		throttles:     t.throttles.copy(),
		attachments:   t.attachments.copy(),
		signIns:       t.signIns.copy(),
		factors:       t.factors.copy(),
		structures:    t.structures.copy(),
		units:         t.units.copy(),
		memberships:   t.memberships.copy(),
		subscriptions: t.subscriptions.copy(),
		events:        t.events.copy(),
		messages:      t.messages.copy(),
		notices:       t.notices.copy(),
		runs:          t.runs.copy(),
	}
}

func byID[T ~string](id T) key { return key("").text(string(id)) }

func accounts() *kind[account.Account] {
	return &kind[account.Account]{
		key:     func(a account.Account) key { return byID(a.ID) },
		version: func(a *account.Account) *int64 { return &a.Version },
		own: func(a account.Account) account.Account {
			a.ConditionsAcceptedAt = instant(a.ConditionsAcceptedAt)
			a.CreatedAt = instant(a.CreatedAt)
			a.ActivatedAt = instant(a.ActivatedAt)
			a.ReactivatedAt = instant(a.ReactivatedAt)
			a.LastSignInAt = instant(a.LastSignInAt)
			a.StatusSince = instant(a.StatusSince)
			a.ReactivableUntil = instant(a.ReactivableUntil)
			a.UndeliverableSince = instant(a.UndeliverableSince)
			a.DueAt = instant(a.DueAt)
			a.Profile.Survey.At = instant(a.Profile.Survey.At)
			a.Notices.Categories = slices.Clone(a.Notices.Categories)
			c := &a.Credentials
			c.Former = slices.Clone(c.Former)
			c.ChangedAt, c.ResetAt, c.OverlapUntil = instant(c.ChangedAt), instant(c.ResetAt), instant(c.OverlapUntil)
			return a
		},
		unique: func(a account.Account) []key { return []key{loginKey(a.Login)} },
		order: func(a account.Account) []key {
			entries := []key{key("i").text(string(a.ID))}
			if !a.DueAt.IsZero() {
				entries = append(entries, key("d").time(a.DueAt).text(string(a.ID)))
			}
			return entries
		},
	}
}

func loginKey(login string) key { return key("l").text(login) }

func links() *kind[account.Link] {
	return &kind[account.Link]{
		key:     func(l account.Link) key { return linkKey(l.Account, l.Purpose) },
		version: func(l *account.Link) *int64 { return &l.Version },
		own: func(l account.Link) account.Link {
			l.CreatedAt, l.ExpiresAt, l.UsedAt = instant(l.CreatedAt), instant(l.ExpiresAt), instant(l.UsedAt)
			return l
		},
		unique: func(l account.Link) []key { return []key{digestKey(l.Digest)} },
	}
}

func linkKey(id account.ID, p account.Purpose) key { return byID(id).text(string(p)) }
func digestKey(digest string) key                  { return key("d").text(digest) }

func throttles() *kind[account.Throttle] {
	return &kind[account.Throttle]{
		key:     func(t account.Throttle) key { return throttleKey(t.Account, t.Factor) },
		version: func(t *account.Throttle) *int64 { return &t.Version },
		own: func(t account.Throttle) account.Throttle {
			t.LockedUntil = instant(t.LockedUntil)
			return t
		},
	}
}

func throttleKey(id account.ID, f account.Factor) key { return byID(id).text(string(f)) }

func attachments() *kind[account.Attachment] {
	return &kind[account.Attachment]{
		key:     func(a account.Attachment) key { return byID(a.ID) },
		version: func(a *account.Attachment) *int64 { return &a.Version },
		own: func(a account.Attachment) account.Attachment {
			a.CreatedAt, a.StatusSince = instant(a.CreatedAt), instant(a.StatusSince)
			return a
		},
		unique: func(a account.Attachment) []key { return []key{key("k").text(a.Key)} },
		order: func(a account.Attachment) []key {
			position := func(prefix key) key { return prefix.time(a.CreatedAt).text(string(a.ID)) }
			return []key{position(everyAttachment), position(ownAttachments(a.Owner))}
		},
	}
}

const everyAttachment = key("a")

func ownAttachments(o account.Owner) key {
	return key("o").text(string(o.Account)).text(string(o.Structure))
}

// searchable is a structure beside the folded text that searches meet.
type searchable struct {
	structure.Structure
	identifier, name, label, postcode, town string
}

func newSearchable(s structure.Structure) searchable {
	return searchable{
		Structure:  s,
		identifier: structure.Fold(s.Identifier.Value), name: structure.Fold(s.LegalName), label: structure.Fold(s.Label),
		postcode: structure.Fold(s.Postcode), town: structure.Fold(s.Town),
	}
}

// fits is structure.Query.Match over text that is folded already.
func (s searchable) fits(q structure.Query) bool {
	switch {
	case q.IDs != nil && !slices.Contains(q.IDs, s.ID),
		q.Type != "" && q.Type != s.Type,
		q.Status != "" && q.Status != s.Structure.Status:
		return false
	}
	anywhere := q.Any.Match(s.identifier) || q.Any.Match(s.name) || q.Any.Match(s.label) ||
		q.Any.Match(s.postcode) || q.Any.Match(s.town)
	return anywhere && q.Identifier.Match(s.identifier) && (q.Name.Match(s.name) || q.Name.Match(s.label)) &&
		q.Postcode.Match(s.postcode) && q.Town.Match(s.town)
}

func structures() *kind[searchable] {
	return &kind[searchable]{
		key:     func(s searchable) key { return byID(s.ID) },
		version: func(s *searchable) *int64 { return &s.Version },
		own: func(s searchable) searchable {
			s.Spaces, s.Sheet = slices.Clone(s.Spaces), s.Sheet.Clone()
			s.Sheet.Mandate.SignedAt = instant(s.Sheet.Mandate.SignedAt)
			s.Nomination.At, s.Nomination.ExpiresAt = instant(s.Nomination.At), instant(s.Nomination.ExpiresAt)
			s.CreatedAt = instant(s.CreatedAt)
			return s
		},
		unique: func(s searchable) []key { return []key{identifierKey(s.Identifier)} },
		order:  func(s searchable) []key { return []key{key("n").text(s.name).text(string(s.ID))} },
	}
}

func identifierKey(id structure.Identifier) key {
	return key("i").text(string(id.Scheme)).text(id.Value)
}

func units() *kind[structure.Unit] {
	return &kind[structure.Unit]{
		key:     func(u structure.Unit) key { return byID(u.ID) },
		version: func(u *structure.Unit) *int64 { return &u.Version },
		own: func(u structure.Unit) structure.Unit {
			u.Validity, u.CreatedAt = span(u.Validity), instant(u.CreatedAt)
			return u
		},
		unique: func(u structure.Unit) []key { return []key{unitsKey(u.Structure).text(u.Code)} },
	}
}

func unitsKey(id structure.ID) key { return key("c").text(string(id)) }

func span(v authz.Validity) authz.Validity {
	return authz.Validity{From: instant(v.From), Until: instant(v.Until)}
}

func memberships() *kind[structure.Membership] {
	return &kind[structure.Membership]{
		key:     func(m structure.Membership) key { return byID(m.ID) },
		version: func(m *structure.Membership) *int64 { return &m.Version },
		own: func(m structure.Membership) structure.Membership {
			m.Granted.Services = slices.Clone(m.Granted.Services)
			m.Asked.Services = slices.Clone(m.Asked.Services)
			m.Validity = span(m.Validity)
			m.RequestedAt, m.DecidedAt, m.CreatedAt = instant(m.RequestedAt), instant(m.DecidedAt), instant(m.CreatedAt)
			m.RemindedAt, m.DueAt = instant(m.RemindedAt), instant(m.DueAt)
			return m
		},
		unique: func(m structure.Membership) []key {
			entries := []key{pairKey(m.Account, m.Structure)}
			if m.Status == structure.StatusApproved && m.Role == structure.RolePrincipalManager {
				entries = append(entries, key("p").text(string(m.Structure)))
			}
			return entries
		},
		order: func(m structure.Membership) []key {
			entries := []key{
				requestPosition(everyRequest, m),
				requestPosition(accountRequests(m.Account), m),
				requestPosition(structureRequests(m.Structure), m),
			}
			if !m.DueAt.IsZero() {
				entries = append(entries, requestPosition(dueRequests, m))
			}
			return entries
		},
	}
}

const (
	everyRequest = key("r")
	dueRequests  = key("d")
)

func pairKey(a account.ID, s structure.ID) key { return key("m").text(string(a)).text(string(s)) }
func accountRequests(id account.ID) key        { return key("a").text(string(id)) }
func structureRequests(id structure.ID) key    { return key("s").text(string(id)) }
func requestPosition(prefix key, m structure.Membership) key {
	return prefix.time(m.RequestedAt).text(string(m.ID))
}
