package notify

import (
	"slices"
	"time"

	"github.com/habilis-go/habilis/internal/ids"
)

// Reader is somebody whom news may concern, with what the person holds: an active
// account of a person, as package structure makes it.
type Reader struct {
	Account     ids.AccountID
	Name        string // display name, "" unless ReaderQuery.Named asks for it
	Address     string // contact address: news go there and nowhere else
	Language    string
	Preferences Preferences
	Places      []Place // by Structure
}

// Place is what a reader holds in one structure: an approved membership, with approved
// subscriptions.
type Place struct {
	Structure ids.StructureID
	Role      string // "principal_manager"; what Venue.Defaults speaks of
	Principal bool   // the principal manager
	Manager   bool   // a manager of either kind, who needs no subscription
	Span      Span   // of the membership
	Whole     bool   // the whole structure
	Services  []ids.ServiceID
	Rights    []Right
}

// Right is a subscription that lets its holder read in a space.
type Right struct {
	Space   ids.Space
	Service ids.ServiceID // "" for all that the membership covers
	Span    Span
}

// Venue is a structure, as far as news go.
type Venue struct {
	Name     string
	Active   bool
	Spaces   []ids.Space            // open on it
	Services map[ids.ServiceID]Span // those that are active
	Defaults map[string][]ids.Space // which of the spaces a role may read without a subscription
}

// Span is the time from From on and before Until. A zero bound is open.
type Span struct{ From, Until time.Time }

// Contains reports whether at lies in the span.
func (s Span) Contains(at time.Time) bool {
	return !at.Before(s.From) && (s.Until.IsZero() || at.Before(s.Until))
}

// Sort is what of a notice decides whom it concerns.
type Sort struct {
	Category Category
	Service  ids.ServiceID
	Space    ids.Space
}

// MayKnow reports whether what somebody holds in a structure lets them know of notices
// of a sort there: a membership in force that covers the service, the
// space open, and for who is no manager the right to read in it. It is pure, and
// says of every simple user what authz.Decide says.
func MayKnow(p Place, v Venue, s Sort, at time.Time) bool {
	switch {
	case !v.Active, !p.Span.Contains(at), !slices.Contains(v.Spaces, s.Space):
		return false
	case !p.Whole && !slices.Contains(p.Services, s.Service):
		return false
	}
	if s.Service != "" {
		if span, offered := v.Services[s.Service]; !offered || !span.Contains(at) {
			return false
		}
	}
	if p.Manager || slices.Contains(v.Defaults[p.Role], s.Space) {
		return true
	}
	return slices.ContainsFunc(p.Rights, func(r Right) bool {
		return r.Space == s.Space && (r.Service == "" || r.Service == s.Service) && r.Span.Contains(at)
	})
}

// Told reports whether a reader is told of notices of a sort in a structure, in a rhythm:
// the reader wants it and may know of it.
func (p NoticePolicy) Told(r Reader, at Place, v Venue, s Sort, in Rhythm, now time.Time) bool {
	return p.Wants(r.Preferences, s.Category, at.Principal && at.Span.Contains(now), in) && MayKnow(at, v, s, now)
}
