package structure

import (
	"context"
	"io"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
	"github.com/habilis-go/habilis/internal/fault"
)

// ExportMembers writes the table of members that [Service.Members] shows as CSV, all
// pages of it, and returns how many rows that were. It is streamed as
// [Service.ExportSearch] is; that it was exported is in the history of the structure
//
//
// Errors: those of [Service.Members]; ErrInvalid for the format too; the writer's.
func (s *Service) ExportMembers(ctx context.Context, by account.Actor, id ID, f MemberFilter, format CSV, w io.Writer) (int, error) {
	format = format.completed(s.zone)
	if err := check.Struct("structure.ExportMembers", f, format.fields()...); err != nil {
		return 0, err
	}
	now := s.clock()
	t := NewTable(w, format, MemberColumns())
	err := s.store.View(ctx, func(tx Tx) error {
		if _, err := s.authorise(ctx, tx, by, id, authz.ActionManageMembers, now); err != nil {
			return err
		}
		if err := eachMember(ctx, tx, f.query(id), func(m Member) error { return t.Write(lineOf(m, now)) }); err != nil {
			return err
		}
		return t.Close()
	})
	return s.exported(ctx, by, id, ListMembers, t.Rows(), err)
}

// UserExport says which lines of a search for users are exported: those that are ticked,
// or all. Neither is refused.
type UserExport struct {
	Search UserSearch
	Ticked []account.ID `validate:"max=1000,dive,id"` // of what the search finds, these
	All    bool         // everything that the search finds. Defaults to false.
}

// ExportUsers writes the ticked users of a search as CSV, in the order of the screen, and
// returns how many rows that were. Who is ticked and not found is left
// out. It is streamed and recorded as [Service.ExportSearch] is, in the history of the
// structure if the search is of one, else of the actor.
//
// Errors: those of [Service.Users]; ErrInvalid if nobody is ticked, and for the format;
// the writer's.
func (s *Service) ExportUsers(ctx context.Context, by account.Actor, in UserExport, format CSV, w io.Writer) (int, error) {
	format = format.completed(s.zone)
	more := append(in.Search.fields(), format.fields()...)
	if len(in.Ticked) == 0 && !in.All {
		more = append(more, fault.Field{Path: "ticked", Code: "required"})
	}
	if err := check.Struct("structure.ExportUsers", in, more...); err != nil {
		return 0, err
	}
	now := s.clock()
	t := NewTable(w, format, UserColumns())
	err := s.store.View(ctx, func(tx Tx) error {
		err := s.eachUser(ctx, tx, by, in.Search, now, func(u User) error {
			if !in.All && !slices.Contains(in.Ticked, u.Person.ID) {
				return nil
			}
			return t.Write(u)
		})
		if err != nil {
			return err
		}
		return t.Close()
	})
	return s.exported(ctx, by, in.Search.Structure, ListUsers, t.Rows(), err)
}

// ExportRequests writes the requests to join that wait for a decision of the actor as
// CSV, in every structure or in one, oldest first, and returns how many rows that were.
// It is streamed and recorded as [Service.ExportUsers] is.
//
// Errors: those of [Service.PendingActions]; ErrInvalid for the format; the writer's.
func (s *Service) ExportRequests(ctx context.Context, by account.Actor, only ID, format CSV, w io.Writer) (int, error) {
	format = format.completed(s.zone)
	if err := check.Struct("structure.ExportRequests", PendingQuery{Structure: only}, format.fields()...); err != nil {
		return 0, err
	}
	t := NewTable(w, format, RequestColumns())
	err := s.store.View(ctx, func(tx Tx) error {
		r, err := s.managing(ctx, tx, by, only)
		if err != nil {
			return err
		}
		sh := newShelf()
		sh.places = r.places
		for q := r.undecided(only); ; {
			q.Limit = walk
			ms, err := tx.Memberships(ctx, q)
			if err != nil {
				return err
			}
			cases, err := sh.cases(ctx, tx, by.ID, ms)
			if err != nil {
				return err
			}
			for _, c := range cases {
				if err := t.Write(c); err != nil {
					return err
				}
				q.AfterAt, q.AfterID = c.Membership.RequestedAt, c.Membership.ID
			}
			if clear(sh.people); len(ms) < walk {
				return t.Close()
			}
		}
	})
	return s.exported(ctx, by, only, ListRequests, t.Rows(), err)
}

// SubscriptionExport says which subscriptions are exported.
type SubscriptionExport struct {
	Structure ID `validate:"omitempty,id"` // Defaults to every structure that the actor manages.

	// Statuses are any of these. Defaults to those that wait.
	Statuses []SubscriptionStatus `validate:"max=5,dive,oneof=pending approved rejected removed cancelled"`
}

// ExportSubscriptions writes the subscriptions about which the actor may decide, of other
// people, as CSV, a line each, the oldest request first, and returns how many rows that
// were. It is streamed and recorded as [Service.ExportUsers] is.
//
// Errors: those of [Service.PendingActions]; ErrInvalid for the format; the writer's.
func (s *Service) ExportSubscriptions(ctx context.Context, by account.Actor, in SubscriptionExport, format CSV, w io.Writer) (int, error) {
	format = format.completed(s.zone)
	if err := check.Struct("structure.ExportSubscriptions", in, format.fields()...); err != nil {
		return 0, err
	}
	t := NewTable(w, format, SubscriptionColumns(s.authz))
	err := s.store.View(ctx, func(tx Tx) error {
		r, err := s.managing(ctx, tx, by, in.Structure)
		if err != nil {
			return err
		}
		q := r.pending(in.Structure)
		if q.Once = false; len(in.Statuses) > 0 {
			q.Statuses = in.Statuses
		}
		sh := newShelf()
		sh.places = r.places
		for q.Limit = walk; ; {
			lines, err := tx.Subscriptions(ctx, q)
			if err != nil {
				return err
			}
			if err := sh.stockLines(ctx, tx, lines); err != nil {
				return err
			}
			for _, line := range lines {
				row, err := sh.subscriber(ctx, tx, line)
				if err == nil {
					err = t.Write(row)
				}
				if err != nil {
					return err
				}
				q.AfterAt, q.AfterID = line.RequestedAt, line.ID
			}
			if clear(sh.people); len(lines) < walk {
				return t.Close()
			}
		}
	})
	return s.exported(ctx, by, in.Structure, ListSubscriptions, t.Rows(), err)
}
