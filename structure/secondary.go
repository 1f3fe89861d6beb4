package structure

import (
	"context"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Migrated is what became of one secondary manager.
type Migrated struct {
	Account account.ID
	Line    Subscription // the right to write in the space that gives powers of a manager; zero if none was due
}

// MigrateSecondaryManagers makes simple users of the secondary managers of one structure,
// for a deployment that has none any more (C-07); Policy.NoSecondaryManagers keeps new
// ones out. Whoever could do by the principal's delegation all that the right to write in
// SpaceOrganisation permits gets that right, and the space is opened if need be; whoever
// could do less gets none, since a migration gives nobody more than before. The actor is
// support or the system. Doing it again changes nothing.
//
// Errors: account.ErrActor; [ErrNotFound].
func (s *Service) MigrateSecondaryManagers(ctx context.Context, by account.Actor, id ID) ([]Migrated, error) {
	if by.Kind != notify.ActorSupport && by.Kind != notify.ActorSystem {
		return nil, account.ErrActor
	}
	if !ids.Valid(id) {
		return nil, ErrNotFound
	}
	now := s.clock()
	var out []Migrated
	err := s.update(ctx, func(tx Tx) error {
		out = nil
		st, err := tx.Structure(ctx, id)
		if err != nil {
			return err
		}
		var all []Membership
		for _, status := range []MembershipStatus{StatusApproved, StatusDisabled} {
			ms, err := tx.Memberships(ctx, MembershipQuery{Structures: []ID{id}, Statuses: []MembershipStatus{status}, Role: RoleSecondaryManager, Limit: 1000})
			if err != nil {
				return err
			}
			all = append(all, ms...)
		}
		if len(all) == 0 {
			return nil
		}
		if err := tx.PutStructure(ctx, st); err != nil { // the aggregate: whoever closes the space looks again
			return err
		}
		st.Version++
		for _, m := range all {
			keeps := s.keepsPowers(st, m)
			if keeps && !slices.Contains(st.Spaces, authz.SpaceOrganisation) {
				st.Spaces = append(slices.Clone(st.Spaces), authz.SpaceOrganisation)
				slices.Sort(st.Spaces)
				if err := s.putStructure(ctx, tx, by, "structure.space_opened", &st, now); err != nil {
					return err
				}
			}
			moved, err := s.migrate(ctx, tx, by, m, keeps, now)
			if err != nil {
				return err
			}
			out = append(out, moved)
		}
		return nil
	})
	return out, err
}

// keepsPowers reports whether a secondary manager could do by delegation all that a
// simple user may do who writes in SpaceOrganisation.
func (s *Service) keepsPowers(st Structure, m Membership) bool {
	spec, listed := s.authz.Spec(authz.SpaceOrganisation)
	if !listed || !spec.Fits(st.Type) || !m.Granted.Whole {
		return false
	}
	for act, roles := range s.authz.Permissions {
		if roles[RoleMember] != authz.ByEntitlement {
			continue
		}
		switch roles[RoleSecondaryManager] {
		case authz.Always:
		case authz.ByDelegation:
			if !st.Delegated.Lends(act) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

func (s *Service) migrate(ctx context.Context, tx Tx, by account.Actor, m Membership, keeps bool, now time.Time) (Migrated, error) {
	out := Migrated{Account: m.Account}
	m.Role, m.DecidedAt, m.DecidedBy = RoleMember, now, by.ID
	if err := s.putMembership(ctx, tx, by, "membership.role_migrated", &m, now); err != nil || !keeps {
		return out, err
	}
	lines, err := linesOf(ctx, tx, SubscriptionQuery{Account: m.Account, Structures: []ID{m.Structure}, Space: authz.SpaceOrganisation})
	if err != nil {
		return out, err
	}
	d := desk{lines: lines, at: now, Standing: Standing{Structure: Structure{ID: m.Structure}}, subject: Standing{Account: account.Card{ID: m.Account}}}
	line, err := s.newLine(d, Line{Space: authz.SpaceOrganisation, Level: authz.Write})
	if err != nil || line.Status == SubscriptionApproved {
		return out, err
	}
	batch, err := s.ids.New(now)
	if err != nil {
		return out, err
	}
	if line, err = line.Grant(OriginManager, batch, authz.Validity{}, Note{}, by.ID, now); err != nil {
		return out, err
	}
	out.Line = line
	return out, s.putSubscription(ctx, tx, by, line.began(), &out.Line, now)
}
