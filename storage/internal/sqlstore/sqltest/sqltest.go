// Package sqltest holds the tests that the SQL adapters share besides storagetest:
// what shows only from below, through the tables.
package sqltest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/internal/sqlstore"
	"github.com/habilis-go/habilis/structure"
)

// Database is a fresh store and a way beneath it.
type Database struct {
	Store storage.Store
	Exec  func(ctx context.Context, statement string) error // outside any unit
}

// Run runs the tests; open is called once for each of them.
func Run(t *testing.T, open func(t *testing.T) Database) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Database){
		"EveryFieldComesBack":           everyFieldComesBack,
		"TxEndsWithItsUnit":             txEndsWithItsUnit,
		"PanicLeavesNothing":            panicLeavesNothing,
		"CancelledUnitLeavesNothing":    cancelledUnitLeavesNothing,
		"SwallowedFailureIsNotKept":     swallowedFailureIsNotKept,
		"FailedPartLeavesTheRest":       failedPartLeavesTheRest,
		"CancelledPartLeavesTheRest":    cancelledPartLeavesTheRest,
		"IndexHoldsOnePrincipal":        indexHoldsOnePrincipal,
		"LongListsOfValues":             longListsOfValues,
		"WildcardsOfTheDatabaseAreText": wildcardsAreText,
		"SearchesAmongMany":             searchesAmongMany,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// fill sets every field below v to a value of its own, so that a column that is
// forgotten, or two that are mixed up, show.
func fill(v reflect.Value, n *int64) {
	*n++
	switch v.Kind() { // the kinds that domain structs have
	case reflect.String:
		v.SetString(fmt.Sprintf("é%d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(*n)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte{0, 255, byte(*n)})
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.UnixMicro(*n*1_000_003 - 1000_000).UTC()))
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	default:
		panic("sqltest: no value for " + v.Type().String())
	}
}

func filled[T any]() T {
	var v T
	var n int64
	fill(reflect.ValueOf(&v).Elem(), &n)
	return v
}

func everyFieldComesBack(t *testing.T, db Database) {
	a, l, c := filled[account.Account](), filled[account.Link](), filled[account.Throttle]()
	s, u, m := filled[structure.Structure](), filled[structure.Unit](), filled[structure.Membership]()
	r := filled[structure.Subscription]()
	i, e, o := filled[mfa.SignIn](), filled[notify.Event](), filled[notify.Message]()
	f, k := filled[account.Attachment](), filled[mfa.Factor]()
	e.Actor.ProvenAt = time.Time{} // not recorded
	for _, version := range []*int64{&a.Version, &l.Version, &c.Version, &s.Version, &u.Version, &m.Version, &r.Version, &i.Version, &o.Version, &f.Version, &k.Version} {
		*version = 0
	}
	ctx := t.Context()
	require.NoError(t, db.Store.Update(ctx, func(tx storage.Tx) error {
		return errors.Join(
			tx.PutAccount(ctx, a), tx.PutLink(ctx, l), tx.PutThrottle(ctx, c), tx.PutStructure(ctx, s), tx.PutUnit(ctx, u),
			tx.PutMembership(ctx, m), tx.PutSubscription(ctx, r), tx.PutSignIn(ctx, i), tx.AppendEvent(ctx, e), tx.Enqueue(ctx, o), tx.PutAttachment(ctx, f), tx.PutFactor(ctx, k),
		)
	}))
	for version := int64(1); version <= 2; version++ {
		for _, p := range []*int64{&a.Version, &l.Version, &c.Version, &s.Version, &u.Version, &m.Version, &r.Version, &i.Version, &o.Version, &f.Version, &k.Version} {
			*p = version
		}
		require.NoError(t, db.Store.Update(ctx, func(tx storage.Tx) error {
			for _, test := range []struct {
				want any
				got  func() (any, error)
			}{
				{a, func() (any, error) { return tx.Account(ctx, a.ID) }},
				{l, func() (any, error) { return tx.Link(ctx, l.Account, l.Purpose) }},
				{c, func() (any, error) { return tx.Throttle(ctx, c.Account, c.Factor) }},
				{s, func() (any, error) { return tx.Structure(ctx, s.ID) }},
				{u, func() (any, error) { return tx.Unit(ctx, u.ID) }},
				{m, func() (any, error) { return tx.Membership(ctx, m.ID) }},
				{[]structure.Subscription{r}, func() (any, error) { return tx.Subscriptions(ctx, structure.SubscriptionQuery{}) }},
				{i, func() (any, error) { return tx.SignIn(ctx, i.ID) }},
				{e, func() (any, error) { return tx.LastEvent(ctx, e.Chain) }},
				{o, func() (any, error) { return tx.Message(ctx, o.ID) }},
				{k, func() (any, error) { return tx.Factor(ctx, k.ID) }},
				{[]account.Attachment{f}, func() (any, error) { return tx.Attachments(ctx, account.AttachmentQuery{ID: f.ID}) }},
			} {
				got, err := test.got()
				require.NoError(t, err)
				require.Equal(t, test.want, got)
			}
			return errors.Join(
				tx.PutAccount(ctx, a), tx.PutLink(ctx, l), tx.PutThrottle(ctx, c), tx.PutStructure(ctx, s), tx.PutUnit(ctx, u),
				tx.PutMembership(ctx, m), tx.PutSubscription(ctx, r), tx.PutSignIn(ctx, i), tx.PutMessage(ctx, o), tx.PutAttachment(ctx, f), tx.PutFactor(ctx, k),
			)
		}))
	}
}

func txEndsWithItsUnit(t *testing.T, db Database) {
	ctx := t.Context()
	var kept []storage.Tx
	keep := func(tx storage.Tx) error {
		kept = append(kept, tx)
		return nil
	}
	require.NoError(t, db.Store.View(ctx, keep))
	require.NoError(t, db.Store.Update(ctx, func(tx storage.Tx) error {
		kept = append(kept, tx)
		return tx.(storage.Nester).Nest(ctx, keep)
	}))
	require.Len(t, kept, 3)
	for _, tx := range kept {
		_, err := tx.Account(ctx, "1")
		require.ErrorIs(t, err, sqlstore.ErrEnded)
	}
}

// absent checks that nothing with the id "1" was stored.
func absent(t *testing.T, db Database) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, db.Store.View(ctx, func(tx storage.Tx) error {
		_, err := tx.Account(ctx, "1")
		require.ErrorIs(t, err, storage.ErrNotFound)
		return nil
	}))
}

