package structure

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Departure is what somebody leaves: services of a structure, or all of it.
type Departure struct {
	Structure ID
	Services  []ServiceID // those to leave (C-15). Defaults to none: the whole structure.

	// Successor is who takes over from the principal manager, who leaves the role and stays
	// as a simple user (C-14). It is for principal managers alone. Defaults to nobody.
	Successor Successor
}

// Leave ends the actor's own memberships, or parts of them, without anybody's approval
// . Leaving the last service leaves the structure; subscriptions to
// what is left end with it. The managers are told by mail. Each departure is a
// unit of its own and has a result of its own, in the order given:
// [ErrNotFound]; [ErrNotMember]; [ErrNotHeld]; [ErrMembershipDisabled];
// [ErrDenied] if the policy lets the role not leave. A principal manager hands over as
// with [Service.TransferPrincipal] (R-241, C-14): [ErrSuccessorRequired] without a
// successor; [ErrNotPrincipal] for anybody else with one; ErrInvalid for one who cannot
// be it; account.ErrProofRequired; [ErrNominationPending].
//
// Errors of the whole: ErrInvalid for more than MaxBulk departures or as many services.
func (s *Service) Leave(ctx context.Context, by account.Actor, ds ...Departure) ([]Outcome, error) {
	const op = "structure.Leave"
	if err := checkBulk(op, "departures", len(ds)); err != nil {
		return nil, err
	}
	for i, d := range ds {
		if len(d.Services) > maxServices {
			path := "departures[" + strconv.Itoa(i) + "].services"
			return nil, fault.Invalid(op, fault.Field{Path: path, Code: "too_many", Param: strconv.Itoa(maxServices)})
		}
	}
	now := s.clock()
	out := make([]Outcome, 0, len(ds))
	for _, d := range ds {
		var m Membership
		err := s.update(ctx, func(tx Tx) (err error) {
			m, err = s.depart(ctx, tx, by, d, now)
			return err
		})
		o := outcome(m.ID, m, err)
		o.Structure = d.Structure
		out = append(out, o)
	}
	return out, nil
}

func (s *Service) depart(ctx context.Context, tx Tx, by account.Actor, d Departure, now time.Time) (Membership, error) {
	at, err := standing(ctx, tx, by, d.Structure)
	switch {
	case err != nil:
		return Membership{}, err
	case at.Membership.ID == "":
		return Membership{}, ErrNotFound
	}
	if d.Successor != (Successor{}) {
		return s.departAsPrincipal(ctx, tx, by, at, d, now)
	}
	before := at.Membership
	after, err := before.Leave(d.Services, now)
	if err == nil {
		err = s.mayLeave(before.Role)
	}
	if err != nil {
		return before, err
	}
	r := ruling{Membership: after, kind: "membership.left"}
	if after.Status == StatusApproved {
		r.only = before.Granted.Minus(after.Granted)
	}
	if err := s.putRuling(ctx, tx, at.Head, by, before, &r, now); err != nil {
		return Membership{}, err
	}
	var units []Unit
	if before.named() {
		if units, err = tx.Units(ctx, d.Structure); err != nil {
			return Membership{}, err
		}
	}
	return r.Membership, s.tellManagers(ctx, tx, nil, at.Structure, authz.ActionManageMembers, by.ID,
		fmt.Sprintf("left/%s/%d", r.ID, r.Version), notify.MailMembershipLeft,
		notify.Values{"Applicant": at.Account.DisplayName(), "Scope": describe(units, r.only)}, now)
}

// departAsPrincipal hands over the role of whoever leaves it.
func (s *Service) departAsPrincipal(ctx context.Context, tx Tx, by account.Actor, at Standing, d Departure, now time.Time) (Membership, error) {
	m := at.Membership
	if m.Status != StatusApproved || m.Role != RolePrincipalManager {
		return m, ErrNotPrincipal
	}
	if err := s.mayIn(ctx, tx, at, authz.ActionTransferPrincipal, now); err != nil {
		return m, err
	}
	if err := s.requireProof(by, now); err != nil {
		return m, err
	}
	heirs, err := heirsOf(ctx, tx, "structure.Leave", at.Account, d.Successor, nil, []Structure{at.Structure})
	if err != nil {
		return m, err
	}
	if m, err = s.succeed(ctx, tx, by, at.Structure, m, at.Account, heirs[at.Structure.ID].Card(), now); err != nil {
		return m, err
	}
	return m, guard(ctx, tx, heirs)
}

// mayLeave asks the policy whether a role may leave.
func (s *Service) mayLeave(r Role) error {
	switch s.authz.Permissions[authz.ActionLeave][r] {
	case authz.Always, authz.OwnOnly:
		return nil
	case authz.ByTransfer:
		return ErrSuccessorRequired
	case authz.Never, authz.ByDelegation:
		return ErrDenied
	default:
		return ErrDenied
	}
}

// Withdraw takes the actor's own request back; what a member holds stays. The managers
// are told by mail. Errors: [ErrNotFound] for a request of anybody else;
// [ErrAlreadyDecided] together with the membership as it was decided.
func (s *Service) Withdraw(ctx context.Context, by account.Actor, id MembershipID) (Membership, error) {
	now := s.clock()
	var m Membership
	err := s.store.Update(ctx, func(tx Tx) error {
		if err := account.MayAct(by); err != nil {
			return err
		}
		if !ids.Valid(id) {
			return ErrNotFound
		}
		d, err := tx.Deciding(ctx, by.ID, id)
		switch {
		case err != nil:
			return err
		case d.check() != nil:
			return d.check()
		case d.Subject.Account != by.ID:
			return ErrNotFound
		}
		asked := d.Subject
		if m, err = asked.Withdraw(by.ID, now); err != nil {
			return err
		}
		if err := s.putMembershipAfter(ctx, tx, d.Head, by, "membership.withdrawn", &m, now); err != nil {
			return err
		}
		return s.tellManagers(ctx, tx, nil, d.Structure, authz.ActionDecideMemberships, by.ID,
			fmt.Sprintf("withdrawn/%s/%d", m.ID, m.Version), notify.MailMembershipWithdrawn,
			notify.Values{"Applicant": d.Account.DisplayName()}, now)
	})
	if err != nil && !refused(err) {
		m = Membership{}
	}
	return m, err
}
