package structure

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// UserSearch says which of the people in the structures that a manager manages the
// manager wants to see. Criteria are ANDed; case and accents do not matter, "*"
// is any run of characters, and without a star text begins with the criterion. The zero
// UserSearch selects all of them; every search stands on its own.
type UserSearch struct {
	Family  string         `validate:"max=255,line"` // family name
	Given   string         `validate:"max=255,line"` // given name
	Login   string         `validate:"max=254,line"` // login address
	Town    string         `validate:"max=120,line"`
	Country string         `validate:"omitempty,country"`
	Status  account.Status `validate:"omitempty,oneof=pending_activation active deactivated"` // of the account. Defaults to any.

	Structure ID        `validate:"omitempty,id"` // Defaults to all that the actor manages.
	Service   ServiceID `validate:"omitempty,id"` // of that structure, held by name or with the whole of it. Defaults to any.
}

// User is one line of a search for users.
type User struct {
	Person    Person // without telephone and address
	Login     string
	CreatedAt time.Time // of the account

	// Structures are where the person belongs or asks to, by name: of the structures that
	// the actor manages those alone, whatever else the person has to do with.
	Structures []Structure
}

// OnlyStructure returns the structure of somebody who has just one, which a table names
// where it otherwise leads to a list.
func (u User) OnlyStructure() (Structure, bool) {
	if len(u.Structures) != 1 {
		return Structure{}, false
	}
	return u.Structures[0], true
}

// Waits reports whether the person has yet to activate the account, so that
// [Service.ResendActivation] can help.
func (u User) Waits() bool { return u.Person.Status == account.StatusPendingActivation }

func (in UserSearch) fields() []fault.Field {
	if in.Service != "" && in.Structure == "" {
		return []fault.Field{{Path: "structure", Code: "required"}}
	}
	return nil
}

// Users finds the people in the structures that the actor manages, programs included,
// each once, by name.
//
// Errors: ErrInvalid naming every bad field; account.ErrActor; account.ErrNotActive;
// [ErrDenied] for whoever manages no structure in this way, or not the one that is asked
// for; [ErrNotFound] for a structure that the actor does not belong to.
func (s *Service) Users(ctx context.Context, by account.Actor, in UserSearch, r PageRequest) (Page[User], error) {
	if err := check.Struct("structure.Users", in, append(in.fields(), r.fields()...)...); err != nil {
		return Page[User]{}, err
	}
	now := s.clock()
	var p Page[User]
	err := s.store.View(ctx, func(tx Tx) error {
		found, err := s.userList(ctx, tx, by, in, now)
		if err != nil {
			return err
		}
		n, err := tx.Count(ctx, Counting{Memberships: &found.query})
		if err != nil {
			return err
		}
		p = newPage[User](r, n.Memberships)
		p.Items, err = found.page(ctx, tx, p.skip(), p.Size)
		return err
	})
	if err != nil {
		return Page[User]{}, err
	}
	return p, nil
}

// AllUsers goes through everybody whom a search finds, as [Service.Users] lists them, as
// it is at one instant and in constant memory. The sequence ends with the first error. It
// holds a reading unit of work open as long as the loop runs, so the loop must not wait
// for people.
func (s *Service) AllUsers(ctx context.Context, by account.Actor, in UserSearch) iter.Seq2[User, error] {
	return func(yield func(User, error) bool) {
		err := check.Struct("structure.AllUsers", in, in.fields()...)
		if err == nil {
			err = s.store.View(ctx, func(tx Tx) error {
				return s.eachUser(ctx, tx, by, in, s.clock(), func(u User) error {
					if !yield(u, nil) {
						return errEnough
					}
					return nil
				})
			})
		}
		if err != nil && !errors.Is(err, errEnough) {
			yield(User{}, err)
		}
	}
}

