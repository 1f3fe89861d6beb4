package main

import (
	"time"

	"github.com/habilis-go/habilis/authz"
)

// day renders a civil date the way people of the language write it.
func day(lang string, d authz.Date) string {
	switch {
	case d.IsZero():
		return ""
	case lang == "fr":
		return d.In(time.UTC).Format("02/01/2006")
	default:
		return d.In(time.UTC).Format("2 January 2006")
	}
}

// Day renders the day of an instant; "" for the zero one.
func (v *page) Day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return day(v.Lang, authz.DateOf(t.In(v.portal.zone)))
}

// Moment renders an instant to the minute.
func (v *page) Moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(v.portal.zone)
	return v.T("date.moment", "Day", v.Day(t), "Time", t.Format("15:04"))
}

// Span renders a validity in words. Its last day is the inclusive one.
func (v *page) Span(span authz.Validity) string {
	first, last := day(v.Lang, span.FirstDay(v.portal.zone)), day(v.Lang, span.LastDay(v.portal.zone))
	switch {
	case first != "" && last != "":
		return v.T("date.between", "First", first, "Last", last)
	case first != "":
		return v.T("date.from", "First", first)
	case last != "":
		return v.T("date.until", "Last", last)
	default:
		return v.T("date.always")
	}
}

// Age renders how long ago something was asked, in days of the calendar.
func (v *page) Age(t time.Time) string {
	now := authz.DateOf(v.portal.now().In(v.portal.zone)).In(time.UTC)
	days := int(now.Sub(authz.DateOf(t.In(v.portal.zone)).In(time.UTC)).Hours() / 24)
	if days <= 0 {
		return v.T("date.today")
	}
	return v.T("date.days", "Count", days)
}

// typed is a date as a form takes it, in both languages.
func typed(d authz.Date) string { return day("fr", d) }
