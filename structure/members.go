package structure

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
)

// MemberLine is one line of a structure's table of members. The dates of the
// account and of the membership are told apart.
type MemberLine struct {
	Person        Person
	Membership    Membership
	ActivatedAt   time.Time // when the account was activated; zero before
	ReactivatedAt time.Time // when it last came back; zero if it never did
	LastSignInAt  time.Time // zero before the first
}

// MemberList says which members to list.
type MemberList struct {
	After MemberCursor // zero: from the first
	Limit int          // At most 1000. Defaults to 100.
}

// MemberCursor is where a listing of members goes on.
type MemberCursor struct {
	At time.Time
	ID MembershipID
}

// MemberPage is a part of a structure's members.
type MemberPage struct {
	Members []MemberLine
	Next    *MemberCursor // nil on the last page
}

// Members lists who belongs to a structure: those who ask to join it, those who were
// approved, disabled ones and programs included; oldest request first.
// Whoever was refused, left or was removed is not among them. It is for those who manage
// members.
//
// Errors: [ErrNotFound]; [ErrDenied]; account.ErrActor; account.ErrNotActive.
func (s *Service) Members(ctx context.Context, by account.Actor, id ID, l MemberList) (MemberPage, error) {
	now := s.clock()
	q := MembershipQuery{
		Structures: []ID{id}, Statuses: belonging(), AfterAt: l.After.At, AfterID: l.After.ID, Limit: l.Limit,
	}
	var out MemberPage
	err := s.store.View(ctx, func(tx Tx) error {
		if _, err := s.authorise(ctx, tx, by, id, authz.ActionManageMembers, now); err != nil {
			return err
		}
		found, err := tx.Members(ctx, q)
		if err != nil {
			return err
		}
		out = MemberPage{Members: make([]MemberLine, 0, len(found))}
		for _, m := range found {
			out.Members = append(out.Members, lineOf(m))
		}
		if len(found) < q.Capped() {
			return nil
		}
		last := found[len(found)-1].Membership
		next := q
		next.AfterAt, next.AfterID, next.Limit = last.RequestedAt, last.ID, 1
		more, err := tx.Memberships(ctx, next)
		if len(more) > 0 {
			out.Next = &MemberCursor{At: last.RequestedAt, ID: last.ID}
		}
		return err
	})
	if err != nil {
		return MemberPage{}, err
	}
	return out, nil
}

// belonging lists the statuses of memberships that are not over.
func belonging() []MembershipStatus {
	return []MembershipStatus{StatusPending, StatusApproved, StatusDisabled}
}

func lineOf(m Member) MemberLine {
	return MemberLine{
		Person: personOf(m.Account), Membership: m.Membership,
		ActivatedAt: m.Account.ActivatedAt, ReactivatedAt: m.Account.ReactivatedAt, LastSignInAt: m.Account.LastSignInAt,
	}
}

// Waits reports whether the person has yet to activate the account, so that
// [Service.ResendActivation] can help.
func (m MemberLine) Waits() bool { return m.Person.Status == account.StatusPendingActivation }
