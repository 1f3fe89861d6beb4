package structure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/structure"
)

// The subscription state machine, state by state and event by event (requirements 1.23):
// What is not allowed leaves the line as it was.
func TestSubscriptionStates(t *testing.T) {
	t.Parallel()
	const none = structure.SubscriptionStatus("")
	pending, approved, rejected := structure.SubscriptionPending, structure.SubscriptionApproved, structure.SubscriptionRejected
	removed, cancelled := structure.SubscriptionRemoved, structure.SubscriptionCancelled
	states := []structure.SubscriptionStatus{none, pending, approved, rejected, removed, cancelled}
	now := time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	const owner, manager = account.ID("julie"), account.ID("pauline")
	was := structure.Subscription{
		ID: "line", Account: owner, Structure: "ccas", Space: authz.SpaceWorksInvoices, Level: authz.Write, Batch: "old",
		Origin: structure.OriginManager, Validity: authz.Validity{From: now.AddDate(-1, 0, 0)}, Comment: structure.Note{Text: "old"},
		Reason: structure.Note{Text: "old"}, RemindedAt: now.AddDate(0, -1, 0), RequestedAt: now.AddDate(-1, 0, 0),
		DecidedAt: now.AddDate(-1, 0, 0), DecidedBy: "hubert",
	}
	v := authz.Validity{From: now.AddDate(0, 0, 1)}
	for _, row := range []struct {
		event string
		do    func(structure.Subscription) (structure.Subscription, error)
		to    map[structure.SubscriptionStatus]structure.SubscriptionStatus
		no    map[structure.SubscriptionStatus]error // any other state
	}{
		{
			"ask", func(s structure.Subscription) (structure.Subscription, error) {
				return s.Ask(structure.OriginRequest, "new", v, structure.Note{Text: "new"}, now)
			},
			map[structure.SubscriptionStatus]structure.SubscriptionStatus{none: pending, rejected: pending, removed: pending, cancelled: pending},
			map[structure.SubscriptionStatus]error{pending: structure.ErrSubscriptionPending, approved: structure.ErrAlreadySubscribed},
		},
		{
			"grant", func(s structure.Subscription) (structure.Subscription, error) {
				return s.Grant(structure.OriginManager, "new", v, structure.Note{Text: "new"}, manager, now)
			},
			map[structure.SubscriptionStatus]structure.SubscriptionStatus{none: approved, pending: approved, rejected: approved, removed: approved, cancelled: approved},
			map[structure.SubscriptionStatus]error{approved: structure.ErrAlreadySubscribed},
		},
		{"approve", func(s structure.Subscription) (structure.Subscription, error) {
			return s.Approve(structure.Note{}, manager, now)
		}, map[structure.SubscriptionStatus]structure.SubscriptionStatus{pending: approved}, every(structure.ErrAlreadyDecided)},
		{"approve own", func(s structure.Subscription) (structure.Subscription, error) {
			return s.Approve(structure.Note{}, owner, now)
		}, nil, map[structure.SubscriptionStatus]error{
			none: structure.ErrAlreadyDecided, pending: structure.ErrOwnRequest, approved: structure.ErrAlreadyDecided,
			rejected: structure.ErrAlreadyDecided, removed: structure.ErrAlreadyDecided, cancelled: structure.ErrAlreadyDecided,
		}},
		{"reject", func(s structure.Subscription) (structure.Subscription, error) {
			return s.Reject(structure.Note{}, manager, now)
		}, map[structure.SubscriptionStatus]structure.SubscriptionStatus{pending: rejected}, every(structure.ErrAlreadyDecided)},
		{
			"withdraw", func(s structure.Subscription) (structure.Subscription, error) { return s.Withdraw(owner, now) },
			map[structure.SubscriptionStatus]structure.SubscriptionStatus{pending: cancelled},
			every(structure.ErrAlreadyDecided),
		},
		{
			"remove", func(s structure.Subscription) (structure.Subscription, error) { return s.Remove(owner, now) },
			map[structure.SubscriptionStatus]structure.SubscriptionStatus{approved: removed},
			every(structure.ErrNotSubscribed),
		},
		{
			"close", func(s structure.Subscription) (structure.Subscription, error) { return s.Close(manager, now) },
			map[structure.SubscriptionStatus]structure.SubscriptionStatus{pending: removed, approved: removed},
			every(structure.ErrNotSubscribed),
		},
		{
			"end", func(s structure.Subscription) (structure.Subscription, error) { return s.End(manager, now) },
			map[structure.SubscriptionStatus]structure.SubscriptionStatus{pending: cancelled, approved: removed},
			every(structure.ErrNotSubscribed),
		},
	} {
		t.Run(row.event, func(t *testing.T) {
			t.Parallel()
			for _, from := range states {
				before := was
				before.Status = from
				after, err := row.do(before)
				to, allowed := row.to[from]
				if !allowed {
					require.ErrorIs(t, err, row.no[from], "%q", from)
					require.Equal(t, before, after, "%q", from)
					continue
				}
				require.NoError(t, err, "%q", from)
				require.Equal(t, to, after.Status, "%q", from)
				if row.event == "ask" || row.event == "grant" {
					require.Equal(t, "new", after.Batch)
					require.Equal(t, v, after.Validity, "nothing of what it was before remains")
					require.Equal(t, structure.Note{Text: "new"}, after.Comment)
					require.Zero(t, after.Reason)
					require.Zero(t, after.RemindedAt)
				} else {
					require.Equal(t, now, after.DecidedAt)
				}
			}
		})
	}
}

func every(err error) map[structure.SubscriptionStatus]error {
	out := map[structure.SubscriptionStatus]error{}
	for _, s := range []structure.SubscriptionStatus{
		"", structure.SubscriptionPending, structure.SubscriptionApproved, structure.SubscriptionRejected,
		structure.SubscriptionRemoved, structure.SubscriptionCancelled,
	} {
		out[s] = err
	}
	return out
}

// LG-11: what is forgotten has ended and says nothing.
func TestForgottenSubscription(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC)
	for from, to := range map[structure.SubscriptionStatus]structure.SubscriptionStatus{
		structure.SubscriptionPending: structure.SubscriptionCancelled, structure.SubscriptionApproved: structure.SubscriptionRemoved,
		structure.SubscriptionRejected: structure.SubscriptionRejected, structure.SubscriptionRemoved: structure.SubscriptionRemoved,
	} {
		s := structure.Subscription{Status: from, Comment: structure.Note{Text: "a"}, Reason: structure.Note{Text: "b"}}.Forgotten("dpo", now)
		require.Equal(t, to, s.Status)
		require.Zero(t, s.Comment)
		require.Zero(t, s.Reason)
		require.Equal(t, s, s.Forgotten("dpo", now.Add(time.Hour)), "again changes nothing")
	}
}
