package storagetest_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// asksOtherwise changes what is asked before it is answered. What is nil stays.
type asksOtherwise struct {
	storage.Tx
	accounts      func(*account.Query)
	structures    func(*structure.Query)
	memberships   func(*structure.MembershipQuery)
	subscriptions func(*structure.SubscriptionQuery)
	messages      func(*notify.MessageQuery)
	events        func(*notify.EventQuery)
}

func (x asksOtherwise) Events(ctx context.Context, q notify.EventQuery) ([]notify.Event, error) {
	if x.events != nil {
		x.events(&q)
	}
	return x.Tx.Events(ctx, q)
}

func (x asksOtherwise) Messages(ctx context.Context, q notify.MessageQuery) ([]notify.Message, error) {
	if x.messages != nil {
		x.messages(&q)
	}
	return x.Tx.Messages(ctx, q)
}

func (x asksOtherwise) Accounts(ctx context.Context, q account.Query) ([]account.Account, error) {
	if x.accounts != nil {
		x.accounts(&q)
	}
	return x.Tx.Accounts(ctx, q)
}

func (x asksOtherwise) Structures(ctx context.Context, q structure.Query) ([]structure.Structure, error) {
	if x.structures != nil {
		x.structures(&q)
	}
	return x.Tx.Structures(ctx, q)
}

func (x asksOtherwise) Memberships(ctx context.Context, q structure.MembershipQuery) ([]structure.Membership, error) {
	if x.memberships != nil {
		x.memberships(&q)
	}
	return x.Tx.Memberships(ctx, q)
}

func (x asksOtherwise) Subscriptions(ctx context.Context, q structure.SubscriptionQuery) ([]structure.Subscription, error) {
	if x.subscriptions != nil {
		x.subscriptions(&q)
	}
	return x.Tx.Subscriptions(ctx, q)
}

func accountsAsked(f func(*account.Query)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return asksOtherwise{Tx: x, accounts: f} })
}

func noticesAsked(f func(*notify.NoticeQuery)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return asksNotices{x, f} })
}

type asksNotices struct {
	storage.Tx
	ask func(*notify.NoticeQuery)
}

func (x asksNotices) Notices(ctx context.Context, q notify.NoticeQuery) ([]notify.Notice, error) {
	x.ask(&q)
	return x.Tx.Notices(ctx, q)
}

type talliesLonger struct{ storage.Tx }

func (x talliesLonger) Tallies(ctx context.Context, q notify.TallyQuery) ([]notify.Tally, error) {
	q.Until = q.Until.Add(time.Microsecond)
	return x.Tx.Tallies(ctx, q)
}

type dropsAll struct{ storage.Tx }

func (x dropsAll) DropNotices(ctx context.Context, before time.Time, _ int) (int, error) {
	return x.Tx.DropNotices(ctx, before, 1000)
}

func followersAsked(f func(*structure.FollowerQuery)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return asksFollowers{x, f} })
}

type asksFollowers struct {
	storage.Tx
	ask func(*structure.FollowerQuery)
}

func (x asksFollowers) Followers(ctx context.Context, q structure.FollowerQuery) ([]structure.Follower, error) {
	x.ask(&q)
	return x.Tx.Followers(ctx, q)
}

// barefoot forgets half of what is asked for.
type barefoot struct{ storage.Tx }

func (x barefoot) Followers(ctx context.Context, q structure.FollowerQuery) ([]structure.Follower, error) {
	all, err := x.Tx.Followers(ctx, q)
	for i := range all {
		all[i].Subscriptions = nil
	}
	return all, err
}

func (x barefoot) Venues(ctx context.Context, ids []structure.ID) ([]structure.Venue, error) {
	all, err := x.Tx.Venues(ctx, ids)
	for i := range all[min(1, len(all)):] {
		all[i+1].Units = nil
	}
	return all, err
}

// talliesKinds tells kinds apart, whatever is asked.
type talliesKinds struct{ storage.Tx }

func (x talliesKinds) Tallies(ctx context.Context, q notify.TallyQuery) ([]notify.Tally, error) {
	q.Sorts = false
	return x.Tx.Tallies(ctx, q)
}

