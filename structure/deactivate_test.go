package structure_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

const heir = "hubert@terneuil.example"

// estate is a principal manager of two structures and a member of a third.
type estate struct {
	one        worldtest.Company
	two, three structure.Structure
	owner      account.Actor // of one and two
	other      account.Actor // of three
	hubert     account.Actor // a simple user of one, until an end
	joined     structure.Membership
}

func settle(t *testing.T, w *worldtest.World) estate {
	t.Helper()
	ctx := t.Context()
	e := estate{one: company(t, w)}
	e.owner, e.other, e.hubert = e.one.Manager, w.Join(t, "zoe@terneuil.example"), w.Join(t, heir)
	found := func(by account.Actor, siret, name string) structure.Structure {
		st, err := w.Structures.Create(ctx, by, structure.Creation{Identifier: structure.SIRET(siret), LegalName: name, Type: structure.Private})
		require.NoError(t, err)
		return st
	}
	e.two, e.three = found(e.owner, "12002701600563", "Zinguerie"), found(e.other, "12002701600357", "Menuiserie")
	m, err := w.Structures.Request(ctx, e.hubert, ask(e.one, e.one.Urba))
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, e.owner, m.ID, structure.Approval{Validity: &authz.Validity{From: w.Clock.Now(), Until: w.Clock.Now().Add(48 * time.Hour)}})
	require.NoError(t, err)
	e.joined, err = w.Structures.Request(ctx, e.owner, structure.Request{Structure: e.three.ID, Whole: true, Comment: "wood"})
	require.NoError(t, err)
	return e
}

func leave(t *testing.T, w *worldtest.World, by account.Actor, d structure.Deactivation) (structure.Consequences, error) {
	t.Helper()
	c, err := w.Structures.PrepareDeactivation(t.Context(), by)
	require.NoError(t, err)
	d.Confirmed, d.Token = true, c.Token
	return w.Structures.Deactivate(t.Context(), by, d)
}

// principals counts the approved principal managers of a structure whose account is
// active.
func principals(t require.TestingT, w *worldtest.World, id structure.ID) (who []account.ID) {
	require.NoError(t, w.Store.View(context.Background(), func(tx storage.Tx) error {
		ms, err := tx.Memberships(context.Background(), structure.MembershipQuery{
			Structures: []structure.ID{id}, Statuses: []structure.MembershipStatus{structure.StatusApproved}, Role: structure.RolePrincipalManager,
		})
		for _, m := range ms {
			a, err := tx.Account(context.Background(), m.Account)
			if err != nil {
				return err
			}
			if a.Status == account.StatusActive {
				who = append(who, a.ID)
			}
		}
		return err
	}))
	return who
}

func names(list []structure.Structure) (out []string) {
	for _, st := range list {
		out = append(out, st.LegalName)
	}
	return out
}

// ..R-118, R-376, R-381, R-385, R-128: the owner is
// shown what it means, names one successor for all, and is gone in one unit.
func TestDeactivateWithOneSuccessorForAll(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		e := settle(t, w)
		var shown structure.Consequences
		w.Unchanged(t, func() {
			var err error
			shown, err = w.Structures.PrepareDeactivation(ctx, e.owner)
			require.NoError(t, err)
		})
		require.Equal(t, w.Clock.Now().Add(60*24*time.Hour), shown.Until)
		require.Equal(t, []string{"Atelier Dufour 5520", "Zinguerie"}, names(shown.Principal))
		require.Equal(t, worldtest.SIRETCompany, shown.Principal[0].Identifier.Value, "R-117")
		require.Equal(t, []string{"Menuiserie"}, names(shown.Withdrawn))
		require.Equal(t, []string{"Atelier Dufour 5520", "Zinguerie"}, names(shown.Kept))
		require.False(t, shown.LoginChange)

		w.Clock.Move(5 * time.Minute)
		done, err := w.Structures.Deactivate(ctx, e.owner, structure.Deactivation{
			Confirmed: true, Token: shown.Token, SuccessorForAll: structure.Successor{Login: "Hubert@terneuil.example"},
		})
		require.NoError(t, err)
		require.Equal(t, w.Clock.Now().Add(60*24*time.Hour), done.Until)
		require.Equal(t, account.StatusDeactivated, w.Account(t, e.owner.ID).Status)
		for _, id := range []structure.ID{e.one.ID, e.two.ID} {
			require.Equal(t, []account.ID{e.hubert.ID}, principals(t, w, id))
		}
		w.Clock.Move(72 * time.Hour)
		mine, err := w.Structures.Mine(ctx, e.hubert)
		require.NoError(t, err)
		require.Len(t, mine, 2, "an approved membership where there was none")
		for _, c := range mine {
			require.Zero(t, c.Membership.Validity.Until, "the end date is cleared")
			require.True(t, c.Membership.Granted.Whole)
		}
		require.True(t, may(t, w, e.hubert.ID, e.one.ID, e.one.Voie.ID).Allowed)
		require.Equal(t, 2, w.Count(t, heir, notify.MailPrincipalReceived))
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			m, err := tx.Membership(ctx, e.joined.ID)
			require.Equal(t, structure.StatusCancelled, m.Status)
			return err
		}))
		_, err = w.Structures.Approve(ctx, e.other, e.joined.ID, structure.Approval{})
		require.ErrorIs(t, err, structure.ErrApplicantGone)

		w.Unchanged(t, func() {
			again, err := w.Structures.Deactivate(ctx, e.owner, structure.Deactivation{Confirmed: true, Token: shown.Token})
			require.NoError(t, err, "R-108")
			require.Equal(t, done.Until, again.Until)
			_, err = w.Structures.PrepareDeactivation(ctx, e.owner)
			require.ErrorIs(t, err, account.ErrNotActive)
		})
		w.Proven(t)
	})
}

