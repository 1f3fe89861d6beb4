package structure

import (
	"context"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// DeactivateStructure makes a structure inactive: by its principal manager, or by
// support. From then on nobody has a right there, technical accounts and managers
// included, nobody can ask to join and nothing can be changed or decided.
// Memberships, requests that wait and everything the structure keeps stay as they are,
// and its identifier stays taken; [Service.ActivateStructure] brings all of it back. The
// managers are told by mail. Deactivating one that is inactive does nothing.
//
// Errors: [ErrNotFound] for whoever is no member; [ErrDenied]; account.ErrActor.
func (s *Service) DeactivateStructure(ctx context.Context, by account.Actor, id ID) (Structure, error) {
	return s.turn(ctx, by, id, StatusInactive)
}

// ActivateStructure makes an inactive structure active again: by its principal manager, or
// by support. What it kept gives the same rights as before. The managers are told by
// mail. Activating one that is active does nothing.
//
// Errors: those of [Service.DeactivateStructure]; [ErrNoPrincipal], since an active structure
// has a principal manager.
func (s *Service) ActivateStructure(ctx context.Context, by account.Actor, id ID) (Structure, error) {
	return s.turn(ctx, by, id, StatusActive)
}

// turn brings a structure into a state and tells its managers.
func (s *Service) turn(ctx context.Context, by account.Actor, id ID, to Status) (Structure, error) {
	now := s.clock()
	var st Structure
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		if st, err = s.operated(ctx, tx, by, id, authz.ActionCloseStructure, now); err != nil || st.Status == to {
			return err
		}
		managers, err := managersOf(ctx, tx, st.ID)
		if err != nil {
			return err
		}
		kind, mail := notify.Kind("structure.deactivated"), notify.MailStructureDeactivated
		if to == StatusActive {
			kind, mail = "structure.activated", notify.MailStructureActivated
			if err := guardPrincipal(ctx, tx, managers); err != nil {
				return err
			}
		}
		st.Status = to
		if err := s.putStructure(ctx, tx, by, kind, &st, now); err != nil {
			return err
		}
		return s.tellOfStructure(ctx, tx, st, managers, mail, now)
	})
	if err != nil {
		return Structure{}, err
	}
	return st, nil
}

// guardPrincipal says that there is no principal manager among some managers, if so, and
// makes whoever closes that account meanwhile collide with this unit: nobody needs a
// successor for a structure that is inactive still (RC-08).
func guardPrincipal(ctx context.Context, tx Tx, managers []Member) error {
	if len(managers) == 0 || managers[0].Membership.Role != RolePrincipalManager {
		return ErrNoPrincipal
	}
	principal, err := tx.Account(ctx, managers[0].Account.ID)
	switch {
	case err != nil:
		return err
	case principal.Status != account.StatusActive:
		return ErrNoPrincipal
	default:
		return tx.PutAccount(ctx, principal)
	}
}

// operated returns a structure to support, or to a person who may do an act of its
// principal manager, inactive or not.
func (s *Service) operated(ctx context.Context, tx Tx, by account.Actor, id ID, act authz.Action, now time.Time) (Structure, error) {
	if by.Kind == notify.ActorSupport {
		return find(ctx, tx.Structure, id)
	}
	at, err := standing(ctx, tx, by, id)
	if err != nil {
		return Structure{}, err
	}
	open := at.Structure
	open.Status = StatusActive
	return at.Structure, s.permitted(at.Account, open, at.Membership, act, now)
}

// managersOf lists the managers of a structure whose accounts are active, the principal
// manager first.
func managersOf(ctx context.Context, tx Tx, id ID) ([]Member, error) {
	var out []Member
	for _, role := range []Role{RolePrincipalManager, RoleSecondaryManager} {
		found, err := tx.Members(ctx, MembershipQuery{
			Structures: []ID{id}, Statuses: []MembershipStatus{StatusApproved}, Role: role, Limit: maxTold,
		})
		if err != nil {
			return nil, err
		}
		for _, m := range found {
			if m.Account.Status == account.StatusActive {
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// maxTold is how many managers of a role are told of one change, so that one unit of
// work stays small.
const maxTold = 100

// tellOfStructure mails managers what became of their structure.
func (s *Service) tellOfStructure(ctx context.Context, tx Tx, st Structure, managers []Member, t notify.Template, now time.Time) error {
	for _, m := range managers {
		if err := s.tell(ctx, tx, m.Account, st, notify.Mail{
			Key:      fmt.Sprintf("%s/%s/%d/%s", t, st.ID, st.Version, m.Account.ID),
			Template: t, Values: notify.Values{"At": now.Format(time.RFC3339)},
		}, now); err != nil {
			return err
		}
	}
	return nil
}

// SetDirectory says who keeps the accounts of a structure's people, by support alone
// . From then on what an external directory keeps is refused here with
// [ErrExternallyManaged]: creating accounts, resending their activation mails, and
// closing the account of the principal manager. The same again writes nothing.
//
// Errors: account.ErrActor for everybody but support; ErrInvalid; [ErrNotFound].
func (s *Service) SetDirectory(ctx context.Context, by account.Actor, id ID, d Directory) (Structure, error) {
	const op = "structure.SetDirectory"
	if by.Kind != notify.ActorSupport {
		return Structure{}, account.ErrActor
	}
	if d != DirectoryLocal && d != DirectoryExternal {
		return Structure{}, fault.Invalid(op, fault.Field{Path: "directory", Code: "oneof", Param: "local external"})
	}
	now := s.clock()
	var st Structure
	err := s.store.Update(ctx, func(tx Tx) (err error) {
		if st, err = find(ctx, tx.Structure, id); err != nil || st.External() == (d == DirectoryExternal) {
			return err
		}
		st.Directory = d
		return s.putStructure(ctx, tx, by, "structure.directory_changed", &st, now)
	})
	if err != nil {
		return Structure{}, err
	}
	return st, nil
}
