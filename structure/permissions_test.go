package structure_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// crew is one structure with somebody of each column of table MEM-T1.
type crew struct {
	w      *worldtest.World
	c      worldtest.Company
	who    map[string]account.Actor
	fresh  int
	secret string // of the program
}

func newCrew(t *testing.T, d authz.Delegation) *crew {
	t.Helper()
	w := worldtest.New(t, memory.New())
	k := &crew{w: w, c: company(t, w)}
	k.who = map[string]account.Actor{
		"principal": k.c.Manager, "secondary": w.Join(t, "secondary@terneuil.example"), "simple": w.Join(t, clerk), "outsider": w.Join(t, "outsider@terneuil.example"),
	}
	n := newMember(k.c, k.who["secondary"])
	n.Role = structure.RoleSecondaryManager
	_, err := w.Structures.Attach(t.Context(), k.c.Manager, n)
	require.NoError(t, err)
	enrol(t, w, k.c, k.who["simple"], k.c.Urba)
	_, err = w.Structures.SetDelegation(t.Context(), k.c.Manager, k.c.ID, d)
	require.NoError(t, err)
	by := k.c.Manager
	by.ProvenAt = w.Clock.Now()
	h, err := w.Structures.CreateTechnical(t.Context(), by, k.c.ID, structure.TechnicalSpec{Login: "tech_1_" + worldtest.SIRETCompany + "@interfaces.example", Name: "Invoices"})
	require.NoError(t, err)
	k.secret = secretIn(t, h)
	technicals, err := w.Structures.Technicals(t.Context(), k.c.Manager, k.c.ID)
	require.NoError(t, err)
	k.who["technical"] = account.Person(technicals[0].ID)
	for name, by := range k.who {
		by.ProvenAt = w.Clock.Now()
		k.who[name] = by
	}
	return k
}

// newcomer is somebody whom no column names; asked is that person's request, member
// the membership.
func (k *crew) newcomer(t *testing.T) account.Actor {
	t.Helper()
	k.fresh++
	return k.w.Join(t, fmt.Sprintf("new%d@terneuil.example", k.fresh))
}

func (k *crew) asked(t *testing.T) structure.MembershipID {
	t.Helper()
	m, err := k.w.Structures.Request(t.Context(), k.newcomer(t), ask(k.c, k.c.Urba))
	require.NoError(t, err)
	return m.ID
}

func (k *crew) member(t *testing.T) structure.MembershipID {
	t.Helper()
	return enrol(t, k.w, k.c, k.newcomer(t), k.c.Urba).ID
}

// own is the membership of one column.
func (k *crew) own(t *testing.T, name string) structure.MembershipID {
	t.Helper()
	mine, err := k.w.Structures.Mine(t.Context(), k.who[name])
	require.NoError(t, err)
	return mine[0].Membership.ID
}

// What a column may do.
const (
	yes, lent, no = "yes", "lent", "no" // lent: only while the principal lends the power
	own, byHeir   = "own", "byHeir"     // own: for oneself; byHeir: by a transfer
)

// permission is one row of table MEM-T1: what the principal manager, a secondary manager,
// a simple user, an outsider and a program may do.
type permission struct {
	structure bool // the power is that over the structure
	may       [5]string
	do        func(t *testing.T, k *crew, by account.Actor) error
}

// exercise has every column do what each row is about, with and without what the
// principal lends.
func exercise(t *testing.T, rows map[string]permission) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, d := range []authz.Delegation{{}, {Structure: true}, {Users: true}, {Structure: true, Users: true}} {
				crew := newCrew(t, d)
				for i, column := range []string{"principal", "secondary", "simple", "outsider", "technical"} {
					want := map[string]bool{yes: true, own: true, lent: row.structure && d.Structure || !row.structure && d.Users}[row.may[i]]
					err := row.do(t, crew, crew.who[column])
					require.Equal(t, want, err == nil, "%s by %s with %+v: %v", name, column, d, err)
					if row.may[i] == byHeir {
						require.ErrorIs(t, err, structure.ErrSuccessorRequired)
					}
				}
				crew.w.Proven(t)
			}
		})
	}
}

