package structure

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/ids"
)

// Authorizer answers authorisation questions from the store: it loads the facts and
// asks package authz. It is immutable and safe for concurrent use.
type Authorizer struct {
	store  Store
	now    func() time.Time
	policy authz.Policy
}

// Authorizer returns the service's Authorizer.
func (s *Service) Authorizer() *Authorizer {
	return &Authorizer{store: s.store, now: s.now, policy: s.authz}
}

// Check answers one question. A zero At means now. Objects that do not exist are no
// error: the decision denies and says so.
func (z *Authorizer) Check(ctx context.Context, r authz.Request) (authz.Decision, error) {
	if r.At.IsZero() {
		r.At = z.now().UTC()
	}
	var f authz.Facts
	err := z.store.View(ctx, func(tx Tx) (err error) {
		f, err = z.facts(ctx, tx, r.Account, r.Structure)
		return err
	})
	if err != nil {
		return authz.Decision{Request: r}, err
	}
	return authz.Decide(f, r), nil
}

// Statement lists what an account may do in a structure at an instant; zero means
// now.
func (z *Authorizer) Statement(ctx context.Context, a account.ID, s ID, at time.Time) ([]authz.Entitlement, error) {
	if at.IsZero() {
		at = z.now().UTC()
	}
	var out []authz.Entitlement
	err := z.store.View(ctx, func(tx Tx) error {
		f, err := z.facts(ctx, tx, a, s)
		if err == nil {
			out = authz.Statement(f, at)
		}
		return err
	})
	return out, err
}

// StatementIn is [Authorizer.Statement] inside a unit of work that is open already.
func (z *Authorizer) StatementIn(ctx context.Context, tx Tx, a account.ID, s ID, at time.Time) ([]authz.Entitlement, error) {
	f, err := z.facts(ctx, tx, a, s)
	if err != nil {
		return nil, err
	}
	return authz.Statement(f, at), nil
}

func (z *Authorizer) facts(ctx context.Context, tx Tx, a account.ID, s ID) (authz.Facts, error) {
	if !ids.Valid(a) {
		a = ""
	}
	if !ids.Valid(s) {
		s = ""
	}
	at, err := tx.Standing(ctx, a, s)
	if err != nil {
		return authz.Facts{}, err
	}
	var units []Unit
	if at.Structure.ID != "" {
		if units, err = tx.Units(ctx, s); err != nil {
			return authz.Facts{}, err
		}
	}
	var lines []Subscription
	if at.Membership.ID != "" {
		if lines, err = linesOf(ctx, tx, SubscriptionQuery{Account: a, Structures: []ID{s}, Statuses: openLines()}); err != nil {
			return authz.Facts{}, err
		}
	}
	return Facts(z.policy, at.Account, at.Structure, units, at.Membership, lines...), nil
}