// whatever is wrong with it, nothing happens and
// what is missing is named.
func TestDeactivationRefusals(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		e := settle(t, w)
		_, err := w.Accounts.Register(ctx, account.Anonymous(), worldtest.Registration("waits@terneuil.example"))
		require.NoError(t, err)
		robot := w.Join(t, "robot@terneuil.example")
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
			a, err := tx.Account(ctx, robot.ID)
			a.Kind = account.KindTechnical
			return errors.Join(err, tx.PutAccount(ctx, a))
		}))
		gone := w.Join(t, "gone@terneuil.example")
		w.Leave(t, gone)
		to := func(login string) structure.Successor { return structure.Successor{Login: login} }
		one, two := "successors["+string(e.one.ID)+"]", "successors["+string(e.two.ID)+"]"
		for name, row := range map[string]struct {
			d      structure.Deactivation
			err    error
			fields map[string]string
		}{
			"nobody":            {structure.Deactivation{}, structure.ErrSuccessorRequired, map[string]string{}},
			"one missing":       {structure.Deactivation{Successors: map[structure.ID]structure.Successor{e.one.ID: to(heir)}}, structure.ErrSuccessorMissing, map[string]string{two: "required "}},
			"both ways":         {structure.Deactivation{SuccessorForAll: to(heir), Successors: map[structure.ID]structure.Successor{e.one.ID: to(heir)}}, fault.ErrInvalid, map[string]string{"successors": "excluded_by_all "}},
			"oneself":           {structure.Deactivation{SuccessorForAll: to(boss)}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
			"oneself, by id":    {structure.Deactivation{SuccessorForAll: structure.Successor{Account: e.owner.ID}}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
			"unknown":           {structure.Deactivation{SuccessorForAll: to("nobody@terneuil.example")}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
			"no address":        {structure.Deactivation{SuccessorForAll: to("x\x00y")}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
			"no identifier":     {structure.Deactivation{SuccessorForAll: structure.Successor{Account: "x\x00y"}}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
			"waiting":           {structure.Deactivation{SuccessorForAll: to("waits@terneuil.example")}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
			"deactivated":       {structure.Deactivation{SuccessorForAll: to("gone@terneuil.example")}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
			"a program":         {structure.Deactivation{SuccessorForAll: to("robot@terneuil.example")}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
			"one of them wrong": {structure.Deactivation{Successors: map[structure.ID]structure.Successor{e.one.ID: to("nobody@terneuil.example"), e.two.ID: to(heir)}}, fault.ErrInvalid, map[string]string{one: "successor "}},
			"not managed": {
				structure.Deactivation{Successors: map[structure.ID]structure.Successor{e.one.ID: to(heir), e.two.ID: to(heir), e.three.ID: to(heir)}},
				fault.ErrInvalid,
				map[string]string{"successors[" + string(e.three.ID) + "]": "id "},
			},
		} {
			w.Unchanged(t, func() {
				c, err := leave(t, w, e.owner, row.d)
				require.ErrorIs(t, err, row.err, name)
				require.Equal(t, row.fields, codes(err), name)
				if name != "both ways" {
					require.Equal(t, []string{"Atelier Dufour 5520", "Zinguerie"}, names(c.Principal), name)
				}
			})
		}
		w.Unchanged(t, func() {
			c, err := w.Structures.PrepareDeactivation(ctx, e.owner)
			require.NoError(t, err)
			_, err = w.Structures.Deactivate(ctx, e.owner, structure.Deactivation{Token: c.Token, SuccessorForAll: to(heir)})
			require.Equal(t, map[string]string{"confirmed": "confirmation "}, codes(err), "R-104")
			for _, by := range []account.Actor{account.Anonymous(), account.Support("S-1"), account.System()} {
				_, err = w.Structures.Deactivate(ctx, by, structure.Deactivation{Confirmed: true})
				require.ErrorIs(t, err, account.ErrActor, "R-103: nobody else does")
			}
		})
		require.Equal(t, account.StatusActive, w.Account(t, e.owner.ID).Status)
	})
}

// What was shown is what is confirmed: a structure or a request more, or a title lost,
// asks for another look; the passing of time does not.
func TestConsequencesThatChangedAreShownAgain(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		e := settle(t, w)
		c, err := w.Structures.PrepareDeactivation(ctx, e.hubert)
		require.NoError(t, err)
		_, err = w.Structures.Request(ctx, e.hubert, structure.Request{Structure: e.three.ID, Whole: true, Comment: "wood"})
		require.NoError(t, err)
		w.Unchanged(t, func() {
			now, err := w.Structures.Deactivate(ctx, e.hubert, structure.Deactivation{Confirmed: true, Token: c.Token})
			require.ErrorIs(t, err, structure.ErrConsequencesChanged)
			require.Equal(t, []string{"Menuiserie"}, names(now.Withdrawn), "and what it means now comes with it")
			other, err := w.Structures.PrepareDeactivation(ctx, e.other)
			require.NoError(t, err)
			_, err = w.Structures.Deactivate(ctx, e.hubert, structure.Deactivation{Confirmed: true, Token: other.Token})
			require.ErrorIs(t, err, structure.ErrConsequencesChanged, "a token is one person's")
		})
		w.Leave(t, e.hubert)
		w.Proven(t)
	})
}

// R-127, LC-08, R-384, PE-20: memberships sleep and wake as they were; what ended or was
// handed over meanwhile does not come back.
func TestRightsResumeAsTheyWere(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		e := settle(t, w)
		julie := w.Join(t, clerk)
		m, err := w.Structures.Request(ctx, julie, ask(e.one, e.one.Urba))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, e.owner, m.ID, structure.Approval{})
		require.NoError(t, err)
		before, err := w.Authz.Statement(ctx, julie.ID, e.one.ID, w.Clock.Now())
		require.NoError(t, err)
		require.NotEmpty(t, before)
		w.Leave(t, julie)
		w.Leave(t, e.hubert) // whose membership ends in two days
		_, err = leave(t, w, e.owner, structure.Deactivation{SuccessorForAll: structure.Successor{Account: e.other.ID}})
		require.NoError(t, err)
		for _, by := range []account.Actor{julie, e.hubert, e.owner} {
			d := may(t, w, by.ID, e.one.ID, e.one.Urba.ID)
			require.False(t, d.Allowed, "I3: no right without an active account")
		}
		_, err = w.Structures.Approve(ctx, e.owner, m.ID, structure.Approval{})
		require.ErrorIs(t, err, account.ErrNotActive)
		w.Clock.Move(72 * time.Hour)
		for _, login := range []string{clerk, heir, boss} {
			_, err := w.Accounts.RequestReactivation(ctx, account.Anonymous(), login)
			require.NoError(t, err)
			const password = "Another-Horse-8-Battery"
			_, err = w.Accounts.CompleteReactivation(ctx, w.TokenIn(t, login, notify.MailReactivation), account.NewPassword{Password: password, Confirmation: password})
			require.NoError(t, err)
		}
		after, err := w.Authz.Statement(ctx, julie.ID, e.one.ID, w.Clock.Now())
		require.NoError(t, err)
		require.Equal(t, len(before), len(after), "as they were")
		require.False(t, may(t, w, e.hubert.ID, e.one.ID, e.one.Urba.ID).Allowed, "end dates keep running")
		require.True(t, may(t, w, e.owner.ID, e.one.ID, e.one.Urba.ID).Allowed, "R-383: a simple user now")
		_, err = w.Structures.AddService(ctx, e.owner, e.one.ID, structure.ServiceSpec{Code: "X", Name: "X"})
		require.ErrorIs(t, err, structure.ErrDenied)
		require.Equal(t, []account.ID{e.other.ID}, principals(t, w, e.one.ID))
		w.Proven(t)
	})
}

