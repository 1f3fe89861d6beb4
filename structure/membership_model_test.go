package structure_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// turn is one thing that is tried: what, by which manager, with which scope.
type turn struct{ Op, By, Scope int }

var turns = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) turn {
	return turn{rapid.IntRange(0, 11).Draw(t, "op"), rapid.IntRange(0, 1).Draw(t, "by"), rapid.SampledFrom([]int{0, 1, 2, 2, 3, 4, 5}).Draw(t, "scope")}
}), 5, 40)

// team is the model: what must be true of one membership of a store that went the same
// way. It knows services by their letters: "u", "v", "w" for the whole structure.
type team struct {
	w        *worldtest.World
	c        worldtest.Company
	foreign  structure.ServiceID
	managers [2]account.Actor // the principal, and a secondary manager with all powers
	julie    account.Actor
	id       structure.MembershipID

	status      structure.MembershipStatus // "" before the first
	held, asked string
	events      int // lines of history about the membership
}

// The life of one membership against a model, over every store: what may work works,
// nothing else does, and the invariants of 1.23 hold after every step: (1) one principal
// manager, (2) no right without a membership in force, (5) every change in the history,
// (6) less never turns a no into a yes, (7) approving gives the ticks and no more,
// (8) nothing old is revived, (10) no comment over 255 characters, (11) only services of
// the structure, (12) as many principal managers as before.
func TestMembershipsAgainstAModel(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		run := 0
		walk := func(tb testing.TB, w *worldtest.World, way []turn) {
			run++
			m := newTeam(tb, w, run)
			for _, s := range way {
				m.take(tb, s)
				m.check(tb)
			}
		}
		for seed := range 4 {
			walk(t, w, turns.Example(seed))
		}
		w.Proven(t)
		if e, ok := w.Store.(interface{ Ephemeral() bool }); ok && e.Ephemeral() {
			rapid.Check(t, func(rt *rapid.T) {
				w := worldtest.New(t, memory.New())
				walk(worldtest.InRapid{TB: t, Rapid: rt}, w, turns.Draw(rt, "way"))
				w.Proven(worldtest.InRapid{TB: t, Rapid: rt})
			})
		}
	})
}

func newTeam(tb testing.TB, w *worldtest.World, run int) *team {
	tb.Helper()
	ctx := tb.Context()
	m := &team{w: w, c: w.Company(tb, luhnSIRET(2*run), fmt.Sprintf("boss%d@terneuil.example", run))}
	other := w.Company(tb, luhnSIRET(2*run+1), fmt.Sprintf("other%d@terneuil.example", run))
	m.foreign, m.julie = other.Urba.ID, w.Join(tb, fmt.Sprintf("julie%d@terneuil.example", run))
	m.managers = [2]account.Actor{m.c.Manager, w.Join(tb, fmt.Sprintf("second%d@terneuil.example", run))}
	n := newMember(m.c, m.managers[1])
	n.Role = structure.RoleSecondaryManager
	_, err := w.Structures.Attach(ctx, m.c.Manager, n)
	require.NoError(tb, err)
	_, err = w.Structures.SetDelegation(ctx, m.c.Manager, m.c.ID, authz.Delegation{Users: true})
	require.NoError(tb, err)
	return m
}

// letters and scope translate between the model and the library.
func (m *team) scope(letters string) structure.Scope {
	s := structure.Scope{Whole: strings.Contains(letters, "w")}
	for letter, id := range map[string]structure.ServiceID{"u": m.c.Urba.ID, "v": m.c.Voie.ID, "f": m.foreign} {
		if strings.Contains(letters, letter) && !s.Whole {
			s.Services = append(s.Services, id)
		}
	}
	slices.Sort(s.Services)
	return s
}

// without takes letters away; the whole structure takes all.
func without(from, taken string) string {
	if strings.Contains(taken, "w") {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(taken, r) {
			return -1
		}
		return r
	}, from)
}

