package structure_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/internal/worldtest"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/structure"
)

// meanwhile is a store in which something happens once, right before a unit writes for the
// first time: when it has decided.
type meanwhile struct {
	storage.Store
	happens func()
	guarded bool // writing the structure does not count
}

func (m meanwhile) Update(ctx context.Context, fn func(storage.Tx) error) error {
	return m.Store.Update(ctx, func(tx storage.Tx) error { return fn(meanwhileTx{tx, m}) })
}

type meanwhileTx struct {
	storage.Tx
	meanwhile
}

// KeepActive implements structure.Keeper.
func (t meanwhileTx) KeepActive(ctx context.Context, id account.ID) error {
	t.happens()
	return t.Tx.(structure.Keeper).KeepActive(ctx, id)
}

func (t meanwhileTx) PutAccount(ctx context.Context, v account.Account) error {
	t.happens()
	return t.Tx.PutAccount(ctx, v)
}

func (t meanwhileTx) PutStructure(ctx context.Context, v structure.Structure) error {
	if !t.guarded {
		t.happens()
	}
	return t.Tx.PutStructure(ctx, v)
}

func (t meanwhileTx) PutMembership(ctx context.Context, v structure.Membership) error {
	t.happens()
	return t.Tx.PutMembership(ctx, v)
}

func (t meanwhileTx) PutSubscription(ctx context.Context, v structure.Subscription) error {
	t.happens()
	return t.Tx.PutSubscription(ctx, v)
}

// doing is one operation of a crossing.
type doing func(context.Context, *structure.Service) error

// crossing is two operations of which each undoes what the other was decided from, and
// what must hold whoever comes first.
type crossing struct {
	one, other doing
	holds      func(*testing.T)
}

// crossroads is where they meet: a space is open, and julie is a member.
type crossroads struct {
	w     *worldtest.World
	c     worldtest.Company
	julie account.Actor
	m     structure.Membership
}

func newCrossroads(t *testing.T, w *worldtest.World) crossroads {
	t.Helper()
	k := crossroads{w: w, c: company(t, w)}
	openSpace(t, w, k.c, works)
	k.julie, k.m = hire(t, w, k.c, clerk)
	return k
}

// during returns what runs fn once, beside whoever calls it first, who waits for it unless
// it has to wait itself.
func during(wg *sync.WaitGroup, fn func()) func() {
	var once sync.Once
	return func() {
		once.Do(func() {
			ended := make(chan struct{})
			wg.Go(func() {
				defer close(ended)
				fn()
			})
			select {
			case <-ended:
			case <-time.After(200 * time.Millisecond):
			}
		})
	}
}

// meet has the second operation run when the first has decided and written nothing. On
// a store that runs one unit at a time it waits until the first is through.
func (k crossroads) meet(t *testing.T, x crossing, guarded bool, first, second doing) {
	t.Helper()
	var wg sync.WaitGroup
	var late error
	store := meanwhile{k.w.Store, during(&wg, func() { late = second(context.Background(), k.w.Structures) }), guarded}
	s, err := structure.New(storage.Structures(store), k.w.Keys, &structure.Options{Now: k.w.Clock.Now, Accounts: k.w.Accounts})
	require.NoError(t, err)
	early := first(context.Background(), s)
	wg.Wait()
	for _, err := range []error{early, late} {
		require.NotErrorIs(t, err, storage.ErrExists, "what a store says and no operation does")
	}
	x.holds(t)
	k.w.Proven(t)
}

// cross has the operations of a crossing meet in both orders on each store.
func cross(t *testing.T, cases map[string]func(*testing.T, crossroads) crossing) {
	t.Helper()
	crossLater(t, false, cases)
}

// crossLater is cross, but that they may meet when the first has written the structure, and
// read more after that.
func crossLater(t *testing.T, guarded bool, cases map[string]func(*testing.T, crossroads) crossing) {
	t.Helper()
	for name, at := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
				k := newCrossroads(t, w)
				x := at(t, k)
				k.meet(t, x, guarded, x.one, x.other)
			})
			worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
				k := newCrossroads(t, w)
				x := at(t, k)
				k.meet(t, x, guarded, x.other, x.one)
			})
		})
	}
}

