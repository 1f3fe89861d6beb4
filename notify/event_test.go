package notify_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
)

// chain records n events of one structure through the journal.
func chain(t *testing.T, n int) []notify.Event {
	t.Helper()
	b := setup(t)
	structure := ids.StructureID("01900000-0000-7000-8000-000000000001")
	for i := range n {
		require.NoError(t, b.store.Update(t.Context(), func(tx notify.Tx) error {
			return b.journal.Record(t.Context(), tx, notify.Fact{
				At: b.clock.now(), Actor: notify.Actor{Kind: notify.ActorPerson, ID: "01900000-0000-7000-8000-000000000002"},
				Kind: "membership.approved", Object: notify.Object{Type: "membership", ID: "m"},
				Account: "01900000-0000-7000-8000-000000000003", Structure: structure, State: map[string]int{"step": i},
			})
		}))
		b.clock.move(time.Minute)
	}
	var events []notify.Event
	require.NoError(t, b.store.View(t.Context(), func(tx notify.Tx) (err error) {
		events, err = tx.Events(t.Context(), notify.EventQuery{Chain: notify.StructureChain(structure)})
		return err
	}))
	require.Len(t, events, n)
	return events
}

// verify returns the first broken link, as a walk over the chain finds it.
func verify(events []notify.Event) (int, error) {
	var previous notify.Event
	for i, e := range events {
		if err := e.Verify(previous); err != nil {
			return i, err
		}
		previous = e
	}
	return -1, nil
}

func TestChainProvesItself(t *testing.T) {
	t.Parallel()
	_, err := verify(chain(t, 6))
	require.NoError(t, err)
}

func TestTamperingIsFound_LG05(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tamper func([]notify.Event) []notify.Event
		at     int
		says   string
	}{
		"Edited": {func(e []notify.Event) []notify.Event {
			e[2].State = []byte(`{"step":9}`)
			return e
		}, 2, "was changed"},
		"EditedAndSealedAgain": {func(e []notify.Event) []notify.Event {
			e[2].State = []byte(`{"step":9}`)
			e[2].Hash = e[2].Seal()
			return e
		}, 3, "predecessor"},
		"Removed": {func(e []notify.Event) []notify.Event { return slices.Delete(e, 2, 3) }, 2, "stands where 3 is due"},
		"RemovedAndRenumbered": {func(e []notify.Event) []notify.Event {
			e = slices.Delete(e, 2, 3)
			e[2].Sequence = 3
			return e
		}, 2, "predecessor"},
		"FirstRemoved": {func(e []notify.Event) []notify.Event { return e[1:] }, 0, "stands where 1 is due"},
		"Reordered": {func(e []notify.Event) []notify.Event {
			e[2], e[3] = e[3], e[2]
			return e
		}, 2, "stands where 3 is due"},
		"ReorderedAndRenumbered": {func(e []notify.Event) []notify.Event {
			e[2], e[3] = e[3], e[2]
			e[2].Sequence, e[3].Sequence = 3, 4
			return e
		}, 2, "predecessor"},
		"Inserted": {func(e []notify.Event) []notify.Event {
			return slices.Insert(e, 3, e[2])
		}, 3, "stands where 4 is due"},
		"OfAnotherChain": {func(e []notify.Event) []notify.Event {
			e[2].Chain = "structure/other"
			e[2].Hash = e[2].Seal()
			return e
		}, 2, "another chain"},
		"AntedatedAndSealedAgain": {func(e []notify.Event) []notify.Event {
			e[5].At = e[4].At.Add(-time.Microsecond)
			e[5].Hash = e[5].Seal()
			return e
		}, 5, "older"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, err := verify(c.tamper(chain(t, 6)))
			require.ErrorIs(t, err, notify.ErrBrokenChain)
			require.ErrorContains(t, err, c.says)
			require.Equal(t, c.at, at, "the first bad row is named")
		})
	}
}

func TestSealCoversEveryField(t *testing.T) {
	t.Parallel()
	base := chain(t, 2)[1]
	changes := map[string]func(*notify.Event){
		"ID":              func(e *notify.Event) { e.ID += "x" },
		"Chain":           func(e *notify.Event) { e.Chain += "x" },
		"Sequence":        func(e *notify.Event) { e.Sequence++ },
		"At":              func(e *notify.Event) { e.At = e.At.Add(time.Microsecond) },
		"Actor.Kind":      func(e *notify.Event) { e.Actor.Kind = notify.ActorSystem },
		"Actor.ID":        func(e *notify.Event) { e.Actor.ID = "" },
		"Actor.Reference": func(e *notify.Event) { e.Actor.Reference = "x" },
		"Kind":            func(e *notify.Event) { e.Kind += "x" },
		"Object.Type":     func(e *notify.Event) { e.Object.Type += "x" },
		"Object.ID":       func(e *notify.Event) { e.Object.ID += "x" },
		"Account":         func(e *notify.Event) { e.Account = "" },
		"Structure":       func(e *notify.Event) { e.Structure = "" },
		"State":           func(e *notify.Event) { e.State = append(slices.Clone(e.State), ' ') },
		"Previous":        func(e *notify.Event) { e.Previous = "" },
		"moved between":   func(e *notify.Event) { e.Object.Type, e.Object.ID = "members", "hipm" },
	}
	seen := map[string]string{base.Seal(): "nothing"}
	for name, change := range changes {
		e := base
		change(&e)
		require.NotContains(t, seen, e.Seal(), "%s changes the seal", name)
		seen[e.Seal()] = name
	}
	base.Hash = "anything"
	require.Contains(t, seen, base.Seal(), "the hash itself is not sealed")
}

func TestClockGoingBackKeepsTheOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for range 3 {
		require.NoError(t, b.store.Update(t.Context(), func(tx notify.Tx) error {
			return b.journal.Record(t.Context(), tx, notify.Fact{At: b.clock.now(), Account: "a", Kind: "k"})
		}))
		b.clock.move(-time.Hour)
	}
	var events []notify.Event
	require.NoError(t, b.store.View(t.Context(), func(tx notify.Tx) (err error) {
		events, err = tx.Events(t.Context(), notify.EventQuery{Chain: notify.AccountChain("a")})
		return err
	}))
	_, err := verify(events)
	require.NoError(t, err)
	require.Equal(t, start, events[2].At)

	var state struct{}
	events[0].State = []byte("{")
	require.Error(t, events[0].Decode(&state))
	require.NotErrorIs(t, events[0].Decode(&state), fault.ErrNotFound)
}

func TestSameKeyMailsOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.owe("julie", time.Time{})
	b.owe("julie", time.Time{})
	require.Equal(t, notify.Stats{Sent: 1}, b.drain(b.dispatcher(b.inbox)))
	b.owe("julie", time.Time{})
	require.Zero(t, b.drain(b.dispatcher(b.inbox)), "even once it is sent")
}
