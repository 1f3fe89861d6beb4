package structure_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// Nominating and answering, from every state of a nomination and at its very end.
func TestNominationRules(t *testing.T) {
	t.Parallel()
	st, err := structure.Structure{}.Nominate("hubert", "pauline", noon, time.Hour)
	require.NoError(t, err)
	require.Equal(t, structure.Nomination{Account: "hubert", By: "pauline", At: noon, ExpiresAt: noon.Add(time.Hour)}, st.Nomination)
	last, over := noon.Add(time.Hour-time.Microsecond), noon.Add(time.Hour)
	_, err = st.Nominate("julie", "pauline", last, time.Hour)
	require.ErrorIs(t, err, structure.ErrNominationPending)
	again, err := st.Nominate("julie", "pauline", over, time.Hour)
	require.NoError(t, err)
	require.Equal(t, account.ID("julie"), again.Nomination.Account)
	_, err = st.Answered("julie", noon)
	require.ErrorIs(t, err, structure.ErrNotFound)
	_, err = st.Answered("hubert", over)
	require.ErrorIs(t, err, structure.ErrNominationExpired)
	answered, err := st.Answered("hubert", last)
	require.NoError(t, err)
	require.True(t, answered.Nomination.IsZero())
	_, err = answered.Answered("hubert", last)
	require.ErrorIs(t, err, structure.ErrNotFound)
	_, err = structure.Structure{}.Answered("", noon)
	require.ErrorIs(t, err, structure.ErrNotFound, "nobody is asked, so nobody answers")
}

// R-385 (extension): the successor is asked, answers in time, and only then the role
// changes hands; until then nothing does.
func TestSuccessorsAccept(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		principalPolicy(t, w, structure.PrincipalPolicy{Accept: true})
		e := settle(t, w)
		name := func() {
			s, err := transfer(t, w, e.owner, structure.Transfer{Structures: []structure.ID{e.one.ID, e.two.ID}, SuccessorForAll: to(heir)})
			require.NoError(t, err)
			require.True(t, s.Accept)
		}
		name()
		require.Equal(t, []account.ID{e.owner.ID}, principals(t, w, e.one.ID), "nothing has changed yet")
		told := w.Last(t, heir, notify.MailPrincipalNominated)
		require.Equal(t, w.Clock.Now().Add(14*day).Format(time.RFC3339), told.Values["Until"])
		require.Equal(t, "Julie BON", told.Values["Applicant"])
		for _, by := range []account.Actor{e.hubert, e.owner} {
			n, err := w.Structures.Nomination(ctx, by, e.two.ID)
			require.NoError(t, err)
			require.Equal(t, []account.ID{e.hubert.ID, e.owner.ID}, []account.ID{n.Nominee.ID, n.By.ID})
		}
		w.Unchanged(t, func() {
			for _, by := range []account.Actor{e.other, e.owner} {
				_, err := w.Structures.AcceptNomination(ctx, by, e.two.ID)
				require.ErrorIs(t, err, structure.ErrNotFound)
				require.ErrorIs(t, w.Structures.DeclineNomination(ctx, by, e.two.ID), structure.ErrNotFound)
			}
			_, err := w.Structures.Nomination(ctx, e.other, e.two.ID)
			require.ErrorIs(t, err, structure.ErrNotFound, "nobody else learns of it")
			require.ErrorIs(t, w.Structures.WithdrawNomination(ctx, e.hubert, e.two.ID), structure.ErrNotFound)
			require.ErrorIs(t, w.Structures.WithdrawNomination(ctx, e.hubert, e.one.ID), structure.ErrDenied)
			_, err = transfer(t, w, e.owner, structure.Transfer{Structures: []structure.ID{e.two.ID}, SuccessorForAll: to("zoe@terneuil.example")})
			require.ErrorIs(t, err, structure.ErrNominationPending)
			_, err = leave(t, w, e.owner, structure.Deactivation{SuccessorForAll: to(heir)})
			require.ErrorIs(t, err, structure.ErrAcceptanceRequired)
		})

		require.NoError(t, w.Structures.DeclineNomination(ctx, e.hubert, e.one.ID))
		require.Equal(t, "Julie BON", w.Last(t, boss, notify.MailPrincipalDeclined).Values["Applicant"])
		require.NoError(t, w.Structures.WithdrawNomination(ctx, e.owner, e.two.ID))
		w.Last(t, heir, notify.MailPrincipalNominationOver)
		_, err := w.Structures.AcceptNomination(ctx, e.hubert, e.two.ID)
		require.ErrorIs(t, err, structure.ErrNotFound)

		name()
		w.Clock.Move(14*day - time.Microsecond)
		got, err := w.Structures.AcceptNomination(ctx, e.hubert, e.one.ID)
		require.NoError(t, err)
		require.Zero(t, got.Nomination, "what others may see")
		require.Equal(t, []account.ID{e.hubert.ID}, principals(t, w, e.one.ID))
		w.Clock.Move(time.Microsecond)
		w.Unchanged(t, func() {
			_, err = w.Structures.AcceptNomination(ctx, e.hubert, e.two.ID)
			require.ErrorIs(t, err, structure.ErrNominationExpired)
			_, err = w.Structures.Nomination(ctx, e.hubert, e.two.ID)
			require.ErrorIs(t, err, structure.ErrNotFound)
		})
		name2, err := transfer(t, w, e.owner, structure.Transfer{Structures: []structure.ID{e.two.ID}, SuccessorForAll: to("zoe@terneuil.example")})
		require.NoError(t, err, "an expired nomination is in nobody's way")
		require.Equal(t, []string{"Zinguerie"}, names(name2.Structures))
		require.Equal(t, []account.ID{e.owner.ID}, principals(t, w, e.two.ID))
		require.Equal(t, 1, w.Count(t, heir, notify.MailPrincipalReceived))
		w.Proven(t)
	})
}