func structuresAsked(f func(*structure.Query)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return asksOtherwise{Tx: x, structures: f} })
}

func membershipsAsked(f func(*structure.MembershipQuery)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return asksOtherwise{Tx: x, memberships: f} })
}

func subscriptionsAsked(f func(*structure.SubscriptionQuery)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return asksOtherwise{Tx: x, subscriptions: f} })
}

func eventsAsked(f func(*notify.EventQuery)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return asksOtherwise{Tx: x, events: f} })
}

func messagesAsked(f func(*notify.MessageQuery)) func() *saboteur {
	return handles(func(x storage.Tx) storage.Tx { return asksOtherwise{Tx: x, messages: f} })
}

// querySabotages are stores that misread one condition, and the case that must notice.
func querySabotages() []sabotage {
	type tx = storage.Tx
	type people = account.Criteria
	fold := func(p structure.Pattern) structure.Pattern {
		return structure.Pattern(strings.ReplaceAll(string(p), "_", "*"))
	}
	const (
		accounts      = "Contract/Account/"
		structures    = "Contract/StructureSearch/"
		memberships   = "Contract/MembershipList/"
		subscriptions = "Contract/SubscriptionList/"
		counts        = "Contract/Count/"
		messages      = "Contract/Message/"
		walk          = "Contract/Walk/"
		notices       = "Contract/Notice/"
		followers     = "Contract/Follower/"
	)
	return []sabotage{
		{breaks: "notices of any structure", caught: notices + "List", store: noticesAsked(func(q *notify.NoticeQuery) { q.Structures = nil })},
		{breaks: "notices that spread no more", caught: notices + "List", store: noticesAsked(func(q *notify.NoticeQuery) { q.Spreading = false })},
		{breaks: "notices whatever their key", caught: notices + "List", store: noticesAsked(func(q *notify.NoticeQuery) { q.Key = "" })},
		{breaks: "notices oldest first", caught: notices + "List", store: noticesAsked(func(q *notify.NoticeQuery) { q.Newest = false })},
		{breaks: "notices of one instant left out", caught: notices + "Before", store: noticesAsked(func(q *notify.NoticeQuery) { q.BeforeID = "" })},
		{breaks: "notices of the last instant counted", caught: notices + "Tallies", store: handles(func(x tx) tx { return talliesLonger{x} })},
		{breaks: "notices dropped without limit", caught: notices + "Drop", store: handles(func(x tx) tx { return dropsAll{x} })},
		{breaks: "followers without an account in force", caught: followers + "Filters", store: followersAsked(func(q *structure.FollowerQuery) { q.Account = "" })},
		{breaks: "followers of any structure", caught: followers + "Filters", store: followersAsked(func(q *structure.FollowerQuery) { q.Structure = "" })},
		{breaks: "followers without their names", caught: followers + "Whole", store: followersAsked(func(q *structure.FollowerQuery) { q.Named = false })},
		{breaks: "followers from the beginning", caught: followers + "Filters", store: followersAsked(func(q *structure.FollowerQuery) { q.After = "" })},
		{breaks: "followers without what they subscribed to", caught: followers + "Whole", store: handles(func(x tx) tx { return barefoot{x} })},
		{breaks: "followers whatever they ask for", caught: followers + "Rhythms", store: followersAsked(func(q *structure.FollowerQuery) { q.Rhythms = nil })},
		{breaks: "followers of the first rhythm only", caught: followers + "Rhythms", store: followersAsked(func(q *structure.FollowerQuery) { q.Rhythms = q.Rhythms[:min(1, len(q.Rhythms))] })},
		{breaks: "kinds told apart that are not asked for", caught: notices + "Tallies", store: handles(func(x tx) tx { return talliesKinds{x} })},
		{breaks: "services of one structure only", caught: followers + "Venues", store: handles(func(x tx) tx { return barefoot{x} })},
		{breaks: "accounts of anybody", caught: accounts + "Person", store: accountsAsked(func(q *account.Query) { q.Person = people{} })},
		{breaks: "accounts whatever their ID", caught: accounts + "List", store: accountsAsked(func(q *account.Query) { q.IDs = nil })},
		{breaks: "accounts of any country", caught: accounts + "Person", store: accountsAsked(func(q *account.Query) { q.Person.Country = "" })},
		{breaks: "countries without regard to case", caught: accounts + "Person", store: accountsAsked(func(q *account.Query) { q.Person.Country = strings.ToUpper(q.Person.Country) })},
		{breaks: "an underscore is a wildcard", caught: accounts + "Person", store: accountsAsked(func(q *account.Query) { q.Person.Given = fold(q.Person.Given) })},
		{breaks: "structures of any type", caught: structures + "Conditions", store: structuresAsked(func(q *structure.Query) { q.Type = "" })},
		{breaks: "structures in any state", caught: structures + "Conditions", store: structuresAsked(func(q *structure.Query) { q.Status = "" })},
		{breaks: "structures whatever their ID", caught: structures + "Conditions", store: structuresAsked(func(q *structure.Query) { q.IDs = nil })},
		{breaks: "no structures are all", caught: structures + "Conditions", store: structuresAsked(func(q *structure.Query) { q.IDs = slices.Clip(append([]structure.ID(nil), q.IDs...)) })},
		{breaks: "structures are not skipped", caught: structures + "Skip", store: structuresAsked(func(q *structure.Query) { q.Skip = 0 })},
		{breaks: "brief lists begin anew", caught: structures + "Brief", store: structuresAsked(func(q *structure.Query) {
			if q.Brief {
				q.AfterName, q.AfterID = "", ""
			}
		})},
		{breaks: "fragments without their rest", caught: structures + "Fragments", store: structuresAsked(func(q *structure.Query) {
			if len(q.Any) > 6 {
				q.Any = q.Any[:5] + "*"
			}
		})},
		{breaks: "memberships with any service", caught: memberships + "Service", store: membershipsAsked(func(q *structure.MembershipQuery) { q.Service = "" })},
		{breaks: "memberships whenever they are due", caught: memberships + "Due", store: membershipsAsked(func(q *structure.MembershipQuery) { q.DueAt = time.Time{} })},
		{breaks: "memberships due a moment later", caught: memberships + "Due", store: membershipsAsked(func(q *structure.MembershipQuery) {
			if !q.DueAt.IsZero() {
				q.DueAt = q.DueAt.Add(time.Microsecond)
			}
		})},
		{breaks: "memberships of anybody", caught: memberships + "Person", store: membershipsAsked(func(q *structure.MembershipQuery) { q.Person = people{} })},
		{breaks: "memberships by age instead of name", caught: memberships + "ByName", store: membershipsAsked(func(q *structure.MembershipQuery) { q.ByName = false })},
		{breaks: "memberships of each as often as there are", caught: memberships + "Once", store: membershipsAsked(func(q *structure.MembershipQuery) { q.Once = false })},
		{breaks: "memberships of somebody left out", caught: memberships + "Once", store: membershipsAsked(func(q *structure.MembershipQuery) { q.Except = "" })},
		{breaks: "memberships wherever else", caught: memberships + "Filters", store: membershipsAsked(func(q *structure.MembershipQuery) { q.Beside = "" })},
		{breaks: "memberships are not skipped", caught: memberships + "Skip", store: membershipsAsked(func(q *structure.MembershipQuery) { q.Skip = 0 })},
		{breaks: "names in the order of their bytes", caught: memberships + "ByName", store: handles(func(x tx) tx { return rawNames{x} })},
		{breaks: "two subscriptions for one line", caught: "Contract/Subscription/LineUnique", store: handles(func(x tx) tx { return sharedLines{x} })},
		{breaks: "subscriptions of anybody", caught: subscriptions + "Filters", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Account = "" })},
		{breaks: "subscriptions of all accounts", caught: subscriptions + "Filters", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Accounts = nil })},
		{breaks: "subscriptions to any space", caught: subscriptions + "Filters", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Space = "" })},
		{breaks: "subscriptions of any batch", caught: subscriptions + "Filters", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Batch = "" })},
		{breaks: "subscriptions in any state", caught: subscriptions + "Filters", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Statuses = nil })},
		{breaks: "subscriptions of any structure", caught: subscriptions + "Filters", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Structures = nil })},
		{breaks: "no subscriptions are all", caught: subscriptions + "AnyOfNone", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) {
			if len(q.IDs) == 0 {
				q.IDs = nil
			}
		})},
		{breaks: "subscriptions whenever they are due", caught: subscriptions + "Due", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.DueAt = time.Time{} })},
		{breaks: "subscriptions of each as often as there are", caught: subscriptions + "Once", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Once = false })},
		{breaks: "subscriptions of somebody left out", caught: subscriptions + "Filters", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Except = "" })},
		{breaks: "subscriptions are not skipped", caught: subscriptions + "Skip", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Skip = 0 })},
		{breaks: "subscriptions without an end", caught: subscriptions + "Limit", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) { q.Limit = 1000 })},
		{breaks: "the cursor's own line is listed again", caught: subscriptions + "Cursor", store: subscriptionsAsked(func(q *structure.SubscriptionQuery) {
			if q.AfterID != "" {
				q.AfterID = q.AfterID[:len(q.AfterID)-1]
			}
		})},
		{breaks: "subscriptions in no order", caught: subscriptions + "Order", store: handles(func(x tx) tx { return unorderedLines{x} })},
		{breaks: "a page is counted", caught: counts + "PositionAside", store: handles(func(x tx) tx { return countsPages{x} })},
		{breaks: "counts forget what was asked", caught: counts + "WhatListsGive", store: handles(func(x tx) tx { return countsAll{x} })},
		{breaks: "an empty condition counts all", caught: counts + "AnyOfNone", store: handles(func(x tx) tx { return countsEmpty{x} })},
		{breaks: "events since ever", caught: "Contract/EventList/Between", store: eventsAsked(func(q *notify.EventQuery) { q.From = time.Time{} })},
		{breaks: "events for ever", caught: "Contract/EventList/Between", store: eventsAsked(func(q *notify.EventQuery) { q.Until = time.Time{} })},
		{breaks: "messages of any mail", caught: messages + "Filters", store: messagesAsked(func(q *notify.MessageQuery) { q.Template = "" })},
		{breaks: "messages however young", caught: messages + "Filters", store: messagesAsked(func(q *notify.MessageQuery) { q.Before = time.Time{} })},
		{breaks: "messages that say nothing", caught: messages + "Filters", store: messagesAsked(func(q *notify.MessageQuery) { q.Sealed = false })},
		{breaks: "messages that can wait", caught: messages + "Filters", store: messagesAsked(func(q *notify.MessageQuery) { q.Urgent = false })},
		{breaks: "messages from the beginning", caught: messages + "Cursor", store: messagesAsked(func(q *notify.MessageQuery) { q.AfterAt, q.AfterID = time.Time{}, "" })},
		{breaks: "messages in one order only", caught: messages + "Cursor", store: messagesAsked(func(q *notify.MessageQuery) { q.Newest = false })},
		{breaks: "messages out of turn", caught: messages + "InTurn", store: messagesAsked(func(q *notify.MessageQuery) { q.InTurn = false })},
		{breaks: "messages are counted as they are paged", caught: messages + "Filters", store: handles(func(x tx) tx { return countsMessagesPaged{x} })},
		{breaks: "a message of any version is deleted", caught: messages + "Delete", store: handles(func(x tx) tx { return deletesAnyVersion{x} })},
		{breaks: "a principal manager who was", caught: memberships + "Hearing", store: heard(func(h *hearing) { h.members.Statuses = nil })},
		{breaks: "a principal manager who is any member", caught: memberships + "Hearing", store: heard(func(h *hearing) { h.members.Role = "" })},
		{breaks: "organisers whom nobody approved", caught: memberships + "Hearing", store: heard(func(h *hearing) { h.lines.Statuses = nil })},
		{breaks: "organisers of any space", caught: memberships + "Hearing", store: heard(func(h *hearing) { h.lines.Space = "" })},
		{breaks: "anybody is kept", caught: memberships + "KeepActive", store: handles(func(x tx) tx { return keepsAnybody{x} })},
		{breaks: "keeping writes", caught: memberships + "KeepActive", store: handles(func(x tx) tx { return keepsByWriting{x} })},
		{breaks: "a walk in another order", caught: walk + "Members", store: walking(func(x walks) storage.Tx { return agedWalks{x} })},
		{breaks: "a walk through a page", caught: walk + "Structures", store: walking(func(x walks) storage.Tx { return cutWalks{x} })},
		{breaks: "a walk that loses why it ended", caught: walk + "Ends", store: walking(func(x walks) storage.Tx { return quietWalks{x} })},
		{breaks: "two subscriptions for one line, by the model", caught: "Model", store: handles(func(x tx) tx { return sharedLines{x} })},
	}
}

