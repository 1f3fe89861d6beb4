// Package civil tells when the days begin that people write down.
package civil

import "time"

// Midnight returns the first instant of a day in a zone, by the clock on the wall. Where
// the clocks skip midnight that is the moment at which they do; where midnight comes twice
// it is the first one. Where the whole day was skipped, the day after begins then. Month
// and day may lie outside their ranges, as with [time.Date].
func Midnight(year int, month time.Month, day int, zone *time.Location) time.Time {
	noon := time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
	t := time.Date(year, month, day, 0, 0, 0, 0, zone)
	began, ends := t.ZoneBounds() // time.Date promises nothing where the clocks change
	again := t
	if !began.IsZero() {
		_, offset := t.Zone()
		_, before := began.Add(-1).Zone()
		again = t.Add(time.Duration(offset-before) * time.Second)
	}
	for _, first := range [...]time.Time{again, began, t, ends} {
		if !first.IsZero() && sameDay(first, noon) && !sameDay(first.Add(-1), noon) {
			return first.In(zone)
		}
	}
	if !ends.IsZero() && t.Day() != noon.Day() {
		return ends
	}
	return t
}

func sameDay(a, b time.Time) bool {
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}
