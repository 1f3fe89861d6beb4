package notify

import (
	"time"

	"github.com/habilis-go/habilis/internal/civil"
)

// Window is a span of days that one digest is about: From included, Until not.
type Window struct {
	Rhythm      Rhythm
	From, Until time.Time
}

// Bounds of what a digest tells that comes after some that were missed, in days of the
// zone, whatever their length.
const (
	maxMissedDaily  = 7
	maxMissedWeekly = 14
)

// Closed returns the newest window of a rhythm whose digest can be made at an instant: the
// day before, or the seven days up to the last Monday, as days are counted in the zone,
// whether they have 23, 24 or 25 hours. Until SendAt has come, it is the one
// before that.
func (p NoticePolicy) Closed(r Rhythm, now time.Time, zone *time.Location) Window {
	y, m, d := now.In(zone).Date()
	hour, rest := p.SendAt/time.Hour, p.SendAt%time.Hour
	if now.Before(time.Date(y, m, d, int(hour), 0, 0, int(rest), zone)) {
		d--
	}
	length := 1
	if r == Weekly {
		length = 7
		d -= (int(time.Date(y, m, d, 12, 0, 0, 0, time.UTC).Weekday()) + 6) % 7 // days since Monday
	}
	day := func(d int) time.Time { return civil.Midnight(y, m, d, zone).UTC() }
	return Window{Rhythm: r, From: day(d - length), Until: day(d)}
}

// Next returns the window that is to be worked through after a run, and whether there is
// one. A run that is not finished goes on. After that, windows never go back and never
// overlap, wherever the clock jumps: what is over stays over, and days that were missed
// while nothing ran are told with the next ones, up to a week of days and two of weeks.
// The zero Run is that of a deployment that never sent a digest.
func (p NoticePolicy) Next(last Run, now time.Time, zone *time.Location) (Window, bool) {
	w := p.Closed(last.Rhythm, now, zone)
	switch {
	case last.Until.IsZero():
		return w, true
	case last.FinishedAt.IsZero():
		return Window{Rhythm: last.Rhythm, From: last.From, Until: last.Until}, true
	case !w.Until.After(last.Until):
		return Window{}, false
	}
	missed := maxMissedDaily
	if last.Rhythm == Weekly {
		missed = maxMissedWeekly
	}
	y, m, d := w.Until.In(zone).Date()
	if w.From = last.Until; w.From.Before(civil.Midnight(y, m, d-missed, zone)) {
		w.From = civil.Midnight(y, m, d-missed, zone).UTC()
	}
	return w, true
}
