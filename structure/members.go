package structure

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// What a membership is worth at an instant, beside the stored statuses. Each has a text
// "status.<code>".
const (
	StatusScheduled MembershipStatus = "scheduled" // approved, and not begun
	StatusExpired   MembershipStatus = "expired"   // approved, and over
	StatusSuspended MembershipStatus = "suspended" // approved, and the account is not active
)

// StatusAt is the status that people read: the stored one, but for an approved
// membership what keeps it from giving rights at an instant, if anything does.
func (m Membership) StatusAt(a account.Status, at time.Time) MembershipStatus {
	switch {
	case m.Status != StatusApproved:
		return m.Status
	case m.Validity.After(at):
		return StatusExpired
	case a != account.StatusActive:
		return StatusSuspended
	case m.Validity.Before(at):
		return StatusScheduled
	default:
		return m.Status
	}
}

// MemberLine is one line of a structure's table of members. The three dates that
// the guides call by one name are told apart.
type MemberLine struct {
	Person        Person // the technical flag included; without telephone and address
	Membership    Membership
	Status        MembershipStatus // as people read it, see [Membership.StatusAt]
	ActivatedAt   time.Time        // when the account was activated; zero before
	ReactivatedAt time.Time        // when it last came back; zero if it never did
	AttachedAt    time.Time        // when the membership was last decided; zero before
	LastSignInAt  time.Time        // zero before the first
	Undeliverable bool             // mails to the login address come back
}

func lineOf(m Member, now time.Time) MemberLine {
	return MemberLine{
		Person: personOf(m.Account), Membership: m.Membership, Status: m.Membership.StatusAt(m.Account.Status, now),
		ActivatedAt: m.Account.ActivatedAt, ReactivatedAt: m.Account.ReactivatedAt, AttachedAt: m.Membership.DecidedAt,
		LastSignInAt: m.Account.LastSignInAt, Undeliverable: !m.Account.UndeliverableSince.IsZero(),
	}
}

// Waits reports whether the person has yet to activate the account, so that
// [Service.ResendActivation] can help.
func (m MemberLine) Waits() bool { return m.Person.Status == account.StatusPendingActivation }

// MemberFilter selects members. Conditions are ANDed; the zero MemberFilter selects
// whoever belongs to the structure or asks to.
type MemberFilter struct {
	// Statuses are stored ones, any of these. Defaults to pending, approved and disabled.
	Statuses []MembershipStatus `validate:"max=6,dive,oneof=pending approved rejected disabled removed cancelled"`

	Role    Role      `validate:"omitempty,oneof=principal_manager secondary_manager member technical"` // Defaults to any.
	Service ServiceID `validate:"omitempty,id"`                                                         // that they hold, by name or with the whole structure. Defaults to any.
	Family  string    `validate:"max=255,line"`                                                         // family name: begins so; "*" is any run of characters. Defaults to any.
	Given   string    `validate:"max=255,line"`                                                         // given name, the same. Defaults to any.
}

func (f MemberFilter) query(id ID) MembershipQuery {
	q := MembershipQuery{
		Structures: []ID{id}, Statuses: f.Statuses, Role: f.Role, Service: f.Service, ByName: true,
		Person: account.Criteria{Family: NewPattern(f.Family).Prefix(), Given: NewPattern(f.Given).Prefix()},
	}
	if len(q.Statuses) == 0 {
		q.Statuses = belonging()
	}
	return q
}

// Members lists who belongs to a structure, programs included, by name, for those who
// manage its members. It tells of this structure only.
//
// Errors: ErrInvalid naming every bad field; [ErrNotFound]; [ErrDenied].
func (s *Service) Members(ctx context.Context, by account.Actor, id ID, f MemberFilter, r PageRequest) (Page[MemberLine], error) {
	const op = "structure.Members"
	if bad := append(check.Fields(f), r.fields()...); len(bad) > 0 {
		return Page[MemberLine]{}, fault.Invalid(op, bad...)
	}
	now := s.clock()
	var p Page[MemberLine]
	err := s.store.View(ctx, func(tx Tx) error {
		if _, err := s.authorise(ctx, tx, by, id, authz.ActionManageMembers, now); err != nil {
			return err
		}
		q := f.query(id)
		n, err := tx.Count(ctx, Counting{Memberships: &q})
		if err != nil {
			return err
		}
		p = newPage[MemberLine](r, n.Memberships)
		q.Skip, q.Limit = p.skip(), p.Size
		found, err := tx.Members(ctx, q)
		for _, m := range found {
			p.Items = append(p.Items, lineOf(m, now))
		}
		return err
	})
	if err != nil {
		return Page[MemberLine]{}, err
	}
	return p, nil
}

// MembershipsOf lists the memberships of somebody who belongs to a structure, for those
// who manage its members: there, and in the other structures that the actor manages,
// or in all of them if the policy says so. Oldest request first.
//
// Errors: [ErrNotFound], for whoever never belonged to the structure too; [ErrDenied].
func (s *Service) MembershipsOf(ctx context.Context, by account.Actor, id ID, who account.ID) ([]Case, error) {
	now := s.clock()
	var out []Case
	err := s.store.View(ctx, func(tx Tx) error {
		at, err := s.authorised(ctx, tx, by, id, authz.ActionManageMembers, now)
		if err != nil {
			return err
		}
		subject, err := standingOf(ctx, tx, who, id)
		if err != nil {
			return err
		}
		if subject.Membership.ID == "" {
			return ErrNotFound
		}
		ms, err := allMemberships(ctx, tx, who)
		if err != nil {
			return err
		}
		if !s.policy.Memberships.ShowAllStructures {
			managed, err := s.managed(ctx, tx, at.Account, authz.ActionManageMembers, now)
			if err != nil {
				return err
			}
			ms = slices.DeleteFunc(ms, func(m Membership) bool { return !slices.Contains(managed, m.Structure) })
		}
		out, err = newShelf().cases(ctx, tx, at.Account.ID, ms)
		return err
	})
	return out, err
}
