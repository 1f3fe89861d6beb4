package structure

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// HistoryDetail is a line of the history with what was decided, as it was then:
// it does not change when the membership or the subscription does.
type HistoryDetail struct {
	Entry       Entry
	RequestedAt time.Time // when it was asked for; zero if nobody asked

	// Membership is the membership right after; nil if it is about anything else.
	Membership *MembershipState

	// Lines are the subscriptions that were decided with this one, itself among them, as
	// they were right after; nil if it is about anything else.
	Lines []DecidedLine

	// Comment is what the applicant wrote, Reason what the manager did. They are "" where
	// nobody wrote anything, and once they were erased or another request took their place:
	// the history itself holds no text of people.
	Comment, Reason string
}

// DecidedLine is one right of a decision and what became of it.
type DecidedLine struct {
	Right    Line
	Scope    string // the service by code and name, "" for all that the membership covers
	Status   SubscriptionStatus
	Validity authz.Validity
}

// HistoryEntry returns one line of the history of a structure with its detail, by its
// number, which is the sequence of its event: to those who may read the history, and to
// the person whom it concerns. The latter is not told who decided: Actor
// and With are zero then.
//
// Errors: account.ErrActor, account.ErrNotActive; [ErrNotFound] if there is no such line, and for whoever is
// neither; [ErrDenied] for a member whom it does not concern and who may not read the
// history.
func (s *Service) HistoryEntry(ctx context.Context, by account.Actor, id ID, number int64) (HistoryDetail, error) {
	now := s.clock()
	var out HistoryDetail
	err := s.store.View(ctx, func(tx Tx) error {
		if _, err := account.Acting(ctx, tx, by); err != nil {
			return err
		}
		st, denied := s.authorise(ctx, tx, by, id, authz.ActionReadHistory, now)
		if denied != nil && !errors.Is(denied, ErrDenied) && !errors.Is(denied, fault.ErrNotFound) {
			return denied
		}
		e, err := numbered(ctx, tx, id, number)
		switch {
		case denied != nil && (err != nil || e.Account != by.ID || !slices.Contains(RequestKinds(), e.Kind)):
			return denied
		case err != nil:
			return err
		}
		if denied != nil {
			if st, err = tx.Structure(ctx, id); err != nil {
				return err
			}
		}
		out, err = detailOf(ctx, tx, st, e)
		if denied != nil {
			out.Entry.Event, out.Entry.Actor, out.Entry.With = notify.Event{}, Person{}, Person{}
			if out.Membership != nil {
				out.Membership.DecidedBy, out.Membership.With = "", ""
			}
		}
		return err
	})
	if err != nil {
		return HistoryDetail{}, err
	}
	return out, nil
}

// numbered returns an event of a structure by its place in the chain.
func numbered(ctx context.Context, tx Tx, id ID, number int64) (notify.Event, error) {
	chain := notify.StructureChain(id)
	if number < 1 {
		return notify.Event{}, ErrNotFound
	}
	found, err := tx.Events(ctx, notify.EventQuery{Chain: chain, AfterChain: chain, AfterSequence: number - 1, Limit: 1})
	switch {
	case err != nil:
		return notify.Event{}, err
	case len(found) == 0 || found[0].Sequence != number:
		return notify.Event{}, ErrNotFound
	default:
		return found[0], nil
	}
}

func detailOf(ctx context.Context, tx Tx, st Structure, e notify.Event) (HistoryDetail, error) {
	units, err := tx.Units(ctx, st.ID)
	if err != nil {
		return HistoryDetail{}, err
	}
	lines, err := entries(ctx, tx, []notify.Event{e}, st, units)
	if err != nil {
		return HistoryDetail{}, err
	}
	d := HistoryDetail{Entry: lines[0]}
	switch e.Object.Type {
	case ObjectMembership:
		return d.ofMembership(ctx, tx)
	case ObjectSubscription:
		return d.ofSubscriptions(ctx, tx, units)
	default:
		return d, nil
	}
}

func (d HistoryDetail) ofMembership(ctx context.Context, tx Tx) (HistoryDetail, error) {
	var then MembershipState
	if err := d.Entry.Event.Decode(&then); err != nil {
		return d, err
	}
	d.Membership, d.RequestedAt = &then, then.RequestedAt
	now, _, err := known(tx.Membership(ctx, MembershipID(d.Entry.Event.Object.ID)))
	d.Comment, d.Reason = now.Comment.said(then.Comment), now.Reason.said(then.Reason)
	return d, err
}

// ofSubscriptions adds the lines that were decided in the same unit of work: those of one
// batch, recorded at one instant.
func (d HistoryDetail) ofSubscriptions(ctx context.Context, tx Tx, units []Unit) (HistoryDetail, error) {
	e := d.Entry.Event
	var then SubscriptionState
	if err := e.Decode(&then); err != nil {
		return d, err
	}
	d.RequestedAt = then.RequestedAt
	decided, err := tx.Events(ctx, notify.EventQuery{
		Structure: e.Structure, Account: e.Account, From: e.At, Until: e.At.Add(time.Microsecond), Limit: walk,
	})
	if err != nil {
		return d, err
	}
	for _, other := range decided {
		if other.Object.Type != ObjectSubscription {
			continue
		}
		var l SubscriptionState
		if err := other.Decode(&l); err != nil {
			return d, err
		}
		if other.ID != e.ID && (l.Batch == "" || l.Batch != then.Batch) {
			continue
		}
		line := DecidedLine{Right: Line{Service: l.Service, Space: l.Space, Level: l.Level}, Status: l.Status, Validity: l.Validity}
		if l.Service != "" {
			line.Scope = describe(units, Services(l.Service))
		}
		d.Lines = append(d.Lines, line)
	}
	slices.SortFunc(d.Lines, func(a, b DecidedLine) int { return a.Right.compare(b.Right) })
	now, err := tx.Subscriptions(ctx, SubscriptionQuery{IDs: []SubscriptionID{SubscriptionID(e.Object.ID)}})
	for _, l := range now {
		d.Comment, d.Reason = l.Comment.said(then.Comment), l.Reason.said(then.Reason)
	}
	return d, err
}

// said returns the text of a note if it is the one that an event refers to.
func (n Note) said(digest string) string {
	if digest == "" || n.Digest() != digest {
		return ""
	}
	return n.Text
}
