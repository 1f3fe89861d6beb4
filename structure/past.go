package structure

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Past is what the history says about one chain: the state of each of its objects
// after some number of events. It is a fold; [Past.Apply] is its step.
type Past struct {
	Account       *account.State // of an account's chain, nil before its first event
	Structure     *State         // of a structure's chain, nil before its first event
	Units         map[ServiceID]UnitState
	Memberships   map[MembershipID]MembershipState
	Subscriptions map[SubscriptionID]SubscriptionState
	Attachments   map[account.AttachmentID]account.AttachmentState
	Last          notify.Event // the newest event that was applied
}

// NewPast returns the state of a chain before its first event.
func NewPast() *Past {
	return &Past{
		Units: map[ServiceID]UnitState{}, Memberships: map[MembershipID]MembershipState{},
		Subscriptions: map[SubscriptionID]SubscriptionState{},
		Attachments:   map[account.AttachmentID]account.AttachmentState{},
	}
}

// Apply checks that e follows what was applied before and takes over the state that
// it records. The error wraps notify.ErrBrokenChain if it does not follow.
func (p *Past) Apply(e notify.Event) error {
	if err := e.Verify(p.Last); err != nil {
		return err
	}
	p.Last = e
	switch e.Object.Type {
	case account.ObjectType:
		return decode(e, func(v account.State) { p.Account = &v })
	case ObjectStructure:
		return decode(e, func(v State) { p.Structure = &v })
	case ObjectService:
		return decode(e, func(v UnitState) { p.Units[ServiceID(e.Object.ID)] = v })
	case ObjectMembership:
		return decode(e, func(v MembershipState) { p.Memberships[MembershipID(e.Object.ID)] = v.alone() })
	case ObjectExport: // what left leaves nothing behind
		return decode(e, func(ExportState) {})
	case ObjectSearch:
		return decode(e, func(SearchState) {})
	case ObjectSubscription:
		return decode(e, func(v SubscriptionState) { p.Subscriptions[SubscriptionID(e.Object.ID)] = v })
	case account.ObjectAttachment:
		return decode(e, func(v account.AttachmentState) { p.Attachments[account.AttachmentID(e.Object.ID)] = v })
	default:
		return notify.ErrBrokenChain.With(fmt.Sprintf("event %d of chain %s tells of an unknown kind of object", e.Sequence, e.Chain))
	}
}

func decode[T any](e notify.Event, take func(T)) error {
	var v T
	if err := e.Decode(&v); err != nil {
		return notify.ErrBrokenChain.With(fmt.Sprintf("event %d of chain %s holds no readable state", e.Sequence, e.Chain)).Because(err)
	}
	take(v)
	return nil
}

// AsOf folds the history of a structure up to a recorded instant, that one included:
// what was known then.
func (z *Authorizer) AsOf(ctx context.Context, id ID, recorded time.Time) (*Past, error) {
	var p *Past
	err := z.store.View(ctx, func(tx Tx) (err error) {
		p, err = foldChain(ctx, tx, notify.StructureChain(id), recorded)
		return err
	})
	return p, err
}

// CheckAsOf answers one question from what was known at a recorded instant. r.At,
// the instant that the question is about, is independent: "what could she do on
// 1 March" with what was recorded until then, or with what is known today. A zero
// r.At means the recorded instant.
func (z *Authorizer) CheckAsOf(ctx context.Context, r authz.Request, recorded time.Time) (authz.Decision, error) {
	if r.At.IsZero() {
		r.At = recorded
	}
	f := authz.Facts{Policy: z.policy}
	err := z.store.View(ctx, func(tx Tx) error {
		person, err := foldChain(ctx, tx, notify.AccountChain(r.Account), recorded)
		if err != nil {
			return err
		}
		place, err := foldChain(ctx, tx, notify.StructureChain(r.Structure), recorded)
		if err != nil {
			return err
		}
		f = place.facts(z.policy, r.Account, r.Structure, person.Account)
		return nil
	})
	if err != nil {
		return authz.Decision{Request: r}, err
	}
	return authz.Decide(f, r), nil
}

func (p *Past) facts(policy authz.Policy, aid account.ID, sid ID, who *account.State) authz.Facts {
	f := authz.Facts{Policy: policy}
	if who != nil {
		f.Account = authz.AccountFact{ID: aid, Status: who.Status, Since: who.StatusSince, Technical: who.Kind == account.KindTechnical}
	}
	if p.Structure != nil {
		f.Structure = authz.StructureFact{
			ID: sid, Type: p.Structure.Type, Active: p.Structure.Status == StatusActive,
			Spaces: p.Structure.Spaces, Delegated: p.Structure.Delegated,
		}
	}
	for id, u := range p.Units {
		f.Structure.Services = append(f.Structure.Services, authz.ServiceFact{ID: id, Active: u.Active, Validity: u.Validity})
	}
	for _, m := range p.Memberships {
		if m.Account == aid {
			f.Membership = m.fact()
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.Subscriptions)) {
		line := p.Subscriptions[id]
		if g, ok := line.grant(); ok && line.Account == aid {
			f.Grants = append(f.Grants, g)
		}
	}
	return f
}

// batch is how many events a fold reads at a time.
const batch = 500

// foldChain folds one chain up to a recorded instant; the zero instant means all.
func foldChain(ctx context.Context, tx Tx, c notify.Chain, recorded time.Time) (*Past, error) {
	p := NewPast()
	if _, id, _ := cutChain(c); !ids.Valid(id) {
		return p, nil
	}
	for {
		events, err := tx.Events(ctx, notify.EventQuery{Chain: c, AfterChain: c, AfterSequence: p.Last.Sequence, Limit: batch})
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if !recorded.IsZero() && e.At.After(recorded) {
				return p, nil
			}
			if err := p.Apply(e); err != nil {
				return nil, err
			}
		}
		if len(events) < batch {
			return p, nil
		}
	}
}