func (m *team) take(tb testing.TB, s turn) {
	tb.Helper()
	ctx, st, by := tb.Context(), m.w.Structures, m.managers[s.By]
	letters := []string{"u", "v", "uv", "w", "uf", ""}[s.Scope]
	scope, good := m.scope(letters), letters != "uf" && letters != ""
	before := *m
	var err error
	works := false
	do := func(ok bool, op func() error, then func()) {
		works = ok
		if err = op(); err == nil {
			then()
		}
	}
	bulk := func(op func() ([]structure.Outcome, error)) func() error {
		return func() error { return one(tb)(op()).Err }
	}
	inForce, pending := m.status == structure.StatusApproved, m.asked != ""
	switch s.Op {
	case 0, 1: // asks, sometimes with too long a comment
		r := structure.Request{Structure: m.c.ID, Whole: scope.Whole, Services: scope.Services, Comment: strings.Repeat("é", 255+s.Op*s.By)}
		fresh := letters
		if inForce {
			fresh = without(letters, m.held)
		}
		do(good && s.Op*s.By == 0 && !pending && m.status != structure.StatusDisabled && fresh != "", func() error {
			got, err := st.Request(ctx, m.julie, r)
			if err == nil {
				m.id = got.ID
			}
			return err
		}, func() {
			m.asked = fresh
			if !inForce {
				m.status, m.held = structure.StatusPending, ""
			}
			m.events++
		})
	case 2:
		do(pending, func() error { _, err := st.Withdraw(ctx, m.julie, m.id); return err }, func() { m.end(structure.StatusCancelled) })
	case 3, 4: // decides, 4 with ticks
		a, result := structure.Approval{}, m.union()
		if s.Op == 4 {
			a.Scope, result = &scope, letters
		}
		do(pending && (s.Op == 3 || good), func() error { _, err := st.Approve(ctx, by, m.id, a); return err }, func() {
			for _, lost := range []string{without(m.asked, result), without(m.held, result)} {
				if lost != "" {
					m.events++
				}
			}
			m.status, m.held, m.asked = structure.StatusApproved, result, ""
			m.events++
		})
	case 5:
		do(pending, func() error { _, err := st.Reject(ctx, by, m.id, structure.Refusal{Reason: "no"}); return err }, func() { m.end(structure.StatusRejected) })
	case 6:
		n := structure.NewMember{Structure: m.c.ID, Account: m.julie.ID, Whole: scope.Whole, Services: scope.Services, Comment: "why"}
		do(good && !inForce && m.status != structure.StatusDisabled, func() error {
			got, err := st.Attach(ctx, by, n)
			if err == nil {
				m.id = got.ID
			}
			return err
		}, func() {
			if without(m.asked, letters) != "" {
				m.events++
			}
			m.status, m.held, m.asked = structure.StatusApproved, letters, ""
			m.events++
		})
	case 7:
		do(inForce && good, func() error {
			_, err := st.ChangeMembership(ctx, by, m.id, structure.Change{Scope: &scope})
			return err
		}, func() {
			if m.held != letters {
				m.events++
				m.held, m.asked = letters, without(m.asked, letters)
			}
		})
	case 8:
		do(inForce || m.status == structure.StatusDisabled, bulk(func() ([]structure.Outcome, error) { return st.DisableMembers(ctx, by, m.id) }), func() {
			if inForce {
				m.status, m.asked = structure.StatusDisabled, ""
				m.events++
			}
		})
	case 9:
		do(inForce || m.status == structure.StatusDisabled, bulk(func() ([]structure.Outcome, error) { return st.EnableMembers(ctx, by, m.id) }), func() {
			if !inForce {
				m.status = structure.StatusApproved
				m.events++
			}
		})
	case 10:
		there := inForce || m.status == structure.StatusDisabled
		do(there || m.status == structure.StatusRemoved, bulk(func() ([]structure.Outcome, error) { return st.RemoveMembers(ctx, by, m.id) }), func() {
			if there {
				m.status, m.held, m.asked = structure.StatusRemoved, "", ""
				m.events++
			}
		})
	default: // leaves
		d := structure.Departure{Structure: m.c.ID, Services: scope.Services}
		whole := len(d.Services) == 0
		do(inForce && (whole || m.held != "w" && without(letters, m.held) == ""), bulk(func() ([]structure.Outcome, error) { return st.Leave(ctx, m.julie, d) }), func() {
			if m.held = without(m.held, letters); m.held == "" || whole {
				m.status, m.held, m.asked = structure.StatusRemoved, "", ""
			}
			m.events++
		})
	}
	if !works {
		require.Error(tb, err, "%+v when %q, held %q, asked %q", s, before.status, before.held, before.asked)
		require.Equal(tb, before.events, m.events)
		return
	}
	require.NoError(tb, err, "%+v when %q, held %q, asked %q", s, before.status, before.held, before.asked)
}

// end answers a request with a no; what is held stays.
func (m *team) end(status structure.MembershipStatus) {
	if m.status == structure.StatusPending {
		m.status = status
	}
	m.asked = ""
	m.events++
}

// union is what is held and asked for.
func (m *team) union() string {
	if strings.Contains(m.held+m.asked, "w") {
		return "w"
	}
	out := ""
	for _, letter := range []string{"u", "v"} {
		if strings.Contains(m.held+m.asked, letter) {
			out += letter
		}
	}
	return out
}

func (m *team) check(tb testing.TB) {
	tb.Helper()
	ctx := tb.Context()
	require.NoError(tb, m.w.Store.View(ctx, func(tx storage.Tx) error {
		principals, err := tx.Memberships(ctx, structure.MembershipQuery{
			Structures: []structure.ID{m.c.ID}, Role: structure.RolePrincipalManager, Statuses: []structure.MembershipStatus{structure.StatusApproved},
		})
		require.NoError(tb, err)
		require.Len(tb, principals, 1)
		if m.id == "" {
			return nil
		}
		got, err := tx.Membership(ctx, m.id)
		require.NoError(tb, err)
		require.Equal(tb, m.status, got.Status)
		require.Equal(tb, m.scope(m.held), got.Granted)
		require.Equal(tb, m.scope(m.asked), got.Asked)
		require.LessOrEqual(tb, len([]rune(got.Comment.Text)), 255)
		events, err := tx.Events(ctx, notify.EventQuery{Chain: notify.StructureChain(m.c.ID), Account: m.julie.ID, Limit: 1000})
		require.NoError(tb, err)
		require.Len(tb, events, m.events)
		return nil
	}))
	for letter, unit := range map[string]structure.Unit{"u": m.c.Urba, "v": m.c.Voie, "w": m.c.Acha} {
		d, err := m.w.Authz.Check(ctx, authz.Request{
			Account: m.julie.ID, Structure: m.c.ID, Service: unit.ID, Space: authz.SpaceInvoicesIssued, Level: authz.Write,
		})
		require.NoError(tb, err)
		require.Equal(tb, m.status == structure.StatusApproved && (strings.Contains(m.held, letter) || m.held == "w"), d.Allowed)
	}
}