// eachUser walks through what a search finds.
func (s *Service) eachUser(ctx context.Context, tx Tx, by account.Actor, in UserSearch, now time.Time, fn func(User) error) error {
	found, err := s.userList(ctx, tx, by, in, now)
	if err != nil {
		return err
	}
	return found.each(ctx, tx, fn)
}

// userList is a search for users of somebody who may.
type userList struct {
	reach reach
	query MembershipQuery // one membership of each
}

func (s *Service) userList(ctx context.Context, tx Tx, by account.Actor, in UserSearch, now time.Time) (userList, error) {
	a, err := account.Acting(ctx, tx, by)
	if err != nil {
		return userList{}, err
	}
	r, err := s.reach(ctx, tx, a.Card(), now)
	if err != nil {
		return userList{}, err
	}
	places := r.in(authz.ActionSearchUsers)
	if len(places) == 0 {
		return userList{}, ErrDenied
	}
	if places, err = r.narrowed(places, in.Structure); err != nil {
		return userList{}, err
	}
	return userList{reach: r, query: MembershipQuery{
		Structures: places, Statuses: belonging(), Service: in.Service, Once: true, ByName: true,
		Person: account.Criteria{
			Family: NewPattern(in.Family).Prefix(), Given: NewPattern(in.Given).Prefix(), Login: NewPattern(in.Login).Prefix(),
			Town: NewPattern(in.Town).Prefix(), Country: in.Country, Status: in.Status,
		},
	}}, nil
}

// belonging are the statuses of those who belong to a structure or ask to.
func belonging() []MembershipStatus {
	return []MembershipStatus{StatusPending, StatusApproved, StatusDisabled}
}

// page loads some users with the structures of each.
func (l userList) page(ctx context.Context, tx Tx, skip, limit int) ([]User, error) {
	q := l.query
	q.Skip, q.Limit = skip, limit
	members, err := tx.Members(ctx, q)
	if err != nil {
		return nil, err
	}
	managed := l.reach.in(authz.ActionSearchUsers)
	out := make([]User, 0, len(members))
	for _, m := range members {
		u := userOf(m.Account)
		own := []Membership{m.Membership}
		if len(managed) > 1 {
			if own, err = tx.Memberships(ctx, MembershipQuery{Account: m.Account.ID, Structures: managed, Statuses: belonging(), Limit: walk}); err != nil {
				return nil, err
			}
		}
		for _, m := range own {
			u.Structures = append(u.Structures, l.reach.places[m.Structure].published())
		}
		sortByName(u.Structures)
		out = append(out, u)
	}
	return out, nil
}

func userOf(a account.Card) User {
	return User{Person: personOf(a), Login: a.Login, CreatedAt: a.CreatedAt}
}

// each goes through all users in one walk over what they have in every structure that the
// actor manages: in the order of names, memberships of one person come one after the other.
// A search of one structure walks through the people of that one.
func (l userList) each(ctx context.Context, tx Tx, fn func(User) error) error {
	q := l.query
	q.Structures, q.Service, q.Once = l.reach.in(authz.ActionSearchUsers), "", false
	if len(l.query.Structures) == 1 && len(q.Structures) > 1 {
		q.Beside = l.query.Structures[0]
	}
	var u User
	found := false
	tell := func() error {
		if !found {
			return nil
		}
		sortByName(u.Structures)
		return fn(u)
	}
	err := eachMember(ctx, tx, q, func(m Member) error {
		if m.Account.ID != u.Person.ID {
			if err := tell(); err != nil {
				return err
			}
			u, found = userOf(m.Account), false
		}
		u.Structures = append(u.Structures, l.reach.places[m.Membership.Structure].published())
		found = found || l.selects(m.Membership)
		return nil
	})
	if err != nil {
		return err
	}
	return tell()
}

// selects reports whether a membership is among those for which a user is found.
func (l userList) selects(m Membership) bool {
	held := l.query.Service == "" || m.Granted.Covers(Services(l.query.Service))
	return held && slices.Contains(l.query.Structures, m.Structure)
}