func panicLeavesNothing(t *testing.T, db Database) {
	ctx := t.Context()
	for range 3 {
		require.PanicsWithValue(t, "out of the unit", func() {
			_ = db.Store.Update(ctx, func(tx storage.Tx) error {
				require.NoError(t, tx.PutAccount(ctx, account.Account{ID: "1"}))
				panic("out of the unit")
			})
		})
		require.PanicsWithValue(t, "out of the view", func() {
			_ = db.Store.View(ctx, func(storage.Tx) error { panic("out of the view") })
		})
	}
	absent(t, db)
}

func cancelledUnitLeavesNothing(t *testing.T, db Database) {
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		require.ErrorIs(t, db.Store.Update(ctx, func(tx storage.Tx) error {
			require.NoError(t, tx.PutAccount(ctx, account.Account{ID: "1"}))
			cancel()
			return nil
		}), context.Canceled)
		require.ErrorIs(t, db.Store.Update(ctx, func(storage.Tx) error { return nil }), context.Canceled)

		ctx, cancel = context.WithCancel(t.Context())
		require.ErrorIs(t, db.Store.Update(ctx, func(tx storage.Tx) error {
			cancel()
			_, err := tx.Account(ctx, "1")
			require.ErrorIs(t, err, context.Canceled)
			return nil
		}), context.Canceled)
	}
	absent(t, db)
}

func swallowedFailureIsNotKept(t *testing.T, db Database) {
	ctx := t.Context()
	require.ErrorIs(t, db.Store.Update(ctx, func(tx storage.Tx) error {
		require.NoError(t, tx.PutAccount(ctx, account.Account{ID: "1", Login: "a"}))
		_ = tx.PutAccount(ctx, account.Account{ID: "2", Login: "a"}) // it may say so at once, or the unit later
		return nil
	}), storage.ErrExists)
	absent(t, db)
}

func failedPartLeavesTheRest(t *testing.T, db Database) {
	ctx := t.Context()
	boom := errors.New("boom")
	require.NoError(t, db.Store.Update(ctx, func(tx storage.Tx) error {
		require.NoError(t, tx.PutAccount(ctx, account.Account{ID: "2", Login: "b"}))
		part := tx.(storage.Nester)
		require.ErrorIs(t, part.Nest(ctx, func(tx storage.Tx) error {
			require.NoError(t, tx.PutAccount(ctx, account.Account{ID: "1", Login: "a"}))
			return boom
		}), boom)
		require.ErrorIs(t, part.Nest(ctx, func(tx storage.Tx) error {
			return tx.PutAccount(ctx, account.Account{ID: "1", Login: "b"})
		}), storage.ErrExists)
		require.Panics(t, func() {
			_ = part.Nest(ctx, func(tx storage.Tx) error {
				require.NoError(t, tx.PutAccount(ctx, account.Account{ID: "1", Login: "a"}))
				panic("out of the part")
			})
		})
		return part.Nest(ctx, func(tx storage.Tx) error {
			require.ErrorIs(t, tx.(storage.Nester).Nest(ctx, func(tx storage.Tx) error {
				require.NoError(t, tx.PutAccount(ctx, account.Account{ID: "1", Login: "a"}))
				return boom
			}), boom)
			return tx.PutAccount(ctx, account.Account{ID: "3", Login: "c"})
		})
	}))
	absent(t, db)
	require.NoError(t, db.Store.View(ctx, func(tx storage.Tx) error {
		all, err := tx.Accounts(ctx, account.Query{Limit: 10})
		require.Len(t, all, 2)
		return err
	}))
}

