package structure_test

import (
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

// transfer prepares and confirms.
func transfer(t *testing.T, w *worldtest.World, by account.Actor, tr structure.Transfer) (structure.Succession, error) {
	t.Helper()
	shown, err := w.Structures.PrepareTransfer(t.Context(), by, tr.Structures...)
	require.NoError(t, err)
	tr.Token = shown.Token
	return w.Structures.TransferPrincipal(t.Context(), by, tr)
}

func to(login string) structure.Successor { return structure.Successor{Login: login} }

// principalPolicy configures the world with another policy for principal managers.
func principalPolicy(tb testing.TB, w *worldtest.World, p structure.PrincipalPolicy) {
	tb.Helper()
	policy := structure.Guide2024()
	policy.Principals = p
	w.Configure(tb, &account.Options{}, &structure.Options{Policy: &policy, SupportDesk: "aide@portail.example"})
}

// ..R-385, R-387, PE-20: one successor for
// two structures, one of which is new to them; the former principal manager is a simple
// user from the next call on, and what waited waits for the successor.
func TestTransferToOneSuccessor(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		e := settle(t, w)
		julie := w.Join(t, clerk)
		request, err := w.Structures.Request(ctx, julie, ask(e.one, e.one.Urba))
		require.NoError(t, err)
		both := []structure.ID{e.two.ID, e.one.ID}
		var shown structure.Succession
		w.Unchanged(t, func() {
			shown, err = w.Structures.PrepareTransfer(ctx, e.owner, both...)
			require.NoError(t, err)
		})
		require.Equal(t, []string{"Atelier Dufour 5520", "Zinguerie"}, names(shown.Structures))
		require.Equal(t, e.hubert.ID, shown.Candidates[e.one.ID][0].ID)
		require.False(t, shown.Accept)
		_, err = w.Structures.TransferPrincipal(ctx, e.owner, structure.Transfer{Structures: both, Token: shown.Token, SuccessorForAll: to("Hubert@terneuil.example")})
		require.NoError(t, err)
		for _, id := range both {
			require.Equal(t, []account.ID{e.hubert.ID}, principals(t, w, id))
		}
		mine, err := w.Structures.Mine(ctx, e.hubert)
		require.NoError(t, err)
		for _, c := range mine {
			require.Zero(t, c.Membership.Validity.Until, "the end is cleared")
			require.True(t, c.Membership.Granted.Whole)
		}
		mine, err = w.Structures.Mine(ctx, e.owner)
		require.NoError(t, err)
		for _, c := range mine[:2] {
			require.Equal(t, structure.RoleMember, c.Membership.Role)
			require.Equal(t, structure.StatusApproved, c.Membership.Status)
		}
		require.True(t, may(t, w, e.owner.ID, e.one.ID, e.one.Voie.ID).Allowed, "spaces of a simple user are kept")
		d, err := w.Authz.Check(ctx, authz.Request{Account: e.owner.ID, Structure: e.one.ID, Space: authz.SpaceManagerActivities, Level: authz.Read})
		require.NoError(t, err)
		require.False(t, d.Allowed)
		w.Unchanged(t, func() {
			_, err = w.Structures.Approve(ctx, e.owner, request.ID, structure.Approval{})
			require.ErrorIs(t, err, structure.ErrDenied)
			_, err = w.Structures.PrepareTransfer(ctx, e.owner, e.one.ID)
			require.ErrorIs(t, err, structure.ErrDenied)
		})
		queue, err := w.Structures.Pending(ctx, e.hubert)
		require.NoError(t, err)
		require.Equal(t, request.ID, queue[0].Membership.ID, "the queue is the successor's")
		require.Equal(t, 2, w.Count(t, heir, notify.MailPrincipalReceived))
		require.Equal(t, 2, w.Count(t, boss, notify.MailPrincipalHandedOver))

		entries, err := w.Structures.History(ctx, e.hubert, e.one.ID, structure.HistoryQuery{Kinds: []notify.Kind{"membership.handed_over", "membership.taken_over"}})
		require.NoError(t, err)
		require.Len(t, entries, 2)
		require.Equal(t, []account.ID{e.hubert.ID, e.owner.ID}, []account.ID{entries[0].Applicant.ID, entries[0].With.ID})
		require.Equal(t, []account.ID{e.owner.ID, e.hubert.ID}, []account.ID{entries[1].Applicant.ID, entries[1].With.ID})
		w.Proven(t)
	})
}

