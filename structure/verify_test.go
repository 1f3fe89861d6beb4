package structure_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// forger lets a test tamper with what a store answers, as whoever can write to the
// database would tamper with what it holds.
type forger struct {
	storage.Store
	events  func([]notify.Event) []notify.Event
	member  func(structure.Membership) structure.Membership
	account func(account.Account) account.Account
}

func (f forger) View(ctx context.Context, fn func(storage.Tx) error) error {
	return f.Store.View(ctx, func(tx storage.Tx) error { return fn(forged{tx, f}) })
}

type forged struct {
	storage.Tx
	f forger
}

func (t forged) Events(ctx context.Context, q notify.EventQuery) ([]notify.Event, error) {
	es, err := t.Tx.Events(ctx, q)
	if t.f.events != nil {
		es = t.f.events(es)
	}
	return es, err
}

func (t forged) Memberships(ctx context.Context, q structure.MembershipQuery) ([]structure.Membership, error) {
	ms, err := t.Tx.Memberships(ctx, q)
	for i := range ms {
		if t.f.member != nil {
			ms[i] = t.f.member(ms[i])
		}
	}
	return ms, err
}

func (t forged) Account(ctx context.Context, id account.ID) (account.Account, error) {
	a, err := t.Tx.Account(ctx, id)
	if t.f.account != nil && err == nil {
		a = t.f.account(a)
	}
	return a, err
}

func decided(t *testing.T, w *worldtest.World) (worldtest.Company, account.Actor, structure.Membership) {
	t.Helper()
	c := company(t, w)
	julie := w.Join(t, clerk)
	w.Clock.Move(time.Hour)
	m, err := w.Structures.Request(t.Context(), julie, ask(c, c.Urba))
	require.NoError(t, err)
	w.Clock.Move(time.Hour)
	m, err = w.Structures.Approve(t.Context(), c.Manager, m.ID, structure.Approval{})
	require.NoError(t, err)
	return c, julie, m
}

// LG-05: whatever is edited, removed, reordered or invented is found, and so is a table
// that says something else than the history.
func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c, julie, m := decided(t, w)
		w.Proven(t)
		onChain := func(es []notify.Event, fn func(int, []notify.Event)) []notify.Event {
			for i := range es {
				if es[i].Chain == notify.StructureChain(c.ID) {
					fn(i, es)
				}
			}
			return es
		}
		for name, row := range map[string]struct {
			forge forger
			says  string
		}{
			"a state was edited": {forger{events: func(es []notify.Event) []notify.Event {
				return onChain(es, func(i int, es []notify.Event) {
					es[i].State = []byte(strings.ReplaceAll(string(es[i].State), `"member"`, `"secondary_manager"`))
				})
			}}, "was changed after it was recorded"},
			"an actor was edited": {forger{events: func(es []notify.Event) []notify.Event {
				return onChain(es, func(i int, es []notify.Event) { es[i].Actor = account.System() })
			}}, "was changed after it was recorded"},
			"an edit was hashed anew": {forger{events: func(es []notify.Event) []notify.Event {
				return onChain(es, func(i int, es []notify.Event) {
					if es[i].Sequence == 2 {
						es[i].Kind = "membership.rejected"
						es[i].Hash = es[i].Seal()
					}
				})
			}}, "does not know its predecessor"},
			"one was removed": {forger{events: func(es []notify.Event) []notify.Event {
				for i := range es {
					if es[i].Chain == notify.StructureChain(c.ID) && es[i].Sequence == 3 {
						return append(es[:i:i], es[i+1:]...)
					}
				}
				return es
			}}, "stands where 3 is due"},
			"the newest were cut off": {forger{events: func(es []notify.Event) []notify.Event {
				for i := range es {
					if es[i].Object.ID == string(m.ID) && es[i].Kind == "membership.approved" {
						return append(es[:i:i], es[i+1:]...)
					}
				}
				return es
			}}, "membership " + string(m.ID) + " is not what the history says"},
			"a role was raised in the table": {forger{member: func(v structure.Membership) structure.Membership {
				if v.ID == m.ID {
					v.Role = structure.RoleSecondaryManager
				}
				return v
			}}, "membership " + string(m.ID) + " is not what the history says"},
			"a comment was edited in the table": {forger{member: func(v structure.Membership) structure.Membership {
				v.Comment.Text += "!"
				return v
			}}, "membership " + string(m.ID) + " is not what the history says"},
			"a password hash was replaced in the table": {forger{account: func(v account.Account) account.Account {
				v.Credentials.Password = "$argon2id$mine"
				return v
			}}, "account " + string(julie.ID) + " is not what the history says"},
		} {
			row.forge.Store = w.Store
			r, err := structure.Verify(t.Context(), storage.Structures(row.forge))
			require.NoError(t, err, name)
			require.False(t, r.OK(), name)
			require.Contains(t, strings.Join(r.Violations, "\n"), row.says, name)
			require.NotContains(t, strings.Join(r.Violations, "\n"), "julie@", "violations name rows by identifier only")
		}
		// a row that nothing tells of
		require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error {
			a, err := tx.Account(t.Context(), julie.ID)
			require.NoError(t, err)
			a.ID, a.Login, a.Version = "019ab000-0000-7000-8000-000000000000", "ghost@terneuil.example", 0
			return tx.PutAccount(t.Context(), a)
		}))
		r, err := structure.Verify(t.Context(), storage.Structures(w.Store))
		require.NoError(t, err)
		require.Equal(t, []string{"account 019ab000-0000-7000-8000-000000000000 is in the tables and not in the history"}, r.Violations)
	})
}

