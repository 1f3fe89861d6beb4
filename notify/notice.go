package notify

import (
	"cmp"
	"time"

	"github.com/habilis-go/habilis/internal/ids"
	"github.com/habilis-go/habilis/internal/page"
)

// NoticeID names a notice. Values are UUIDs of version 7.
type NoticeID string

// Category is the code of an application whose news people choose to have,
// "invoicing".
type Category string

// NoticeKind is the code of what happened within a category, "invoice.rejected".
type NoticeKind string

// Notice is a business event of the host: something happened in a structure that the
// people who work there may want to know. It is about a space and perhaps a service, and
// those who may read there are told. No mail repeats what it is about, only how
// many of its kind there were.
type Notice struct {
	ID        NoticeID
	Key       string // the host's name for it, unique; publishing a key twice publishes once
	Category  Category
	Kind      NoticeKind // "" for none in particular
	Structure ids.StructureID
	Service   ids.ServiceID // "" for the structure as a whole
	Space     ids.Space
	Subject   string    // what it is about, shown to those who may read it and never mailed
	Path      string    // page of the host about it, "/invoices/42"; "" for none
	At        time.Time // when it happened for the digests, UTC
	Version   int64

	// Spreading says that mails about this very notice are still to be put into the
	// outbox, for people who asked for news at once. SpreadTo is how far that has come:
	// whoever has an identifier up to it is dealt with.
	Spreading bool
	SpreadTo  ids.AccountID
}

// NoticeQuery selects notices. Conditions are ANDed; a zero condition selects all. The
// order is At, then ID.
type NoticeQuery struct {
	ID         NoticeID
	Key        string
	Structures []ids.StructureID // any of these; nil selects every structure
	Spreading  bool              // only those that are still spreading

	// Newest turns the order around. BeforeAt and BeforeID then continue a listing: only
	// notices that come before this (At, ID).
	Newest   bool
	BeforeAt time.Time
	BeforeID NoticeID

	Limit int // at most this many; 0 or less means 100, and more than 1000 means 1000
}

// Capped returns the limit of q brought into its bounds, for adapters.
func (q NoticeQuery) Capped() int { return page.Limit(q.Limit) }

// TallyQuery selects the notices of some structures in a span, From included and Until
// not.
type TallyQuery struct {
	Structures  []ids.StructureID // any of these; none selects nothing
	From, Until time.Time

	// Sorts asks which sorts there are and no more: Kind is "" and Count 0 in what comes
	// back. Defaults to false.
	Sorts bool
}

// Tally is how many notices there are of one sort.
type Tally struct {
	Structure ids.StructureID
	Service   ids.ServiceID
	Space     ids.Space
	Category  Category
	Kind      NoticeKind
	Count     int
}

// Compare orders tallies by Structure, Service, Space, Category and Kind.
func (t Tally) Compare(o Tally) int {
	if c := cmp.Compare(t.Structure, o.Structure); c != 0 {
		return c // most are told apart by it
	}
	return cmp.Or(
		cmp.Compare(t.Service, o.Service), cmp.Compare(t.Space, o.Space),
		cmp.Compare(t.Category, o.Category), cmp.Compare(t.Kind, o.Kind),
	)
}

// Run is how far the digests of one rhythm have come: the newest window, and up to whom.
// It is stored with the mails that it stands for, in one unit, so that no window is ever
// worked through twice.
type Run struct {
	Rhythm     Rhythm
	From       time.Time     // first instant of the window
	Until      time.Time     // first instant after it
	After      ids.AccountID // whoever has an identifier up to this one is dealt with
	Told       int           // how many people got a digest
	FinishedAt time.Time     // zero while people are left
	Version    int64
}
