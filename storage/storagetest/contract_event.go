package storagetest

import (
	"bytes"
	"fmt"

	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/storage"
)

// newEvent returns event number n at a position of the chain of structure s.
func newEvent(n, s int, sequence int64) notify.Event {
	e := notify.Event{
		ID: eventID(n), Chain: notify.StructureChain(structureID(s)), Sequence: sequence, At: minute(n),
		Actor: notify.Actor{Kind: notify.ActorSupport, ID: accountID(7), Reference: "agent 12"},
		Kind:  "membership.approved", Object: notify.Object{Type: "membership", ID: uuid(n)},
		Account: accountID(n % 3), Structure: structureID(s), State: []byte(`{"b":1, "a" : "é"}`), Previous: digest("previous"),
	}
	e.Hash = e.Seal()
	return e
}

func appends(b *bench, events ...notify.Event) {
	b.Helper()
	b.update(func(tx storage.Tx) error {
		for _, e := range events {
			if err := tx.AppendEvent(b.ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func eventsOf(b *bench, q notify.EventQuery) []notify.Event {
	b.Helper()
	return list(b, func(tx storage.Tx) ([]notify.Event, error) { return tx.Events(b.ctx, q) })
}

func eventIDOf(e notify.Event) notify.EventID { return e.ID }

func eventIDs(ns ...int) []notify.EventID {
	var ids []notify.EventID
	for _, n := range ns {
		ids = append(ids, eventID(n))
	}
	return ids
}

func eventCases() []testCase {
	return []testCase{
		{"RoundTrip", eventRoundTrip},
		{"SequenceTaken", sequenceTaken},
		{"Last", lastEvent},
		{"Aliasing", eventAliasing},
		{"LargeState", largeState},
	}
}

func eventRoundTrip(b *bench) {
	full := newEvent(1, 1, 1)
	bare := notify.Event{ID: eventID(2), Chain: notify.AccountChain(accountID(1)), Sequence: 1, Kind: "account.registered"}
	odd := newEvent(3, 2, 1)
	odd.State = []byte("{ \"z\":1,\n\"a\":1.0, \"a\":\"\\u00e9\", \"n\":12345678901234567890 }")
	odd.Actor.Reference, odd.Object.ID = `O'Brien; 100%_\ 👩🏽‍🚀 `, "Ab é"
	odd.Hash = odd.Seal()
	appends(b, full, bare, odd)
	for _, want := range []notify.Event{full, bare, odd} {
		got := list(b, func(tx storage.Tx) (notify.Event, error) { return tx.LastEvent(b.ctx, want.Chain) })
		b.equal("an event comes back as it was, its state byte by byte", got, want)
		if got.Seal() != want.Seal() {
			b.Errorf("an event that was stored and read proves itself: got seal %s, want %s", got.Seal(), want.Seal())
		}
	}
}

func sequenceTaken(b *bench) {
	appends(b, newEvent(1, 1, 1))
	appends(b, newEvent(2, 2, 1)) // each chain counts on its own
	b.wantErr("AppendEvent refuses a sequence number that the chain holds with ErrConflict, not ErrExists",
		b.try(func(tx storage.Tx) error { return tx.AppendEvent(b.ctx, newEvent(3, 1, 1)) }), storage.ErrConflict)
	b.wantErr("AppendEvent refuses a sequence number that the unit itself has used",
		b.try(func(tx storage.Tx) error {
			if err := tx.AppendEvent(b.ctx, newEvent(4, 1, 2)); err != nil {
				return err
			}
			return tx.AppendEvent(b.ctx, newEvent(5, 1, 2))
		}), storage.ErrConflict)
	b.equal("a refused event is not stored, nor is its unit", keys(eventsOf(b, notify.EventQuery{}), eventIDOf), eventIDs(1, 2))
}

func lastEvent(b *bench) {
	last := func(s int) (notify.Event, error) {
		return ask(b, func(tx storage.Tx) (notify.Event, error) {
			return tx.LastEvent(b.ctx, notify.StructureChain(structureID(s)))
		})
	}
	_, err := last(1)
	b.wantErr("LastEvent of an empty chain answers ErrNotFound", err, storage.ErrNotFound)
	b.update(func(tx storage.Tx) error {
		for n := 1; n <= 11; n++ {
			if err := tx.AppendEvent(b.ctx, newEvent(100-n, 1, int64(n))); err != nil {
				return err
			}
			got, err := tx.LastEvent(b.ctx, notify.StructureChain(structureID(1)))
			if err != nil || got.Sequence != int64(n) {
				return fmt.Errorf("LastEvent sees the unit's own events: got %d, %w; want %d", got.Sequence, err, n)
			}
		}
		return nil
	})
	appends(b, newEvent(50, 2, 99))
	got, err := last(1)
	b.wantErr("LastEvent of a chain", err, nil)
	b.equal("LastEvent returns the event with the highest number of its own chain", got.Sequence, int64(11))
	_, err = ask(b, func(tx storage.Tx) (notify.Event, error) { return tx.LastEvent(b.ctx, "structure/") })
	b.wantErr("the beginning of a chain's name names no chain", err, storage.ErrNotFound)
}

func eventAliasing(b *bench) {
	given, want := newEvent(1, 1, 1), newEvent(1, 1, 1)
	b.update(func(tx storage.Tx) error {
		given = newEvent(1, 1, 1)
		err := tx.AppendEvent(b.ctx, given)
		blot(given.State, 'x')
		return err
	})
	read := map[string]func(storage.Tx) ([]notify.Event, error){
		"LastEvent": func(tx storage.Tx) ([]notify.Event, error) {
			e, err := tx.LastEvent(b.ctx, want.Chain)
			return []notify.Event{e}, err
		},
		"Events": func(tx storage.Tx) ([]notify.Event, error) { return tx.Events(b.ctx, notify.EventQuery{}) },
		"Events, newest first": func(tx storage.Tx) ([]notify.Event, error) {
			return tx.Events(b.ctx, notify.EventQuery{Newest: true})
		},
	}
	for name, get := range read {
		for range 2 {
			got := list(b, get)
			b.equal("changing a state that was given or returned changes nothing in the store: "+name, got, []notify.Event{want})
			for _, e := range got {
				blot(e.State, 'x')
			}
		}
	}
}

func largeState(b *bench) {
	e := newEvent(1, 1, 1)
	e.State = append(append([]byte(`"`), bytes.Repeat([]byte("é"), 1<<19)...), '"')
	appends(b, e)
	got := list(b, func(tx storage.Tx) (notify.Event, error) { return tx.LastEvent(b.ctx, e.Chain) })
	if !bytes.Equal(got.State, e.State) {
		b.Errorf("a state of %d bytes comes back as it was: got %d bytes", len(e.State), len(got.State))
	}
}