// MEM-T1, C-06, PE-01 to PE-04, PE-10, PE-11, PE-13: every
// operation on a structure and its people, by everybody, with and without what the
// principal lends.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	type k = *crew
	each := func(t *testing.T, out []structure.Outcome, err error) error { t.Helper(); return one(t)(out, err).Err }
	exercise(t, map[string]permission{
		"search": {false, [5]string{yes, yes, yes, yes, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Search(t.Context(), by, structure.Search{Name: "Atelier"})
			return err
		}},
		"ask": {false, [5]string{yes, yes, yes, yes, no}, func(t *testing.T, k k, by account.Actor) error {
			elsewhere := k.w.Company(t, luhnSIRET(k.fresh+1), fmt.Sprintf("boss%d@terneuil.example", k.fresh))
			k.fresh++
			_, err := k.w.Structures.Request(t.Context(), by, ask(elsewhere))
			return err
		}},
		"approve": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Approve(t.Context(), by, k.asked(t), structure.Approval{})
			return err
		}},
		"approve many": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			out, err := k.w.Structures.ApproveMany(t.Context(), by, []structure.MembershipID{k.asked(t)}, structure.Approval{})
			return each(t, out, err)
		}},
		"reject": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Reject(t.Context(), by, k.asked(t), structure.Refusal{Reason: "no"})
			return err
		}},
		"reject many": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			out, err := k.w.Structures.RejectMany(t.Context(), by, []structure.MembershipID{k.asked(t)}, structure.Refusal{Reason: "no"})
			return each(t, out, err)
		}},
		"attach": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Attach(t.Context(), by, newMember(k.c, k.newcomer(t), k.c.Urba))
			return err
		}},
		"change": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.ChangeMembership(t.Context(), by, k.member(t), structure.Change{Role: structure.RoleSecondaryManager})
			return err
		}},
		"disable": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			out, err := k.w.Structures.DisableMembers(t.Context(), by, k.member(t))
			return each(t, out, err)
		}},
		"enable": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			id := k.member(t)
			require.NoError(t, one(t)(k.w.Structures.DisableMembers(t.Context(), k.c.Manager, id)).Err)
			out, err := k.w.Structures.EnableMembers(t.Context(), by, id)
			return each(t, out, err)
		}},
		"remove": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			out, err := k.w.Structures.RemoveMembers(t.Context(), by, k.member(t))
			return each(t, out, err)
		}},
		"reach the principal": {false, [5]string{no, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			ctx, id := t.Context(), k.own(t, "principal")
			for _, change := range []structure.Change{{Role: structure.RoleMember}, {Validity: &authz.Validity{Until: k.w.Clock.Now().Add(day)}}, {Scope: new(structure.Services(k.c.Urba.ID))}} {
				_, err := k.w.Structures.ChangeMembership(ctx, by, id, change)
				require.Error(t, err)
			}
			n := newMember(k.c, k.c.Manager, k.c.Urba)
			n.Update = true
			_, err := k.w.Structures.Attach(ctx, by, n)
			require.Error(t, err)
			require.Error(t, one(t)(k.w.Structures.DisableMembers(ctx, by, id)).Err)
			require.Error(t, one(t)(k.w.Structures.EnableMembers(ctx, by, id)).Err)
			return one(t)(k.w.Structures.RemoveMembers(ctx, by, id)).Err
		}},
		"list members": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Members(t.Context(), by, k.c.ID, structure.MemberFilter{}, structure.PageRequest{})
			return err
		}},
		"resend activation": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.ResendActivation(t.Context(), by, k.c.ID)
			return err
		}},
		"create a person": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			k.fresh++
			_, err := k.w.Structures.CreatePerson(t.Context(), by, k.c.ID, worldtest.Registration(fmt.Sprintf("made%d@terneuil.example", k.fresh)))
			return err
		}},
		"view": {false, [5]string{yes, yes, yes, yes, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Structure(t.Context(), by, k.c.ID)
			return err
		}},
		"add a service": {true, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			k.fresh++
			_, err := k.w.Structures.AddService(t.Context(), by, k.c.ID, structure.ServiceSpec{Code: fmt.Sprint(k.fresh), Name: "X"})
			return err
		}},
		"see what waits": {false, [5]string{yes, yes, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Dashboard(t.Context(), by)
			return err
		}},
		"search users": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Users(t.Context(), by, structure.UserSearch{}, structure.PageRequest{})
			return err
		}},
		"find strangers": {false, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.FindPeople(t.Context(), by, structure.PersonSearch{Structure: k.c.ID, Login: clerk})
			return err
		}},
		"open a space": {true, [5]string{yes, lent, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.OpenSpace(t.Context(), by, k.c.ID, works)
			if err == nil {
				_, closing := k.w.Structures.CloseSpace(t.Context(), k.c.Manager, k.c.ID, works)
				require.NoError(t, closing)
			}
			return err
		}},
		"read the history": {false, [5]string{yes, yes, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.History(t.Context(), by, k.c.ID, structure.HistoryQuery{})
			return err
		}},
		"lend powers": {false, [5]string{yes, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			st, err := k.w.Structures.Structure(t.Context(), k.c.Manager, k.c.ID)
			require.NoError(t, err)
			_, err = k.w.Structures.SetDelegation(t.Context(), by, k.c.ID, st.Delegated)
			return err
		}},
		"list programs": {false, [5]string{yes, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			_, err := k.w.Structures.Technicals(t.Context(), by, k.c.ID)
			return err
		}},
		"prolong oneself": {false, [5]string{no, no, no, no, no}, func(t *testing.T, k k, by account.Actor) error {
			for name, who := range k.who {
				if who.ID == by.ID && name != "outsider" && name != "technical" {
					_, err := k.w.Structures.ChangeMembership(t.Context(), by, k.own(t, name), structure.Change{Validity: &authz.Validity{Until: k.w.Clock.Now().Add(day)}})
					return err
				}
			}
			_, err := k.w.Structures.ChangeMembership(t.Context(), by, k.own(t, "simple"), structure.Change{})
			return err
		}},
		"leave": {false, [5]string{byHeir, own, own, no, no}, func(t *testing.T, k k, by account.Actor) error {
			return one(t)(k.w.Structures.Leave(t.Context(), by, structure.Departure{Structure: k.c.ID})).Err
		}},
	})
}