// where an external directory keeps the accounts, the principal manager does not
// leave here, and the answer names whom to ask.
func TestExternalDirectoriesCloseTheirOwnAccounts(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		p := structure.Guide2024()
		p.DirectoryContact = "ask the directory's correspondent"
		w.Configure(t, &account.Options{}, &structure.Options{Policy: &p})
		boss := w.Join(t, boss)
		st, err := w.Structures.Create(ctx, account.Support("S-1"), structure.Creation{
			Identifier: structure.SIRET(worldtest.SIRETCity), LegalName: "Trésorerie", Type: structure.Public, Directory: structure.DirectoryExternal, Principal: boss.ID,
		})
		require.NoError(t, err)
		require.True(t, st.External())
		w.Join(t, heir)
		w.Unchanged(t, func() {
			c, err := leave(t, w, boss, structure.Deactivation{SuccessorForAll: structure.Successor{Login: heir}})
			require.ErrorIs(t, err, structure.ErrExternallyManaged)
			require.ErrorContains(t, err, "ask the directory's correspondent")
			require.Equal(t, []string{"Trésorerie"}, names(c.Blocked()))
		})
		private, err := w.Structures.Create(ctx, boss, structure.Creation{
			Identifier: structure.SIRET(worldtest.SIRETCompany), LegalName: "x", Type: structure.Private, Directory: structure.DirectoryExternal,
		})
		require.NoError(t, err)
		require.False(t, private.External(), "PE-17: a person cannot choose the directory")
	})
}

