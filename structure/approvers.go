package structure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/notify"
)

// mayIn checks that whoever stands there may do an administrative action; where an
// entitlement gives the permission, it is looked up.
func (s *Service) mayIn(ctx context.Context, tx Tx, at Standing, act authz.Action, now time.Time) error {
	var own []Subscription
	if s.authz.Permissions[act][at.Membership.Role] == authz.ByEntitlement {
		var err error
		if own, err = organising(ctx, tx, SubscriptionQuery{Account: at.Account.ID, Structures: []ID{at.Structure.ID}}); err != nil {
			return err
		}
	}
	return s.permitted(at.Account, at.Structure, at.Membership, act, now, own...)
}

// organising loads lines for the space that gives powers of a manager.
func organising(ctx context.Context, tx Tx, q SubscriptionQuery) ([]Subscription, error) {
	q.Space, q.Statuses = authz.SpaceOrganisation, []SubscriptionStatus{SubscriptionApproved}
	return linesOf(ctx, tx, q)
}

// approvers lists those who may do an administrative action in a structure: the
// principal manager first, then others by name, at most 1000 of each role (R-212, C-06).
// heard is what was read beforehand, or nil.
func (s *Service) approvers(ctx context.Context, tx Tx, heard *Hearing, st Structure, act authz.Action, now time.Time) ([]Member, error) {
	var out []Member
	for _, role := range []Role{RolePrincipalManager, RoleSecondaryManager, RoleMember} {
		var own []Subscription
		var err error
		switch s.authz.Permissions[act][role] {
		case authz.Never:
			continue
		case authz.ByDelegation:
			if !st.Delegated.Lends(act) {
				continue
			}
		case authz.ByEntitlement:
			if own, err = organisers(ctx, tx, heard, st.ID); err != nil {
				return nil, err
			}
			if len(own) == 0 {
				continue
			}
		default: // the role decides
		}
		members, err := s.holders(ctx, tx, heard, st, role, own)
		if err != nil {
			return nil, err
		}
		for _, m := range members {
			if s.permitted(m.Account, st, m.Membership, act, now, linesOfAccount(own, m.Account.ID)...) == nil {
				out = append(out, m)
			}
		}
	}
	return out, nil
}

// organisers loads the lines in a structure that give powers of a manager.
func organisers(ctx context.Context, tx Tx, heard *Hearing, id ID) ([]Subscription, error) {
	if heard != nil {
		return heard.Organisers, nil
	}
	return organising(ctx, tx, SubscriptionQuery{Structures: []ID{id}})
}

// holders loads the members of a role, or those of them who hold one of the lines.
func (s *Service) holders(ctx context.Context, tx Tx, heard *Hearing, st Structure, role Role, lines []Subscription) ([]Member, error) {
	if lines == nil && role == RolePrincipalManager && heard != nil {
		if heard.Principal.Membership.ID == "" {
			return nil, nil
		}
		return []Member{heard.Principal}, nil // there is exactly one
	}
	if lines == nil {
		q := MembershipQuery{Structures: []ID{st.ID}, Statuses: []MembershipStatus{StatusApproved}, Role: role, Limit: 1000}
		members, err := tx.Members(ctx, q)
		slices.SortStableFunc(members, func(a, b Member) int { return cmp.Compare(a.Account.SortName(), b.Account.SortName()) })
		return members, err
	}
	var out []Member
	seen := map[account.ID]bool{}
	for _, line := range lines {
		if seen[line.Account] {
			continue
		}
		seen[line.Account] = true
		at, err := tx.Standing(ctx, line.Account, st.ID)
		if err != nil {
			return nil, err
		}
		if at.Membership.Role == role {
			out = append(out, Member{Membership: at.Membership, Account: at.Account})
		}
	}
	return out, nil
}

func linesOfAccount(lines []Subscription, a account.ID) []Subscription {
	var out []Subscription
	for _, line := range lines {
		if line.Account == a {
			out = append(out, line)
		}
	}
	return out
}

// RequestRef names a request that waits for a decision: to join, or for a space. One of
// the two is set.
type RequestRef struct {
	Membership   MembershipID
	Subscription SubscriptionID
}

// waiting is a request of somebody, and who decides on it.
type waiting struct {
	at         Standing
	membership Membership
	lines      []Subscription // the whole batch of it that waits
	act        authz.Action
}

// waiting loads a request of the person who acts that waits for a decision.
func (s *Service) waiting(ctx context.Context, tx Tx, by account.Actor, ref RequestRef) (waiting, error) {
	var w waiting
	a, err := account.Acting(ctx, tx, by)
	if err != nil {
		return w, err
	}
	var st ID
	switch {
	case (ref.Membership == "") == (ref.Subscription == ""):
		return w, fault.Invalid("structure.RequestRef", fault.Field{Path: "request", Code: "required"})
	case ref.Membership != "":
		w.act = authz.ActionDecideMemberships
		if w.membership, err = find(ctx, tx.Membership, ref.Membership); err != nil {
			return w, err
		}
		if w.membership.Account != a.ID {
			return w, ErrNotFound
		}
		if !w.membership.Undecided() {
			return w, ErrAlreadyDecided
		}
		st = w.membership.Structure
	default:
		w.act = authz.ActionDecideSubscriptions
		line, err := ownLine(ctx, tx, a.ID, ref.Subscription)
		if err != nil {
			return w, err
		}
		if !line.Undecided() {
			return w, ErrAlreadyDecided
		}
		if w.lines, err = linesOf(ctx, tx, SubscriptionQuery{Account: a.ID, Batch: line.Batch, Statuses: []SubscriptionStatus{SubscriptionPending}}); err != nil {
			return w, err
		}
		st = line.Structure
	}
	w.at, err = tx.Standing(ctx, a.ID, st)
	return w, err
}

