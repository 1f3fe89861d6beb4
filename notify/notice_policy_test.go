package notify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/language"

	"github.com/habilis-go/habilis/notify"
)

const invoicing, commitments, certificates = notify.CategoryInvoicing, notify.CategoryCommitments, notify.CategoryCertificates

// C-04, C-28: what somebody has of a category under each guide.
func TestWants(t *testing.T) {
	t.Parallel()
	of := func(c ...notify.Category) notify.Preferences { return notify.Preferences{On: true, Categories: c} }
	in := func(p notify.Preferences, rhythms ...notify.Rhythm) notify.Preferences {
		for _, r := range rhythms {
			p.AtOnce, p.Daily, p.Weekly = p.AtOnce || r == notify.AtOnce, p.Daily || r == notify.Daily, p.Weekly || r == notify.Weekly
		}
		return p
	}
	off := in(of(invoicing), notify.Daily)
	off.On = false
	for name, c := range map[string]struct {
		policy    notify.NoticePolicy
		chosen    notify.Preferences
		principal bool
		category  notify.Category
		want      []notify.Rhythm
	}{
		"nothing by itself":                       {notify.NoticesGuide2024(), notify.Preferences{}, true, invoicing, nil},
		"a category daily":                        {notify.NoticesGuide2024(), in(of(invoicing), notify.Daily), false, invoicing, []notify.Rhythm{notify.Daily}},
		"another category":                        {notify.NoticesGuide2024(), in(of(invoicing), notify.Daily), false, commitments, nil},
		"weekly without daily":                    {notify.NoticesGuide2024(), in(of(invoicing, commitments), notify.Weekly), false, commitments, []notify.Rhythm{notify.Weekly}},
		"all of them":                             {notify.NoticesGuide2024(), in(of(certificates), notify.AtOnce, notify.Daily, notify.Weekly), false, certificates, []notify.Rhythm{notify.AtOnce, notify.Daily, notify.Weekly}},
		"the master switch is off":                {notify.NoticesGuide2024(), off, false, invoicing, nil},
		"no category that there is":               {notify.NoticesGuide2024(), in(of("quotes"), notify.Daily), false, "quotes", nil},
		"a category without a rhythm":             {notify.NoticesGuide2024(), of(invoicing), true, invoicing, nil},
		"one switch stands for all":               {notify.NoticesGuide2017(), in(of(), notify.Daily), false, commitments, []notify.Rhythm{notify.Daily}},
		"2017: weekly by itself":                  {notify.NoticesGuide2017(), in(of(), notify.Weekly), false, commitments, []notify.Rhythm{notify.Weekly}},
		"2019: weekly comes with daily":           {notify.NoticesGuide2019(), in(of(), notify.Daily), false, invoicing, []notify.Rhythm{notify.Daily, notify.Weekly}},
		"2019: nothing at once":                   {notify.NoticesGuide2019(), in(of(), notify.AtOnce), false, invoicing, nil},
		"2022: a principal cannot switch it off":  {notify.Notices2022(), notify.Preferences{}, true, invoicing, []notify.Rhythm{notify.Daily}},
		"2022: nor by switching everything off":   {notify.Notices2022(), off, true, invoicing, []notify.Rhythm{notify.Daily}},
		"2022: nor by choosing no rhythm":         {notify.Notices2022(), of(invoicing), true, invoicing, []notify.Rhythm{notify.Daily}},
		"2022: but chooses the rhythm":            {notify.Notices2022(), in(of(invoicing), notify.Weekly), true, invoicing, []notify.Rhythm{notify.Weekly}},
		"2022: other categories can be":           {notify.Notices2022(), notify.Preferences{}, true, commitments, nil},
		"2022: others than the principal can":     {notify.Notices2022(), notify.Preferences{}, false, invoicing, nil},
		"2024: a principal can switch it off":     {notify.NoticesGuide2024(), off, true, invoicing, nil},
		"2022: a rhythm of another category only": {notify.Notices2022(), in(of(commitments), notify.Weekly), true, invoicing, []notify.Rhythm{notify.Daily}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []notify.Rhythm
			for _, r := range []notify.Rhythm{notify.AtOnce, notify.Daily, notify.Weekly} {
				if c.policy.Wants(c.chosen, c.category, c.principal, r) {
					got = append(got, r)
					require.True(t, c.policy.Interested(c.chosen, r))
				}
			}
			require.Equal(t, c.want, got)
		})
	}
}

