package structure_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// EN-07, PE-05: a manager opens an account for somebody and learns
// nothing: the answer is the same for an address that has one.
func TestCreatePerson(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		member := w.Join(t, clerk)
		for _, login := range []string{"new@terneuil.example", clerk} {
			sent, err := w.Structures.CreatePerson(ctx, c.Manager, c.ID, worldtest.Registration(login))
			require.NoError(t, err)
			require.Equal(t, account.Sent{To: login, Until: w.Clock.Now().Add(time.Hour)}, sent)
		}
		require.Equal(t, 1, w.Count(t, clerk, notify.MailAlreadyRegistered))
		_, err := w.Accounts.Activate(ctx, w.Token(t, "new@terneuil.example"), worldtest.Password)
		require.Equal(t, map[string]string{"acceptConditions": "required "}, codes(err))
		_, err = w.Accounts.ActivateAccepting(ctx, w.Token(t, "new@terneuil.example"), worldtest.Password)
		require.NoError(t, err)
		w.Unchanged(t, func() {
			_, err := w.Structures.CreatePerson(ctx, member, c.ID, worldtest.Registration("x@terneuil.example"))
			require.ErrorIs(t, err, structure.ErrNotFound, "no member, no such structure")
			_, err = w.Structures.CreatePerson(ctx, account.Anonymous(), c.ID, worldtest.Registration("x@terneuil.example"))
			require.ErrorIs(t, err, account.ErrActor)
			_, err = w.Structures.CreatePerson(ctx, c.Manager, c.ID, account.Registration{Login: "x"})
			require.Equal(t, map[string]string{"login": "address ", "givenName": "required ", "familyName": "required "}, codes(err))
		})
		m, err := w.Structures.Request(ctx, member, ask(c, c.Urba))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
		require.NoError(t, err)
		_, err = w.Structures.CreatePerson(ctx, member, c.ID, worldtest.Registration("x@terneuil.example"))
		require.ErrorIs(t, err, structure.ErrDenied, "PE-01: a member manages nobody")
		w.Proven(t)
	})
}

// ML-07: the managers of one structure invite fifty people an hour, not fifty-one.
func TestInvitationsOfOneStructureAreBounded(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		c := company(t, w)
		invite := func(n int) error {
			_, err := w.Structures.CreatePerson(t.Context(), c.Manager, c.ID, worldtest.Registration(fmt.Sprintf("p%d@terneuil.example", n)))
			return err
		}
		for n := range 50 {
			require.NoError(t, invite(n))
		}
		w.Unchanged(t, func() { require.ErrorIs(t, invite(50), account.ErrThrottled) })
		w.Clock.Move(time.Hour - time.Microsecond)
		require.ErrorIs(t, invite(50), account.ErrThrottled)
		w.Clock.Move(time.Microsecond)
		require.NoError(t, invite(50))
	})
}

// provisioner is a host's external process.
type provisioner struct{ asked []string }

func (p *provisioner) ProvisionAccount(_ context.Context, by account.Actor, st structure.Structure, r account.Registration) error {
	p.asked = append(p.asked, string(by.ID)+" "+st.LegalName+" "+r.Login)
	return errors.New("forwarded")
}

// where an external directory keeps the accounts, the host's process
// creates them, and nothing does without one.
func TestExternalDirectoriesCreateTheirOwnAccounts(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		boss := w.Join(t, boss)
		st, err := w.Structures.Create(ctx, account.Support("S-1"), structure.Creation{
			Identifier: structure.SIRET(worldtest.SIRETCity), LegalName: "Trésorerie", Type: structure.Public, Directory: structure.DirectoryExternal, Principal: boss.ID,
		})
		require.NoError(t, err)
		create := func(by account.Actor) error {
			_, err := w.Structures.CreatePerson(ctx, by, st.ID, worldtest.Registration(clerk))
			return err
		}
		w.Unchanged(t, func() {
			require.ErrorIs(t, create(boss), structure.ErrExternallyManaged)
			_, err := w.Structures.ResendActivation(ctx, boss, st.ID, boss.ID)
			require.ErrorIs(t, err, structure.ErrExternallyManaged)
			p := new(provisioner)
			w.Configure(t, &account.Options{}, &structure.Options{Provisioner: p})
			require.EqualError(t, create(boss), "forwarded")
			require.Equal(t, []string{string(boss.ID) + " Trésorerie " + clerk}, p.asked)
			require.ErrorIs(t, create(account.Support("S-1")), account.ErrActor)
			require.Len(t, p.asked, 1, "only for whoever may")
		})
	})
}

