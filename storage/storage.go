// Package storage is the contract that a host's database fulfils.
//
// Terms. A unit of work is one call of [Store.View] or [Store.Update]: a function
// that reads and writes through a [Tx] and either takes effect as a whole or not
// at all. An object is anything with a Version that a Put method stores.
//
// A host that uses memory, sqlite or postgres of this module never implements
// anything of this. A host that does implement [Store] runs
// storagetest.Run against it, which tests every sentence below.
package storage

import (
	"context"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/haste"
	"github.com/habilis-go/habilis/mfa"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// What a Tx method answers, wrapped or as it is; compare with errors.Is.
var (
	// ErrNotFound: no such object. The unit may go on.
	ErrNotFound = fault.ErrNotFound

	// ErrExists: another object holds what must be unique. The unit is lost.
	ErrExists = fault.ErrExists

	// ErrConflict: the object changed since it was read, or the database asks for
	// the unit to be run again (SQLSTATE 40001 and 40P01, SQLITE_BUSY). The unit is
	// lost; the library runs it again.
	ErrConflict = fault.ErrConflict
)

// Store runs units of work. Implementations MUST be safe for concurrent use.
//
//   - Update MUST commit if fn returns nil and ctx is alive, and MUST leave nothing
//     behind otherwise, if fn panics too; a panic goes on to the caller. It returns
//     fn's error so that errors.Is finds it.
//   - View runs fn on one consistent state and MUST refuse every write.
//   - Units MUST NOT see what others have not committed. How far concurrent units
//     are kept apart beyond that is up to the host, from READ COMMITTED upwards:
//     every rule of the library that spans several objects puts its aggregate root
//     in the same unit, so two such units collide on one version.
//   - fn may be run more than once, and touches nothing but its Tx and local
//     variables. It never calls the Store again.
//   - A Tx is used by one goroutine and MUST fail every call once its unit ended.
//   - Adapters map errors and do not retry; the library does, a bounded number of
//     times, with jitter.
type Store interface {
	View(ctx context.Context, fn func(Tx) error) error
	Update(ctx context.Context, fn func(Tx) error) error
}

// Unhurried reports whether a unit that [Store.Update] runs with ctx may commit without
// waiting for the disk. It is what the library asks where losing the unit to a power cut
// costs a repetition and nothing else: today for what the outbox notes of mails that are
// being sent, of which some would be sent a second time.
//
// An adapter MAY heed it, and is right too if it never asks. Whether it does or not, such a
// unit is like any other but for that: others see it from its commit on, it outlives the
// process, it is never there without what was committed before it, and nothing of what
// other units wrote is in danger.
func Unhurried(ctx context.Context) bool { return haste.IsNone(ctx) }

// Tx is the handle of one unit of work: the union of what the domain packages
// declare. Each method's own comment says what it does; all of them share this:
//
//   - A Put method inserts an object whose Version is 0 and otherwise replaces it
//     only if the stored version is equal; the stored version is one higher
//     afterwards. In any other case, inserting over an existing key included, it
//     MUST return [ErrConflict]. What must be unique besides the key and is not
//     gives [ErrExists].
//   - A read sees the unit's own writes.
//   - Values belong to the caller: changing one that was given or returned, slices
//     included, MUST NOT change the store.
//   - Times come back in UTC, at a precision of a microsecond; the zero time comes
//     back zero. Strings come back and compare byte by byte; they are valid UTF-8
//     without NUL. An empty slice may come back nil.
//   - What a write breaks MAY be reported by a later call of the same unit, at the
//     latest by Update itself, so that an adapter may send writes together.
//   - After any error but [ErrNotFound], fn MUST return it: the unit is lost.
//
// Adding a method is a breaking change for hosts and is announced as one; the
// whole stays below 60 methods.
type Tx interface {
	account.Tx
	mfa.Tx
	structure.Tx
	notify.Tx
}

// Nester is an optional ability of a [Tx]: to run a part of a unit that can fail
// alone. Nest MUST undo what fn wrote if fn returns an error or panics, and leave
// the unit usable. The Tx that fn gets is the only one used meanwhile.
type Nester interface {
	Nest(ctx context.Context, fn func(Tx) error) error
}