// one successor each, by account or by login; every structure needs
// one, and then all of them change hands or none.
func TestTransferToOneSuccessorEach(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	e := settle(t, w)
	both := []structure.ID{e.one.ID, e.two.ID}
	_, err := transfer(t, w, e.owner, structure.Transfer{Structures: both, Successors: map[structure.ID]structure.Successor{
		e.one.ID: {Account: e.hubert.ID}, e.two.ID: to("zoe@terneuil.example"),
	}})
	require.NoError(t, err)
	require.Equal(t, []account.ID{e.hubert.ID}, principals(t, w, e.one.ID))
	require.Equal(t, []account.ID{e.other.ID}, principals(t, w, e.two.ID))

	w = worldtest.New(t, memory.New())
	e = settle(t, w)
	both = []structure.ID{e.one.ID, e.two.ID}
	one, two := "successors["+string(e.one.ID)+"]", "successors["+string(e.two.ID)+"]"
	technical := w.Join(t, "robot@terneuil.example")
	setKind(t, w, technical.ID)
	_, err = w.Accounts.Register(t.Context(), account.Anonymous(), worldtest.Registration("waits@terneuil.example"))
	require.NoError(t, err)
	for name, row := range map[string]struct {
		tr     structure.Transfer
		err    error
		fields map[string]string
	}{
		"nobody":      {structure.Transfer{Structures: both}, structure.ErrSuccessorRequired, map[string]string{}},
		"one missing": {structure.Transfer{Structures: both, Successors: map[structure.ID]structure.Successor{e.one.ID: to(heir)}}, structure.ErrSuccessorMissing, map[string]string{two: "required "}},
		"both ways":   {structure.Transfer{Structures: both, SuccessorForAll: to(heir), Successors: map[structure.ID]structure.Successor{e.one.ID: to(heir)}}, fault.ErrInvalid, map[string]string{"successors": "excluded_by_all "}},
		"one is wrong": {structure.Transfer{Structures: both, Successors: map[structure.ID]structure.Successor{
			e.one.ID: to(boss), e.two.ID: to(heir),
		}}, fault.ErrInvalid, map[string]string{one: "successor "}},
		"a program":     {structure.Transfer{Structures: both, SuccessorForAll: to("robot@terneuil.example")}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
		"not activated": {structure.Transfer{Structures: both, SuccessorForAll: to("waits@terneuil.example")}, fault.ErrInvalid, map[string]string{"successorForAll": "successor "}},
	} {
		w.Unchanged(t, func() {
			shown, err := w.Structures.PrepareTransfer(t.Context(), e.owner, row.tr.Structures...)
			require.NoError(t, err)
			row.tr.Token = shown.Token
			_, err = w.Structures.TransferPrincipal(t.Context(), e.owner, row.tr)
			require.ErrorIs(t, err, row.err, name)
			require.Equal(t, row.fields, codes(err), name)
		})
	}
	w.Unchanged(t, func() {
		_, err := w.Structures.TransferPrincipal(t.Context(), e.owner, structure.Transfer{Structures: both, SuccessorForAll: to(heir)})
		require.ErrorIs(t, err, structure.ErrConsequencesChanged, "R-375: nothing without what was shown")
		_, err = w.Structures.PrepareTransfer(t.Context(), e.owner)
		require.Equal(t, map[string]string{"structures": "required "}, codes(err))
		_, err = w.Structures.PrepareTransfer(t.Context(), e.owner, e.one.ID, e.one.ID)
		require.Equal(t, map[string]string{"structures": "unique "}, codes(err))
		_, err = w.Structures.PrepareTransfer(t.Context(), e.hubert, e.one.ID)
		require.ErrorIs(t, err, structure.ErrDenied)
		_, err = w.Structures.PrepareTransfer(t.Context(), e.hubert, e.two.ID)
		require.ErrorIs(t, err, structure.ErrNotFound, "whoever is no member learns nothing")
		_, err = w.Structures.PrepareTransfer(t.Context(), account.Support("S-1"), e.one.ID)
		require.ErrorIs(t, err, account.ErrActor)
	})
}

func setKind(t *testing.T, w *worldtest.World, id account.ID) {
	t.Helper()
	require.NoError(t, w.Store.Update(t.Context(), func(tx storage.Tx) error {
		a, err := tx.Account(t.Context(), id)
		a.Kind = account.KindTechnical
		require.NoError(t, err)
		return tx.PutAccount(t.Context(), a)
	}))
}

// One transfer is about MaxTransfers structures at most.
func TestTransfersAreBounded(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	c := company(t, w)
	all := make([]structure.ID, structure.MaxTransfers+1)
	for i := range all {
		all[i] = structure.ID(clientID(i))
	}
	_, err := w.Structures.PrepareTransfer(t.Context(), c.Manager, all...)
	require.Equal(t, map[string]string{"structures": "too_many100 "}, codes(err))
	_, err = w.Structures.PrepareTransfer(t.Context(), c.Manager, all[1:]...)
	require.ErrorIs(t, err, structure.ErrNotFound, "as many as may be")
}

// clientID makes an identifier that could be one.
func clientID(i int) string {
	return "01920000-0000-7000-8000-0000000000" + string("0123456789abcdef"[i/16%16]) + string("0123456789abcdef"[i%16])
}

// C-14: whoever is principal manager leaves by naming a successor; for
// others a successor means nothing.
func TestLeavingAsPrincipal(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		e := settle(t, w)
		w.Unchanged(t, func() {
			require.ErrorIs(t, one(t)(w.Structures.Leave(ctx, e.owner, structure.Departure{Structure: e.one.ID})).Err, structure.ErrSuccessorRequired)
			require.ErrorIs(t, one(t)(w.Structures.Leave(ctx, e.hubert, structure.Departure{Structure: e.one.ID, Successor: to(boss)})).Err, structure.ErrNotPrincipal)
			o := one(t)(w.Structures.Leave(ctx, e.owner, structure.Departure{Structure: e.one.ID, Successor: to(boss)}))
			require.Equal(t, map[string]string{"successorForAll": "successor "}, codes(o.Err))
		})
		o := one(t)(w.Structures.Leave(ctx, e.owner, structure.Departure{Structure: e.one.ID, Successor: to(heir)}))
		require.NoError(t, o.Err)
		require.Equal(t, structure.RoleMember, o.Membership.Role)
		require.Equal(t, []account.ID{e.hubert.ID}, principals(t, w, e.one.ID))
		require.NoError(t, one(t)(w.Structures.Leave(ctx, e.owner, structure.Departure{Structure: e.one.ID})).Err, "and now like everybody")
		w.Proven(t)
	})
}