// categories are data. A policy that contradicts itself is refused, at the limits
// and beyond them.
func TestNoticePolicyCheck(t *testing.T) {
	t.Parallel()
	many := func(n int) (all []notify.CategorySpec) {
		for i := range n {
			all = append(all, notify.CategorySpec{Code: notify.Category(fmt.Sprint("c", i))})
		}
		return all
	}
	kinds := func(n int) (all []notify.KindSpec) {
		for i := range n {
			all = append(all, notify.KindSpec{Code: notify.NoticeKind(fmt.Sprint("k", i))})
		}
		return all
	}
	for name, c := range map[string]struct {
		alter func(*notify.NoticePolicy)
		fits  bool
	}{
		"as it is":              {func(*notify.NoticePolicy) {}, true},
		"no news at all":        {func(p *notify.NoticePolicy) { *p = notify.NoticePolicy{} }, true},
		"50 categories":         {func(p *notify.NoticePolicy) { p.Categories = many(notify.MaxCategories) }, true},
		"51 categories":         {func(p *notify.NoticePolicy) { p.Categories = many(notify.MaxCategories + 1) }, false},
		"50 kinds":              {func(p *notify.NoticePolicy) { p.Categories[0].Kinds = kinds(notify.MaxCategories) }, true},
		"51 kinds":              {func(p *notify.NoticePolicy) { p.Categories[0].Kinds = kinds(notify.MaxCategories + 1) }, false},
		"a category twice":      {func(p *notify.NoticePolicy) { p.Categories = append(p.Categories, p.Categories[0]) }, false},
		"a category of no code": {func(p *notify.NoticePolicy) { p.Categories[0].Code = "" }, false},
		"kept long enough":      {func(p *notify.NoticePolicy) { p.Kept = notify.MinKept }, true},
		"kept too short":        {func(p *notify.NoticePolicy) { p.Kept = notify.MinKept - 1 }, false},
		"kept as long as can":   {func(p *notify.NoticePolicy) { p.Kept = notify.MaxKept }, true},
		"kept too long":         {func(p *notify.NoticePolicy) { p.Kept = notify.MaxKept + 1 }, false},
		"made at midnight":      {func(p *notify.NoticePolicy) { p.SendAt = 0 }, true},
		"made before it":        {func(p *notify.NoticePolicy) { p.SendAt = -1 }, false},
		"made at noon":          {func(p *notify.NoticePolicy) { p.SendAt = notify.MaxSendAt }, true},
		"made later":            {func(p *notify.NoticePolicy) { p.SendAt = notify.MaxSendAt + 1 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := notify.NoticesGuide2024()
			if c.alter(&p); c.fits {
				require.NoError(t, p.Check())
			} else {
				require.ErrorIs(t, p.Check(), notify.ErrBadNotices)
			}
		})
	}
	for _, p := range []notify.NoticePolicy{notify.NoticesGuide2024(), notify.NoticesGuide2019(), notify.NoticesGuide2017(), notify.Notices2022()} {
		require.NoError(t, p.Check())
		require.ElementsMatch(t, []notify.Category{certificates, commitments, invoicing}, p.Codes(), "R-390")
		for _, c := range p.Categories {
			require.NotEqual(t, c.Label(language.French), c.Label(language.English))
			require.Equal(t, c.Label(language.English), c.Label(language.German))
		}
	}
}

