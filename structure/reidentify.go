package structure

import (
	"context"
	"errors"
	"time"

	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/i18n"
	"github.com/habilis-go/habilis/internal/secret"
	"github.com/habilis-go/habilis/notify"
)

// Part is something that belongs to a structure.
type Part string

// Parts.
const (
	PartGeneral      Part = "general"       // names, type, place and address
	PartServices     Part = "services"      // with their dates
	PartMembers      Part = "members"       // people with their roles, and requests that wait
	PartSpaces       Part = "spaces"        // that are open, and rights to them
	PartBankAccounts Part = "bank_accounts" // in their order
	PartAttachments  Part = "attachments"   // of the structure itself
	PartHistory      Part = "history"       // the former identifier is in it as a digest
	PartMandate      Part = "mandate"       // signed for the former identifier
	PartTechnical    Part = "technical"     // accounts of programs, and their secrets
)

// Label is what people call the part.
func (p Part) Label(lang language.Tag) string {
	return i18n.Text(lang, "structure_part."+string(p), nil)
}

// IdentifierChange tells what became of a structure whose identifier changed.
type IdentifierChange struct {
	Structure Structure
	Former    Identifier // free again
	Carried   []Part     // what is as it was
	Dropped   []Part     // what has to be made anew
	Closed    int        // technical accounts that were closed
}

// ChangeIdentifier puts another identifier in the place of a structure's own, when an
// establishment moves for example: by its principal manager, or by support. The record
// stays the same one, with everything that IdentifierChange.Carried lists. The billing
// mandate was signed for the former identifier and is gone; technical accounts are
// closed and their contacts told. The managers are told by mail. The identifier that it
// has already changes nothing.
//
// Errors: ErrInvalid; [ErrStructureExists] together with the structure that has the
// identifier; [ErrStructureInactive]; [ErrNotFound] for whoever is no member;
// [ErrDenied]; account.ErrActor.
func (s *Service) ChangeIdentifier(ctx context.Context, by account.Actor, id ID, to Identifier) (IdentifierChange, error) {
	const op = "structure.ChangeIdentifier"
	to = to.Canonical()
	now := s.clock()
	stamp, _, err := secret.New(s.ids)
	if err != nil {
		return IdentifierChange{}, err
	}
	var out IdentifierChange
	err = s.store.Update(ctx, func(tx Tx) error {
		st, err := s.operated(ctx, tx, by, id, authz.ActionChangeIdentifier, now)
		if err != nil {
			return err
		}
		out = identifierChange(st)
		switch {
		case st.Status != StatusActive:
			return ErrStructureInactive
		case st.Identifier == to:
			return nil
		}
		if err := invalid(op, to.check("identifier", s.policy.Identifiers)); err != nil {
			return err
		}
		if existing, there, err := known(tx.StructureByIdentifier(ctx, to)); err != nil || there {
			out = IdentifierChange{Structure: existing.published()}
			return errors.Join(err, taken(there))
		}
		st.Identifier, st.Sheet.Mandate = to, Mandate{}
		if err := s.putStructure(ctx, tx, by, "structure.identifier_changed", &st, now); err != nil {
			return err
		}
		out.Structure = st
		if out.Closed, err = s.closeTechnicals(ctx, tx, by, st, stamp, now); err != nil {
			return err
		}
		managers, err := managersOf(ctx, tx, st.ID)
		if err != nil {
			return err
		}
		return s.tellOfStructure(ctx, tx, st, managers, notify.MailIdentifierChanged, now)
	})
	if errors.Is(err, fault.ErrExists) && !errors.Is(err, ErrStructureExists) {
		out = IdentifierChange{}
		out.Structure, err = s.overtaken(ctx, to) // somebody was faster by a moment
	}
	if err != nil && !errors.Is(err, ErrStructureExists) {
		return IdentifierChange{}, err
	}
	return out, err
}

// identifierChange is what a change of identifier means for a structure.
func identifierChange(st Structure) IdentifierChange {
	return IdentifierChange{
		Structure: st, Former: st.Identifier,
		Carried: []Part{PartGeneral, PartServices, PartMembers, PartSpaces, PartBankAccounts, PartAttachments, PartHistory},
		Dropped: []Part{PartMandate, PartTechnical},
	}
}

// closeTechnicals closes the technical accounts of a structure and returns how many
// there were. The policy bounds them, so they fit into one unit of work.
func (s *Service) closeTechnicals(ctx context.Context, tx Tx, by account.Actor, st Structure, stamp string, now time.Time) (int, error) {
	found, err := tx.Memberships(ctx, MembershipQuery{
		Structures: []ID{st.ID}, Statuses: []MembershipStatus{StatusApproved, StatusDisabled}, Role: RoleTechnical, Limit: 1000,
	})
	if err != nil {
		return 0, err
	}
	for _, m := range found {
		a, err := tx.Account(ctx, m.Account)
		if err == nil {
			err = s.closeTechnical(ctx, tx, by, st, m, a, stamp, now)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(found), nil
}
