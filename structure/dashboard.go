package structure

import (
	"context"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/check"
)

// Dashboard is what waits for a manager over all structures, for the first page that a
// manager sees.
type Dashboard struct {
	// Structures are those in which the actor manages anything, by ID; a filter does not
	// shorten the list. [Service.Managed] shows them.
	Structures []ID

	Memberships   Queue[Case]         // requests to join, oldest first
	Subscriptions Queue[PendingLines] // requests for spaces, by applicant and structure
}

// Total is how many requests wait.
func (d Dashboard) Total() int { return d.Memberships.Total + d.Subscriptions.Total }

// Queue is one page of what waits for a decision of the actor. The actor's own requests
// are never in it.
type Queue[T any] struct {
	Page[T]
	Oldest time.Time // when the one that waits longest was made; zero if none waits
}

// Age is how long the oldest has waited at an instant, 0 if nothing waits.
func (q Queue[T]) Age(at time.Time) time.Duration {
	if q.Oldest.IsZero() {
		return 0
	}
	return max(at.Sub(q.Oldest), 0)
}

// PendingQuery says which of the requests that wait somebody wants to see.
type PendingQuery struct {
	Structure     ID          `validate:"omitempty,id"` // Defaults to every structure that the actor manages.
	Memberships   PageRequest // page of requests to join
	Subscriptions PageRequest // page of requests for spaces
}

// Dashboard returns the first page of what waits for the decision of a manager, with
// counters and the age of the oldest, in one read of a few statements.
//
// Errors: account.ErrActor; account.ErrNotActive; [ErrDenied] for whoever manages nothing
//
func (s *Service) Dashboard(ctx context.Context, by account.Actor) (Dashboard, error) {
	return s.PendingActions(ctx, by, PendingQuery{})
}

// PendingActions is [Service.Dashboard] page by page, and of one structure if the query
// says so.
//
// Errors: ErrInvalid; account.ErrActor; account.ErrNotActive; [ErrDenied] for whoever
// manages nothing, or not the structure; [ErrNotFound] for a structure that the actor
// does not belong to.
func (s *Service) PendingActions(ctx context.Context, by account.Actor, q PendingQuery) (Dashboard, error) {
	if err := check.Struct("structure.PendingActions", q); err != nil {
		return Dashboard{}, err
	}
	var d Dashboard
	err := s.store.View(ctx, func(tx Tx) error {
		d = Dashboard{}
		r, err := s.managing(ctx, tx, by, q.Structure)
		if err != nil {
			return err
		}
		d.Structures = r.manages()
		ms := r.undecided(q.Structure)
		lines := r.pending(q.Structure)
		n, err := tx.Count(ctx, Counting{Memberships: &ms, Subscriptions: &lines})
		if err != nil {
			return err
		}
		d.Memberships.Page = newPage[Case](q.Memberships, n.Memberships)
		d.Subscriptions.Page = newPage[PendingLines](q.Subscriptions, n.Subscriptions)
		sh := newShelf()
		sh.places = r.places
		if err := queueMemberships(ctx, tx, sh, by.ID, ms, &d.Memberships); err != nil {
			return err
		}
		return queueSubscriptions(ctx, tx, sh, lines, &d.Subscriptions)
	})
	if err != nil {
		return Dashboard{}, err
	}
	return d, nil
}

// managing loads the reach of a manager. The error is [ErrDenied] for somebody who
// manages nothing, or not the structure that is asked for.
func (s *Service) managing(ctx context.Context, tx Tx, by account.Actor, only ID) (reach, error) {
	a, err := account.Acting(ctx, tx, by)
	if err != nil {
		return reach{}, err
	}
	r, err := s.reach(ctx, tx, a.Card(), s.clock())
	if err != nil {
		return r, err
	}
	all := r.manages()
	if len(all) == 0 {
		return r, ErrDenied
	}
	_, err = r.narrowed(all, only)
	return r, err
}

// manages lists the structures that an account manages in any way.
func (r reach) manages() []ID {
	return r.in(authz.ActionReadHistory, authz.ActionDecideMemberships, authz.ActionDecideSubscriptions)
}

// among lists the structures in which an action is permitted, or of them the only one
// that is asked for.
func (r reach) among(act authz.Action, only ID) []ID {
	some, err := r.narrowed(r.in(act), only)
	if err != nil {
		return []ID{} // another action is permitted there
	}
	return some
}

// undecided selects the requests to join that wait for a decision of the account.
func (r reach) undecided(only ID) MembershipQuery {
	return MembershipQuery{Structures: r.among(authz.ActionDecideMemberships, only), Undecided: true, Except: r.account.ID}
}

// pending selects the requests for spaces that wait for a decision of the account, one
// line of each applicant in each structure.
func (r reach) pending(only ID) SubscriptionQuery {
	return SubscriptionQuery{
		Structures: r.among(authz.ActionDecideSubscriptions, only), Statuses: []SubscriptionStatus{SubscriptionPending},
		Except: r.account.ID, Once: true,
	}
}

func queueMemberships(ctx context.Context, tx Tx, sh *shelf, viewer account.ID, q MembershipQuery, into *Queue[Case]) error {
	if into.Total == 0 {
		return nil
	}
	q.Skip, q.Limit = into.skip(), into.Size
	ms, err := tx.Memberships(ctx, q)
	if err != nil || len(ms) == 0 {
		return err
	}
	if into.Items, err = sh.cases(ctx, tx, viewer, ms); err != nil {
		return err
	}
	if into.Oldest = ms[0].RequestedAt; into.Number > 1 {
		q.Skip, q.Limit = 0, 1
		first, err := tx.Memberships(ctx, q)
		if err != nil || len(first) == 0 {
			return err
		}
		into.Oldest = first[0].RequestedAt
	}
	return nil
}

func queueSubscriptions(ctx context.Context, tx Tx, sh *shelf, q SubscriptionQuery, into *Queue[PendingLines]) error {
	if into.Total == 0 {
		return nil
	}
	q.Skip, q.Limit = into.skip(), into.Size
	firsts, err := tx.Subscriptions(ctx, q)
	if err != nil || len(firsts) == 0 {
		return err
	}
	lines, err := linesBeside(ctx, tx, firsts, q.Statuses)
	if err != nil {
		return err
	}
	if into.Items, err = sh.grouped(ctx, tx, lines); err != nil {
		return err
	}
	if into.Oldest = firsts[0].RequestedAt; into.Number > 1 {
		q.Skip, q.Limit = 0, 1
		if firsts, err = tx.Subscriptions(ctx, q); err != nil || len(firsts) == 0 {
			return err
		}
		into.Oldest = firsts[0].RequestedAt
	}
	return nil
}