// A nomination ends with the account of whoever is asked, with the structure while it is
// inactive, and with any other change of the principal manager.
func TestNominationsThatCannotBeAccepted(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	principalPolicy(t, w, structure.PrincipalPolicy{Accept: true, Proof: true, NominationLifetime: time.Hour})
	ctx, e := t.Context(), settle(t, w)
	_, err := transfer(t, w, proven(w, e.owner), structure.Transfer{Structures: []structure.ID{e.one.ID, e.two.ID}, SuccessorForAll: to(heir)})
	require.NoError(t, err)
	_, err = w.Structures.DeactivateStructure(ctx, e.owner, e.two.ID)
	require.NoError(t, err)
	w.Unchanged(t, func() {
		_, err = w.Structures.AcceptNomination(ctx, proven(w, e.hubert), e.two.ID)
		require.ErrorIs(t, err, structure.ErrStructureInactive)
		_, err = w.Structures.AcceptNomination(ctx, e.hubert, e.one.ID)
		require.ErrorIs(t, err, account.ErrProofRequired, "the policy asks for a fresh proof")
		_, err = w.Structures.AcceptNomination(ctx, account.Support("S-1"), e.one.ID)
		require.ErrorIs(t, err, account.ErrProofRequired)
		require.ErrorIs(t, w.Structures.DeclineNomination(ctx, account.Support("S-1"), e.one.ID), account.ErrActor)
	})
	require.NoError(t, w.Structures.AppointPrincipal(ctx, account.Support("S-1"), structure.Appointment{
		Structure: e.one.ID, Successor: to("zoe@terneuil.example"), Reason: "letter", Documented: true,
	}))
	_, err = w.Structures.AcceptNomination(ctx, proven(w, e.hubert), e.one.ID)
	require.ErrorIs(t, err, structure.ErrNotFound, "somebody else was appointed")
	_, err = w.Structures.ActivateStructure(ctx, e.owner, e.two.ID)
	require.NoError(t, err)
	w.Leave(t, e.hubert)
	_, err = w.Structures.AcceptNomination(ctx, proven(w, e.hubert), e.two.ID)
	require.ErrorIs(t, err, account.ErrNotActive)
	require.Equal(t, []account.ID{e.owner.ID}, principals(t, w, e.two.ID))
	require.Contains(t, w.Kinds(t), notify.Kind("principal.nomination_ended"))
	w.Proven(t)
}

