package structure_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

func profile(space authz.Space, level authz.Level) structure.Profile {
	return structure.Profile{Space: space, Level: level}
}

// R-287..R-289, R-292..R-299, C-22: edits of a form apply together: removals and
// downgrades at once, additions and upgrades as requests.
func TestEntitlementChanges(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		openSpace(t, w, c, works)
		openSpace(t, w, c, authz.SpaceInvoicesToValidate)
		julie, _ := hire(t, w, c, clerk)
		scope := structure.EntitlementScope{Structure: c.ID}
		_, err := w.Structures.GrantSubscriptions(ctx, c.Manager, structure.SubscriptionGrant{
			Structure: c.ID, Account: julie.ID, Lines: []structure.Line{write(works)},
		})
		require.NoError(t, err)
		out, err := w.Structures.ApplyEntitlementChanges(ctx, julie, scope, []structure.EntitlementChange{
			{From: profile(works, authz.Write), To: profile(works, authz.Read)},
			{To: profile(authz.SpaceInvoicesToValidate, authz.Read)},
		})
		require.NoError(t, err)
		require.Len(t, out.Removed, 1)
		require.Len(t, out.Granted, 1, "a downgrade needs nobody's approval")
		require.Len(t, out.Requested, 1, "C-22: an addition does")
		require.True(t, allowed(t, w, julie.ID, c.ID, read(works)))
		require.False(t, allowed(t, w, julie.ID, c.ID, write(works)))
		require.False(t, allowed(t, w, julie.ID, c.ID, read(authz.SpaceInvoicesToValidate)))

		out, err = w.Structures.ApplyEntitlementChanges(ctx, julie, scope, []structure.EntitlementChange{
			{From: profile(works, authz.Read), To: profile(works, authz.Write)},
		})
		require.NoError(t, err)
		require.Len(t, out.Requested, 1)
		require.Empty(t, out.Removed)
		require.True(t, allowed(t, w, julie.ID, c.ID, read(works)), "what is held stays while the upgrade waits")

		w.Unchanged(t, func() { // all or none
			_, err := w.Structures.ApplyEntitlementChanges(ctx, julie, scope, []structure.EntitlementChange{
				{From: profile(works, authz.Read)},
				{From: profile(authz.SpaceTicketsIssued, authz.Read)},
			})
			require.ErrorIs(t, err, structure.ErrSpaceFixed)
			require.Equal(t, map[string]string{"changes[1]": "space_fixed "}, codes(err))
		})
		mine, err := w.Structures.Entitlements(ctx, julie)
		require.NoError(t, err)
		require.Len(t, mine, 1)
		require.Len(t, mine[0].Pending, 2)
		out, err = w.Structures.RemoveAllEntitlements(ctx, julie, scope)
		require.NoError(t, err)
		require.Len(t, out.Removed, 3, "R-296")
		require.False(t, allowed(t, w, julie.ID, c.ID, read(works)))
		require.True(t, allowed(t, w, julie.ID, c.ID, read(authz.SpaceTicketsIssued)), "what comes with the role stays")
		w.Proven(t)
	})
}

// R-300, C-22, R-261: whoever may grant, and whoever takes what is open to all, waits for
// nobody; for another person only who may grant.
func TestEntitlementsWithoutApproval(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	p := authz.Guide2024()
	for i := range p.Spaces {
		p.Spaces[i].SelfService = p.Spaces[i].Code == works
	}
	w.Configure(t, &account.Options{}, &structure.Options{Authz: &p})
	c := company(t, w)
	julie, _ := hire(t, w, c, clerk)
	openSpace(t, w, c, authz.SpaceInvoicesToValidate)
	add := []structure.EntitlementChange{{To: profile(works, authz.Write)}}
	_, err := w.Structures.ApplyEntitlementChanges(t.Context(), julie, structure.EntitlementScope{Structure: c.ID}, add)
	require.ErrorIs(t, err, structure.ErrSpaceNotOpen)
	st, err := w.Structures.OpenSpace(t.Context(), c.Manager, c.ID, works)
	require.NoError(t, err)
	_, err = w.Structures.ApplyEntitlementChanges(t.Context(), julie, structure.EntitlementScope{Structure: st.ID}, add)
	require.NoError(t, err)
	require.True(t, allowed(t, w, julie.ID, c.ID, write(works)))
	validate := []structure.EntitlementChange{{To: profile(authz.SpaceInvoicesToValidate, authz.Write)}}
	out, err := w.Structures.ApplyEntitlementChanges(t.Context(), c.Manager, structure.EntitlementScope{Structure: c.ID}, validate)
	require.NoError(t, err)
	require.Len(t, out.Granted, 1)
	_, err = w.Structures.ApplyEntitlementChanges(t.Context(), julie, structure.EntitlementScope{Structure: c.ID, Account: c.Manager.ID}, validate)
	require.ErrorIs(t, err, structure.ErrDenied)
	out, err = w.Structures.ApplyEntitlementChanges(t.Context(), c.Manager, structure.EntitlementScope{Structure: c.ID, Account: julie.ID}, validate)
	require.NoError(t, err)
	require.Len(t, out.Granted, 1, "R-304")
	require.Equal(t, 1, w.Count(t, clerk, notify.MailSubscriptionGranted))
	w.Proven(t)
}

