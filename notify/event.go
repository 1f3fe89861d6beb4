package notify

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"time"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// EventID names an event. Values are UUIDs of version 7.
type EventID string

// Chain names a sequence of events that vouch for one another: that of one
// structure, or that of one account for what happens outside any structure.
type Chain string

// StructureChain is the chain of what happens in a structure.
func StructureChain(id ids.StructureID) Chain { return Chain("structure/" + id) }

// AccountChain is the chain of what happens to an account outside any structure.
func AccountChain(id ids.AccountID) Chain { return Chain("account/" + id) }

// Kind says what happened, "membership.approved". Kinds are only ever added.
type Kind string

// Object names the row whose state an event records: "membership" and its id.
type Object struct {
	Type string
	ID   string
}

// Event is one line of the history. It records that something happened and the
// state of its object afterwards, so that folding the events gives the tables
// back. It holds no personal data: no name, address or free text.
type Event struct {
	ID        EventID
	Chain     Chain
	Sequence  int64     // position in the chain, from 1, without gaps
	At        time.Time // when it was recorded, UTC; never before its predecessor's
	Actor     Actor
	Kind      Kind
	Object    Object
	Account   ids.AccountID   // whom it concerns, "" for nobody
	Structure ids.StructureID // where, "" outside any structure
	State     []byte          // the object after the change: JSON of a type of the domain package
	Previous  string          // Hash of the event before, "" for the first
	Hash      string          // SHA-256 over all of the above, hexadecimal
}

// Head is the end of a chain: what the next event has to know of those before it. The
// zero Head is the end of a chain without events.
type Head struct {
	Sequence int64
	At       time.Time
	Hash     string
}

// Head returns the end of a chain whose newest event is e.
func (e Event) Head() Head { return Head{Sequence: e.Sequence, At: e.At, Hash: e.Hash} }

// Decode reads the state after the change into v, a pointer to the domain type
// that recorded it.
func (e Event) Decode(v any) error {
	if err := json.Unmarshal(e.State, v); err != nil {
		return fmt.Errorf("state of event %s: %w", e.ID, err)
	}
	return nil
}

// Seal computes what Hash must be. Every field is length-prefixed, so no two
// different events share an encoding.
func (e Event) Seal() string {
	parts := [...]string{
		"habilis event 1", string(e.ID), string(e.Chain),
		string(e.Actor.Kind), string(e.Actor.ID), e.Actor.Reference,
		string(e.Kind), e.Object.Type, e.Object.ID, string(e.Account), string(e.Structure),
		string(e.State), e.Previous,
	}
	size := 8 * (len(parts) + 2)
	for _, s := range parts {
		size += len(s)
	}
	b := make([]byte, 0, size)
	for _, s := range parts {
		b = append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(e.Sequence))
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}

func writeLength(h hash.Hash, n int) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	h.Write(b[:])
}

// ErrBrokenChain reports a history that was tampered with.
var ErrBrokenChain = fault.New("broken_chain", "the history does not prove itself")

// Verify checks that e follows previous in its chain; the zero Event precedes the
// first. The error wraps [ErrBrokenChain] and names the event.
func (e Event) Verify(previous Event) error {
	broken := func(what string) error {
		return ErrBrokenChain.With(fmt.Sprintf("event %d of chain %s %s", e.Sequence, e.Chain, what))
	}
	switch {
	case e.Sequence != previous.Sequence+1:
		return broken(fmt.Sprintf("stands where %d is due", previous.Sequence+1))
	case previous.Sequence > 0 && previous.Chain != e.Chain:
		return broken("belongs to another chain")
	case e.Previous != previous.Hash:
		return broken("does not know its predecessor")
	case e.Hash != e.Seal():
		return broken("was changed after it was recorded")
	case e.At.Before(previous.At):
		return broken("is older than its predecessor")
	default:
		return nil
	}
}