func (k crossroads) grant(l structure.Line) doing {
	return func(ctx context.Context, s *structure.Service) error {
		_, err := s.GrantSubscriptions(ctx, k.c.Manager, structure.SubscriptionGrant{Structure: k.c.ID, Account: k.julie.ID, Lines: []structure.Line{l}})
		return err
	}
}

func (k crossroads) asks(ctx context.Context, s *structure.Service) error {
	_, err := s.RequestSubscriptions(ctx, k.julie, wish(k.c, write(works)))
	return err
}

func (k crossroads) edit(ctx context.Context, s *structure.Service) error {
	scope := structure.EntitlementScope{Structure: k.c.ID, Account: k.julie.ID}
	_, err := s.ApplyEntitlementChanges(ctx, k.c.Manager, scope, []structure.EntitlementChange{{To: structure.Profile{Space: works, Level: authz.Write}}})
	return err
}

func (k crossroads) remove(ctx context.Context, s *structure.Service) error {
	_, err := s.RemoveMembers(ctx, k.c.Manager, k.m.ID)
	return err
}

func (k crossroads) leaves(ctx context.Context, s *structure.Service) error {
	_, err := s.Leave(ctx, k.julie, structure.Departure{Structure: k.c.ID})
	return err
}

func (k crossroads) open(ctx context.Context, s *structure.Service) error {
	_, err := s.OpenSpace(ctx, k.c.Manager, k.c.ID, works)
	return err
}

func (k crossroads) shut(ctx context.Context, s *structure.Service) error {
	_, err := s.CloseSpace(ctx, k.c.Manager, k.c.ID, works)
	return err
}

// standing is what somebody is in the structure.
func (k crossroads) standing(t *testing.T, who account.Actor) (at structure.Standing) {
	t.Helper()
	require.NoError(t, k.w.Store.View(t.Context(), func(tx storage.Tx) (err error) {
		at, err = tx.Standing(t.Context(), who.ID, k.c.ID)
		return err
	}))
	return at
}

// lines are those of julie that give a right or wait for one.
func (k crossroads) lines(t *testing.T) (open []structure.Subscription) {
	t.Helper()
	require.NoError(t, k.w.Store.View(t.Context(), func(tx storage.Tx) (err error) {
		open, err = tx.Subscriptions(t.Context(), structure.SubscriptionQuery{
			Account: k.julie.ID, Structures: []structure.ID{k.c.ID},
			Statuses: []structure.SubscriptionStatus{structure.SubscriptionPending, structure.SubscriptionApproved},
		})
		return err
	}))
	return open
}

// carried checks that there is no line that the membership and the structure do not carry.
func (k crossroads) carried(t *testing.T) {
	t.Helper()
	at := k.standing(t, k.julie)
	for _, line := range k.lines(t) {
		require.Equal(t, structure.StatusApproved, at.Membership.Status)
		require.Contains(t, at.Structure.Spaces, line.Space)
		if line.Service != "" {
			require.True(t, at.Membership.Granted.Covers(structure.Services(line.Service)))
		}
		require.False(t, line.Undecided() && at.Membership.Role == structure.RolePrincipalManager, "nobody could decide on it")
	}
}