// a profile is a space and a level, named in both languages.
func TestProfileNames(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	require.Equal(t, "Factures émises modification", w.Structures.ProfileName(authz.SpaceInvoicesIssued, authz.Write, language.French))
	require.Equal(t, "Invoices issued read", w.Structures.ProfileName(authz.SpaceInvoicesIssued, authz.Read, language.English))
}

// C-06, R-213, R-302: a simple user who may write in the space of the organisation
// decides on requests to join; only the principal manager and holders pass it on, and
// nobody takes it.
func TestOrganisation(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	julie, _ := hire(t, w, c, clerk)
	deputy, m := hire(t, w, c, "zoe@terneuil.example", c.Urba)
	whole := structure.Whole()
	_, err := w.Structures.Request(ctx, deputy, ask(c))
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Role: structure.RoleSecondaryManager, Scope: &whole})
	require.NoError(t, err)
	lend(t, w, c, authz.Delegation{Users: true})
	candidate := w.Join(t, "max@terneuil.example")
	wants, err := w.Structures.Request(ctx, candidate, ask(c))
	require.NoError(t, err)
	_, err = w.Structures.Approve(ctx, julie, wants.ID, structure.Approval{})
	require.ErrorIs(t, err, structure.ErrDenied)

	grant := structure.SubscriptionGrant{Structure: c.ID, Account: julie.ID, Lines: []structure.Line{write(authz.SpaceOrganisation)}}
	_, err = w.Structures.GrantSubscriptions(ctx, deputy, grant)
	require.ErrorIs(t, err, structure.ErrDenied, "R-302: not by whom it does not hold")
	own := grant
	own.Account = deputy.ID
	_, err = w.Structures.GrantSubscriptions(ctx, deputy, own)
	require.ErrorIs(t, err, structure.ErrDenied, "R-302: nobody takes it")
	asked, err := w.Structures.RequestSubscriptions(ctx, julie, wish(c, grant.Lines...))
	require.NoError(t, err)
	_, err = w.Structures.ApproveSubscriptions(ctx, deputy, structure.Verdict{Requested: lineIDs(asked)})
	require.ErrorIs(t, err, structure.ErrDenied, "R-302: nor approved")
	_, err = w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{Requested: lineIDs(asked)})
	require.NoError(t, err)
	pending, err := w.Structures.Pending(ctx, julie)
	require.NoError(t, err)
	require.Len(t, pending, 1, "C-06")
	names, err := w.Structures.Approvers(ctx, candidate, structure.RequestRef{Membership: wants.ID})
	require.NoError(t, err)
	require.Len(t, names, 3, "R-271: the principal, the deputy, the holder")
	_, err = w.Structures.Approve(ctx, julie, wants.ID, structure.Approval{})
	require.NoError(t, err, "C-06, R-213")
	_, err = w.Structures.GrantSubscriptions(ctx, julie, own)
	require.ErrorIs(t, err, structure.ErrDenied, "MEM-T1: to decide on requests is all that it permits")
	w.Proven(t)
}

// C-07: secondary managers become simple users and keep what the principal had lent,
// never more; none is made any more.
func TestMigrateSecondaryManagers(t *testing.T) {
	t.Parallel()
	for _, lent := range []bool{false, true} {
		w := worldtest.New(t, memory.New())
		ctx := t.Context()
		c := company(t, w)
		deputy := w.Join(t, clerk)
		m, err := w.Structures.Request(ctx, deputy, ask(c))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Role: structure.RoleSecondaryManager})
		require.NoError(t, err)
		lend(t, w, c, authz.Delegation{Users: lent, Structure: lent})
		p, a := structure.Guide2024(), authz.Guide2024().WithoutSecondaryManagers()
		p.NoSecondaryManagers = true
		w.Configure(t, &account.Options{}, &structure.Options{Policy: &p, Authz: &a})
		_, err = w.Structures.MigrateSecondaryManagers(ctx, c.Manager, c.ID)
		require.ErrorIs(t, err, account.ErrActor)
		support := account.Actor{Kind: notify.ActorSupport}
		moved, err := w.Structures.MigrateSecondaryManagers(ctx, support, c.ID)
		require.NoError(t, err)
		require.Len(t, moved, 1)
		d, err := w.Authz.Check(ctx, authz.Request{Account: deputy.ID, Structure: c.ID, Action: authz.ActionManageMembers})
		require.NoError(t, err)
		require.Equal(t, structure.RoleMember, d.Role)
		require.Equal(t, lent, d.Allowed, "as before")
		w.Unchanged(t, func() {
			again, err := w.Structures.MigrateSecondaryManagers(ctx, support, c.ID)
			require.NoError(t, err)
			require.Empty(t, again)
		})
		zoe := w.Join(t, "zoe@terneuil.example")
		m, err = w.Structures.Request(ctx, zoe, ask(c))
		require.NoError(t, err)
		_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{Role: structure.RoleSecondaryManager})
		require.Equal(t, map[string]string{"role": "oneofmember "}, codes(err))
		w.Proven(t)
	}
}

