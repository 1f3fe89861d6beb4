package structure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/notify"
)

// Report is the outcome of [Verify].
type Report struct {
	Events     int      // how many were read
	Chains     int      // how many they form
	Objects    int      // how many rows were compared
	Violations []string // what does not hold, the first hundred; none means that the history proves itself
	More       int      // how many violations beyond those
}

// OK reports whether everything held.
func (r Report) OK() bool { return len(r.Violations) == 0 }

func (r *Report) violation(format string, args ...any) {
	if len(r.Violations) == 100 {
		r.More++
		return
	}
	r.Violations = append(r.Violations, fmt.Sprintf(format, args...))
}

// Verify proves two things in one consistent view: that every chain of the history
// is unbroken, and that the tables say exactly what the history adds up to. It reads
// everything; memory grows with the longest chain alone. Violations name rows by
// identifier, never by content. What it cannot see is a history that was cut off
// together with the tables it led to; keep the newest hashes elsewhere for that.
func Verify(ctx context.Context, store Store) (Report, error) {
	var r Report
	err := store.View(ctx, func(tx Tx) error {
		r = Report{}
		if err := r.chains(ctx, tx); err != nil {
			return err
		}
		return r.orphans(ctx, tx)
	})
	return r, err
}

// chains walks all events in the order of their chains and compares the rows of each
// chain once it is complete.
func (r *Report) chains(ctx context.Context, tx Tx) error {
	p, broken := NewPast(), false
	var q notify.EventQuery
	for q.Limit = batch; ; {
		events, err := tx.Events(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range events {
			if e.Chain != q.AfterChain {
				if err := r.finish(ctx, tx, q.AfterChain, p, broken); err != nil {
					return err
				}
				p, broken = NewPast(), false
				r.Chains++
			}
			r.Events++
			q.AfterChain, q.AfterSequence = e.Chain, e.Sequence
			if broken {
				continue
			}
			if err := p.Apply(e); err != nil {
				r.violation("%s", detail(err))
				broken = true
			}
		}
		if len(events) < batch {
			return r.finish(ctx, tx, q.AfterChain, p, broken)
		}
	}
}

func detail(err error) string {
	return strings.TrimPrefix(err.Error(), string(notify.ErrBrokenChain.Code)+": ")
}

// finish compares the rows that belong to a chain with what it adds up to.
func (r *Report) finish(ctx context.Context, tx Tx, c notify.Chain, p *Past, broken bool) error {
	kind, id, ok := cutChain(c)
	switch {
	case !ok || broken:
		return nil
	case kind == "account":
		a, there, err := known(tx.Account(ctx, account.ID(id)))
		if err != nil {
			return err
		}
		r.same("account", id, there, account.StateOf(a), p.Account != nil, p.Account)
		return r.attachments(ctx, tx, account.Owner{Account: account.ID(id)}, p)
	default:
		return r.structure(ctx, tx, ID(id), p)
	}
}

func (r *Report) structure(ctx context.Context, tx Tx, id ID, p *Past) error {
	s, there, err := known(tx.Structure(ctx, id))
	if err != nil {
		return err
	}
	r.same(ObjectStructure, string(id), there, StateOf(s), p.Structure != nil, p.Structure)
	units, err := tx.Units(ctx, id)
	if err != nil {
		return err
	}
	for _, u := range units {
		was, told := p.Units[u.ID]
		r.same(ObjectService, string(u.ID), true, UnitStateOf(u), told, was)
		delete(p.Units, u.ID)
	}
	for gone := range p.Units {
		r.same(ObjectService, string(gone), false, nil, true, nil)
	}
	q := MembershipQuery{Structures: []ID{id}, Limit: batch}
	for {
		ms, err := tx.Memberships(ctx, q)
		if err != nil {
			return err
		}
		for _, m := range ms {
			was, told := p.Memberships[m.ID]
			r.same(ObjectMembership, string(m.ID), true, MembershipStateOf(m), told, was)
			delete(p.Memberships, m.ID)
			q.AfterAt, q.AfterID = m.RequestedAt, m.ID
		}
		if len(ms) < batch {
			break
		}
	}
	for gone := range p.Memberships {
		r.same(ObjectMembership, string(gone), false, nil, true, nil)
	}
	if err := r.subscriptions(ctx, tx, id, p); err != nil {
		return err
	}
	return r.attachments(ctx, tx, account.Owner{Structure: id}, p)
}

func (r *Report) subscriptions(ctx context.Context, tx Tx, id ID, p *Past) error {
	for q := (SubscriptionQuery{Structures: []ID{id}, Limit: batch}); ; {
		lines, err := tx.Subscriptions(ctx, q)
		if err != nil {
			return err
		}
		for _, line := range lines {
			was, told := p.Subscriptions[line.ID]
			r.same(ObjectSubscription, string(line.ID), true, SubscriptionStateOf(line), told, was)
			delete(p.Subscriptions, line.ID)
			q.AfterAt, q.AfterID = line.RequestedAt, line.ID
		}
		if len(lines) < batch {
			break
		}
	}
	for gone := range p.Subscriptions {
		r.same(ObjectSubscription, string(gone), false, nil, true, nil)
	}
	return nil
}

// same compares a row with what the history says of it.
func (r *Report) same(object, id string, there bool, row any, told bool, history any) {
	r.Objects++
	switch {
	case !there:
		r.violation("%s %s is in the history and not in the tables", object, id)
	case !told:
		r.violation("%s %s is in the tables and not in the history", object, id)
	default:
		a, errRow := json.Marshal(row)
		b, errHistory := json.Marshal(history)
		if errors.Join(errRow, errHistory) != nil || string(a) != string(b) {
			r.violation("%s %s is not what the history says", object, id)
		}
	}
}

// orphans finds accounts and structures of which the history knows nothing.
func (r *Report) orphans(ctx context.Context, tx Tx) error {
	silent := func(object string, id string, c notify.Chain) error {
		_, there, err := known(tx.LastEvent(ctx, c))
		if err == nil && !there {
			r.violation("%s %s is in the tables and not in the history", object, id)
		}
		return err
	}
	for after := account.ID(""); ; {
		as, err := tx.Accounts(ctx, account.Query{After: after, Limit: batch})
		if err != nil {
			return err
		}
		for _, a := range as {
			if err := silent(account.ObjectType, string(a.ID), notify.AccountChain(a.ID)); err != nil {
				return err
			}
			after = a.ID
		}
		if len(as) < batch {
			break
		}
	}
	for q := (Query{Limit: batch}); ; {
		ss, err := tx.Structures(ctx, q)
		if err != nil {
			return err
		}
		for _, s := range ss {
			if err := silent(ObjectStructure, string(s.ID), notify.StructureChain(s.ID)); err != nil {
				return err
			}
			q.AfterName, q.AfterID = Fold(s.LegalName), s.ID
		}
		if len(ss) < batch {
			return r.stray(ctx, tx)
		}
	}
}

// cutChain splits the name of a chain into the kind and the identifier of its root.
func cutChain(c notify.Chain) (kind, id string, ok bool) { return strings.Cut(string(c), "/") }