// RC-16: a right that is given or asked for at the very moment
// at which the membership or the space that carries it ends, ends with it: nothing is left
// for another membership, or for the space when it is opened again, to revive.
func TestLinesThatCrossTheEndOfWhatCarriesThem(t *testing.T) {
	t.Parallel()
	cross(t, map[string]func(*testing.T, crossroads) crossing{
		"granted and removed": func(_ *testing.T, k crossroads) crossing {
			return crossing{k.grant(write(works)), k.remove, k.carried}
		},
		"edited and removed": func(_ *testing.T, k crossroads) crossing { return crossing{k.edit, k.remove, k.carried} },
		"asked and left":     func(_ *testing.T, k crossroads) crossing { return crossing{k.asks, k.leaves, k.carried} },
		"granted and narrowed": func(_ *testing.T, k crossroads) crossing {
			return crossing{k.grant(structure.Line{Service: k.c.Voie.ID, Space: works, Level: authz.Read}), func(ctx context.Context, s *structure.Service) error {
				_, err := s.ChangeMembership(ctx, k.c.Manager, k.m.ID, structure.Change{Scope: new(structure.Services(k.c.Urba.ID))})
				return err
			}, k.carried}
		},
		"asked and taken over": func(t *testing.T, k crossroads) crossing {
			shown, err := k.w.Structures.PrepareTransfer(t.Context(), k.c.Manager, k.c.ID)
			require.NoError(t, err)
			return crossing{k.asks, func(ctx context.Context, s *structure.Service) error {
				_, err := s.TransferPrincipal(ctx, k.c.Manager, structure.Transfer{Structures: []structure.ID{k.c.ID}, Token: shown.Token, SuccessorForAll: to(clerk)})
				return err
			}, k.carried}
		},
		"listed and removed": func(t *testing.T, k crossroads) crossing {
			require.NoError(t, k.shut(t.Context(), k.w.Structures))
			return crossing{k.open, k.remove, k.carried}
		},
		"granted and closed": func(_ *testing.T, k crossroads) crossing {
			return crossing{k.grant(write(works)), k.shut, k.carried}
		},
		"asked and closed": func(_ *testing.T, k crossroads) crossing { return crossing{k.asks, k.shut, k.carried} },
		"migrated and closed": func(t *testing.T, k crossroads) crossing {
			openSpace(t, k.w, k.c, authz.SpaceOrganisation)
			lend(t, k.w, k.c, authz.Delegation{Users: true})
			_, err := k.w.Structures.ChangeMembership(t.Context(), k.c.Manager, k.m.ID, structure.Change{Role: structure.RoleSecondaryManager})
			require.NoError(t, err)
			return crossing{func(ctx context.Context, s *structure.Service) error {
				_, err := s.MigrateSecondaryManagers(ctx, account.System(), k.c.ID)
				return err
			}, func(ctx context.Context, s *structure.Service) error {
				_, err := s.CloseSpace(ctx, k.c.Manager, k.c.ID, authz.SpaceOrganisation)
				return err
			}, k.carried}
		},
	})
}

// erasing is the word of support to erase somebody, as planned now.
func (k crossroads) erasing(t *testing.T, who account.Actor) doing {
	t.Helper()
	plan, err := k.w.Structures.PlanErasure(t.Context(), officer, who.ID)
	require.NoError(t, err)
	return func(ctx context.Context, s *structure.Service) error {
		_, err := s.Erase(ctx, officer, who.ID, plan.Token)
		return err
	}
}

// closing is the word of somebody to close the account, as things are now.
func (k crossroads) closing(t *testing.T, who account.Actor) doing {
	t.Helper()
	shown, err := k.w.Structures.PrepareDeactivation(t.Context(), who)
	require.NoError(t, err)
	return func(ctx context.Context, s *structure.Service) error {
		_, err := s.Deactivate(ctx, who, structure.Deactivation{Confirmed: true, Token: shown.Token})
		return err
	}
}

