package structure

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// Erasure is what erasing an account would do, for the data-protection officer to read
// before confirming.
type Erasure struct {
	Account       account.ID
	Person        Person      // whom it is about
	Principal     []Structure // those that need another principal manager first
	Held          bool        // the host's legal hold forbids it; see account.Options.LegalHold
	Memberships   int         // that end; their comments and reasons are blanked
	Subscriptions int         // that end; the same
	Attachments   int         // that are deleted, the photo included
	Mails         int         // that wait and will not be sent

	// Token stands for all of the above; [Service.Erase] needs it.
	Token string
}

// Possible reports whether nothing forbids it.
func (e Erasure) Possible() bool { return !e.Held && len(e.Principal) == 0 }

// PlanErasure tells what erasing a person would do, and changes nothing. The actor is
// support, on the owner's request or when a retention is over. Errors: account.ErrActor;
// [ErrNotFound] for an account that is unknown or erased already.
func (s *Service) PlanErasure(ctx context.Context, by account.Actor, id account.ID) (Erasure, error) {
	held, err := s.mayErase(ctx, by, id)
	if err != nil {
		return Erasure{}, err
	}
	var e Erasure
	err = s.store.View(ctx, func(tx Tx) error {
		_, e, _, err = s.erasure(ctx, tx, id, held)
		return err
	})
	return e, err
}

// Erase blanks a person, as [Service.PlanErasure] told: names, addresses, credentials,
// files, comments and reasons go; identifiers stay in the history, whose chain still
// verifies (R-430, LG-11). The login address is free again. It cannot be undone.
//
// Errors, of which all but the first two come with the plan as it is now:
// account.ErrActor; [ErrNotFound]; [ErrConsequencesChanged]; account.ErrHeld;
// [ErrSuccessorRequired] for whoever is a principal manager.
func (s *Service) Erase(ctx context.Context, by account.Actor, id account.ID, token string) (Erasure, error) {
	const op = "structure.Erase"
	held, err := s.mayErase(ctx, by, id)
	if err != nil {
		return Erasure{}, err
	}
	now := s.clock()
	var e Erasure
	err = s.store.Update(ctx, func(tx Tx) error {
		if err := claimed(ctx, tx, id); err != nil {
			return err
		}
		a, plan, ms, err := s.erasure(ctx, tx, id, held)
		if err != nil {
			return err
		}
		e = plan
		switch {
		case e.Held:
			return account.ErrHeld.In(op)
		case len(e.Principal) > 0:
			return ErrSuccessorRequired.In(op)
		case e.Token != token:
			return ErrConsequencesChanged.In(op)
		}
		if err := s.forget(ctx, tx, by, a.ID, ms, now); err != nil {
			return err
		}
		_, err = s.accounts.EraseIn(ctx, tx, by, a, now)
		return err
	})
	return e, err
}

// Forget ends the memberships of an account that is being erased and blanks what they
// say, in the unit of work that erases it: the part of package structure in whatever
// erases accounts. Give it to account.Options.Erasing, as the facade does.
func (s *Service) Forget(ctx context.Context, tx Tx, by account.Actor, a account.Account, now time.Time) error {
	ms, err := allMemberships(ctx, tx, a.ID)
	if err != nil {
		return err
	}
	return s.forget(ctx, tx, by, a.ID, ms, now)
}

func (s *Service) mayErase(ctx context.Context, by account.Actor, id account.ID) (held bool, err error) {
	switch {
	case s.accounts == nil:
		return false, errNoAccounts
	case by.Kind != notify.ActorSupport && by.Kind != notify.ActorSystem:
		return false, account.ErrActor
	case !ids.Valid(id):
		return false, ErrNotFound
	default:
		return s.accounts.Held(ctx, id)
	}
}