// windows are whole days of the zone, of 23, 24 or 25 hours, and weeks go from
// Monday to Sunday; digests are made from SendAt on, to the microsecond.
func TestClosedWindows(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	at := func(s string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04:05.999999", s, paris)
		require.NoError(t, err)
		return v
	}
	p := notify.NoticesGuide2024()
	for _, c := range []struct {
		rhythm           notify.Rhythm
		now, from, until string
		hours            float64
	}{
		{notify.Daily, "2026-11-22 06:00:00", "2026-11-21 00:00:00", "2026-11-22 00:00:00", 24},
		{notify.Daily, "2026-11-22 05:59:59.999999", "2026-11-20 00:00:00", "2026-11-21 00:00:00", 24},
		{notify.Daily, "2026-11-22 23:59:59.999999", "2026-11-21 00:00:00", "2026-11-22 00:00:00", 24},
		{notify.Daily, "2026-03-30 06:00:00", "2026-03-29 00:00:00", "2026-03-30 00:00:00", 23},
		{notify.Daily, "2026-03-29 06:00:00", "2026-03-28 00:00:00", "2026-03-29 00:00:00", 24},
		{notify.Daily, "2026-10-26 06:00:00", "2026-10-25 00:00:00", "2026-10-26 00:00:00", 25},
		{notify.Daily, "2027-01-01 06:00:00", "2026-12-31 00:00:00", "2027-01-01 00:00:00", 24},
		{notify.Daily, "2028-03-01 06:00:00", "2028-02-29 00:00:00", "2028-03-01 00:00:00", 24},
		{notify.Weekly, "2026-11-22 12:00:00", "2026-11-09 00:00:00", "2026-11-16 00:00:00", 7 * 24},
		{notify.Weekly, "2026-11-23 05:59:59.999999", "2026-11-09 00:00:00", "2026-11-16 00:00:00", 7 * 24},
		{notify.Weekly, "2026-11-23 06:00:00", "2026-11-16 00:00:00", "2026-11-23 00:00:00", 7 * 24},
		{notify.Weekly, "2026-11-29 23:59:59", "2026-11-16 00:00:00", "2026-11-23 00:00:00", 7 * 24},
		{notify.Weekly, "2026-03-30 06:00:00", "2026-03-23 00:00:00", "2026-03-30 00:00:00", 7*24 - 1},
		{notify.Weekly, "2026-10-26 06:00:00", "2026-10-19 00:00:00", "2026-10-26 00:00:00", 7*24 + 1},
		{notify.Weekly, "2027-01-01 12:00:00", "2026-12-21 00:00:00", "2026-12-28 00:00:00", 7 * 24},
	} {
		w := p.Closed(c.rhythm, at(c.now).UTC(), paris)
		require.Equal(t, []time.Time{at(c.from).UTC(), at(c.until).UTC()}, []time.Time{w.From, w.Until}, "%s %s", c.rhythm, c.now)
		require.InDelta(t, c.hours, w.Until.Sub(w.From).Hours(), 0, c.now)
	}
}

// where the clocks change at midnight, a window is named after its own day, and
// begins with it.
func TestWindowsWhereClocksChangeAtMidnight(t *testing.T) {
	t.Parallel()
	p := notify.NoticesGuide2024()
	for _, zone := range []string{"Atlantic/Azores", "America/Santiago", "Asia/Beirut", "Asia/Amman"} {
		zone, err := time.LoadLocation(zone)
		require.NoError(t, err)
		for d := range 6 * 366 {
			now := time.Date(2021, time.January, 1+d, 6, 0, 0, 0, zone)
			for _, w := range []notify.Window{p.Closed(notify.Daily, now, zone), p.Closed(notify.Weekly, now, zone)} {
				before, first, last := w.From.Add(-time.Microsecond).In(zone), w.From.In(zone), w.Until.Add(-time.Microsecond).In(zone)
				require.NotEqual(t, before.Day(), first.Day(), "%s %s: what is told begins with a day", zone, now)
				require.NotEqual(t, last.Day(), w.Until.In(zone).Day(), "%s %s: and ends with one", zone, now)
			}
		}
	}
}

