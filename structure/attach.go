package structure

import (
	"context"
	"errors"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// NewMember is whom a manager attaches to a structure, and on what terms (R-231 to
//
type NewMember struct {
	Structure ID          `validate:"required,id"`
	Account   account.ID  `validate:"required,id"`
	Role      Role        `validate:"omitempty,oneof=member secondary_manager"` // Defaults to RoleMember.
	Whole     bool        // the whole structure, present and future services
	Services  []ServiceID `validate:"max=1000,dive,id"` // otherwise these; not both
	Comment   string      `validate:"max=255,text"`     // why; required unless the policy says otherwise
	From      authz.Date  `validate:"day"`              // first day. Defaults to today.
	Until     authz.Date  `validate:"day"`              // last day, included. Defaults to none: for ever.

	// Update changes the membership of somebody who is attached already to these terms.
	// Defaults to false: ErrAlreadyMember.
	Update bool
}

func (n NewMember) scope() Scope {
	return Request{Whole: n.Whole, Services: n.Services}.scope()
}

// Attach makes somebody a member on a manager's own initiative: approved at once, since
// the manager is who would approve. A request that waits is answered by
// it. The new member is told by mail.
//
// Errors: ErrInvalid naming every bad field; [ErrEmptyScope]; [ErrNotFound] for a
// structure or an account that is unknown; [ErrDenied]; [ErrOwnMembership];
// [ErrAlreadyMember] together with the membership; [ErrMembershipDisabled];
// [ErrApplicantGone]; [ErrApplicantNotActive] if the policy says so;
// [ErrPrincipalProtected] for an update.
func (s *Service) Attach(ctx context.Context, by account.Actor, n NewMember) (Membership, error) {
	const op = "structure.Attach"
	now := s.clock()
	today := authz.DateOf(now.In(s.zone))
	n.Comment = multiline(n.Comment)
	more := s.badAsking(n.Comment, n.Whole, n.Services, n.From, n.Until, today)
	if n.Role == RoleSecondaryManager && s.policy.NoSecondaryManagers {
		more = append(more, fault.Field{Path: "role", Code: "oneof", Param: "member"})
	}
	err := check.Struct(op, n, more...)
	switch {
	case err != nil:
		return Membership{}, err
	case n.scope().IsZero():
		return Membership{}, ErrEmptyScope
	}
	if n.From.IsZero() {
		n.From = today
	}
	if n.Role == "" {
		n.Role = RoleMember
	}
	comment, noteErr := s.note(n.Comment)
	fresh, idErr := s.ids.New(now)
	if err := errors.Join(noteErr, idErr); err != nil {
		return Membership{}, err
	}
	var m Membership
	err = s.update(ctx, func(tx Tx) (err error) {
		m, err = s.attach(ctx, tx, op, by, n, comment, MembershipID(fresh), now)
		return err
	})
	if err != nil && !refused(err) {
		m = Membership{}
	}
	return m, err
}

func (s *Service) attach(
	ctx context.Context, tx Tx, op string, by account.Actor, n NewMember, comment Note, fresh MembershipID, now time.Time,
) (Membership, error) {
	manager, err := s.authorised(ctx, tx, by, n.Structure, authz.ActionManageMembers, now)
	if err != nil {
		return Membership{}, err
	}
	at, err := tx.Standing(ctx, n.Account, n.Structure)
	if err != nil {
		return Membership{}, err
	}
	if who := at.Account; who.ID == "" || who.Kind != account.KindPerson || who.Status == account.StatusAnonymized {
		return Membership{}, ErrNotFound
	}
	if err := s.fitToJoin(at.Account); err != nil {
		return Membership{}, err
	}
	c := decisionCase{Deciding: Deciding{Standing: manager, Subject: at.Membership, Applicant: at.Account}, now: now, zone: s.zone}
	if c.Subject.named() || len(n.Services) > 0 {
		if c.units, err = tx.Units(ctx, n.Structure); err != nil {
			return Membership{}, err
		}
	}
	if c.Subject.ID == "" {
		c.Subject = Membership{ID: fresh, Account: n.Account, Structure: n.Structure, CreatedAt: now}
	}
	r, err := s.attaching(op, c, n, comment)
	if err != nil || r.kind == "" {
		return at.Membership, err
	}
	if at.Membership.Status != StatusApproved {
		if err := s.guardJoining(ctx, tx, n.Account); err != nil {
			return Membership{}, err
		}
	}
	if err := s.putRuling(ctx, tx, manager.Head, by, at.Membership, &r, now); err != nil {
		return Membership{}, err
	}
	return r.Membership, s.tellMember(ctx, tx, c.Applicant, c.Structure, r.Membership, r.mail, now)
}

// guardJoining makes whoever erases an account that becomes a member collide with this
// unit. A membership that is in force already has a version for that.
func (s *Service) guardJoining(ctx context.Context, tx Tx, who account.ID) error {
	a, err := tx.Account(ctx, who)
	if err == nil {
		err = s.fitToJoin(a.Card())
	}
	if err != nil {
		return err
	}
	return tx.PutAccount(ctx, a)
}

// attaching decides an [Service.Attach].
func (s *Service) attaching(op string, c decisionCase, n NewMember, comment Note) (ruling, error) {
	scope, validity := n.scope(), authz.Between(n.From, n.Until, s.zone)
	if n.Update && c.Subject.Status == StatusApproved {
		return s.changing(op, c, Change{Role: n.Role, Scope: &scope, Validity: &validity})
	}
	if err := c.acceptable(op, &scope, nil); err != nil {
		return ruling{}, err
	}
	m, err := c.Subject.Attach(Terms{Role: n.Role, Granted: scope, Validity: validity}, comment, c.Account.ID, c.now)
	if err != nil {
		return ruling{}, err
	}
	return ruling{
		Membership: m, kind: "membership.approved", steps: unticked(c.Subject, m.Granted),
		mail: notify.Mail{Template: notify.MailMembershipAttached, Values: s.terms(c.units, m)},
	}, nil
}

// terms are what a mail tells of a membership.
func (s *Service) terms(units []Unit, m Membership) notify.Values {
	return notify.Values{
		"Scope": describe(units, m.Granted), "Role": string(m.Role),
		"FirstDay": m.Validity.FirstDay(s.zone).String(), "LastDay": m.Validity.LastDay(s.zone).String(),
	}
}