// erasure loads what erasing an account would touch.
func (s *Service) erasure(ctx context.Context, tx Tx, id account.ID, held bool) (account.Account, Erasure, []Membership, error) {
	e := Erasure{Account: id, Held: held}
	a, err := tx.Account(ctx, id)
	if err != nil {
		return a, e, nil, err
	}
	if a.Status == account.StatusAnonymized {
		return a, e, nil, ErrNotFound
	}
	e.Person = personOf(a.Card())
	ms, err := allMemberships(ctx, tx, id)
	if err != nil {
		return a, e, nil, err
	}
	parts := []string{"erasure", string(id), string(a.Status)}
	for _, m := range ms {
		e.Memberships++
		parts = append(parts, string(m.ID), string(m.Status), string(m.Role))
		if m.Status != StatusApproved || m.Role != RolePrincipalManager {
			continue
		}
		st, err := tx.Structure(ctx, m.Structure)
		if err != nil {
			return a, e, nil, err
		}
		if st.Status == StatusActive {
			e.Principal = append(e.Principal, st)
		}
	}
	n, err := tx.Count(ctx, Counting{Subscriptions: &SubscriptionQuery{Account: id}})
	if err != nil {
		return a, e, nil, err
	}
	e.Subscriptions = n.Subscriptions
	files, err := tx.Attachments(ctx, account.AttachmentQuery{Owner: account.Owner{Account: id}, Limit: 1000})
	if err != nil {
		return a, e, nil, err
	}
	e.Attachments = len(slices.DeleteFunc(files, func(f account.Attachment) bool { return f.Status == account.AttachmentRemoved }))
	mails, err := tx.Messages(ctx, notify.MessageQuery{Account: id, Status: notify.MessageQueued, Limit: 1000})
	if err != nil {
		return a, e, nil, err
	}
	e.Mails = len(mails)
	e.Token = notify.Digest(a.Salt, append(parts, strconv.Itoa(e.Subscriptions), strconv.Itoa(e.Attachments))...)
	return a, e, ms, nil
}

// allMemberships loads every membership of an account, whatever became of it.
func allMemberships(ctx context.Context, tx Tx, id account.ID) ([]Membership, error) {
	var all []Membership
	for q := (MembershipQuery{Account: id, Limit: 1000}); ; {
		page, err := tx.Memberships(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, m := range page {
			q.AfterAt, q.AfterID = m.RequestedAt, m.ID
		}
		if all = append(all, page...); len(page) < q.Limit {
			return all, nil
		}
	}
}

// Forgotten returns the membership of somebody who is erased: ended, without a word of
// anybody in it. It returns m if that is what it is already.
func (m Membership) Forgotten(by account.ID, now time.Time) Membership {
	if m.Comment == (Note{}) && m.Reason == (Note{}) && m.Asked.IsZero() && m.over() {
		return m
	}
	switch m.Status {
	case StatusPending:
		m.Status = StatusCancelled
	case StatusApproved, StatusDisabled:
		m.Status, m.Granted = StatusRemoved, Scope{}
	case StatusRejected, StatusRemoved, StatusCancelled: // ended already
	}
	m.Asked, m.Comment, m.Reason = Scope{}, Note{}, Note{}
	m.DecidedAt, m.DecidedBy = now, by
	return m
}

// forget ends the memberships before it looks for what they carry: whoever gives more
// meanwhile collides with that.
func (s *Service) forget(ctx context.Context, tx Tx, by account.Actor, a account.ID, ms []Membership, now time.Time) error {
	for _, m := range ms {
		gone := m.Forgotten(by.ID, now)
		if gone.Status == m.Status && gone.Comment == m.Comment && gone.Reason == m.Reason && gone.Asked.IsZero() == m.Asked.IsZero() {
			continue
		}
		if err := s.putMembership(ctx, tx, by, "membership.erased", &gone, now); err != nil {
			return err
		}
	}
	lines, err := linesOf(ctx, tx, SubscriptionQuery{Account: a})
	if err != nil {
		return err
	}
	for _, line := range lines {
		gone := line.Forgotten(by.ID, now)
		if gone.Status == line.Status && gone.Comment == line.Comment && gone.Reason == line.Reason {
			continue
		}
		if err := s.putSubscription(ctx, tx, by, "subscription.erased", &gone, now); err != nil {
			return err
		}
	}
	return account.ForgetTries(ctx, tx, a, factorSearching)
}
