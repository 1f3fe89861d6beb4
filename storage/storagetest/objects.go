package storagetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/habilis-go/habilis/storage"
)

// objectCases are the obligations that every kind of object shares.
func objectCases[V any](k kind[V]) []testCase {
	cases := []testCase{
		{"NotFound", k.notFound},
		{"RoundTrip", k.roundTrip},
		{"Versions", k.versions},
		{"InsertOverExisting", k.insertOver},
		{"Times", k.timesKept},
	}
	if k.texts(new(V)) != nil {
		cases = append(cases, testCase{"Text", k.textKept})
	}
	if k.scrawl != nil {
		cases = append(cases, testCase{"Aliasing", k.aliasing})
	}
	return cases
}

func (k kind[V]) notFound(b *bench) {
	puts(b, k, k.make(1))
	_, err := ask(b, func(tx storage.Tx) (V, error) { return k.get(b.ctx, tx, k.make(2)) })
	b.wantErr("reading an object that is not there answers ErrNotFound", err, storage.ErrNotFound)
	b.update(func(tx storage.Tx) error {
		_, err := k.get(b.ctx, tx, k.make(2))
		b.wantErr("reading an object that is not there answers ErrNotFound, in Update too", err, storage.ErrNotFound)
		if err := k.insert(b.ctx, tx, k.make(2)); err != nil {
			return fmt.Errorf("after ErrNotFound the unit may go on: %w", err)
		}
		return nil
	})
	load(b, k, k.make(2))
}

func (k kind[V]) roundTrip(b *bench) {
	for n, v := range []V{k.make(1), k.bare(2)} {
		puts(b, k, v)
		want := v
		*k.version(&want) = 1
		b.equal("an inserted object comes back as it was, with version 1", load(b, k, v), want)

		stored := load(b, k, v)
		replaced := k.bare(n + 1)
		if n == 1 {
			replaced = k.make(n + 1)
		}
		*k.version(&replaced) = *k.version(&stored)
		b.update(func(tx storage.Tx) error { return k.put(b.ctx, tx, replaced) })
		want = replaced
		*k.version(&want) = 2
		b.equal("a replaced object keeps nothing of what it was, and has a version one higher", load(b, k, v), want)
	}
}

func (k kind[V]) versions(b *bench) {
	puts(b, k, k.make(1), k.make(2))
	first := load(b, k, k.make(1))
	second := first
	k.change(&second, 2)
	b.update(func(tx storage.Tx) error { return k.put(b.ctx, tx, second) })

	stale := first
	k.change(&stale, 3)
	b.wantErr("replacing an object that changed since it was read answers ErrConflict",
		b.try(func(tx storage.Tx) error { return k.put(b.ctx, tx, stale) }), storage.ErrConflict)

	future := stale
	*k.version(&future) = 7
	b.wantErr("replacing an object by one of a higher version answers ErrConflict",
		b.try(func(tx storage.Tx) error { return k.put(b.ctx, tx, future) }), storage.ErrConflict)

	missing := k.make(3)
	*k.version(&missing) = 1
	b.wantErr("replacing an object that is not there answers ErrConflict",
		b.try(func(tx storage.Tx) error { return k.put(b.ctx, tx, missing) }), storage.ErrConflict)

	want := second
	*k.version(&want) = 2
	b.equal("a refused Put changes nothing", load(b, k, first), want)
	untouched := k.make(2)
	*k.version(&untouched) = 1
	b.equal("a Put changes no other object", load(b, k, untouched), untouched)

	b.update(func(tx storage.Tx) error {
		v, err := k.get(b.ctx, tx, first)
		for n := 4; n < 7 && err == nil; n++ {
			k.change(&v, n)
			if err = k.put(b.ctx, tx, v); err == nil {
				v, err = k.get(b.ctx, tx, v)
			}
		}
		want = v
		return err
	})
	b.equal("a unit may put one object several times, each time with the version it reads", load(b, k, first), want)
	if got := *k.version(&want); got != 5 {
		b.Errorf("each Put raises the version by one: got %d after the fifth, want 5", got)
	}
}

