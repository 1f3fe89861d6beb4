package structure

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// SuccessorSearch says whom a principal manager looks for (R-378, R-379, C-21). Criteria
// are ANDed; case and accents do not matter, "*" is any run of characters, and without
// one names begin with the criterion.
type SuccessorSearch struct {
	Login    string `validate:"max=254,line"` // the whole login address: finds people who are no members, too
	Family   string `validate:"max=255,line"`
	Given    string `validate:"max=255,line"`
	Postcode string `validate:"max=16,line"` // of the person's postal address
	Town     string `validate:"max=120,line"`
}

// MaxSuccessors is how many people [Service.FindSuccessor] names at most.
const MaxSuccessors = 20

func (f SuccessorSearch) criteria() account.Criteria {
	return account.Criteria{
		Family: NewPattern(f.Family).Prefix(), Given: NewPattern(f.Given).Prefix(),
		Postcode: NewPattern(f.Postcode).Prefix(), Town: NewPattern(f.Town).Prefix(),
	}
}

// FindSuccessor finds people whom the principal manager of a structure could name as
// successor: members of it, by any criterion, by name; and whoever has exactly the login
// address that was typed, member or not. Others are not found, so that the search tells
// nothing about strangers. At most MaxSuccessors are returned. That somebody
// searched by login address is counted, and in the history of the structure, without what
// for.
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound]; [ErrDenied];
// [ErrCriteriaTooBroad] without any criterion but stars; account.ErrThrottled beyond
// SearchPolicy.StrangersPerHour.
func (s *Service) FindSuccessor(ctx context.Context, by account.Actor, id ID, f SuccessorSearch) ([]Person, error) {
	const op = "structure.FindSuccessor"
	if bad := check.Fields(f); len(bad) > 0 {
		return nil, fault.Invalid(op, bad...)
	}
	c := f.criteria()
	if f.Login == "" && c.Family.Broad() && c.Given.Broad() && c.Postcode.Broad() && c.Town.Broad() {
		return nil, ErrCriteriaTooBroad
	}
	now := s.clock()
	var out []Person
	if f.Login != "" {
		err := s.store.Update(ctx, func(tx Tx) error {
			at, err := s.authorised(ctx, tx, by, id, authz.ActionTransferPrincipal, now)
			if err != nil {
				return err
			}
			if out, err = byLogin(ctx, tx, f.Login, c, at.Account); err != nil {
				return err
			}
			return s.searched(ctx, tx, by, at, len(out), now)
		})
		if err != nil {
			return nil, err
		}
		return out, nil
	}
	err := s.store.View(ctx, func(tx Tx) error {
		at, err := s.authorised(ctx, tx, by, id, authz.ActionTransferPrincipal, now)
		if err != nil {
			return err
		}
		members, err := tx.Members(ctx, MembershipQuery{
			Structures: []ID{at.Structure.ID}, Statuses: []MembershipStatus{StatusApproved}, Person: c, ByName: true, Limit: MaxCandidates,
		})
		found := candidates(members, at.Account)
		out = found[:min(len(found), MaxSuccessors)]
		return err
	})
	return out, err
}

// byLogin finds the one person who has a login address and fits the other criteria.
func byLogin(ctx context.Context, tx Tx, typed string, c account.Criteria, owner account.Card) ([]Person, error) {
	login, err := address.Parse(typed)
	if err != nil {
		return nil, nil //nolint:nilerr // nobody has such an address
	}
	a, there, err := known(tx.AccountByLogin(ctx, login))
	if err != nil || !there || !fit(a.Card(), owner) || !c.Match(a) {
		return nil, err
	}
	found := personOf(a.Card())
	found.ContactEmail = "" // it may be another one, and the person no member
	return []Person{found}, nil
}