// C-06: a line that gives powers of a manager ends with the role, and what
// the successor asked for is answered by it.
func TestPowersEndWithTheRole(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx, e := t.Context(), settle(t, w)
	lines := func(id account.ID, status structure.SubscriptionStatus) (n int) {
		require.NoError(t, w.Store.View(ctx, func(tx storage.Tx) error {
			found, err := tx.Subscriptions(ctx, structure.SubscriptionQuery{Account: id, Statuses: []structure.SubscriptionStatus{status}})
			n = len(found)
			return err
		}))
		return n
	}
	powers := []structure.Line{{Space: authz.SpaceOrganisation, Level: authz.Write}}
	_, err := w.Structures.RequestSubscriptions(ctx, e.hubert, structure.SubscriptionRequest{
		Structure: e.one.ID, Lines: powers, From: authz.DateOf(w.Clock.Now()),
	})
	require.NoError(t, err)
	require.Positive(t, lines(e.hubert.ID, structure.SubscriptionPending))
	_, err = transfer(t, w, e.owner, structure.Transfer{Structures: []structure.ID{e.one.ID}, SuccessorForAll: to(heir)})
	require.NoError(t, err)
	require.Zero(t, lines(e.hubert.ID, structure.SubscriptionPending), "nobody decides their own")
	_, err = w.Structures.GrantSubscriptions(ctx, e.hubert, structure.SubscriptionGrant{
		Structure: e.one.ID, Account: e.owner.ID, Lines: powers,
	})
	require.NoError(t, err)
	_, err = transfer(t, w, e.hubert, structure.Transfer{Structures: []structure.ID{e.one.ID}, SuccessorForAll: to(boss)})
	require.NoError(t, err)
	require.Equal(t, 1, lines(e.owner.ID, structure.SubscriptionApproved))
	_, err = transfer(t, w, e.owner, structure.Transfer{Structures: []structure.ID{e.one.ID}, SuccessorForAll: to(heir)})
	require.NoError(t, err)
	require.Zero(t, lines(e.owner.ID, structure.SubscriptionApproved), "no powers are left")
	w.Proven(t)
}

// PE-02: no secondary manager, member or stranger hands the role over, or looks for a
// successor.
func TestOnlyThePrincipalHandsOver(t *testing.T) {
	t.Parallel()
	k := newCrew(t, authz.Delegation{Users: true, Structure: true})
	for name, want := range map[string]error{
		"principal": nil, "secondary": structure.ErrDenied, "simple": structure.ErrDenied, "outsider": structure.ErrNotFound, "technical": account.ErrActor,
	} {
		_, err := k.w.Structures.PrepareTransfer(t.Context(), k.who[name], k.c.ID)
		require.ErrorIs(t, err, want, name)
		_, err = k.w.Structures.TransferPrincipal(t.Context(), k.who[name], structure.Transfer{Structures: []structure.ID{k.c.ID}, SuccessorForAll: to(clerk)})
		if want == nil {
			want = structure.ErrConsequencesChanged
		}
		require.ErrorIs(t, err, want, name)
		_, err = k.w.Structures.FindSuccessor(t.Context(), k.who[name], k.c.ID, structure.SuccessorSearch{Login: clerk})
		if name == "principal" {
			want = nil
		}
		require.ErrorIs(t, err, want, name)
	}
}