// support gives an orphan a principal manager, or any structure on a documented
// request; nobody else does, and the reason stays.
func TestSupportAppointsAPrincipal(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx, support := t.Context(), account.Support("S-1")
		e := settle(t, w)
		a := structure.Appointment{Structure: e.one.ID, Successor: to(heir), Reason: "nobody answers"}
		w.Unchanged(t, func() {
			for _, by := range []account.Actor{e.owner, account.System(), account.Anonymous()} {
				require.ErrorIs(t, w.Structures.AppointPrincipal(ctx, by, a), account.ErrActor)
			}
			require.ErrorIs(t, w.Structures.AppointPrincipal(ctx, support, a), structure.ErrNotOrphan)
			nowhere := structure.Appointment{Structure: structure.ID(e.owner.ID), Successor: to(heir), Reason: "x"}
			require.ErrorIs(t, w.Structures.AppointPrincipal(ctx, support, nowhere), structure.ErrNotFound)
			for name, row := range map[string]struct {
				a      structure.Appointment
				fields map[string]string
			}{
				"no reason": {structure.Appointment{Structure: e.one.ID, Successor: to(heir)}, map[string]string{"reason": "required "}},
				"nowhere":   {structure.Appointment{Structure: "x", Successor: to(heir), Reason: "x"}, map[string]string{"structure": "id "}},
				"the same":  {structure.Appointment{Structure: e.one.ID, Successor: to(boss), Reason: "x", Documented: true}, map[string]string{"successor": "successor "}},
				"nobody":    {structure.Appointment{Structure: e.one.ID, Reason: "x", Documented: true}, map[string]string{"successor": "successor "}},
				"nothing":   {structure.Appointment{}, map[string]string{"structure": "required ", "successor": "successor ", "reason": "required "}},
				"neither":   {structure.Appointment{Structure: e.one.ID, Successor: to(boss), Reason: " "}, map[string]string{"successor": "successor ", "reason": "required "}},
			} {
				require.Equal(t, row.fields, codes(w.Structures.AppointPrincipal(ctx, support, row.a)), name)
			}
		})
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
			owner, err := tx.Account(ctx, e.owner.ID)
			require.NoError(t, err)
			owner.Status = account.StatusDeactivated
			return account.Put(ctx, tx, w.Journal(), account.System(), "account.deactivated", &owner, w.Clock.Now())
		}))
		orphans := 0
		for o, err := range w.Structures.OrphanStructures(ctx, support) {
			require.NoError(t, err)
			require.Equal(t, e.owner.ID, o.Principal)
			orphans++
		}
		require.Equal(t, 2, orphans)
		require.NoError(t, w.Structures.AppointPrincipal(ctx, support, a))
		require.Equal(t, []account.ID{e.hubert.ID}, principals(t, w, e.one.ID))
		w.Last(t, heir, notify.MailPrincipalAppointed)
		require.Zero(t, w.Count(t, boss, notify.MailPrincipalHandedOver), "whoever left gets no news")
		mine, err := w.Structures.Mine(ctx, e.hubert)
		require.NoError(t, err)
		require.Equal(t, "nobody answers", mine[0].Membership.Reason.Text)

		a.Successor, a.Documented = to("zoe@terneuil.example"), true
		require.NoError(t, w.Structures.AppointPrincipal(ctx, support, a))
		require.Equal(t, []account.ID{e.other.ID}, principals(t, w, e.one.ID))
		w.Last(t, heir, notify.MailPrincipalHandedOver)
		w.Proven(t)
	})
}

