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
			f := t.follower(t.db.accounts.kind.own(a), q.Structure)
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
func (t *tx) follower(a account.Account, in structure.ID) structure.Follower {
	f := structure.Follower{Account: account.Account{
		ID: a.ID, Kind: a.Kind, Status: a.Status, ContactEmail: a.ContactEmail,
		GivenName: a.GivenName, FamilyName: a.FamilyName, Language: a.Language, Notices: a.Notices,
	}}
	for _, m := range t.db.memberships.take(t.db.memberships.scan(accountRequests(a.ID), accountRequests(a.ID)), math.MaxInt, every) {
		if m.Status == structure.StatusApproved && (in == "" || m.Structure == in) {
			f.Memberships = append(f.Memberships, structure.Membership{
				Account: m.Account, Structure: m.Structure, Status: m.Status, Role: m.Role, Granted: m.Granted, Validity: m.Validity,
			})
		}
	}
	for _, s := range t.db.subscriptions.take(t.db.subscriptions.scan(accountLines(a.ID), accountLines(a.ID)), math.MaxInt, every) {
		if s.Status == structure.SubscriptionApproved && (in == "" || s.Structure == in) {
			f.Subscriptions = append(f.Subscriptions, structure.Subscription{
				Account: s.Account, Structure: s.Structure, Service: s.Service, Space: s.Space, Level: s.Level,
				Status: s.Status, Validity: s.Validity,
			})
		}
	}
	slices.SortFunc(f.Memberships, func(a, b structure.Membership) int { return cmp.Compare(a.Structure, b.Structure) })
	slices.SortFunc(f.Subscriptions, func(a, b structure.Subscription) int {
		return cmp.Or(cmp.Compare(a.Structure, b.Structure), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Space, b.Space), cmp.Compare(a.Level, b.Level))
	})
	return f
}
