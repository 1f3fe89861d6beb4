package structure

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

// Overview is "my account", in the order in which people see it.
type Overview struct {
	Personal    account.Personal
	Memberships []Case               // as [Service.Mine] lists them
	Rights      []authz.Entitlement  // what the memberships give now, in the order of the memberships
	Spaces      []authz.Space        // as [Service.VisibleSpaces] lists them
	Attachments []account.Attachment // the person's own
}

// Overview returns all that the person who acts keeps in the account and holds by it,
// in one read and without side effects. Errors: account.ErrActor,
// account.ErrNotActive.
func (s *Service) Overview(ctx context.Context, by account.Actor) (Overview, error) {
	now := s.clock()
	var out Overview
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		own, err := account.OverviewIn(ctx, tx, a)
		if err != nil {
			return err
		}
		out = Overview{Personal: own.Personal, Attachments: own.Attachments}
		if out.Memberships, out.Rights, err = s.held(ctx, tx, a, MembershipQuery{Account: a.ID, Limit: 1000}, now); err != nil {
			return err
		}
		out.Spaces = visible(s.authz, out.Rights)
		return nil
	})
	if err != nil {
		return Overview{}, err
	}
	return out, nil
}

// VisibleSpaces lists the spaces that the person who acts finds something in, in the
// order of the catalogue: those that belong to everybody, and those that a membership
// gives a right to somewhere. They are the tabs of a navigation; whether a
// right holds in a structure or service is for the [Authorizer] to say. Whoever is no
// member sees those of everybody only.
//
// Errors: account.ErrActor, account.ErrNotActive.
func (s *Service) VisibleSpaces(ctx context.Context, by account.Actor) ([]authz.Space, error) {
	now := s.clock()
	var out []authz.Space
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		_, rights, err := s.held(ctx, tx, a, MembershipQuery{
			Account: a.ID, Statuses: []MembershipStatus{StatusApproved}, Limit: 1000,
		}, now)
		out = visible(s.authz, rights)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// held lists memberships of an account with what they give at an instant.
func (s *Service) held(
	ctx context.Context, tx Tx, a account.Account, q MembershipQuery, now time.Time,
) ([]Case, []authz.Entitlement, error) {
	ms, err := tx.Memberships(ctx, q)
	if err != nil {
		return nil, nil, err
	}
	cases, err := s.cases(ctx, tx, a, ms)
	if err != nil {
		return nil, nil, err
	}
	lines, err := linesByStructure(ctx, tx, a.ID)
	if err != nil {
		return nil, nil, err
	}
	var rights []authz.Entitlement
	for _, c := range cases {
		f := Facts(s.authz, a.Card(), c.Structure, c.Units, c.Membership, lines[c.Structure.ID]...)
		rights = append(rights, authz.Statement(f, now)...)
	}
	return cases, rights, nil
}

// visible lists the spaces of a catalogue that everybody or one of the rights opens.
func visible(p authz.Policy, rights []authz.Entitlement) []authz.Space {
	var out []authz.Space
	for _, spec := range p.Spaces {
		if spec.Always || slices.ContainsFunc(rights, func(e authz.Entitlement) bool { return e.Space == spec.Code }) {
			out = append(out, spec.Code)
		}
	}
	return out
}