type unorderedLines struct{ storage.Tx }

func (x unorderedLines) Subscriptions(ctx context.Context, q structure.SubscriptionQuery) ([]structure.Subscription, error) {
	all, err := x.Tx.Subscriptions(ctx, q)
	slices.Reverse(all)
	return all, err
}

type countsMessagesPaged struct{ storage.Tx }

func (x countsMessagesPaged) CountMessages(ctx context.Context, q notify.MessageQuery) (int, error) {
	all, err := x.Messages(ctx, q)
	return len(all), err
}

// sharedLines hides clashes behind a mark that is taken off on the way out.
type sharedLines struct{ storage.Tx }

func (x sharedLines) PutSubscription(ctx context.Context, s structure.Subscription) error {
	all, err := x.Tx.Subscriptions(ctx, structure.SubscriptionQuery{Account: s.Account, Structures: []structure.ID{s.Structure}, Space: s.Space})
	for _, other := range all {
		if other.ID != s.ID && other.Service == s.Service && other.Level == s.Level {
			s.Level += authz.Level(loginMark + string(s.ID))
		}
	}
	if err != nil {
		return err
	}
	return x.Tx.PutSubscription(ctx, s)
}

func (x sharedLines) Subscriptions(ctx context.Context, q structure.SubscriptionQuery) ([]structure.Subscription, error) {
	all, err := x.Tx.Subscriptions(ctx, q)
	for i, s := range all {
		level, _, _ := strings.Cut(string(s.Level), loginMark)
		all[i].Level = authz.Level(level)
	}
	return all, err
}

