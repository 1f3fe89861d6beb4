package memory

import (
	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

func subscriptions() *kind[structure.Subscription] {
	return &kind[structure.Subscription]{
		key:     func(s structure.Subscription) key { return byID(s.ID) },
		version: func(s *structure.Subscription) *int64 { return &s.Version },
		own: func(s structure.Subscription) structure.Subscription {
			s.Validity = span(s.Validity)
			s.RequestedAt, s.DecidedAt, s.CreatedAt = instant(s.RequestedAt), instant(s.DecidedAt), instant(s.CreatedAt)
			s.RemindedAt, s.DueAt = instant(s.RemindedAt), instant(s.DueAt)
			return s
		},
		unique: func(s structure.Subscription) []key {
			return []key{key("l").text(string(s.Account)).text(string(s.Structure)).text(string(s.Service)).text(string(s.Space)).text(string(s.Level))}
		},
		order: func(s structure.Subscription) []key {
			entries := []key{
				linePosition(everyLine, s),
				linePosition(accountLines(s.Account), s),
				linePosition(structureLines(s.Structure), s),
			}
			if !s.DueAt.IsZero() {
				entries = append(entries, linePosition(dueLines, s))
			}
			return entries
		},
	}
}

const (
	everyLine = key("r")
	dueLines  = key("d")
)

func accountLines(id account.ID) key     { return key("a").text(string(id)) }
func structureLines(id structure.ID) key { return key("s").text(string(id)) }
func linePosition(prefix key, s structure.Subscription) key {
	return prefix.time(s.RequestedAt).text(string(s.ID))
}
