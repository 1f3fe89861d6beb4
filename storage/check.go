package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/habilis-go/habilis/account"
	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/notify"
	"github.com/habilis-go/habilis/structure"
)

// Check is a quick look, at start-up, whether s keeps the obligations that are
// easily lost in operation: by a replica that only reads, a pooler that splits
// transactions, a collation, a column that is too coarse. It runs a dozen units
// that are all rolled back, under identifiers of their own, and leaves nothing
// behind. The error names the first obligation that does not hold.
//
// It is no substitute for storagetest.Run, which an adapter passes once, when it
// is written. A store that is bound to a transaction of the host cannot be
// checked, since its owner could not go on.
func Check(ctx context.Context, s Store) error {
	if Joined(s) {
		return errors.New("checking the store: it is bound to a transaction; check the store that it came from")
	}
	p, err := newProbe()
	if err != nil {
		return fmt.Errorf("checking the store: %w", err)
	}
	for _, obligation := range []struct {
		name string
		test func(context.Context, Tx) error
	}{
		{"a unit reads its own writes", p.readsOwnWrites},
		{"times come back in UTC, at a precision of a microsecond", p.keepsTimes},
		{"replacing an object that changed answers ErrConflict", p.comparesVersions},
		{"a second account with the same login is refused with ErrExists", p.refusesDuplicates},
		{"an event whose number is taken is refused with ErrConflict", p.countsEvents},
		{"logins are compared byte by byte", p.comparesBytes},
		{"lists are ordered byte by byte", p.ordersLists},
		{"a nested part that fails leaves nothing behind", p.nests},
	} {
		if err := rehearse(ctx, s, obligation.test); err != nil {
			return fmt.Errorf("checking the store: %s: %w", obligation.name, err)
		}
		if err := s.View(ctx, func(tx Tx) error { return p.leftNothing(ctx, tx) }); err != nil {
			return fmt.Errorf("checking the store: what a unit wrote is undone if it fails: %w", err)
		}
	}
	return nil
}

// errRehearsed ends every unit of a check, so that none commits.
var errRehearsed = errors.New("this unit was a rehearsal")

// rehearse runs test in a unit that is rolled back, and returns what it found.
func rehearse(ctx context.Context, s Store, test func(context.Context, Tx) error) error {
	var found error
	ran := false
	err := Update(ctx, s, func(tx Tx) error {
		ran = true
		if found = test(ctx, tx); found != nil {
			return found
		}
		return errRehearsed
	})
	switch {
	case !ran && err == nil:
		return errors.New("the store returned nil from Update and did not run fn")
	case !ran:
		return err
	case found != nil:
		return found
	case err == nil:
		return errors.New("the store returned nil from Update though fn returned an error")
	case !errors.Is(err, errRehearsed):
		return fmt.Errorf("the store did not return fn's error from Update: %w", err)
	default:
		return nil
	}
}

// probe holds objects that no host has.
type probe struct {
	account account.Account
	second  account.Account
	units   [2]structure.Unit
	event   notify.Event
	message notify.Message
}

func newProbe() (probe, error) {
	var names [5]string
	maker := ids.NewMaker(nil)
	at := time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC) // no clock is needed: 74 random bits tell identifiers apart
	for i := range names {
		id, err := maker.New(at)
		if err != nil {
			return probe{}, err
		}
		names[i] = id
	}
	p := probe{
		account: account.Account{
			ID: account.ID(names[0]), Status: account.StatusPendingActivation, Login: "Check-" + names[0] + "@habilis.invalid",
			CreatedAt: at,
		},
		message: notify.Message{ID: notify.MessageID(names[1]), Key: "check/" + names[1], Status: notify.MessageDead, CreatedAt: at},
	}
	p.second = p.account
	p.second.ID = account.ID(names[2])
	for i, code := range []string{"a", "B"} {
		p.units[i] = structure.Unit{ID: structure.ServiceID(names[i]), Structure: structure.ID(names[3]), Code: code}
	}
	p.event = notify.Event{
		ID: notify.EventID(names[4]), Chain: notify.AccountChain(p.account.ID), Sequence: 1, At: at, Kind: "store.checked",
		Actor: notify.Actor{Kind: notify.ActorSystem}, Account: p.account.ID, State: []byte("{}"),
	}
	p.event.Hash = p.event.Seal()
	return p, nil
}

