package structure

import (
	"context"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

// Person is what one person may see of another in a structure.
type Person struct {
	ID           account.ID
	DisplayName  string
	SortName     string
	ContactEmail string
	Phone        string                // of an applicant: E.164; show it by way of account.FormatPhone
	Address      account.PostalAddress // of an applicant
	Status       account.Status
	Technical    bool // a program and not a person
}

func personOf(a account.Card) Person {
	return Person{
		ID: a.ID, DisplayName: a.DisplayName(), SortName: a.SortName(), ContactEmail: a.ContactEmail, Status: a.Status,
		Technical: a.Kind == account.KindTechnical,
	}
}

// applicantOf is personOf with all that a manager may see of whoever asks to join.
func applicantOf(a account.Account) Person {
	p := personOf(a.Card())
	p.Phone, p.Address = a.Profile.Phone, a.Profile.Address
	return p
}

// withoutAddresses is what a manager sees of whom a membership belonged to: who it was, and
// not where the person is to be reached today.
func (p Person) withoutAddresses() Person {
	p.ContactEmail, p.Phone, p.Address = "", "", account.PostalAddress{}
	return p
}

// Case is a membership with all that is needed to show or decide it.
type Case struct {
	Membership Membership
	Structure  Structure
	Applicant  Person // of a membership that has ended, to others without addresses and telephone
	Units      []Unit // every service of the structure, by code
	Decidable  bool   // the viewer may decide it
}

// Row is one line of the services table of a case.
type Row struct {
	Unit   Unit
	Status MembershipStatus // approved, pending, or "" for neither
	Ticked bool             // the default tick: held or asked for
}

// Rows lists the services of the structure with what the applicant holds and asks
// for of each.
func (c Case) Rows() []Row {
	rows := make([]Row, 0, len(c.Units))
	for _, u := range c.Units {
		r := Row{Unit: u}
		switch {
		case slices.Contains(c.Membership.Granted.Services, u.ID):
			r.Status, r.Ticked = StatusApproved, true
		case slices.Contains(c.Membership.Asked.Services, u.ID):
			r.Status, r.Ticked = StatusPending, true
		}
		rows = append(rows, r)
	}
	return rows
}

// Names lists the services of a scope for people, "" for the whole structure.
func (c Case) Names(s Scope) string { return describe(c.Units, s) }

// Mine lists the memberships of the actor, those in any of the statuses or, without one,
// whatever became of them, oldest request first, at most 1000.
func (s *Service) Mine(ctx context.Context, by account.Actor, statuses ...MembershipStatus) ([]Case, error) {
	var out []Case
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		ms, err := tx.Memberships(ctx, MembershipQuery{Account: a.ID, Statuses: statuses, Limit: 1000})
		if err != nil {
			return err
		}
		out, err = s.cases(ctx, tx, a, ms)
		return err
	})
	return out, err
}

// Pending lists the requests that wait for a decision the actor may make, in every
// structure where that is so, oldest first, at most 1000. The actor's
// own requests are not among them.
func (s *Service) Pending(ctx context.Context, by account.Actor) ([]Case, error) {
	now := s.clock()
	var out []Case
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		managed, err := s.managed(ctx, tx, a.Card(), authz.ActionDecideMemberships, now)
		if err != nil {
			return err
		}
		if len(managed) == 0 {
			return nil
		}
		ms, err := tx.Memberships(ctx, MembershipQuery{Structures: managed, Undecided: true, Limit: 1000})
		if err != nil {
			return err
		}
		ms = slices.DeleteFunc(ms, func(m Membership) bool { return m.Account == a.ID })
		out, err = s.cases(ctx, tx, a, ms)
		return err
	})
	return out, err
}

// Case returns one membership to its own account or to a manager who may decide it
// . The error is [ErrNotFound] for everybody else.
func (s *Service) Case(ctx context.Context, by account.Actor, id MembershipID) (Case, error) {
	now := s.clock()
	var out Case
	err := s.store.View(ctx, func(tx Tx) error {
		a, err := account.Acting(ctx, tx, by)
		if err != nil {
			return err
		}
		m, err := find(ctx, tx.Membership, id)
		if err != nil {
			return err
		}
		if m.Account != a.ID {
			if _, err := s.authorise(ctx, tx, by, m.Structure, authz.ActionDecideMemberships, now); err != nil {
				return ErrNotFound
			}
		}
		cases, err := s.cases(ctx, tx, a, []Membership{m})
		if err != nil {
			return err
		}
		out = cases[0]
		return nil
	})
	return out, err
}

// cases loads what belongs to memberships, each structure and account once.
func (s *Service) cases(ctx context.Context, tx Tx, viewer account.Account, ms []Membership) ([]Case, error) {
	sh := newShelf()
	sh.people[viewer.ID] = applicantOf(viewer)
	return sh.cases(ctx, tx, viewer.ID, ms)
}