// R-133, RC-17: a principal manager who stays away is told, and support with them, once
// in each period and at its very end; whoever signs in starts it anew.
func TestPrincipalsWhoStayAway(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		const desk = "aide@portail.example"
		principalPolicy(t, w, structure.PrincipalPolicy{InactiveAfter: 100 * day})
		c := company(t, w)
		told := func(owner, support int) {
			t.Helper()
			require.Equal(t, owner, w.Count(t, boss, notify.MailPrincipalInactive))
			require.Equal(t, support, w.Count(t, desk, notify.MailSupportPrincipalAbsent))
		}
		w.Clock.Move(100*day - time.Microsecond)
		require.Zero(t, caughtUp(t, w))
		w.Clock.Move(time.Microsecond)
		require.Equal(t, 1, caughtUp(t, w))
		told(1, 1)
		require.Contains(t, w.Last(t, desk, notify.MailSupportPrincipalAbsent).Values["Structure"], worldtest.SIRETCompany)
		w.Clock.Move(99 * day)
		w.SignIn(t, boss)
		back := w.Clock.Now()
		w.Clock.Move(2 * day)
		require.Equal(t, 1, caughtUp(t, w))
		told(1, 1)
		w.Clock.Move(98*day - time.Microsecond)
		require.Zero(t, caughtUp(t, w))
		w.Clock.Move(time.Microsecond)
		require.Equal(t, back.Add(100*day), w.Clock.Now())
		require.Equal(t, 1, caughtUp(t, w))
		told(2, 2)
		_, err := w.Structures.DeactivateStructure(t.Context(), c.Manager, c.ID)
		require.NoError(t, err)
		w.Clock.Move(100 * day)
		require.Equal(t, 1, caughtUp(t, w))
		told(2, 2)
		w.Proven(t)
	})
}

// closing is a store in which an account is closed right after a unit looked at what it is
// in a structure.
type closing struct {
	storage.Store
	who account.ID
}

func (c closing) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return c.Store.Update(ctx, func(tx storage.Tx) error { return fn(&closingTx{Tx: tx, who: c.who}) })
}

type closingTx struct {
	storage.Tx
	who    account.ID
	closed bool
}

func (t *closingTx) Standing(ctx context.Context, a account.ID, s structure.ID) (structure.Standing, error) {
	at, err := t.Tx.Standing(ctx, a, s)
	if err != nil || a != t.who || t.closed {
		return at, err
	}
	t.closed = true
	who, err := t.Account(ctx, a)
	if err == nil {
		who.Status = account.StatusDeactivated
		err = t.PutAccount(ctx, who)
	}
	return at, err
}

// RC-08: whoever closes an account while its nomination is accepted, or its secret replaced,
// collides with that.
func TestAccountsThatCloseMeanwhile(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		principalPolicy(t, w, structure.PrincipalPolicy{Accept: true})
		e := settle(t, w)
		_, err := transfer(t, w, e.owner, structure.Transfer{Structures: []structure.ID{e.one.ID}, SuccessorForAll: to(heir)})
		require.NoError(t, err)
		h, err := w.Structures.CreateTechnical(ctx, proven(w, e.owner), e.one.ID, program())
		require.NoError(t, err)
		while := func(who account.ID) *structure.Service {
			s, err := structure.New(storage.Structures(closing{w.Store, who}), w.Keys, &structure.Options{Now: w.Clock.Now, Accounts: w.Accounts})
			require.NoError(t, err)
			return s
		}
		w.Unchanged(t, func() {
			_, err := while(e.hubert.ID).AcceptNomination(ctx, e.hubert, e.one.ID)
			require.ErrorIs(t, err, storage.ErrConflict)
			_, err = while(h.Account).ResetTechnical(ctx, proven(w, e.owner), e.one.ID, h.Account, structure.TechnicalReset{Confirmed: true})
			require.ErrorIs(t, err, storage.ErrConflict)
		})
	})
}