// Copying gives what the model holds by subscription, as the plan told, and nothing else.
func TestCopyEntitlements(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		openSpace(t, w, c, works)
		julie, _ := hire(t, w, c, clerk)
		zoe, _ := hire(t, w, c, "zoe@terneuil.example", c.Urba)
		onVoie := structure.Line{Service: c.Voie.ID, Space: works, Level: authz.Write}
		_, err := w.Structures.GrantSubscriptions(ctx, c.Manager, structure.SubscriptionGrant{
			Structure: c.ID, Account: julie.ID, Lines: []structure.Line{read(works), onVoie},
		})
		require.NoError(t, err)
		pair := structure.EntitlementCopy{Structure: c.ID, From: julie.ID, To: zoe.ID}
		_, err = w.Structures.PlanCopy(ctx, julie, pair)
		require.ErrorIs(t, err, structure.ErrDenied)
		plan, err := w.Structures.PlanCopy(ctx, c.Manager, pair)
		require.NoError(t, err)
		require.Equal(t, []structure.Line{read(works)}, plan.Granted)
		require.ErrorIs(t, plan.Skipped[onVoie], structure.ErrServiceNotHeld)
		w.Unchanged(t, func() {
			now, err := w.Structures.CopyEntitlements(ctx, c.Manager, pair, "stale")
			require.ErrorIs(t, err, structure.ErrConsequencesChanged)
			require.Equal(t, plan, now)
		})
		_, err = w.Structures.CopyEntitlements(ctx, c.Manager, pair, plan.Token)
		require.NoError(t, err)
		require.True(t, allowed(t, w, zoe.ID, c.ID, structure.Line{Service: c.Urba.ID, Space: works, Level: authz.Read}))
		require.False(t, allowed(t, w, zoe.ID, c.ID, onVoie))
		w.Proven(t)
	})
}

// whoever closes the account takes back what waits; what is held sleeps and is back
// with the owner.
func TestDeactivationWithdrawsSubscriptions(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	julie, _ := hire(t, w, c, clerk)
	_, err := w.Structures.OpenSpace(t.Context(), c.Manager, c.ID, works)
	require.NoError(t, err)
	given, err := w.Structures.GrantSubscriptions(t.Context(), c.Manager, structure.SubscriptionGrant{
		Structure: c.ID, Account: julie.ID, Lines: []structure.Line{write(works)},
	})
	require.NoError(t, err)
	plan, err := w.Structures.PrepareDeactivation(t.Context(), julie)
	require.NoError(t, err)
	require.Len(t, plan.Withdrawn, 1)
	w.Leave(t, julie)
	require.False(t, allowed(t, w, julie.ID, c.ID, write(works)), "invariant (2)")
	groups, err := w.Structures.PendingSubscriptions(t.Context(), c.Manager)
	require.NoError(t, err)
	require.Empty(t, groups)
	out, err := w.Structures.RemoveSubscriptions(t.Context(), c.Manager, given[0].ID)
	require.NoError(t, err)
	require.NoError(t, out[0].Err, "what is held was kept")
	require.Zero(t, w.Count(t, clerk, notify.MailSubscriptionRemoved), "R-110: whoever left is told nothing")
	w.Proven(t)
}

// R-268, C-17, PE-08: where writing gives no reading, nobody takes reading in place of
// writing: it is asked for.
func TestReadingInPlaceOfWritingWhereWritingGivesNone(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, strict := t.Context(), authz.Guide2024()
	strict.WriteImpliesRead = false
	w.Configure(t, &account.Options{}, &structure.Options{Authz: &strict})
	c := company(t, w)
	openSpace(t, w, c, works)
	julie, _ := hire(t, w, c, clerk)
	_, err := w.Structures.GrantSubscriptions(ctx, c.Manager, structure.SubscriptionGrant{
		Structure: c.ID, Account: julie.ID, Lines: []structure.Line{write(works)},
	})
	require.NoError(t, err)
	out, err := w.Structures.ApplyEntitlementChanges(ctx, julie, structure.EntitlementScope{Structure: c.ID}, []structure.EntitlementChange{
		{From: profile(works, authz.Write), To: profile(works, authz.Read)},
	})
	require.NoError(t, err)
	require.Empty(t, out.Granted)
	require.Len(t, out.Requested, 1)
	require.False(t, allowed(t, w, julie.ID, c.ID, read(works)))
	require.Len(t, out.Removed, 1, "giving writing up needs nobody")
	_, err = w.Structures.ApproveSubscriptions(ctx, c.Manager, structure.Verdict{Requested: lineIDs(out.Requested)})
	require.NoError(t, err)
	require.True(t, allowed(t, w, julie.ID, c.ID, read(works)))
	require.False(t, allowed(t, w, julie.ID, c.ID, write(works)))
	w.Proven(t)
}