func (k kind[V]) insertOver(b *bench) {
	puts(b, k, k.make(1))
	again := k.make(1)
	k.change(&again, 9)
	if k.enqueued {
		b.wantErr("PutMessage never inserts: version 0 answers ErrConflict",
			b.try(func(tx storage.Tx) error { return k.put(b.ctx, tx, again) }), storage.ErrConflict)
		b.wantErr("PutMessage never inserts: a message that is not there answers ErrConflict",
			b.try(func(tx storage.Tx) error { return k.put(b.ctx, tx, k.make(2)) }), storage.ErrConflict)
	} else {
		b.wantErr("inserting over an existing key answers ErrConflict, not ErrExists",
			b.try(func(tx storage.Tx) error { return k.insert(b.ctx, tx, again) }), storage.ErrConflict)
		b.wantErr("inserting twice in one unit answers ErrConflict",
			b.try(func(tx storage.Tx) error {
				if err := k.insert(b.ctx, tx, k.make(2)); err != nil {
					return err
				}
				return k.insert(b.ctx, tx, k.make(2))
			}), storage.ErrConflict)
	}
	want := k.make(1)
	*k.version(&want) = 1
	b.equal("a refused insertion changes nothing", load(b, k, want), want)
}

// awkward are texts that stores are known to bend.
func awkward() []string {
	return []string{
		"", " ", "a", "A", "a ", " a", "\ta\n", "é", "e\u0301", "É", "ß", "ss", "ı", "İ", "ﬁ",
		"👩🏽‍🚀", "日本語", `O'Brien "quoted"; --`, `100%_\*[a]`, `\`, `\n`, "\u2028", "\u00ad", "null", "NULL", "{}", "1e3", "007",
		strings.Repeat("x", 1000) + "é",
	}
}

func (k kind[V]) textKept(b *bench) {
	for n, text := range awkward() {
		v := k.make(n)
		for _, field := range k.texts(&v) {
			*field = text
		}
		puts(b, k, v)
		*k.version(&v) = 1
		b.equal(fmt.Sprintf("strings come back byte by byte (%.20q)", text), load(b, k, v), v)
	}
}

func (k kind[V]) timesKept(b *bench) {
	paris := time.FixedZone("UTC+2", 2*60*60)
	for n, at := range []time.Time{
		{},
		time.Date(1969, time.December, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(1582, time.October, 15, 0, 0, 0, 1000, time.UTC),
		time.Unix(0, 0).UTC(),
		time.Date(2026, time.March, 29, 2, 30, 0, 1000, paris),
		time.Date(9999, time.December, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		v := k.make(n)
		for _, field := range k.times(&v) {
			*field = at
		}
		puts(b, k, v)
		*k.version(&v) = 1
		b.equal("times come back in UTC, at a precision of a microsecond, and zero times zero", load(b, k, v), v)
	}

	fine := k.make(20)
	for _, field := range k.times(&fine) {
		*field = base().Add(789)
	}
	puts(b, k, fine)
	got := load(b, k, fine)
	for i, field := range k.times(&got) {
		off := field.Sub(*k.times(&fine)[i]).Abs()
		if off >= time.Microsecond || field.Nanosecond()%1000 != 0 || field.Location() != time.UTC {
			b.Errorf("times come back at a precision of a microsecond: time field %d: gave %v, got %v", i, *k.times(&fine)[i], *field)
		}
	}
}

func (k kind[V]) aliasing(b *bench) {
	given := k.make(1)
	want := k.make(1)
	*k.version(&want) = 1
	b.update(func(tx storage.Tx) error {
		given = k.make(1)
		if err := k.insert(b.ctx, tx, given); err != nil {
			return err
		}
		k.scrawl(&given)
		got, err := k.get(b.ctx, tx, given)
		if err != nil {
			return err
		}
		b.equal("changing a slice that was given changes nothing, within the unit", got, want)
		k.scrawl(&got)
		got, err = k.get(b.ctx, tx, given)
		b.equal("changing a slice that was returned changes nothing, within the unit", got, want)
		return err
	})
	k.scrawl(&given)
	got := load(b, k, want)
	b.equal("changing a slice that was given changes nothing in the store", got, want)
	k.scrawl(&got)
	b.equal("changing a slice that was returned changes nothing in the store", load(b, k, want), want)

	all := func() []V { return list(b, func(tx storage.Tx) ([]V, error) { return k.list(b.ctx, tx, want) }) }
	for _, v := range all() {
		k.scrawl(&v)
	}
	b.equal("changing a slice in a list that was returned changes nothing in the store", all(), []V{want})
}
