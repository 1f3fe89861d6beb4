package structure

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

// Effect is what a line does at an instant. What is scheduled or suspended is not stored:
// it follows from dates, the membership and the account.
type Effect string

// Effects.
const (
	EffectHeld      Effect = "held"      // it gives its right
	EffectPending   Effect = "pending"   // it waits for a decision
	EffectScheduled Effect = "scheduled" // its day, or that of the membership, is to come
	EffectSuspended Effect = "suspended" // the account, the membership or the space is not in force
	EffectEnded     Effect = "ended"     // it was refused, withdrawn or removed
)

// effect derives what a line does from all that its right takes.
func (s Subscription) effect(f authz.Facts, at time.Time) Effect {
	switch {
	case s.Undecided():
		return EffectPending
	case !s.Open():
		return EffectEnded
	case s.Validity.Before(at), f.Membership.Status == StatusApproved && f.Membership.Validity.Before(at):
		return EffectScheduled
	}
	svc := s.Service
	if svc == "" && !f.Membership.Whole && len(f.Membership.Services) > 0 {
		svc = f.Membership.Services[0]
	}
	r := authz.Request{Account: f.Account.ID, Structure: f.Structure.ID, Service: svc, Space: s.Space, Level: s.Level, At: at}
	if authz.Decide(f, r).Allowed {
		return EffectHeld
	}
	return EffectSuspended
}

// SubscriptionCase is a line with what is needed to show it.
type SubscriptionCase struct {
	Subscription Subscription // the zero ID for what comes with the role
	Effect       Effect
	Structure    Structure
	Unit         Unit // the zero Unit for all that the membership covers
}

// MySubscriptions lists what the actor holds and waits for in every structure, beginning
// with the structure whose name comes first. What comes with the role is in it,
// without an identifier, since it has no line.
func (s *Service) MySubscriptions(ctx context.Context, by account.Actor) ([]SubscriptionCase, error) {
	now := s.clock()
	var out []SubscriptionCase
	err := s.store.View(ctx, func(tx Tx) error {
		out = nil
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		places, err := s.places(ctx, tx, a)
		if err != nil {
			return err
		}
		for _, p := range places {
			out = append(out, p.cases(now)...)
		}
		return nil
	})
	return out, err
}

// place is one structure that an account has to do with, and what it has there.
type place struct {
	facts     authz.Facts
	structure Structure
	units     []Unit
	lines     []Subscription // open ones
}

// places loads every structure in which an account has a membership, by name.
func (s *Service) places(ctx context.Context, tx Tx, a account.Account) ([]place, error) {
	ms, err := allMemberships(ctx, tx, a.ID)
	if err != nil {
		return nil, err
	}
	lines, err := linesByStructure(ctx, tx, a.ID)
	if err != nil {
		return nil, err
	}
	cases, err := s.cases(ctx, tx, a, ms)
	if err != nil {
		return nil, err
	}
	out := make([]place, 0, len(cases))
	for _, c := range cases {
		own := lines[c.Structure.ID]
		out = append(out, place{
			facts: Facts(s.authz, a.Card(), c.Structure, c.Units, c.Membership, own...), structure: c.Structure, units: c.Units, lines: own,
		})
	}
	slices.SortFunc(out, func(a, b place) int {
		return cmp.Or(cmp.Compare(Fold(a.structure.DisplayName()), Fold(b.structure.DisplayName())), cmp.Compare(a.structure.ID, b.structure.ID))
	})
	return out, nil
}

func (p place) unit(id ServiceID) Unit {
	for _, u := range p.units {
		if u.ID == id {
			return u
		}
	}
	return Unit{}
}

// cases lists the lines of a place, and what comes with the role.
func (p place) cases(now time.Time) []SubscriptionCase {
	var out []SubscriptionCase
	add := func(line Subscription, e Effect) {
		out = append(out, SubscriptionCase{Subscription: line, Effect: e, Structure: p.structure, Unit: p.unit(line.Service)})
	}
	seen := map[Line]bool{}
	for _, r := range authz.Statement(p.facts, now) {
		if l := (Line{Space: r.Space, Level: r.Level}); r.Origin == authz.OriginRole && !seen[l] {
			seen[l] = true
			add(Subscription{
				Account: p.facts.Account.ID, Structure: p.structure.ID, Space: r.Space, Level: r.Level,
				Status: SubscriptionApproved, Origin: OriginDefault, DecidedAt: r.Since,
			}, EffectHeld)
		}
	}
	for _, line := range p.lines {
		add(line, line.effect(p.facts, now))
	}
	slices.SortStableFunc(out, func(a, b SubscriptionCase) int { return a.Subscription.Line().compare(b.Subscription.Line()) })
	return out
}

// PendingLines are the lines of one applicant in one structure that wait for a decision
//
type PendingLines struct {
	Applicant Person
	Structure Structure
	Units     []Unit         // every service of the structure, by code
	Lines     []Subscription // by space, service and level
}

// PendingSubscriptions lists the lines that wait for a decision the actor may make, in
// every structure where that is so, grouped by applicant and structure, oldest first, at
// most 1000 lines. The actor's own are not among them.
func (s *Service) PendingSubscriptions(ctx context.Context, by account.Actor) ([]PendingLines, error) {
	now := s.clock()
	var out []PendingLines
	err := s.store.View(ctx, func(tx Tx) error {
		out = nil
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		managed, err := s.managed(ctx, tx, a.Card(), authz.ActionDecideSubscriptions, now)
		if err != nil || len(managed) == 0 {
			return err
		}
		lines, err := tx.Subscriptions(ctx, SubscriptionQuery{Structures: managed, Statuses: []SubscriptionStatus{SubscriptionPending}, Limit: 1000})
		if err != nil {
			return err
		}
		lines = slices.DeleteFunc(lines, func(l Subscription) bool { return l.Account == a.ID })
		out, err = newShelf().grouped(ctx, tx, lines)
		return err
	})
	return out, err
}
