package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// Sealer encrypts and authenticates small values. *account.Keys is one. The
// context names the place that a value belongs to: opening it with another
// context fails, so a sealed value cannot be moved to another row.
type Sealer interface {
	Seal(plain []byte, context string) ([]byte, error)
	Open(sealed []byte, context string) ([]byte, error)
}

// Journal writes the history and the outbox inside a unit of work. It is
// immutable and safe for concurrent use.
type Journal struct {
	sealer Sealer
	ids    ids.Maker
}

// NewJournal returns a Journal that seals messages with sealer and draws
// identifiers from maker.
func NewJournal(sealer Sealer, maker ids.Maker) *Journal { return &Journal{sealer: sealer, ids: maker} }

// Fact is what a domain service tells the history; the Journal adds identity,
// position and proof.
type Fact struct {
	At        time.Time
	Actor     Actor
	Kind      Kind
	Object    Object
	Account   ids.AccountID
	Structure ids.StructureID // also selects the chain: the structure's, else the account's
	State     any             // the object after the change; a type without personal data, encoded as JSON
}

// chain selects the chain that f belongs to.
func (f Fact) chain() Chain {
	if f.Structure != "" {
		return StructureChain(f.Structure)
	}
	return AccountChain(f.Account)
}

// Record appends one event in the unit of work that makes the change. Two units
// that record into one chain at the same time collide, and one runs again.
func (j *Journal) Record(ctx context.Context, tx Tx, f Fact) error {
	last, err := tx.LastEvent(ctx, f.chain())
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	return j.RecordAfter(ctx, tx, last.Head(), f)
}

// RecordAfter is Record for a unit that has read the end of the chain already. It
// collides with whatever was recorded in the chain since that end was read.
func (j *Journal) RecordAfter(ctx context.Context, tx Tx, last Head, f Fact) error {
	state, err := json.Marshal(f.State)
	if err != nil {
		return fmt.Errorf("state of %s: %w", f.Kind, err)
	}
	id, err := j.ids.New(f.At)
	if err != nil {
		return err
	}
	at := f.At.UTC().Truncate(time.Microsecond)
	if at.Before(last.At) {
		at = last.At // the clock went back; the order of the history does not
	}
	e := Event{
		ID: EventID(id), Chain: f.chain(), Sequence: last.Sequence + 1, At: at,
		Actor: f.Actor.recorded(), Kind: f.Kind, Object: f.Object, Account: f.Account, Structure: f.Structure,
		State: state, Previous: last.Hash,
	}
	e.Hash = e.Seal()
	return tx.AppendEvent(ctx, e)
}

// Mail is what a domain service wants said.
type Mail struct {
	Key       string        // idempotency key
	Template  Template      // which mail
	To        string        // canonical address
	Account   ids.AccountID // whom it is addressed to, "" if the address has no account
	Language  string        // base language of the recipient
	Values    Values        // what the template mentions; sealed at once
	ExpiresAt time.Time     // not worth sending from then on; zero: never
}

// Values are what a template mentions, by name. Links and codes are among them.
type Values map[string]string

// Enqueue puts a mail into the outbox in the unit of work that causes it.
func (j *Journal) Enqueue(ctx context.Context, tx Tx, at time.Time, m Mail) error {
	id, err := j.ids.New(at)
	if err != nil {
		return err
	}
	plain, err := json.Marshal(m.Values)
	if err != nil {
		return fmt.Errorf("values of mail %s: %w", m.Template, err)
	}
	sealed, err := j.sealer.Seal(plain, sealContext(MessageID(id)))
	if err != nil {
		return fmt.Errorf("sealing mail %s: %w", m.Template, err)
	}
	return tx.Enqueue(ctx, Message{
		ID: MessageID(id), Key: m.Key, Template: m.Template, To: m.To, Account: m.Account, Language: m.Language,
		Urgent: !m.Template.Notice(), Sealed: sealed, Status: MessageQueued, NotBefore: at, ExpiresAt: m.ExpiresAt, CreatedAt: at,
	})
}

func sealContext(id MessageID) string { return "outbox/" + string(id) }

// open returns what a queued message says.
func open(s Sealer, m Message) (Values, error) {
	plain, err := s.Open(m.Sealed, sealContext(m.ID))
	if err != nil {
		return nil, fmt.Errorf("opening message %s: %w", m.ID, err)
	}
	var v Values
	if err := json.Unmarshal(plain, &v); err != nil {
		return nil, fmt.Errorf("values of message %s: %w", m.ID, err)
	}
	return v, nil
}
