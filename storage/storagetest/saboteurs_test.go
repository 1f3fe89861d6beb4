package storagetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/authz"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/structure"
)

// saboteur is a memory store whose units or handles break one obligation. What is
// nil is as it should be.
type saboteur struct {
	inner  *memory.Store
	update func(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error
	view   func(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error
	tx     func(storage.Tx) storage.Tx
}

func (s *saboteur) wrapped(fn func(storage.Tx) error) func(storage.Tx) error {
	if s.tx == nil {
		return fn
	}
	return func(tx storage.Tx) error { return fn(s.tx(tx)) }
}

func (s *saboteur) Update(ctx context.Context, fn func(storage.Tx) error) error {
	if s.update != nil {
		return s.update(ctx, s.inner, s.wrapped(fn))
	}
	return s.inner.Update(ctx, s.wrapped(fn))
}

func (s *saboteur) View(ctx context.Context, fn func(storage.Tx) error) error {
	if s.view != nil {
		return s.view(ctx, s.inner, s.wrapped(fn))
	}
	return s.inner.View(ctx, s.wrapped(fn))
}

// The units that are broken.

func commitsFailed(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
	var failed error
	err := s.Update(ctx, func(tx storage.Tx) error {
		failed = fn(tx)
		return nil
	})
	return errors.Join(failed, err)
}

func commitsPanicked(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
	var panicked any
	err := s.Update(ctx, func(tx storage.Tx) error {
		defer func() { panicked = recover() }()
		return fn(tx)
	})
	if panicked != nil {
		panic(panicked)
	}
	return err
}

func swallowsPanic(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("it panicked")
		}
	}()
	return s.Update(ctx, fn)
}