// LG-11: nothing waits for whoever closes the account at the very moment of
// asking for it, and nothing is left of whoever is erased then, nor given.
func TestRequestsThatCrossTheEndOfTheAccount(t *testing.T) {
	t.Parallel()
	joins := func(k crossroads, who account.Actor) doing {
		return func(ctx context.Context, s *structure.Service) error {
			_, err := s.Request(ctx, who, ask(k.c))
			return err
		}
	}
	settled := func(k crossroads, who account.Actor) func(*testing.T) {
		return func(t *testing.T) {
			at := k.standing(t, who)
			if at.Account.Status == account.StatusActive {
				return
			}
			require.False(t, at.Membership.Undecided())
			for _, line := range k.lines(t) {
				require.False(t, line.Undecided())
			}
			if at.Account.Status == account.StatusAnonymized {
				require.NotEqual(t, structure.StatusApproved, at.Membership.Status)
				require.Zero(t, at.Membership.Comment)
			}
		}
	}
	const other = "rita@terneuil.example"
	cross(t, map[string]func(*testing.T, crossroads) crossing{
		"asked to join and closed": func(t *testing.T, k crossroads) crossing {
			who := k.w.Join(t, other)
			return crossing{joins(k, who), k.closing(t, who), settled(k, who)}
		},
		"asked to join and erased": func(t *testing.T, k crossroads) crossing {
			who := k.w.Join(t, other)
			return crossing{joins(k, who), k.erasing(t, who), settled(k, who)}
		},
		"attached and erased": func(t *testing.T, k crossroads) crossing {
			who := k.w.Join(t, other)
			return crossing{func(ctx context.Context, s *structure.Service) error {
				_, err := s.Attach(ctx, k.c.Manager, newMember(k.c, who))
				return err
			}, k.erasing(t, who), settled(k, who)}
		},
		"asked for a space and closed": func(t *testing.T, k crossroads) crossing {
			return crossing{k.asks, k.closing(t, k.julie), settled(k, k.julie)}
		},
		"edited and closed": func(t *testing.T, k crossroads) crossing {
			return crossing{func(ctx context.Context, s *structure.Service) error {
				_, err := s.ApplyEntitlementChanges(ctx, k.julie, structure.EntitlementScope{Structure: k.c.ID}, []structure.EntitlementChange{
					{To: structure.Profile{Space: works, Level: authz.Write}},
				})
				return err
			}, k.closing(t, k.julie), settled(k, k.julie)}
		},
	})
}

// RC-08, R-133, I1: a structure is not activated while its principal manager, who needs no
// successor for one that is inactive, closes the account or is erased.
func TestActivationThatCrossesTheEndOfThePrincipal(t *testing.T) {
	t.Parallel()
	off := func(t *testing.T, k crossroads) (doing, func(*testing.T)) {
		t.Helper()
		_, err := k.w.Structures.DeactivateStructure(t.Context(), k.c.Manager, k.c.ID)
		require.NoError(t, err)
		return func(ctx context.Context, s *structure.Service) error {
				_, err := s.ActivateStructure(ctx, account.Support("desk"), k.c.ID)
				return err
			}, func(t *testing.T) {
				if k.standing(t, k.c.Manager).Structure.Status == structure.StatusActive {
					require.Len(t, principals(t, k.w, k.c.ID), 1)
				}
			}
	}
	cross(t, map[string]func(*testing.T, crossroads) crossing{
		"closed": func(t *testing.T, k crossroads) crossing {
			activate, holds := off(t, k)
			return crossing{activate, k.closing(t, k.c.Manager), holds}
		},
		"erased": func(t *testing.T, k crossroads) crossing {
			activate, holds := off(t, k)
			return crossing{activate, k.erasing(t, k.c.Manager), holds}
		},
	})
}

