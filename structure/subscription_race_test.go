package structure_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// counter is where managers decide on what one member asks for.
type counter struct {
	arena  *arena
	c      worldtest.Company
	deputy account.Actor
	julie  account.Actor
}

func newCounter(t *testing.T, w *worldtest.World) *counter {
	t.Helper()
	k := &counter{arena: &arena{w: w}, c: company(t, w), deputy: w.Join(t, "deputy@terneuil.example")}
	n := newMember(k.c, k.deputy)
	n.Role = structure.RoleSecondaryManager
	_, err := w.Structures.Attach(t.Context(), k.c.Manager, n)
	require.NoError(t, err)
	lend(t, w, k.c, authz.Delegation{Users: true})
	openSpace(t, w, k.c, works)
	k.julie, _ = hire(t, w, k.c, clerk)
	return k
}

// rounds has one line approved and refused at once by both managers and withdrawn by
// whoever asked for it, and looks at what is recorded, told and given.
func (k *counter) rounds(t *testing.T, n int) {
	t.Helper()
	ctx, s := context.Background(), k.arena.w.Structures
	decided := []notify.Kind{"subscription.approved", "subscription.rejected", "subscription.withdrawn"}
	for round := range n {
		k.arena.w.Clock.Move(time.Second)
		lines, err := s.RequestSubscriptions(ctx, k.julie, wish(k.c, write(works)))
		require.NoError(t, err)
		ids := lineIDs(lines)
		mailed := k.arena.w.Count(t, clerk, notify.MailSubscriptionDecided)
		k.arena.race(t, func(i int) (err error) {
			by := []account.Actor{k.c.Manager, k.deputy}[i%2]
			switch i / 2 % 3 {
			case 0:
				_, err = s.ApproveSubscriptions(ctx, by, structure.Verdict{Requested: ids})
			case 1:
				_, err = s.RejectSubscriptions(ctx, by, ids, structure.Refusal{Reason: "no"})
			default:
				_, err = s.WithdrawSubscription(ctx, k.julie, ids[0])
			}
			return err
		}, structure.ErrAlreadyDecided)
		kinds := k.recordedNow(t, decided)
		require.Len(t, kinds, 1, "one decision")
		kind := kinds[0]
		if kind != "subscription.withdrawn" {
			mailed++
		}
		if round < 100 { // the world lists a thousand mails
			require.Equal(t, mailed, k.arena.w.Count(t, clerk, notify.MailSubscriptionDecided), "one mail, if a manager decided")
		}
		holds := allowed(t, k.arena.w, k.julie.ID, k.c.ID, write(works))
		require.Equal(t, kind == "subscription.approved", holds)
		if holds {
			require.NoError(t, lineErr(t)(s.RemoveSubscriptions(ctx, k.c.Manager, ids...)))
		}
	}
	k.arena.w.Proven(t)
}

// recordedNow lists which of some kinds were recorded at this instant.
func (k *counter) recordedNow(t *testing.T, kinds []notify.Kind) (now []notify.Kind) {
	t.Helper()
	entries, err := k.arena.w.Structures.History(t.Context(), k.c.Manager, k.c.ID, structure.HistoryQuery{Kinds: kinds, Limit: 10})
	require.NoError(t, err)
	for _, e := range entries {
		if e.At.Equal(k.arena.w.Clock.Now()) {
			now = append(now, e.Kind)
		}
	}
	return now
}

// RC-10, R-253, R-275: 64 who decide one line at once leave one decision with one mail,
// and the right is what it says.
func TestOneLineIsDecidedOnce(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) { newCounter(t, w).rounds(t, 2) })
}

// TestOneLineIsDecidedOnce again and again on each store.
func TestOneLineIsDecidedOnceAgainAndAgain(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) { newCounter(t, w).rounds(t, longtest.Rounds(100)) })
}
