package structure_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// kind is what is tried, whoever does it and wherever.
func (o operation) kind() string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, o.name)
}

// try does one operation and judges the step; the picture is nil if nothing changed.
func (s *scenario) try(op operation, before *picture) (*picture, error) {
	err := op.do(before)
	if s.store.commits == 0 {
		if err == nil {
			return nil, errors.New("it claims to be done and nothing was committed")
		}
		return nil, nil //nolint:nilnil // refused, and nothing changed
	}
	after, lookErr := s.look()
	if lookErr != nil {
		return nil, lookErr
	}
	if after.events == before.events {
		for at := range s.places {
			if string(after.place(s, nil, at, orders[0])) != string(before.place(s, nil, at, orders[0])) {
				return nil, errors.New("something changed and the history says nothing")
			}
		}
	}
	switch {
	case err != nil && after.events != before.events:
		return nil, fmt.Errorf("refused, and yet something was recorded: %w", err)
	case err != nil:
		return nil, nil //nolint:nilnil,nilerr // refused, and nothing changed
	case op.may != nil && !op.may(before):
		return nil, errors.New("whoever did it may not")
	case op.at >= 0 && string(after.place(s, nil, 1-op.at, orders[0])) != string(before.place(s, nil, 1-op.at, orders[0])):
		return nil, errors.New("the other structure changed")
	}
	for x := range s.people {
		for at := range s.places {
			was, is := before.ms[x][at], after.ms[x][at]
			more := is.Granted.Minus(was.Granted.Union(was.Asked))
			if was.Undecided() && !is.Undecided() && is.DecidedBy != "" && is.Role == structure.RoleMember &&
				is.Status == structure.StatusApproved && was.Status == structure.StatusPending && !more.IsZero() && !is.Granted.Whole {
				return nil, errors.New("more was granted than asked for")
			}
		}
	}
	return after, nil
}

// judge checks what must hold in every state.
func (s *scenario) judge(p *picture) error {
	for at := range s.places {
		if err := s.judgePlace(p, at); err != nil {
			return fmt.Errorf("structure %d: %w", at, err)
		}
		for x := range s.people {
			if err := s.judgeMember(p, x, at); err != nil {
				return fmt.Errorf("person %d in structure %d: %w", x, at, err)
			}
		}
	}
	for x, who := range s.people {
		_, err := s.w.Accounts.Resume(context.Background(), account.Session{Account: who.ID, Stamp: p.people[x].Stamp})
		if active := p.people[x].Status == account.StatusActive; active != (err == nil) {
			return fmt.Errorf("I3: a session of person %d: %w", x, err)
		}
	}
	r, err := structure.Verify(context.Background(), storage.Structures(s.store))
	if err == nil && !r.OK() {
		err = fmt.Errorf("the history does not prove itself: %v", r.Violations)
	}
	return err
}

func (s *scenario) judgePlace(p *picture, at int) error {
	n, who := 0, -1
	for x := range s.people {
		if m := p.ms[x][at]; m.Status == structure.StatusApproved && m.Role == structure.RolePrincipalManager {
			n, who = n+1, x
			if p.people[x].Status != account.StatusActive || !m.Granted.Whole || !m.Validity.Until.IsZero() || m.Undecided() {
				return errors.New("the principal manager cannot do the work")
			}
		}
	}
	if n != 1 {
		return fmt.Errorf("%d principal managers", n)
	}
	if nom := p.places[at].Nomination; !nom.IsZero() && (nom.By != s.people[who].ID || nom.Account == nom.By) {
		return errors.New("somebody is asked to take over by whoever has no say")
	}
	return nil
}

