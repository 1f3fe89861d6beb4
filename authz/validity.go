package authz

import (
	"fmt"
	"time"

	"github.com/habilis-go/habilis/internal/civil"
)

// Validity is the half-open span of instants [From, Until) during which
// something holds. A zero bound is open.
type Validity struct {
	From  time.Time `json:"from,omitzero"`  // first instant; zero: since ever
	Until time.Time `json:"until,omitzero"` // first instant after the end; zero: for ever
}

// Contains reports whether at lies in the span.
func (v Validity) Contains(at time.Time) bool { return !v.Before(at) && !v.After(at) }

// Before reports whether the span has not begun at the given instant.
func (v Validity) Before(at time.Time) bool { return at.Before(v.From) }

// After reports whether the span is over at the given instant.
func (v Validity) After(at time.Time) bool { return !v.Until.IsZero() && !at.Before(v.Until) }

// Intersect returns the span in which both hold. It may be empty, with From not
// before Until; Contains is then false everywhere.
func (v Validity) Intersect(o Validity) Validity {
	if o.From.After(v.From) {
		v.From = o.From
	}
	if v.Until.IsZero() || !o.Until.IsZero() && o.Until.Before(v.Until) {
		v.Until = o.Until
	}
	return v
}

// Date is a civil date, the way people type one. The zero Date means none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads the ISO 8601 form 2006-01-02 and the French form 02/01/2006,
// strictly: a date that no calendar holds is an error. The empty text is
// the zero Date.
func ParseDate(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	for _, layout := range []string{time.DateOnly, "02/01/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return DateOf(t), nil
		}
	}
	return Date{}, fmt.Errorf("%.32q is not a date", s)
}

// DateOf returns the civil date of t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{Year: y, Month: m, Day: d}
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Valid reports whether d is zero or a day of the calendar between the years
// 1 and 9999.
func (d Date) Valid() bool {
	return d.IsZero() || d.Year >= 1 && d.Year <= 9999 && DateOf(d.In(time.UTC)) == d
}

// In returns the first instant of the day in the given zone, where the clocks skip
// midnight or pass it twice, too.
func (d Date) In(zone *time.Location) time.Time {
	return civil.Midnight(d.Year, d.Month, d.Day, zone)
}

// AddDays returns the date n days later.
func (d Date) AddDays(n int) Date { return DateOf(d.In(time.UTC).AddDate(0, 0, n)) }

// String renders ISO 8601, or the empty text for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)
}

// Between converts what people type, a first and an inclusive last day,
// into the span of instants they mean in the given zone. A zero date leaves its
// bound open. Every span ends with the year 9999 of UTC at the latest.
func Between(first, last Date, zone *time.Location) Validity {
	var v Validity
	if !first.IsZero() {
		v.From = first.In(zone).UTC()
	}
	if !last.IsZero() {
		v.Until = last.AddDays(1).In(zone).UTC()
		if v.Until.Year() > 9999 { // no form of an instant that we store has room for it
			v.Until = time.Date(9999, time.December, 31, 23, 59, 59, 999_999_000, time.UTC)
		}
	}
	return v
}

// LastDay is the reverse of [Between]: the inclusive last day of the span in the
// given zone, or the zero Date if it has no end.
func (v Validity) LastDay(zone *time.Location) Date {
	if v.Until.IsZero() {
		return Date{}
	}
	return DateOf(v.Until.Add(-time.Microsecond).In(zone))
}

// FirstDay is the civil date on which the span begins in the given zone, or the
// zero Date if it has no beginning.
func (v Validity) FirstDay(zone *time.Location) Date {
	if v.From.IsZero() {
		return Date{}
	}
	return DateOf(v.From.In(zone))
}
