package structure_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/longtest"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// racers is how many try at once.
const racers = 64

// arena is one structure, some people, and the services with and without acceptance over
// the same store. Each round goes on from the state that the last one left.
type arena struct {
	w             *worldtest.World
	plain, asking *structure.Service
	place         structure.ID
	people        []account.Actor // any of whom may be principal manager
	applicant     account.Actor   // who never is
}

func newArena(t *testing.T, w *worldtest.World) *arena {
	t.Helper()
	c := company(t, w)
	a := &arena{w: w, place: c.ID, people: []account.Actor{c.Manager}, plain: w.Structures}
	for i := range 4 {
		a.people = append(a.people, w.Join(t, fmt.Sprintf("heir%d@terneuil.example", i)))
	}
	a.applicant = w.Join(t, clerk)
	principalPolicy(t, w, structure.PrincipalPolicy{Accept: true})
	a.asking = w.Structures
	w.Structures = a.plain
	return a
}

// race runs fn by many at once and checks that one won; the others got one of the errors.
func (a *arena) race(t *testing.T, fn func(i int) error, lost ...error) {
	t.Helper()
	errs := make([]error, racers)
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range errs {
		wg.Go(func() {
			<-begin
			errs[i] = fn(i)
		})
	}
	close(begin)
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.True(t, slices.ContainsFunc(append(lost, storage.ErrConflict), func(known error) bool { return errors.Is(err, known) }), "%v", err)
	}
	require.Equal(t, 1, won)
}

// principal is the one who is principal manager, and the others.
func (a *arena) principal(t *testing.T) (account.Actor, []account.Actor) {
	t.Helper()
	who := principals(t, a.w, a.place)
	require.Len(t, who, 1)
	others := slices.DeleteFunc(slices.Clone(a.people), func(p account.Actor) bool { return p.ID == who[0] })
	require.Len(t, others, len(a.people)-1)
	return account.Person(who[0]), others
}

// role has the principal manager hand over to several people at once.
func (a *arena) role(t *testing.T) {
	t.Helper()
	by, others := a.principal(t)
	shown, err := a.plain.PrepareTransfer(t.Context(), by, a.place)
	require.NoError(t, err)
	a.race(t, func(i int) error {
		_, err := a.plain.TransferPrincipal(context.Background(), by, structure.Transfer{
			Structures: []structure.ID{a.place}, Token: shown.Token, SuccessorForAll: structure.Successor{Account: others[i%len(others)].ID},
		})
		return err
	}, structure.ErrDenied)
}

// request has one request approved, rejected and withdrawn at once.
func (a *arena) request(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	by, _ := a.principal(t)
	m, err := a.plain.Request(ctx, a.applicant, structure.Request{Structure: a.place, Whole: true, Comment: "files"})
	require.NoError(t, err)
	a.race(t, func(i int) (err error) {
		switch i % 3 {
		case 0:
			_, err = a.plain.Approve(ctx, by, m.ID, structure.Approval{})
		case 1:
			_, err = a.plain.Reject(ctx, by, m.ID, structure.Refusal{Reason: "no"})
		default:
			_, err = a.plain.Withdraw(ctx, a.applicant, m.ID)
		}
		return err
	}, structure.ErrAlreadyDecided)
	mine, err := a.plain.Mine(ctx, a.applicant)
	require.NoError(t, err)
	if mine[0].Membership.Status == structure.StatusApproved {
		require.NoError(t, one(t)(a.plain.RemoveMembers(ctx, by, m.ID)).Err)
	}
}

// nomination has several people nominated at once, and then the one who was accepts,
// declines and is not asked any more at once.
func (a *arena) nomination(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	by, others := a.principal(t)
	shown, err := a.asking.PrepareTransfer(ctx, by, a.place)
	require.NoError(t, err)
	a.race(t, func(i int) error {
		_, err := a.asking.TransferPrincipal(ctx, by, structure.Transfer{
			Structures: []structure.ID{a.place}, Token: shown.Token, SuccessorForAll: structure.Successor{Account: others[i%len(others)].ID},
		})
		return err
	}, structure.ErrNominationPending)
	n, err := a.asking.Nomination(ctx, by, a.place)
	require.NoError(t, err)
	nominee := account.Person(n.Nominee.ID)
	a.race(t, func(i int) (err error) {
		switch i % 3 {
		case 0:
			_, err = a.asking.AcceptNomination(ctx, nominee, a.place)
		case 1:
			err = a.asking.DeclineNomination(ctx, nominee, a.place)
		default:
			err = a.asking.WithdrawNomination(ctx, by, a.place)
		}
		return err
	}, structure.ErrNotFound, structure.ErrDenied)
	a.principal(t)
}

func (a *arena) rounds(t *testing.T, n int) {
	t.Helper()
	for range n {
		a.role(t)
		a.request(t)
		a.nomination(t)
	}
	a.w.Proven(t)
}

// RC-07, RC-08, RC-10, RC-11, I1, R-133, R-253: 64 at once after one role of principal
// manager, one request and one nomination leave one winner, and one principal manager.
func TestOneWins(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) { newArena(t, w).rounds(t, 2) })
}

// RC-08: handing over to somebody who is closing the account leaves a principal manager
// whose account is active, whoever comes first.
func TestHandingOverToSomebodyWhoLeaves(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		ctx := context.Background()
		c := company(t, w)
		for i := range 3 {
			by, leaver := account.Person(principals(t, w, c.ID)[0]), w.Join(t, fmt.Sprintf("heir%d@terneuil.example", i))
			shown, err := w.Structures.PrepareTransfer(ctx, by, c.ID)
			require.NoError(t, err)
			closing, err := w.Structures.PrepareDeactivation(ctx, leaver)
			require.NoError(t, err)
			var wg sync.WaitGroup
			wg.Go(func() {
				_, _ = w.Structures.TransferPrincipal(ctx, by, structure.Transfer{
					Structures: []structure.ID{c.ID}, Token: shown.Token, SuccessorForAll: structure.Successor{Account: leaver.ID},
				})
			})
			wg.Go(func() {
				_, _ = w.Structures.Deactivate(ctx, leaver, structure.Deactivation{Confirmed: true, Token: closing.Token})
			})
			wg.Wait()
			require.Len(t, principals(t, w, c.ID), 1)
		}
		w.Proven(t)
	})
}

// TestOneWins again and again on each store: a hundred times, or as often as
// HABILIS_ROUNDS says. A thousand take up to ten minutes on PostgreSQL.
func TestOneWinsAgainAndAgain(t *testing.T) {
	t.Parallel()
	longtest.Skip(t)
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) { newArena(t, w).rounds(t, longtest.Rounds(100)) })
}
