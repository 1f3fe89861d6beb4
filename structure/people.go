package structure

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/address"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/match"
)

// MaxFound is how many people one search for strangers shows.
const MaxFound = 20

// homonyms is how many people of one name a search looks through.
const homonyms = 1000

// ObjectSearch is what a search for people is called in the history.
const ObjectSearch = "search"

// SearchState is what the history keeps of a search for people: how many were shown.
// What was searched for is not there, it names somebody.
type SearchState struct {
	Found int `json:"found"`
}

// PersonSearch says whom a manager looks for to attach them to a structure.
// Criteria are ANDed; case and accents do not matter. Since it finds people whom
// the manager does not know, it takes the login address, or the family name and the given
// name, all in full.
type PersonSearch struct {
	Structure ID     `validate:"required,id"`       // to which somebody is to be attached
	Login     string `validate:"max=254,line"`      // login address, in full
	Family    string `validate:"max=255,line"`      // family name, in full
	Given     string `validate:"max=255,line"`      // given name, in full
	Street    string `validate:"max=255,line"`      // first line of the address: begins so
	Postcode  string `validate:"max=16,line"`       // begins so
	Town      string `validate:"max=120,line"`      // begins so
	Country   string `validate:"omitempty,country"` // Defaults to FR where another part of the address is given, else to any.
}

// FoundPerson is one line of a search for people: nothing is told of them but
// what the manager needs to pick the right one.
type FoundPerson struct {
	ID         account.ID
	FamilyName string
	GivenName  string
	Login      string
	Status     account.Status // active, or waiting for its activation
	Attached   bool           // belongs to the structure already
}

// FoundPeople is the answer to a [PersonSearch].
type FoundPeople struct {
	People []FoundPerson // by name, at most MaxFound
	More   bool          // there are others; more criteria narrow the search
}

// criteria turns what was typed into what the store is asked. The error is
// [ErrWeakCriteria], or names what is no login address.
func (in PersonSearch) criteria(op string) (c account.Criteria, login string, err error) {
	if in.Login != "" {
		if login, err = address.Parse(in.Login); err != nil {
			return c, "", fault.Invalid(op, fault.Field{Path: "login", Code: "address"})
		}
	}
	c = account.Criteria{
		Family: NewPattern(in.Family), Given: NewPattern(in.Given), Postcode: NewPattern(in.Postcode).Prefix(),
		Town: NewPattern(in.Town).Prefix(), Country: in.Country,
	}
	whole := func(p Pattern) bool { return p != "" && !strings.Contains(string(p), "*") }
	if login == "" && (!whole(c.Family) || !whole(c.Given)) {
		return c, "", ErrWeakCriteria.In(op)
	}
	if c.Country == "" && (in.Street != "" || in.Postcode != "" || in.Town != "") {
		c.Country = "FR"
	}
	return c, login, nil
}

// FindPeople finds people whom a manager wants to attach to a structure: those with an
// account that can be attached, wherever they belong. That somebody
// searched is in the history of the structure, without what for.
//
// Errors: ErrInvalid naming every bad field; [ErrWeakCriteria]; [ErrNotFound];
// [ErrDenied]; account.ErrThrottled beyond SearchPolicy.StrangersPerHour.
func (s *Service) FindPeople(ctx context.Context, by account.Actor, in PersonSearch) (FoundPeople, error) {
	const op = "structure.FindPeople"
	if err := check.Struct(op, in); err != nil {
		return FoundPeople{}, err
	}
	c, login, err := in.criteria(op)
	if err != nil {
		return FoundPeople{}, err
	}
	now := s.clock()
	var out FoundPeople
	err = s.store.Update(ctx, func(tx Tx) error {
		at, err := s.authorised(ctx, tx, by, in.Structure, authz.ActionSearchUsers, now)
		if err != nil {
			return err
		}
		if out, err = findPeople(ctx, tx, in, c, login); err != nil {
			return err
		}
		return s.searched(ctx, tx, by, at, len(out.People), now)
	})
	if err != nil {
		return FoundPeople{}, err
	}
	return out, nil
}

func findPeople(ctx context.Context, tx Tx, in PersonSearch, c account.Criteria, login string) (FoundPeople, error) {
	var found []account.Account
	var out FoundPeople
	if login != "" {
		a, there, err := known(tx.AccountByLogin(ctx, login))
		if err != nil {
			return out, err
		}
		if there && c.Match(a) {
			found = append(found, a)
		}
	} else {
		var err error
		if found, err = tx.Accounts(ctx, account.Query{Person: c, Limit: homonyms}); err != nil {
			return out, err
		}
		out.More = len(found) == homonyms
	}
	street := NewPattern(in.Street).Prefix()
	found = slices.DeleteFunc(found, func(a account.Account) bool {
		return a.Kind != account.KindPerson || !living(a.Card()) || !street.Match(match.Fold(a.Profile.Address.Street))
	})
	slices.SortFunc(found, func(a, b account.Account) int {
		return cmp.Or(cmp.Compare(Fold(a.SortName()), Fold(b.SortName())), cmp.Compare(a.ID, b.ID))
	})
	if len(found) > MaxFound {
		found, out.More = found[:MaxFound], true
	}
	for _, a := range found {
		at, err := tx.Standing(ctx, a.ID, in.Structure)
		if err != nil {
			return FoundPeople{}, err
		}
		out.People = append(out.People, FoundPerson{
			ID: a.ID, FamilyName: a.FamilyName, GivenName: a.GivenName, Login: a.Login, Status: a.Status,
			Attached: at.Membership.Status == StatusApproved || at.Membership.Status == StatusDisabled,
		})
	}
	return out, nil
}

// ExportPeople writes what [Service.FindPeople] finds as CSV and returns how many rows
// that were. Both the search and the export are in the history of the structure
//
//
// Errors: those of [Service.FindPeople]; ErrInvalid for the format too; the writer's.
func (s *Service) ExportPeople(ctx context.Context, by account.Actor, in PersonSearch, format CSV, w io.Writer) (int, error) {
	format = format.completed(s.zone)
	if err := check.Struct("structure.ExportPeople", in, format.fields()...); err != nil {
		return 0, err
	}
	found, err := s.FindPeople(ctx, by, in)
	if err != nil {
		return 0, err
	}
	t := NewTable(w, format, PeopleColumns())
	for _, p := range found.People {
		err = errors.Join(err, t.Write(p))
	}
	return s.exported(ctx, by, in.Structure, ListPeople, t.Rows(), errors.Join(err, t.Close()))
}
