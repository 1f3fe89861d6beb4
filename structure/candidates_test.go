package structure_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// the owner chooses the successor among the members who can be it, and
// only the preparation lists them.
func TestCandidates(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	e := settle(t, w)
	albert := w.Join(t, "albert@terneuil.example")
	m, err := w.Structures.Request(ctx, albert, ask(e.one, e.one.Urba))
	require.NoError(t, err)
	names := func() (out []string) {
		means, err := w.Structures.PrepareDeactivation(ctx, e.owner)
		require.NoError(t, err)
		require.Len(t, means.Candidates, 2)
		require.Empty(t, means.Candidates[e.two.ID])
		for _, p := range means.Candidates[e.one.ID] {
			out = append(out, p.ContactEmail)
		}
		return out
	}
	require.Equal(t, []string{heir}, names(), "not who asks only")
	_, err = w.Structures.Approve(ctx, e.owner, m.ID, structure.Approval{})
	require.NoError(t, err)
	require.Len(t, names(), 2)
	w.Leave(t, e.hubert)
	require.Equal(t, []string{"albert@terneuil.example"}, names(), "not who has left")
	after, err := leave(t, w, e.owner, structure.Deactivation{SuccessorForAll: structure.Successor{Account: albert.ID}})
	require.NoError(t, err)
	require.Nil(t, after.Candidates)
}

// Of a thousand members and one, the one who came last is not looked at.
func TestCandidatesAreBounded(t *testing.T) {
	t.Parallel()
	w := worldtest.New(t, memory.New())
	ctx := t.Context()
	c := company(t, w)
	a := w.Account(t, w.Join(t, clerk).ID)
	require.NoError(t, w.Store.Update(ctx, func(tx storage.Tx) error {
		for i := range structure.MaxCandidates { // the manager is one of the members
			a.ID, a.Login, a.Version = account.ID(fmt.Sprintf("019ab000-0000-7000-8000-%012d", i)), fmt.Sprintf("p%d@terneuil.example", i), 0
			if err := tx.PutAccount(ctx, a); err != nil {
				return err
			}
			if err := tx.PutMembership(ctx, structure.Membership{
				ID: structure.MembershipID(a.ID), Account: a.ID, Structure: c.ID, RequestedAt: w.Clock.Now(),
				Status: structure.StatusApproved, Role: structure.RoleMember, Granted: structure.Whole(), CreatedAt: w.Clock.Now(),
			}); err != nil {
				return err
			}
		}
		return nil
	}))
	means, err := w.Structures.PrepareDeactivation(ctx, c.Manager)
	require.NoError(t, err)
	require.Len(t, means.Candidates[c.ID], structure.MaxCandidates-1)
}
