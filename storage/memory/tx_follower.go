package memory

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/structure"
)

func (t *tx) Followers(ctx context.Context, q structure.FollowerQuery) ([]structure.Follower, error) {
	return read(ctx, t, func() ([]structure.Follower, error) {
		people := key("i")
		rows := t.db.accounts.scan(people, people.text(string(q.After)))
		var found []structure.Follower
		for a := range rows {
			if a.Kind != account.KindPerson || a.Status != account.StatusActive || q.Account != "" && a.ID != q.Account {
				continue
			}
			if len(q.Rhythms) > 0 && !a.Notices.Any(q.Rhythms) {
				continue
			}
			f := t.follower(t.db.accounts.kind.own(a), q)
			if q.Structure != "" && len(f.Memberships) == 0 {
				continue
			}
			if found = append(found, f); len(found) == q.Capped() {
				break
			}
		}
		return found, nil
	})
}

// follower is an account with what it holds, in one structure or everywhere.
func (t *tx) follower(a account.Account, q structure.FollowerQuery) structure.Follower {
	f := structure.Follower{Account: a.ID, ContactEmail: a.ContactEmail, Language: a.Language, Notices: a.Notices}
	if q.Named {
		f.GivenName, f.FamilyName = a.GivenName, a.FamilyName
	}
	in := q.Structure
	for _, m := range t.db.memberships.take(t.db.memberships.scan(accountRequests(a.ID), accountRequests(a.ID)), math.MaxInt, every) {
		if m.Status == structure.StatusApproved && (in == "" || m.Structure == in) {
			f.Memberships = append(f.Memberships, structure.HeldMembership{
				Structure: m.Structure, Role: m.Role, Granted: m.Granted, Validity: m.Validity,
			})
		}
	}
	for _, s := range t.db.subscriptions.take(t.db.subscriptions.scan(accountLines(a.ID), accountLines(a.ID)), math.MaxInt, every) {
		if s.Status == structure.SubscriptionApproved && (in == "" || s.Structure == in) {
			f.Subscriptions = append(f.Subscriptions, structure.HeldSubscription{
				Structure: s.Structure, Service: s.Service, Space: s.Space, Level: s.Level, Validity: s.Validity,
			})
		}
	}
	slices.SortFunc(f.Memberships, func(a, b structure.HeldMembership) int { return cmp.Compare(a.Structure, b.Structure) })
	slices.SortFunc(f.Subscriptions, func(a, b structure.HeldSubscription) int {
		return cmp.Or(cmp.Compare(a.Structure, b.Structure), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Space, b.Space), cmp.Compare(a.Level, b.Level))
	})
	return f
}
