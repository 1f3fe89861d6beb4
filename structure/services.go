package structure

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

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

// ServiceChange is what a manager tells about a service that is there. Its code stays:
// people know the service by it.
type ServiceChange struct {
	Name   string     `validate:"required,max=255,line"` // what people read
	From   authz.Date `validate:"day"`                   // first day. Defaults to none: since ever.
	Until  authz.Date `validate:"day"`                   // last day, included. Defaults to none: for ever.
	Active bool       // people may ask for it, and rights on it count. Defaults to false.
}

// UpdateService changes name, dates and state of a service, all of it or nothing, by
// whoever may modify its structure. Dates and state bound every right on it at
// once; memberships stay, and give the same rights again with the service. The
// same again writes nothing.
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound]; [ErrDenied].
func (s *Service) UpdateService(ctx context.Context, by account.Actor, id ServiceID, c ServiceChange) (Unit, error) {
	const op = "structure.UpdateService"
	c.Name = tidy(c.Name)
	wrong := append(check.Fields(c), endsBeforeItBegins(c.From, c.Until)...)
	now := s.clock()
	var u Unit
	err := s.store.Update(ctx, func(tx Tx) error {
		if err := account.MayAct(by); err != nil {
			return err
		}
		before, err := find(ctx, tx.Unit, id)
		if err != nil {
			return err
		}
		st, err := s.authorise(ctx, tx, by, before.Structure, authz.ActionModifyStructure, now)
		if err != nil {
			return err
		}
		if err := invalid(op, wrong); err != nil {
			return err
		}
		u = before
		u.Name, u.Active, u.Validity = c.Name, c.Active, authz.Between(c.From, c.Until, s.zone)
		if u.Name == before.Name && u.Active == before.Active &&
			u.Validity.From.Equal(before.Validity.From) && u.Validity.Until.Equal(before.Validity.Until) {
			u = before
			return nil
		}
		if err := tx.PutStructure(ctx, st); err != nil { // the aggregate: whoever decides on the service looks again
			return err
		}
		return s.putUnit(ctx, tx, by, "service.changed", &u, now)
	})
	if err != nil {
		return Unit{}, err
	}
	return u, nil
}

// Services lists the services of a structure that can be asked for today, for any
// active account that prepares a request, by code. Those that begin
// later are among them: a request may begin later too.
func (s *Service) Services(ctx context.Context, by account.Actor, id ID) ([]Unit, error) {
	return s.FindServices(ctx, by, id, "")
}

// FindServices is [Service.Services] with what was typed into a search box: a part of
// the code or of the name, whatever its case and accents. "*" stands for any run
// of characters, and with one the whole code or name must fit; nothing typed lists all.
// The whole structure is not a line of the list, but [Request].Whole.
//
// Errors: ErrInvalid; [ErrNotFound]; account.ErrNotActive.
func (s *Service) FindServices(ctx context.Context, by account.Actor, id ID, typed string) ([]Unit, error) {
	if bad := check.Value("text", typed, "max=255,line"); len(bad) > 0 {
		return nil, fault.Invalid("structure.FindServices", bad...)
	}
	now := s.clock()
	var units []Unit
	err := s.store.View(ctx, func(tx Tx) error {
		if _, err := account.Acting(ctx, tx, by); err != nil {
			return err
		}
		st, err := find(ctx, tx.Structure, id)
		if err != nil {
			return err
		}
		units, err = tx.Units(ctx, st.ID)
		return err
	})
	return pick(units, typed, now), err
}

// pick returns the services that are offered and that contain what was typed.
func pick(units []Unit, typed string, now time.Time) []Unit {
	p := NewPattern(typed)
	if q := p.Prefix(); q != p {
		p = "*" + q
	}
	return slices.DeleteFunc(units, func(u Unit) bool {
		return !u.Active || u.Validity.After(now) || !p.Match(Fold(u.Code)) && !p.Match(Fold(u.Name))
	})
}

// endsBeforeItBegins names the end of a span of days that is before its start.
func endsBeforeItBegins(from, until authz.Date) []fault.Field {
	if !from.IsZero() && !until.IsZero() && until.In(time.UTC).Before(from.In(time.UTC)) {
		return []fault.Field{{Path: "until", Code: "before_from"}}
	}
	return nil
}