func cancelledPartLeavesTheRest(t *testing.T, db Database) {
	ctx := t.Context()
	require.NoError(t, db.Store.Update(ctx, func(tx storage.Tx) error {
		short, cancel := context.WithCancel(ctx)
		require.ErrorIs(t, tx.(storage.Nester).Nest(short, func(tx storage.Tx) error {
			require.NoError(t, tx.PutAccount(short, account.Account{ID: "1", Login: "a"}))
			cancel()
			return nil
		}), context.Canceled)
		return tx.PutAccount(ctx, account.Account{ID: "2", Login: "b"})
	}))
	absent(t, db)
}

func indexHoldsOnePrincipal(t *testing.T, db Database) {
	ctx := t.Context()
	insert := func(id, account, role, status string) error {
		return db.Exec(ctx, fmt.Sprintf(`INSERT INTO habilis_memberships (id, account_id, structure_id, status, role,
			granted_whole, granted_services, asked_whole, asked_services, comment_text, comment_salt, reason_text, reason_salt, via,
			requested_at, decided_by, version, undecided)
			VALUES ('%s', '%s', 's', '%s', '%s', TRUE, '[]', FALSE, '[]', '', '', '', '', '', 0, '', 1, FALSE)`, id, account, status, role))
	}
	principal, member := string(structure.RolePrincipalManager), string(structure.RoleMember)
	approved, pending := string(structure.StatusApproved), string(structure.StatusPending)
	require.NoError(t, insert("1", "a", principal, approved))
	require.NoError(t, insert("2", "b", principal, pending))
	require.NoError(t, insert("3", "c", member, approved))
	require.Error(t, insert("4", "d", principal, approved), "a second principal manager")
	require.Error(t, insert("5", "a", member, pending), "a second membership of the account")
}

func longListsOfValues(t *testing.T, db Database) {
	ctx := t.Context()
	ids := make([]structure.ID, 1001)
	for i := range ids {
		ids[i] = structure.ID(fmt.Sprintf("%04d", i))
	}
	require.NoError(t, db.Store.Update(ctx, func(tx storage.Tx) error {
		for _, s := range []structure.ID{"0000", "0500", "1000", "1001"} {
			m := structure.Membership{ID: structure.MembershipID(s), Account: "a", Structure: s}
			if err := tx.PutMembership(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, db.Store.View(ctx, func(tx storage.Tx) error {
		for size, want := range map[int]int{0: 0, 1: 1, 2: 1, 3: 1, 1000: 2, 1001: 3} {
			found, err := tx.Memberships(ctx, structure.MembershipQuery{Structures: ids[:size]})
			require.NoError(t, err)
			require.Len(t, found, want, "%d structures", size)
		}
		return nil
	}))
}

func wildcardsAreText(t *testing.T, db Database) {
	ctx := t.Context()
	names := []string{"a%c", "a_c", `a\c`, "a[b]c", "a?c", "abc", "a*c"}
	require.NoError(t, db.Store.Update(ctx, func(tx storage.Tx) error {
		for _, name := range names {
			s := structure.Structure{ID: structure.ID(name), Identifier: structure.SIRET(name), LegalName: name}
			if err := tx.PutStructure(ctx, s); err != nil {
				return err
			}
		}
		return nil
	}))
	require.NoError(t, db.Store.View(ctx, func(tx storage.Tx) error {
		for _, p := range []structure.Pattern{"a%c", "a_c", `a\c`, "a[b]c", "a?c", "a*c", "a*", "*", "A*", "*]*"} {
			var want []string
			for _, name := range names {
				if p.Match(structure.Fold(name)) {
					want = append(want, name)
				}
			}
			found, err := tx.Structures(ctx, structure.Query{Name: p})
			require.NoError(t, err)
			var got []string
			for _, s := range found {
				got = append(got, s.LegalName)
			}
			require.ElementsMatch(t, want, got, "pattern %s", p)
		}
		return nil
	}))
}
