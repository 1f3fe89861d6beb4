package memory_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/storage"
	"github.com/habilis-go/habilis/storage/memory"
	"github.com/habilis-go/habilis/storage/storagetest"
	"github.com/habilis-go/habilis/structure"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, storagetest.Harness{New: func(*testing.T) storage.Store { return memory.New() }})
}

func TestCheck(t *testing.T) {
	t.Parallel()
	require.NoError(t, storage.Check(t.Context(), memory.New()))
}

func TestEphemeral(t *testing.T) {
	t.Parallel()
	assert.True(t, memory.New().Ephemeral())
}

func person(id, login string) account.Account {
	return account.Account{ID: account.ID(id), Login: login}
}

func TestAForkGoesItsOwnWay(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), memory.New()
	put := func(s *memory.Store, id, login string) {
		require.NoError(t, s.Update(ctx, func(tx storage.Tx) error { return tx.PutAccount(ctx, person(id, login)) }))
	}
	there := func(s *memory.Store) (ids []account.ID) {
		require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
			found, err := tx.Accounts(ctx, account.Query{})
			for _, a := range found {
				ids = append(ids, a.ID)
			}
			return err
		}))
		return ids
	}
	put(s, "1", "a")
	fork := s.Fork()
	put(s, "2", "b")
	put(fork, "3", "c")
	assert.Equal(t, []account.ID{"1", "2"}, there(s))
	assert.Equal(t, []account.ID{"1", "3"}, there(fork))
	assert.Equal(t, []account.ID{"1", "3"}, there(fork.Fork()))
}

func TestReadersAreNotBlockedByAWriter(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), memory.New()
	require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
		require.NoError(t, tx.PutAccount(ctx, person("1", "a")))
		return s.View(ctx, func(beside storage.Tx) error { // against the rules, and the shortest proof
			_, err := beside.Account(ctx, "1")
			require.ErrorIs(t, err, storage.ErrNotFound)
			return nil
		})
	}))
}

func TestAWriterIsNotBlockedByReaders(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), memory.New()
	require.NoError(t, s.View(ctx, func(before storage.Tx) error {
		require.NoError(t, s.Update(ctx, func(tx storage.Tx) error { return tx.PutAccount(ctx, person("1", "a")) }))
		_, err := before.Account(ctx, "1")
		require.ErrorIs(t, err, storage.ErrNotFound)
		return nil
	}))
}

func TestWaitingForAnotherWriterEndsWithTheContext(t *testing.T) {
	t.Parallel()
	s := memory.New()
	require.NoError(t, s.Update(t.Context(), func(storage.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		err := s.Update(ctx, func(storage.Tx) error { return nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		return nil
	}))
}

func TestAGoroutineThatExitsInAUnitLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), memory.New()
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = s.Update(ctx, func(tx storage.Tx) error {
			_ = tx.PutAccount(ctx, person("1", "a"))
			runtime.Goexit() // the way t.FailNow does
			return nil
		})
	})
	wg.Wait()
	require.NoError(t, s.Update(ctx, func(tx storage.Tx) error { return tx.PutAccount(ctx, person("1", "a")) }))
}

func TestALostUnitStaysLost(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), memory.New()
	err := s.Update(ctx, func(tx storage.Tx) error {
		require.NoError(t, tx.PutAccount(ctx, person("1", "a")))
		require.ErrorIs(t, tx.PutAccount(ctx, person("2", "a")), storage.ErrExists)
		_, err := tx.Account(ctx, "1")
		require.ErrorIs(t, err, storage.ErrExists, "a call after the error answers the error again")
		return nil
	})
	require.ErrorIs(t, err, storage.ErrExists)
	require.ErrorContains(t, err, "went on after an error")
}

func TestOnlyTheNestedPartMayBeUsed(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), memory.New()
	require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
		require.NoError(t, tx.(storage.Nester).Nest(ctx, func(part storage.Tx) error {
			require.ErrorContains(t, tx.PutAccount(ctx, person("1", "a")), "nested part")
			return part.PutAccount(ctx, person("2", "b"))
		}))
		_, err := tx.Account(ctx, "2")
		return err
	}))
}