// rawNames orders by names as they are written.
type rawNames struct{ storage.Tx }

func (x rawNames) Memberships(ctx context.Context, q structure.MembershipQuery) ([]structure.Membership, error) {
	if !q.ByName {
		return x.Tx.Memberships(ctx, q)
	}
	skip, limit := q.Skip, q.Capped()
	q.Skip, q.Limit = 0, 1000
	all, err := x.Members(ctx, q)
	slices.SortFunc(all, func(a, b structure.Member) int { return strings.Compare(a.Account.FamilyName, b.Account.FamilyName) })
	var out []structure.Membership
	for _, m := range all[min(skip, len(all)):] {
		out = append(out, m.Membership)
	}
	return out[:min(limit, len(out))], err
}

// countsPages counts what one list holds.
type countsPages struct{ storage.Tx }

func (x countsPages) Count(ctx context.Context, c structure.Counting) (n structure.Counts, err error) {
	if c.Memberships != nil {
		all, failed := x.Memberships(ctx, *c.Memberships)
		n.Memberships, err = len(all), failed
	}
	rest := c
	rest.Memberships = nil
	others, failed := x.Tx.Count(ctx, rest)
	n.Structures, n.Subscriptions = others.Structures, others.Subscriptions
	if err == nil {
		err = failed
	}
	return n, err
}

// countsAll counts everything of a kind.
type countsAll struct{ storage.Tx }

func (x countsAll) Count(ctx context.Context, c structure.Counting) (structure.Counts, error) {
	if c.Subscriptions != nil {
		c.Subscriptions = &structure.SubscriptionQuery{}
	}
	return x.Tx.Count(ctx, c)
}

// countsEmpty takes any of none for any of all.
type countsEmpty struct{ storage.Tx }

func (x countsEmpty) Count(ctx context.Context, c structure.Counting) (structure.Counts, error) {
	if c.Memberships != nil && len(c.Memberships.Structures) == 0 {
		q := *c.Memberships
		q.Structures = nil
		c.Memberships = &q
	}
	return x.Tx.Count(ctx, c)
}
