package structure_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// move is one thing that happens to one line of one person.
type move struct{ Op, Who, What int }

var lineMoves = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) move {
	return move{rapid.SampledFrom([]int{0, 0, 0, 1, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9}).Draw(t, "op"), rapid.IntRange(0, 1).Draw(t, "who"), rapid.IntRange(0, 3).Draw(t, "what")}
}), 10, 30)

// ledger is the model: what must be true of every line.
type ledger struct {
	w       *worldtest.World
	c       worldtest.Company
	people  []account.Actor
	members []bool
	open    bool
	state   map[string]structure.SubscriptionStatus
}

func (l *ledger) key(who int, x structure.Line) string { return fmt.Sprint(who, x) }

// line is one of the four of the model: both levels, for everything or for one service.
func (l *ledger) line(n int) structure.Line {
	out := structure.Line{Space: works, Level: []authz.Level{authz.Read, authz.Write}[n%2]}
	if n/2 == 1 {
		out.Service = l.c.Urba.ID
	}
	return out
}

// The life of subscriptions against a model: what may happen happens, nothing else does,
// and the invariants of requirements 1.23 hold after every step: (2) no right without
// account, membership and grant; (5) a line of history for every change; (7) approving
// gives the ticked line and no other; (8) nothing old is revived; (11) lines for services
// of the structure only.
func TestLifeOfSubscriptionsAgainstAModel(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		if e, ok := w.Store.(interface{ Ephemeral() bool }); ok && e.Ephemeral() {
			rapid.Check(t, func(rt *rapid.T) {
				w := worldtest.New(t, memory.New())
				walkLines(worldtest.InRapid{TB: t, Rapid: rt}, w, lineMoves.Draw(rt, "way"))
				w.Proven(worldtest.InRapid{TB: t, Rapid: rt})
			})
			return
		}
		var way []move
		for seed := range 1 {
			way = append(append(way, move{Op: 6}), lineMoves.Example(seed)...)
		}
		walkLines(t, w, way)
		w.Proven(t)
	})
}

func walkLines(tb testing.TB, w *worldtest.World, way []move) {
	tb.Helper()
	l := &ledger{w: w, state: map[string]structure.SubscriptionStatus{}, members: []bool{true, true}}
	l.c = w.Company(tb, worldtest.SIRETCompany, boss)
	for i := range 2 {
		by, _ := hire(tb, w, l.c, fmt.Sprintf("m%d@terneuil.example", i), l.c.Urba)
		l.people = append(l.people, by)
	}
	for _, m := range way {
		l.take(tb, m)
		l.check(tb)
	}
	for i := range l.people {
		allowed(tb, w, l.people[i].ID, l.c.ID, l.line(2)) // the history says the same
	}
}

func (l *ledger) take(tb testing.TB, m move) {
	ctx, by, x := tb.Context(), l.people[m.Who], l.line(m.What)
	k := l.key(m.Who, x)
	was, s := l.state[k], l.w.Structures
	over := was == "" || was == structure.SubscriptionRejected || was == structure.SubscriptionRemoved || was == structure.SubscriptionCancelled
	may := l.open && l.members[m.Who]
	l.w.Clock.Move(time.Second)
	day := authz.DateOf(l.w.Clock.Now().Add(time.Hour))
	expect := func(works bool, to structure.SubscriptionStatus, err error) {
		require.Equal(tb, works, err == nil, "op %d on %q, open %v, member %v: %v", m.Op, was, l.open, l.members[m.Who], err)
		if works {
			l.state[k] = to
		}
	}
	switch m.Op {
	case 0: // ask
		_, err := s.RequestSubscriptions(ctx, by, structure.SubscriptionRequest{Structure: l.c.ID, Lines: []structure.Line{x}, From: day})
		expect(may && over, structure.SubscriptionPending, err)
	case 1: // approve
		_, err := s.ApproveSubscriptions(ctx, l.c.Manager, structure.Verdict{Requested: l.id(tb, m.Who, x)})
		expect(was == structure.SubscriptionPending, structure.SubscriptionApproved, err)
	case 2: // reject
		_, err := s.RejectSubscriptions(ctx, l.c.Manager, l.id(tb, m.Who, x), structure.Refusal{Reason: "no"})
		expect(was == structure.SubscriptionPending, structure.SubscriptionRejected, err)
	case 3: // withdraw
		_, err := s.WithdrawSubscription(ctx, by, first(l.id(tb, m.Who, x)))
		expect(was == structure.SubscriptionPending, structure.SubscriptionCancelled, err)
	case 4: // remove
		out, err := s.RemoveSubscriptions(ctx, by, l.id(tb, m.Who, x)...)
		require.NoError(tb, err)
		if len(out) > 0 {
			expect(was == structure.SubscriptionApproved, structure.SubscriptionRemoved, out[0].Err)
		}
	case 5: // grant
		_, err := s.GrantSubscriptions(ctx, l.c.Manager, structure.SubscriptionGrant{Structure: l.c.ID, Account: by.ID, Lines: []structure.Line{x}})
		expect(may && was != structure.SubscriptionApproved, structure.SubscriptionApproved, err)
	case 6: // open
		_, err := s.OpenSpace(ctx, l.c.Manager, l.c.ID, works)
		require.NoError(tb, err)
		for i := range l.people {
			k := l.key(i, l.line(0))
			if now := l.state[k]; !l.open && l.members[i] && now != structure.SubscriptionPending && now != structure.SubscriptionApproved {
				l.state[k] = structure.SubscriptionPending
			}
		}
		l.open = true
	case 7: // close
		_, err := s.CloseSpace(ctx, l.c.Manager, l.c.ID, works)
		require.NoError(tb, err)
		l.open = false
		l.end(func(int) bool { return true }, structure.SubscriptionRemoved)
	case 8: // the account is closed for good
		if m.What == 0 && l.members[m.Who] {
			_, err := erase(l.w, tb, by.ID)
			require.NoError(tb, err)
			l.members[m.Who] = false
			l.end(func(i int) bool { return i == m.Who }, structure.SubscriptionCancelled)
		}
	default: // two lines asked together, one ticked
		l.tick(tb, m)
	}
}