func swallowsError(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
	if err := s.Update(ctx, fn); errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func rewordsError(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
	if err := s.Update(ctx, fn); err != nil {
		return errors.New("transaction failed: " + err.Error())
	}
	return nil
}

func ignoresContext(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
	return s.Update(context.WithoutCancel(ctx), fn)
}

func writesInView(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
	return s.Update(ctx, fn)
}

// writesBlindly lets units read first and write later, without looking again.
func writesBlindly(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
	var late []func(storage.Tx) error
	err := s.View(ctx, func(tx storage.Tx) error {
		late = nil
		return fn(&blindTx{tx, &late})
	})
	if err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond) // the others read meanwhile
	return s.Update(ctx, func(tx storage.Tx) error {
		for _, write := range late {
			if err := write(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

type blindTx struct {
	storage.Tx
	late *[]func(storage.Tx) error
}

func (x *blindTx) later(write func(storage.Tx) error) error {
	*x.late = append(*x.late, write)
	return nil
}

func (x *blindTx) PutThrottle(ctx context.Context, c account.Throttle) error {
	return x.later(func(tx storage.Tx) error {
		now, _ := tx.Throttle(ctx, c.Account, c.Factor)
		c.Version = now.Version
		return tx.PutThrottle(ctx, c)
	})
}

func (x *blindTx) PutStructure(ctx context.Context, s structure.Structure) error {
	return x.later(func(tx storage.Tx) error {
		now, _ := tx.Structure(ctx, s.ID)
		s.Version = now.Version
		return tx.PutStructure(ctx, s)
	})
}

func (x *blindTx) PutMembership(ctx context.Context, m structure.Membership) error {
	return x.later(func(tx storage.Tx) error {
		now, _ := tx.Membership(ctx, m.ID)
		m.Version = now.Version
		return tx.PutMembership(ctx, m)
	})
}

func (x *blindTx) AppendEvent(ctx context.Context, e notify.Event) error {
	return x.later(func(tx storage.Tx) error { return eventsTwice{tx}.AppendEvent(ctx, e) })
}

func (x *blindTx) Enqueue(ctx context.Context, m notify.Message) error {
	return x.later(func(tx storage.Tx) error { return tx.Enqueue(ctx, m) })
}

// peeks lets a View read what the unit under way has written.
func peeks() *saboteur {
	var open atomic.Pointer[storage.Tx]
	return &saboteur{
		update: func(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
			return s.Update(ctx, func(tx storage.Tx) error {
				open.Store(&tx)
				defer open.Store(nil)
				return fn(tx)
			})
		},
		view: func(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
			if tx := open.Load(); tx != nil {
				return fn(storage.ReadOnly(*tx))
			}
			return s.View(ctx, fn)
		},
	}
}

// drifts gives each read of a View the newest state.
func drifts() *saboteur {
	return &saboteur{view: func(ctx context.Context, s *memory.Store, fn func(storage.Tx) error) error {
		return s.View(ctx, func(tx storage.Tx) error { return fn(&driftingTx{tx, s}) })
	}}
}

type driftingTx struct {
	storage.Tx
	store *memory.Store
}

func (d *driftingTx) Account(ctx context.Context, id account.ID) (a account.Account, err error) {
	err = d.store.View(ctx, func(tx storage.Tx) error {
		a, err = tx.Account(ctx, id)
		return err
	})
	return a, err
}

// outlives lets a handle read after its unit.
func outlives() *saboteur {
	store := memory.New()
	return &saboteur{inner: store, tx: func(tx storage.Tx) storage.Tx { return &outlivingTx{tx, store} }}
}

type outlivingTx struct {
	storage.Tx
	store *memory.Store
}

func (o *outlivingTx) Account(ctx context.Context, id account.ID) (account.Account, error) {
	a, err := o.Tx.Account(ctx, id)
	if err != nil && strings.Contains(err.Error(), "has ended") {
		err = o.store.View(ctx, func(tx storage.Tx) error {
			a, err = tx.Account(ctx, id)
			return err
		})
	}
	return a, err
}

// The handles that are broken.

type keepsParts struct{ storage.Tx }

func (k keepsParts) Nest(_ context.Context, fn func(storage.Tx) error) error { return fn(k.Tx) }

type skipsVersions struct{ storage.Tx }

func (x skipsVersions) PutAccount(ctx context.Context, a account.Account) error {
	if now, err := x.Account(ctx, a.ID); err == nil {
		a.Version = now.Version
	}
	return x.Tx.PutAccount(ctx, a)
}

type confusesErrors struct{ storage.Tx }

func (x confusesErrors) PutAccount(ctx context.Context, a account.Account) error {
	if _, err := x.Account(ctx, a.ID); err == nil && a.Version == 0 {
		return storage.ErrExists
	}
	return x.Tx.PutAccount(ctx, a)
}

type keepsGoing struct{ storage.Tx }

// PutUnit refuses without telling the unit that it is lost.
func (x keepsGoing) PutUnit(ctx context.Context, u structure.Unit) error {
	if now, err := x.Unit(ctx, u.ID); err == nil && now.Version != u.Version {
		return storage.ErrConflict
	}
	return x.Tx.PutUnit(ctx, u)
}

type rawErrors struct{ storage.Tx }

func (x rawErrors) Account(ctx context.Context, id account.ID) (account.Account, error) {
	a, err := x.Tx.Account(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		err = errors.New("sql: no rows in result set")
	}
	return a, err
}

// sharedLogins hides clashes behind a mark that is taken off on the way out.
type sharedLogins struct{ storage.Tx }

const loginMark = "\u2063"

func (x sharedLogins) PutAccount(ctx context.Context, a account.Account) error {
	if other, err := x.AccountByLogin(ctx, a.Login); err == nil && other.ID != a.ID {
		a.Login += loginMark + string(a.ID)
	}
	return x.Tx.PutAccount(ctx, a)
}

func (x sharedLogins) Account(ctx context.Context, id account.ID) (account.Account, error) {
	a, err := x.Tx.Account(ctx, id)
	a.Login, _, _ = strings.Cut(a.Login, loginMark)
	return a, err
}

type foldsLogins struct{ storage.Tx }

func (x foldsLogins) AccountByLogin(ctx context.Context, login string) (account.Account, error) {
	all, err := x.Accounts(ctx, account.Query{Limit: 1000})
	for _, a := range all {
		if strings.EqualFold(a.Login, login) {
			return a, nil
		}
	}
	return account.Account{}, errors.Join(err, storage.ErrNotFound)
}

type coarseTimes struct{ storage.Tx }

func (x coarseTimes) PutAccount(ctx context.Context, a account.Account) error {
	a.CreatedAt = a.CreatedAt.Truncate(time.Second)
	return x.Tx.PutAccount(ctx, a)
}

type repeatsCursor struct{ storage.Tx }

func (x repeatsCursor) Accounts(ctx context.Context, q account.Query) ([]account.Account, error) {
	if !q.DueAt.IsZero() {
		return x.Tx.Accounts(ctx, q)
	}
	all, err := x.Tx.Accounts(ctx, account.Query{Limit: 1000})
	all = slices.DeleteFunc(all, func(a account.Account) bool { return a.ID < q.After })
	return all[:min(q.Capped(), len(all))], err
}

type deletesAnyVersion struct{ storage.Tx }

func (x deletesAnyVersion) DeleteSignIn(ctx context.Context, s mfa.SignIn) error {
	if now, err := x.SignIn(ctx, s.ID); err == nil {
		s.Version = now.Version
	}
	return x.Tx.DeleteSignIn(ctx, s)
}

// sharesSlices keeps the slices it is given.
func sharesSlices() *saboteur {
	var mu sync.Mutex
	kept := map[structure.ID][]authz.Space{}
	return &saboteur{tx: func(tx storage.Tx) storage.Tx {
		return sharingTx{tx, func(id structure.ID, given []authz.Space) []authz.Space {
			mu.Lock()
			defer mu.Unlock()
			if given != nil {
				kept[id] = given
			}
			return kept[id]
		}}
	}}
}

type sharingTx struct {
	storage.Tx
	spaces func(structure.ID, []authz.Space) []authz.Space
}

func (x sharingTx) PutStructure(ctx context.Context, s structure.Structure) error {
	x.spaces(s.ID, s.Spaces)
	return x.Tx.PutStructure(ctx, s)
}

func (x sharingTx) Structure(ctx context.Context, id structure.ID) (structure.Structure, error) {
	s, err := x.Tx.Structure(ctx, id)
	s.Spaces = x.spaces(id, nil)
	return s, err
}

type wildPercent struct{ storage.Tx }

func (x wildPercent) Structures(ctx context.Context, q structure.Query) ([]structure.Structure, error) {
	q.Name = structure.Pattern(strings.ReplaceAll(string(q.Name), "%", "*"))
	return x.Tx.Structures(ctx, q)
}

type manyPrincipals struct{ storage.Tx }

func (x manyPrincipals) PutMembership(ctx context.Context, m structure.Membership) error {
	others, err := x.Memberships(ctx, structure.MembershipQuery{
		Structures: []structure.ID{m.Structure}, Role: structure.RolePrincipalManager,
		Statuses: []structure.MembershipStatus{structure.StatusApproved},
	})
	if err != nil {
		return err
	}
	if len(others) > 0 && others[0].ID != m.ID && m.Role == structure.RolePrincipalManager {
		m.Role = structure.RoleSecondaryManager
	}
	return x.Tx.PutMembership(ctx, m)
}

type unordered struct{ storage.Tx }

func (x unordered) Memberships(ctx context.Context, q structure.MembershipQuery) ([]structure.Membership, error) {
	all, err := x.Tx.Memberships(ctx, q)
	slices.Reverse(all)
	return all, err
}

type emptyMeansAll struct{ storage.Tx }

func (x emptyMeansAll) Memberships(ctx context.Context, q structure.MembershipQuery) ([]structure.Membership, error) {
	if len(q.Structures) == 0 {
		q.Structures = nil
	}
	return x.Tx.Memberships(ctx, q)
}

type forgetsHeads struct{ storage.Tx }

func (x forgetsHeads) Standing(ctx context.Context, a account.ID, s structure.ID) (structure.Standing, error) {
	at, err := x.Tx.Standing(ctx, a, s)
	at.Head = notify.Head{}
	return at, err
}

func (x forgetsHeads) Deciding(ctx context.Context, a account.ID, id structure.MembershipID) (structure.Deciding, error) {
	d, err := x.Tx.Deciding(ctx, a, id)
	d.Head = notify.Head{}
	return d, err
}

// mixesMembers joins accounts to memberships by their place in the list.
type mixesMembers struct{ storage.Tx }

func (x mixesMembers) Members(ctx context.Context, q structure.MembershipQuery) ([]structure.Member, error) {
	all, err := x.Tx.Members(ctx, q)
	people := make([]account.Card, 0, len(all))
	for _, m := range all {
		people = append(people, m.Account)
	}
	slices.SortFunc(people, func(a, b account.Card) int { return strings.Compare(string(a.ID), string(b.ID)) })
	for i := range all {
		all[i].Account = people[i]
	}
	return all, err
}

type eventsTwice struct{ storage.Tx }

func (x eventsTwice) AppendEvent(ctx context.Context, e notify.Event) error {
	there, err := x.Events(ctx, notify.EventQuery{Chain: e.Chain, AfterChain: e.Chain, AfterSequence: e.Sequence - 1, Limit: 1})
	if err == nil && len(there) == 1 && there[0].Sequence == e.Sequence {
		return nil
	}
	return x.Tx.AppendEvent(ctx, e)
}

type tidiesJSON struct{ storage.Tx }

func (x tidiesJSON) AppendEvent(ctx context.Context, e notify.Event) error {
	var compact bytes.Buffer
	if json.Compact(&compact, e.State) == nil {
		e.State = compact.Bytes()
	}
	return x.Tx.AppendEvent(ctx, e)
}

func (x deletesAnyVersion) DeleteMessage(ctx context.Context, m notify.Message) error {
	if now, err := x.Message(ctx, m.ID); err == nil {
		m.Version = now.Version
	}
	return x.Tx.DeleteMessage(ctx, m)
}

type mailsTwice struct{ storage.Tx }

func (x mailsTwice) Enqueue(ctx context.Context, m notify.Message) error {
	all, err := x.Messages(ctx, notify.MessageQuery{Limit: 1000})
	if err == nil && slices.ContainsFunc(all, func(o notify.Message) bool { return o.Key == m.Key }) {
		m.Key += "/" + string(m.ID)
	}
	return x.Tx.Enqueue(ctx, m)
}

type ignoresLeases struct{ storage.Tx }

func (x ignoresLeases) Messages(ctx context.Context, q notify.MessageQuery) ([]notify.Message, error) {
	due := q.DueAt
	q.DueAt = time.Time{}
	all, err := x.Tx.Messages(ctx, q)
	if due.IsZero() {
		return all, err
	}
	return slices.DeleteFunc(all, func(m notify.Message) bool { return m.NotBefore.After(due) }), err
}