// C-21: by login whoever has it, by name and address members alone.
func TestFindSuccessor(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		e := settle(t, w)
		require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
			for i, id := range []account.ID{e.hubert.ID, e.other.ID} {
				a, err := tx.Account(ctx, id)
				require.NoError(t, err)
				a.FamilyName, a.Profile.Address.Town, a.Profile.Address.Postcode = []string{"Élan", "Elan"}[i], "Terneuil", "99123"
				require.NoError(t, tx.PutAccount(ctx, a))
			}
			return nil
		}))
		for name, row := range map[string]struct {
			f    structure.SuccessorSearch
			want []account.ID
		}{
			"login":             {structure.SuccessorSearch{Login: "Zoe@terneuil.example"}, []account.ID{e.other.ID}},
			"login and name":    {structure.SuccessorSearch{Login: heir, Family: "elan"}, []account.ID{e.hubert.ID}},
			"login, other name": {structure.SuccessorSearch{Login: heir, Family: "bon"}, nil},
			"part of a login":   {structure.SuccessorSearch{Login: "hubert@*"}, nil},
			"name":              {structure.SuccessorSearch{Family: "ela"}, []account.ID{e.hubert.ID}},
			"postal address":    {structure.SuccessorSearch{Postcode: "991", Town: "terneuil"}, []account.ID{e.hubert.ID}},
			"oneself":           {structure.SuccessorSearch{Login: boss}, nil},
		} {
			found, err := w.Structures.FindSuccessor(ctx, e.owner, e.one.ID, row.f)
			require.NoError(t, err, name)
			var got []account.ID
			for _, p := range found {
				got = append(got, p.ID)
			}
			require.Equal(t, row.want, got, name)
		}
		for _, f := range []structure.SuccessorSearch{{}, {Family: "*", Town: "**"}} {
			_, err := w.Structures.FindSuccessor(ctx, e.owner, e.one.ID, f)
			require.ErrorIs(t, err, structure.ErrCriteriaTooBroad)
		}
		_, err := w.Structures.FindSuccessor(ctx, e.owner, e.one.ID, structure.SuccessorSearch{Town: "a\nb"})
		require.Equal(t, map[string]string{"town": "line "}, codes(err))
		_, err = w.Structures.FindSuccessor(ctx, e.owner, e.one.ID, structure.SuccessorSearch{Login: heir})
		require.NoError(t, err)
		last := lastEvent(t, w, notify.StructureChain(e.one.ID))
		require.Equal(t, notify.Kind("people.searched"), last.Kind)
		require.JSONEq(t, `{"found":1}`, string(last.State), "without what for")
		w.Unchanged(t, func() {
			_, err = w.Structures.FindSuccessor(ctx, e.owner, e.one.ID, structure.SuccessorSearch{Family: "ela"})
			require.NoError(t, err, "members are no strangers")
		})
	})
}

// Where the policy asks for it, whoever hands over proves a factor first.
func TestHandingOverAsksForAProof(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	principalPolicy(t, w, structure.PrincipalPolicy{Proof: true})
	e := settle(t, w)
	_, err := transfer(t, w, e.owner, structure.Transfer{Structures: []structure.ID{e.one.ID}, SuccessorForAll: to(heir)})
	require.ErrorIs(t, err, account.ErrProofRequired)
	require.ErrorIs(t, one(t)(w.Structures.Leave(t.Context(), e.owner, structure.Departure{Structure: e.one.ID, Successor: to(heir)})).Err, account.ErrProofRequired)
	_, err = transfer(t, w, proven(w, e.owner), structure.Transfer{Structures: []structure.ID{e.one.ID}, SuccessorForAll: to(heir)})
	require.NoError(t, err)
}

// Policies that contradict themselves are refused, at the bounds.
func TestPrincipalPolicies(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	for _, row := range []struct {
		p  structure.PrincipalPolicy
		ok bool
	}{
		{structure.PrincipalPolicy{}, true},
		{structure.PrincipalPolicy{NominationLifetime: time.Hour, InactiveAfter: day}, true},
		{structure.PrincipalPolicy{NominationLifetime: time.Hour - 1}, false},
		{structure.PrincipalPolicy{NominationLifetime: -time.Hour}, false},
		{structure.PrincipalPolicy{InactiveAfter: day - 1}, false},
	} {
		policy := structure.Guide2024()
		policy.Principals = row.p
		_, err := structure.New(storage.Structures(w.Store), w.Keys, &structure.Options{Policy: &policy})
		require.Equal(t, row.ok, err == nil, "%+v", row.p)
	}
	_, err := structure.New(storage.Structures(w.Store), w.Keys, &structure.Options{SupportDesk: "Aide@portail.example"})
	require.ErrorIs(t, err, structure.ErrBadPolicy)
}