// tick asks for two lines and has one approved.
func (l *ledger) tick(tb testing.TB, m move) {
	ctx, a, b := tb.Context(), l.line(m.What), l.line((m.What+1)%4)
	lines, err := l.w.Structures.RequestSubscriptions(ctx, l.people[m.Who], structure.SubscriptionRequest{
		Structure: l.c.ID, Lines: []structure.Line{a, b}, From: authz.DateOf(l.w.Clock.Now().Add(time.Hour)),
	})
	if err != nil {
		return // (5): check sees that nothing was written
	}
	_, err = l.w.Structures.ApproveSubscriptions(ctx, l.c.Manager, structure.Verdict{Requested: lineIDs(lines), Ticked: []structure.Line{a}})
	require.NoError(tb, err)
	l.state[l.key(m.Who, a)], l.state[l.key(m.Who, b)] = structure.SubscriptionApproved, structure.SubscriptionRejected
}

// end ends open lines: held ones are removed, pending ones become what is given.
func (l *ledger) end(who func(int) bool, pending structure.SubscriptionStatus) {
	for i := range l.people {
		for n := range 4 {
			k := l.key(i, l.line(n))
			switch {
			case !who(i):
			case l.state[k] == structure.SubscriptionApproved:
				l.state[k] = structure.SubscriptionRemoved
			case l.state[k] == structure.SubscriptionPending:
				l.state[k] = pending
			}
		}
	}
}

func (l *ledger) stored(tb testing.TB, who int) (out []structure.Subscription) {
	require.NoError(tb, l.w.Store.View(tb.Context(), func(tx storage.Tx) (err error) {
		out, err = tx.Subscriptions(tb.Context(), structure.SubscriptionQuery{Account: l.people[who].ID, Structures: []structure.ID{l.c.ID}})
		return err
	}))
	return out
}

func (l *ledger) id(tb testing.TB, who int, x structure.Line) []structure.SubscriptionID {
	lines := slices.DeleteFunc(l.stored(tb, who), func(s structure.Subscription) bool { return s.Line() != x })
	return lineIDs(lines)
}

func first(ids []structure.SubscriptionID) structure.SubscriptionID {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

func erase(w *worldtest.World, tb testing.TB, id account.ID) (structure.Erasure, error) {
	support := account.Actor{Kind: "support"}
	plan, err := w.Structures.PlanErasure(tb.Context(), support, id)
	if err != nil {
		return plan, err
	}
	return w.Structures.Erase(tb.Context(), support, id, plan.Token)
}

func (l *ledger) check(tb testing.TB) {
	for i := range l.people {
		lines := l.stored(tb, i)
		for n := range 4 {
			x := l.line(n)
			var got structure.SubscriptionStatus
			for _, s := range lines {
				require.Contains(tb, []structure.ServiceID{"", l.c.Urba.ID}, s.Service, "(11)")
				if s.Line() == x {
					got = s.Status
				}
			}
			require.Equal(tb, l.state[l.key(i, x)], got, "%v", x)
		}
		for _, level := range []authz.Level{authz.Read, authz.Write} {
			want := false
			for n := range 4 {
				held := l.state[l.key(i, l.line(n))] == structure.SubscriptionApproved
				want = want || held && (l.line(n).Level == level || level == authz.Read)
			}
			x := structure.Line{Service: l.c.Urba.ID, Space: works, Level: level}
			d, err := l.w.Authz.Check(tb.Context(), authz.Request{
				Account: l.people[i].ID, Structure: l.c.ID, Service: x.Service, Space: x.Space, Level: x.Level,
			})
			require.NoError(tb, err)
			require.Equal(tb, want && l.open && l.members[i], d.Allowed, "(2), (7), (8)")
		}
	}
}