func (s *scenario) judgeMember(p *picture, x, at int) error {
	m := p.ms[x][at]
	held := m.Status == structure.StatusApproved || m.Status == structure.StatusDisabled
	if held == m.Granted.IsZero() {
		return fmt.Errorf("it is %q and holds %v", m.Status, m.Granted)
	}
	for _, l := range p.lines[x][at] {
		if !held && l.Open() {
			return errors.New("a line outlives the membership")
		}
		if l.Space == authz.SpaceOrganisation && l.Undecided() && m.Role == structure.RolePrincipalManager && held {
			return errors.New("the principal manager waits for a decision of their own")
		}
	}
	own := structure.Services(s.units[at][0], s.units[at][1])
	for _, scope := range []structure.Scope{m.Granted, m.Asked} {
		if !scope.Whole && !own.Covers(scope) {
			return errors.New("a service of another structure")
		}
	}
	for _, unit := range s.units[at] {
		covered := p.inForce(x, at) && m.Granted.Covers(structure.Services(unit))
		if err := s.right(p, x, at, authz.Request{Service: unit, Space: authz.SpaceInvoicesIssued, Level: authz.Write}, covered); err != nil {
			return err
		}
		line := p.holds(x, at, asked, authz.Read) || p.holds(x, at, asked, authz.Write)
		if err := s.right(p, x, at, authz.Request{Service: unit, Space: asked, Level: authz.Read}, covered && line); err != nil {
			return err
		}
	}
	chief := p.inForce(x, at) && m.Role == structure.RolePrincipalManager
	for act, want := range map[authz.Action]bool{
		authz.ActionManageMembers: chief, authz.ActionTransferPrincipal: chief, authz.ActionDecideMemberships: p.decides(s, x, at),
	} {
		if err := s.right(p, x, at, authz.Request{Action: act}, want); err != nil {
			return err
		}
	}
	return nil
}

// right compares a decision with what the state says.
func (s *scenario) right(_ *picture, x, at int, r authz.Request, want bool) error {
	r.Account, r.Structure = s.people[x].ID, s.places[at]
	d, err := s.w.Authz.Check(context.Background(), r)
	if err == nil && d.Allowed != want {
		err = fmt.Errorf("%s%s: allowed is %v", r.Space, r.Action, d.Allowed)
	}
	return err
}

// planted is a unit of work with a fault.
type planted struct {
	storage.Tx
	membership   func(structure.Membership) (structure.Membership, bool) // what is stored; false: nothing
	subscription func(structure.Subscription) bool                       // false: nothing is stored
	anybody      bool                                                    // whoever decides is taken for the principal manager
}

func (p planted) PutMembership(ctx context.Context, m structure.Membership) error {
	if p.membership != nil {
		var stored bool
		if m, stored = p.membership(m); !stored {
			return nil
		}
	}
	return p.Tx.PutMembership(ctx, m)
}

func (p planted) PutSubscription(ctx context.Context, s structure.Subscription) error {
	if p.subscription != nil && !p.subscription(s) {
		return nil
	}
	return p.Tx.PutSubscription(ctx, s)
}

func (p planted) Deciding(ctx context.Context, a account.ID, id structure.MembershipID) (structure.Deciding, error) {
	d, err := p.Tx.Deciding(ctx, a, id)
	if p.anybody {
		d.Standing.Membership = structure.Membership{
			ID: id, Account: a, Structure: d.Structure.ID, Status: structure.StatusApproved, Role: structure.RolePrincipalManager, Granted: structure.Whole(),
		}
	}
	return d, err
}

// An exploration that finds nothing proves something only if it finds what is there.
func TestTheExplorationFindsFaults(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fault planted
		found string
	}{
		"a promotion is lost": {planted{membership: func(m structure.Membership) (structure.Membership, bool) {
			return m, m.Role != structure.RolePrincipalManager
		}}, "0 principal managers"},
		"whoever is removed keeps it": {planted{membership: func(m structure.Membership) (structure.Membership, bool) {
			if m.Status == structure.StatusRemoved {
				m.Status, m.Granted = structure.StatusApproved, structure.Whole()
			}
			return m, true
		}}, "does not prove itself"},
		"an old grant is revived": {planted{membership: func(m structure.Membership) (structure.Membership, bool) {
			if m.Status == structure.StatusPending {
				m.Granted = structure.Whole()
			}
			return m, true
		}}, `it is "pending" and holds`},
		"lines outlive the membership": {planted{subscription: func(l structure.Subscription) bool { return l.Open() }}, "a line outlives"},
		"anybody decides":              {planted{anybody: true}, "whoever did it may not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScenario(t, false, true)
			s.store.plant = func(tx storage.Tx) storage.Tx {
				f := row.fault
				f.Tx = tx
				return f
			}
			_, err := s.explore(2, time.Hour)
			require.ErrorContains(t, err, row.found)
		})
	}
}
