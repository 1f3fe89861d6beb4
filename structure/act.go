package structure

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// act is what a manager does to a membership: which right it takes, which services it
// names, and the rule. The rule writes nothing, so that one that says no leaves a unit
// as it was.
type act struct {
	action authz.Action
	scope  *Scope
	rule   func(decisionCase) (ruling, error)
}

// decisionCase is what an act is decided from.
type decisionCase struct {
	Deciding
	units []Unit // of the structure; nil unless the case or the act names any
	now   time.Time
	zone  *time.Location
}

// ruling is what a rule decided.
type ruling struct {
	Membership
	kind  notify.Kind // what happened; "" if nothing did
	only  Scope       // the services that it is about, if not all
	was   *Terms      // what it changed, if a manager changed something
	steps []step      // lines of history before that one
	mail  notify.Mail // to the member; nothing without a template
}

// step is a line of history beside the main one.
type step struct {
	kind  notify.Kind
	state MembershipState
}

// acceptable names the services and dates of an act that cannot be: services that are
// not there or over, unless they are held already, and days that are over, unless they
// stood there before (C-12).
func (c decisionCase) acceptable(op string, scope *Scope, v *authz.Validity) error {
	var bad []fault.Field
	if scope != nil {
		bad = unavailable(c.units, *scope, c.Subject.Granted, c.now)
	}
	if v != nil {
		today := authz.DateOf(c.now.In(c.zone)).In(c.zone)
		if !v.From.IsZero() && v.From.Before(today) && !v.From.Equal(c.Subject.Validity.From) {
			bad = append(bad, fault.Field{Path: "from", Code: "past"})
		}
		if v.After(c.now) && !v.Until.Equal(c.Subject.Validity.Until) {
			bad = append(bad, fault.Field{Path: "until", Code: "past"})
		}
		if kept := c.Subject.redated(v); v.From.IsZero() && !kept.Until.IsZero() && !kept.From.Before(kept.Until) {
			bad = append(bad, fault.Field{Path: "until", Code: "before_from"})
		}
	}
	if len(bad) > 0 {
		return fault.Invalid(op, bad...)
	}
	return nil
}

// one runs an act on one membership as a unit of its own.
func (s *Service) one(ctx context.Context, by account.Actor, id MembershipID, a act) (Membership, error) {
	now := s.clock()
	var m Membership
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		m, err = s.actOn(ctx, tx, by, id, a, map[ID][]Unit{}, now)
		return err
	})
	return m, err
}

// actOn runs one act in a unit: load, let the rule decide, put, record, tell the member.
// Nothing is written before the rule has said yes. With a rule's error comes the
// membership as it is, which is the decision that was made for whoever came second.
func (s *Service) actOn(ctx context.Context, tx Tx, by account.Actor, id MembershipID, a act, units map[ID][]Unit, now time.Time) (Membership, error) {
	c := decisionCase{now: now, zone: s.zone}
	var err error
	if c.Deciding, err = s.deciding(ctx, tx, by, id, a.action, now); err != nil {
		return Membership{}, err
	}
	if c.Subject.named() || a.scope != nil && len(a.scope.Services) > 0 {
		there, seen := units[c.Structure.ID]
		if !seen {
			if there, err = tx.Units(ctx, c.Structure.ID); err != nil {
				return Membership{}, err
			}
			units[c.Structure.ID] = there
		}
		c.units = there
	}
	r, err := a.rule(c)
	if err != nil || r.kind == "" {
		return c.Subject, err
	}
	err = s.putRuling(ctx, tx, c.Head, by, c.Subject, &r, now)
	if err == nil {
		err = s.tellMember(ctx, tx, c.Applicant, c.Structure, r.Membership, r.mail, now)
	}
	if err != nil {
		return Membership{}, halfway{err}
	}
	return r.Membership, nil
}

// halfway is an error that came after the first write: whatever it is, its unit of work
// is lost.
type halfway struct{ error }

// Unwrap returns the error itself.
func (h halfway) Unwrap() error { return h.error }

// putRuling stores what became of a membership, with every line of history that it is
// worth, and ends the subscriptions that it does not cover any more.
func (s *Service) putRuling(ctx context.Context, tx Tx, last notify.Head, by account.Actor, before Membership, r *ruling, now time.Time) error {
	if err := s.storeMembership(ctx, tx, &r.Membership); err != nil {
		return err
	}
	state := MembershipStateOf(r.Membership)
	state.Only, state.Was = r.only, r.was
	for i, line := range append(r.steps, step{kind: r.kind, state: state}) {
		f := membershipFact(by, line.kind, r.Membership, now)
		f.State = line.state
		record := func() error { return s.journal.Record(ctx, tx, f) }
		if i == 0 {
			record = func() error { return s.journal.RecordAfter(ctx, tx, last, f) }
		}
		if err := record(); err != nil {
			return err
		}
	}
	if r.Membership.Granted.Covers(before.Granted) {
		return nil
	}
	return s.fitSubscriptions(ctx, tx, by, r.Membership, now)
}

// tellMember mails the person whom a membership belongs to what became of it. Whoever
// is not active is told nothing.
func (s *Service) tellMember(ctx context.Context, tx Tx, to account.Card, st Structure, m Membership, mail notify.Mail, now time.Time) error {
	if mail.Template == "" || !reachable(to) {
		return nil
	}
	mail.Key = fmt.Sprintf("decided/%s/%d", m.ID, m.Version)
	mail.Values["Link"] = s.links.To(s.links.Memberships, "")
	return s.tell(ctx, tx, to, st, mail, now)
}

// tellManagers mails those who may do something in a structure, all but one account: the
// principal manager, and others as far as the policy and the principal's settings go
// (R-212, C-06). heard is as in approvers.
func (s *Service) tellManagers(
	ctx context.Context, tx Tx, heard *Hearing, st Structure, act authz.Action, but account.ID, key string, t notify.Template, v notify.Values, now time.Time,
) error {
	managers, err := s.approvers(ctx, tx, heard, st, act, now)
	if err != nil {
		return err
	}
	for _, manager := range managers {
		to := manager.Account
		if to.ID == but {
			continue
		}
		if err := s.tell(ctx, tx, to, st, notify.Mail{Key: key + "/" + string(to.ID), Template: t, Values: v}, now); err != nil {
			return err
		}
	}
	return nil
}