// What could she do then, and what did we believe then about another instant.
func TestTimeTravel(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c, julie, m := decided(t, w)
		q := authz.Request{Account: julie.ID, Structure: c.ID, Service: c.Urba.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Write}
		approved := m.DecidedAt
		for name, row := range map[string]struct {
			recorded, at time.Time
			allowed      bool
			reason       authz.Reason
		}{
			"before the request":          {approved.Add(-90 * time.Minute), time.Time{}, false, authz.ReasonNotMember},
			"while it waited":             {approved.Add(-time.Minute), time.Time{}, false, authz.ReasonRequestPending},
			"at the moment of approval":   {approved, time.Time{}, true, authz.ReasonRoleDefault},
			"what is known now of before": {w.Clock.Now(), approved.AddDate(0, 0, -2), false, authz.ReasonScheduled},
			"what is known now of later":  {w.Clock.Now(), approved.AddDate(1, 0, 0), true, authz.ReasonRoleDefault},
		} {
			q := q
			q.At = row.at
			d, err := w.Authz.CheckAsOf(ctx, q, row.recorded)
			require.NoError(t, err, name)
			require.Equal(t, row.allowed, d.Allowed, "%s: %s", name, d.Explain(language.English))
			step := d.Steps[len(d.Steps)-1]
			if !row.allowed {
				step = d.Missing()[0]
			}
			require.Equal(t, row.reason, step.Reason, name)
		}
		now, err := w.Authz.Check(ctx, q)
		require.NoError(t, err)
		then, err := w.Authz.CheckAsOf(ctx, q, w.Clock.Now())
		require.NoError(t, err)
		require.Equal(t, now.Allowed, then.Allowed)
		require.Equal(t, now.Steps, then.Steps, "the fold decides as the tables do")
		past, err := w.Authz.AsOf(ctx, c.ID, approved.Add(-time.Minute))
		require.NoError(t, err)
		require.Equal(t, structure.StatusPending, past.Memberships[m.ID].Status)
		require.Len(t, past.Units, 3)
		past, err = w.Authz.AsOf(ctx, "nothing", approved)
		require.NoError(t, err)
		require.Nil(t, past.Structure)
	})
}

// R-326..R-332, R-336: the managers' history, newest first, in words.
func TestHistory(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c, _, m := decided(t, w)
		all, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{})
		require.NoError(t, err)
		require.Len(t, all, 7, "created, joined, three services, asked, approved")
		require.Equal(t, notify.Kind("membership.approved"), all[0].Kind)
		require.Equal(t, "Validée", all[0].Label(language.French))
		require.Equal(t, "Julie BON", all[0].Applicant.DisplayName)
		require.Equal(t, c.Manager.ID, all[0].Actor.ID)
		require.Equal(t, "URBA Urbanisme", all[0].Scope)
		require.Equal(t, m.DecidedAt, all[0].At)
		first, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Limit: 3})
		require.NoError(t, err)
		rest, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{After: &first[2].Event})
		require.NoError(t, err)
		require.Equal(t, all, append(first, rest...))
		only, err := w.Structures.History(ctx, c.Manager, c.ID, structure.HistoryQuery{Kinds: []notify.Kind{"membership.requested"}})
		require.NoError(t, err)
		require.Len(t, only, 1)
	})
}

// LG-13: the order of the history does not depend on the clock.
func TestAClockThatJumpsBackKeepsTheOrder(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c := company(t, w)
		w.Clock.Move(-48 * time.Hour)
		_, err := w.Structures.AddService(t.Context(), c.Manager, c.ID, structure.ServiceSpec{Code: "NEW", Name: "New"})
		require.NoError(t, err)
		all, err := w.Structures.History(t.Context(), c.Manager, c.ID, structure.HistoryQuery{Kinds: []notify.Kind{"service.added"}})
		require.NoError(t, err)
		require.Len(t, all, 4)
		w.Proven(t)
	})
}

// The picture of a membership under random decisions always proves itself, and no
// operation ever grants more than the ticked set (invariants 5 and 7 of 1.23).
func TestRandomDecisionsKeepTheHistoryTrue(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		julie := w.Join(t, clerk)
		units := []structure.Unit{c.Urba, c.Voie, c.Acha}
		seed := uint64(1)
		next := func(n int) int { seed = seed*6364136223846793005 + 1442695040888963407; return int(seed>>33) % n }
		for range 60 {
			w.Clock.Move(time.Duration(next(1000)) * time.Second)
			m, err := w.Structures.Request(ctx, julie, ask(c, units[next(3)]))
			if err != nil {
				mine, mineErr := w.Structures.Mine(ctx, julie)
				require.NoError(t, mineErr)
				m = mine[0].Membership
			}
			switch next(3) {
			case 0:
				ticked := structure.Services(units[next(3)].ID)
				if got, err := w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Scope: &ticked}); err == nil {
					require.Equal(t, ticked, got.Granted)
				}
			case 1:
				if got, err := w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: "no"}); err == nil {
					require.Equal(t, m.Granted, got.Granted)
				}
			}
		}
		w.Proven(t)
	})
}