func (p probe) readsOwnWrites(ctx context.Context, tx Tx) error {
	if err := tx.PutAccount(ctx, p.account); err != nil {
		return err
	}
	if err := tx.AppendEvent(ctx, p.event); err != nil {
		return err
	}
	if err := tx.Enqueue(ctx, p.message); err != nil {
		return err
	}
	for what, read := range p.reads(ctx, tx) {
		if err := read(); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

func (p probe) reads(ctx context.Context, tx Tx) map[string]func() error {
	return map[string]func() error{
		"account":          func() error { _, err := tx.Account(ctx, p.account.ID); return err },
		"account by login": func() error { _, err := tx.AccountByLogin(ctx, p.account.Login); return err },
		"event":            func() error { _, err := tx.LastEvent(ctx, p.event.Chain); return err },
		"message":          func() error { _, err := tx.Message(ctx, p.message.ID); return err },
	}
}

func (p probe) keepsTimes(ctx context.Context, tx Tx) error {
	a := p.account
	a.CreatedAt = time.Date(2000, time.January, 1, 12, 0, 0, 123456789, time.FixedZone("UTC+1", 60*60))
	if err := tx.PutAccount(ctx, a); err != nil {
		return err
	}
	got, err := tx.Account(ctx, a.ID)
	if err != nil {
		return err
	}
	off := got.CreatedAt.Sub(a.CreatedAt).Abs()
	if off >= time.Microsecond || got.CreatedAt.Nanosecond()%1000 != 0 || got.CreatedAt.Location() != time.UTC {
		return fmt.Errorf("gave %v, got %v", a.CreatedAt, got.CreatedAt)
	}
	if !got.ActivatedAt.IsZero() {
		return fmt.Errorf("gave the zero time, got %v", got.ActivatedAt)
	}
	return nil
}

func (p probe) comparesVersions(ctx context.Context, tx Tx) error {
	if err := tx.PutAccount(ctx, p.account); err != nil {
		return err
	}
	current, err := tx.Account(ctx, p.account.ID)
	if err != nil {
		return err
	}
	if err := tx.PutAccount(ctx, current); err != nil {
		return err
	}
	return refused(ErrConflict, tx.PutAccount(ctx, current), p.reads(ctx, tx)["account"])
}

func (p probe) refusesDuplicates(ctx context.Context, tx Tx) error {
	if err := tx.PutAccount(ctx, p.account); err != nil {
		return err
	}
	return refused(ErrExists, tx.PutAccount(ctx, p.second), p.reads(ctx, tx)["account"])
}

func (p probe) countsEvents(ctx context.Context, tx Tx) error {
	if err := tx.AppendEvent(ctx, p.event); err != nil {
		return err
	}
	twin := p.event
	twin.ID = notify.EventID(p.message.ID)
	return refused(ErrConflict, tx.AppendEvent(ctx, twin), p.reads(ctx, tx)["event"])
}

func (p probe) comparesBytes(ctx context.Context, tx Tx) error {
	if err := tx.PutAccount(ctx, p.account); err != nil {
		return err
	}
	other := p.second
	other.Login = "check" + p.account.Login[len("check"):]
	if err := tx.PutAccount(ctx, other); err != nil {
		return fmt.Errorf("logins that differ in case clash: %w", err)
	}
	got, err := tx.AccountByLogin(ctx, other.Login)
	if err == nil && got.ID != other.ID {
		return errors.New("a login finds the account of another that differs in case")
	}
	return err
}

func (p probe) ordersLists(ctx context.Context, tx Tx) error {
	for _, u := range p.units {
		if err := tx.PutUnit(ctx, u); err != nil {
			return err
		}
	}
	got, err := tx.Units(ctx, p.units[0].Structure)
	if err != nil {
		return err
	}
	var codes []string
	for _, u := range got {
		codes = append(codes, u.Code)
	}
	if want := []string{"B", "a"}; !slices.Equal(codes, want) {
		return fmt.Errorf("got %q, want %q", codes, want)
	}
	return nil
}

func (p probe) nests(ctx context.Context, tx Tx) error {
	n, ok := tx.(Nester)
	if !ok {
		return nil
	}
	err := n.Nest(ctx, func(tx Tx) error {
		if err := tx.PutAccount(ctx, p.account); err != nil {
			return err
		}
		return errRehearsed
	})
	switch {
	case err == nil:
		return errors.New("it returned nil though fn returned an error")
	case !errors.Is(err, errRehearsed):
		return err
	}
	if _, err := tx.Account(ctx, p.account.ID); err == nil {
		return errors.New("the account of the part is still there")
	} else if !errors.Is(err, ErrNotFound) {
		return err
	}
	return tx.PutAccount(ctx, p.account)
}

func (p probe) leftNothing(ctx context.Context, tx Tx) error {
	for what, read := range p.reads(ctx, tx) {
		if err := read(); err == nil {
			return fmt.Errorf("its %s is still there", what)
		} else if !errors.Is(err, ErrNotFound) {
			return fmt.Errorf("%s: %w", what, err)
		}
	}
	return nil
}

// refused checks that a write which must be refused was, and how. A store may keep
// writes to send them together, so a read follows one that was not refused yet.
func refused(want, written error, read func() error) error {
	err := written
	if err == nil {
		err = read()
	}
	switch {
	case err == nil:
		return errors.New("it was not refused")
	case errors.Is(err, want):
		return nil
	default:
		return fmt.Errorf("it was refused otherwise: %w", err)
	}
}
