package memory

import (
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// events has one entry for each way in (all, by chain, by account, by structure)
// and each order (by position, by time).
func events() *kind[notify.Event] {
	return &kind[notify.Event]{
		key: func(e notify.Event) key { return position("", e.Chain, e.Sequence) },
		own: func(e notify.Event) notify.Event {
			e.State = slices.Clone(e.State)
			e.At = instant(e.At)
			return e
		},
		order: func(e notify.Event) []key {
			ways := []way{everyEvent, chainEvents(e.Chain)}
			if e.Account != "" {
				ways = append(ways, accountEvents(e.Account))
			}
			if e.Structure != "" {
				ways = append(ways, structureEvents(e.Structure))
			}
			var entries []key
			for _, w := range ways {
				entries = append(entries,
					position(w.byPosition(), e.Chain, e.Sequence),
					position(w.byTime().time(e.At), e.Chain, e.Sequence))
			}
			return entries
		},
	}
}

func position(prefix key, c notify.Chain, sequence int64) key {
	return prefix.text(string(c)).number(sequence)
}

// way is a way into the events.
type way key

const everyEvent = way("*")

func chainEvents(c notify.Chain) way      { return way(key("c").text(string(c))) }
func accountEvents(id account.ID) way     { return way(key("a").text(string(id))) }
func structureEvents(id structure.ID) way { return way(key("s").text(string(id))) }
func (w way) byPosition() key             { return "p" + key(w) }
func (w way) byTime() key                 { return "t" + key(w) }

func messages() *kind[notify.Message] {
	return &kind[notify.Message]{
		key:     func(m notify.Message) key { return byID(m.ID) },
		version: func(m *notify.Message) *int64 { return &m.Version },
		own: func(m notify.Message) notify.Message {
			m.Sealed = slices.Clone(m.Sealed)
			m.NotBefore, m.ExpiresAt, m.LeasedUntil = instant(m.NotBefore), instant(m.ExpiresAt), instant(m.LeasedUntil)
			m.CreatedAt, m.SentAt = instant(m.CreatedAt), instant(m.SentAt)
			return m
		},
		unique: func(m notify.Message) []key { return []key{messageKey(m.Key)} },
		order: func(m notify.Message) []key {
			ways := []key{everyMessage, statusMessages(m.Status)}
			switch {
			case m.Status != notify.MessageQueued:
			case m.Urgent:
				ways = append(ways, urgentMessages)
			default:
				ways = append(ways, queuedTo(m.To))
			}
			for i := range ways {
				ways[i] = ways[i].time(m.CreatedAt).text(string(m.ID))
			}
			return ways
		},
	}
}

const (
	everyMessage   = key("o")
	urgentMessages = key("u")
)

func messageKey(k string) key                   { return key("k").text(k) }
func statusMessages(s notify.MessageStatus) key { return key("s").text(string(s)) }
func queuedTo(address string) key               { return key("t").text(address) }

func notices() *kind[notify.Notice] {
	return &kind[notify.Notice]{
		key:     func(n notify.Notice) key { return byID(n.ID) },
		version: func(n *notify.Notice) *int64 { return &n.Version },
		own: func(n notify.Notice) notify.Notice {
			n.At = instant(n.At)
			return n
		},
		unique: func(n notify.Notice) []key { return []key{key("k").text(n.Key)} },
		order: func(n notify.Notice) []key {
			entries := []key{noticePosition(everyNotice, n), noticePosition(structureNotices(n.Structure), n)}
			if n.Spreading {
				entries = append(entries, noticePosition(spreadingNotices, n))
			}
			return entries
		},
	}
}

const (
	everyNotice      = key("n")
	spreadingNotices = key("x")
)

func structureNotices(id structure.ID) key { return key("s").text(string(id)) }
func noticePosition(prefix key, n notify.Notice) key {
	return prefix.time(n.At).text(string(n.ID))
}

func runs() *kind[notify.Run] {
	return &kind[notify.Run]{
		key:     func(r notify.Run) key { return byID(r.Rhythm) },
		version: func(r *notify.Run) *int64 { return &r.Version },
		own: func(r notify.Run) notify.Run {
			r.From, r.Until, r.FinishedAt = instant(r.From), instant(r.Until), instant(r.FinishedAt)
			return r
		},
	}
}
