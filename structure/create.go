package structure

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Creation is what somebody tells about a new structure.
type Creation struct {
	Identifier Identifier `form:"required"` // unique; checked by the policy
	LegalName  string     `validate:"required,max=255,line"`
	Label      string     `validate:"max=255,line"` // what people call it. Defaults to none.
	Type       Type       `validate:"required,oneof=public private"`
	Postcode   string     `validate:"max=16,line"`
	Town       string     `validate:"max=120,line"`

	// Directory says who keeps the accounts of its people; only support may choose
	// anything but the default. Defaults to DirectoryLocal.
	Directory Directory `validate:"omitempty,oneof=local external"`

	// Principal becomes the principal manager when support creates the structure; a
	// person who creates one becomes its principal manager and leaves this empty.
	Principal account.ID `validate:"omitempty,id"`
}

func (c Creation) normalised() Creation {
	c.Identifier = c.Identifier.Canonical()
	c.LegalName, c.Label, c.Postcode, c.Town = tidy(c.LegalName), tidy(c.Label), tidy(c.Postcode), tidy(c.Town)
	return c
}

// Create opens a structure with its principal manager, who holds the whole of it
// from now on, and with the spaces that its type has by default.
//
// Errors: ErrInvalid naming every bad field; [ErrStructureExists] together with the
// structure that has the identifier; [ErrCreationNotAllowed]; account.ErrNotActive
// for whoever would become principal manager.
func (s *Service) Create(ctx context.Context, by account.Actor, c Creation) (Structure, error) {
	const op = "structure.Create"
	c = c.normalised()
	if by.Kind == notify.ActorPerson {
		c.Principal, c.Directory = by.ID, DirectoryLocal
	}
	if c.Directory == "" {
		c.Directory = DirectoryLocal
	}
	more := c.Identifier.check("identifier", s.policy.Identifiers)
	if c.Principal == "" {
		more = append(more, fault.Field{Path: "principal", Code: "required"})
	}
	if err := check.Struct(op, c, more...); err != nil {
		return Structure{}, err
	}
	if by.Kind != notify.ActorSupport && !slices.Contains(s.policy.SelfService, c.Type) {
		return Structure{}, ErrCreationNotAllowed
	}
	now := s.clock()
	st, m, err := s.fresh(c, by, now)
	if err != nil {
		return Structure{}, err
	}
	err = s.store.Update(ctx, func(tx Tx) error {
		if existing, there, err := known(tx.StructureByIdentifier(ctx, c.Identifier)); err != nil || there {
			st = existing.published()
			return errors.Join(err, taken(there))
		}
		principal, err := account.Acting(ctx, tx, account.Person(c.Principal))
		if err != nil {
			return err
		}
		if err := tx.PutAccount(ctx, principal); err != nil { // whoever is closing it meanwhile must look again
			return err
		}
		put, join := st, m // a second run starts from the same values
		if err := s.putStructure(ctx, tx, by, "structure.created", &put, now); err != nil {
			return err
		}
		if err := s.putMembership(ctx, tx, by, "membership.approved", &join, now); err != nil {
			return err
		}
		st = put
		return nil
	})
	if errors.Is(err, fault.ErrExists) && !errors.Is(err, ErrStructureExists) {
		return s.overtaken(ctx, c.Identifier) // somebody was faster by a moment
	}
	return st, err
}

// overtaken is the answer to whoever lost the race for an identifier.
func (s *Service) overtaken(ctx context.Context, id Identifier) (Structure, error) {
	var st Structure
	err := s.store.View(ctx, func(tx Tx) (err error) {
		st, err = tx.StructureByIdentifier(ctx, id)
		return err
	})
	if err != nil {
		return Structure{}, ErrStructureExists.Because(err)
	}
	return st.published(), ErrStructureExists
}

func taken(there bool) error {
	if there {
		return ErrStructureExists
	}
	return nil
}

func (s *Service) fresh(c Creation, by account.Actor, now time.Time) (Structure, Membership, error) {
	id, err := s.ids.New(now)
	if err != nil {
		return Structure{}, Membership{}, err
	}
	mid, err := s.ids.New(now)
	if err != nil {
		return Structure{}, Membership{}, err
	}
	salt, err := s.ids.Bytes(16)
	if err != nil {
		return Structure{}, Membership{}, err
	}
	spaces := s.authz.OpenByDefault(c.Type)
	slices.Sort(spaces)
	st := Structure{
		ID: ID(id), Identifier: c.Identifier, LegalName: c.LegalName, Label: c.Label, Type: c.Type,
		Status: StatusActive, Postcode: c.Postcode, Town: c.Town, Spaces: spaces,
		Directory: c.Directory, Salt: hex.EncodeToString(salt), CreatedAt: now,
	}
	m := Membership{
		ID: MembershipID(mid), Account: c.Principal, Structure: st.ID, Status: StatusApproved,
		Role: RolePrincipalManager, Granted: Whole(), DecidedAt: now, DecidedBy: by.ID, CreatedAt: now,
	}
	return st, m, nil
}
