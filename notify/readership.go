package notify

import (
	"context"

	"github.com/habilis-go/habilis/internal/fault"
	"github.com/habilis-go/habilis/internal/ids"
)

// Readership tells who may read what, which this package cannot know. Package structure
// has one; the units of work that it is given are those of the store, which know
// structures too. It is safe for concurrent use.
type Readership interface {
	// Misplaced says which parts of a notice name nothing that is there: "structure",
	// "service" or "space".
	Misplaced(ctx context.Context, tx Tx, n Notice) ([]fault.Field, error)

	// Readers lists active people by identifier, with what they hold.
	Readers(ctx context.Context, tx Tx, q ReaderQuery) ([]Reader, error)

	// Venues returns structures; one that is not there is left out.
	Venues(ctx context.Context, tx Tx, wanted []ids.StructureID) (map[ids.StructureID]Venue, error)
}

// ReaderQuery selects active people. Conditions are ANDed; a zero condition selects all.
type ReaderQuery struct {
	Account   ids.AccountID
	Structure ids.StructureID // only its members, with what they hold there
	After     ids.AccountID   // only those with an identifier after this one
	Rhythms   []Rhythm        // only those whose preferences are on and ask for any of these
	Named     bool            // asks for Reader.Name. Defaults to false
	Limit     int             // at most this many; 0 or less means 100, and more than 1000 means 1000
}