// what was missed, up to a week of days and two of weeks, is told whole, and what
// lies further back not in part, whether the clocks changed meanwhile or not.
func TestMissedDaysAreToldWhole(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	p := notify.NoticesGuide2024()
	for _, monday := range []time.Time{ // after the clocks went back, after they went forward, and after an ordinary week
		time.Date(2026, time.October, 26, 0, 0, 0, 0, paris), time.Date(2026, time.March, 30, 0, 0, 0, 0, paris),
		time.Date(2026, time.November, 23, 0, 0, 0, 0, paris),
	} {
		for rhythm, most := range map[notify.Rhythm]int{notify.Daily: 7, notify.Weekly: 14} {
			for away := 7; away <= 21; away += 7 {
				last := notify.Run{Rhythm: rhythm, Until: monday.AddDate(0, 0, -away).UTC()}
				last.FinishedAt = last.Until
				w, due := p.Next(last, monday.Add(8*time.Hour), paris)
				require.True(t, due)
				want := notify.Window{Rhythm: rhythm, From: monday.AddDate(0, 0, -min(away, most)).UTC(), Until: monday.UTC()}
				require.Equal(t, want, w, "%s, %d days before %s", rhythm, away, monday)
			}
		}
	}
}

// R-405, LC-23: whatever the clock does, windows never overlap and never come twice, and
// no instant is left out, but for what lies further back than a week of days.
func TestWindowsNeverOverlap(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	p := notify.NoticesGuide2024()
	for name, jumps := range map[string][]time.Duration{
		"an hour to and fro":    {time.Hour, -time.Hour, time.Hour, -time.Hour},
		"two days to and fro":   {48 * time.Hour, -48 * time.Hour, 48 * time.Hour, -24 * time.Hour, -24 * time.Hour},
		"stuck":                 {0, 0, 0, 0},
		"a leap second":         {time.Second, -time.Second},
		"away for a month":      {31 * 24 * time.Hour},
		"back for a month":      {-31 * 24 * time.Hour, 0, 33 * 24 * time.Hour},
		"over the spring clock": {120 * 24 * time.Hour, 23 * time.Hour, time.Hour, 23 * time.Hour},
	} {
		for _, rhythm := range []notify.Rhythm{notify.Daily, notify.Weekly} {
			last := notify.Run{Rhythm: rhythm}
			now := time.Date(2026, 11, 22, 4, 30, 0, 0, time.UTC)
			for i := range 60 {
				w, due := p.Next(last, now, paris)
				if due {
					require.False(t, w.From.Before(last.Until), "%s: %v begins before %v ended", name, w, last.Until)
					require.True(t, w.Until.After(w.From))
					require.False(t, w.Until.After(now), "%s: a window is over when it is told", name)
					longest := 8 * 24 * time.Hour
					if rhythm == notify.Weekly {
						longest = 15 * 24 * time.Hour
					}
					require.LessOrEqual(t, w.Until.Sub(w.From), longest)
					if !last.Until.IsZero() && w.Until.Sub(last.Until) <= 7*24*time.Hour {
						require.Equal(t, last.Until, w.From, "%s: nothing is left out", name)
					}
					last = notify.Run{Rhythm: rhythm, From: w.From, Until: w.Until, FinishedAt: now}
					_, again := p.Next(last, now, paris)
					require.False(t, again, "%s: once at one instant", name)
				}
				now = now.Add(6 * time.Hour)
				if i < len(jumps) {
					now = now.Add(jumps[i])
				}
			}
		}
	}
	unfinished := notify.Run{Rhythm: notify.Daily, From: time.Unix(1, 0), Until: time.Unix(2, 0)}
	w, due := p.Next(unfinished, time.Unix(0, 0), paris)
	require.True(t, due)
	require.Equal(t, notify.Window{Rhythm: notify.Daily, From: unfinished.From, Until: unfinished.Until}, w, "what began goes on")
}
