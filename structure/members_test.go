package structure_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// the table of members holds whoever belongs to the structure and nobody
// else, page by page, for those who manage members.
func TestMembers(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := t.Context()
		c := company(t, w)
		member, asks, refused := w.Join(t, clerk), w.Join(t, "asks@terneuil.example"), w.Join(t, "refused@terneuil.example")
		stranger := w.Join(t, "stranger@terneuil.example")
		for _, who := range []account.Actor{member, asks, refused} {
			w.Clock.Move(time.Minute)
			m, err := w.Structures.Request(ctx, who, ask(c, c.Urba))
			require.NoError(t, err)
			switch who {
			case member:
				_, err = w.Structures.Approve(ctx, c.Manager, m.ID, structure.Approval{})
			case refused:
				_, err = w.Structures.Reject(ctx, c.Manager, m.ID, structure.Refusal{Reason: "no"})
			}
			require.NoError(t, err)
		}
		var who []account.ID
		w.Unchanged(t, func() {
			for at := (structure.MemberList{Limit: 1}); ; {
				page, err := w.Structures.Members(ctx, c.Manager, c.ID, at)
				require.NoError(t, err)
				require.Len(t, page.Members, 1)
				who = append(who, page.Members[0].Person.ID)
				if page.Next == nil {
					break
				}
				at.After = *page.Next
			}
		})
		require.Equal(t, []account.ID{c.Manager.ID, member.ID, asks.ID}, who)
		all, err := w.Structures.Members(ctx, c.Manager, c.ID, structure.MemberList{})
		require.NoError(t, err)
		require.Nil(t, all.Next)
		require.Equal(t, clerk, all.Members[1].Person.ContactEmail)
		require.Equal(t, worldtest.Start, all.Members[1].ActivatedAt)
		require.Equal(t, structure.StatusPending, all.Members[2].Membership.Status)

		for who, want := range map[account.Actor]error{
			member: structure.ErrDenied, asks: structure.ErrNotFound, stranger: structure.ErrNotFound, account.Anonymous(): account.ErrActor,
		} {
			page, err := w.Structures.Members(ctx, who, c.ID, structure.MemberList{})
			require.ErrorIs(t, err, want)
			require.Empty(t, page)
		}
		_, err = w.Structures.Members(ctx, c.Manager, "x\x00", structure.MemberList{})
		require.ErrorIs(t, err, fault.ErrNotFound)
	})
}

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
