package structure

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/notify"
)

// Entry is one line of a structure's history as its managers read it.
type Entry struct {
	Event     notify.Event
	At        time.Time
	Kind      notify.Kind
	Structure PlaceName
	Applicant Person // whom it concerns; zero if nobody
	Actor     Person // who did it; zero unless a person did
	With      Person // the other person of a transfer; zero for anything else
	Scope     string // the services it is about, "" for the whole structure or none
	Whole     bool   // it is about the whole structure, or all that a membership covers
	Right     Line   // what a subscription is about; of a space that was opened or closed, that space alone; else zero

	// Before and After are what a manager changed of a membership; nil where nobody did
	//
	Before, After *Terms
}

// Label is the action in words: the guides' own where they have one (HIS-T1).
func (e Entry) Label(lang language.Tag) string {
	return i18n.Text(lang, "event."+string(e.Kind), nil)
}

// Number is the place of the line in the history of its structure, from 1 without gaps,
// under which [Service.HistoryEntry] finds it.
func (e Entry) Number() int64 { return e.Event.Sequence }

// PlaceName names a structure in a line of a list.
type PlaceName struct {
	ID         ID
	Identifier Identifier
	Name       string // as people call it
}

func placeName(st Structure) PlaceName {
	return PlaceName{ID: st.ID, Identifier: st.Identifier, Name: st.DisplayName()}
}

// HistoryQuery selects a page of history, newest first. Conditions are ANDed.
type HistoryQuery struct {
	Kinds     []notify.Kind // any of these, such as DecidedKinds(); nil means all
	Applicant account.ID    // whom it concerns. Defaults to anybody.
	From      time.Time     // recorded then or later. Defaults to the beginning.
	Until     time.Time     // recorded before it. Defaults to now.

	After *notify.Event // continue after this one; nil begins
	Limit int           // at most this many. Defaults to 100, the most is 1000.
}

func (q HistoryQuery) events(id ID) notify.EventQuery {
	return notify.EventQuery{
		Structure: id, Kinds: q.Kinds, Account: q.Applicant, From: q.From, Until: q.Until, Newest: true, Limit: q.Limit,
	}
}

// History lists what happened in a structure, for its managers.
// Names are read from the tables of today; the events hold none. Errors:
// [ErrNotFound], [ErrDenied].
func (s *Service) History(ctx context.Context, by account.Actor, id ID, q HistoryQuery) ([]Entry, error) {
	now := s.clock()
	var out []Entry
	err := s.store.View(ctx, func(tx Tx) error {
		st, err := s.authorise(ctx, tx, by, id, authz.ActionReadHistory, now)
		if err != nil {
			return err
		}
		query := q.events(st.ID)
		if q.After != nil {
			query.BeforeAt, query.BeforeChain, query.BeforeSequence = q.After.At, q.After.Chain, q.After.Sequence
		}
		events, err := tx.Events(ctx, query)
		if err != nil {
			return err
		}
		units, err := tx.Units(ctx, st.ID)
		if err != nil {
			return err
		}
		out, err = entries(ctx, tx, events, st, units)
		return err
	})
	return out, err
}

func entries(ctx context.Context, tx Tx, events []notify.Event, st Structure, units []Unit) ([]Entry, error) {
	people := map[account.ID]Person{"": {}}
	person := func(id account.ID) (Person, error) {
		if p, seen := people[id]; seen {
			return p, nil
		}
		a, _, err := known(tx.Account(ctx, id))
		if err != nil {
			return Person{}, err
		}
		people[id] = personOf(a.Card())
		return people[id], nil
	}
	out := make([]Entry, 0, len(events))
	for _, e := range events {
		entry := Entry{Event: e, At: e.At, Kind: e.Kind, Structure: placeName(st)}
		var err error
		if entry.Applicant, err = person(e.Account); err != nil {
			return nil, err
		}
		if entry.Actor, err = person(e.Actor.ID); err != nil {
			return nil, err
		}
		var with account.ID
		if entry, with, err = entry.detailed(units); err != nil {
			return nil, err
		}
		if entry.With, err = person(with); err != nil {
			return nil, err
		}
		if entry.Right.Space == "" {
			if entry.Right.Space, err = turned(ctx, tx, e); err != nil {
				return nil, err
			}
		}
		out = append(out, entry)
	}
	return out, nil
}

// turned is the space that an event opened or closed on its structure, "" for any other
// event: the one by which what it holds differs from what the last such event before held.
func turned(ctx context.Context, tx Tx, e notify.Event) (authz.Space, error) {
	const opened, closed = "structure.space_opened", "structure.space_closed"
	if e.Kind != opened && e.Kind != closed {
		return "", nil
	}
	last, err := tx.Events(ctx, notify.EventQuery{
		Chain: e.Chain, Structure: e.Structure, Kinds: []notify.Kind{"structure.created", opened, closed},
		Newest: true, BeforeAt: e.At, BeforeChain: e.Chain, BeforeSequence: e.Sequence, Limit: 1,
	})
	if err != nil || len(last) == 0 {
		return "", err
	}
	var before, after State
	if err := errors.Join(last[0].Decode(&before), e.Decode(&after)); err != nil {
		return "", err
	}
	if e.Kind == closed {
		before, after = after, before
	}
	for _, space := range after.Spaces {
		if !slices.Contains(before.Spaces, space) {
			return space, nil
		}
	}
	return "", nil
}

// detailed returns e with what its event tells of a membership, a subscription or a
// service, and who else took part in a transfer.
func (e Entry) detailed(units []Unit) (Entry, account.ID, error) {
	switch e.Event.Object.Type {
	case ObjectMembership:
		var m MembershipState
		if err := e.Event.Decode(&m); err != nil {
			return e, "", err
		}
		about := m.Granted.Union(m.Asked)
		if !m.Only.IsZero() {
			about = m.Only
		}
		e.Scope, e.Whole = describe(units, about), about.Whole
		if m.Was != nil {
			e.Before, e.After = m.Was, &Terms{Role: m.Role, Granted: m.Granted, Validity: m.Validity}
		}
		return e, m.With, nil
	case ObjectSubscription:
		var l SubscriptionState
		if err := e.Event.Decode(&l); err != nil {
			return e, "", err
		}
		e.Right, e.Whole = Line{Service: l.Service, Space: l.Space, Level: l.Level}, l.Service == ""
		if !e.Whole {
			e.Scope = describe(units, Services(l.Service))
		}
		return e, "", nil
	case ObjectService:
		e.Scope = describe(units, Services(ServiceID(e.Event.Object.ID)))
		return e, "", nil
	default:
		return e, "", nil
	}
}