// TestManyReadersOfManyStates races readers of every age with a writer: the trees
// share their nodes, which -race watches here.
func TestManyReadersOfManyStates(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), memory.New()
	const rounds = 24
	var wg sync.WaitGroup
	for round := range rounds {
		require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
			for i := range 25 {
				n := round*25 + i
				if err := tx.PutAccount(ctx, person(fmt.Sprintf("%06d", n*7919%1000), fmt.Sprint("login", n))); err != nil {
					return err
				}
			}
			return nil
		}))
		wg.Go(func() {
			assert.NoError(t, s.View(ctx, func(tx storage.Tx) error {
				first, err := tx.Accounts(ctx, account.Query{Limit: 1000})
				if err != nil {
					return err
				}
				for range 4 {
					again, err := tx.Accounts(ctx, account.Query{Limit: 1000})
					if err != nil {
						return err
					}
					assert.Len(t, again, len(first))
				}
				assert.Zero(t, len(first)%25, "whole units only")
				return nil
			}))
		})
		if round%4 == 0 {
			err := s.Update(ctx, func(tx storage.Tx) error {
				assert.NoError(t, tx.PutAccount(ctx, person("x", "x")))
				return context.Canceled
			})
			require.ErrorIs(t, err, context.Canceled)
		}
	}
	wg.Wait()
}

// TestSearchAgreesWithMatch compares the search over text folded once with
// structure.Query.Match, which folds each time.
func TestSearchAgreesWithMatch(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[aAéÉbB%_ \\ßs]{0,4}`)
	pattern := rapid.Custom(func(t *rapid.T) structure.Pattern {
		return structure.NewPattern(rapid.StringMatching(`[aéBb%_*\\s]{0,4}`).Draw(t, "pattern"))
	})
	rapid.Check(t, func(t *rapid.T) {
		ctx, s := context.Background(), memory.New()
		var all []structure.Structure
		for n := range rapid.IntRange(1, 6).Draw(t, "structures") {
			all = append(all, structure.Structure{
				ID: structure.ID(fmt.Sprint(n)), Identifier: structure.Identifier{Scheme: "X", Value: fmt.Sprint(n, text.Draw(t, "identifier"))},
				LegalName: text.Draw(t, "name"), Label: text.Draw(t, "label"),
				Postcode: text.Draw(t, "postcode"), Town: text.Draw(t, "town"),
			})
		}
		q := structure.Query{Any: pattern.Draw(t, "any"), Name: pattern.Draw(t, "name")}
		if rapid.Bool().Draw(t, "more") {
			q.Identifier, q.Postcode, q.Town = pattern.Draw(t, "identifier"), pattern.Draw(t, "postcode"), pattern.Draw(t, "town")
		}
		var want []string
		require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
			for _, st := range all {
				if q.Match(st) {
					want = append(want, string(st.ID))
				}
				if err := tx.PutStructure(ctx, st); err != nil {
					return err
				}
			}
			return nil
		}))
		require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
			found, err := tx.Structures(ctx, q)
			var got []string
			for _, st := range found {
				got = append(got, string(st.ID))
			}
			assert.ElementsMatch(t, want, got)
			return err
		}))
	})
}

// TestStringsWithZeroBytes: the contract rules them out, and yet no row may be
// taken for another's because of one.
func TestStringsWithZeroBytes(t *testing.T) {
	t.Parallel()
	ctx, s := t.Context(), memory.New()
	pairs := [][2]string{{"a\x00", "b"}, {"a", "\x00b"}, {"a", "b"}, {"a\x00\x01b", ""}, {"", "a\x00\x01b"}, {"a\x00\x02", "b"}, {"a\x00b", ""}}
	for n, p := range pairs {
		require.NoError(t, s.Update(ctx, func(tx storage.Tx) error {
			return tx.PutMembership(ctx, structure.Membership{
				ID: structure.MembershipID(fmt.Sprint(n)), Account: account.ID(p[0]), Structure: structure.ID(p[1]),
			})
		}), "%q", p)
	}
	require.NoError(t, s.View(ctx, func(tx storage.Tx) error {
		for n, p := range pairs {
			m, err := tx.Standing(ctx, account.ID(p[0]), structure.ID(p[1]))
			require.NoError(t, err, strings.Join(p[:], "|"))
			assert.Equal(t, fmt.Sprint(n), string(m.Membership.ID))
		}
		return nil
	}))
}
