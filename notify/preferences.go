package notify

import (
	"slices"
	"strconv"
	"strings"
)

// Rhythm is how often somebody wants news. The rhythms are independent of one another
// (C-04).
type Rhythm string

// Rhythms.
const (
	AtOnce Rhythm = "at_once" // a mail for each notice
	Daily  Rhythm = "daily"   // what happened the day before
	Weekly Rhythm = "weekly"  // what happened from Monday to Sunday
)

// Preferences say which news of structures somebody wants, and how often. They do not
// touch mails about the account itself, which are always sent. The zero value
// wants nothing: people ask for news by ticking a box.
type Preferences struct {
	On         bool       `json:"on,omitempty"`         // the master switch. Defaults to off.
	Categories []Category `json:"categories,omitempty"` // whose news, sorted. Defaults to none.
	AtOnce     bool       `json:"at_once,omitempty"`
	Daily      bool       `json:"daily,omitempty"`
	Weekly     bool       `json:"weekly,omitempty"`
}

// Equal reports whether p and o want the same.
func (p Preferences) Equal(o Preferences) bool {
	return p.On == o.On && p.AtOnce == o.AtOnce && p.Daily == o.Daily && p.Weekly == o.Weekly &&
		slices.Equal(p.Categories, o.Categories)
}

// Normalised returns p with its categories sorted and without repeats.
func (p Preferences) Normalised() Preferences {
	p.Categories = slices.Clone(p.Categories)
	slices.Sort(p.Categories)
	if p.Categories = slices.Compact(p.Categories); len(p.Categories) == 0 {
		p.Categories = nil
	}
	return p
}

// String renders p in one line, the same for equal preferences only.
func (p Preferences) String() string {
	parts := []string{strconv.FormatBool(p.On), strconv.FormatBool(p.AtOnce), strconv.FormatBool(p.Daily), strconv.FormatBool(p.Weekly)}
	for _, c := range p.Categories {
		parts = append(parts, string(c))
	}
	return strings.Join(parts, " ")
}

// Any reports whether p is on and asks for any of some rhythms.
func (p Preferences) Any(rhythms []Rhythm) bool { return p.On && slices.ContainsFunc(rhythms, p.in) }

// in reports whether p asks for a rhythm.
func (p Preferences) in(r Rhythm) bool {
	switch r {
	case AtOnce:
		return p.AtOnce
	case Daily:
		return p.Daily
	case Weekly:
		return p.Weekly
	default:
		return false
	}
}