// RC-07, RC-08, LC-10: whatever happens to the successor at the same moment, each active
// structure has exactly one principal manager afterwards, and that account is active.
func TestNoRaceLeavesAStructureAlone(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		for _, siret := range []string{worldtest.SIRETCompany, "12002701600563", "13002526500013"} {
			owner, first, second := w.Join(t, "o"+siret+"@terneuil.example"), w.Join(t, "a"+siret+"@terneuil.example"), w.Join(t, "b"+siret+"@terneuil.example")
			st, err := w.Structures.Create(ctx, owner, structure.Creation{Identifier: structure.SIRET(siret), LegalName: "x", Type: structure.Private})
			require.NoError(t, err)
			shown, err := w.Structures.PrepareDeactivation(ctx, owner)
			require.NoError(t, err)
			empty, err := w.Structures.PrepareDeactivation(ctx, first)
			require.NoError(t, err)
			var wg sync.WaitGroup
			errs := make([]error, 4)
			for i, fn := range []func() error{
				func() error {
					_, err := w.Structures.Deactivate(context.Background(), owner, structure.Deactivation{Confirmed: true, Token: shown.Token, SuccessorForAll: structure.Successor{Account: first.ID}})
					return err
				},
				func() error {
					_, err := w.Structures.Deactivate(context.Background(), owner, structure.Deactivation{Confirmed: true, Token: shown.Token, SuccessorForAll: structure.Successor{Account: second.ID}})
					return err
				},
				func() error {
					_, err := w.Structures.Deactivate(context.Background(), first, structure.Deactivation{Confirmed: true, Token: empty.Token})
					return err
				},
				func() error {
					_, err := w.Structures.Request(context.Background(), second, structure.Request{Structure: st.ID, Whole: true, Comment: "x"})
					return err
				},
			} {
				wg.Go(func() { errs[i] = fn() })
			}
			wg.Wait()
			require.Len(t, principals(t, w, st.ID), 1, "%v", errs)
		}
		w.Proven(t)
	})
}

// RC-08: nobody founds a structure with an account that is being closed.
func TestFoundingAgainstLeaving(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		for _, siret := range []string{worldtest.SIRETCompany, "12002701600563", "13002526500013", "73282932000074"} {
			owner := w.Join(t, "o"+siret+"@terneuil.example")
			shown, err := w.Structures.PrepareDeactivation(t.Context(), owner)
			require.NoError(t, err)
			var founded structure.Structure
			var errFound, errLeft error
			var wg sync.WaitGroup
			wg.Go(func() {
				founded, errFound = w.Structures.Create(context.Background(), owner, structure.Creation{Identifier: structure.SIRET(siret), LegalName: "x", Type: structure.Private})
			})
			wg.Go(func() {
				_, errLeft = w.Structures.Deactivate(context.Background(), owner, structure.Deactivation{Confirmed: true, Token: shown.Token})
			})
			wg.Wait()
			require.NotEqual(t, errFound == nil, errLeft == nil, "exactly one of the two: %v, %v", errFound, errLeft)
			if errFound == nil {
				require.Equal(t, []account.ID{owner.ID}, principals(t, w, founded.ID))
			}
		}
	})
}

// who left is told nothing more of structures.
func TestDeactivatedApplicantsGetNoNews(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		e := settle(t, w)
		ctx := t.Context()
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error { // the account closes while the request waits
			a, err := tx.Account(ctx, e.owner.ID)
			a.Status = account.StatusDeactivated
			return errors.Join(err, tx.PutAccount(ctx, a))
		}))
		_, err := w.Structures.Reject(ctx, e.other, e.joined.ID, structure.Refusal{Reason: "gone"})
		require.NoError(t, err)
		require.Zero(t, w.Count(t, boss, notify.MailMembershipRejected))
	})
}
