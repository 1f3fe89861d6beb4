package structure

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// Creation is what somebody tells about a new structure.
type Creation struct {
	Identifier Identifier // unique; checked by the policy
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
	c.Identifier.Value = canonical(c.Identifier.Value)
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
	var more []fault.Field
	if !c.Identifier.Valid(s.policy.Identifiers) {
		more = append(more, fault.Field{Path: "identifier", Code: "siret"})
	}
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
			st = existing
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
		err = ErrStructureExists // somebody was faster by a moment
	}
	return st, err
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

// ServiceSpec is what a manager tells about a new service.
type ServiceSpec struct {
	Code  string     `validate:"required,max=60,line"`  // unique in the structure
	Name  string     `validate:"required,max=255,line"` // what people read
	From  authz.Date `validate:"day"`                   // first day. Defaults to none: since ever.
	Until authz.Date `validate:"day"`                   // last day, included. Defaults to none: for ever.
}

// AddService adds a service to a structure. Errors: ErrInvalid naming every
// bad field; [ErrNotFound]; [ErrDenied]; [ErrServiceExists].
func (s *Service) AddService(ctx context.Context, by account.Actor, id ID, spec ServiceSpec) (Unit, error) {
	const op = "structure.AddService"
	spec.Code, spec.Name = tidy(spec.Code), tidy(spec.Name)
	if err := check.Struct(op, spec, endsBeforeItBegins(spec.From, spec.Until)...); err != nil {
		return Unit{}, err
	}
	now := s.clock()
	uid, err := s.ids.New(now)
	if err != nil {
		return Unit{}, err
	}
	var u Unit
	err = s.store.Update(ctx, func(tx Tx) error {
		st, err := s.authorise(ctx, tx, by, id, authz.ActionModifyStructure, now)
		if err != nil {
			return err
		}
		u = Unit{
			ID: ServiceID(uid), Structure: st.ID, Code: spec.Code, Name: spec.Name, Active: true,
			Validity: authz.Between(spec.From, spec.Until, s.zone), CreatedAt: now,
		}
		return s.putUnit(ctx, tx, by, "service.added", &u, now)
	})
	if errors.Is(err, fault.ErrExists) {
		err = ErrServiceExists
	}
	if err != nil {
		return Unit{}, err
	}
	return u, nil
}

// endsBeforeItBegins names the end of a span of days that is before its start.
func endsBeforeItBegins(from, until authz.Date) []fault.Field {
	if !from.IsZero() && !until.IsZero() && until.In(time.UTC).Before(from.In(time.UTC)) {
		return []fault.Field{{Path: "until", Code: "before_from"}}
	}
	return nil
}