// Approvers names the people who may decide on a request of the actor, the principal
// manager first, without their addresses. Errors: ErrInvalid; [ErrNotFound];
// [ErrAlreadyDecided].
func (s *Service) Approvers(ctx context.Context, by account.Actor, ref RequestRef) ([]string, error) {
	now := s.clock()
	var names []string
	err := s.store.View(ctx, func(tx Tx) error {
		names = nil
		w, err := s.waiting(ctx, tx, by, ref)
		if err != nil {
			return err
		}
		people, err := s.approvers(ctx, tx, nil, w.at.Structure, w.act, now)
		for _, p := range people {
			if p.Account.ID != by.ID {
				names = append(names, p.Account.DisplayName())
			}
		}
		return err
	})
	return names, err
}

// Remind tells those who may decide on a request of the actor once more that it waits,
// lines asked for together at once. Errors: ErrInvalid; [ErrNotFound];
// [ErrAlreadyDecided]; account.ErrThrottled until SubscriptionPolicy.RemindEvery has
// gone by since the request and since the last reminder.
func (s *Service) Remind(ctx context.Context, by account.Actor, ref RequestRef) error {
	now := s.clock()
	early := func(instants ...time.Time) bool {
		return now.Before(slices.MaxFunc(instants, time.Time.Compare).Add(s.policy.Subscriptions.RemindEvery))
	}
	return s.store.Update(ctx, func(tx Tx) error {
		w, err := s.waiting(ctx, tx, by, ref)
		if err != nil {
			return err
		}
		units, err := tx.Units(ctx, w.at.Structure.ID)
		if err != nil {
			return err
		}
		if m := w.membership; m.ID != "" {
			if early(m.RequestedAt, m.RemindedAt) {
				return account.ErrThrottled
			}
			if s.policy.Memberships.ending(m, now) { // RemindedAt would say that it was told
				if err := s.tellOfEnd(ctx, tx, w.at, m, now); err != nil {
					return err
				}
			}
			m.RemindedAt = now
			if err := s.putMembership(ctx, tx, by, "membership.reminded", &m, now); err != nil {
				return err
			}
			return s.tellOfRequest(ctx, tx, nil, notify.MailMembershipReminder, w.at.Account, w.at.Structure, units, m, fmt.Sprintf("requested/%s/%d", m.ID, m.Version), now)
		}
		for i := range w.lines {
			if early(w.lines[i].RequestedAt, w.lines[i].RemindedAt) {
				return account.ErrThrottled
			}
			w.lines[i].RemindedAt = now
			if err := s.putSubscription(ctx, tx, by, "subscription.reminded", &w.lines[i], now); err != nil {
				return err
			}
		}
		return s.tellOfLines(ctx, tx, w.at.Account, w.at.Structure, units, w.lines, now)
	})
}

// tellOfLines mails those who may decide that somebody asks for spaces.
func (s *Service) tellOfLines(
	ctx context.Context, tx Tx, applicant account.Card, st Structure, units []Unit, lines []Subscription, now time.Time,
) error {
	people, err := s.approvers(ctx, tx, nil, st, authz.ActionDecideSubscriptions, now)
	if err != nil {
		return err
	}
	for _, p := range people {
		to := p.Account
		if to.ID == applicant.ID {
			continue
		}
		if err := s.tell(ctx, tx, to, st, notify.Mail{
			Key:      fmt.Sprintf("subscription/%s/%d/%s", lines[0].ID, lines[0].Version, to.ID),
			Template: notify.MailSubscriptionRequested,
			Values: notify.Values{
				"Applicant": applicant.DisplayName(), "Spaces": s.describeLines(to.Language, units, lines),
				"Link": s.links.To(s.links.SubscriptionRequests, lines[0].Batch),
			},
		}, now); err != nil {
			return err
		}
	}
	return nil
}

// tellSubscriber mails the person whose lines changed; nobody who is not active.
func (s *Service) tellSubscriber(ctx context.Context, tx Tx, to account.Card, st Structure, key Subscription, t notify.Template, v notify.Values, now time.Time) error {
	if !reachable(to) {
		return nil
	}
	v["Link"] = s.links.To(s.links.Subscriptions, "")
	return s.tell(ctx, tx, to, st, notify.Mail{Key: fmt.Sprintf("%s/%s/%d", t, key.ID, key.Version), Template: t, Values: v}, now)
}