// whoever makes the same row at the same moment comes first or second: nobody
// is told that an object exists.
func TestTheSameRowTwice(t *testing.T) {
	t.Parallel()
	const other = "rita@terneuil.example"
	joins := func(k crossroads, who account.Actor) doing {
		return func(ctx context.Context, s *structure.Service) error {
			_, err := s.Request(ctx, who, ask(k.c))
			return err
		}
	}
	granted := func(k crossroads) func(*testing.T) {
		return func(t *testing.T) {
			require.Len(t, k.lines(t), 1)
			k.carried(t)
		}
	}
	taken := func(k crossroads, who account.Actor) func(*testing.T) {
		return func(t *testing.T) { require.Equal(t, []account.ID{who.ID}, principals(t, k.w, k.c.ID)) }
	}
	crossLater(t, true, map[string]func(*testing.T, crossroads) crossing{
		"transferred and asked to join": func(t *testing.T, k crossroads) crossing {
			who := k.w.Join(t, other)
			shown, err := k.w.Structures.PrepareTransfer(t.Context(), k.c.Manager, k.c.ID)
			require.NoError(t, err)
			return crossing{func(ctx context.Context, s *structure.Service) error {
				_, err := s.TransferPrincipal(ctx, k.c.Manager, structure.Transfer{Structures: []structure.ID{k.c.ID}, Token: shown.Token, SuccessorForAll: to(other)})
				return err
			}, joins(k, who), taken(k, who)}
		},
		"left and asked to join": func(t *testing.T, k crossroads) crossing {
			who := k.w.Join(t, other)
			return crossing{func(ctx context.Context, s *structure.Service) error {
				out, err := s.Leave(ctx, k.c.Manager, structure.Departure{Structure: k.c.ID, Successor: to(other)})
				if err == nil {
					err = out[0].Err
				}
				return err
			}, joins(k, who), taken(k, who)}
		},
		"appointed and asked to join": func(t *testing.T, k crossroads) crossing {
			who := k.w.Join(t, other)
			return crossing{func(ctx context.Context, s *structure.Service) error {
				return s.AppointPrincipal(ctx, account.Support("desk"), structure.Appointment{Structure: k.c.ID, Successor: to(other), Reason: "letter", Documented: true})
			}, joins(k, who), taken(k, who)}
		},
		"closed and asked to join": func(t *testing.T, k crossroads) crossing {
			who := k.w.Join(t, other)
			shown, err := k.w.Structures.PrepareDeactivation(t.Context(), k.c.Manager)
			require.NoError(t, err)
			return crossing{func(ctx context.Context, s *structure.Service) error {
				_, err := s.Deactivate(ctx, k.c.Manager, structure.Deactivation{Confirmed: true, Token: shown.Token, SuccessorForAll: to(other)})
				return err
			}, joins(k, who), taken(k, who)}
		},
	})
	cross(t, map[string]func(*testing.T, crossroads) crossing{
		"copied and granted": func(t *testing.T, k crossroads) crossing {
			model, _ := hire(t, k.w, k.c, other)
			_, err := k.w.Structures.GrantSubscriptions(t.Context(), k.c.Manager, structure.SubscriptionGrant{Structure: k.c.ID, Account: model.ID, Lines: []structure.Line{write(works)}})
			require.NoError(t, err)
			names := structure.EntitlementCopy{Structure: k.c.ID, From: model.ID, To: k.julie.ID}
			plan, err := k.w.Structures.PlanCopy(t.Context(), k.c.Manager, names)
			require.NoError(t, err)
			return crossing{func(ctx context.Context, s *structure.Service) error {
				_, err := s.CopyEntitlements(ctx, k.c.Manager, names, plan.Token)
				return err
			}, k.grant(write(works)), granted(k)}
		},
		"approved with more and granted": func(t *testing.T, k crossroads) crossing {
			lines, err := k.w.Structures.RequestSubscriptions(t.Context(), k.julie, wish(k.c, read(works)))
			require.NoError(t, err)
			return crossing{func(ctx context.Context, s *structure.Service) error {
				_, err := s.ApproveSubscriptions(ctx, k.c.Manager, structure.Verdict{Requested: lineIDs(lines), Ticked: []structure.Line{write(works)}})
				return err
			}, k.grant(write(works)), granted(k)}
		},
		"edited and granted": func(_ *testing.T, k crossroads) crossing { return crossing{k.edit, k.grant(write(works)), granted(k)} },
		"asked twice":        func(_ *testing.T, k crossroads) crossing { return crossing{k.asks, k.asks, granted(k)} },
		"granted twice": func(_ *testing.T, k crossroads) crossing {
			return crossing{k.grant(write(works)), k.grant(write(works)), granted(k)}
		},
	})
}

// LC-11, LG-11: a right that is given to somebody who is being erased ends with the
// membership, in whatever erases accounts.
func TestGrantThatCrossesForgetting(t *testing.T) {
	t.Parallel()
	worldtest.Each(t, func(t *testing.T, w *worldtest.World) {
		k := newCrossroads(t, w)
		a := w.Account(t, k.julie.ID)
		var wg sync.WaitGroup
		store := meanwhile{w.Store, during(&wg, func() { _ = k.grant(write(works))(context.Background(), w.Structures) }), false}
		require.NoError(t, storage.Update(t.Context(), store, func(tx storage.Tx) error {
			return w.Structures.Forget(t.Context(), tx, account.System(), a, w.Clock.Now())
		}))
		wg.Wait()
		k.carried(t)
		w.Proven(t)
	})
}