// R-355, PE-05: a manager has activation mails sent again to the people of the
// structure, with a result for each.
func TestResendActivationToMany(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		waits := func(login string) account.ID {
			_, err := w.Structures.CreatePerson(ctx, c.Manager, c.ID, worldtest.Registration(login))
			require.NoError(t, err)
			var id account.ID
			require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
				a, err := tx.AccountByLogin(ctx, login)
				id = a.ID
				return err
			}))
			return id
		}
		one, two, stranger := waits("one@terneuil.example"), waits("two@terneuil.example"), waits("stranger@terneuil.example")
		active := w.Join(t, clerk)
		w.Clock.Move(time.Minute)
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error { // may already carry memberships
			for i, who := range []account.ID{one, two, active.ID} {
				if err := tx.PutMembership(ctx, structure.Membership{
					ID: structure.MembershipID(fmt.Sprintf("019ab000-0000-7000-8000-00000000000%d", i)), Account: who, Structure: c.ID,
					Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Whole(), CreatedAt: w.Clock.Now(),
				}); err != nil {
					return err
				}
			}
			return nil
		}))
		require.False(t, may(t, w, one, c.ID, c.Urba.ID).Allowed, "R-012: and has nothing of them yet")
		first := w.Token(t, "one@terneuil.example")
		out, err := w.Structures.ResendActivation(ctx, c.Manager, c.ID, one, active.ID, stranger, "x\x00", one, two)
		require.NoError(t, err)
		for i, want := range []error{nil, account.ErrNotPending, fault.ErrNotFound, fault.ErrNotFound, account.ErrThrottled, nil} {
			if want == nil {
				require.NoError(t, out[i].Err)
				require.Equal(t, w.Clock.Now().Add(time.Hour), out[i].Sent.Until)
			} else {
				require.ErrorIs(t, out[i].Err, want)
			}
		}
		_, err = w.Accounts.ActivateAccepting(ctx, first, worldtest.Password)
		require.ErrorIs(t, err, account.ErrLinkExpired, "each mail voids the link before")
		_, err = w.Accounts.ActivateAccepting(ctx, w.Token(t, "one@terneuil.example"), worldtest.Password)
		require.NoError(t, err)
		require.True(t, may(t, w, one, c.ID, c.Urba.ID).Allowed)

		_, err = w.Structures.ResendActivation(ctx, active, c.ID, two)
		require.ErrorIs(t, err, structure.ErrDenied)
		many := make([]account.ID, 101)
		_, err = w.Structures.ResendActivation(ctx, c.Manager, c.ID, many...)
		require.Equal(t, map[string]string{"people": "max100 "}, codes(err))
		out, err = w.Structures.ResendActivation(ctx, c.Manager, c.ID, many[:100]...)
		require.NoError(t, err)
		require.Len(t, out, 100)
	})
}

// What opens and closes accounts says so if it was wired without them.
func TestAccountsAreNeeded(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	s, err := structure.New(storage.Structures(w.Store), w.Keys, nil)
	require.NoError(t, err)
	_, err = s.CreatePerson(t.Context(), account.Anonymous(), "", account.Registration{})
	require.ErrorIs(t, err, structure.ErrBadPolicy)
	_, err = s.ResendActivation(t.Context(), account.Anonymous(), "")
	require.ErrorIs(t, err, structure.ErrBadPolicy)
	_, err = s.PrepareDeactivation(t.Context(), account.Anonymous())
	require.ErrorIs(t, err, structure.ErrBadPolicy)
	_, err = s.Deactivate(t.Context(), account.Anonymous(), structure.Deactivation{})
	require.ErrorIs(t, err, structure.ErrBadPolicy)
}

// ML-07: whoever has not activated the account yet is told of nothing that
// managers do: the address may be a stranger's. With the activation that begins.
func TestWhoeverIsNotActiveIsToldNothing(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		const login = "new@terneuil.example"
		ctx, c := t.Context(), company(t, w)
		openSpace(t, w, c, works)
		_, err := w.Structures.CreatePerson(ctx, c.Manager, c.ID, worldtest.Registration(login))
		require.NoError(t, err)
		var who account.Account
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			who, err = tx.AccountByLogin(ctx, login)
			return err
		}))
		m := enrol(t, w, c, account.Person(who.ID), c.Urba)
		change := func(role structure.Role) {
			_, err := w.Structures.ChangeMembership(ctx, c.Manager, m.ID, structure.Change{Role: role})
			require.NoError(t, err)
		}
		change(structure.RoleSecondaryManager)
		change(structure.RoleMember)
		_, err = w.Structures.GrantSubscriptions(ctx, c.Manager, structure.SubscriptionGrant{
			Structure: c.ID, Account: who.ID, Lines: []structure.Line{{Space: works, Level: authz.Read, Service: c.Urba.ID}},
		})
		require.NoError(t, err)
		for _, m := range w.Mails(t) {
			require.False(t, m.To == login && m.Template.Notice(), m.Template)
		}
		_, err = w.Accounts.ActivateAccepting(ctx, w.Token(t, login), worldtest.Password)
		require.NoError(t, err)
		require.True(t, may(t, w, who.ID, c.ID, c.Urba.ID).Allowed, "what was given holds")
		change(structure.RoleSecondaryManager)
		require.Equal(t, 1, w.Count(t, login, notify.MailMembershipChanged))
		w.Proven(t)
	})
}
