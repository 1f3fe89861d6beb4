package structure

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Record is a structure as its members see it, in the order of the sections (R-146,
// A section that the reader may not see is empty.
type Record struct {
	General    Structure             // who it is, without the sheet
	Address    account.PostalAddress // of the head office
	Accounts   []BankAccount         // for those who may modify it
	Mandate    Mandate               // for those who may modify it
	Services   []Unit                // all of them, by code
	Spaces     []authz.Space         // open on it
	Members    int                   // accounts that are attached
	Modifiable bool                  // the reader may change the sections
}

// Record returns the record of a structure to one of its members. Errors:
// [ErrNotFound] for everybody else; [ErrDenied]; account.ErrNotActive.
func (s *Service) Record(ctx context.Context, by account.Actor, id ID) (Record, error) {
	now := s.clock()
	var out Record
	err := s.store.View(ctx, func(tx Tx) error {
		at, err := s.authorised(ctx, tx, by, id, authz.ActionViewStructure, now)
		if err != nil {
			return err
		}
		st := at.Structure
		units, err := tx.Units(ctx, st.ID)
		if err != nil {
			return err
		}
		n, err := tx.Count(ctx, Counting{Memberships: &MembershipQuery{Structures: []ID{st.ID}, Statuses: []MembershipStatus{StatusApproved}}})
		if err != nil {
			return err
		}
		out = Record{
			Address: st.Sheet.Address, Services: units, Spaces: slices.Clone(st.Spaces), Members: n.Memberships,
			Modifiable: s.permitted(at.Account, st, at.Membership, authz.ActionModifyStructure, now) == nil,
		}
		if out.Modifiable {
			out.Accounts, out.Mandate = slices.Clone(st.Sheet.Accounts), st.Sheet.Mandate
		}
		out.General = st
		out.General.Sheet, out.General.Salt = Sheet{}, ""
		return nil
	})
	return out, err
}

// General is the first section of a record: what people call the structure and where it
// is. Identifier and type are not among it; see [Service.ChangeIdentifier].
type General struct {
	LegalName string `validate:"required,max=255,line"`
	Label     string `validate:"max=255,line"` // what people call it. Defaults to none.
	Postcode  string `validate:"max=16,line"`  // of the head office too
	Town      string `validate:"max=80,line"`  // of the head office too
}

// UpdateGeneral changes the general information of a structure, all of it or nothing,
// and returns the structure as it is then. What is the same writes nothing. Postcode and
// town are those of the head office: its address follows, and must be acceptable with
// them.
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound] for whoever is no member;
// [ErrDenied].
func (s *Service) UpdateGeneral(ctx context.Context, by account.Actor, id ID, g General) (Structure, error) {
	const op = "structure.UpdateGeneral"
	g.LegalName, g.Label, g.Postcode, g.Town = tidy(g.LegalName), tidy(g.Label), tidy(g.Postcode), tidy(g.Town)
	wrong := check.Fields(g)
	return s.modify(ctx, by, id, "structure.general_changed", func(_ Tx, st *Structure, _ time.Time) error {
		fields := slices.Clone(wrong)
		st.LegalName, st.Label, st.Postcode, st.Town = g.LegalName, g.Label, g.Postcode, g.Town
		if a := st.Sheet.Address; len(fields) == 0 && !a.IsZero() {
			a.Postcode, a.Town = g.Postcode, g.Town
			st.Sheet.Address = a.Tidied(s.policy.Records.Country)
			st.Postcode = st.Sheet.Address.Postcode
			for _, f := range st.Sheet.Address.Check() {
				f.Path = strings.TrimPrefix(f.Path, "address.")
				fields = append(fields, f)
			}
		}
		return invalid(op, fields)
	})
}

// UpdateAddress changes the address of a structure's head office, all of it or nothing,
// and returns the structure as it is then; what is the same writes nothing. Postcode and
// town of the structure, by which it is found, follow. An address without a country is
// in the policy's. The zero address removes what was there.
//
// Errors: those of [Service.UpdateGeneral].
func (s *Service) UpdateAddress(ctx context.Context, by account.Actor, id ID, a account.PostalAddress) (Structure, error) {
	a = a.Tidied(s.policy.Records.Country)
	wrong := a.Check()
	return s.modify(ctx, by, id, "structure.address_changed", func(_ Tx, st *Structure, _ time.Time) error {
		st.Sheet.Address, st.Postcode, st.Town = a, a.Postcode, a.Town
		return invalid("structure.UpdateAddress", wrong)
	})
}

func invalid(op string, fields []fault.Field) error {
	if len(fields) == 0 {
		return nil
	}
	return fault.Invalid(op, fields...)
}

// modify changes a structure by whoever may modify it. What change leaves as it was is
// neither stored nor recorded. Input is judged inside, so that only those who may
// modify a structure learn what it would accept.
func (s *Service) modify(
	ctx context.Context, by account.Actor, id ID, kind notify.Kind, change func(Tx, *Structure, time.Time) error,
) (Structure, error) {
	return s.modifyAnd(ctx, by, id, kind, change, func(Tx, Structure, time.Time) error { return nil })
}

// modifyAnd is modify, and then tells of what was changed.
func (s *Service) modifyAnd(
	ctx context.Context, by account.Actor, id ID, kind notify.Kind,
	change func(Tx, *Structure, time.Time) error, tell func(Tx, Structure, time.Time) error,
) (Structure, error) {
	now := s.clock()
	var out Structure
	err := s.store.Update(ctx, func(tx Tx) error {
		before, err := s.authorise(ctx, tx, by, id, authz.ActionModifyStructure, now)
		if err != nil {
			return err
		}
		st := before
		st.Sheet = before.Sheet.Clone()
		if err := change(tx, &st, now); err != nil {
			return err
		}
		if out = st; StateOf(st).same(StateOf(before)) {
			return nil
		}
		if err := s.putStructure(ctx, tx, by, kind, &out, now); err != nil {
			return err
		}
		return tell(tx, out, now)
	})
	if err != nil {
		return Structure{}, err
	}
	return out, nil
}

// same reports whether two states say the same.
func (s State) same(o State) bool {
	return slices.Equal(s.Spaces, o.Spaces) && s.Type == o.Type && s.Status == o.Status && s.Delegated == o.Delegated &&
		s.Directory == o.Directory && s.Nomination == o.Nomination && s.Named == o.Named && s.Sheet == o.Sheet
}
